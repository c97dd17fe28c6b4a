#include "validation/internal.h"

#include "certs/profiles.h"

#include <stdlib.h>
#include <string.h>

/* A claimed time may be ahead of us by a wrong clock, not by more. */
#define CLOCK_ERROR ((int64_t)24 * 3600) /* seconds */

bool
is_document_stamp(const struct signature_fact *f)
{
	return f->ntimestamps > 0 && f->timestamps[0].document &&
	       f->timestamps[0].tsa != NULL && f->cert != NULL &&
	       cert_eq(f->timestamps[0].tsa, f->cert);
}

/* decide sets the verdict, and says that it is decided. */
static bool
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

/* What keeps us from judging says nothing against the signature; and what is
 * wrong, but not with the format, has a name of its own in EN 319 102-1. */
static enum sub_indication
undecided(const char *code)
{
	static const struct {
		const char *code;
		enum sub_indication sub;
	} rows[] = {
		{ "xml-hmac", SUB_NO_SIGNING_CERTIFICATE_FOUND },
		{ "xml-hmac-short", SUB_CRYPTO_CONSTRAINTS_FAILURE },
		{ "xml-limit", SUB_GENERIC },
		{ "xml-no-key", SUB_NO_SIGNING_CERTIFICATE_FOUND },
		{ "xml-unsupported", SUB_GENERIC },
		{ "xml-nothing-signed", SUB_SIGNED_DATA_NOT_FOUND },
		{ "xml-type", SUB_SIGNED_DATA_NOT_FOUND },
		{ "cms-digest-forbidden", SUB_CRYPTO_CONSTRAINTS_FAILURE },
		{ "pdf-permissions-raised", SUB_SIG_CONSTRAINTS_FAILURE },
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

/* A bare key (KeyValue in XML) is enough where nobody asks whose. */
static bool
check_certificate(const struct judging *j, struct signature_verdict *v)
{
	bool whose_matters =
	    j->r->policy->check_path || v->fact->signature == CHECK_NOT_DONE;
	if (v->fact->cert == NULL && whose_matters)
		return decide(v, INDETERMINATE,
		    SUB_NO_SIGNING_CERTIFICATE_FOUND,
		    "signer-certificate-missing");
	return false;
}

static bool
check_format(const struct judging *j, struct signature_verdict *v)
{
	const char *code = fatal_code(&v->fact->findings);
	if (code == NULL)
		code = fatal_code(&j->r->facts->findings);
	if (code == NULL && j->r->policy->simple_is_one &&
	    has_finding(&j->r->facts->findings, "asic-not-simple"))
		code = "asic-not-simple";
	if (code == NULL)
		return false;
	if (undecided(code) != SUB_NONE)
		return decide(v, INDETERMINATE, undecided(code), code);
	return decide(v, TOTAL_FAILED, SUB_FORMAT_FAILURE, code);
}

/* Whether all references that came out so are over files that were given. */
static bool
all_outside(const struct signature_fact *f, enum check c)
{
	bool outside = true;
	for (size_t i = 0; i < f->nreferences; i++)
		if (f->references[i].digest == c)
			outside = outside && f->references[i].outside;
	return outside;
}

static size_t
count_references(const struct signature_fact *f, enum check c)
{
	size_t n = 0;
	for (size_t i = 0; i < f->nreferences; i++)
		n += f->references[i].digest == c;
	return n;
}

/* What is wrong outweighs what could not be looked at. */
static bool
check_digests(const struct judging *j, struct signature_verdict *v)
{
	const struct signature_fact *f = v->fact;
	(void)j;
	if (count_references(f, CHECK_FAILED) > 0)
		return decide(v, TOTAL_FAILED, SUB_HASH_FAILURE,
		    all_outside(f, CHECK_FAILED) ? "given-file-differs"
						 : "hash-failure");
	if (f->signature == CHECK_FAILED)
		return false; /* told by the next */
	if (f->nreferences == 0)
		return decide(v, INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND,
		    "nothing-signed");
	if (count_references(f, CHECK_PASSED) != f->nreferences)
		return decide(v, INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND,
		    count_references(f, CHECK_NOT_DONE) == f->nreferences &&
			    all_outside(f, CHECK_NOT_DONE)
			? "content-missing"
			: "signed-data-missing");
	return false;
}

static bool
check_value(const struct judging *j, struct signature_verdict *v)
{
	(void)j;
	if (v->fact->signature == CHECK_FAILED)
		return decide(
		    v, TOTAL_FAILED, SUB_SIG_CRYPTO_FAILURE, "signature-wrong");
	if (v->fact->signature != CHECK_PASSED)
		return decide(
		    v, INDETERMINATE, SUB_GENERIC, "signature-not-checked");
	return false;
}

/* What came after the signature must be of a kind that it permits. */
static bool
check_changes(const struct judging *j, struct signature_verdict *v)
{
	const struct signature_fact *f = v->fact;
	(void)j;
	if (f->changes > f->allowed)
		return decide(v, TOTAL_FAILED, SUB_FORMAT_FAILURE,
		    "changed-after-signing");
	return false;
}

/* EN 319 102-1 5.2.3.4: the attribute names the signer's certificate. */
static bool
check_binding(const struct judging *j, struct signature_verdict *v)
{
	if (j->r->policy->binding != BINDING_TOLD &&
	    v->fact->cert_binding == CHECK_FAILED)
		return decide(v, INDETERMINATE,
		    SUB_NO_SIGNING_CERTIFICATE_FOUND,
		    "signer-certificate-not-bound");
	return false;
}

static const struct known_policy *
known_policy(const struct policy *p, const struct policy_fact *f)
{
	for (size_t i = 0; i < p->nknown; i++)
		if (f->id != NULL && strcmp(p->known[i].id, f->id) == 0)
			return &p->known[i];
	return NULL;
}

/* Named with another digest it is another document.  A digest by an algorithm
 * that the policy does not state cannot be compared. */
static bool
is_same_document(const struct known_policy *k, const struct policy_fact *f)
{
	return k->alg == DIGEST_NONE ||
	       (k->alg == f->alg && f->digest_len == digest_len(k->alg) &&
		   memcmp(k->digest, f->digest, f->digest_len) == 0);
}

/* EN 319 102-1 5.2.4: the signature policy that was signed along.  An implied
 * one is known from elsewhere, so that nothing can be looked up. */
static bool
check_signature_policy(const struct judging *j, struct signature_verdict *v)
{
	const struct policy *p = j->r->policy;
	const struct policy_fact *f = &v->fact->policy;
	if (p->signature_policy == SIGNATURE_POLICY_TOLD ||
	    is_document_stamp(v->fact))
		return false;
	if (f->named == POLICY_UNREADABLE)
		return decide(v, INDETERMINATE, SUB_POLICY_PROCESSING_ERROR,
		    "signature-policy-unreadable");
	if (f->named == POLICY_NOT_NAMED)
		return p->signature_policy == SIGNATURE_POLICY_REQUIRED &&
		       decide(v, INDETERMINATE, SUB_SIG_CONSTRAINTS_FAILURE,
			   "signature-policy-required");
	if (f->named == POLICY_IMPLIED)
		return false;
	const struct known_policy *k = known_policy(p, f);
	if (k == NULL)
		return decide(v, INDETERMINATE,
		    SUB_SIGNATURE_POLICY_NOT_AVAILABLE,
		    "signature-policy-unknown");
	if (!is_same_document(k, f))
		return decide(v, INDETERMINATE, SUB_POLICY_PROCESSING_ERROR,
		    "signature-policy-differs");
	return false;
}

/* EN 319 102-1 5.2.8: what the policy wants to be signed along. */
static bool
check_constraints(const struct judging *j, struct signature_verdict *v)
{
	const struct policy *p = j->r->policy;
	if (is_document_stamp(v->fact))
		return false;
	if (p->binding == BINDING_REQUIRED &&
	    v->fact->cert_binding == CHECK_NOT_DONE)
		return decide(v, INDETERMINATE, SUB_SIG_CONSTRAINTS_FAILURE,
		    "signer-certificate-not-signed");
	if (p->need_stamp && !v->stamped)
		return decide(v, INDETERMINATE, SUB_SIG_CONSTRAINTS_FAILURE,
		    "timestamp-required");
	return false;
}

static struct err *
note_changes(struct signature_verdict *v)
{
	const struct signature_fact *f = v->fact;
	if (covers_part(f) && strcmp(v->code, "valid-in-part") != 0)
		TRY(note(v, "covers-part"));
	if (f->changes == CHANGE_FORM && f->changes <= f->allowed)
		TRY(note(v, "changed-form"));
	if (f->changes == CHANGE_ANNOTATION && f->changes <= f->allowed)
		TRY(note(v, "changed-annotation"));
	return NULL;
}

static struct err *
note_algorithms(const struct judging *j, struct signature_verdict *v)
{
	const struct policy *p = j->r->policy;
	const char *code = policy_form_note(p, v->fact->alg.form);
	struct policy *safe = NULL;
	if (p->check_algorithms) {
		struct strength s = strength_of_signature(p, v->fact);
		if (v->indication == TOTAL_PASSED && s.until < j->r->time)
			TRY(note(v, "algorithm-legacy"));
		return code == NULL ? NULL : note(v, code);
	}
	/* Told by what is accepted elsewhere. */
	TRY(policy_load("basic", &safe));
	struct strength s = strength_of_signature(safe, v->fact);
	policy_free(safe);
	return s.until == NEVER_ENDS ? NULL : note(v, s.code);
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
	/* A digest does not show its keyholder what it is of. */
	if (f->cert != NULL && cert_has_eku(f->cert, OID_RECEIPT_SEAL))
		TRY(note(v, "seal-receipts-only"));
	TRY(note_algorithms(j, v));
	TRY(note_changes(v));
	if (f->claimed_time != TIME_NONE &&
	    f->claimed_time > v->best_time + CLOCK_ERROR)
		TRY(note(v, "claimed-time-late"));
	return NULL;
}

/* The steps before trust is looked at, in the order taken.  EN 319 102-1 looks
 * at the path before the value; we look at the value first: what is broken is
 * broken whoever signed it, and a path costs more. */
static const struct check_row {
	enum rule rule;
	const char *clause;
	bool (*check)(const struct judging *, struct signature_verdict *);
	const char *holds;
} basic_checks[] = {
	{ RULE_FORMAT, "5.2.2", check_format, "the format is kept" },
	{ RULE_CERTIFICATE, "5.2.3", check_certificate,
	    "the signer's certificate is there" },
	{ RULE_DIGEST, "5.2.7", check_digests, "digests fit what is signed" },
	{ RULE_VALUE, "5.2.7", check_value, "the value fits the key" },
	{ RULE_CHANGES, "5.2.2", check_changes,
	    "what came after signing is permitted" },
	{ RULE_BINDING, "5.2.3.4", check_binding,
	    "no other certificate is named" },
	{ RULE_SIGNATURE_POLICY, "5.2.4", check_signature_policy,
	    "its signature policy is no obstacle" },
	{ RULE_CONSTRAINTS, "5.2.8", check_constraints,
	    "what the policy wants is there" },
};

static struct err *
run_check(const struct judging *j, struct signature_verdict *v,
    const struct check_row *row, bool *decided)
{
	struct proof_step step = { .rule = row->rule,
		.clause = row->clause,
		.cert = row->rule == RULE_CERTIFICATE ? v->fact->cert : NULL,
		.status = NO_INDEX,
		.stamp = NO_INDEX,
		.time = TIME_NONE };
	char evidence[EVIDENCE_MAX];
	*decided = row->check(j, v);
	if (!*decided)
		return proof_add(&v->proof, step, "%s", row->holds);
	step.indication = v->indication;
	step.sub = v->sub;
	step.code = v->code;
	if (row->rule == RULE_VALUE || row->rule == RULE_BINDING)
		step.cert = v->fact->cert;
	evidence_of(j, v, row->rule, evidence);
	return proof_add(&v->proof, step, "%s", evidence);
}

/* The newest time stamp by whom is trusted on content before it was signed. */
static size_t
content_stamp(const struct signature_verdict *v)
{
	size_t best = NO_INDEX;
	for (size_t i = 0; i < v->nstamps; i++)
		if (v->stamps[i].indication == TOTAL_PASSED &&
		    stamp_kind_of(v->stamps[i].fact) == STAMP_CONTENT &&
		    (best == NO_INDEX || v->stamps[i].fact->time >
					     v->stamps[best].fact->time))
			best = i;
	return best;
}

/* The one that the best-signature-time is of. */
static size_t
best_stamp(const struct signature_verdict *v)
{
	for (size_t i = 0; v->stamped && i < v->nstamps; i++)
		if (v->stamps[i].indication == TOTAL_PASSED &&
		    covers_signature(v->stamps[i].fact) &&
		    v->stamps[i].fact->time == v->best_time)
			return i;
	return NO_INDEX;
}

static struct subject
subject_of(const struct judging *j, struct signature_verdict *v)
{
	size_t content = content_stamp(v);
	return (struct subject){ .cert = v->fact->cert,
		.purpose = is_document_stamp(v->fact) ? "timestamp" : NULL,
		.best = v->best_time,
		.stamped = v->stamped,
		.not_before = content == NO_INDEX
				  ? TIME_NONE
				  : v->stamps[content].fact->time,
		.younger_by = content,
		.older_by = best_stamp(v),
		.proofs = proofs_of(j, v),
		.fact = v->fact,
		.index = NO_INDEX,
		.proof = &v->proof };
}

static struct err *
note_conclusion(struct signature_verdict *v, const struct conclusion *c)
{
	if (v->indication != TOTAL_PASSED)
		return NULL;
	if (c->revoked_since)
		TRY(note(v, "certificate-revoked-later"));
	if (c->expired_since)
		TRY(note(v, "certificate-expired-later"));
	return NULL;
}

/* A step for what was decided by the time stamps. */
static struct err *
tell_stamps(struct signature_verdict *v, size_t stamp, const char *why)
{
	const struct proof_step step = { .rule = RULE_STAMP,
		.clause = "5.5.4",
		.indication = v->indication,
		.sub = v->sub,
		.code = v->code,
		.cert = v->stamps[stamp].fact->tsa,
		.status = NO_INDEX,
		.stamp = stamp,
		.time = v->stamps[stamp].fact->time };
	return proof_add(&v->proof, step, "%s", why);
}

static struct err *
judge_trust(struct judging *j, struct signature_verdict *v)
{
	const struct subject s = subject_of(j, v);
	struct conclusion c = { 0 };
	size_t open = NO_INDEX;
	if (v->fact->cert == NULL)
		return NULL;
	TRY(judge_subject(j, &s, &c));
	decide(v, c.indication, c.sub, with_open_stamp(v, c.code, &open));
	if (open != NO_INDEX && strcmp(v->code, c.code) != 0)
		TRY(tell_stamps(v, open,
		    "it could not be judged whether it is to be believed"));
	v->path = c.path;
	v->domain = c.domain;
	return note_conclusion(v, &c);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Until when nothing more is needed: the end of the last certificate and of the
 * algorithms on which the proof of its time rests. */
static int64_t
holds_until(const struct judging *j, const struct signature_verdict *v)
{
	const struct policy *p = j->r->policy;
	const struct stamp_verdict *last = NULL;
	if (v->indication != TOTAL_PASSED || v->fact->cert == NULL)
		return TIME_NONE;
	for (size_t i = 0; i < v->nstamps; i++)
		if (v->stamps[i].indication == TOTAL_PASSED &&
		    (last == NULL ||
			v->stamps[i].fact->time >= last->fact->time))
			last = &v->stamps[i];
	int64_t end =
	    cert_not_after(last == NULL ? v->fact->cert : last->fact->tsa);
	if (!p->check_algorithms)
		return end;
	return earlier(end, last == NULL
				? strength_of_signature(p, v->fact).until
				: strength_of_stamp(p, last->fact).until);
}

/* As of a time in the past, an archive time stamp of today is not there yet. */
static bool
came_later(const struct judging *j, const struct signature_fact *f)
{
	return is_document_stamp(f) && f->timestamps[0].time > j->r->time &&
	       f->timestamps[0].time <= j->r->now;
}

static struct err *
judge_one(struct judging *j, struct signature_verdict *v)
{
	bool decided = false;
	size_t late = NO_INDEX;
	decide(v, TOTAL_PASSED, SUB_NONE, j->r->policy->passed);
	TRY(judge_stamps(j, v, &late));
	for (size_t i = 0; !decided && i < COUNT_OF(basic_checks); i++)
		TRY(run_check(j, v, &basic_checks[i], &decided));
	if (!decided && came_later(j, v->fact)) {
		decided =
		    decide(v, INDETERMINATE, SUB_GENERIC, "timestamp-later");
		TRY(tell_stamps(v, 0, "it is from after the time asked for"));
	}
	if (!decided)
		TRY(judge_trust(j, v));
	if (v->indication == TOTAL_PASSED && late != NO_INDEX) {
		decide(v, INDETERMINATE, SUB_TIMESTAMP_ORDER_FAILURE,
		    "timestamps-contradict");
		TRY(tell_stamps(
		    v, late, "it is later than one that it came before"));
	}
	if (v->indication == TOTAL_PASSED)
		v->code = passed_code(j->r->policy, v->fact);
	else if (is_document_stamp(v->fact))
		call_stamp(v);
	v->holds_until = holds_until(j, v);
	/* The time of a time stamp is its own. */
	if (v->indication == TOTAL_PASSED && is_document_stamp(v->fact)) {
		v->best_time = v->fact->timestamps[0].time;
		v->stamped = true;
	}
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

/*
 * A time stamp that is not valid proves nothing, and takes nothing from the
 * signatures: without it the file would be judged the same (EN 319 102-1 5.5.4,
 * 5.6.2.3).  So it decides only where nobody signed, and of several those that
 * count at the time asked for.
 */
static bool
may_decide(const struct judging *j, const struct signature_verdict *v)
{
	const struct facts *f = j->r->facts;
	if (!v->fact->stamp)
		return true;
	for (size_t i = 0; i < f->nsignatures; i++)
		if (!f->signatures[i].stamp)
			return false;
	return strcmp(v->code, "timestamp-later") != 0 ||
	       v->fact == &f->signatures[0];
}

static struct err *
judge_all(struct judging *j, struct verdict *out)
{
	const struct facts *f = j->r->facts;
	bool any = false;
	for (size_t i = 0; i < f->nsignatures; i++) {
		struct signature_verdict *v = &out->signatures[i];
		out->nsignatures = i + 1;
		*v = (struct signature_verdict){ .fact = &f->signatures[i] };
		TRY(judge_one(j, v));
		if (may_decide(j, v) &&
		    (!any || v->indication > out->indication ||
			says_more(j, v, out))) {
			any = true;
			out->indication = v->indication;
			out->sub = v->sub;
			out->code = v->code;
			out->decisive = i;
		}
	}
	return NULL;
}

static void
judging_done(struct judging *j)
{
	for (size_t i = 0; i < j->npaths; i++)
		path_done(&j->paths[i].path);
	free(j->paths);
	status_forget(j);
	cert_list_done(&j->pool);
}

static struct err *
judge_whole(const struct validation_request *r, struct verdict *out)
{
	CLEANUP(judging_done) struct judging j = { .r = r, .verdict = out };
	TRY(status_gather(&j));
	TRY(gather_pool(r, &j.pool));
	return judge_all(&j, out);
}

struct err *
validate(const struct validation_request *r, struct verdict *out)
{
	CLEANUP(verdict_done)
	struct verdict v = { .indication = INDETERMINATE,
		.sub = SUB_NONE,
		.code = r->facts->unreadable == NULL
			    ? "no-signature"
			    : r->facts->findings.v[0].code,
		.policy = r->policy,
		.time = r->time };
	v.signatures =
	    calloc(r->facts->nsignatures + 1, sizeof(v.signatures[0]));
	if (v.signatures == NULL)
		return err_new(ERR_NOMEM, NULL, "verdicts");
	TRY(judge_whole(r, &v));
	*out = v;
	v = (struct verdict){ 0 };
	return NULL;
}

static void
signature_done(struct signature_verdict *v)
{
	for (size_t i = 0; i < v->nstamps; i++)
		path_done(&v->stamps[i].path);
	free(v->stamps);
	path_done(&v->path);
	findings_done(&v->notes);
	proof_done(&v->proof);
}

void
verdict_done(struct verdict *v)
{
	for (size_t i = 0; i < v->nsignatures; i++)
		signature_done(&v->signatures[i]);
	free(v->signatures);
	free(v->status);
	missing_done(&v->missing);
	*v = (struct verdict){ 0 };
}
