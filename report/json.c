/* doc/report.schema.json describes what is written here. */
#include "report/dump.h"
#include "report/internal.h"
#include "report/shown.h"

#include <jansson.h>

#define REPORT_VERSION 1
#define STRING_MAX 65536 /* bytes of one string out of a document */

/* Every setter takes `value` over, NULL being "out of memory". */
static struct err *
set(json_t *o, const char *key, json_t *value)
{
	/* Keys are ours. */
	if (json_object_set_new_nocheck(o, key, value) != 0)
		return err_new(ERR_NOMEM, NULL, "JSON");
	return NULL;
}

static struct err *
add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		return err_new(ERR_NOMEM, NULL, "JSON");
	return NULL;
}

/* Of UTF-8, which clean() and our own words are.  jansson takes no NULL, not
 * even of no length. */
static json_t *
text_of(const struct buf *b)
{
	return json_stringn_nocheck(
	    b->ptr == NULL ? "" : (const char *)b->ptr, b->len);
}

/* NULL as well where it is no UTF-8. */
static json_t *
checked_text(const struct buf *b)
{
	return json_stringn(b->ptr == NULL ? "" : (const char *)b->ptr, b->len);
}

/* A string of ours, or of a document: then it is cleaned.  NULL is null. */
static struct err *
set_string(json_t *o, const char *key, const char *s)
{
	if (s == NULL)
		return set(o, key, json_null());
	CLEANUP(buf_done) struct buf b = BUF(3 * STRING_MAX);
	TRY(clean(s, &b));
	return set(o, key, text_of(&b));
}

static struct err *
set_time(json_t *o, const char *key, int64_t t)
{
	if (t == TIME_NONE)
		return set(o, key, json_null());
	CLEANUP(buf_done) struct buf b = BUF(64);
	TRY(time_format_iso(t, 0, &b));
	return set(o, key, text_of(&b));
}

static struct err *
set_hex(json_t *o, const char *key, struct bytes v)
{
	CLEANUP(buf_done) struct buf b = BUF(2 * v.len + 1);
	TRY(hex_encode(v, &b));
	return set(o, key, text_of(&b));
}

static struct err *
set_int(json_t *o, const char *key, int64_t v)
{
	return set(o, key, json_integer(v));
}

/* set_object puts a new object under `key`; *out belongs to `o`. */
static struct err *
set_object(json_t *o, const char *key, json_t **out)
{
	*out = json_object();
	return set(o, key, *out);
}

static struct err *
set_array(json_t *o, const char *key, json_t **out)
{
	*out = json_array();
	return set(o, key, *out);
}

static struct err *
add_object(json_t *array, json_t **out)
{
	*out = json_object();
	return add(array, *out);
}

static struct err *
set_both(json_t *o, const char *key, const char *vi, const char *en)
{
	json_t *both;
	TRY(set_object(o, key, &both));
	TRY(set_string(both, "vi", vi));
	return set_string(both, "en", en);
}

static struct err *
set_sentence(json_t *o, const char *code)
{
	TRY(set_string(o, "code", code));
	return set_both(o, "sentence", message_text(code, LANG_VI),
	    message_text(code, LANG_EN));
}

static struct err *
set_message(json_t *o, const char *code)
{
	TRY(set_sentence(o, code));
	return set_both(o, "next", message_next(code, LANG_VI),
	    message_next(code, LANG_EN));
}

static struct err *
set_next(json_t *o, const struct report_input *in, enum indication i,
    enum sub_indication s, const char *code)
{
	CLEANUP(buf_done) struct buf vi = BUF(REPORT_NEXT_MAX);
	CLEANUP(buf_done) struct buf en = BUF(REPORT_NEXT_MAX);
	const char *texts[2];
	TRY(report_next(in, i, s, code, LANG_VI, &vi));
	TRY(report_next(in, i, s, code, LANG_EN, &en));
	TRY(buf_cstr(&vi, &texts[LANG_VI]));
	TRY(buf_cstr(&en, &texts[LANG_EN]));
	return set_both(o, "next", texts[LANG_VI], texts[LANG_EN]);
}

