/* Objects out of tokens. */
#include "pdf/lex.h"

#include <stdlib.h>
#include <string.h>

#define STACK_INLINE 48  /* nodes open at a time in most objects */
#define COMPARE_PAIRS 24 /* up to so many keys are compared pair by pair */
#define GAP_MAX 4        /* white space before endstream, in bytes */

/* Nodes of the arrays and dictionaries that are still open. */
struct stack {
	struct pdf_obj *v;
	size_t n, cap;
	struct pdf_obj own[STACK_INLINE];
};

struct parser {
	struct pdf_lex *l;
	struct pdf_arena *a;
	bool copy;
	unsigned depth;
	struct stack *stack;
};

static void
stack_done(struct stack *s)
{
	if (s->v != s->own)
		free(s->v);
}

static struct err *
push(struct parser *p, struct pdf_obj o)
{
	struct stack *s = p->stack;
	if (s->n == s->cap) {
		size_t cap = s->cap * 2;
		struct pdf_budget *b = p->l->budget;
		if (b != NULL && b->memory < cap * sizeof(*s->v))
			return err_coded(
			    err_new(ERR_LIMIT, NULL, "an object too large"),
			    "pdf-too-complex");
		struct pdf_obj *v =
		    realloc(s->v == s->own ? NULL : s->v, cap * sizeof(*v));
		if (v == NULL)
			return err_new(ERR_NOMEM, NULL, "open nodes");
		if (s->v == s->own)
			memcpy(v, s->own, sizeof(s->own));
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = o;
	return NULL;
}

static struct err *
bad(size_t at, const char *what)
{
	return err_new(ERR_MALFORMED, "ISO 32000-2 7.3", "%s at %zu", what, at);
}

/* ---- texts ---- */

/* One more than the digit; 0: none. */
static const uint8_t hex_of[256] = {
	['0'] = 1,
	['1'] = 2,
	['2'] = 3,
	['3'] = 4,
	['4'] = 5,
	['5'] = 6,
	['6'] = 7,
	['7'] = 8,
	['8'] = 9,
	['9'] = 10,
	['A'] = 11,
	['B'] = 12,
	['C'] = 13,
	['D'] = 14,
	['E'] = 15,
	['F'] = 16,
	['a'] = 11,
	['b'] = 12,
	['c'] = 13,
	['d'] = 14,
	['e'] = 15,
	['f'] = 16,
};

static inline int
hex_digit(uint8_t c)
{
	return hex_of[c] - 1;
}

static size_t
decode_name(struct bytes in, uint8_t *to)
{
	size_t n = 0;
	for (size_t i = 0; i < in.len; i++) {
		/* As in PDF 1.1, a '#' without two digits means itself. */
		int hi = -1, lo = -1;
		if (in.ptr[i] == '#' && in.len - i > 2) {
			hi = hex_digit(in.ptr[i + 1]);
			lo = hex_digit(in.ptr[i + 2]);
		}
		if (hi >= 0 && lo >= 0) {
			to[n++] = (uint8_t)(hi << 4 | lo);
			i += 2;
		} else {
			to[n++] = in.ptr[i];
		}
	}
	return n;
}

/* Most are signatures: thousands of digits with nothing between them. */
static size_t
decode_pairs(struct bytes in, uint8_t *to)
{
	size_t n = 0;
	while (pdf_is_hex(bytes_from(in, 2 * n), to + n))
		n += PDF_HEX / 2;
	for (; 2 * n + 1 < in.len; n++) {
		int hi = hex_digit(in.ptr[2 * n]);
		int lo = hex_digit(in.ptr[2 * n + 1]);
		if ((hi | lo) < 0)
			break;
		to[n] = (uint8_t)(hi << 4 | lo);
	}
	return n;
}

static size_t
decode_hex(struct bytes in, uint8_t *to)
{
	size_t done = decode_pairs(in, to), digits = 2 * done;
	for (size_t i = 2 * done; i < in.len; i++) {
		int v = hex_digit(in.ptr[i]);
		if (v < 0)
			continue;
		if (digits % 2 == 0)
			to[digits / 2] = (uint8_t)(v << 4);
		else
			to[digits / 2] |= (uint8_t)v;
		digits++;
	}
	return (digits + 1) / 2;
}

static bool
is_octal(struct bytes in, size_t i)
{
	return i < in.len && in.ptr[i] >= '0' && in.ptr[i] <= '7';
}

/* Decodes what follows a backslash at `*i`; returns whether a byte came out. */
static bool
decode_escape(struct bytes in, size_t *i, uint8_t *to)
{
	static const char from[] = "nrtbf", into[] = "\n\r\t\b\f";
	uint8_t c = in.ptr[*i];
	if (is_octal(in, *i)) {
		unsigned v = c - '0';
		for (int k = 0; k < 2 && is_octal(in, *i + 1); k++)
			v = v * 8 + (in.ptr[++*i] - '0');
		*to = (uint8_t)v;
		return true;
	}
	/* A line that goes on. */
	if (c == '\r' && *i + 1 < in.len && in.ptr[*i + 1] == '\n')
		++*i;
	if (c == '\r' || c == '\n')
		return false;
	const char *e = c == 0 ? NULL : strchr(from, c);
	*to = e == NULL ? c : (uint8_t)into[e - from];
	return true;
}

static size_t
decode_string(struct bytes in, uint8_t *to)
{
	size_t n = 0;
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.ptr[i];
		if (c == '\\' && i + 1 < in.len) {
			i++;
			n += decode_escape(in, &i, &to[n]);
			continue;
		}
		if (c == '\r') {
			if (i + 1 < in.len && in.ptr[i + 1] == '\n')
				i++;
			c = '\n';
		}
		to[n++] = c;
	}
	return n;
}

