#include "pdf/verify-impl.h"

#include "pdf/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096 /* bytes of /Reason and so on, as UTF-8 */

struct err *
sig_finding(struct verify *v, const struct sig *s, bool fatal, const char *code,
    const char *fmt, ...)
{
	char text[300];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < s->nfacts; i++) {
		struct signature_fact *f = &v->facts->signatures[s->fact + i];
		TRY(findings_add(&f->findings, fatal, code, "%s", text));
	}
	return NULL;
}

/* ---- finding them ---- */

static bool
is_known(const struct verify *v, const struct pdf_obj *value)
{
	for (size_t i = 0; i < v->nsigs && pdf_is(value, PDF_REF); i++) {
		if (v->sigs[i].ref.num == value->ref.num)
			return true;
	}
	return false;
}

static struct err *
add_field(void *ctx, const struct pdf_field *field, bool *go_on)
{
	struct verify *v = ctx;
	const struct pdf_obj *dict;
	(void)go_on;
	if (!pdf_is_name(field->type, "Sig") || !field->terminal)
		return NULL;
	TRY(pdf_resolve(v->d, pdf_views(v->d), field->value, &dict));
	/* Several fields may show one signature. */
	if (pdf_is(dict, PDF_NULL) || is_known(v, field->value))
		return NULL;
	if (v->nsigs == SIG_FIELDS_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d signatures", SIG_FIELDS_MAX);
	struct sig *s = &v->sigs[v->nsigs++];
	s->field = field->ref;
	s->dict = dict;
	s->stamp = pdf_is_name(pdf_dict_raw(dict, "SubFilter"), "ETSI.RFC3161");
	if (pdf_is(field->value, PDF_REF))
		s->ref = field->value->ref;
	return pdf_copy(&v->arena, field->name, &s->field_name);
}

/* ---- what the dictionary says about itself ---- */

static struct err *
text_fact(struct verify *v, const struct sig *s, const char *key, char **slot)
{
	const struct pdf_obj *o;
	TRY(pdf_dict_get(v->d, pdf_views(v->d), s->dict, key, &o));
	if (!pdf_is(o, PDF_STRING))
		return NULL;
	CLEANUP(buf_done) struct buf text = BUF(TEXT_MAX);
	struct err *e = pdf_text_utf8(o->text, &text);
	if (e != NULL && err_kind(e) != ERR_LIMIT)
		return e;
	err_free(e);
	return fact_string(slot, buf_bytes(&text));
}

static struct err *
describe(struct verify *v, const struct sig *s, struct signature_fact *f)
{
	TRY(text_fact(v, s, "Name", &f->claimed_name));
	TRY(text_fact(v, s, "Reason", &f->reason));
	TRY(text_fact(v, s, "Location", &f->location));
	const struct pdf_obj *m;
	TRY(pdf_dict_get(v->d, pdf_views(v->d), s->dict, "M", &m));
	if (pdf_is(m, PDF_STRING) && !s->stamp) {
		int64_t t = pdf_text_date(m->text);
		if (t != TIME_NONE)
			f->claimed_time = t;
	}
	TRY(fact_string(&f->id, s->field_name));
	f->revision = (int)s->view;
	f->revisions = (int)pdf_views(v->d);
	f->covered_len = s->view != 0 ? s->covered : 0;
	f->gap_at = s->view != 0 ? s->gap_at : 0;
	f->gap_end = s->view != 0 ? s->gap_end : 0;
	f->covers_all = s->view != 0 && s->covered == v->in->document.len;
	return NULL;
}

static struct err *
one(struct verify *v, struct sig *s)
{
	struct signature_fact *f;
	s->fact = v->facts->nsignatures;
	TRY(facts_add_signature(v->facts, &f));
	s->nfacts = 1;
	TRY(sig_range(v, s));
	TRY(sig_value(v, s));
	for (size_t i = 0; i < s->nfacts; i++)
		TRY(describe(v, s, &v->facts->signatures[s->fact + i]));
	return s->view != 0 ? sig_permissions(v, s) : NULL;
}

/* A hostile dictionary costs its own signature, not the others. */
static struct err *
one_or_finding(struct verify *v, struct sig *s)
{
	struct err *e = one(v, s);
	if (e == NULL || err_kind(e) == ERR_NOMEM ||
	    err_kind(e) == ERR_INTERNAL || s->nfacts == 0)
		return e;
	struct err *again =
	    sig_finding(v, s, true, "pdf-unreadable", "%s", err_text(e));
	err_free(e);
	return again;
}

/* ---- the whole ---- */

static const struct {
	unsigned odd;
	bool fatal;
	const char *code;
	const char *text;
} oddities[] = {
	{ PDF_ODD_DUPLICATE_KEY, true, "pdf-duplicate-keys",
	    "a dictionary has the same key twice" },
	{ PDF_ODD_JUNK_AFTER, true, "pdf-junk-after-end",
	    "bytes follow the end of the file" },
	{ PDF_ODD_HYBRID_DIFFERS, false, "pdf-hybrid",
	    "old and new viewers see different objects" },
};

static struct err *
tell_oddities(struct verify *v)
{
	unsigned odd = pdf_odd(v->d);
	for (size_t i = 0; i < COUNT_OF(oddities); i++) {
		if ((odd & oddities[i].odd) == 0)
			continue;
		TRY(findings_add(&v->facts->findings, oddities[i].fatal,
		    oddities[i].code, "%s", oddities[i].text));
		for (size_t k = 0; k < v->nsigs; k++)
			TRY(sig_finding(v, &v->sigs[k], oddities[i].fatal,
			    oddities[i].code, "%s", oddities[i].text));
	}
	return NULL;
}

static struct err *
collect(struct verify *v)
{
	v->sigs = calloc(SIG_FIELDS_MAX, sizeof(*v->sigs));
	if (v->sigs == NULL)
		return err_new(ERR_NOMEM, NULL, "signatures");
	for (size_t i = 0; v->in->extra != NULL && i < v->in->extra->n; i++)
		TRY(cert_list_add(&v->extra, v->in->extra->v[i]));
	TRY(pdf_each_field(v->d, pdf_views(v->d), add_field, v));
	TRY(dss_collect(v));
	/* Document time stamps last: they speak for the signatures before. */
	for (int stamps = 0; stamps < 2; stamps++) {
		for (size_t i = 0; i < v->nsigs; i++) {
			if (v->sigs[i].stamp == (stamps == 1))
				TRY(one_or_finding(v, &v->sigs[i]));
		}
	}
	TRY(dss_share(v));
	TRY(sigs_changes(v));
	TRY(dss_levels(v));
	if (v->nsigs > 0)
		TRY(hidden_content(v));
	TRY(document_digest(v));
	return tell_oddities(v);
}

struct err *
pdf_collect(const struct collect_input *in, struct facts *out)
{
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	TRY(pdf_open(in->document, in->password, &d));
	struct facts facts = { .format = "pdf" };
	struct verify v = { .in = in,
		.facts = &facts,
		.d = d,
		.arena = PDF_ARENA(pdf_document_budget(d)) };
	struct err *e = collect(&v);
	for (size_t i = 0; i < DIGEST_COUNT; i++)
		digest_free(v.running[i].d);
	free(v.sigs);
	cert_list_done(&v.extra);
	pdf_arena_done(&v.arena);
	if (e != NULL) {
		facts_done(&facts);
		return e;
	}
	*out = facts;
	return NULL;
}
