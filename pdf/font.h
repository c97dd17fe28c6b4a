/*
 * The fonts of visible signatures: HarfBuzz shapes lines and cuts out what is
 * used; it comes as Type 0, CIDFontType2, Identity-H (ISO 32000-2 9.7.4), with
 * ToUnicode, so that the text copies out, and a CIDSet, which PDF/A-1 wants.
 */
#ifndef SIGND_PDF_FONT_H
#define SIGND_PDF_FONT_H

#include "pdf/increment.h"

#define PDF_FONTS_MAX 2 /* one, and one for what it does not have */

/*
 * pdf_fonts_start reads the font files, once, before a sandbox closes.  `file`
 * comes first; NULL: a Times-metric one.  What cannot be read is left out: a
 * visible signature is then refused, code "pdf-font".
 */
void pdf_fonts_start(const char *file);
void pdf_fonts_stop(void);

/* Lengths in thousandths of the size. */
struct pdf_glyph {
	uint32_t id;            /* in the font, or in the subset */
	double width;           /* as the font has it */
	double advance, dx, dy; /* as shaped */
	uint32_t text[4];       /* the code points that it shows, 0-ended */
	bool space;
};

struct pdf_line {
	size_t font;
	struct pdf_glyph *v; /* owned */
	size_t n;
};

/* ERR_UNSUPPORTED: "pdf-font", no font, or none has all characters.
 * ERR_MALFORMED: control characters, or not UTF-8. */
struct err *pdf_line_shape(struct bytes utf8, struct pdf_line *out) MUST_USE;
void pdf_line_done(struct pdf_line *l);

/* pdf_font_embed writes font number `font` with the glyphs of those lines that
 * are in it; their glyphs' ids are then the subset's. */
struct err *pdf_font_embed(struct pdf_increment *inc, size_t font,
    struct pdf_line *lines, size_t n, struct pdf_ref *out) MUST_USE;

/* For pdf/fontfile.c. */
struct hb_face_t;
struct hb_face_t *pdf_font_face(size_t font);

#endif