static struct err *
text_of(struct parser *p, const struct pdf_token *t, struct bytes *out)
{
	struct bytes in = pdf_token_text(p->l, t);
	if (t->kind == PDF_TOKEN_NAME)
		in = bytes_from(in, 1);
	else if (t->kind != PDF_TOKEN_REAL)
		in = bytes_slice(in, 1, in.len - 2);
	if (t->plain || t->kind == PDF_TOKEN_REAL) {
		*out = in;
		return p->copy ? pdf_copy(p->a, in, out) : NULL;
	}
	void *to;
	TRY(pdf_alloc(p->a, in.len + 1, &to));
	size_t len = t->kind == PDF_TOKEN_NAME  ? decode_name(in, to)
		     : t->kind == PDF_TOKEN_HEX ? decode_hex(in, to)
						: decode_string(in, to);
	*out = bytes_of(to, len);
	return NULL;
}

/* ---- objects ---- */

static struct err *parse_value(
    struct parser *p, const struct pdf_token *t, struct pdf_obj *out);

/* Closes what was opened at `from` in the stack: moves its nodes away. */
static struct err *
close_items(struct parser *p, size_t from, struct pdf_obj *out)
{
	size_t n = p->stack->n - from;
	void *v = NULL;
	if (n > 0) {
		TRY(pdf_alloc(p->a, n * sizeof(*out), &v));
		memcpy(v, p->stack->v + from, n * sizeof(*out));
	}
	p->stack->n = from;
	out->items.v = v;
	out->items.n = n;
	out->end = p->l->pos;
	return NULL;
}

static struct err *
parse_array(struct parser *p, struct pdf_obj *out)
{
	size_t from = p->stack->n;
	out->type = PDF_ARRAY;
	for (;;) {
		struct pdf_token t;
		TRY(pdf_next(p->l, &t));
		if (t.kind == PDF_TOKEN_ARRAY_CLOSE)
			return close_items(p, from, out);
		struct pdf_obj item;
		TRY(parse_value(p, &t, &item));
		TRY(push(p, item));
	}
}

static int
compare_texts(const void *a, const void *b)
{
	return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

static struct err *
sorted_duplicate(const struct pdf_obj *dict, bool *out)
{
	size_t n = dict->items.n / 2;
	struct bytes *keys = calloc(n, sizeof(*keys));
	if (keys == NULL)
		return err_new(ERR_NOMEM, NULL, "keys");
	for (size_t i = 0; i < n; i++)
		keys[i] = dict->items.v[2 * i].text;
	qsort(keys, n, sizeof(*keys), compare_texts);
	*out = false;
	for (size_t i = 1; i < n; i++)
		*out = *out || bytes_eq(keys[i - 1], keys[i]);
	free(keys);
	return NULL;
}

static struct err *
find_duplicate(const struct pdf_obj *dict, bool *out)
{
	const struct pdf_obj *v = dict->items.v;
	size_t n = dict->items.n / 2;
	if (n > COMPARE_PAIRS)
		return sorted_duplicate(dict, out);
	*out = false;
	for (size_t i = 1; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (v[2 * i].text.len == v[2 * k].text.len &&
			    bytes_eq(v[2 * i].text, v[2 * k].text))
				*out = true;
		}
	}
	return NULL;
}

