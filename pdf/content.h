/*
 * What a page draws, as far as its place goes: glyphs with the text that they
 * stand for, and boxes of lines, fills and pictures.  ISO 32000-2 8.2, 9.4.
 */
#ifndef SIGND_PDF_CONTENT_H
#define SIGND_PDF_CONTENT_H

#include "pdf/sheet.h"

#define PDF_CONTENT_MAX ((size_t)32 << 20) /* bytes of a page's, inflated */
#define PDF_CONTENT_DEPTH 8                /* forms in forms */

/* One thing that is drawn; in user space. */
struct pdf_mark {
	struct pdf_box box;
	bool glyph;
	const uint32_t *text; /* of a glyph: its code points */
	size_t n;             /* 0: not known */
	double x, y;          /* of a glyph: where it begins on its line, */
	double dx, dy;        /* which goes this way, */
	double size2;         /* and is so high, squared */
};

/*
 * pdf_content_read calls `each` for what the page draws, in its order, forms
 * included; what is clipped away or filled with white is left out.
 * Annotations are none of it.
 * ERR_MALFORMED, ERR_UNSUPPORTED (a filter), ERR_LIMIT: so far it was read.
 */
struct err *pdf_content_read(struct pdf_document *d, size_t view,
    const struct pdf_sheet *s,
    struct err *(*each)(void *ctx, const struct pdf_mark *m),
    void *ctx) MUST_USE;

#endif