static struct err *
set_verdict(json_t *o, const struct report_input *in, enum indication i,
    enum sub_indication s, const char *code)
{
	const struct policy *p = in->verdict->policy;
	enum result r = result_of(p, i);
	TRY(set_string(o, "result", result_name(r)));
	TRY(set_both(o, "result_text", result_text(p, i, LANG_VI),
	    result_text(p, i, LANG_EN)));
	TRY(set_string(o, "indication", indication_name(i)));
	TRY(set_string(o, "sub_indication",
	    s == SUB_NONE ? NULL : sub_indication_name(s)));
	TRY(set_sentence(o, code));
	return set_next(o, in, i, s, code);
}

/* A place in a PDF; none is left out. */
static struct err *
set_known(json_t *o, const char *key, json_int_t place)
{
	return place == 0 ? NULL : set(o, key, json_integer(place));
}

static struct err *
add_findings(json_t *array, const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		json_t *o;
		TRY(add_object(array, &o));
		TRY(set_message(o, f->v[i].code));
		TRY(set_string(o, "detail", f->v[i].detail));
		TRY(set(o, "fatal", json_boolean(f->v[i].fatal)));
		TRY(set_known(o, "page", f->v[i].page));
		TRY(set_known(o, "revision", f->v[i].revision));
		TRY(set_known(o, "object", f->v[i].object));
	}
	return NULL;
}

static struct err *
set_certificate(
    json_t *o, const struct signature_verdict *v, const struct policy *p)
{
	const struct cert *c = v->fact->cert;
	json_t *cert;
	uint8_t print[32];
	if (c == NULL)
		return set(o, "certificate", json_null());
	TRY(set_object(o, "certificate", &cert));
	TRY(set_string(cert, "subject", cert_subject(c)));
	TRY(set_string(cert, "common_name", cert_common_name(c)));
	TRY(set_string(cert, "issuer", cert_issuer(c)));
	TRY(set_string(cert, "issuer_common_name", cert_issuer_common_name(c)));
	TRY(set_hex(cert, "serial", cert_serial(c)));
	TRY(set_time(cert, "not_before", cert_not_before(c)));
	TRY(set_time(cert, "not_after", cert_not_after(c)));
	cert_fingerprint(c, print);
	TRY(set_hex(cert, "sha256", bytes_of(print, sizeof(print))));
	TRY(set_int(cert, "key_bits", cert_key_bits(c)));
	enum cert_state s = cert_state_of(v, p);
	TRY(set_string(cert, "state", cert_state_name(s)));
	return set_both(cert, "state_text", cert_state_text(s, LANG_VI),
	    cert_state_text(s, LANG_EN));
}

static struct err *
set_trust(json_t *o, const struct signature_verdict *v, const struct policy *p)
{
	json_t *t, *chain;
	if (!p->check_path)
		return set(o, "trust", json_null());
	TRY(set_object(o, "trust", &t));
	TRY(set_string(t, "domain", v->domain));
	TRY(set_string(t, "path",
	    v->path.chain.n == 0 ? NULL : path_result_name(v->path.result)));
	TRY(set_string(t, "detail", v->path.detail));
	TRY(set(t, "revocation_known", json_boolean(v->path.status_known)));
	TRY(set_time(t, "revoked_at",
	    v->path.result == PATH_REVOKED ? v->path.revoked_at : TIME_NONE));
	TRY(set_array(t, "chain", &chain));
	for (size_t i = 0; i < v->path.chain.n; i++) {
		CLEANUP(buf_done) struct buf b = BUF(3 * STRING_MAX);
		TRY(clean(cert_subject(v->path.chain.v[i]), &b));
		TRY(add(chain, text_of(&b)));
	}
	return NULL;
}

static const char *
stamp_kind_name(enum stamp_kind kind)
{
	switch (kind) {
	case STAMP_CONTENT:
		return "content";
	case STAMP_REFS:
		return "references";
	case STAMP_ARCHIVE:
		return "archive";
	case STAMP_DOCUMENT:
		return "document";
	case STAMP_SIGNATURE:
		break;
	}
	return "signature";
}

