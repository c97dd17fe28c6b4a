#include "pdf/text.h"

#define REPLACEMENT 0xFFFD

/* PDFDocEncoding where it is not Latin 1, ISO 32000-2 D.2. */
static const uint16_t doc_18[] = { 0x02D8, 0x02C7, 0x02C6, 0x02D9, 0x02DD,
	0x02DB, 0x02DA, 0x02DC };
static const uint16_t doc_80[] = { 0x2022, 0x2020, 0x2021, 0x2026, 0x2014,
	0x2013, 0x0192, 0x2044, 0x2039, 0x203A, 0x2212, 0x2030, 0x201E, 0x201C,
	0x201D, 0x2018, 0x2019, 0x201A, 0x2122, 0xFB01, 0xFB02, 0x0141, 0x0152,
	0x0160, 0x0178, 0x017D, 0x0131, 0x0142, 0x0153, 0x0161, 0x017E,
	REPLACEMENT, 0x20AC };

static uint32_t
doc_char(uint8_t c)
{
	if (c >= 0x18 && c < 0x18 + COUNT_OF(doc_18))
		return doc_18[c - 0x18];
	if (c >= 0x80 && c < 0x80 + COUNT_OF(doc_80))
		return doc_80[c - 0x80];
	return c == 0x7F || c == 0xAD ? REPLACEMENT : c;
}

static struct err *
put_utf8(struct buf *out, uint32_t c)
{
	uint8_t b[4];
	size_t n;
	if (c < 0x80) {
		b[0] = (uint8_t)c;
		n = 1;
	} else if (c < 0x800) {
		b[0] = (uint8_t)(0xC0 | c >> 6);
		b[1] = (uint8_t)(0x80 | (c & 0x3F));
		n = 2;
	} else if (c < 0x10000) {
		b[0] = (uint8_t)(0xE0 | c >> 12);
		b[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
		b[2] = (uint8_t)(0x80 | (c & 0x3F));
		n = 3;
	} else {
		b[0] = (uint8_t)(0xF0 | c >> 18);
		b[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
		b[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
		b[3] = (uint8_t)(0x80 | (c & 0x3F));
		n = 4;
	}
	return buf_append(out, bytes_of(b, n));
}

static uint32_t
unit_at(struct bytes in, size_t i, bool little)
{
	uint32_t a = in.ptr[i], b = in.ptr[i + 1];
	return little ? b << 8 | a : a << 8 | b;
}

static struct err *
decode_utf16(struct bytes in, bool little, struct buf *out)
{
	for (size_t i = 2; i + 1 < in.len; i += 2) {
		uint32_t c = unit_at(in, i, little);
		if (c >= 0xD800 && c < 0xDC00 && i + 3 < in.len) {
			uint32_t low = unit_at(in, i + 2, little);
			if (low >= 0xDC00 && low < 0xE000) {
				c = 0x10000 + ((c - 0xD800) << 10) +
				    (low - 0xDC00);
				i += 2;
			}
		}
		if (c >= 0xD800 && c < 0xE000)
			c = REPLACEMENT;
		TRY(put_utf8(out, c));
	}
	return in.len % 2 == 0 ? NULL : put_utf8(out, REPLACEMENT);
}

struct err *
pdf_text_decode(struct bytes in, struct buf *out)
{
	if (bytes_starts(in, BYTES_LIT("\xFE\xFF")))
		return decode_utf16(in, false, out);
	if (bytes_starts(in, BYTES_LIT("\xFF\xFE")))
		return decode_utf16(in, true, out);
	if (bytes_starts(in, BYTES_LIT("\xEF\xBB\xBF")) && utf8_valid(in))
		return buf_append(out, bytes_from(in, 3));
	for (size_t i = 0; i < in.len; i++)
		TRY(put_utf8(out, doc_char(in.ptr[i])));
	return NULL;
}

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

/* Two digits, or `dflt` where the date is over. */
static bool
take_two(struct bytes in, size_t *i, int dflt, int *out)
{
	*out = dflt;
	if (*i >= in.len || in.ptr[*i] < '0' || in.ptr[*i] > '9')
		return true;
	if (in.len - *i < 2 || in.ptr[*i + 1] < '0' || in.ptr[*i + 1] > '9')
		return false;
	*out = (in.ptr[*i] - '0') * 10 + (in.ptr[*i + 1] - '0');
	*i += 2;
	return true;
}

static bool
take_zone(struct bytes in, size_t *i, int *out_min)
{
	*out_min = 0;
	if (*i >= in.len || in.ptr[*i] == 'Z')
		return true;
	char sign = (char)in.ptr[(*i)++];
	int hour, minute;
	if ((sign != '+' && sign != '-') || !take_two(in, i, 0, &hour))
		return false;
	if (*i < in.len && in.ptr[*i] == '\'')
		++*i;
	if (!take_two(in, i, 0, &minute) || hour > 23 || minute > 59)
		return false;
	*out_min = (hour * 60 + minute) * (sign == '-' ? -1 : 1);
	return true;
}

struct err *
pdf_date_decode(struct bytes in, int64_t *out)
{
	size_t i = bytes_starts(in, BYTES_LIT("D:")) ? 2 : 0;
	struct time_fields f = { 0 };
	int century, year, zone;
	bool ok = take_two(in, &i, -1, &century) && century >= 0 &&
		  take_two(in, &i, -1, &year) && year >= 0 &&
		  take_two(in, &i, 1, &f.month) &&
		  take_two(in, &i, 1, &f.day) && take_two(in, &i, 0, &f.hour) &&
		  take_two(in, &i, 0, &f.minute) &&
		  take_two(in, &i, 0, &f.second) && take_zone(in, &i, &zone);
	if (!ok)
		return err_new(ERR_MALFORMED, "ISO 32000-2 7.9.4", "no date");
	f.year = century * 100 + year;
	int64_t t;
	TRY(time_join(f, &t));
	*out = t - zone * 60;
	return NULL;
}
