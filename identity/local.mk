# identity/: chip data, card QR, subject identifiers.  Uses base, certs,
# format, cms.
noinst_LTLIBRARIES += identity/libidentity.la
identity_libidentity_la_SOURCES = \
	%D%/element.c %D%/element.h \
	%D%/masterlist.c %D%/masterlist.h \
	%D%/sod.c %D%/sod.h
identity_libidentity_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)

IDENTITY_LIBS = identity/libidentity.la $(CMS_LIBS)
