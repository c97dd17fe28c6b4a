#include "pdf/hole.h"

#include "base/encoding.h"

#include <stdio.h>
#include <string.h>

#define RANGE_DIGITS 10 /* room for each number of /ByteRange */
#define RANGE_ROOM (4 + 3 * (RANGE_DIGITS + 1)) /* "[0 ", numbers, "]" */
#define HASH_STEP ((size_t)1 << 20)             /* bytes hashed at a time */

struct err *
pdf_holes_write(struct buf *tail, size_t len, struct pdf_holes *out)
{
	struct pdf_holes h;
	TRY(buf_str(tail, "/ByteRange"));
	h.range = tail->len;
	TRY(buf_fill(tail, ' ', RANGE_ROOM));
	TRY(buf_str(tail, "/Contents"));
	h.contents = tail->len;
	TRY(buf_byte(tail, '<'));
	TRY(buf_fill(tail, '0', len * 2));
	TRY(buf_byte(tail, '>'));
	h.contents_end = tail->len;
	*out = h;
	return NULL;
}

struct err *
pdf_holes_range(struct buf *tail, const struct pdf_holes *h, size_t file_len)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "[0 %-*zu %-*zu %-*zu",
	    RANGE_DIGITS, file_len + h->contents, RANGE_DIGITS,
	    file_len + h->contents_end, RANGE_DIGITS,
	    tail->len - h->contents_end);
	if (n < 0 || n > RANGE_ROOM - 1)
		return err_new(ERR_LIMIT, NULL, "the file is over 10 GB");
	memcpy(tail->ptr + h->range, text, (size_t)n);
	tail->ptr[h->range + RANGE_ROOM - 1] = ']';
	return NULL;
}

struct err *
pdf_holes_digest(enum digest_alg alg, struct bytes file, struct bytes tail,
    const struct pdf_holes *h, uint8_t out[DIGEST_MAX])
{
	CLEANUP(digest_freep) struct digest *d = NULL;
	TRY(digest_new(alg, &d));
	for (size_t at = 0; at < file.len; at += HASH_STEP)
		TRY(digest_add(d, bytes_slice(file, at, HASH_STEP)));
	TRY(digest_add(d, bytes_slice(tail, 0, h->contents)));
	TRY(digest_add(d, bytes_from(tail, h->contents_end)));
	return digest_final(d, out);
}

struct err *
pdf_holes_fill(struct bytes tail, const struct pdf_holes *h, struct bytes value,
    struct buf *out)
{
	size_t room = h->contents_end - h->contents - 2;
	CLEANUP(buf_done) struct buf hex = BUF(room);
	TRY(hex_encode(value, &hex));
	size_t at = out->len + h->contents + 1;
	TRY(buf_append(out, tail));
	if (hex.len > 0)
		memcpy(out->ptr + at, hex.ptr, hex.len);
	return NULL;
}
