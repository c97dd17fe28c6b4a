#include "worker/job.h"

#include "base/pack.h"
#include "cms/format.h"
#include "cms/params.h"
#include "format/facts_pack.h"
#include "pdf/format.h"
#include "pdf/params.h"
#include "worker/formats.h"
#include "worker/receipt.h"
#include "worker/sources.h"
#include "xml/format.h"
#include "xml/params.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include <stdlib.h>
#include <string.h>

/* What a stored state consists of, around the format's own. */
enum { STATE_TAG_FORMAT = 1, STATE_TAG_STATE };
/* The same of facts that are judged later. */
enum {
	FACTS_TAG_FORMAT = 1,
	FACTS_TAG_LEN,
	FACTS_TAG_SHA256,
	FACTS_TAG_FACTS,
};
enum { CERTS_TAG = 1 };

/*
 * OpenSSL reads its settings and loads its providers on first use, from files.
 * Asking for each digest once makes it do so now.
 */
static struct err *
start_openssl(void)
{
	if (OPENSSL_init_crypto(
		OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
		NULL) != 1)
		return err_new(ERR_INTERNAL, NULL, "OPENSSL_init_crypto");
	for (int alg = DIGEST_NONE + 1; alg < DIGEST_COUNT; alg++) {
		uint8_t hash[DIGEST_MAX];
		/* One that this OpenSSL does not have is refused later. */
		err_free(digest_of((enum digest_alg)alg, BYTES_NONE, hash));
	}
	ERR_clear_error();
	return NULL;
}

struct err *
worker_start(void)
{
	TRY(start_openssl());
	report_start();
	return formats_start();
}

void
worker_stop(void)
{
	formats_stop();
}

static const struct format *
by_name(struct bytes name)
{
	size_t n;
	const struct format *const *all = formats_all(&n);
	for (size_t i = 0; i < n; i++)
		if (bytes_eq_str(name, all[i]->name))
			return all[i];
	return NULL;
}

static struct err *
format_unknown(void)
{
	return err_coded(
	    err_new(ERR_UNSUPPORTED, NULL, "no format that we know"),
	    "format-unknown");
}

struct err *
job_format(struct bytes document, const char *hint, const struct format **out)
{
	size_t n;
	const struct format *const *all = formats_all(&n);
	if (hint != NULL) {
		const struct format *f = by_name(bytes_str(hint));
		if (f == NULL)
			return format_unknown();
		*out = f;
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		if (all[i]->detect(document)) {
			*out = all[i];
			return NULL;
		}
	return format_unknown();
}

/* ---- verify ---- */

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
		.place = r->place };
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
	TRY(missing_wanted(
	    &v->missing, r->sources, r->nsources, &out->wanted));
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
		.time = r->time == TIME_NONE ? r->now : r->time };
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
	return r->policy_text.len > 0 ? policy_parse(r->policy_text, out)
				      : policy_load(r->policy, out);
}

