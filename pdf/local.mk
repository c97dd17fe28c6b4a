# pdf/: strict reader, increments, PAdES.  Uses base, certs, format, cms, zlib.
noinst_LTLIBRARIES += pdf/libpdf.la
pdf_libpdf_la_SOURCES = %D%/crypt.c %D%/crypt.h %D%/cryptkey.c %D%/cryptkey.h %D%/document.h %D%/format.h %D%/lex.h %D%/object.h %D%/verify.c %D%/verify.h %D%/xref.h
pdf_libpdf_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(ZLIB_CFLAGS)

PDF_LIBS = pdf/libpdf.la $(CMS_LIBS) $(ZLIB_LIBS)
