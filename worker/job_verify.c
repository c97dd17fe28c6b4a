/* Verifying: a document's facts, judged under a policy, and reported. */
#include "worker/job.h"

#include "base/pack.h"
#include "format/facts_pack.h"
#include "worker/internal.h"
#include "worker/receipt.h"
#include "worker/sources.h"

#include <stdlib.h>
#include <string.h>

/* Facts that are judged later, and what they are of. */
enum {
	FACTS_TAG_FORMAT = 1,
	FACTS_TAG_LEN,
	FACTS_TAG_SHA256,
	FACTS_TAG_FACTS,
};
enum { CERTS_TAG = 1 };

#define STYLE "/style.css" /* as the front serves it */

/* A verdict is not withheld because there is no font for its receipt. */
static struct err *
try_receipt(const struct report_input *in, struct buf *out)
{
	struct err *e = receipt_write(in, out);
	if (e == NULL || strcmp(err_code(e), "pdf-font") != 0)
		return e;
	err_free(e);
	return NULL;
}

static struct err *
write_wanted(const struct verify_request *r, const struct report_input *in,
    struct verify_answer *out)
{
	unsigned w = r->reports == 0 ? REPORT_JSON | REPORT_TEXT : r->reports;
	const char *style = w & REPORT_HTML_ALONE ? NULL : STYLE;
	if (w & REPORT_JSON)
		TRY(report_json(in, &out->json));
	if (w & REPORT_TEXT) {
		TRY(report_text(in, LANG_VI, &out->text[LANG_VI]));
		TRY(report_text(in, LANG_EN, &out->text[LANG_EN]));
	}
	if (w & REPORT_HTML_VI)
		TRY(report_html(in, LANG_VI, style, &out->html[LANG_VI]));
	if (w & REPORT_HTML_EN)
		TRY(report_html(in, LANG_EN, style, &out->html[LANG_EN]));
	if (w & REPORT_RECEIPT)
		TRY(try_receipt(in, &out->receipt));
	return w & REPORT_ETSI ? report_etsi(in, &out->etsi) : NULL;
}

/* A hash that no signature was compared with would only lend its name to a
 * verdict about something else. */
static struct err *
check_hash_used(const struct verify_request *r, const struct facts *facts)
{
	bool given = false;
	for (size_t i = 0; i < r->nexternal; i++)
		given = given || r->external[i].alg != DIGEST_NONE;
	for (size_t i = 0; given && i < facts->nsignatures; i++)
		if (facts->signatures[i].unseen)
			return NULL;
	return given ? err_coded(err_new(ERR_USAGE, NULL,
				     "no signature is over that content"),
			   "hash-unused")
		     : NULL;
}

/* Where the content stayed away, its hash names it in the report. */
static const uint8_t *
content_hash(const struct verify_request *r)
{
	for (size_t i = 0; i < r->nexternal; i++)
		if (r->external[i].uri == NULL &&
		    r->external[i].alg == DIGEST_SHA256)
			return r->external[i].digest.ptr;
	return NULL;
}

/* What is judged: facts, and the document that they are of. */
struct case_file {
	const struct facts *facts;
	const uint8_t *sha256;
	size_t len; /* bytes of the document */
};

static struct err *
write_reports(const struct verify_request *r, const struct case_file *c,
    const struct verdict *v, struct gathered *g, struct verify_answer *out)
{
	if (v->indication != TOTAL_PASSED)
		TRY(gather_blame(g));
	const struct report_input in = { .verdict = v,
		.facts = c->facts,
		.document_sha256 = c->sha256,
		.document_len = c->len,
		.sources = g->sources,
		.nsources = g->nsources,
		.name = r->name,
		.place = r->place,
		.shown = (r->reports & REPORT_SHOWN) != 0 };
	return write_wanted(r, &in, out);
}

/* For job_judge. */
static struct err *
pack_case(const struct case_file *c, struct buf *out)
{
	TRY(pack_str(out, FACTS_TAG_FORMAT, c->facts->format));
	TRY(pack_u64(out, FACTS_TAG_LEN, c->len));
	TRY(pack_bytes(out, FACTS_TAG_SHA256, bytes_of(c->sha256, 32)));
	CLEANUP(buf_done) struct buf facts = BUF(FACTS_PACKED_MAX);
	TRY(facts_pack(c->facts, &facts));
	return pack_bytes(out, FACTS_TAG_FACTS, buf_bytes(&facts));
}

/* Whether to come again with more.  Facts too large for that are judged with
 * what is there. */
