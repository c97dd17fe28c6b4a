/*
 * A signature dictionary is written before its value is known: its /ByteRange
 * and /Contents are holes in the appended bytes, filled one after the other.
 * ISO 32000-2 12.8.1.
 */
#ifndef SIGND_PDF_HOLE_H
#define SIGND_PDF_HOLE_H

#include "certs/alg.h"

struct pdf_holes {
	size_t range;        /* of the '[' */
	size_t contents;     /* of the '<' */
	size_t contents_end; /* behind the '>' */
};

/* pdf_holes_write appends both keys, with room for `len` bytes of value. */
struct err *pdf_holes_write(
    struct buf *tail, size_t len, struct pdf_holes *out) MUST_USE;
/* pdf_holes_range: the tail is whole, and follows `file_len` bytes.
 * ERR_LIMIT: over 10 GB. */
struct err *pdf_holes_range(
    struct buf *tail, const struct pdf_holes *h, size_t file_len) MUST_USE;
/* The digest of file and tail without what lies in the hole. */
struct err *pdf_holes_digest(enum digest_alg alg, struct bytes file,
    struct bytes tail, const struct pdf_holes *h,
    uint8_t out[DIGEST_MAX]) MUST_USE;
/* pdf_holes_fill appends the tail with `value` in the hole; the zeros behind
 * it stay.  ERR_LIMIT: it is larger than that. */
struct err *pdf_holes_fill(struct bytes tail, const struct pdf_holes *h,
    struct bytes value, struct buf *out) MUST_USE;

#endif
