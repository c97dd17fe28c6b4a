#include "pdf/object.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_FIRST ((size_t)4 << 10) /* bytes; most objects fit in it */
#define CHUNK_MAX ((size_t)1 << 20)   /* chunks double up to this */
#define ALIGNMENT 16

struct pdf_chunk {
	struct pdf_chunk *next;
	size_t size; /* of data, in bytes */
	size_t used;
	_Alignas(ALIGNMENT) uint8_t data[];
};

const struct pdf_obj pdf_null = { .type = PDF_NULL };

struct pdf_budget
pdf_budget_for(size_t file_len)
{
	return (struct pdf_budget){
		.steps =
		    PDF_STEPS_BASE + (uint64_t)file_len * PDF_STEPS_PER_BYTE,
		.memory = PDF_MEMORY_MAX,
		.inflated = PDF_INFLATED_MAX,
	};
}

static struct err *
used_up(const char *what)
{
	return err_coded(
	    err_new(ERR_LIMIT, NULL,
		"the document takes more %s than we give it", what),
	    "pdf-too-complex");
}

struct err *
pdf_spent(struct pdf_budget *b)
{
	b->steps = 0;
	return used_up("steps");
}

struct err *
pdf_spend_bytes(struct pdf_budget *b, uint64_t inflated)
{
	if (b == NULL)
		return NULL;
	if (b->inflated < inflated) {
		b->inflated = 0;
		return used_up("decoding");
	}
	b->inflated -= inflated;
	return NULL;
}

static struct err *
add_chunk(struct pdf_arena *a, size_t len)
{
	size_t size = CHUNK_FIRST;
	if (a->chunks != NULL)
		size = a->chunks->size * 2;
	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < len)
		size = len;
	if (a->budget != NULL && a->budget->memory < size)
		return used_up("memory");
	struct pdf_chunk *c = malloc(sizeof(*c) + size);
	if (c == NULL)
		return err_new(ERR_NOMEM, NULL, "an arena's chunk");
	*c = (struct pdf_chunk){ .next = a->chunks, .size = size };
	a->chunks = c;
	if (a->budget != NULL)
		a->budget->memory -= size;
	return NULL;
}

