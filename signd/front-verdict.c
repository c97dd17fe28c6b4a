/* Verdicts that are kept, and shown again: see front-verdict.h. */
#include "signd/front-verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pack.h"
#include "signd/ipc-io.h"

#define DAY 86400
#define PLAIN_MAX (FRONT_REPORT_MAX - AEAD_NONCE - AEAD_TAG)

enum { TAG_JSON = 1, TAG_HTML_VI, TAG_HTML_EN, TAG_ETSI, TAG_RECEIPT };

void
verdict_place_done(struct verdict_place *p)
{
	free(p->page);
	wipe(p->key, sizeof(p->key));
	*p = (struct verdict_place){ 0 };
}

/* ---- ids ---- */

static struct err *
hex_of(struct bytes raw, char *out, size_t size)
{
	CLEANUP(buf_done) struct buf hex = BUF(2 * raw.len + 1);
	const char *text;
	TRY(hex_encode(raw, &hex));
	TRY(buf_cstr(&hex, &text));
	snprintf(out, size, "%s", text);
	return NULL;
}

/* The row's name and the report's key: neither leads back to the id, nor one
 * to the other. */
static struct err *
derive(struct bytes raw, struct verdict_place *p)
{
	uint8_t row[AEAD_KEY];
	TRY(hkdf(raw, "signd verdict row 1", row));
	TRY(hkdf(raw, "signd verdict report 1", p->key));
	return hex_of(bytes_of(row, sizeof(row)), p->row, sizeof(p->row));
}

static struct err *
make_page(const struct front *f, struct verdict_place *p)
{
	CLEANUP(buf_done) struct buf b = BUF(SETTINGS_VALUE_MAX + 64);
	size_t len = strlen(f->s->public_url);
	while (len > 0 && f->s->public_url[len - 1] == '/')
		len--;
	TRY(buf_append(&b, bytes_of(f->s->public_url, len)));
	TRY(buf_printf(&b, "/v/%s", p->id));
	return bytes_dup_str(buf_bytes(&b), &p->page);
}

static struct err *
fill_place(const struct front *f, struct bytes raw, int64_t until,
    struct verdict_place *p)
{
	TRY(hex_of(raw, p->id, sizeof(p->id)));
	TRY(derive(raw, p));
	TRY(make_page(f, p));
	p->place = (struct report_place){ .id = p->id,
		.page = p->page,
		.until = until,
		.report = p->keep == KEEP_REPORT };
	return NULL;
}

struct err *
verdict_place_new(
    const struct front *f, enum verdict_keep keep, struct verdict_place *out)
{
	uint8_t raw[VERDICT_ID_BYTES];
	int64_t days =
	    keep == KEEP_REPORT ? f->s->report_days : f->s->verdict_days;
	out->keep = days == 0 ? KEEP_NOTHING : keep;
	if (out->keep == KEEP_NOTHING)
		return NULL;
	TRY(random_fill(raw, sizeof(raw)));
	return fill_place(f, bytes_of(raw, sizeof(raw)),
	    clock_now(&clock_system) + days * DAY, out);
}

unsigned
verdict_reports(const struct verdict_place *p)
{
	return p->keep == KEEP_REPORT
		   ? REPORT_JSON | REPORT_HTML_VI | REPORT_HTML_EN |
			 REPORT_ETSI | REPORT_RECEIPT
		   : 0;
}

/* ---- keeping ---- */

struct err *
verdict_pay(const struct request *r)
{
	return budget_take(r->front->budget, &r->address, ipc_now_ms())
		   ? NULL
		   : err_coded(err_new(ERR_LIMIT, NULL, "the budget"),
			 "too-many-requests");
}

static struct err *
seal_report(const struct verdict_place *p, const struct verify_answer *a,
    struct buf *out)
{
	CLEANUP(buf_done) struct buf plain = BUF(PLAIN_MAX);
	uint8_t nonce[AEAD_NONCE];
	struct bytes n = bytes_of(nonce, sizeof(nonce));
	TRY(pack_bytes(&plain, TAG_JSON, buf_bytes(&a->json)));
	TRY(pack_bytes(&plain, TAG_HTML_VI, buf_bytes(&a->html[LANG_VI])));
	TRY(pack_bytes(&plain, TAG_HTML_EN, buf_bytes(&a->html[LANG_EN])));
	TRY(pack_bytes(&plain, TAG_ETSI, buf_bytes(&a->etsi)));
	TRY(pack_bytes(&plain, TAG_RECEIPT, buf_bytes(&a->receipt)));
	TRY(random_fill(nonce, sizeof(nonce)));
	TRY(buf_append(out, n));
	return aead_seal(bytes_of(p->key, sizeof(p->key)), n, bytes_str(p->row),
	    buf_bytes(&plain), out);
}

