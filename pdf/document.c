#include "pdf/inside.h"

#include "pdf/filter.h"

#include <stdlib.h>

#define MEMBERS_PER_STEP 4 /* of a dictionary, in the time of a token */
#define LOADS_MAX 8        /* loads that wait for each other, as for /Length */

static struct err *
damaged(uint32_t num, const char *what)
{
	return err_coded(err_new(ERR_MALFORMED, "ISO 32000-2 7.3.10",
			     "object %u: %s", num, what),
	    "pdf-damaged");
}

/* ---- opening ---- */

static struct err *
find_encrypt(struct pdf_document *d, const struct pdf_obj **out)
{
	size_t newest = d->xref.nrevisions;
	const struct pdf_obj *e =
	    pdf_dict_raw(pdf_trailer(&d->xref, newest), "Encrypt");
	*out = e;
	if (!pdf_is(e, PDF_REF))
		return NULL;
	d->encrypt = e->ref;
	return pdf_get(d, newest, e->ref, out);
}

/* One key opens every revision, or the file is not one document. */
static struct err *
check_one_key(const struct pdf_document *d)
{
	const struct pdf_xref *x = &d->xref;
	const struct pdf_obj *newest =
	    pdf_dict_raw(pdf_trailer(x, x->nrevisions), "Encrypt");
	for (size_t i = 1; i < x->nrevisions; i++) {
		if (!pdf_equal(
			newest, pdf_dict_raw(pdf_trailer(x, i), "Encrypt")))
			return err_coded(
			    err_new(ERR_MALFORMED, "ISO 32000-2 7.5.5",
				"/Encrypt changes between revisions"),
			    "pdf-damaged");
	}
	return NULL;
}

static struct err *
open_crypt(struct pdf_document *d, struct bytes password)
{
	const struct pdf_obj *encrypt;
	TRY(find_encrypt(d, &encrypt));
	TRY(check_one_key(d));
	if (pdf_is(encrypt, PDF_NULL))
		return NULL;
	if (!pdf_is(encrypt, PDF_DICT))
		return damaged(d->encrypt.num, "/Encrypt is no dictionary");
	const struct pdf_obj *id = pdf_array_at(
	    pdf_dict_raw(pdf_trailer(&d->xref, d->xref.nrevisions), "ID"), 0);
	struct bytes first = pdf_is(id, PDF_STRING) ? id->text : BYTES_NONE;
	return crypt_open(encrypt, first, password, &d->crypt);
}

struct err *
pdf_open(struct bytes file, struct bytes password, struct pdf_document **out)
{
	CLEANUP(pdf_closep)
	struct pdf_document *d = calloc(1, sizeof(*d));
	if (d == NULL)
		return err_new(ERR_NOMEM, NULL, "struct pdf_document");
	d->file = file;
	d->budget = pdf_budget_for(file.len);
	d->arena = PDF_ARENA(&d->budget);
	TRY(pdf_xref_read(file, &d->arena, &d->xref));
	TRY(open_crypt(d, password));
	*out = TAKE(d);
	return NULL;
}

void
pdf_close(struct pdf_document *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < PDF_OBJSTM_KEPT; i++)
		pdf_objstm_done(&d->objstm[i]);
	pdf_cache_done(&d->cache);
	pdf_arena_done(&d->arena);
	crypt_free(d->crypt);
	free(d);
}

const struct pdf_xref *
pdf_xref(const struct pdf_document *d)
{
	return &d->xref;
}

size_t
pdf_views(const struct pdf_document *d)
{
	return d->xref.nrevisions;
}

struct pdf_budget *
pdf_document_budget(struct pdf_document *d)
{
	return &d->budget;
}

unsigned
pdf_odd(const struct pdf_document *d)
{
	return d->budget.odd;
}

const struct crypt *
pdf_crypt(const struct pdf_document *d)
{
	return d->crypt;
}

/* ---- decryption ---- */

struct decryption {
	const struct crypt *crypt;
	struct pdf_ref ref;
	struct pdf_arena *a;
};

static struct err *decrypt_items(
    const struct decryption *c, const struct pdf_obj *o);

