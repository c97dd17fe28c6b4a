# cms/: SignedData, CAdES, time-stamp tokens.  Uses base, certs, format.
noinst_LTLIBRARIES += cms/libcms.la
cms_libcms_la_SOURCES = %D%/room.c
cms_libcms_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)

CMS_LIBS = cms/libcms.la $(FORMAT_LIBS)
