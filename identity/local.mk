# identity/: chip data, card QR, subject identifiers.  Uses base, certs,
# format, cms.
noinst_LTLIBRARIES += identity/libidentity.la
identity_libidentity_la_SOURCES = \
	%D%/aa.c %D%/aa.h \
	%D%/date.c %D%/date.h \
	%D%/dg11.c \
	%D%/dg13.c %D%/dg13.h \
	%D%/element.c %D%/element.h \
	%D%/masterlist.c %D%/masterlist.h \
	%D%/mrz.c %D%/mrz.h \
	%D%/qr.c %D%/qr.h \
	%D%/signature.c %D%/signature.h \
	%D%/sod.c %D%/sod.h \
	%D%/subject.c %D%/subject.h
identity_libidentity_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)

IDENTITY_LIBS = identity/libidentity.la $(CMS_LIBS)
