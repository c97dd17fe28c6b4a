#include "pdf/glyph-names.h"

uint32_t
pdf_latin(uint32_t code)
{
	static const uint16_t windows[32] = { 0x20AC, 0, 0x201A, 0x0192, 0x201E,
		0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152,
		0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013,
		0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E,
		0x0178 };
	if (code >= 0x80 && code < 0xA0)
		return windows[code - 0x80];
	return code < 0x20 || code > 0xFF ? 0 : code;
}

/* What ASCII has, by Adobe's names. */
static const struct {
	const char *name;
	uint32_t point;
} named[] = {
	{ "space", ' ' }, { "exclam", '!' }, { "quotedbl", '"' },
	{ "numbersign", '#' }, { "dollar", '$' }, { "percent", '%' },
	{ "ampersand", '&' }, { "quotesingle", '\'' }, { "parenleft", '(' },
	{ "parenright", ')' }, { "asterisk", '*' }, { "plus", '+' },
	{ "comma", ',' }, { "hyphen", '-' }, { "period", '.' },
	{ "slash", '/' }, { "zero", '0' }, { "one", '1' }, { "two", '2' },
	{ "three", '3' }, { "four", '4' }, { "five", '5' }, { "six", '6' },
	{ "seven", '7' }, { "eight", '8' }, { "nine", '9' }, { "colon", ':' },
	{ "semicolon", ';' }, { "less", '<' }, { "equal", '=' },
	{ "greater", '>' }, { "question", '?' }, { "at", '@' },
	{ "bracketleft", '[' }, { "backslash", '\\' }, { "bracketright", ']' },
	{ "underscore", '_' }, { "braceleft", '{' }, { "bar", '|' },
	{ "braceright", '}' }, { "endash", 0x2013 }, { "emdash", 0x2014 },
	{ "quoteleft", 0x2018 }, { "quoteright", 0x2019 },
	{ "quotedblleft", 0x201C }, { "quotedblright", 0x201D },
	{ "dcroat", 0x0111 }, { "Dcroat", 0x0110 }, { "dmacron", 0x0111 },
	{ "Dslash", 0x0110 }, { "dong", 0x20AB }, { "bullet", 0x2022 },
};

/* Marks behind a letter, as Vietnamese has them and others. */
static const struct {
	const char *name;
	uint32_t point;
} marks[] = {
	{ "circumflex", 0x0302 }, { "breve", 0x0306 }, { "horn", 0x031B },
	{ "hookabove", 0x0309 }, { "dotbelow", 0x0323 }, { "acute", 0x0301 },
	{ "grave", 0x0300 }, { "tilde", 0x0303 }, { "dieresis", 0x0308 },
	{ "ring", 0x030A }, { "cedilla", 0x0327 }, { "caron", 0x030C },
};

static bool
is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "uni1EBF", "u1EBF". */
static uint32_t
by_number(struct bytes name)
{
	size_t at = bytes_starts(name, BYTES_LIT("uni")) ? 3 : 1;
	uint32_t v = 0;
	if (name.len < at + 4 || name.len > at + 6 || name.ptr[0] != 'u')
		return 0;
	for (; at < name.len; at++) {
		uint8_t c = name.ptr[at];
		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if (c >= 'A' && c <= 'F')
			v = v << 4 | (uint32_t)(c - 'A' + 10);
		else
			return 0;
	}
	return v <= 0x10FFFF ? v : 0;
}

/* "a67": TeX's fonts of dots call their letters so. */
static uint32_t
by_code(struct bytes name)
{
	uint32_t v = 0;
	if (name.len < 2 || name.len > 4 || name.ptr[0] != 'a')
		return 0;
	for (size_t i = 1; i < name.len; i++) {
		if (name.ptr[i] < '0' || name.ptr[i] > '9')
			return 0;
		v = v * 10 + (uint32_t)(name.ptr[i] - '0');
	}
	return v < 0x7F ? pdf_latin(v) : 0;
}

static size_t
letter_with_marks(struct bytes name, uint32_t out[4])
{
	size_t n = 0;
	if (name.len == 0 || !is_letter(name.ptr[0]))
		return 0;
	out[n++] = name.ptr[0];
	name = bytes_from(name, 1);
	while (name.len > 0 && n < 4) {
		size_t i = 0;
		while (i < COUNT_OF(marks) &&
		       !bytes_starts(name, bytes_str(marks[i].name)))
			i++;
		if (i == COUNT_OF(marks))
			return 0;
		out[n++] = marks[i].point;
		name = bytes_from(name, bytes_str(marks[i].name).len);
	}
	return name.len == 0 ? n : 0;
}

size_t
pdf_glyph_name(struct bytes name, uint32_t out[4])
{
	/* "a.sc" and the like: another look of the same. */
	size_t point = bytes_find(name, BYTES_LIT("."));
	if (point != SIZE_MAX && point > 0)
		name = bytes_slice(name, 0, point);
	for (size_t i = 0; i < COUNT_OF(named); i++) {
		if (bytes_eq_str(name, named[i].name)) {
			out[0] = named[i].point;
			return 1;
		}
	}
	size_t n = letter_with_marks(name, out);
	if (n > 0)
		return n;
	out[0] = by_number(name);
	if (out[0] == 0)
		out[0] = by_code(name);
	return out[0] != 0;
}
