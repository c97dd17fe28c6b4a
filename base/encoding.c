#include "base/encoding.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_plain[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct err *
hex_encode(struct bytes in, struct buf *out)
{
	if (in.len > SIZE_MAX / 2)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", in.len);
	TRY(buf_reserve(out, in.len * 2));
	for (size_t i = 0; i < in.len; i++) {
		out->ptr[out->len++] = (uint8_t)hex_digits[in.ptr[i] >> 4];
		out->ptr[out->len++] = (uint8_t)hex_digits[in.ptr[i] & 15];
	}
	return NULL;
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

struct err *
hex_decode(struct bytes in, struct buf *out)
{
	if (in.len % 2 != 0)
		return err_new(ERR_MALFORMED, NULL, "odd count of hex digits");
	TRY(buf_reserve(out, in.len / 2));
	size_t was = out->len;
	for (size_t i = 0; i < in.len; i += 2) {
		int high = hex_value(in.ptr[i]);
		int low = hex_value(in.ptr[i + 1]);
		if (high < 0 || low < 0) {
			out->len = was;
			return err_new(ERR_MALFORMED, NULL, "not hex");
		}
		out->ptr[out->len++] = (uint8_t)(high << 4 | low);
	}
	return NULL;
}

static struct err *
encode64(struct bytes in, const char *alphabet, bool pad, struct buf *out)
{
	if (in.len > SIZE_MAX / 4 * 3 - 3)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", in.len);
	size_t whole = in.len / 3 * 4;
	size_t rest = in.len % 3 == 0 ? 0 : pad ? 4 : in.len % 3 + 1;
	TRY(buf_reserve(out, whole + rest));
	for (size_t i = 0; i < in.len; i += 3) {
		size_t left = in.len - i;
		uint32_t v = (uint32_t)in.ptr[i] << 16;
		v |= left > 1 ? (uint32_t)in.ptr[i + 1] << 8 : 0;
		v |= left > 2 ? in.ptr[i + 2] : 0;
		size_t digits = left > 2 ? 4 : left + 1;
		for (size_t d = 0; d < digits; d++)
			out->ptr[out->len++] =
			    (uint8_t)alphabet[v >> (18 - 6 * d) & 63];
		for (size_t d = digits; pad && d < 4; d++)
			out->ptr[out->len++] = '=';
	}
	return NULL;
}

struct err *
base64_encode(struct bytes in, struct buf *out)
{
	return encode64(in, base64_plain, true, out);
}

struct err *
base64url_encode(struct bytes in, struct buf *out)
{
	return encode64(in, base64_url, false, out);
}

static int
value64(uint8_t c, const char *alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (uint8_t)alphabet[62])
		return 62;
	return c == (uint8_t)alphabet[63] ? 63 : -1;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct err *
bad64(struct buf *out, size_t was)
{
	out->len = was;
	return err_new(ERR_MALFORMED, "RFC 4648 3", "not Base64");
}

/* What can be digits of Base64, right or wrong. */
static size_t
count64(struct bytes in)
{
	size_t count = 0;
	for (size_t i = 0; i < in.len; i++)
		count += in.ptr[i] != '=' && !is_space(in.ptr[i]);
	return count;
}

static struct err *
decode64(struct bytes in, const char *alphabet, bool pad, bool space,
    struct buf *out)
{
	/* Exactly what comes out, so that a buffer may be born that size. */
	size_t count = count64(in);
	TRY(buf_reserve(out, count / 4 * 3 + count % 4 * 3 / 4));
	size_t was = out->len;
	uint32_t v = 0;
	size_t digits = 0;
	size_t pads = 0;
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.ptr[i];
		if (space && is_space(c))
			continue;
		if (pad && c == '=') {
			pads++;
			continue;
		}
		int value = value64(c, alphabet);
		if (value < 0 || pads > 0)
			return bad64(out, was);
		v = v << 6 | (uint32_t)value;
		if (++digits % 4 == 0) {
			out->ptr[out->len++] = (uint8_t)(v >> 16);
			out->ptr[out->len++] = (uint8_t)(v >> 8);
			out->ptr[out->len++] = (uint8_t)v;
			v = 0;
		}
	}
	size_t last = digits % 4;
	if (last == 1 || (pad && (last + pads) % 4 != 0) || pads > 2)
		return bad64(out, was);
	if (last == 0)
		return pads == 0 ? NULL : bad64(out, was);
	v <<= 6 * (4 - last);
	if ((v & (last == 2 ? 0xffff : 0xff)) != 0)
		return bad64(out, was);
	out->ptr[out->len++] = (uint8_t)(v >> 16);
	if (last == 3)
		out->ptr[out->len++] = (uint8_t)(v >> 8);
	return NULL;
}