static struct err *
want_more(const struct verify_request *r, const struct case_file *c,
    const struct verdict *v, struct verify_answer *out)
{
	if (!r->ask || v->indication == TOTAL_PASSED || r->time != TIME_NONE)
		return NULL;
	TRY(missing_wanted(&v->missing, r->sources, r->nsources, &out->wanted));
	if (out->wanted.n == 0)
		return NULL;
	struct err *e = pack_case(c, &out->facts);
	if (e == NULL || err_kind(e) != ERR_LIMIT)
		return e;
	err_free(e);
	buf_clear(&out->facts);
	wanted_list_done(&out->wanted);
	return NULL;
}

static struct err *
add_chain(const struct path *p, struct cert_list *out)
{
	for (size_t i = 0; i < p->chain.n; i++)
		TRY(cert_list_add(out, p->chain.v[i]));
	return NULL;
}

static struct err *
give_evidence(
    const struct verdict *v, struct gathered *g, struct verify_answer *out)
{
	CLEANUP(cert_list_done) struct cert_list all = { 0 };
	for (size_t i = 0; i < v->nsignatures; i++) {
		const struct signature_verdict *s = &v->signatures[i];
		TRY(add_chain(&s->path, &all));
		for (size_t k = 0; k < s->nstamps; k++)
			TRY(add_chain(&s->stamps[k].path, &all));
	}
	for (size_t i = 0; i < all.n; i++)
		TRY(pack_bytes(&out->certs, CERTS_TAG, cert_der(all.v[i])));
	TRY(gather_blame(g));
	for (size_t i = 0; i < g->nsources && i < SOURCES_MAX; i++)
		out->readable[i] = g->sources[i].code == NULL;
	return NULL;
}

static struct err *
conclude(const struct verify_request *r, const struct case_file *c,
    const struct verdict *v, struct gathered *g, struct verify_answer *out)
{
	out->indication = v->indication;
	out->sub = v->sub;
	out->signatures = v->nsignatures;
	out->time = v->time;
	strncpy(out->code, v->code, sizeof(out->code) - 1);
	TRY(want_more(r, c, v, out));
	if (out->wanted.n > 0)
		return NULL;
	if (r->evidence)
		TRY(give_evidence(v, g, out));
	return write_reports(r, c, v, g, out);
}

static struct err *
judge_with(const struct verify_request *r, const struct policy *policy,
    const struct case_file *c, struct gathered *g, struct verify_answer *out)
{
	const struct validation_request q = { .facts = c->facts,
		.policy = policy,
		.domains = r->domains,
		.ndomains = r->ndomains,
		.status_data = g->status,
		.nstatus_data = g->nstatus,
		.extra = &g->extra,
		.time = r->time == TIME_NONE ? r->now : r->time,
		.now = r->now };
	struct verdict v = { 0 };
	TRY(validate(&q, &v));
	struct err *e = conclude(r, c, &v, g, out);
	verdict_done(&v);
	return e;
}

static struct err *
judge(const struct verify_request *r, const struct policy *policy,
    const struct case_file *c, struct verify_answer *out)
{
	struct gathered g = { 0 };
	struct verify_answer a = { .json = BUF(REPORT_MAX),
		.text = { BUF(REPORT_MAX), BUF(REPORT_MAX) },
		.html = { BUF(REPORT_MAX), BUF(REPORT_MAX) },
		.etsi = BUF(REPORT_MAX),
		.receipt = BUF(REPORT_MAX),
		.facts = BUF(FACTS_PACKED_MAX),
		.certs = BUF(CERTS_PACKED_MAX) };
	TRY(gather(r, &g));
	struct err *e = judge_with(r, policy, c, &g, &a);
	gathered_done(&g);
	if (e != NULL) {
		verify_answer_done(&a);
		return e;
	}
	*out = a;
	return NULL;
}

static struct err *
wanted_policy(const struct verify_request *r, struct policy **out)
{
	return r->policy_text.len > 0 ? policy_own(r->policy_text, out)
				      : policy_load(r->policy, out);
}

static struct err *
collect(const struct verify_request *r, struct facts *out)
{
	const struct format *format;
	if (r->document.len == 0)
		return err_coded(
		    err_new(ERR_MALFORMED, NULL, "0 bytes"), "document-empty");
	TRY(job_format(r->document, r->format, &format));
	out->format = format->name;
	const struct collect_input in = { .document = r->document,
		.external = r->external,
		.nexternal = r->nexternal,
		.password = r->password,
		.extra = r->extra,
		.keys = r->keys,
		.nkeys = r->nkeys,
		.shared_key = r->shared_key,
		.dotnet_enveloped = r->dotnet_enveloped };
	return format->collect(&in, out);
}