static struct err *
set_times(json_t *o, const struct signature_verdict *v)
{
	json_t *t, *stamps;
	TRY(set_object(o, "time", &t));
	TRY(set_time(t, "claimed", v->fact->claimed_time));
	TRY(set_time(t, "best", v->best_time));
	TRY(set_string(
	    t, "best_from", v->stamped ? "time-stamp" : "validation"));
	TRY(set_array(t, "time_stamps", &stamps));
	for (size_t i = 0; i < v->fact->ntimestamps; i++) {
		const struct timestamp_fact *f = &v->fact->timestamps[i];
		json_t *s;
		TRY(add_object(stamps, &s));
		TRY(set_time(s, "time", f->time));
		TRY(set_string(s, "kind", stamp_kind_name(f->kind)));
		TRY(set_string(s, "digest", check_name(f->digest)));
		TRY(set_string(s, "signature", check_name(f->signature)));
		TRY(set_string(s, "authority",
		    f->tsa == NULL ? NULL : cert_common_name(f->tsa)));
		TRY(set(s, "document", json_boolean(f->document)));
		const struct stamp_verdict *j = &v->stamps[i];
		TRY(set_string(
		    s, "indication", indication_name(j->indication)));
		TRY(set_string(s, "sub_indication",
		    j->sub == SUB_NONE ? NULL : sub_indication_name(j->sub)));
		TRY(set_time(s, "proven_since", j->poe));
	}
	return NULL;
}

/* A hash as hex, or null. */
static struct err *
set_hash(json_t *o, const char *key, const uint8_t *hash)
{
	if (hash == NULL)
		return set(o, key, json_null());
	return set_hex(o, key, bytes_of(hash, 32));
}

static struct err *
set_index(json_t *o, const char *key, size_t i)
{
	return set(
	    o, key, i == NO_INDEX ? json_null() : json_integer((json_int_t)i));
}

static struct err *
add_step(json_t *array, const struct verdict *all, const struct proof_step *s)
{
	json_t *o;
	uint8_t print[32];
	TRY(add_object(array, &o));
	TRY(set_string(o, "rule", rule_name(s->rule)));
	TRY(set_string(o, "source", all->policy->cite[s->rule]));
	TRY(set_string(o, "clause", s->clause));
	TRY(set(o, "holds", json_boolean(s->indication == TOTAL_PASSED)));
	TRY(set_string(o, "sub_indication",
	    s->sub == SUB_NONE ? NULL : sub_indication_name(s->sub)));
	TRY(set_string(o, "code", s->code));
	if (s->code == NULL)
		TRY(set(o, "sentence", json_null()));
	else
		TRY(set_both(o, "sentence", message_text(s->code, LANG_VI),
		    message_text(s->code, LANG_EN)));
	TRY(set_string(o, "detail", s->detail));
	if (s->cert != NULL)
		cert_fingerprint(s->cert, print);
	TRY(set_hash(o, "certificate", s->cert == NULL ? NULL : print));
	TRY(set_hash(o, "status",
	    s->status == NO_INDEX ? NULL : all->status[s->status].sha256));
	TRY(set_index(o, "time_stamp", s->stamp));
	return set_time(o, "time", s->time == NEVER_ENDS ? TIME_NONE : s->time);
}

static struct err *
set_proof(json_t *o, const struct verdict *all, const struct proof *p)
{
	json_t *array;
	TRY(set_array(o, "proof", &array));
	for (size_t i = 0; i < p->n; i++)
		TRY(add_step(array, all, &p->v[i]));
	return NULL;
}

static struct err *
set_status_data(json_t *o, const struct verdict *v)
{
	json_t *array;
	TRY(set_array(o, "status_data", &array));
	for (size_t i = 0; i < v->nstatus; i++) {
		const struct status_seen *s = &v->status[i];
		json_t *x;
		TRY(add_object(array, &x));
		TRY(set_hash(x, "sha256", s->sha256));
		TRY(set_string(x, "kind", s->is_ocsp ? "ocsp" : "crl"));
		TRY(set(x, "embedded", json_boolean(s->embedded)));
		TRY(set(x, "used", json_boolean(s->used)));
		TRY(set_time(x, "produced_at", s->produced));
	}
	return NULL;
}

