/* Encodings: hex, Base64 (RFC 4648), UTF-8. */
#ifndef SIGND_BASE_ENCODING_H
#define SIGND_BASE_ENCODING_H

#include "base/bytes.h"

struct err *hex_encode(struct bytes in, struct buf *out) MUST_USE; /* a-f */
struct err *hex_decode(struct bytes in, struct buf *out) MUST_USE;

struct err *base64_encode(struct bytes in, struct buf *out) MUST_USE;
/* Refuses white space, bad padding and non-zero spare bits. */
struct err *base64_decode(struct bytes in, struct buf *out) MUST_USE;
/* As XML and PEM have it: white space is passed over, the rest is strict. */
struct err *base64_decode_ws(struct bytes in, struct buf *out) MUST_USE;
/* Base64url without padding (RFC 4648 5), strict both ways. */
struct err *base64url_encode(struct bytes in, struct buf *out) MUST_USE;
struct err *base64url_decode(struct bytes in, struct buf *out) MUST_USE;

/* utf8_next reads the character at `at`, which must be within; 0 bytes read
 * means that it is not valid. */
size_t utf8_next(struct bytes in, size_t at, uint32_t *out);
/* utf8_valid: shortest form only, no surrogates, at most U+10FFFF. */
bool utf8_valid(struct bytes in);
/* utf8_printable: valid, and without control characters (C0, DEL, C1),
 * bidirectional overrides, line separators and what has no width. */
bool utf8_printable(struct bytes in);
/* utf8_escape appends `in` for a reader: what utf8_printable would refuse, and
 * the backslash, byte by byte as \xNN. */
struct err *utf8_escape(struct bytes in, struct buf *out) MUST_USE;

#endif