static struct err *
decrypt_text(const struct decryption *c, struct pdf_obj *o)
{
	/* Plain text is never longer than what was encrypted. */
	CLEANUP(buf_done) struct buf b = BUF(o->text.len + 64);
	TRY(crypt_string(c->crypt, c->ref, o->text, &b));
	return pdf_copy(c->a, buf_bytes(&b), &o->text);
}

/* The nodes are our own, fresh out of the parser. */
static struct err *
decrypt_node(const struct decryption *c, const struct pdf_obj *o)
{
	switch (o->type) {
	case PDF_STRING:
		return decrypt_text(c, (struct pdf_obj *)o);
	case PDF_ARRAY:
	case PDF_DICT:
		return decrypt_items(c, o);
	case PDF_STREAM:
		return decrypt_items(c, &o->stream->dict);
	default:
		return NULL;
	}
}

static struct err *
decrypt_items(const struct decryption *c, const struct pdf_obj *o)
{
	/* ISO 32000-2 7.6.2: /Contents of a signature is left as it is. */
	bool signature = o->type == PDF_DICT &&
			 !pdf_is(pdf_dict_raw(o, "ByteRange"), PDF_NULL);
	for (size_t i = 0; i < o->items.n; i++) {
		if (signature && i % 2 == 1 &&
		    pdf_is_name(&o->items.v[i - 1], "Contents"))
			continue;
		TRY(decrypt_node(c, &o->items.v[i]));
	}
	return NULL;
}

static struct err *
decrypt(struct pdf_document *d, struct pdf_arena *a, struct pdf_ref ref,
    const struct pdf_obj *o)
{
	struct decryption c = { .crypt = d->crypt, .ref = ref, .a = a };
	if (d->crypt == NULL || ref.num == d->encrypt.num)
		return NULL;
	if (pdf_is(o, PDF_STREAM) &&
	    pdf_is_name(pdf_dict_raw(o, "Type"), "XRef"))
		return NULL;
	return decrypt_node(&c, o);
}

/* ---- loading ---- */

struct length_of {
	struct pdf_document *d;
	size_t view;
};

static struct err *
resolve_length(void *ctx, struct pdf_ref ref, uint64_t *out)
{
	struct length_of *l = ctx;
	CLEANUP(pdf_arena_done)
	struct pdf_arena a = PDF_ARENA(&l->d->budget);
	bool found;
	struct pdf_loaded o;
	int64_t v;
	TRY(pdf_load(l->d, &a, l->view, ref, &found, &o));
	if (!found || !pdf_int(&o.obj, 0, INT64_MAX, &v))
		return damaged(ref.num, "no number for /Length");
	*out = (uint64_t)v;
	return NULL;
}

static struct err *
load_in_file(struct pdf_document *d, struct pdf_arena *a, size_t view,
    const struct pdf_entry *e, struct pdf_loaded *out)
{
	struct length_of ctx = { d, view };
	struct pdf_length length = { &ctx, resolve_length };
	struct pdf_indirect i;
	TRY(pdf_parse_indirect(d->file, (size_t)e->offset, a, &length, &i));
	if (i.ref.num != e->num || i.ref.gen != e->gen)
		return damaged(e->num, "its row points to another object");
	size_t revision = d->xref.sections[e->section].revision;
	if (i.end > pdf_view_end(&d->xref, revision))
		return damaged(e->num, "it runs over its revision's end");
	TRY(decrypt(d, a, i.ref, &i.obj));
	*out = (struct pdf_loaded){
		.ref = i.ref,
		.obj = i.obj,
		.entry = *e,
		.at = i.at,
		.end = i.end,
	};
	return NULL;
}

static struct err *
load_in_stream(struct pdf_document *d, struct pdf_arena *a, size_t view,
    const struct pdf_entry *e, struct pdf_loaded *out)
{
	struct pdf_objstm *s;
	struct pdf_loaded o = { .ref = { e->num, 0 }, .entry = *e };
	TRY(pdf_objstm_open(d, view, e->container, &s, &o.carrier));
	TRY(pdf_objstm_object(d, s, e->index, e->num, a, &o.obj));
	o.at = o.obj.at;
	o.end = o.obj.end;
	*out = o;
	return NULL;
}