static struct err *
parse_dict(struct parser *p, struct pdf_obj *out)
{
	size_t from = p->stack->n;
	out->type = PDF_DICT;
	for (;;) {
		struct pdf_token t;
		struct pdf_obj key, value;
		TRY(pdf_next(p->l, &t));
		if (t.kind == PDF_TOKEN_DICT_CLOSE)
			break;
		if (t.kind != PDF_TOKEN_NAME)
			return bad(t.at, "a key that is no name");
		TRY(parse_value(p, &t, &key));
		TRY(push(p, key));
		TRY(pdf_next(p->l, &t));
		TRY(parse_value(p, &t, &value));
		TRY(push(p, value));
	}
	TRY(close_items(p, from, out));
	TRY(find_duplicate(out, &out->duplicate));
	if (out->duplicate && p->l->budget != NULL)
		p->l->budget->odd |= PDF_ODD_DUPLICATE_KEY;
	return NULL;
}

static struct err *
parse_nested(struct parser *p, const struct pdf_token *t, struct pdf_obj *out)
{
	if (p->depth == PDF_DEPTH_MAX)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "nested deeper than %d at %zu",
			PDF_DEPTH_MAX, t->at),
		    "pdf-too-complex");
	p->depth++;
	TRY(t->kind == PDF_TOKEN_DICT_OPEN ? parse_dict(p, out)
					   : parse_array(p, out));
	p->depth--;
	return NULL;
}

/* "12 0 R": after the 12 was read. */
static void
parse_number(struct parser *p, const struct pdf_token *t, struct pdf_obj *out)
{
	out->type = PDF_INT;
	out->integer = t->integer;
	size_t back = p->l->pos;
	uint8_t first = p->l->in.ptr[t->at];
	uint64_t gen;
	if (first >= '0' && first <= '9' && t->integer <= PDF_NUMBER_MAX &&
	    pdf_take_number(p->l, PDF_GENERATION_MAX, &gen) &&
	    pdf_take_word(p->l, "R")) {
		out->type = PDF_REF;
		out->ref.num = (uint32_t)t->integer;
		out->ref.gen = (uint32_t)gen;
		out->end = p->l->pos;
		return;
	}
	p->l->pos = back;
}

static struct err *
parse_word(struct parser *p, const struct pdf_token *t, struct pdf_obj *out)
{
	struct bytes w = pdf_token_text(p->l, t);
	if (bytes_eq_str(w, "null")) {
		out->type = PDF_NULL;
	} else if (bytes_eq_str(w, "true") || bytes_eq_str(w, "false")) {
		out->type = PDF_BOOL;
		out->boolean = w.len == 4;
	} else {
		return bad(t->at, "an unknown word");
	}
	return NULL;
}

static struct err *
parse_value(struct parser *p, const struct pdf_token *t, struct pdf_obj *out)
{
	*out = (struct pdf_obj){ .at = t->at, .end = t->end };
	switch (t->kind) {
	case PDF_TOKEN_INT:
		parse_number(p, t, out);
		return NULL;
	case PDF_TOKEN_REAL:
		out->type = PDF_REAL;
		return text_of(p, t, &out->text);
	case PDF_TOKEN_STRING:
	case PDF_TOKEN_HEX:
		out->type = PDF_STRING;
		out->hex = t->kind == PDF_TOKEN_HEX;
		return text_of(p, t, &out->text);
	case PDF_TOKEN_NAME:
		out->type = PDF_NAME;
		return text_of(p, t, &out->text);
	case PDF_TOKEN_ARRAY_OPEN:
	case PDF_TOKEN_DICT_OPEN:
		return parse_nested(p, t, out);
	case PDF_TOKEN_WORD:
		return parse_word(p, t, out);
	case PDF_TOKEN_ARRAY_CLOSE:
	case PDF_TOKEN_DICT_CLOSE:
	case PDF_TOKEN_END:
		break;
	}
	return bad(t->at, "no object");
}

struct err *
pdf_parse(
    struct pdf_lex *l, struct pdf_arena *a, bool copy, struct pdf_obj *out)
{
	CLEANUP(stack_done) struct stack stack;
	stack.v = stack.own;
	stack.n = 0;
	stack.cap = STACK_INLINE;
	struct parser p = { .l = l, .a = a, .copy = copy, .stack = &stack };
	struct pdf_token t;
	TRY(pdf_next(l, &t));
	return parse_value(&p, &t, out);
}

