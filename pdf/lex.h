/*
 * Tokens and objects out of bytes; the lowest door to PDF bytes.
 * ISO 32000-2 7.2 and 7.3.
 */
#ifndef SIGND_PDF_LEX_H
#define SIGND_PDF_LEX_H

#include "pdf/object.h"

#include <string.h>

enum pdf_token_kind {
	PDF_TOKEN_END, /* of the bytes */
	PDF_TOKEN_INT,
	PDF_TOKEN_REAL,
	PDF_TOKEN_STRING, /* (...) */
	PDF_TOKEN_HEX,    /* <...> */
	PDF_TOKEN_NAME,
	PDF_TOKEN_ARRAY_OPEN,
	PDF_TOKEN_ARRAY_CLOSE,
	PDF_TOKEN_DICT_OPEN,
	PDF_TOKEN_DICT_CLOSE,
	PDF_TOKEN_WORD, /* true, obj, stream, ... */
};

struct pdf_token {
	enum pdf_token_kind kind;
	bool plain;      /* name or string: nothing to decode inside */
	size_t at, end;  /* span in the bytes */
	int64_t integer; /* PDF_TOKEN_INT */
};

struct pdf_lex {
	struct bytes in;
	size_t pos;                /* next byte to read */
	struct pdf_budget *budget; /* borrowed */
};

/*
 * Most of a signed file's hexadecimal digits are one signature's, looked at for
 * each revision again: so many at once, by any compiler's vectors.  Whether the
 * first PDF_HEX bytes are digits and nothing else; `out`, if it is not NULL, gets
 * what they stand for.
 */
#define PDF_HEX 16 /* digits */
typedef uint8_t pdf_digits __attribute__((vector_size(PDF_HEX)));
typedef uint16_t pdf_pairs __attribute__((vector_size(PDF_HEX)));
typedef uint8_t pdf_octets __attribute__((vector_size(PDF_HEX / 2)));
static inline bool
pdf_is_hex(struct bytes b, uint8_t *out)
{
	pdf_digits c;
	uint64_t bad[2];
	if (b.len < PDF_HEX)
		return false;
	memcpy(&c, b.ptr, PDF_HEX);
	pdf_digits letter = (c | 0x20) - 'a';
	pdf_digits wrong = (pdf_digits)((c - '0' > 9) & (letter > 5));
	memcpy(bad, &wrong, sizeof(bad));
	if ((bad[0] | bad[1]) != 0)
		return false;
	if (out == NULL)
		return true;
	c = (c & 0x0f) + ((pdf_digits)(letter <= 5) & 9);
	pdf_pairs p = (pdf_pairs)c;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	p = p << 4 | p >> 8;
#else
	p = p >> 4 | p;
#endif
	pdf_octets o = __builtin_convertvector(p & 0xff, pdf_octets);
	memcpy(out, &o, PDF_HEX / 2);
	return true;
}

bool pdf_is_space(uint8_t c);
bool pdf_is_delimiter(uint8_t c);
/* Moves over white space and comments. */
void pdf_skip_space(struct pdf_lex *l);

/* ERR_MALFORMED: not a token; ERR_LIMIT: out of steps. */
struct err *pdf_next(struct pdf_lex *l, struct pdf_token *out) MUST_USE;
struct bytes pdf_token_text(const struct pdf_lex *l, const struct pdf_token *t);
/* Takes the word `word` if it is next; whether it was. */
bool pdf_take_word(struct pdf_lex *l, const char *word);
/* Takes an unsigned decimal number that is next; whether there was one. */
bool pdf_take_number(struct pdf_lex *l, uint64_t max, uint64_t *out);
/* Takes CR, LF or CR LF; whether there was one. */
bool pdf_take_eol(struct pdf_lex *l);

/*
 * pdf_parse reads one object, and leaves l->pos after it.  Texts borrow from
 * l->in where nothing had to be decoded, unless `copy`; all else is in `a`.
 * ERR_MALFORMED, ERR_LIMIT (depth, steps, memory), ERR_NOMEM.
 */
struct err *pdf_parse(struct pdf_lex *l, struct pdf_arena *a, bool copy,
    struct pdf_obj *out) MUST_USE;

/* How a reference as /Length is resolved to a number. */
struct pdf_length {
	void *ctx;
	struct err *(*length)(void *ctx, struct pdf_ref ref, uint64_t *out);
};

/* An indirect object: "12 0 obj ... endobj". */
struct pdf_indirect {
	struct pdf_ref ref;
	struct pdf_obj obj;
	size_t at, end; /* from the number to behind endobj */
};

/*
 * pdf_parse_indirect reads the indirect object at offset `at` of `in`.
 * `length` may be NULL: then /Length must be direct.  /Length must be exact.
 */
struct err *pdf_parse_indirect(struct bytes in, size_t at, struct pdf_arena *a,
    const struct pdf_length *length, struct pdf_indirect *out) MUST_USE;

#endif
