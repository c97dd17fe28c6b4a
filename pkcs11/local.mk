# pkcs11/: modules, sessions, keys; sealed credentials.  Uses base, certs.
noinst_LTLIBRARIES += pkcs11/libpkcs11.la
pkcs11_libpkcs11_la_SOURCES = \
	%D%/agree.c %D%/agree.h \
	%D%/attr.h \
	%D%/ck.c %D%/ck.h \
	%D%/cover.c %D%/cover.h \
	%D%/guard.c %D%/guard.h \
	%D%/keys.c %D%/keys.h \
	%D%/kind.c %D%/kind.h \
	%D%/lean.c %D%/lean.h \
	%D%/module.c %D%/module.h \
	%D%/identity.c %D%/identity.h \
	%D%/objects.c %D%/objects.h \
	%D%/pad.c %D%/pad.h \
	%D%/pair.c %D%/pair.h \
	%D%/pin.c %D%/pin.h \
	%D%/sad.c %D%/sad.h \
	%D%/seal.c %D%/seal.h \
	%D%/session.c %D%/session.h \
	%D%/sign.c \
	%D%/uri.c %D%/uri.h \
	%D%/vendor.c %D%/vendor.h \
	%D%/wrap.c %D%/wrap.h
pkcs11_libpkcs11_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(P11KIT_CFLAGS) $(ARGON2_CFLAGS)

PKCS11_LIBS = pkcs11/libpkcs11.la $(CERTS_LIBS) $(P11KIT_LIBS) $(ARGON2_LIBS) -ldl
