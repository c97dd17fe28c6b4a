#include "validation/internal.h"

#include <stdlib.h>
#include <string.h>

#define RSA_BITS_MIN 2048
#define EC_BITS_MIN 256
/* A claimed time may be ahead of us by a wrong clock, not by more. */
#define CLOCK_ERROR ((int64_t)24 * 3600) /* seconds */

bool
is_document_stamp(const struct signature_fact *f)
{
	return f->ntimestamps > 0 && f->timestamps[0].document &&
	       f->timestamps[0].tsa != NULL && f->cert != NULL &&
	       cert_eq(f->timestamps[0].tsa, f->cert);
}

bool
decide(struct signature_verdict *v, enum indication indication,
    enum sub_indication sub, const char *code)
{
	v->indication = indication;
	v->sub = sub;
	v->code = code;
	return true;
}

static struct err *
note(struct signature_verdict *v, const char *code)
{
	return findings_add(&v->notes, false, code, "%s", "");
}

/* What keeps us from judging says nothing against the signature. */
static enum sub_indication
undecided(const char *code)
{
	static const struct {
		const char *code;
		enum sub_indication sub;
	} rows[] = {
		{ "xml-limit", SUB_GENERIC },
		{ "xml-no-key", SUB_NO_SIGNING_CERTIFICATE_FOUND },
		{ "xml-unsupported", SUB_GENERIC },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].code, code) == 0)
			return rows[i].sub;
	return SUB_NONE;
}

/* The first fatal finding; one that decides stands before one that does not. */
static const char *
fatal_code(const struct findings *f)
{
	const char *weak = NULL;
	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i].fatal && undecided(f->v[i].code) == SUB_NONE)
			return f->v[i].code;
		if (f->v[i].fatal && weak == NULL)
			weak = f->v[i].code;
	}
	return weak;
}

/* EN 319 102-1 5.2.2 and 5.2.3: the format, and whose signature it is. */
static bool
judge_format(const struct judging *j, struct signature_verdict *v)
{
	const char *code = fatal_code(&v->fact->findings);
	if (code == NULL)
		code = fatal_code(&j->r->facts->findings);
	if (code != NULL && undecided(code) != SUB_NONE)
		return decide(v, INDETERMINATE, undecided(code), code);
	if (code != NULL)
		return decide(v, TOTAL_FAILED, SUB_FORMAT_FAILURE, code);
	/* A bare key (KeyValue in XML) is enough where nobody asks whose. */
	bool whose_matters =
	    j->r->policy->check_path || v->fact->signature == CHECK_NOT_DONE;
	if (v->fact->cert == NULL && whose_matters)
		return decide(v, INDETERMINATE,
		    SUB_NO_SIGNING_CERTIFICATE_FOUND,
		    "signer-certificate-missing");
	return false;
}

static size_t
count_references(const struct signature_fact *f, enum check c)
{
	size_t n = 0;
	for (size_t i = 0; i < f->nreferences; i++)
		n += f->references[i].digest == c;
	return n;
}

/* EN 319 102-1 5.2.7.  What is wrong outweighs what could not be looked at. */
static bool
judge_values(struct signature_verdict *v)
{
	const struct signature_fact *f = v->fact;
	if (count_references(f, CHECK_FAILED) > 0)
		return decide(
		    v, TOTAL_FAILED, SUB_HASH_FAILURE, "hash-failure");
	if (f->signature == CHECK_FAILED)
		return decide(
		    v, TOTAL_FAILED, SUB_SIG_CRYPTO_FAILURE, "signature-wrong");
	if (f->nreferences == 0)
		return decide(v, INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND,
		    "nothing-signed");
	if (count_references(f, CHECK_PASSED) != f->nreferences)
		return decide(v, INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND,
		    "signed-data-missing");
	if (f->signature != CHECK_PASSED)
		return decide(
		    v, INDETERMINATE, SUB_GENERIC, "signature-not-checked");
	return false;
}

/* What came after the signature must be of a kind that it permits. */
static bool
judge_changes(struct signature_verdict *v)
{
	const struct signature_fact *f = v->fact;
	if (f->changes > f->allowed)
		return decide(v, TOTAL_FAILED, SUB_FORMAT_FAILURE,
		    "changed-after-signing");
	return false;
}

/* EN 319 102-1 5.2.3.4: the attribute names the signer's certificate. */
static bool
judge_binding(const struct judging *j, struct signature_verdict *v)
{
	if (j->r->policy->need_binding && v->fact->cert_binding == CHECK_FAILED)
		return decide(v, INDETERMINATE,
		    SUB_NO_SIGNING_CERTIFICATE_FOUND,
		    "signer-certificate-not-bound");
	return false;
}

static bool
is_weak_digest(enum digest_alg d)
{
	return d == DIGEST_MD5 || d == DIGEST_SHA1 || d == DIGEST_RIPEMD160 ||
	       d == DIGEST_SHA224 || d == DIGEST_SHA3_224;
}

/* Circular 15/2025/TT-BKHCN, appendix I: RSA from 2048 bits, ECDSA from 256,
 * no SHA-1, no SHA-224. */
const char *
weak_reason(const struct signature_fact *f)
{
	if (is_weak_digest(f->alg.digest))
		return "algorithm-weak-digest";
	for (size_t i = 0; i < f->nreferences; i++)
		if (is_weak_digest(f->references[i].alg))
			return "algorithm-weak-digest";
	if (f->cert == NULL)
		return NULL;
	int bits = cert_key_bits(f->cert);
	switch (cert_key_alg(f->cert)) {
	case KEY_RSA:
		return bits < RSA_BITS_MIN ? "algorithm-weak-key" : NULL;
	case KEY_EC:
		return bits < EC_BITS_MIN ? "algorithm-weak-key" : NULL;
	case KEY_ED25519:
	case KEY_ED448:
		return NULL;
	case KEY_DSA:
	case KEY_NONE:
		break;
	}
	return "algorithm-weak-key";
}