struct err *
verdict_keep(const struct request *r, const struct verdict_place *p,
    const uint8_t about[32], const char *policy, int64_t time,
    const struct verify_answer *a)
{
	struct verification v = { .bytes = (int64_t)r->document.len,
		.signatures = (int64_t)a->signatures,
		.time = time,
		.expires = p->place.until };
	CLEANUP(buf_done) struct buf report = BUF(FRONT_REPORT_MAX);
	if (p->keep == KEEP_NOTHING)
		return NULL;
	memcpy(v.sha256, about, sizeof(v.sha256));
	snprintf(
	    v.verdict, sizeof(v.verdict), "%s", indication_name(a->indication));
	snprintf(v.sub, sizeof(v.sub), "%s",
	    a->sub == SUB_NONE ? "" : sub_indication_name(a->sub));
	snprintf(v.code, sizeof(v.code), "%s", a->code);
	snprintf(v.policy, sizeof(v.policy), "%s", policy);
	if (p->keep == KEEP_REPORT)
		TRY(seal_report(p, a, &report));
	return front_verification_put(
	    r->front->store, p->row, &v, buf_bytes(&report));
}

/* ---- finding ---- */

struct kept {
	struct verdict_place at;
	struct verification v;
	struct secret plain;
	struct bytes json, html[2], etsi, receipt; /* borrow from plain */
};

static void
kept_done(struct kept *k)
{
	verdict_place_done(&k->at);
	secret_done(&k->plain);
}

static struct err *
unknown(void)
{
	return err_coded(err_new(ERR_MISSING, NULL, "no such verification"),
	    "verification-unknown");
}

static struct err *
open_report(struct bytes sealed, struct kept *k)
{
	bool ok = false;
	TRY(aead_open(bytes_of(k->at.key, sizeof(k->at.key)),
	    bytes_slice(sealed, 0, AEAD_NONCE), bytes_str(k->at.row),
	    bytes_from(sealed, AEAD_NONCE), &k->plain, &ok));
	if (!ok)
		return err_new(ERR_INTERNAL, NULL, "a report that was kept");
	struct unpack u = unpack_of(secret_bytes(&k->plain));
	TRY(unpack_bytes(&u, TAG_JSON, &k->json));
	TRY(unpack_bytes(&u, TAG_HTML_VI, &k->html[LANG_VI]));
	TRY(unpack_bytes(&u, TAG_HTML_EN, &k->html[LANG_EN]));
	TRY(unpack_bytes(&u, TAG_ETSI, &k->etsi));
	TRY(unpack_bytes(&u, TAG_RECEIPT, &k->receipt));
	return unpack_end(&u);
}

static struct err *
find(const struct request *r, struct kept *k)
{
	CLEANUP(buf_done) struct buf raw = BUF(VERDICT_ID_BYTES);
	CLEANUP(buf_done) struct buf sealed = BUF(FRONT_REPORT_MAX);
	struct err *e = hex_decode(bytes_str(r->param), &raw);
	if (e != NULL || raw.len != VERDICT_ID_BYTES) {
		err_free(e);
		return unknown();
	}
	TRY(derive(buf_bytes(&raw), &k->at));
	TRY(front_verification_get(r->front->store, k->at.row, &k->v, &sealed));
	k->at.keep = sealed.len > 0 ? KEEP_REPORT : KEEP_VERDICT;
	TRY(fill_place(r->front, buf_bytes(&raw), k->v.expires, &k->at));
	return sealed.len > 0 ? open_report(buf_bytes(&sealed), k) : NULL;
}

/* ---- the verdict alone ---- */

static enum indication
indication_of(const char *name)
{
	for (int i = TOTAL_PASSED; i <= TOTAL_FAILED; i++)
		if (strcmp(name, indication_name((enum indication)i)) == 0)
			return (enum indication)i;
	return INDETERMINATE;
}

static enum sub_indication
sub_of(const char *name)
{
	for (int i = SUB_NONE + 1; i <= SUB_GENERIC; i++)
		if (strcmp(name, sub_indication_name((enum sub_indication)i)) ==
		    0)
			return (enum sub_indication)i;
	return SUB_NONE;
}

