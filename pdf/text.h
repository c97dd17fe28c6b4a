/* Text strings and dates as PDF has them: ISO 32000-2 7.9.2 and 7.9.4. */
#ifndef SIGND_PDF_TEXT_H
#define SIGND_PDF_TEXT_H

#include "base/base.h"

/* Appends a text string (UTF-16 or UTF-8 with its mark, else PDFDocEncoding)
 * as UTF-8; what cannot be read or is a control character becomes U+FFFD. */
struct err *pdf_text_utf8(struct bytes text, struct buf *out) MUST_USE;

/* "D:20240507030352+03'00'"; what is left out counts as its first value.
 * TIME_NONE for what is no date. */
int64_t pdf_text_date(struct bytes text);

/* pdf_text_encode appends UTF-8 as a text string: ASCII as it is, else
 * UTF-16BE with its mark.  ERR_MALFORMED: not UTF-8. */
struct err *pdf_text_encode(struct bytes utf8, struct buf *out) MUST_USE;

/* "D:20261121080000+07'00'", Vietnam's time. ERR_USAGE: not in years 1 to 9999.
 */
struct err *pdf_date_encode(int64_t t, struct buf *out) MUST_USE;

#endif
