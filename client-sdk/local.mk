# client-sdk/: libsignd.  Uses base, libcurl, jansson.