/* A result without signatures is told by the same writers. */
static struct err *
tell_bare(struct request *r, struct kept *k, unsigned report, struct buf *out)
{
	CLEANUP(policy_freep) struct policy *policy = NULL;
	const struct facts facts = { 0 };
	TRY(policy_load(k->v.policy, &policy));
	const struct verdict v = { .policy = policy,
		.indication = indication_of(k->v.verdict),
		.sub = sub_of(k->v.sub),
		.code = k->v.code,
		.time = k->v.time };
	k->at.place.bare = true;
	k->at.place.signatures = (size_t)k->v.signatures;
	const struct report_input in = { .verdict = &v,
		.facts = &facts,
		.document_sha256 = k->v.sha256,
		.document_len = (size_t)k->v.bytes,
		.place = &k->at.place };
	*out = BUF(REPORT_MAX);
	if (report & REPORT_TEXT)
		return report_text(&in, request_lang(r), out);
	if (report & REPORT_ETSI)
		return report_etsi(&in, out);
	return report & REPORT_JSON
		   ? report_json(&in, out)
		   : report_html(&in, request_lang(r), "/style.css", out);
}

static struct err *
not_kept(void)
{
	return err_coded(err_new(ERR_MISSING, NULL,
			     "of this verification the verdict alone was kept"),
	    "report-not-kept");
}

static struct err *
copy_out(struct bytes from, struct buf *out)
{
	if (from.len == 0)
		return not_kept();
	*out = BUF(from.len);
	return buf_append(out, from);
}

/* The text stands in the JSON, in both languages. */
static struct err *
copy_text(const struct request *r, struct bytes json, struct buf *out)
{
	CLEANUP(json_freep) json_t *doc = NULL;
	TRY(json_read(json, &doc));
	const char *text =
	    json_string_value(json_object_get(json_object_get(doc, "text"),
		request_lang(r) == LANG_VI ? "vi" : "en"));
	return copy_out(bytes_str(text), out);
}

static struct err *
reply_kept(
    struct request *r, struct kept *k, unsigned report, struct reply *out)
{
	bool bare = k->at.keep != KEEP_REPORT;
	out->status = 200;
	if (report & REPORT_ETSI) {
		out->type = "application/xml; charset=utf-8";
		return bare ? tell_bare(r, k, report, &out->body)
			    : copy_out(k->etsi, &out->body);
	}
	if (report & REPORT_TEXT) {
		out->type = "text/plain; charset=utf-8";
		return bare ? tell_bare(r, k, report, &out->body)
			    : copy_text(r, k->json, &out->body);
	}
	if (report & REPORT_JSON) {
		out->type = "application/json; charset=utf-8";
		return bare ? tell_bare(r, k, report, &out->body)
			    : copy_out(k->json, &out->body);
	}
	out->type = "text/html; charset=utf-8";
	return bare ? tell_bare(r, k, report, &out->body)
		    : copy_out(k->html[request_lang(r)], &out->body);
}

/* ---- calls ---- */

static struct err *
reply_receipt(const struct request *r, const struct kept *k, struct reply *out)
{
	if (k->at.keep != KEEP_REPORT)
		return not_kept();
	TRY(verdict_pay(r));
	return verdict_receipt(r, k->receipt,
	    bytes_of(k->v.sha256, sizeof(k->v.sha256)), k->v.verdict, out);
}

struct err *
get_verification(struct request *r, struct reply *out)
{
	CLEANUP(kept_done) struct kept k = { 0 };
	TRY(find(r, &k));
	if (request_accepts(r, "text/html"))
		return reply_kept(r, &k, REPORT_HTML_VI, out);
	if (request_accepts(r, "text/plain"))
		return reply_kept(r, &k, REPORT_TEXT, out);
	if (request_accepts(r, "application/pdf"))
		return reply_receipt(r, &k, out);
	if (request_accepts(r, "application/xml") ||
	    request_accepts(r, "text/xml"))
		return reply_kept(r, &k, REPORT_ETSI, out);
	return reply_kept(r, &k, REPORT_JSON, out);
}

struct err *
page_verdict(struct request *r, struct reply *out)
{
	CLEANUP(kept_done) struct kept k = { 0 };
	struct err *e = find(r, &k);
	if (e == NULL)
		e = reply_kept(r, &k, REPORT_HTML_VI, out);
	return e == NULL ? NULL : reply_error_page(r, e, out);
}

struct err *
get_receipt(struct request *r, struct reply *out)
{
	CLEANUP(kept_done) struct kept k = { 0 };
	struct err *e = find(r, &k);
	if (e == NULL)
		e = reply_receipt(r, &k, out);
	return e != NULL && request_accepts(r, "text/html")
		   ? reply_error_page(r, e, out)
		   : e;
}