/* Who was asked outside, and what came of it. */
static struct err *
add_source(json_t *array, const struct source_seen *s)
{
	CLEANUP(buf_done) struct buf vi = BUF(REPORT_NEXT_MAX);
	CLEANUP(buf_done) struct buf en = BUF(REPORT_NEXT_MAX);
	const char *texts[2] = { NULL, NULL };
	json_t *o;
	TRY(add_object(array, &o));
	TRY(set_string(o, "kind", source_kind_name(s->kind)));
	TRY(set_string(o, "url", s->url));
	TRY(set_string(o, "code", s->code));
	if (s->code != NULL) {
		TRY(source_sentence(s, LANG_VI, &vi));
		TRY(source_sentence(s, LANG_EN, &en));
		TRY(buf_cstr(&vi, &texts[LANG_VI]));
		TRY(buf_cstr(&en, &texts[LANG_EN]));
	}
	TRY(set_both(o, "sentence", texts[LANG_VI], texts[LANG_EN]));
	TRY(set(o, "stale", json_boolean(s->stale)));
	return set_int(o, "milliseconds", s->ms);
}

static struct err *
set_sources(json_t *o, const struct report_input *in)
{
	json_t *array;
	TRY(set_array(o, "sources", &array));
	for (size_t i = 0; i < in->nsources; i++)
		TRY(add_source(array, &in->sources[i]));
	return NULL;
}

static struct err *
set_integrity(json_t *o, const struct signature_fact *f)
{
	json_t *i, *refs;
	char alg[64];
	sig_alg_name(f->alg, alg, sizeof(alg));
	TRY(set_object(o, "integrity", &i));
	TRY(set_string(i, "state", integrity_name(integrity_of(f))));
	TRY(set_string(i, "algorithm", alg));
	TRY(set_string(i, "signature", check_name(f->signature)));
	TRY(set_string(i, "certificate_binding", check_name(f->cert_binding)));
	TRY(set_array(i, "references", &refs));
	for (size_t k = 0; k < f->nreferences; k++) {
		const struct reference *r = &f->references[k];
		json_t *x;
		TRY(add_object(refs, &x));
		TRY(set_string(x, "uri", r->uri));
		TRY(set_string(x, "algorithm", digest_name(r->alg)));
		TRY(set_string(x, "digest", check_name(r->digest)));
		TRY(set_string(x, "covers", r->covers));
		TRY(set(x, "whole", json_boolean(r->whole)));
	}
	return NULL;
}

/* ISO 32000-2 12.8.1: with it anybody can cut out the signature and hash what
 * it covers. */
static struct err *
set_byte_range(json_t *o, const struct signature_fact *f)
{
	json_t *range;
	if (f->covered_len == 0)
		return set(o, "byte_range", json_null());
	TRY(set_array(o, "byte_range", &range));
	const size_t v[] = { 0, f->gap_at, f->gap_end,
		f->covered_len - f->gap_end };
	for (size_t i = 0; i < COUNT_OF(v); i++)
		TRY(add(range, json_integer((json_int_t)v[i])));
	return NULL;
}

static struct err *
set_coverage(json_t *o, const struct signature_fact *f)
{
	json_t *c;
	TRY(set_object(o, "coverage", &c));
	TRY(set(c, "whole_file", json_boolean(f->covers_all)));
	TRY(set(c, "content_seen", json_boolean(!f->unseen)));
	TRY(set_int(c, "revision", f->revision));
	TRY(set_int(c, "revisions", f->revisions));
	TRY(set_int(c, "covered_bytes", (int64_t)f->covered_len));
	TRY(set_byte_range(c, f));
	TRY(set_string(c, "changes", change_name(f->changes)));
	TRY(set_both(c, "changes_text", change_text(f, LANG_VI),
	    change_text(f, LANG_EN)));
	return set_string(c, "changes_allowed", change_name(f->allowed));
}

