#include "signd/json.h"

#include "base/json.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory that is wiped ---- */

union block {
	size_t len;
	max_align_t align;
};

static void *
wiping_malloc(size_t len)
{
	if (len > SIZE_MAX - sizeof(union block))
		return NULL;
	union block *b = malloc(sizeof(*b) + len);
	if (b == NULL)
		return NULL;
	b->len = len;
	return b + 1;
}

static void
wiping_free(void *p)
{
	if (p == NULL)
		return;
	union block *b = (union block *)p - 1;
	wipe(p, b->len);
	free(b);
}

void
json_start(void)
{
	json_object_seed(0);
	json_set_alloc_funcs(wiping_malloc, wiping_free);
}

/* ---- reading ---- */

struct err *
json_read(struct bytes in, json_t **out)
{
	json_t *j = NULL;
	struct err *e = json_parse(in, &j);
	if (e != NULL)
		return err_kind(e) == ERR_NOMEM ? e : err_coded(e, "json");
	if (!json_is_object(j)) {
		json_decref(j);
		return err_coded(
		    err_new(ERR_MALFORMED, "RFC 8259", "not an object"),
		    "json");
	}
	*out = j;
	return NULL;
}

/* Each value but the first follows one of these; an empty object counts, too.
 */
static size_t
count_values(struct bytes in)
{
	size_t n = 0;
	bool text = false;
	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.ptr[i];
		if (c == '"')
			text = !text;
		else if (text && c == '\\')
			i++;
		else if (!text && (c == '{' || c == '[' || c == ','))
			n++;
	}
	return n;
}

struct err *
json_read_request(struct bytes in, json_t **out)
{
	if (count_values(in) > JSON_VALUES_MAX)
		return err_coded(err_new(ERR_LIMIT, NULL,
				     "the limit is %d values", JSON_VALUES_MAX),
		    "request-too-large");
	return json_read(in, out);
}

static struct err *
bad_field(const char *name, const char *why)
{
	return err_coded(
	    err_new(ERR_USAGE, NULL, "\"%s\": %s", name, why), "json-field");
}

static json_t *
take(struct json_fields *f, const char *name)
{
	json_t *v = json_object_get(f->object, name);
	if (v != NULL)
		f->asked++;
	return v;
}

struct err *
json_str(struct json_fields *f, const char *name, size_t least, size_t most,
    const char **out)
{
	json_t *v = take(f, name);
	if (v == NULL && least == 0) {
		*out = NULL;
		return NULL;
	}
	if (v == NULL)
		return bad_field(name, "is missing");
	if (!json_is_string(v))
		return bad_field(name, "is not a string");
	size_t len = json_string_length(v);
	if (len < least || len > most || strlen(json_string_value(v)) != len)
		return bad_field(name, "is too short or too long");
	*out = json_string_value(v);
	return NULL;
}

struct err *
json_base64(
    struct json_fields *f, const char *name, bool optional, struct buf *out)
{
	const char *text;
	TRY(json_str(f, name, optional ? 0 : 1, out->max * 2 + 4, &text));
	if (text == NULL)
		return NULL;
	struct err *e = base64_decode(bytes_str(text), out);
	if (e == NULL)
		return NULL;
	err_free(e);
	return bad_field(name, "is not Base64, or too long");
}

struct err *
json_list(struct json_fields *f, const char *name, json_t **out)
{
	json_t *v = take(f, name);
	if (v != NULL && !json_is_array(v))
		return bad_field(name, "is not an array");
	*out = v;
	return NULL;
}

struct err *
json_int(struct json_fields *f, const char *name, int64_t least, int64_t most,
    int64_t dflt, int64_t *out)
{
	json_t *v = take(f, name);
	if (v == NULL) {
		*out = dflt;
		return NULL;
	}
	if (!json_is_integer(v) || json_integer_value(v) < least ||
	    json_integer_value(v) > most)
		return bad_field(name, "is not a number in its bounds");
	*out = json_integer_value(v);
	return NULL;
}

struct err *
json_object_field(
    struct json_fields *f, const char *name, struct json_fields *out)
{
	json_t *v = take(f, name);
	if (!json_is_object(v))
		return bad_field(name, "is not an object");
	*out = (struct json_fields){ .object = v };
	return NULL;
}

struct err *
json_end(const struct json_fields *f)
{
	if (f->asked != json_object_size(f->object))
		return err_coded(
		    err_new(ERR_USAGE, NULL, "a field that is not known here"),
		    "json-field");
	return NULL;
}

/* ---- writing ---- */

struct err *
json_new(json_t **out)
{
	json_t *o = json_object();
	if (o == NULL)
		return err_new(ERR_NOMEM, NULL, "JSON");
	*out = o;
	return NULL;
}

struct err *
json_put(json_t *o, const char *name, json_t *value)
{
	if (value == NULL || json_object_set_new(o, name, value) != 0)
		return err_new(ERR_NOMEM, NULL, "JSON \"%s\"", name);
	return NULL;
}

struct err *
json_put_str(json_t *o, const char *name, const char *v)
{
	return json_put_bytes(o, name, bytes_str(v));
}

struct err *
json_put_bytes(json_t *o, const char *name, struct bytes v)
{
	if (!utf8_valid(v))
		return err_new(ERR_INTERNAL, NULL, "\"%s\" is not UTF-8", name);
	return json_put(o, name,
	    json_stringn(v.len == 0 ? "" : (const char *)v.ptr, v.len));
}

struct err *
json_put_base64(json_t *o, const char *name, struct bytes v)
{
	CLEANUP(buf_done) struct buf b = BUF(v.len * 2 + 8);
	TRY(base64_encode(v, &b));
	return json_put_bytes(o, name, buf_bytes(&b));
}

struct err *
json_put_int(json_t *o, const char *name, int64_t v)
{
	return json_put(o, name, json_integer(v));
}

struct err *
json_put_time(json_t *o, const char *name, int64_t t)
{
	CLEANUP(buf_done) struct buf text = BUF(64);
	TRY(time_format_iso(t, TIME_VIETNAM_OFFSET_MIN, &text));
	return json_put_bytes(o, name, buf_bytes(&text));
}

static int
dump(const char *part, size_t len, void *ctx)
{
	struct err *e = buf_append(ctx, bytes_of(part, len));
	err_free(e);
	return e == NULL ? 0 : -1;
}

struct err *
json_render(const json_t *o, struct buf *out)
{
	if (json_dump_callback(o, dump, out, JSON_COMPACT) != 0)
		return err_new(
		    ERR_LIMIT, NULL, "JSON of over %zu bytes", out->max);
	return NULL;
}
