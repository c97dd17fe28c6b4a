#include "pdf/store.h"

#include "base/encoding.h"
#include "pdf/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORE_STREAM_MAX ((size_t)32 << 20) /* bytes of one CRL */
#define STORE_OBJECTS_MAX 4096              /* of one kind */

enum kind { CERTS, CRLS, OCSPS, KINDS };

/* Keys of the store, and of an entry of /VRI. */
static const char *const store_keys[KINDS] = { "Certs", "CRLs", "OCSPs" };
static const char *const entry_keys[KINDS] = { "Cert", "CRL", "OCSP" };

struct item {
	struct pdf_ref ref;
	uint8_t hash[DIGEST_MAX]; /* SHA-256 of what is in it */
	bool wanted;              /* among the evidence that was handed in */
};

struct items {
	struct item *v; /* owned */
	size_t n;
};

struct store {
	struct pdf_increment *inc;
	struct pdf_document *d;
	size_t view;
	const struct pdf_obj *dict; /* the old one, &pdf_null without */
	struct items items[KINDS];
	bool added; /* a stream that was not there */
};

struct err *
pdf_vri_key(struct bytes contents, struct pdf_vri_key *out)
{
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA1, contents, hash));
	for (size_t i = 0; i < PDF_VRI_KEY_LEN / 2; i++)
		snprintf(out->hex + 2 * i, 3, "%02X", hash[i]);
	return NULL;
}

static void
store_done(struct store *s)
{
	for (int k = 0; k < KINDS; k++)
		free(s->items[k].v);
}

/* ---- what is in it ---- */

static struct err *
add_item(struct items *l, const struct item *i)
{
	if (l->n == STORE_OBJECTS_MAX)
		return err_new(ERR_LIMIT, NULL, "over %d objects of one kind",
		    STORE_OBJECTS_MAX);
	struct item *v = realloc(l->v, (l->n + 1) * sizeof(*v));
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "evidence");
	l->v = v;
	l->v[l->n++] = *i;
	return NULL;
}

/* One that cannot be read stays where it is, and is like no other. */
static struct err *
read_item(struct store *s, struct pdf_ref ref, struct item *out)
{
	const struct pdf_obj *stream;
	CLEANUP(buf_done) struct buf der = BUF(STORE_STREAM_MAX);
	*out = (struct item){ .ref = ref };
	struct err *e = pdf_get(s->d, s->view, ref, &stream);
	if (e == NULL && pdf_is(stream, PDF_STREAM))
		e = pdf_stream_data(s->d, s->view, ref, stream, &der);
	if (e != NULL && (err_kind(e) == ERR_NOMEM || err_kind(e) == ERR_LIMIT))
		return e;
	bool readable = e == NULL;
	err_free(e);
	return readable ? digest_of(DIGEST_SHA256, buf_bytes(&der), out->hash)
			: NULL;
}

static struct err *
read_kind(struct store *s, enum kind kind)
{
	const struct pdf_obj *list;
	TRY(pdf_dict_get(s->d, s->view, s->dict, store_keys[kind], &list));
	for (size_t i = 0; i < pdf_array_len(list); i++) {
		const struct pdf_obj *o = pdf_array_at(list, i);
		struct item item;
		if (!pdf_is(o, PDF_REF))
			continue;
		TRY(read_item(s, o->ref, &item));
		TRY(add_item(&s->items[kind], &item));
	}
	return NULL;
}

static struct err *
want(struct store *s, enum kind kind, struct bytes der)
{
	struct item new = { .wanted = true };
	struct items *l = &s->items[kind];
	TRY(digest_of(DIGEST_SHA256, der, new.hash));
	for (size_t i = 0; i < l->n; i++) {
		if (memcmp(l->v[i].hash, new.hash, sizeof(new.hash)) == 0) {
			l->v[i].wanted = true;
			return NULL;
		}
	}
	s->added = true;
	TRY(pdf_increment_number(s->inc, &new.ref));
	TRY(pdf_increment_stream(s->inc, new.ref, "", der, true));
	return add_item(l, &new);
}

static struct err *
want_all(struct store *s, const struct evidence *e)
{
	for (size_t i = 0; e->certs != NULL && i < e->certs->n; i++)
		TRY(want(s, CERTS, cert_der(e->certs->v[i])));
	for (size_t i = 0; i < e->ncrls; i++)
		TRY(want(s, CRLS, e->crls[i]));
	for (size_t i = 0; i < e->nocsps; i++)
		TRY(want(s, OCSPS, e->ocsps[i]));
	return NULL;
}

/* ---- writing ---- */

/* The items of a kind: all, or the wanted ones. */
static struct err *
write_list(const struct items *l, bool all, struct buf *out)
{
	TRY(buf_byte(out, '['));
	for (size_t i = 0; i < l->n; i++) {
		if (!all && !l->v[i].wanted)
			continue;
		TRY(buf_byte(out, ' '));
		TRY(pdf_write_ref(out, l->v[i].ref));
	}
	return buf_byte(out, ']');
}

