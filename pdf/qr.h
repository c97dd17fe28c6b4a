/* QR codes (ISO/IEC 18004) as operators of a content stream. */
#ifndef SIGND_PDF_QR_H
#define SIGND_PDF_QR_H

#include "base/base.h"

/* pdf_qr_draw appends a black code on white in a square of `side` points, whose
 * lower left corner is (x, y), with the quiet zone inside.  ERR_LIMIT: the text
 * is too long. */
struct err *pdf_qr_draw(const char *text, double x, double y, double side,
    struct buf *out) MUST_USE;

#endif
