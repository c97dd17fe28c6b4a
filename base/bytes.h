/*
 * struct bytes borrows, struct buf owns and is born with its maximum, struct
 * secret owns, is wiped when it ends and cannot be printed.
 */
#ifndef SIGND_BASE_BYTES_H
#define SIGND_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"

/* Bytes that somebody else owns; travels by value. */
struct bytes {
	const uint8_t *ptr; /* may be NULL when len is 0 */
	size_t len;         /* in bytes */
};

#define BYTES_NONE ((struct bytes){ .ptr = NULL, .len = 0 })
#define BYTES_LIT(literal)                                                     \
	((struct bytes){ (const uint8_t *)("" literal), sizeof(literal) - 1 })

static inline struct bytes
bytes_of(const void *ptr, size_t len)
{
	return (struct bytes){ .ptr = (const uint8_t *)ptr, .len = len };
}

/* Without the final 0; NULL is none. */
static inline struct bytes
bytes_str(const char *s)
{
	return s == NULL ? BYTES_NONE : bytes_of(s, strlen(s));
}

static inline bool
bytes_eq(struct bytes a, struct bytes b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool
bytes_eq_str(struct bytes a, const char *s)
{
	return bytes_eq(a, bytes_str(s));
}

bool bytes_eq_secret(struct bytes a, struct bytes b); /* constant time */
bool bytes_starts(struct bytes b, struct bytes prefix);
int bytes_cmp(struct bytes a, struct bytes b); /* as memcmp, shorter first */

/* bytes_slice clips to what is there, so it never reads outside `b`. */
static inline struct bytes
bytes_slice(struct bytes b, size_t at, size_t len)
{
	if (at >= b.len)
		return BYTES_NONE;
	size_t left = b.len - at;
	return bytes_of(b.ptr + at, len < left ? len : left);
}

static inline struct bytes
bytes_from(struct bytes b, size_t at)
{
	return bytes_slice(b, at, SIZE_MAX);
}

/* bytes_find returns the offset of the first `needle`, or SIZE_MAX. */
size_t bytes_find(struct bytes b, struct bytes needle);
size_t bytes_rfind(struct bytes b, struct bytes needle);

/* bytes_dup_str copies `b` to a new 0-terminated string, freed with free().
 * ERR_MALFORMED: there is a 0 byte in it. */
struct err *bytes_dup_str(struct bytes b, char **out) MUST_USE;

/* Growing bytes that we own.  Members are read only outside base/. */
struct buf {
	uint8_t *ptr;
	size_t len; /* in bytes */
	size_t cap; /* in bytes */
	size_t max; /* never longer than this, in bytes */
};

#define BUF(maximum) ((struct buf){ .max = (maximum) })

/* Each of these: ERR_LIMIT beyond max, ERR_NOMEM; on failure the buffer stays
 * as it was.  What is appended may not lie in the buffer itself. */
struct err *buf_reserve(struct buf *b, size_t more) MUST_USE;
struct err *buf_append(struct buf *b, struct bytes what) MUST_USE;
struct err *buf_str(struct buf *b, const char *what) MUST_USE;
struct err *buf_byte(struct buf *b, uint8_t what) MUST_USE;
struct err *buf_fill(struct buf *b, uint8_t what, size_t count) MUST_USE;
struct err *buf_printf(struct buf *b, const char *fmt, ...) MUST_USE
    PRINTF(2, 3);
struct bytes buf_bytes(const struct buf *b);
/* buf_cstr puts a 0 behind the end (not counted in len) and returns it. */
struct err *buf_cstr(struct buf *b, const char **out) MUST_USE;
/* buf_move empties `from` into a buffer the caller owns. */
struct buf buf_move(struct buf *from);
void buf_clear(struct buf *b);
void buf_done(struct buf *b); /* frees, and may be called again */
/* The same for one that held a secret.  Growing leaves copies behind: reserve
 * what it takes (buf_reserve) first. */
void buf_wipe_done(struct buf *b);

/* A secret: wiped on secret_done(), never printed.  Fixed size from birth. */
struct secret {
	uint8_t *ptr;
	size_t len; /* in bytes */
};

/* Both overwrite *s, which must be empty or done.  ERR_NOMEM. */
struct err *secret_init(struct secret *s, size_t len) MUST_USE;
struct err *secret_copy(struct secret *s, struct bytes from) MUST_USE;
struct bytes secret_bytes(const struct secret *s);
void secret_done(struct secret *s);
/* wipe is not optimised away; NULL with 0 bytes is nothing. */
void wipe(void *ptr, size_t len);

#endif