struct err *
pdf_load_at(struct pdf_document *d, struct pdf_arena *a, size_t view,
    const struct pdf_entry *e, struct pdf_loaded *out)
{
	if (d->depth == LOADS_MAX)
		return damaged(e->num, "it needs itself");
	d->depth++;
	struct err *error = NULL;
	if (e->kind == PDF_ENTRY_AT)
		error = load_in_file(d, a, view, e, out);
	else if (e->kind == PDF_ENTRY_IN)
		error = load_in_stream(d, a, view, e, out);
	else
		error = err_new(ERR_USAGE, NULL, "object %u is free", e->num);
	d->depth--;
	if (error != NULL && err_kind(error) == ERR_MALFORMED)
		return err_coded(error, "pdf-damaged");
	return error;
}

struct err *
pdf_load_entry(struct pdf_document *d, struct pdf_arena *a,
    const struct pdf_entry *e, struct pdf_loaded *out)
{
	return pdf_load_at(d, a, d->xref.sections[e->section].revision, e, out);
}

/* Whether `ref` is there; one of another generation is not. */
static struct err *
find(struct pdf_document *d, size_t view, struct pdf_ref ref, bool *found,
    struct pdf_entry *e)
{
	*found = false;
	if (ref.num == 0)
		return NULL;
	TRY(pdf_lookup(&d->xref, view, ref.num, e));
	if (e->kind == PDF_ENTRY_NONE || e->kind == PDF_ENTRY_FREE)
		return NULL;
	*found = e->gen == ref.gen;
	if (!*found)
		d->budget.odd |= PDF_ODD_GENERATION;
	return NULL;
}

struct err *
pdf_load(struct pdf_document *d, struct pdf_arena *a, size_t view,
    struct pdf_ref ref, bool *found, struct pdf_loaded *out)
{
	struct pdf_entry e;
	TRY(find(d, view, ref, found, &e));
	return *found ? pdf_load_at(d, a, view, &e, out) : NULL;
}

/* ---- resolving ---- */

static struct err *
keep(struct pdf_document *d, size_t view, const struct pdf_entry *e,
    uint64_t at, uint32_t index, const struct pdf_obj **out)
{
	struct pdf_loaded o;
	void *p;
	TRY(pdf_load_at(d, &d->arena, view, e, &o));
	TRY(pdf_alloc(&d->arena, sizeof(o.obj), &p));
	*(struct pdf_obj *)p = o.obj;
	/* Where a stream ends may depend on the view. */
	bool depends = pdf_is(&o.obj, PDF_STREAM) &&
		       pdf_is(pdf_dict_raw(&o.obj, "Length"), PDF_REF);
	*out = p;
	return pdf_cache_add(
	    &d->cache, (struct pdf_cached){
			   .at = at,
			   .index = index,
			   .view = depends ? (uint32_t)view : 0,
			   .obj = p,
		       });
}

struct err *
pdf_get(struct pdf_document *d, size_t view, struct pdf_ref ref,
    const struct pdf_obj **out)
{
	struct pdf_entry e;
	bool found;
	*out = &pdf_null;
	TRY(pdf_spend(&d->budget, 1));
	TRY(find(d, view, ref, &found, &e));
	if (!found)
		return NULL;
	uint64_t at = e.offset;
	uint32_t index = 0;
	if (e.kind == PDF_ENTRY_IN) {
		struct pdf_entry c;
		TRY(pdf_lookup(&d->xref, view, e.container, &c));
		at = c.offset;
		index = e.index + 1;
	}
	const struct pdf_obj *o = pdf_cache_find(&d->cache, at, index, 0);
	if (o == NULL)
		o = pdf_cache_find(&d->cache, at, index, (uint32_t)view);
	if (o == NULL)
		return keep(d, view, &e, at, index, out);
	*out = o;
	return NULL;
}

