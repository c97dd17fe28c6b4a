#include "pdf/text.h"

#define REPLACEMENT 0xfffdu

/* ISO 32000-2 table D.2, where it is not Latin-1. */
static const uint16_t low[8] = { 0x02d8, 0x02c7, 0x02c6, 0x02d9, 0x02dd, 0x02db,
	0x02da, 0x02dc };
static const uint16_t high[33] = { 0x2022, 0x2020, 0x2021, 0x2026, 0x2014,
	0x2013, 0x0192, 0x2044, 0x2039, 0x203a, 0x2212, 0x2030, 0x201e, 0x201c,
	0x201d, 0x2018, 0x2019, 0x201a, 0x2122, 0xfb01, 0xfb02, 0x0141, 0x0152,
	0x0160, 0x0178, 0x017d, 0x0131, 0x0142, 0x0153, 0x0161, 0x017e,
	REPLACEMENT, 0x20ac };

static struct err *
put(struct buf *out, uint32_t c)
{
	bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
		       (c >= 0x7f && c < 0xa0);
	if (control || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
		c = REPLACEMENT;
	uint8_t b[4];
	size_t n;
	if (c < 0x80) {
		b[0] = (uint8_t)c;
		n = 1;
	} else if (c < 0x800) {
		b[0] = (uint8_t)(0xc0 | c >> 6);
		b[1] = (uint8_t)(0x80 | (c & 63));
		n = 2;
	} else if (c < 0x10000) {
		b[0] = (uint8_t)(0xe0 | c >> 12);
		b[1] = (uint8_t)(0x80 | (c >> 6 & 63));
		b[2] = (uint8_t)(0x80 | (c & 63));
		n = 3;
	} else {
		b[0] = (uint8_t)(0xf0 | c >> 18);
		b[1] = (uint8_t)(0x80 | (c >> 12 & 63));
		b[2] = (uint8_t)(0x80 | (c >> 6 & 63));
		b[3] = (uint8_t)(0x80 | (c & 63));
		n = 4;
	}
	return buf_append(out, bytes_of(b, n));
}

static struct err *
utf16(struct bytes in, bool big, struct buf *out)
{
	for (size_t i = 0; i + 1 < in.len; i += 2) {
		uint32_t a = in.ptr[i], b = in.ptr[i + 1];
		uint32_t c = big ? a << 8 | b : b << 8 | a;
		if (c >= 0xd800 && c < 0xdc00 && i + 3 < in.len) {
			uint32_t x = in.ptr[i + 2], y = in.ptr[i + 3];
			uint32_t d = big ? x << 8 | y : y << 8 | x;
			if (d >= 0xdc00 && d < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) +
				    (d - 0xdc00);
				i += 2;
			}
		}
		TRY(put(out, c));
	}
	return NULL;
}

struct err *
pdf_text_utf8(struct bytes text, struct buf *out)
{
	if (bytes_starts(text, BYTES_LIT("\xfe\xff")))
		return utf16(bytes_from(text, 2), true, out);
	if (bytes_starts(text, BYTES_LIT("\xff\xfe")))
		return utf16(bytes_from(text, 2), false, out);
	struct bytes rest = bytes_from(text, 3);
	if (bytes_starts(text, BYTES_LIT("\xef\xbb\xbf")) &&
	    utf8_printable(rest))
		return buf_append(out, rest);
	for (size_t i = 0; i < text.len; i++) {
		uint32_t c = text.ptr[i];
		if (c >= 0x18 && c < 0x20)
			c = low[c - 0x18];
		else if (c >= 0x80 && c <= 0xa0)
			c = high[c - 0x80];
		TRY(put(out, c));
	}
	return NULL;
}

/* Two digits within bounds; false when there are none (`out` stays). */
static bool
two(struct bytes *in, int min, int max, int *out)
{
	if (in->len < 2 || in->ptr[0] < '0' || in->ptr[0] > '9' ||
	    in->ptr[1] < '0' || in->ptr[1] > '9')
		return false;
	int n = (in->ptr[0] - '0') * 10 + (in->ptr[1] - '0');
	if (n < min || n > max)
		return false;
	*out = n;
	*in = bytes_from(*in, 2);
	return true;
}

static void
skip_any(struct bytes *in, const char *chars)
{
	if (in->len > 0 && strchr(chars, in->ptr[0]) != NULL)
		*in = bytes_from(*in, 1);
}

