#include "pdf/lex.h"

#include <string.h>

#define CLAUSE "ISO 32000-2 7.2"
#define BYTES_PER_STEP 64 /* that are looked at in the time of a token */

enum { REGULAR, SPACE, DELIMITER };

/* ISO 32000-2 tables 1 and 2. */
static const uint8_t class_of[256] = {
	[0] = SPACE,
	['\t'] = SPACE,
	['\n'] = SPACE,
	['\f'] = SPACE,
	['\r'] = SPACE,
	[' '] = SPACE,
	['('] = DELIMITER,
	[')'] = DELIMITER,
	['<'] = DELIMITER,
	['>'] = DELIMITER,
	['['] = DELIMITER,
	[']'] = DELIMITER,
	['{'] = DELIMITER,
	['}'] = DELIMITER,
	['/'] = DELIMITER,
	['%'] = DELIMITER,
};

bool
pdf_is_space(uint8_t c)
{
	return class_of[c] == SPACE;
}

bool
pdf_is_delimiter(uint8_t c)
{
	return class_of[c] == DELIMITER;
}

/* Long runs that are read again and again must cost something. */
static inline void
waste(const struct pdf_lex *l, size_t bytes)
{
	if (bytes >= BYTES_PER_STEP)
		pdf_waste(l->budget, bytes / BYTES_PER_STEP);
}

static void
skip_comments(struct pdf_lex *l, size_t i)
{
	const uint8_t *p = l->in.ptr;
	while (i < l->in.len) {
		if (class_of[p[i]] == SPACE) {
			i++;
			continue;
		}
		if (p[i] != '%')
			break;
		while (i < l->in.len && p[i] != '\n' && p[i] != '\r')
			i++;
	}
	waste(l, i - l->pos);
	l->pos = i;
}

static inline void
skip_space(struct pdf_lex *l)
{
	const uint8_t *p = l->in.ptr;
	size_t i = l->pos;
	while (i < l->in.len && class_of[p[i]] == SPACE)
		i++;
	if (i < l->in.len && p[i] == '%') {
		skip_comments(l, i);
		return;
	}
	waste(l, i - l->pos);
	l->pos = i;
}

void
pdf_skip_space(struct pdf_lex *l)
{
	skip_space(l);
}

static struct err *
bad(const struct pdf_lex *l, const char *what)
{
	return err_new(ERR_MALFORMED, CLAUSE, "%s at %zu", what, l->pos);
}

