/*
 * Fonts as who looks for text needs them: codes, widths, code points.  Simple
 * fonts by /ToUnicode or their encoding, composite ones by /ToUnicode.
 * ISO 32000-2 9.6, 9.7, 9.10.
 */
#ifndef SIGND_PDF_GLYPHS_H
#define SIGND_PDF_GLYPHS_H

#include "pdf/document.h"

#define PDF_GLYPH_TEXT 4 /* code points that one glyph may stand for */

struct pdf_glyphs;

struct pdf_shown {
	double width;                  /* in text space, of size 1 */
	uint32_t text[PDF_GLYPH_TEXT]; /* code points */
	size_t n;                      /* 0: not known */
	bool space;                    /* the one-byte code 32: /Tw counts */
};

/* pdf_glyphs_read never fails on what a font says, only on memory and limits;
 * what it cannot make out is not known. */
struct err *pdf_glyphs_read(struct pdf_document *d, size_t view,
    const struct pdf_obj *font, struct pdf_glyphs **out) MUST_USE;
void pdf_glyphs_free(struct pdf_glyphs *g);
/* Takes the next code off `string`, which is not empty. */
void pdf_glyphs_next(const struct pdf_glyphs *g, struct bytes *string,
    struct pdf_shown *out);

#endif