static bool
judge_algorithms(const struct judging *j, struct signature_verdict *v)
{
	const char *why = weak_reason(v->fact);
	if (j->r->policy->check_algorithms && why != NULL)
		return decide(
		    v, INDETERMINATE, SUB_CRYPTO_CONSTRAINTS_FAILURE, why);
	return false;
}

/* What a reader should know beside the verdict. */
static struct err *
add_notes(const struct judging *j, struct signature_verdict *v)
{
	const struct signature_fact *f = v->fact;
	const struct policy *p = j->r->policy;
	if (!p->check_path)
		TRY(note(v, "trust-not-checked"));
	else if (p->status == STATUS_IGNORE)
		TRY(note(v, "revocation-not-checked"));
	if (!p->check_algorithms && weak_reason(f) != NULL)
		TRY(note(v, weak_reason(f)));
	if (!f->covers_all && f->revisions == 0 && f->nreferences > 0)
		TRY(note(v, "covers-part"));
	if (f->changes == CHANGE_FORM && f->changes <= f->allowed)
		TRY(note(v, "changed-form"));
	if (f->changes == CHANGE_ANNOTATION && f->changes <= f->allowed)
		TRY(note(v, "changed-annotation"));
	if (f->claimed_time != TIME_NONE &&
	    f->claimed_time > v->best_time + CLOCK_ERROR)
		TRY(note(v, "claimed-time-late"));
	return NULL;
}

static struct err *
judge_one(const struct judging *j, struct signature_verdict *v)
{
	decide(v, TOTAL_PASSED, SUB_NONE, j->r->policy->passed);
	TRY(judge_time(j, v));
	if (judge_format(j, v) || judge_values(v) || judge_changes(v) ||
	    judge_binding(j, v))
		return add_notes(j, v);
	bool decided = false;
	if (j->r->policy->check_path)
		TRY(judge_path(j, v, &decided));
	if (!decided)
		judge_algorithms(j, v);
	return add_notes(j, v);
}

/* What a whole document brings, no more than a pool holds: a later signature
 * may bring the issuers of an earlier one. */
static struct err *
add_to_pool(const struct cert_list *from, struct cert_list *pool)
{
	for (size_t i = 0; from != NULL && i < from->n; i++)
		if (pool->n < CERT_LIST_MAX)
			TRY(cert_list_add(pool, from->v[i]));
	return NULL;
}

static struct err *
gather_pool(const struct validation_request *r, struct cert_list *out)
{
	TRY(add_to_pool(r->extra, out));
	for (size_t i = 0; i < r->facts->nsignatures; i++)
		TRY(add_to_pool(&r->facts->signatures[i].certs, out));
	return NULL;
}

static struct err *
judge_all(const struct judging *j, struct verdict *out)
{
	const struct facts *f = j->r->facts;
	for (size_t i = 0; i < f->nsignatures; i++) {
		struct signature_verdict *v = &out->signatures[i];
		out->nsignatures = i + 1;
		*v = (struct signature_verdict){ .fact = &f->signatures[i] };
		TRY(judge_one(j, v));
		if (i == 0 || v->indication > out->indication) {
			out->indication = v->indication;
			out->sub = v->sub;
			out->code = v->code;
		}
	}
	return NULL;
}

/* The facts' own revocation data stand behind those given. */
static struct err *
judge_with_status(const struct validation_request *r, struct verdict *out)
{
	size_t n = r->nstatus_data + r->facts->nstatus_data;
	struct status_data *all = calloc(n + 1, sizeof(*all));
	if (all == NULL)
		return err_new(ERR_NOMEM, NULL, "status data");
	for (size_t i = 0; i < r->nstatus_data; i++)
		all[i] = r->status_data[i];
	for (size_t i = 0; i < r->facts->nstatus_data; i++)
		all[r->nstatus_data + i] = (struct status_data){
			.der = buf_bytes(&r->facts->status_data[i]),
			.is_ocsp = r->facts->status_is_ocsp[i]
		};
	struct judging j = { .r = r, .status = all, .nstatus = n };
	struct err *e = gather_pool(r, &j.pool);
	if (e == NULL)
		e = judge_all(&j, out);
	cert_list_done(&j.pool);
	free(all);
	return e;
}

struct err *
validate(const struct validation_request *r, struct verdict *out)
{
	struct verdict v = { .indication = INDETERMINATE,
		.sub = SUB_NONE,
		.code = "no-signature",
		.policy = r->policy,
		.time = r->time };
	if (r->facts->nsignatures > 0) {
		v.signatures =
		    calloc(r->facts->nsignatures, sizeof(v.signatures[0]));
		if (v.signatures == NULL)
			return err_new(ERR_NOMEM, NULL, "verdicts");
	}
	struct err *e = judge_with_status(r, &v);
	if (e != NULL) {
		verdict_done(&v);
		return e;
	}
	*out = v;
	return NULL;
}

void
verdict_done(struct verdict *v)
{
	for (size_t i = 0; i < v->nsignatures; i++) {
		path_done(&v->signatures[i].path);
		findings_done(&v->signatures[i].notes);
	}
	free(v->signatures);
	*v = (struct verdict){ 0 };
}
