#include "base/json.h"

#include "base/encoding.h"
#include "base/memory.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 1024 /* bytes of one that is no integer */

struct reader {
	struct bytes in;
	size_t at;
	unsigned depth;
};

static struct err *
no_memory(void)
{
	return err_new(ERR_NOMEM, NULL, "JSON");
}

static struct err *
bad(const struct reader *r, const char *why)
{
	size_t line = 1, column = 1;
	for (size_t i = 0; i < r->at && i < r->in.len; i++) {
		column = r->in.ptr[i] == '\n' ? 1 : column + 1;
		line += r->in.ptr[i] == '\n';
	}
	return err_new(ERR_MALFORMED, "RFC 8259", "line %zu, column %zu: %s",
	    line, column, why);
}

static uint8_t
peek(const struct reader *r)
{
	return r->at < r->in.len ? r->in.ptr[r->at] : 0;
}

static uint8_t
skip_space(struct reader *r)
{
	while (r->at < r->in.len && strchr(" \t\r\n", peek(r)) != NULL &&
	       peek(r) != 0)
		r->at++;
	return peek(r);
}

static bool
take(struct reader *r, uint8_t c)
{
	if (r->at >= r->in.len || peek(r) != c)
		return false;
	r->at++;
	return true;
}

/* ---- strings ---- */

/* What stands between the quotes; *escapes: it is not what it says. */
static struct err *
take_quoted(struct reader *r, struct bytes *out, bool *escapes)
{
	*escapes = false;
	if (!take(r, '"'))
		return bad(r, "no string where one belongs");
	size_t from = r->at;
	for (; r->at < r->in.len && peek(r) != '"'; r->at++) {
		if (peek(r) < 0x20)
			return bad(r, "a control character in a string");
		if (peek(r) == '\\') {
			*escapes = true;
			r->at++;
		}
	}
	*out = bytes_slice(r->in, from, r->at > from ? r->at - from : 0);
	return take(r, '"') ? NULL : bad(r, "a string without end");
}

static struct err *
take_unit(const struct reader *r, struct bytes *rest, uint32_t *out)
{
	uint8_t raw[2];
	struct buf b = { .ptr = raw, .cap = sizeof(raw), .max = sizeof(raw) };
	struct err *e = rest->len < 4
			    ? bad(r, "half an escape")
			    : hex_decode(bytes_slice(*rest, 0, 4), &b);
	if (e != NULL) {
		err_free(e);
		return bad(r, "no such escape");
	}
	*rest = bytes_from(*rest, 4);
	*out = (uint32_t)raw[0] << 8 | raw[1];
	return NULL;
}

static struct err *
take_code_point(const struct reader *r, struct bytes *rest, uint32_t *out)
{
	uint32_t low = 0;
	TRY(take_unit(r, rest, out));
	if (*out == 0 || (*out >= 0xdc00 && *out < 0xe000))
		return bad(r, "an escape that is no character");
	if (*out < 0xd800 || *out >= 0xe000)
		return NULL;
	if (!bytes_starts(*rest, BYTES_LIT("\\u")))
		return bad(r, "half a surrogate pair");
	*rest = bytes_from(*rest, 2);
	TRY(take_unit(r, rest, &low));
	if (low < 0xdc00 || low >= 0xe000)
		return bad(r, "half a surrogate pair");
	*out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
	return NULL;
}

static struct err *
put_code_point(uint32_t c, struct buf *out)
{
	if (c < 0x80)
		return buf_byte(out, (uint8_t)c);
	static const uint8_t heads[] = { 0, 0xc0, 0xe0, 0xf0 };
	unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	TRY(buf_byte(out, (uint8_t)(heads[more] | c >> (6 * more))));
	while (more-- > 0)
		TRY(buf_byte(out, (uint8_t)(0x80 | (c >> (6 * more) & 0x3f))));
	return NULL;
}

static struct err *
take_escape(const struct reader *r, struct bytes *rest, struct buf *out)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	uint8_t c = rest->ptr[1];
	*rest = bytes_from(*rest, 2);
	if (c == 'u') {
		uint32_t point = 0;
		TRY(take_code_point(r, rest, &point));
		return put_code_point(point, out);
	}
	const char *at = c == 0 ? NULL : strchr(names, c);
	return at == NULL ? bad(r, "no such escape")
			  : buf_byte(out, (uint8_t)values[at - names]);
}

/* Into room that is there already: it may be a secret, and is not copied. */
static struct err *
unescape(const struct reader *r, struct bytes in, struct buf *out)
{
	TRY(buf_reserve(out, in.len + 1));
	while (in.len > 0) {
		size_t n = bytes_find(in, BYTES_LIT("\\"));
		struct bytes plain = bytes_slice(in, 0, n);
		TRY(buf_append(out, plain));
		in = bytes_from(in, plain.len);
		if (in.len > 0)
			TRY(take_escape(r, &in, out));
	}
	return NULL;
}

static struct err *
read_string(struct reader *r, json_t **out)
{
	struct bytes raw;
	bool escapes;
	TRY(take_quoted(r, &raw, &escapes));
	CLEANUP(buf_wipe_done) struct buf text = BUF(raw.len + 1);
	if (escapes) {
		TRY(unescape(r, raw, &text));
		raw = buf_bytes(&text);
	}
	*out = json_stringn_nocheck(
	    raw.len == 0 ? "" : (const char *)raw.ptr, raw.len);
	return *out == NULL ? no_memory() : NULL;
}

/* ---- numbers ---- */

