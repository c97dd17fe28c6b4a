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

/* The digest of a file, in the making. */
struct pdf_hashing {
	struct digest *d; /* owned */
	struct bytes file;
	size_t at; /* so much of it is hashed */
};
struct err *pdf_hashing_start(struct pdf_hashing *h, enum digest_alg alg,
    struct bytes file) MUST_USE;
void pdf_hashing_done(struct pdf_hashing *h);
/* pdf_hash_ahead: a struct pdf_hashing, of whose file somebody has looked at
 * what stands before `seen`.  It keeps a little ahead of him, so that what he
 * looks at next is near. */
struct err *pdf_hash_ahead(void *ctx, size_t seen) MUST_USE;
/* The digest of file and tail without what lies in the hole; ends it. */
struct err *pdf_holes_digest(struct pdf_hashing *h, struct bytes tail,
    const struct pdf_holes *holes, uint8_t out[DIGEST_MAX]) MUST_USE;
/* pdf_holes_fill appends the tail with `value` in the hole; the zeros behind
 * it stay.  ERR_LIMIT: it is larger than that. */
struct err *pdf_holes_fill(struct bytes tail, const struct pdf_holes *h,
    struct bytes value, struct buf *out) MUST_USE;

#endif
