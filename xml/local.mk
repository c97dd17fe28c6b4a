# xml/: XMLDSig, XAdES.  Uses base, certs, format, cms, libxml2, xmlsec1.
noinst_LTLIBRARIES += xml/libsignxml.la
xml_libsignxml_la_SOURCES = %D%/room.c
xml_libsignxml_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(XMLSEC_CFLAGS) $(XML_CFLAGS)

XML_ROOM_LIBS = xml/libsignxml.la $(CMS_LIBS) $(XMLSEC_LIBS) $(XML_LIBS)
