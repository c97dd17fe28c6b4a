/* Lines of text in a box. */
#ifndef SIGND_PDF_LOOK_TEXT_H
#define SIGND_PDF_LOOK_TEXT_H

#include "pdf/box.h"
#include "pdf/font.h"

/* pdf_line_end is the end of what fits into `width` (thousandths of the size)
 * from glyph `from` on: behind a space, if there is one; else, with `cut`,
 * inside the word; 0: nothing does. */
size_t pdf_line_end(
    const struct pdf_line *l, size_t from, double width, bool cut);
/* pdf_line_draw appends the operators for glyphs `from` to `to`, where the text
 * position is; the font is called /F0 or /F1. */
struct err *pdf_line_draw(const struct pdf_line *l, size_t from, size_t to,
    double size, struct buf *out) MUST_USE;

#define PDF_PIECES_MAX 64 /* lines after they were broken */

struct pdf_piece {
	size_t line, from, to; /* glyphs of it */
};

struct pdf_text {
	struct pdf_line lines[24]; /* owned */
	size_t n;
	struct pdf_piece pieces[PDF_PIECES_MAX];
	size_t npieces;
	double size, height; /* points */
};

void pdf_text_done(struct pdf_text *t);
/* pdf_text_fit breaks lines at spaces, and takes the largest size from `size`
 * down to `least` at which they fit; words are cut only there.  ERR_LIMIT, code "pdf-place": at none. */
struct err *pdf_text_fit(struct pdf_text *t, double width, double height,
    double size, double least) MUST_USE;
/* pdf_text_draw appends the operators; fonts are called /F0, /F1.  The text
 * begins at the top of the box. */
struct err *pdf_text_draw(const struct pdf_text *t, const struct pdf_box *box,
    struct buf *out) MUST_USE;

#endif
