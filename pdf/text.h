/* Text strings and dates (ISO 32000-2 7.9.2, 7.9.4). */
#ifndef SIGND_PDF_TEXT_H
#define SIGND_PDF_TEXT_H

#include "base/base.h"

/* pdf_text_decode appends a text string as UTF-8: UTF-16 with a byte order
 * mark, UTF-8 with one, else PDFDocEncoding.  What is no character becomes
 * U+FFFD. */
struct err *pdf_text_decode(struct bytes in, struct buf *out) MUST_USE;

/* pdf_text_encode appends UTF-8 as a text string: ASCII as it is, else
 * UTF-16BE with its mark.  ERR_MALFORMED: not UTF-8. */
struct err *pdf_text_encode(struct bytes utf8, struct buf *out) MUST_USE;

/* "D:20261121080000+07'00'", Vietnam's time. ERR_USAGE: not in years 1 to 9999.
 */
struct err *pdf_date_encode(int64_t t, struct buf *out) MUST_USE;

/* ERR_MALFORMED: no date.  Without a zone it is taken as UTC. */
struct err *pdf_date_decode(struct bytes in, int64_t *out) MUST_USE;

#endif
