# signctl/: the command line, on libsignd and the rooms.
