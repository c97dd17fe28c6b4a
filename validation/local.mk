# validation/: EN 319 102-1: facts in, verdict out.  Uses base, certs, format, cms.
noinst_LTLIBRARIES += validation/libvalidation.la
validation_libvalidation_la_SOURCES = \
	%D%/internal.h \
	%D%/judge.c \
	%D%/policy.c \
	%D%/trust.c \
	%D%/validation.h
validation_libvalidation_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)

VALIDATION_LIBS = validation/libvalidation.la $(CMS_LIBS)