static struct err *
add_signature(json_t *array, const struct report_input *in, size_t i)
{
	const struct signature_verdict *v = &in->verdict->signatures[i];
	const struct policy *p = in->verdict->policy;
	const struct signature_fact *f = v->fact;
	json_t *o, *notes;
	TRY(add_object(array, &o));
	TRY(set_string(o, "id", f->id));
	TRY(set_verdict(o, in, v->indication, v->sub, v->code));
	TRY(set_string(o, "format", f->format));
	TRY(set_string(o, "level", level_name(f->level)));
	TRY(set_string(
	    o, "signer", f->cert == NULL ? NULL : cert_common_name(f->cert)));
	TRY(set_string(o, "claimed_name", f->claimed_name));
	TRY(set_string(o, "reason", f->reason));
	TRY(set_string(o, "location", f->location));
	TRY(set_certificate(o, v, p));
	TRY(set_trust(o, v, p));
	TRY(set_times(o, v));
	TRY(set_integrity(o, f));
	TRY(set_coverage(o, f));
	TRY(set_time(o, "holds_until", v->holds_until));
	TRY(set_proof(o, in->verdict, &v->proof));
	TRY(set_array(o, "notes", &notes));
	TRY(add_findings(notes, &v->notes));
	TRY(add_findings(notes, &f->findings));
	return in->shown ? shown_signature(in, i, o) : NULL;
}

static struct err *
set_document(json_t *o, const struct report_input *in)
{
	json_t *d;
	TRY(set_object(o, "document", &d));
	TRY(set_string(d, "format", in->facts->format));
	TRY(set_string(d, "unreadable", in->facts->unreadable));
	TRY(set_int(d, "bytes", (int64_t)in->document_len));
	TRY(set_string(d, "name", in->name));
	if (in->document_sha256 == NULL)
		return set(d, "sha256", json_null());
	return set_hex(d, "sha256", bytes_of(in->document_sha256, 32));
}

/* Where it can be seen again, or null. */
static struct err *
set_place(json_t *o, const struct report_place *p)
{
	json_t *v;
	if (p == NULL)
		return set(o, "verification", json_null());
	TRY(set_object(o, "verification", &v));
	TRY(set_string(v, "id", p->id));
	TRY(set_string(v, "page", p->page));
	TRY(set_time(v, "until", p->until));
	TRY(set_string(v, "kept", p->report ? "report" : "verdict"));
	if (!p->bare)
		return NULL;
	return set_int(v, "signatures", (int64_t)p->signatures);
}

/* The report as people read it, so that a program that passes it on need not
 * render it. */
static struct err *
set_text(json_t *o, const struct report_input *in)
{
	CLEANUP(buf_done) struct buf vi = BUF(REPORT_MAX);
	CLEANUP(buf_done) struct buf en = BUF(REPORT_MAX);
	TRY(report_text(in, LANG_VI, &vi));
	TRY(report_text(in, LANG_EN, &en));
	json_t *both;
	TRY(set_object(o, "text", &both));
	/* As it is: the report cleaned what strangers wrote, and ends lines. */
	TRY(set(both, "vi", checked_text(&vi)));
	return set(both, "en", checked_text(&en));
}

static struct err *
fill(json_t *o, const struct report_input *in)
{
	const struct verdict *v = in->verdict;
	json_t *policy, *array;
	TRY(set_int(o, "version", REPORT_VERSION));
	TRY(set_verdict(o, in, v->indication, v->sub, v->code));
	TRY(set_object(o, "policy", &policy));
	TRY(set_string(policy, "name", v->policy->name));
	TRY(set_both(policy, "sentence", v->policy->sentence[LANG_VI],
	    v->policy->sentence[LANG_EN]));
	TRY(set_time(o, "validation_time", v->time));
	TRY(set_document(o, in));
	TRY(set_place(o, in->place));
	TRY(set_array(o, "signatures", &array));
	for (size_t i = 0; i < v->nsignatures; i++)
		TRY(add_signature(array, in, i));
	TRY(set_index(
	    o, "decisive", v->nsignatures == 0 ? NO_INDEX : v->decisive));
	TRY(set_status_data(o, v));
	TRY(set_sources(o, in));
	TRY(set_array(o, "notes", &array));
	TRY(add_findings(array, &in->facts->findings));
	if (in->shown)
		TRY(shown_whole(in, o));
	return set_text(o, in);
}

void
report_start(void)
{
	json_object_seed(0);
}

struct err *
report_json(const struct report_input *in, struct buf *out)
{
	CLEANUP(json_decrefp) json_t *o = json_object();
	if (o == NULL)
		return err_new(ERR_NOMEM, NULL, "JSON");
	TRY(fill(o, in));
	TRY(dump_json(o, out));
	return buf_str(out, "\n");
}
