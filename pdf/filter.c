#include "pdf/filter.h"

#include <string.h>
#include <zlib.h>

#define INFLATE_STEP ((size_t)32 << 10) /* bytes asked for at a time */

static struct err *
bad(const char *what)
{
	return err_new(ERR_MALFORMED, "ISO 32000-2 7.4", "%s", what);
}

/* ---- Flate ---- */

static struct err *
inflate_all(z_stream *z, struct pdf_budget *budget, struct buf *out)
{
	for (;;) {
		size_t room = INFLATE_STEP;
		/* Grow by halves, so that a large stream is not copied often.
		 */
		if (out->len / 2 > room)
			room = out->len / 2;
		if (room > out->max - out->len)
			room = out->max - out->len;
		/* One byte too many tells a full buffer from an end. */
		uint8_t over;
		TRY(buf_reserve(out, room));
		z->next_out = room == 0 ? &over : out->ptr + out->len;
		z->avail_out = room == 0 ? 1 : (uInt)room;
		uInt before = z->avail_out;
		int rc = inflate(z, Z_NO_FLUSH);
		size_t got = before - z->avail_out;
		if (room == 0 && got > 0)
			return err_coded(
			    err_new(ERR_LIMIT, NULL,
				"a stream of over %zu bytes", out->max),
			    "pdf-too-complex");
		TRY(pdf_spend_bytes(budget, got));
		out->len += got;
		if (rc == Z_STREAM_END)
			return NULL;
		if (rc == Z_MEM_ERROR)
			return err_new(ERR_NOMEM, NULL, "inflate");
		if (rc != Z_OK)
			return bad("a damaged Flate stream");
	}
}

static struct err *
unflate(struct bytes in, struct pdf_budget *budget, struct buf *out)
{
	if (in.len > UINT32_MAX)
		return err_new(ERR_LIMIT, NULL, "a stream of over 4 GB");
	z_stream z = { .next_in = (z_const Bytef *)in.ptr,
		.avail_in = (uInt)in.len };
	if (inflateInit(&z) != Z_OK)
		return err_new(ERR_NOMEM, NULL, "inflateInit");
	struct err *e = inflate_all(&z, budget, out);
	inflateEnd(&z);
	return e;
}

/* ---- predictors ---- */

static uint8_t
paeth(uint8_t a, uint8_t b, uint8_t c)
{
	int p = a + b - c;
	int pa = p > a ? p - a : a - p;
	int pb = p > b ? p - b : b - p;
	int pc = p > c ? p - c : c - p;
	return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

static bool
png_row(uint8_t kind, uint8_t *row, const uint8_t *up, size_t len, size_t bpp)
{
	if (kind > 4)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t a = i >= bpp ? row[i - bpp] : 0;
		uint8_t b = up == NULL ? 0 : up[i];
		uint8_t c = up == NULL || i < bpp ? 0 : up[i - bpp];
		uint8_t add = kind == 0   ? 0
			      : kind == 1 ? a
			      : kind == 2 ? b
			      : kind == 3 ? (uint8_t)((a + b) / 2)
					  : paeth(a, b, c);
		row[i] = (uint8_t)(row[i] + add);
	}
	return true;
}

/* In place: rows move to the left as their first byte goes. */
static struct err *
unpredict_png(const struct pdf_filter *f, struct buf *b, size_t from)
{
	size_t bits = (size_t)f->colors * (size_t)f->bits;
	size_t len = (bits * (size_t)f->columns + 7) / 8;
	size_t bpp = (bits + 7) / 8;
	uint8_t *in = b->ptr + from, *to = b->ptr + from;
	size_t left = b->len - from;
	const uint8_t *up = NULL;
	while (left > 0) {
		/* The last row may be short. */
		size_t n = left - 1 < len ? left - 1 : len;
		uint8_t kind = in[0];
		memmove(to, in + 1, n);
		if (!png_row(kind, to, up, n, bpp))
			return bad("an unknown PNG predictor");
		up = to;
		to += n;
		in += n + 1;
		left -= n + 1;
	}
	b->len = (size_t)(to - b->ptr);
	return NULL;
}

static struct err *
unpredict_tiff(const struct pdf_filter *f, struct buf *b, size_t from)
{
	if (f->bits != 8)
		return err_new(ERR_UNSUPPORTED, "ISO 32000-2 7.4.4.4",
		    "a TIFF predictor of %d bits", f->bits);
	size_t bpp = (size_t)f->colors;
	size_t len = bpp * (size_t)f->columns;
	for (size_t i = from; i < b->len; i++) {
		if ((i - from) % len >= bpp)
			b->ptr[i] = (uint8_t)(b->ptr[i] + b->ptr[i - bpp]);
	}
	return NULL;
}

/* ---- ASCII filters ---- */

