# cms/: SignedData, CAdES, time-stamp tokens.  Uses base, certs, format.
noinst_LTLIBRARIES += cms/libcms.la
cms_libcms_la_SOURCES = \
	%D%/archive.c %D%/archive.h \
	%D%/attributes.c \
	%D%/ber.c %D%/ber.h \
	%D%/cms.h \
	%D%/collect.c \
	%D%/content.c %D%/content.h \
	%D%/ess.c \
	%D%/extend.c \
	%D%/format.c %D%/format.h \
	%D%/frame.c %D%/frame.h \
	%D%/internal.h \
	%D%/judge.c \
	%D%/make.c \
	%D%/oid.h \
	%D%/open.c %D%/open.h \
	%D%/params.c %D%/params.h \
	%D%/parse.c \
	%D%/refs.c \
	%D%/sign.c %D%/sign.h \
	%D%/stamps.c %D%/stamps.h \
	%D%/status.c \
	%D%/tsp.c %D%/tsp.h \
	%D%/tsp_make.c %D%/tsp_make.h
cms_libcms_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)

CMS_LIBS = cms/libcms.la $(FORMAT_LIBS)