/* The end of the run of regular characters that begins at `i`. */
static size_t
regular_end(const struct pdf_lex *l, size_t i)
{
	size_t from = i;
	while (i < l->in.len && class_of[l->in.ptr[i]] == REGULAR)
		i++;
	waste(l, i - from);
	return i;
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static struct err *
lex_number(struct pdf_lex *l, struct pdf_token *t)
{
	const uint8_t *p = l->in.ptr;
	size_t i = t->at;
	bool negative = p[i] == '-';
	if (p[i] == '-' || p[i] == '+')
		i++;
	bool overflow = false;
	size_t digits = 0, dots = 0;
	int64_t v = 0;
	for (; i < l->in.len && class_of[p[i]] == REGULAR; i++) {
		if (p[i] == '.') {
			dots++;
			continue;
		}
		if (!is_digit(p[i]))
			return bad(l, "not a number");
		digits++;
		if (dots == 0 && (__builtin_mul_overflow(v, 10, &v) ||
				     __builtin_add_overflow(v, p[i] - '0', &v)))
			overflow = true;
	}
	if (digits == 0 || dots > 1)
		return bad(l, "not a number");
	t->kind = dots != 0 || overflow ? PDF_TOKEN_REAL : PDF_TOKEN_INT;
	t->integer = overflow ? 0 : negative ? -v : v;
	t->end = i;
	return NULL;
}

static struct err *
lex_string(struct pdf_lex *l, struct pdf_token *t)
{
	const uint8_t *p = l->in.ptr;
	size_t depth = 0;
	t->kind = PDF_TOKEN_STRING;
	t->plain = true;
	for (size_t i = t->at; i < l->in.len; i++) {
		switch (p[i]) {
		case '\\':
			t->plain = false;
			i++;
			break;
		case '\r':
			t->plain = false;
			break;
		case '(':
			depth++;
			break;
		case ')':
			if (--depth > 0)
				break;
			t->end = i + 1;
			return NULL;
		default:
			break;
		}
	}
	return bad(l, "a string without end");
}

/* What may stand between '<' and '>': a signature has thousands of these. */
static const bool in_hex[256] = {
	[0] = true,
	['\t'] = true,
	['\n'] = true,
	['\f'] = true,
	['\r'] = true,
	[' '] = true,
	['0'] = true,
	['1'] = true,
	['2'] = true,
	['3'] = true,
	['4'] = true,
	['5'] = true,
	['6'] = true,
	['7'] = true,
	['8'] = true,
	['9'] = true,
	['A'] = true,
	['B'] = true,
	['C'] = true,
	['D'] = true,
	['E'] = true,
	['F'] = true,
	['a'] = true,
	['b'] = true,
	['c'] = true,
	['d'] = true,
	['e'] = true,
	['f'] = true,
};

static struct err *
lex_hex(struct pdf_lex *l, struct pdf_token *t)
{
	const uint8_t *p = l->in.ptr;
	size_t i = t->at + 1;
	while (i < l->in.len && in_hex[p[i]])
		i += pdf_is_hex(bytes_from(l->in, i), NULL) ? PDF_HEX : 1;
	if (i == l->in.len || p[i] != '>')
		return bad(l, "a bad hexadecimal string");
	t->kind = PDF_TOKEN_HEX;
	t->end = i + 1;
	return NULL;
}

static struct err *
lex_name(struct pdf_lex *l, struct pdf_token *t)
{
	t->kind = PDF_TOKEN_NAME;
	t->end = regular_end(l, t->at + 1);
	t->plain = memchr(l->in.ptr + t->at, '#', t->end - t->at) == NULL;
	return NULL;
}

static struct err *
lex_delimiter(struct pdf_lex *l, struct pdf_token *t)
{
	const uint8_t *p = l->in.ptr + t->at;
	bool twice = t->at + 1 < l->in.len && p[1] == p[0];
	t->end = t->at + 1;
	switch (p[0]) {
	case '/':
		return lex_name(l, t);
	case '(':
		return lex_string(l, t);
	case '[':
		t->kind = PDF_TOKEN_ARRAY_OPEN;
		return NULL;
	case ']':
		t->kind = PDF_TOKEN_ARRAY_CLOSE;
		return NULL;
	case '<':
		if (!twice)
			return lex_hex(l, t);
		t->kind = PDF_TOKEN_DICT_OPEN;
		t->end++;
		return NULL;
	case '>':
		if (!twice)
			return bad(l, "a stray '>'");
		t->kind = PDF_TOKEN_DICT_CLOSE;
		t->end++;
		return NULL;
	default:
		return bad(l, "a stray delimiter");
	}
}

struct err *
pdf_next(struct pdf_lex *l, struct pdf_token *out)
{
	skip_space(l);
	*out = (struct pdf_token){ .at = l->pos, .end = l->pos };
	if (l->pos >= l->in.len) {
		out->kind = PDF_TOKEN_END;
		return NULL;
	}
	uint8_t c = l->in.ptr[l->pos];
	if (class_of[c] == DELIMITER) {
		TRY(lex_delimiter(l, out));
	} else if (is_digit(c) || c == '-' || c == '+' || c == '.') {
		TRY(lex_number(l, out));
	} else {
		out->kind = PDF_TOKEN_WORD;
		out->end = regular_end(l, l->pos);
	}
	/* A long token costs as many steps as it takes time. */
	TRY(pdf_spend(l->budget, 1 + (out->end - out->at) / BYTES_PER_STEP));
	l->pos = out->end;
	return NULL;
}

struct bytes
pdf_token_text(const struct pdf_lex *l, const struct pdf_token *t)
{
	return bytes_slice(l->in, t->at, t->end - t->at);
}

bool
pdf_take_word(struct pdf_lex *l, const char *word)
{
	skip_space(l);
	size_t i = l->pos;
	for (; *word != '\0'; word++, i++)
		if (i >= l->in.len || l->in.ptr[i] != (uint8_t)*word)
			return false;
	if (i < l->in.len && class_of[l->in.ptr[i]] == REGULAR)
		return false;
	l->pos = i;
	return true;
}

bool
pdf_take_number(struct pdf_lex *l, uint64_t max, uint64_t *out)
{
	skip_space(l);
	const uint8_t *p = l->in.ptr;
	size_t i = l->pos;
	uint64_t v = 0;
	for (; i < l->in.len && is_digit(p[i]); i++) {
		if (__builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(p[i] - '0'), &v))
			break;
	}
	waste(l, i - l->pos);
	if (i == l->pos || v > max ||
	    (i < l->in.len && class_of[p[i]] == REGULAR))
		return false;
	l->pos = i;
	*out = v;
	return true;
}

bool
pdf_take_eol(struct pdf_lex *l)
{
	struct bytes rest = bytes_from(l->in, l->pos);
	if (bytes_starts(rest, BYTES_LIT("\r\n"))) {
		l->pos += 2;
		return true;
	}
	if (rest.len == 0 || (rest.ptr[0] != '\r' && rest.ptr[0] != '\n'))
		return false;
	l->pos++;
	return true;
}