struct err *
base64_decode(struct bytes in, struct buf *out)
{
	return decode64(in, base64_plain, true, false, out);
}

struct err *
base64_decode_ws(struct bytes in, struct buf *out)
{
	return decode64(in, base64_plain, true, true, out);
}

struct err *
base64url_decode(struct bytes in, struct buf *out)
{
	return decode64(in, base64_url, false, false, out);
}

size_t
utf8_next(struct bytes in, size_t at, uint32_t *out)
{
	uint8_t c = in.ptr[at];
	if (c < 0x80) {
		*out = c;
		return 1;
	}
	size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
	if (c < 0xc2 || c > 0xf4 || in.len - at <= more)
		return 0;
	uint32_t v = c & (0x3fU >> more);
	for (size_t i = 1; i <= more; i++) {
		if ((in.ptr[at + i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (in.ptr[at + i] & 0x3fU);
	}
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	if (v < least[more] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*out = v;
	return more + 1;
}

/* How many bytes of ASCII there are at `at`, by eights: reports are little
 * else. */
static size_t
ascii_run(struct bytes in, size_t at)
{
	size_t n = 0;
	for (; in.len - at - n >= sizeof(uint64_t); n += sizeof(uint64_t)) {
		uint64_t eight;
		memcpy(&eight, in.ptr + at + n, sizeof(eight));
		if ((eight & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	return n;
}

bool
utf8_valid(struct bytes in)
{
	uint32_t c;
	for (size_t at = 0; at < in.len;) {
		size_t run = ascii_run(in, at);
		if (run > 0) {
			at += run;
			continue;
		}
		size_t n = utf8_next(in, at, &c);
		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

/* What a reader does not see, or sees in another order than it is stored. */
static bool
is_invisible(uint32_t c)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} ranges[] = {
		{ 0x0000, 0x001f },   /* C0 */
		{ 0x007f, 0x009f },   /* DEL, C1 */
		{ 0x00ad, 0x00ad },   /* soft hyphen */
		{ 0x061c, 0x061c },   /* Arabic letter mark */
		{ 0x180e, 0x180e },   /* Mongolian vowel separator */
		{ 0x200b, 0x200f },   /* zero width, directional marks */
		{ 0x2028, 0x202e },   /* separators, directional overrides */
		{ 0x2060, 0x206f },   /* joiners, isolates, deprecated */
		{ 0xfeff, 0xfeff },   /* byte order mark */
		{ 0xfff9, 0xfffb },   /* interlinear annotation */
		{ 0xe0000, 0xe007f }, /* tags */
	};
	if (c >= 0x20 && c < 0x7f) /* nearly always */
		return false;
	for (size_t i = 0; i < COUNT_OF(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

bool
utf8_printable(struct bytes in)
{
	uint32_t c;
	for (size_t at = 0; at < in.len;) {
		size_t n = utf8_next(in, at, &c);
		if (n == 0 || is_invisible(c))
			return false;
		at += n;
	}
	return true;
}

struct err *
utf8_escape(struct bytes in, struct buf *out)
{
	uint32_t c = 0;
	for (size_t at = 0; at < in.len;) {
		size_t n = utf8_next(in, at, &c);
		if (n > 0 && c != '\\' && !is_invisible(c)) {
			TRY(buf_append(out, bytes_slice(in, at, n)));
			at += n;
			continue;
		}
		for (size_t end = at + (n > 0 ? n : 1); at < end; at++)
			TRY(buf_printf(out, "\\x%02x", in.ptr[at]));
	}
	return NULL;
}