static size_t
count_digits(const struct reader *r, size_t at)
{
	size_t n = 0;
	while (at + n < r->in.len && r->in.ptr[at + n] >= '0' &&
	       r->in.ptr[at + n] <= '9')
		n++;
	return n;
}

/* 0: it is none.  *whole: an integer. */
static size_t
number_len(const struct reader *r, bool *whole)
{
	size_t at = r->at + (peek(r) == '-'), n = count_digits(r, at);
	if (n == 0 || (n > 1 && r->in.ptr[at] == '0'))
		return 0;
	at += n;
	*whole = true;
	if (at < r->in.len && r->in.ptr[at] == '.') {
		*whole = false;
		n = count_digits(r, at + 1);
		if (n == 0)
			return 0;
		at += 1 + n;
	}
	if (at < r->in.len && (r->in.ptr[at] | 0x20) == 'e') {
		*whole = false;
		at++;
		if (at < r->in.len &&
		    (r->in.ptr[at] == '+' || r->in.ptr[at] == '-'))
			at++;
		n = count_digits(r, at);
		if (n == 0)
			return 0;
		at += n;
	}
	return at - r->at;
}

static struct err *
make_number(const struct reader *r, const char *text, bool whole, json_t **out)
{
	errno = 0;
	if (whole) {
		long long v = strtoll(text, NULL, 10);
		if (errno != 0)
			return bad(r, "an integer beyond 64 bits");
		*out = json_integer(v);
	} else {
		double v = strtod(text, NULL);
		if (!isfinite(v))
			return bad(r, "a number beyond a double");
		*out = json_real(v);
	}
	return *out == NULL ? no_memory() : NULL;
}

static struct err *
read_number(struct reader *r, json_t **out)
{
	char text[NUMBER_MAX + 1];
	bool whole = false;
	size_t n = number_len(r, &whole);
	if (n == 0 || n > NUMBER_MAX)
		return bad(r, "no value where one belongs");
	memcpy(text, r->in.ptr + r->at, n);
	text[n] = '\0';
	TRY(make_number(r, text, whole, out));
	r->at += n;
	return NULL;
}

/* ---- all of them ---- */

static struct err *read_value(struct reader *r, json_t **out);

static struct err *
read_member(struct reader *r, json_t *object)
{
	struct bytes raw;
	bool escapes;
	const char *name;
	json_t *value = NULL;
	skip_space(r);
	TRY(take_quoted(r, &raw, &escapes));
	CLEANUP(buf_wipe_done) struct buf text = BUF(raw.len + 1);
	TRY(unescape(r, raw, &text));
	TRY(buf_cstr(&text, &name));
	if (json_object_get(object, name) != NULL)
		return bad(r, "a member that is there already");
	if (skip_space(r) != ':')
		return bad(r, "no colon behind a name");
	r->at++;
	TRY(read_value(r, &value));
	/* It takes the value in any case. */
	return json_object_set_new_nocheck(object, name, value) == 0
		   ? NULL
		   : no_memory();
}

static struct err *
read_element(struct reader *r, json_t *array)
{
	json_t *value = NULL;
	TRY(read_value(r, &value));
	return json_array_append_new(array, value) == 0 ? NULL : no_memory();
}

static struct err *
read_many(struct reader *r, json_t *into, uint8_t end,
    struct err *(*one)(struct reader *r, json_t *into))
{
	r->at++;
	if (skip_space(r) == end) {
		r->at++;
		return NULL;
	}
	for (;;) {
		TRY(one(r, into));
		uint8_t c = skip_space(r);
		if (c != ',' && c != end)
			return bad(r, "no comma where one belongs");
		r->at++;
		if (c == end)
			return NULL;
	}
}

static struct err *
read_container(struct reader *r, json_t **out)
{
	bool object = peek(r) == '{';
	CLEANUP(json_decrefp)
	json_t *made = object ? json_object() : json_array();
	if (made == NULL)
		return no_memory();
	if (++r->depth > JSON_DEPTH_MAX)
		return err_new(
		    ERR_LIMIT, "RFC 8259 9", "deeper than %d", JSON_DEPTH_MAX);
	TRY(read_many(
	    r, made, object ? '}' : ']', object ? read_member : read_element));
	r->depth--;
	*out = TAKE(made);
	return NULL;
}

static struct err *
read_value(struct reader *r, json_t **out)
{
	static const struct {
		const char *name;
		json_type type;
	} words[] = { { "true", JSON_TRUE }, { "false", JSON_FALSE },
		{ "null", JSON_NULL } };
	uint8_t c = skip_space(r);
	if (c == '{' || c == '[')
		return read_container(r, out);
	if (c == '"')
		return read_string(r, out);
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		struct bytes name = bytes_str(words[i].name);
		if (!bytes_starts(bytes_from(r->in, r->at), name))
			continue;
		r->at += name.len;
		*out = words[i].type == JSON_NULL
			   ? json_null()
			   : json_boolean(words[i].type == JSON_TRUE);
		return NULL;
	}
	return read_number(r, out);
}

struct err *
json_parse(struct bytes in, json_t **out)
{
	struct reader r = { .in = in };
	CLEANUP(json_decrefp) json_t *made = NULL;
	if (!utf8_valid(in))
		return err_new(ERR_MALFORMED, "RFC 8259 8.1", "not UTF-8");
	uint8_t c = skip_space(&r);
	if (c != '{' && c != '[')
		return bad(&r, "neither an object nor an array");
	TRY(read_container(&r, &made));
	skip_space(&r);
	if (r.at != in.len)
		return bad(&r, "something stands behind the end");
	*out = TAKE(made);
	return NULL;
}