/* ---- indirect objects ---- */

static struct err *
stream_length(const struct pdf_obj *dict, const struct pdf_length *length,
    size_t at, uint64_t *out)
{
	const struct pdf_obj *o = pdf_dict_raw(dict, "Length");
	int64_t direct;
	if (pdf_is(o, PDF_REF) && length != NULL)
		return length->length(length->ctx, o->ref, out);
	if (!pdf_int(o, 0, INT64_MAX, &direct))
		return err_new(ERR_MALFORMED, "ISO 32000-2 7.3.8.2",
		    "a stream without /Length at %zu", at);
	*out = (uint64_t)direct;
	return NULL;
}

/* The bytes between "stream" and "endstream", which /Length must match. */
static struct err *
parse_stream(struct pdf_lex *l, struct pdf_arena *a,
    const struct pdf_length *length, struct pdf_obj *obj)
{
	/* A CR alone would leave open whether a LF belongs to the data. */
	struct bytes rest = bytes_from(l->in, l->pos);
	if (!bytes_starts(rest, BYTES_LIT("\n")) &&
	    !bytes_starts(rest, BYTES_LIT("\r\n")))
		return err_new(ERR_MALFORMED, "ISO 32000-2 7.3.8.1",
		    "no end of line after stream at %zu", l->pos);
	(void)pdf_take_eol(l);

	uint64_t len;
	TRY(stream_length(obj, length, obj->at, &len));
	if (len > l->in.len - l->pos)
		return err_new(ERR_MALFORMED, "ISO 32000-2 7.3.8.2",
		    "/Length runs over the end at %zu", obj->at);
	void *s;
	TRY(pdf_alloc(a, sizeof(struct pdf_stream), &s));
	*(struct pdf_stream *)s = (struct pdf_stream){
		.dict = *obj,
		.at = l->pos,
		.raw = bytes_slice(l->in, l->pos, (size_t)len),
	};
	l->pos += (size_t)len;
	for (int i = 0; i < GAP_MAX && l->pos < l->in.len &&
			pdf_is_space(l->in.ptr[l->pos]);
	     i++)
		l->pos++;
	if (!bytes_starts(bytes_from(l->in, l->pos), BYTES_LIT("endstream")))
		return err_new(ERR_MALFORMED, "ISO 32000-2 7.3.8.2",
		    "/Length does not fit the stream at %zu", obj->at);
	if (!pdf_take_word(l, "endstream"))
		return err_new(ERR_MALFORMED, "ISO 32000-2 7.3.8.1",
		    "no endstream at %zu", l->pos);
	*obj = (struct pdf_obj){
		.type = PDF_STREAM,
		.duplicate = obj->duplicate,
		.at = obj->at,
		.end = l->pos,
		.stream = s,
	};
	return NULL;
}

static struct err *
no_header(size_t at)
{
	return err_new(ERR_MALFORMED, "ISO 32000-2 7.3.10",
	    "no indirect object at %zu", at);
}

struct err *
pdf_parse_indirect(struct bytes in, size_t at, struct pdf_arena *a,
    const struct pdf_length *length, struct pdf_indirect *out)
{
	struct pdf_lex l = { .in = in, .pos = at, .budget = a->budget };
	uint64_t num, gen;
	(void)pdf_take_eol(&l);
	size_t start = l.pos;
	if (start >= in.len || in.ptr[start] < '0' || in.ptr[start] > '9')
		return no_header(at);
	if (!pdf_take_number(&l, PDF_NUMBER_MAX, &num) ||
	    !pdf_take_number(&l, PDF_GENERATION_MAX, &gen) ||
	    !pdf_take_word(&l, "obj"))
		return no_header(at);
	struct pdf_obj obj;
	TRY(pdf_parse(&l, a, false, &obj));
	if (obj.type == PDF_DICT && pdf_take_word(&l, "stream"))
		TRY(parse_stream(&l, a, length, &obj));
	if (!pdf_take_word(&l, "endobj"))
		return err_new(ERR_MALFORMED, "ISO 32000-2 7.3.10",
		    "no endobj at %zu", l.pos);
	TRY(pdf_spend(a->budget, 1));
	*out = (struct pdf_indirect){
		.ref = { (uint32_t)num, (uint32_t)gen },
		.obj = obj,
		.at = start,
		.end = l.pos,
	};
	return NULL;
}