/* Minutes east of Greenwich: Z, +07'00', +07'00, +07:00, -0300; absent is 0.
 * False when something else stands there. */
static bool
zone(struct bytes in, int *out)
{
	*out = 0;
	if (in.len == 0)
		return true;
	int sign = in.ptr[0] == '-' ? -1 : 1, h = 0, m = 0;
	bool utc = in.ptr[0] == 'Z';
	if (!utc && in.ptr[0] != '+' && in.ptr[0] != '-')
		return false;
	in = bytes_from(in, 1);
	if (!two(&in, 0, 23, &h) && !utc)
		return false;
	skip_any(&in, "':");
	(void)two(&in, 0, 59, &m);
	skip_any(&in, "'");
	*out = sign * (h * 60 + m);
	return in.len == 0;
}

static int64_t
or_none(struct err *e, int64_t t)
{
	bool ok = e == NULL;
	err_free(e);
	return ok ? t : TIME_NONE;
}

/* Some programs write "2026-11-20T08:30:00"; read as PDF's own form, that
 * would be a day in January. */
static int64_t
iso_date(struct bytes text)
{
	int64_t at = TIME_NONE;
	struct err *e = time_parse_iso(text, &at);
	return or_none(e, at);
}

int64_t
pdf_text_date(struct bytes text)
{
	const struct bytes whole = text;
	if (bytes_starts(text, BYTES_LIT("D:")))
		text = bytes_from(text, 2);
	int century, year, east;
	if (!two(&text, 0, 99, &century) || !two(&text, 0, 99, &year))
		return TIME_NONE;
	struct time_fields t = {
		.year = century * 100 + year, .month = 1, .day = 1
	};
	bool hours = two(&text, 1, 12, &t.month) && two(&text, 1, 31, &t.day) &&
		     two(&text, 0, 23, &t.hour);
	if (hours && two(&text, 0, 59, &t.minute))
		(void)two(&text, 0, 59, &t.second);
	if ((!hours && text.len > 0) || !zone(text, &east))
		return iso_date(whole);
	int64_t at = TIME_NONE;
	struct err *e = time_join(t, &at);
	return e == NULL ? at - 60 * (int64_t)east : or_none(e, TIME_NONE);
}

/* ---- the way back ---- */

static bool
is_ascii(struct bytes in)
{
	for (size_t i = 0; i < in.len; i++) {
		if (in.ptr[i] < 0x20 || in.ptr[i] > 0x7E)
			return false;
	}
	return true;
}

/* The next character of valid UTF-8. */
static uint32_t
take_utf8(struct bytes in, size_t *i)
{
	uint8_t c = in.ptr[(*i)++];
	unsigned more = c < 0x80 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
	uint32_t v = more == 0 ? c : c & (0x3Fu >> more);
	while (more-- > 0 && *i < in.len)
		v = v << 6 | (in.ptr[(*i)++] & 0x3Fu);
	return v;
}

static struct err *
put_unit(struct buf *out, uint32_t u)
{
	uint8_t b[2] = { (uint8_t)(u >> 8), (uint8_t)u };
	return buf_append(out, bytes_of(b, 2));
}

struct err *
pdf_text_encode(struct bytes utf8, struct buf *out)
{
	if (!utf8_valid(utf8))
		return err_new(ERR_MALFORMED, "RFC 3629", "not UTF-8");
	if (is_ascii(utf8))
		return buf_append(out, utf8);
	TRY(put_unit(out, 0xFEFF));
	for (size_t i = 0; i < utf8.len;) {
		uint32_t c = take_utf8(utf8, &i);
		if (c < 0x10000) {
			TRY(put_unit(out, c));
			continue;
		}
		TRY(put_unit(out, 0xD800 + ((c - 0x10000) >> 10)));
		TRY(put_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FF)));
	}
	return NULL;
}

struct err *
pdf_date_encode(int64_t t, struct buf *out)
{
	const int offset = TIME_VIETNAM_OFFSET_MIN;
	/* Years 1 to 9999, with room for the offset. */
	if (t < -62135510400 || t > 253402214400)
		return err_new(ERR_USAGE, NULL, "a time outside the calendar");
	struct time_fields f = time_split(t + offset * 60);
	return buf_printf(out, "D:%04d%02d%02d%02d%02d%02d+%02d'%02d'", f.year,
	    f.month, f.day, f.hour, f.minute, f.second, offset / 60,
	    offset % 60);
}
