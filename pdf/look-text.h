/* Lines of text in a box. */
#ifndef SIGND_PDF_LOOK_TEXT_H
#define SIGND_PDF_LOOK_TEXT_H

#include "pdf/box.h"
#include "pdf/font.h"

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
