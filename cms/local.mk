# cms/: SignedData, CAdES, time-stamp tokens.  Uses base, certs, format.
noinst_LTLIBRARIES += cms/libcms.la
cms_libcms_la_SOURCES = \
	%D%/ber.c %D%/ber.h \
	%D%/cms.h \
	%D%/collect.c \
	%D%/ess.c \
	%D%/format.c %D%/format.h \
	%D%/internal.h \
	%D%/judge.c \
	%D%/make.c \
	%D%/oid.h \
	%D%/params.c %D%/params.h \
	%D%/parse.c \
	%D%/status.c \
	%D%/tsp.c %D%/tsp.h \
	%D%/tsp_make.c %D%/tsp_make.h
cms_libcms_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)

CMS_LIBS = cms/libcms.la $(FORMAT_LIBS)
