# doc/: what the program is and why; manual pages.
