#include "pdf/hole.h"

#include "base/encoding.h"

#include <stdio.h>
#include <string.h>

#define RANGE_DIGITS 10 /* room for each number of /ByteRange */
#define RANGE_ROOM (4 + 3 * (RANGE_DIGITS + 1)) /* "[0 ", numbers, "]" */
#define HASH_AHEAD ((size_t)64 << 10)           /* bytes; a cache has more */
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
pdf_hashing_start(
    struct pdf_hashing *h, enum digest_alg alg, struct bytes file)
{
	*h = (struct pdf_hashing){ .file = file };
	return digest_new(alg, &h->d);
}

void
pdf_hashing_done(struct pdf_hashing *h)
{
	digest_free(h->d);
	h->d = NULL;
}

static struct err *
hash_step(struct pdf_hashing *h, size_t len)
{
	struct bytes part = bytes_slice(h->file, h->at, len);
	h->at += part.len;
	return digest_add(h->d, part);
}

struct err *
pdf_hash_ahead(void *ctx, size_t seen)
{
	struct pdf_hashing *h = ctx;
	size_t wanted = seen + HASH_AHEAD;
	/* Few large steps cost less than many small ones. */
	return wanted > h->at + HASH_AHEAD / 2 ? hash_step(h, wanted - h->at)
					       : NULL;
}

struct err *
pdf_holes_digest(struct pdf_hashing *h, struct bytes tail,
    const struct pdf_holes *holes, uint8_t out[DIGEST_MAX])
{
	while (h->at < h->file.len)
		TRY(hash_step(h, HASH_STEP));
	TRY(digest_add(h->d, bytes_slice(tail, 0, holes->contents)));
	TRY(digest_add(h->d, bytes_from(tail, holes->contents_end)));
	return digest_final(h->d, out);
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
