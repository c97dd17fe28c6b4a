# trust/: the signed list of anchors, and lists of ETSI TS 119 612 as a source
# of it.  Uses base, certs, format, cms, xml, validation, jansson.
noinst_LTLIBRARIES += trust/libtrust.la
trust_libtrust_la_SOURCES = \
	%D%/etsi.c %D%/etsi.h \
	%D%/holds.h \
	%D%/json.c \
	%D%/list.c %D%/list.h \
	%D%/signed.c
trust_libtrust_la_CFLAGS = \
	$(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS) $(JANSSON_CFLAGS)

TRUST_LIBS = trust/libtrust.la $(VALIDATION_LIBS) $(XML_ROOM_LIBS) $(JANSSON_LIBS)

pkgdata_DATA += %D%/vietnam.json
EXTRA_DIST += %D%/vietnam.json
