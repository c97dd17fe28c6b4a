/*
 * Packed fields: what passes between processes, and what is stored between
 * `prepare` and `embed`.  A field is a 16-bit tag, a 32-bit length (both big
 * endian) and the value; fields stand in one agreed order, and the reader asks
 * for each by its tag.  Nothing is optional unless the reader asks
 * unpack_is() first.  doc/protocol.md has the page.
 */
#ifndef SIGND_BASE_PACK_H
#define SIGND_BASE_PACK_H

#include "base/bytes.h"

struct err *pack_bytes(struct buf *b, uint16_t tag, struct bytes v) MUST_USE;
struct err *pack_str(struct buf *b, uint16_t tag, const char *v) MUST_USE;
struct err *pack_u64(struct buf *b, uint16_t tag, uint64_t v) MUST_USE;
struct err *pack_i64(struct buf *b, uint16_t tag, int64_t v) MUST_USE;

struct unpack {
	struct bytes rest; /* not read yet */
};

struct unpack unpack_of(struct bytes b);
bool unpack_is(const struct unpack *u, uint16_t tag);
/* ERR_MALFORMED: another tag is next, or the length runs over the end.
 * Values borrow from the message. */
struct err *unpack_bytes(
    struct unpack *u, uint16_t tag, struct bytes *out) MUST_USE;
/* As bytes, but valid UTF-8 without 0; *out is a new string for free(). */
struct err *unpack_str(struct unpack *u, uint16_t tag, char **out) MUST_USE;
struct err *unpack_u64(struct unpack *u, uint16_t tag, uint64_t *out) MUST_USE;
struct err *unpack_i64(struct unpack *u, uint16_t tag, int64_t *out) MUST_USE;
struct err *unpack_end(const struct unpack *u) MUST_USE;

/* Errors between processes: kind, code, and the text with the clause. */
struct err *err_pack(const struct err *e, struct buf *out) MUST_USE;
/* err_unpack always returns an error: the one that was packed, or its own
 * about what it could not read.  Codes are looked up in the catalogue. */
struct err *err_unpack(struct bytes packed) MUST_USE;

#endif