static bool
is_space(uint8_t c)
{
	return c == 0 || c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

static struct err *
unhex(struct bytes in, struct buf *out)
{
	unsigned v = 0, digits = 0;
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.ptr[i];
		if (is_space(c))
			continue;
		if (c == '>') {
			return digits % 2 == 0
				   ? NULL
				   : buf_byte(out, (uint8_t)(v << 4));
		}
		const char *const hex = "0123456789abcdef0123456789ABCDEF";
		const char *h = c == 0 ? NULL : strchr(hex, c);
		if (h == NULL)
			return bad("a bad digit in ASCIIHex");
		v = v << 4 | (unsigned)(h - hex) % 16;
		if (++digits % 2 == 0)
			TRY(buf_byte(out, (uint8_t)v));
	}
	return bad("ASCIIHex without end");
}

/* `n` digits (2 to 5) of base 85 are n - 1 bytes. */
static struct err *
flush85(const uint8_t digit[5], size_t n, struct buf *out)
{
	uint64_t v = 0;
	if (n == 1)
		return bad("a stray digit in ASCII85");
	for (size_t i = 0; i < 5; i++)
		v = v * 85 + (i < n ? digit[i] : 84);
	if (v > UINT32_MAX)
		return bad("a group of ASCII85 is too large");
	for (size_t i = 0; i + 1 < n; i++)
		TRY(buf_byte(out, (uint8_t)(v >> (24 - 8 * i))));
	return NULL;
}

static struct err *
unascii85(struct bytes in, struct buf *out)
{
	uint8_t digit[5] = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.ptr[i];
		if (is_space(c))
			continue;
		if (c == '~')
			return n == 0 ? NULL : flush85(digit, n, out);
		if (c == 'z' && n == 0) {
			TRY(buf_fill(out, 0, 4));
			continue;
		}
		if (c < '!' || c > 'u')
			return bad("a bad digit in ASCII85");
		digit[n++] = (uint8_t)(c - '!');
		if (n == 5) {
			TRY(flush85(digit, 5, out));
			n = 0;
		}
	}
	return bad("ASCII85 without end");
}

/* ---- all ---- */

static struct err *
parameter(const struct pdf_obj *parms, const char *key, int max, int *out)
{
	const struct pdf_obj *o = pdf_dict_raw(parms, key);
	int64_t v = *out;
	if (!pdf_is(o, PDF_NULL) && !pdf_int(o, 1, max, &v))
		return bad("a senseless parameter of a filter");
	*out = (int)v;
	return NULL;
}

static bool
one_of(const struct pdf_obj *name, const char *full, const char *brief)
{
	return pdf_is_name(name, full) || pdf_is_name(name, brief);
}

struct err *
pdf_filter_of(const struct pdf_obj *name, const struct pdf_obj *parms,
    struct pdf_filter *out)
{
	struct pdf_filter f = {
		.predictor = 1, .colors = 1, .bits = 8, .columns = 1
	};
	if (one_of(name, "ASCIIHexDecode", "AHx"))
		f.kind = PDF_FILTER_HEX;
	else if (one_of(name, "ASCII85Decode", "A85"))
		f.kind = PDF_FILTER_ASCII85;
	else if (pdf_is_name(name, "Crypt"))
		f.kind = PDF_FILTER_CRYPT;
	else if (one_of(name, "FlateDecode", "Fl"))
		f.kind = PDF_FILTER_FLATE;
	else
		return err_new(ERR_UNSUPPORTED, "ISO 32000-2 7.4",
		    "a stream with another filter than Flate");
	if (f.kind == PDF_FILTER_FLATE) {
		TRY(parameter(parms, "Predictor", 15, &f.predictor));
		TRY(parameter(parms, "Colors", 32, &f.colors));
		TRY(parameter(parms, "BitsPerComponent", 16, &f.bits));
		TRY(parameter(parms, "Columns", PDF_COLUMNS_MAX, &f.columns));
	}
	if (f.predictor > 2 && f.predictor < 10)
		return bad("an unknown predictor");
	*out = f;
	return NULL;
}

struct err *
pdf_unfilter(const struct pdf_filter *f, struct bytes in,
    struct pdf_budget *budget, struct buf *out)
{
	size_t from = out->len;
	/* Some input takes time and yields nothing. */
	TRY(pdf_spend_bytes(budget, in.len));
	switch (f->kind) {
	case PDF_FILTER_FLATE:
		TRY(unflate(in, budget, out));
		if (f->predictor == 2)
			return unpredict_tiff(f, out, from);
		return f->predictor >= 10 ? unpredict_png(f, out, from) : NULL;
	case PDF_FILTER_HEX:
		return unhex(in, out);
	case PDF_FILTER_ASCII85:
		return unascii85(in, out);
	case PDF_FILTER_CRYPT:
		return buf_append(out, in);
	}
	return err_new(ERR_INTERNAL, NULL, "filter");
}

struct err *
pdf_deflate(struct bytes in, struct buf *out)
{
	uLong bound = compressBound((uLong)in.len);
	uLongf len = bound;
	TRY(buf_reserve(out, bound));
	int r = compress2(out->ptr + out->len, &len, in.ptr, (uLong)in.len,
	    Z_BEST_COMPRESSION);
	if (r != Z_OK)
		return err_new(r == Z_MEM_ERROR ? ERR_NOMEM : ERR_INTERNAL,
		    NULL, "compress2: %d", r);
	out->len += len;
	return NULL;
}
