# pkcs11/: modules, sessions, keys; sealed credentials.  Uses base, certs.
noinst_LTLIBRARIES += pkcs11/libpkcs11.la
pkcs11_libpkcs11_la_SOURCES = %D%/room.c
pkcs11_libpkcs11_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS) $(LIBP11_CFLAGS) $(ARGON2_CFLAGS)

PKCS11_LIBS = pkcs11/libpkcs11.la $(CERTS_LIBS) $(LIBP11_LIBS) $(ARGON2_LIBS) -ldl
