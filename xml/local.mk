# xml/: XMLDSig, XAdES.  Uses base, certs, format, cms, libxml2.
noinst_LTLIBRARIES += xml/libsignxml.la
xml_libsignxml_la_SOURCES = \
	%D%/arena.c %D%/arena.h \
	%D%/canon.c %D%/canon_tree.c %D%/canon.h \
	%D%/collect.c %D%/collect.h \
	%D%/cover.c \
	%D%/data.c \
	%D%/doc.c %D%/doc.h \
	%D%/embed.c %D%/embed.h \
	%D%/extend.c %D%/extend.h \
	%D%/format.c %D%/format.h \
	%D%/hmac.c %D%/hmac.h \
	%D%/keyinfo.c %D%/keyinfo.h \
	%D%/ns.h \
	%D%/params.c %D%/params.h \
	%D%/part.c %D%/part.h \
	%D%/place.c %D%/place.h \
	%D%/profile.c %D%/profile.h \
	%D%/properties.c \
	%D%/reference.c %D%/reference.h \
	%D%/relations.c %D%/relations.h \
	%D%/scan.c %D%/scan.h \
	%D%/set.c \
	%D%/sign.c %D%/sign.h \
	%D%/signature.c %D%/signature.h \
	%D%/signing.h \
	%D%/stamp.c %D%/stamp.h \
	%D%/unsigned.c %D%/unsigned.h \
	%D%/when.c \
	%D%/work.c %D%/work.h \
	%D%/write.c %D%/write.h \
	%D%/xades.c \
	%D%/xades_refs.c \
	%D%/xades_unsigned.c \
	%D%/xpath.c %D%/xpath.h
xml_libsignxml_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XML_CFLAGS)

XML_ROOM_LIBS = xml/libsignxml.la $(CMS_LIBS) $(XML_LIBS)
