# pdf/: strict reader, increments, PAdES.  Uses base, certs, format, cms, zlib;
# HarfBuzz, libqrencode and libpng for visible signatures.
noinst_LTLIBRARIES += pdf/libpdf.la
pdf_libpdf_la_SOURCES = \
	%D%/allow.c %D%/allow.h \
	%D%/anchor.c %D%/anchor.h \
	%D%/appearance.c %D%/appearance.h \
	%D%/box.c %D%/box.h \
	%D%/cache.c \
	%D%/content.c %D%/content.h %D%/content-impl.h \
	%D%/content-path.c \
	%D%/content-text.c \
	%D%/crypt.c %D%/crypt.h \
	%D%/cryptkey.c %D%/cryptkey.h \
	%D%/diff-bytes.c \
	%D%/diff-catalog.c \
	%D%/diff-cover.c \
	%D%/diff-dss.c \
	%D%/diff-form.c \
	%D%/diff-newfield.c \
	%D%/diff-page.c \
	%D%/diff-struct.c \
	%D%/diff.c %D%/diff.h %D%/diff-impl.h \
	%D%/document.c %D%/document.h \
	%D%/extend.c \
	%D%/filter.c %D%/filter.h \
	%D%/font.c %D%/font.h \
	%D%/fontfile.c \
	%D%/format.c %D%/format.h \
	%D%/glyph-names.c %D%/glyph-names.h \
	%D%/glyphs.c %D%/glyphs.h \
	%D%/hole.c %D%/hole.h \
	%D%/increment.c %D%/increment.h \
	%D%/inside.h \
	%D%/lex.c %D%/lex.h \
	%D%/look.c %D%/look.h \
	%D%/look-text.c %D%/look-text.h \
	%D%/object.c %D%/object.h \
	%D%/objstm.c \
	%D%/pageno.c \
	%D%/paper.c %D%/paper.h \
	%D%/params.c %D%/params.h \
	%D%/parse.c \
	%D%/picture.c %D%/picture.h \
	%D%/place.c %D%/place.h \
	%D%/profile.c %D%/profile.h \
	%D%/qr.c %D%/qr.h \
	%D%/rows.c %D%/rows.h \
	%D%/scan.c \
	%D%/seed.c %D%/seed.h \
	%D%/sheet.c %D%/sheet.h \
	%D%/sign.c %D%/sign.h \
	%D%/state.c %D%/state.h \
	%D%/store.c %D%/store.h \
	%D%/text.c %D%/text.h \
	%D%/tree.c \
	%D%/verify.c %D%/verify.h %D%/verify-impl.h \
	%D%/verify-change.c \
	%D%/verify-dss.c \
	%D%/verify-hidden.c \
	%D%/verify-range.c \
	%D%/verify-value.c \
	%D%/write.c %D%/write.h \
	%D%/xref.c %D%/xref.h
pdf_libpdf_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(ZLIB_CFLAGS) $(LOOK_CFLAGS)

PDF_LIBS = pdf/libpdf.la $(CMS_LIBS) $(ZLIB_LIBS) $(LOOK_LIBS)