struct err *
job_verify(const struct verify_request *r, struct verify_answer *out)
{
	const struct format *format;
	CLEANUP(policy_freep) struct policy *policy = NULL;
	TRY(wanted_policy(r, &policy));
	TRY(job_format(r->document, r->format, &format));
	const struct collect_input in = { .document = r->document,
		.external = r->external,
		.nexternal = r->nexternal,
		.password = r->password,
		.extra = r->extra,
		.keys = r->keys,
		.nkeys = r->nkeys,
		.dotnet_enveloped = r->dotnet_enveloped };
	struct facts facts = { 0 };
	uint8_t hash[DIGEST_MAX];
	TRY(format->collect(&in, &facts));
	const uint8_t *given = content_hash(r);
	const struct case_file c = { .facts = &facts,
		.sha256 = given != NULL   ? given
			  : facts.hashed ? facts.document_sha256
					 : hash,
		.len = r->document.len };
	struct err *e = NULL;
	if (c.sha256 == hash)
		e = digest_of(DIGEST_SHA256, r->document, hash);
	if (e == NULL && r->out_of_pdf)
		e = findings_add(&facts.findings, false, "pdf-rest-not-seen",
		    "%s", "");
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
	const struct format *format = by_name(name);
	if (format == NULL || hash.len != 32)
		return err_new(ERR_MALFORMED, NULL, "facts of no document");
	TRY(facts_unpack(inner, &facts));
	facts.format = format->name;
	const struct case_file c = { .facts = &facts,
		.sha256 = hash.ptr,
		.len = (size_t)len };
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

/* ---- sign ---- */

static struct err *
choose_alg(
    const struct prepare_request *r, const struct cert *c, struct sig_alg *out)
{
	struct sig_alg alg = { .form = r->form, .digest = r->digest };
	bool fits = false;
	switch (r->form) {
	case SIG_RSA_PSS:
		alg.mgf1 = r->digest;
		alg.salt_len = (int)digest_len(r->digest);
		fits = cert_key_alg(c) == KEY_RSA;
		break;
	case SIG_RSA_PKCS1:
		fits = cert_key_alg(c) == KEY_RSA;
		break;
	case SIG_ECDSA:
		fits = cert_key_alg(c) == KEY_EC;
		break;
	case SIG_EDDSA:
		alg.digest = DIGEST_NONE;
		fits = cert_key_alg(c) == KEY_ED25519;
		break;
	case SIG_ED448:
	case SIG_DSA:
	case SIG_NONE:
		break;
	}
	if (!fits)
		return err_coded(err_new(ERR_USAGE, NULL,
				     "the algorithm does not fit the key"),
		    "algorithm-not-of-key");
	*out = alg;
	return NULL;
}

/* Made with what is safe today; judged is everything. */
static struct err *
check_digest(enum digest_alg alg)
{
	switch (alg) {
	case DIGEST_SHA256:
	case DIGEST_SHA384:
	case DIGEST_SHA512:
	case DIGEST_SHA512_256:
	case DIGEST_SHA3_256:
	case DIGEST_SHA3_384:
	case DIGEST_SHA3_512:
		return NULL;
	default:
		return err_coded(err_new(ERR_USAGE, NULL,
				     "no digest algorithm to sign with"),
		    "algorithm-weak-digest");
	}
}

static struct err *
wrap_state(const struct format *f, struct prepared *p)
{
	CLEANUP(buf_done) struct buf wrapped = BUF(STATE_MAX + 64);
	TRY(pack_str(&wrapped, STATE_TAG_FORMAT, f->name));
	TRY(pack_bytes(&wrapped, STATE_TAG_STATE, buf_bytes(&p->state)));
	buf_done(&p->state);
	p->state = buf_move(&wrapped);
	return NULL;
}

/* Hands on what a format prepared, under its name. */
static struct err *
give_prepared(const struct format *f, struct prepared *p, struct prepared *out)
{
	struct err *e = wrap_state(f, p);
	if (e != NULL) {
		prepared_done(p);
		return e;
	}
	*out = *p;
	return NULL;
}

/* What was asked for and another format alone has would be left undone. */
static struct err *
check_options(const struct prepare_request *r, const struct format *f)
{
	bool strange = f == &format_pdf ? r->xml.len > 0 || r->cms.len > 0
					: r->pdf.len > 0;
	if ((f == &format_xml && r->xml.len == 0 && r->cms.len > 0) ||
	    (f == &format_cms && r->cms.len == 0 && r->xml.len > 0))
		strange = true;
	return strange ? err_coded(err_new(ERR_USAGE, NULL,
				       "%s has no such options", f->name),
			     "parameter")
		       : NULL;
}

/* Only the format that is used has its parameters read. */
static struct err *
prepare_by(const struct prepare_request *r, const struct format *f,
    struct sign_params *params, struct prepared *out)
{
	CLEANUP(pdf_params_freep) struct pdf_params *pdf = NULL;
	CLEANUP(xml_params_freep) struct xml_params *xml = NULL;
	CLEANUP(cms_params_freep) struct cms_params *cms = NULL;
	TRY(check_options(r, f));
	if (f == &format_pdf && r->pdf.len > 0)
		TRY(pdf_params_unpack(r->pdf, &pdf));
	if (f == &format_xml && r->xml.len > 0)
		TRY(xml_params_unpack(r->xml, &xml));
	if (f == &format_cms && r->cms.len > 0)
		TRY(cms_params_unpack(r->cms, &cms));
	params->cms = cms;
	params->pdf = pdf;
	params->xml = xml;
	return f->prepare(r->document, params, out);
}

static struct err *
prepare_with(const struct prepare_request *r, const struct format *f,
    struct sign_params *params, const struct cert_list *chain,
    struct prepared *out)
{
	struct prepared p = { 0 };
	TRY(check_digest(r->digest));
	TRY(choose_alg(r, params->cert, &params->alg));
	params->chain = chain;
	TRY(prepare_by(r, f, params, &p));
	return give_prepared(f, &p, out);
}

/* Above T nothing can be signed at once: evidence is about what exists. */
static struct err *
check_level(const struct prepare_request *r, const struct format *f)
{
	if (r->level > LEVEL_T)
		return err_new(ERR_USAGE, NULL, "sign at T, then extend");
	if (r->level == LEVEL_T && f->stamp == NULL)
		return err_coded(err_new(ERR_UNSUPPORTED, NULL,
				     "no time stamps in %s", f->name),
		    "level-unsupported");
	return NULL;
}

struct err *
job_prepare(const struct prepare_request *r, struct prepared *out)
{
	const struct format *f;
	TRY(job_format(r->document, r->format, &f));
	if (f->prepare == NULL)
		return err_coded(err_new(ERR_UNSUPPORTED, NULL,
				     "signing as %s is not done", f->name),
		    "format-not-signed");
	TRY(check_level(r, f));
	CLEANUP(cert_freep) struct cert *cert = NULL;
	TRY(cert_parse(r->cert, &cert));
	struct cert_list chain = { 0 };
	struct err *e = NULL;
	for (size_t i = 0; i < r->nchain && e == NULL; i++)
		e = cert_list_add_der(&chain, r->chain[i]);
	struct sign_params params = { .cert = cert,
		.level = r->level == LEVEL_NONE ? LEVEL_B : r->level,
		.stamp_room = r->stamp_room,
		.time = r->time,
		.reason = r->reason,
		.location = r->location,
		.field = r->field,
		.role = r->role,
		.commitment = r->commitment,
		.policy = r->policy.oid == NULL ? NULL : &r->policy,
		.password = r->password };
	if (e == NULL)
		e = prepare_with(r, f, &params, &chain, out);
	cert_list_done(&chain);
	return e;
}

static struct err *
unwrap_state(struct bytes state, const struct format **f, struct bytes *inner)
{
	struct unpack u = unpack_of(state);
	struct bytes name;
	TRY(unpack_bytes(&u, STATE_TAG_FORMAT, &name));
	TRY(unpack_bytes(&u, STATE_TAG_STATE, inner));
	TRY(unpack_end(&u));
	*f = by_name(name);
	if (*f == NULL || (*f)->embed == NULL)
		return err_new(ERR_MALFORMED, NULL, "a state of no format");
	return NULL;
}

struct err *
job_stamp(struct bytes state, struct bytes value, enum digest_alg alg,
    uint8_t digest[DIGEST_MAX])
{
	const struct format *f;
	struct bytes inner;
	TRY(unwrap_state(state, &f, &inner));
	TRY(check_digest(alg));
	if (f->stamp == NULL)
		return err_new(
		    ERR_MALFORMED, NULL, "a state without time stamp");
	return f->stamp(inner, value, alg, digest);
}

struct err *
job_embed(struct bytes state, struct bytes value, struct bytes token,
    struct insertion *out)
{
	const struct format *f;
	struct bytes inner;
	TRY(unwrap_state(state, &f, &inner));
	return f->embed(inner, value, token, out);
}

/* Evidence that came unread is read here, in the sandbox. */
static struct err *
extend_with(const struct format *f, const struct extend_request *r,
    struct prepared *out)
{
	CLEANUP(cert_list_done) struct cert_list all = { 0 };
	const struct evidence *v = &r->evidence;
	struct extend_request whole = *r;
	if (v->nders == 0)
		return f->extend(r, out);
	for (size_t i = 0; v->certs != NULL && i < v->certs->n; i++)
		TRY(cert_list_add(&all, v->certs->v[i]));
	for (size_t i = 0; i < v->nders; i++)
		TRY(cert_list_add_der(&all, v->ders[i]));
	whole.evidence.certs = &all;
	whole.evidence.nders = 0;
	return f->extend(&whole, out);
}

struct err *
job_extend(
    const char *format, const struct extend_request *r, struct prepared *out)
{
	const struct format *f;
	TRY(job_format(r->document, format, &f));
	if (f->extend == NULL)
		return err_coded(err_new(ERR_UNSUPPORTED, NULL,
				     "extending %s is not done", f->name),
		    "level-unsupported");
	if (r->level < LEVEL_T)
		return err_new(ERR_USAGE, NULL, "extend to T, LT or LTA");
	TRY(check_digest(r->stamp_alg));
	struct prepared p = { 0 };
	TRY(extend_with(f, r, &p));
	return give_prepared(f, &p, out);
}
