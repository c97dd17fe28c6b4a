/* Validation data in the document: EN 319 142-1 5.4.2, and the levels that
 * follow from it (EN 319 142-1 6). */
#include "pdf/verify-impl.h"

#include <stdlib.h>

#define DSS_OBJECTS_MAX 4096              /* streams that are looked at */
#define DSS_STREAM_MAX ((size_t)32 << 20) /* bytes of one CRL */
#define VRI_MAX 1024                      /* entries that are looked at */
#define DSS_VIEWS_MAX 64                  /* revisions that are looked at */

enum dss_kind { DSS_CERT, DSS_CRL, DSS_OCSP };

/* An object and the revision that put it where a view has it. */
struct place {
	uint32_t num;
	position at;
};

struct dss {
	struct verify *v;
	size_t view; /* that is read */
	struct place seen[DSS_OBJECTS_MAX];
	size_t nseen;
};

static struct err *
position_of(const struct dss *d, uint32_t num, position *out)
{
	const struct pdf_xref *x = pdf_xref(d->v->d);
	struct pdf_entry e;
	TRY(pdf_lookup(x, d->view, num, &e));
	*out = e.kind == PDF_ENTRY_AT
		   ? POSITION_OF(x->sections[e.section].revision)
		   : POSITION_LAST;
	return NULL;
}

static struct err *
see(struct dss *d, uint32_t num, bool *is_new)
{
	struct place p = { .num = num };
	TRY(position_of(d, num, &p.at));
	*is_new = d->nseen < DSS_OBJECTS_MAX;
	for (size_t i = 0; i < d->nseen && *is_new; i++)
		*is_new = d->seen[i].num != num || d->seen[i].at != p.at;
	if (*is_new)
		d->seen[d->nseen++] = p;
	return NULL;
}

static struct err *
take(struct dss *d, enum dss_kind kind, uint32_t num, struct bytes der)
{
	position at;
	if (kind == DSS_CERT)
		return cert_list_add_der(&d->v->extra, der);
	TRY(position_of(d, num, &at));
	return facts_add_status_at(d->v->facts, der, kind == DSS_OCSP,
	    (struct status_place){ FACTS_DOCUMENT, at });
}

static struct err *
one_stream(struct dss *d, enum dss_kind kind, const struct pdf_obj *o)
{
	struct verify *v = d->v;
	const struct pdf_obj *s;
	bool is_new;
	if (!pdf_is(o, PDF_REF))
		return NULL;
	TRY(see(d, o->ref.num, &is_new));
	if (!is_new)
		return NULL;
	TRY(pdf_get(v->d, d->view, o->ref, &s));
	if (!pdf_is(s, PDF_STREAM))
		return NULL;
	CLEANUP(buf_done) struct buf der = BUF(DSS_STREAM_MAX);
	TRY(pdf_stream_data(v->d, d->view, o->ref, s, &der));
	return take(d, kind, o->ref.num, buf_bytes(&der));
}

/* One that cannot be read is told, and the others still count. */
static struct err *
array(struct dss *d, enum dss_kind kind, const struct pdf_obj *dict,
    const char *key)
{
	const struct pdf_obj *a;
	TRY(pdf_dict_get(d->v->d, d->view, dict, key, &a));
	for (size_t i = 0; i < pdf_array_len(a); i++) {
		struct err *e = one_stream(d, kind, pdf_array_at(a, i));
		if (e == NULL)
			continue;
		if (err_kind(e) == ERR_NOMEM)
			return e;
		struct err *again = findings_add(&d->v->facts->findings, false,
		    "pdf-status-unreadable", "%s", err_text(e));
		err_free(e);
		TRY(again);
	}
	return NULL;
}

static struct err *
find_dss(struct verify *v, size_t view, const struct pdf_obj **out)
{
	struct pdf_ref root;
	const struct pdf_obj *catalog;
	TRY(pdf_catalog(v->d, view, &root, &catalog));
	return pdf_dict_get(v->d, view, catalog, "DSS", out);
}

/* Whether this revision has another one than those that were read; one inside
 * the catalog is as old as that. */
static struct err *
is_another(struct dss *d, bool *out)
{
	struct pdf_ref root;
	const struct pdf_obj *catalog, *dss;
	*out = false;
	TRY(pdf_catalog(d->v->d, d->view, &root, &catalog));
	dss = pdf_dict_raw(catalog, "DSS");
	if (dss == NULL)
		return NULL;
	return see(d, pdf_is(dss, PDF_REF) ? dss->ref.num : root.num, out);
}