/* An object of its own: some verifiers compare entries by reference. */
static struct err *
write_entry(struct store *s, int64_t time, struct pdf_ref *out)
{
	struct pdf_writer w;
	CLEANUP(buf_done) struct buf date = BUF(64);
	TRY(pdf_increment_number(s->inc, out));
	TRY(pdf_increment_begin(s->inc, *out, &w));
	TRY(buf_str(w.out, "<<"));
	for (int k = 0; k < KINDS; k++) {
		CLEANUP(buf_done) struct buf b = BUF(w.out->max);
		TRY(write_list(&s->items[k], false, &b));
		if (b.len > 2)
			TRY(buf_printf(w.out, "/%s%.*s", entry_keys[k],
			    (int)b.len, (const char *)b.ptr));
	}
	if (time != TIME_NONE) {
		TRY(pdf_date_encode(time, &date));
		TRY(buf_str(w.out, "/TU"));
		TRY(pdf_write_string(&w, buf_bytes(&date), false));
	}
	TRY(buf_str(w.out, ">>"));
	return pdf_increment_end(s->inc);
}

/* An entry that is there stays as it is: some verifiers take another one for
 * a forgery, and all find what is new in the lists above. */
static struct err *
write_vri(struct store *s, struct pdf_ref around,
    const struct pdf_vri_key *keys, size_t nkeys, int64_t time, struct buf *out)
{
	const struct pdf_obj *vri;
	struct pdf_writer w = {
		.out = out, .crypt = pdf_crypt(s->d), .ref = around
	};
	struct pdf_ref ref;
	TRY(pdf_dict_get(s->d, s->view, s->dict, "VRI", &vri));
	TRY(buf_str(out, "<<"));
	for (size_t i = 0; i < pdf_dict_len(vri); i++) {
		TRY(pdf_write_name(&w, pdf_dict_key(vri, i)->text));
		TRY(pdf_write(&w, pdf_dict_value(vri, i)));
	}
	for (size_t i = 0; i < nkeys; i++) {
		if (!pdf_is(pdf_dict_raw(vri, keys[i].hex), PDF_NULL))
			continue;
		TRY(write_entry(s, time, &ref));
		TRY(buf_printf(out, "/%s ", keys[i].hex));
		TRY(pdf_write_ref(out, ref));
	}
	return buf_str(out, ">>");
}

/* The store again where it was, or as a new object of the catalog. */
static struct err *
write_dict(struct store *s, struct pdf_ref ref, const struct pdf_vri_key *keys,
    size_t nkeys, int64_t time)
{
	struct pdf_writer w;
	CLEANUP(buf_done) struct buf vri = BUF(s->inc->out.max);
	TRY(write_vri(s, ref, keys, nkeys, time, &vri));
	TRY(pdf_increment_begin(s->inc, ref, &w));
	TRY(buf_str(w.out, "<</Type/DSS"));
	for (int k = 0; k < KINDS; k++) {
		if (s->items[k].n == 0)
			continue;
		TRY(buf_printf(w.out, "/%s", store_keys[k]));
		TRY(write_list(&s->items[k], true, w.out));
	}
	TRY(buf_str(w.out, "/VRI"));
	TRY(buf_append(w.out, buf_bytes(&vri)));
	TRY(buf_str(w.out, ">>"));
	return pdf_increment_end(s->inc);
}

static struct err *
write_catalog(struct store *s, struct pdf_ref root,
    const struct pdf_obj *catalog, struct pdf_ref ref)
{
	struct pdf_writer w;
	CLEANUP(buf_done) struct buf v = BUF(64);
	TRY(pdf_write_ref(&v, ref));
	const struct pdf_change c = { "DSS", buf_bytes(&v) };
	TRY(pdf_increment_begin(s->inc, root, &w));
	TRY(pdf_write_changed(&w, catalog, &c, 1));
	return pdf_increment_end(s->inc);
}

static struct err *
write_all(struct store *s, const struct evidence *evidence,
    const struct pdf_vri_key *keys, size_t nkeys, int64_t time)
{
	struct pdf_ref root, ref;
	const struct pdf_obj *catalog, *raw;
	TRY(pdf_catalog(s->d, s->view, &root, &catalog));
	raw = pdf_dict_raw(catalog, "DSS");
	TRY(pdf_resolve(s->d, s->view, raw, &s->dict));
	if (!pdf_is(s->dict, PDF_NULL) && !pdf_is(s->dict, PDF_DICT))
		return err_coded(err_new(ERR_MALFORMED, "ISO 32000-2 12.8.4.3",
				     "/DSS is no dictionary"),
		    "pdf-damaged");
	for (int k = 0; k < KINDS; k++)
		TRY(read_kind(s, (enum kind)k));
	TRY(want_all(s, evidence));
	if (!s->added)
		return NULL;
	/* A reference to nothing must not come to life. */
	bool there = pdf_is(raw, PDF_REF) && pdf_is(s->dict, PDF_DICT);
	ref = there ? raw->ref : (struct pdf_ref){ 0, 0 };
	if (!there)
		TRY(pdf_increment_number(s->inc, &ref));
	TRY(write_dict(s, ref, keys, nkeys, time));
	return there ? NULL : write_catalog(s, root, catalog, ref);
}

struct err *
pdf_store_write(struct pdf_increment *inc, const struct evidence *evidence,
    const struct pdf_vri_key *keys, size_t nkeys, int64_t time, bool *added)
{
	struct store s = { .inc = inc,
		.d = inc->doc,
		.view = pdf_views(inc->doc),
		.dict = &pdf_null };
	struct err *e = write_all(&s, evidence, keys, nkeys, time);
	*added = s.added;
	store_done(&s);
	return e;
}
