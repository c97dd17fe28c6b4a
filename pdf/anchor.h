/* Words on a page, so that a signature can stand beside them. */
#ifndef SIGND_PDF_ANCHOR_H
#define SIGND_PDF_ANCHOR_H

#include "pdf/sheet.h"

/*
 * pdf_anchor_find looks for `words` (UTF-8) on one line of the page; the first
 * ones that it draws count.  Composed and decomposed letters are the same, and
 * white space does not count: many programs leave it out.  *out is their box,
 * as the reader sees it.  Text that stands in pictures, or in fonts that do
 * not say what their glyphs mean, is not found.
 */
struct err *pdf_anchor_find(struct pdf_document *d, size_t view,
    const struct pdf_sheet *s, const char *words, bool *found,
    struct pdf_box *out) MUST_USE;

#endif