struct err *
pdf_resolve(struct pdf_document *d, size_t view, const struct pdf_obj *o,
    const struct pdf_obj **out)
{
	for (int i = 0; pdf_is(o, PDF_REF); i++) {
		if (i == PDF_DEPTH_MAX)
			return damaged(o->ref.num, "it refers to itself");
		TRY(pdf_get(d, view, o->ref, &o));
	}
	*out = o;
	return NULL;
}

struct err *
pdf_dict_get(struct pdf_document *d, size_t view, const struct pdf_obj *o,
    const char *key, const struct pdf_obj **out)
{
	/* A dictionary is looked through from end to end. */
	TRY(pdf_spend(&d->budget, 1 + pdf_dict_len(o) / MEMBERS_PER_STEP));
	return pdf_resolve(d, view, pdf_dict_raw(o, key), out);
}

struct err *
pdf_array_get(struct pdf_document *d, size_t view, const struct pdf_obj *o,
    size_t i, const struct pdf_obj **out)
{
	TRY(pdf_spend(&d->budget, 1));
	return pdf_resolve(d, view, pdf_array_at(o, i), out);
}

/* ---- streams ---- */

static struct err *
filters_of(struct pdf_document *d, size_t view, const struct pdf_obj *stream,
    struct pdf_filter out[PDF_FILTERS_MAX], size_t *n)
{
	const struct pdf_obj *filter, *parms, *name, *one;
	TRY(pdf_dict_get(d, view, stream, "Filter", &filter));
	TRY(pdf_dict_get(d, view, stream, "DecodeParms", &parms));
	*n = 0;
	if (pdf_is(filter, PDF_NULL))
		return NULL;
	if (!pdf_is(filter, PDF_ARRAY)) {
		*n = 1;
		/* Some put one of the two into an array, and not the other. */
		if (pdf_array_len(parms) == 1)
			TRY(pdf_array_get(d, view, parms, 0, &parms));
		return pdf_filter_of(filter, parms, &out[0]);
	}
	if (pdf_array_len(filter) > PDF_FILTERS_MAX)
		return err_new(ERR_LIMIT, NULL, "too many filters");
	for (size_t i = 0; i < pdf_array_len(filter); i++) {
		TRY(pdf_array_get(d, view, filter, i, &name));
		one = parms;
		if (!pdf_is_dict(parms) || pdf_array_len(filter) != 1)
			TRY(pdf_array_get(d, view, parms, i, &one));
		TRY(pdf_filter_of(name, one, &out[i]));
		*n = i + 1;
	}
	return NULL;
}

struct err *
pdf_stream_data(struct pdf_document *d, size_t view, struct pdf_ref ref,
    const struct pdf_obj *stream, struct buf *out)
{
	struct pdf_filter f[PDF_FILTERS_MAX];
	size_t n;
	if (!pdf_is(stream, PDF_STREAM))
		return err_new(ERR_USAGE, NULL, "no stream");
	if (!pdf_is(pdf_dict_raw(stream, "F"), PDF_NULL))
		return err_new(ERR_UNSUPPORTED, "ISO 32000-2 7.3.8.2",
		    "a stream in another file");
	TRY(filters_of(d, view, stream, f, &n));
	CLEANUP(buf_done) struct buf now = BUF(PDF_STREAM_MAX);
	struct bytes in = stream->stream->raw;
	bool plain = d->crypt == NULL ||
		     pdf_is_name(pdf_dict_raw(stream, "Type"), "XRef");
	if (!plain) {
		TRY(pdf_spend_bytes(&d->budget, in.len));
		TRY(crypt_stream(
		    d->crypt, ref, &stream->stream->dict, in, &now));
		in = buf_bytes(&now);
	}
	if (n == 0)
		return buf_append(out, in);
	for (size_t i = 0; i + 1 < n; i++) {
		CLEANUP(buf_done) struct buf next = BUF(PDF_STREAM_MAX);
		TRY(pdf_unfilter(&f[i], in, &d->budget, &next));
		buf_done(&now);
		now = buf_move(&next);
		in = buf_bytes(&now);
	}
	return pdf_unfilter(&f[n - 1], in, &d->budget, out);
}
