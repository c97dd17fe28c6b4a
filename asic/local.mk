# asic/: signed containers, judged and raised.  Uses base, certs, format, cms, xml,
# libzip, zlib.
noinst_LTLIBRARIES += asic/libasic.la
asic_libasic_la_SOURCES = \
	%D%/archive.c %D%/archive.h \
	%D%/box.c %D%/box.h \
	%D%/cades.c \
	%D%/extend.c %D%/extend.h \
	%D%/format.c %D%/format.h \
	%D%/layout.c %D%/layout.h \
	%D%/manifest.c %D%/manifest.h \
	%D%/name.c %D%/name.h \
	%D%/rewrite.c %D%/rewrite.h \
	%D%/stamp.c \
	%D%/stream.c %D%/stream.h \
	%D%/xades.c
asic_libasic_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS) $(ZIP_CFLAGS) $(ZLIB_CFLAGS)

ASIC_LIBS = asic/libasic.la $(XML_ROOM_LIBS) $(ZIP_LIBS) $(ZLIB_LIBS)