struct err *
pdf_alloc(struct pdf_arena *a, size_t len, void **out)
{
	if (len > PDF_MEMORY_MAX)
		return used_up("memory");
	len = (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	struct pdf_chunk *c = a->chunks;
	if (c == NULL || c->size - c->used < len) {
		TRY(add_chunk(a, len));
		c = a->chunks;
	}
	*out = c->data + c->used;
	c->used += len;
	return NULL;
}

struct err *
pdf_copy(struct pdf_arena *a, struct bytes in, struct bytes *out)
{
	if (in.len == 0) {
		*out = BYTES_NONE;
		return NULL;
	}
	void *to;
	TRY(pdf_alloc(a, in.len, &to));
	memcpy(to, in.ptr, in.len);
	*out = bytes_of(to, in.len);
	return NULL;
}

static void
free_chunk(struct pdf_arena *a, struct pdf_chunk *c)
{
	if (a->budget != NULL)
		a->budget->memory += c->size;
	free(c);
}

void
pdf_arena_reset(struct pdf_arena *a)
{
	struct pdf_chunk *keep = a->chunks;
	if (keep == NULL)
		return;
	while (keep->next != NULL) {
		struct pdf_chunk *c = keep->next;
		keep->next = c->next;
		free_chunk(a, c);
	}
	/* One large object must not hold its memory for ever. */
	if (keep->size > CHUNK_MAX) {
		free_chunk(a, keep);
		a->chunks = NULL;
		return;
	}
	keep->used = 0;
}

void
pdf_arena_done(struct pdf_arena *a)
{
	while (a->chunks != NULL) {
		struct pdf_chunk *c = a->chunks;
		a->chunks = c->next;
		free_chunk(a, c);
	}
}

bool
pdf_is(const struct pdf_obj *o, enum pdf_type type)
{
	return o == NULL ? type == PDF_NULL : o->type == type;
}

bool
pdf_is_dict(const struct pdf_obj *o)
{
	return pdf_is(o, PDF_DICT) || pdf_is(o, PDF_STREAM);
}

bool
pdf_is_name(const struct pdf_obj *o, const char *name)
{
	return pdf_is(o, PDF_NAME) && bytes_eq_str(o->text, name);
}

bool
pdf_int(const struct pdf_obj *o, int64_t min, int64_t max, int64_t *out)
{
	if (!pdf_is(o, PDF_INT) || o->integer < min || o->integer > max)
		return false;
	*out = o->integer;
	return true;
}

size_t
pdf_array_len(const struct pdf_obj *o)
{
	return pdf_is(o, PDF_ARRAY) ? o->items.n : 0;
}

const struct pdf_obj *
pdf_array_at(const struct pdf_obj *o, size_t i)
{
	return i < pdf_array_len(o) ? &o->items.v[i] : &pdf_null;
}

static const struct pdf_obj *
dict_of(const struct pdf_obj *o)
{
	if (pdf_is(o, PDF_STREAM))
		return &o->stream->dict;
	return pdf_is(o, PDF_DICT) ? o : NULL;
}

size_t
pdf_dict_len(const struct pdf_obj *o)
{
	const struct pdf_obj *d = dict_of(o);
	return d == NULL ? 0 : d->items.n / 2;
}

const struct pdf_obj *
pdf_dict_key(const struct pdf_obj *o, size_t i)
{
	const struct pdf_obj *d = dict_of(o);
	return i < pdf_dict_len(o) ? &d->items.v[2 * i] : &pdf_null;
}

const struct pdf_obj *
pdf_dict_value(const struct pdf_obj *o, size_t i)
{
	const struct pdf_obj *d = dict_of(o);
	return i < pdf_dict_len(o) ? &d->items.v[2 * i + 1] : &pdf_null;
}

static const struct pdf_obj *
find_key(const struct pdf_obj *o, struct bytes key)
{
	const struct pdf_obj *d = dict_of(o);
	for (size_t i = pdf_dict_len(o); i-- > 0;) {
		if (bytes_eq(d->items.v[2 * i].text, key))
			return &d->items.v[2 * i + 1];
	}
	return NULL;
}

const struct pdf_obj *
pdf_dict_raw(const struct pdf_obj *o, const char *key)
{
	const struct pdf_obj *v = find_key(o, bytes_str(key));
	return v == NULL ? &pdf_null : v;
}

static bool
arrays_equal(const struct pdf_obj *a, const struct pdf_obj *b)
{
	if (a->items.n != b->items.n)
		return false;
	for (size_t i = 0; i < a->items.n; i++) {
		if (!pdf_equal(&a->items.v[i], &b->items.v[i]))
			return false;
	}
	return true;
}

static bool
dicts_equal(const struct pdf_obj *a, const struct pdf_obj *b)
{
	/* With a key twice nobody can say what the value is. */
	if (a->items.n != b->items.n || a->duplicate || b->duplicate)
		return false;
	for (size_t i = 0; i < a->items.n; i += 2) {
		/* As a rule the order is the same. */
		const struct pdf_obj *v = &b->items.v[i + 1];
		if (!bytes_eq(a->items.v[i].text, b->items.v[i].text))
			v = find_key(b, a->items.v[i].text);
		if (v == NULL || !pdf_equal(&a->items.v[i + 1], v))
			return false;
	}
	return true;
}

bool
pdf_equal(const struct pdf_obj *a, const struct pdf_obj *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case PDF_NULL:
		return true;
	case PDF_BOOL:
		return a->boolean == b->boolean;
	case PDF_INT:
		return a->integer == b->integer;
	case PDF_REAL:
	case PDF_STRING:
	case PDF_NAME:
		return bytes_eq(a->text, b->text);
	case PDF_REF:
		return a->ref.num == b->ref.num && a->ref.gen == b->ref.gen;
	case PDF_ARRAY:
		return arrays_equal(a, b);
	case PDF_DICT:
		return dicts_equal(a, b);
	case PDF_STREAM:
		return dicts_equal(&a->stream->dict, &b->stream->dict) &&
		       bytes_eq(a->stream->raw, b->stream->raw);
	}
	return false;
}