static struct err *
read_dss(struct dss *d)
{
	const struct pdf_obj *dss, *vri, *entry;
	size_t view = d->view;
	bool another;
	TRY(is_another(d, &another));
	if (!another)
		return NULL;
	TRY(find_dss(d->v, view, &dss));
	TRY(array(d, DSS_CERT, dss, "Certs"));
	TRY(array(d, DSS_CRL, dss, "CRLs"));
	TRY(array(d, DSS_OCSP, dss, "OCSPs"));
	TRY(pdf_dict_get(d->v->d, view, dss, "VRI", &vri));
	for (size_t i = 0; i < pdf_dict_len(vri) && i < VRI_MAX; i++) {
		TRY(pdf_resolve(d->v->d, view, pdf_dict_value(vri, i), &entry));
		TRY(array(d, DSS_CERT, entry, "Cert"));
		TRY(array(d, DSS_CRL, entry, "CRL"));
		TRY(array(d, DSS_OCSP, entry, "OCSP"));
	}
	return NULL;
}

/* Who adds to the store should keep what is in it, and some do
 * not.  What an older revision brought is as good as ever. */
static struct err *
read_older(struct dss *d)
{
	size_t newest = pdf_views(d->v->d);
	for (size_t i = 1; i < newest && i < DSS_VIEWS_MAX; i++) {
		d->view = newest - i;
		struct err *e = read_dss(d);
		if (e != NULL && err_kind(e) == ERR_NOMEM)
			return e;
		err_free(e);
	}
	return NULL;
}

struct err *
dss_collect(struct verify *v)
{
	if (v->nsigs == 0)
		return NULL;
	struct dss *d = calloc(1, sizeof(*d));
	if (d == NULL)
		return err_new(ERR_NOMEM, NULL, "DSS");
	d->v = v;
	d->view = pdf_views(v->d);
	struct err *e = read_dss(d);
	if (e == NULL)
		e = read_older(d);
	free(d);
	if (e == NULL || err_kind(e) == ERR_NOMEM)
		return e;
	struct err *again = findings_add(&v->facts->findings, false,
	    "pdf-status-unreadable", "%s", err_text(e));
	err_free(e);
	return again;
}

/* EN 319 142-1 5.4.2.2: they serve all signatures.  Validation makes one pool
 * of what comes along with any, so one has to carry them. */
struct err *
dss_share(struct verify *v)
{
	if (v->facts->nsignatures == 0)
		return NULL;
	struct cert_list *l = &v->facts->signatures[0].certs;
	for (size_t i = 0; i < v->extra.n && l->n < CERT_LIST_MAX; i++)
		TRY(cert_list_add(l, v->extra.v[i]));
	return NULL;
}

/* ---- levels ---- */

static bool
stamp_holds(const struct timestamp_fact *t)
{
	return t->digest == CHECK_PASSED && t->signature == CHECK_PASSED;
}

static bool
has_stamp(const struct signature_fact *f)
{
	for (size_t i = 0; i < f->ntimestamps; i++) {
		if (stamp_holds(&f->timestamps[i]))
			return true;
	}
	return false;
}

/* A document time stamp over a revision that has the validation data. */
static struct err *
archived(struct verify *v, const struct sig *s, bool *out)
{
	*out = false;
	for (size_t i = 0; !*out && i < v->nsigs; i++) {
		const struct sig *t = &v->sigs[i];
		const struct pdf_obj *dss;
		if (!t->stamp || t->view <= s->view ||
		    !has_stamp(&v->facts->signatures[t->fact]))
			continue;
		TRY(find_dss(v, t->view, &dss));
		*out = pdf_is(dss, PDF_DICT);
	}
	return NULL;
}

static struct err *
one_level(struct verify *v, const struct sig *s, bool has_dss,
    struct signature_fact *f)
{
	if (f->level == FACT_LEVEL_NONE || !has_stamp(f))
		return NULL;
	if (f->level == FACT_LEVEL_B)
		f->level = FACT_LEVEL_T;
	bool data = has_dss && v->facts->nstatus_data > 0;
	if (data && f->level == FACT_LEVEL_T)
		f->level = FACT_LEVEL_LT;
	bool covered;
	TRY(archived(v, s, &covered));
	if (data && covered)
		f->level = FACT_LEVEL_LTA;
	return NULL;
}

static struct err *
levels(struct verify *v)
{
	const struct pdf_obj *dss;
	TRY(find_dss(v, pdf_views(v->d), &dss));
	for (size_t i = 0; i < v->nsigs; i++) {
		const struct sig *s = &v->sigs[i];
		bool pades = pdf_is_name(
		    pdf_dict_raw(s->dict, "SubFilter"), "ETSI.CAdES.detached");
		for (size_t k = 0; k < s->nfacts; k++) {
			struct signature_fact *f =
			    &v->facts->signatures[s->fact + k];
			if (!pades)
				f->level = FACT_LEVEL_NONE;
			TRY(one_level(v, s, pdf_is(dss, PDF_DICT), f));
		}
	}
	return NULL;
}

/* Without them the facts are as good as ever. */
struct err *
dss_levels(struct verify *v)
{
	struct err *e = v->nsigs == 0 ? NULL : levels(v);
	if (e != NULL && err_kind(e) != ERR_NOMEM) {
		struct err *again = findings_add(&v->facts->findings, false,
		    "pdf-status-unreadable", "%s", err_text(e));
		err_free(e);
		return again;
	}
	return e;
}