/* What a format has no code of its own for is told of a file. */
static const char *
unreadable_code(const struct err *e)
{
	static const char *const codes[] = {
		[ERR_MALFORMED] = "document-damaged",
		[ERR_UNSUPPORTED] = "document-unsupported",
		[ERR_LIMIT] = "document-too-complex",
		[ERR_DENIED] = "document-unsupported",
	};
	bool own = strcmp(err_code(e), err_kind_name(err_kind(e))) != 0;
	return own ? err_code(e) : codes[err_kind(e)];
}

/*
 * Of what cannot be read no signature is known that could be judged (EN 319
 * 102-1 5.2.2 is about one that is).  People get one of the three words all the
 * same, and are told why.  What is not the document's fault stays an error.
 */
static struct err *
note_unreadable(struct err *e, struct facts *facts)
{
	enum err_kind kind = err_kind(e);
	if (kind != ERR_MALFORMED && kind != ERR_UNSUPPORTED &&
	    kind != ERR_LIMIT && kind != ERR_DENIED)
		return e;
	/* Nothing that was read before it broke off counts. */
	const char *format = facts->format;
	facts_done(facts);
	*facts = (struct facts){ .format = format,
		.unreadable = err_kind_name(kind) };
	struct err *added = findings_add(
	    &facts->findings, true, unreadable_code(e), "%s", err_text(e));
	err_free(e);
	return added;
}

struct err *
job_verify(const struct verify_request *r, struct verify_answer *out)
{
	CLEANUP(policy_freep) struct policy *policy = NULL;
	TRY(wanted_policy(r, &policy));
	struct facts facts = { 0 };
	uint8_t hash[DIGEST_MAX] = { 0 };
	struct err *e = collect(r, &facts);
	if (e != NULL)
		e = note_unreadable(e, &facts);
	if (e != NULL) {
		facts_done(&facts);
		return e;
	}
	const uint8_t *given = content_hash(r);
	const struct case_file c = { .facts = &facts,
		.sha256 = given != NULL  ? given
			  : facts.hashed ? facts.document_sha256
					 : hash,
		.len = r->document.len };
	if (facts.unreadable == NULL)
		e = check_hash_used(r, &facts);
	/* Only a report tells it, and a folder may hold films. */
	if (e == NULL && c.sha256 == hash && (r->reports & REPORT_NONE) == 0)
		e = digest_of(DIGEST_SHA256, r->document, hash);
	if (e == NULL && r->out_of_pdf)
		e = findings_add(
		    &facts.findings, false, "pdf-rest-not-seen", "%s", "");
	if (e == NULL)
		e = judge(r, policy, &c, out);
	facts_done(&facts);
	return e;
}

struct err *
job_judge(struct bytes packed, const struct verify_request *r,
    struct verify_answer *out)
{
	CLEANUP(policy_freep) struct policy *policy = NULL;
	CLEANUP(facts_done) struct facts facts = { 0 };
	struct unpack u = unpack_of(packed);
	struct bytes name, hash, inner;
	uint64_t len;
	TRY(wanted_policy(r, &policy));
	TRY(unpack_bytes(&u, FACTS_TAG_FORMAT, &name));
	TRY(unpack_u64(&u, FACTS_TAG_LEN, &len));
	TRY(unpack_bytes(&u, FACTS_TAG_SHA256, &hash));
	TRY(unpack_bytes(&u, FACTS_TAG_FACTS, &inner));
	TRY(unpack_end(&u));
	const struct format *format = job_format_named(name);
	if (format == NULL || hash.len != 32)
		return err_new(ERR_MALFORMED, NULL, "facts of no document");
	TRY(facts_unpack(inner, &facts));
	facts.format = format->name;
	const struct case_file c = {
		.facts = &facts, .sha256 = hash.ptr, .len = (size_t)len
	};
	return judge(r, policy, &c, out);
}

struct err *
certs_unpack(struct bytes packed, struct bytes **out, size_t *n)
{
	struct unpack u = unpack_of(packed);
	struct bytes *v = calloc(CERT_LIST_MAX, sizeof(*v));
	struct err *e = NULL;
	size_t found = 0;
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "certificates");
	while (e == NULL && unpack_is(&u, CERTS_TAG) && found < CERT_LIST_MAX)
		e = unpack_bytes(&u, CERTS_TAG, &v[found++]);
	if (e == NULL)
		e = unpack_end(&u);
	if (e != NULL) {
		free(v);
		return e;
	}
	*out = v;
	*n = found;
	return NULL;
}

void
verify_answer_done(struct verify_answer *a)
{
	buf_done(&a->json);
	buf_done(&a->text[0]);
	buf_done(&a->text[1]);
	buf_done(&a->html[0]);
	buf_done(&a->html[1]);
	buf_done(&a->etsi);
	buf_done(&a->receipt);
	buf_done(&a->facts);
	buf_done(&a->certs);
	wanted_list_done(&a->wanted);
}
