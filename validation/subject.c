/* One signature or time stamp: its certificate, path, status, algorithms. */
#include "validation/internal.h"

#include "certs/profiles.h"

#include <openssl/x509v3.h>
#include <string.h>

struct conclusion
concluded(enum indication i, enum sub_indication sub, const char *code)
{
	return (struct conclusion){ .indication = i,
		.sub = sub,
		.code = code,
		.status = NO_INDEX,
		.shown = NO_INDEX };
}

struct proof_step
step_of(const struct subject *s, enum rule rule, const char *clause)
{
	return (struct proof_step){ .rule = rule,
		.clause = clause,
		.status = NO_INDEX,
		.stamp = s->index,
		.time = TIME_NONE };
}

/* A step for what was concluded, about the subject's own certificate. */
static struct err *
tell_conclusion(const struct subject *s, const struct conclusion *c,
    enum rule rule, const char *clause, const char *why)
{
	struct proof_step step = step_of(s, rule, clause);
	step.cert = s->cert;
	step.time = s->best;
	step.indication = c->indication;
	step.sub = c->sub;
	step.code = c->code;
	if (c->shown != NO_INDEX)
		step.stamp = c->shown;
	return proof_add(s->proof, step, "%s", why);
}

static void
set(struct conclusion *c, enum indication i, enum sub_indication sub,
    const char *code)
{
	c->indication = i;
	c->sub = sub;
	c->code = code;
}

/*
 * EN 319 102-1 5.3.4 and 5.5.4: a revocation counts from when it was made.
 * Without a time stamp from before it nothing shows that the signature is
 * older; only a trusted time stamp over the content shows that it is younger.
 * What the signer claims shows neither.
 */
static void
conclude_revoked(
    const struct judging *j, const struct subject *s, struct conclusion *c)
{
	int64_t at = c->path.revoked_at;
	if (c->path.failed_at > 0) {
		set(c, INDETERMINATE, SUB_REVOKED_CA_NO_POE, "issuer-revoked");
	} else if (s->not_before != TIME_NONE && at != TIME_NONE &&
		   s->not_before >= at) {
		set(c, TOTAL_FAILED, SUB_REVOKED,
		    "certificate-revoked-before-signing");
		c->shown = s->younger_by;
	} else if (s->fact != NULL && s->fact->claimed_time != TIME_NONE &&
		 at != TIME_NONE && s->fact->claimed_time >= at &&
		 s->fact->claimed_time <= j->r->time) {
		set(c, INDETERMINATE, SUB_REVOKED_NO_POE,
		    "certificate-revoked-before-claimed");
	} else {
		set(c, INDETERMINATE, SUB_REVOKED_NO_POE,
		    "certificate-revoked");
	}
}

/* Which list or answer says that it was revoked.  Those of others than the
 * issuer are known to the path alone. */
static struct err *
find_accuser(struct judging *j, const struct subject *s, struct conclusion *c)
{
	size_t at = c->path.failed_at;
	struct status_found f;
	if (c->status != NO_INDEX || at + 1 >= c->path.chain.n)
		return NULL;
	TRY(status_at(j, &s->proofs, c->path.chain.v[at],
	    c->path.chain.v[at + 1], j->r->time, j->r->time, &f));
	if (f.index != NO_INDEX && f.answer.status != STATUS_GOOD)
		c->status = f.index;
	return NULL;
}

/* An authority that still speaks of who has expired says it was not revoked. */
static struct err *
conclude_expired(
    struct judging *j, const struct subject *s, struct conclusion *c)
{
	bool own = c->path.failed_at == 0;
	if (own && s->not_before != TIME_NONE &&
	    s->not_before > cert_not_after(s->cert)) {
		set(c, TOTAL_FAILED, SUB_EXPIRED,
		    "certificate-expired-before-signing");
		c->shown = s->younger_by;
		return NULL;
	}
	set(c, INDETERMINATE, SUB_OUT_OF_BOUNDS_NO_POE,
	    own ? "certificate-expired" : "issuer-expired");
	if (!own || j->r->policy->status == STATUS_IGNORE ||
	    c->path.chain.n < 2)
		return NULL;
	struct status_found f;
	TRY(status_at(j, &s->proofs, s->cert, c->path.chain.v[1],
	    cert_not_after(s->cert) + 1, j->r->time, &f));
	if (f.index != NO_INDEX && f.answer.status == STATUS_GOOD) {
		c->sub = SUB_OUT_OF_BOUNDS_NOT_REVOKED;
		c->status = f.index;
	}
	return NULL;
}

static struct err *
conclude_path(struct judging *j, const struct subject *s, struct conclusion *c)
{
	switch (c->path.result) {
	case PATH_OK:
		return NULL;
	case PATH_NO_CHAIN:
		set(c, INDETERMINATE, SUB_NO_CERTIFICATE_CHAIN_FOUND,
		    "issuer-not-trusted");
		return NULL;
	case PATH_EXPIRED:
		return conclude_expired(j, s, c);
	case PATH_NOT_YET:
		set(c, INDETERMINATE, SUB_OUT_OF_BOUNDS_NO_POE,
		    "certificate-not-yet-valid");
		return NULL;
	case PATH_CONSTRAINTS:
		set(c, INDETERMINATE, SUB_CHAIN_CONSTRAINTS_FAILURE,
		    "chain-constraints");
		return NULL;
	case PATH_REVOKED:
		conclude_revoked(j, s, c);
		return find_accuser(j, s, c);
	case PATH_SUSPENDED:
		set(c, INDETERMINATE, SUB_TRY_LATER, "certificate-suspended");
		return find_accuser(j, s, c);
	case PATH_NO_STATUS:
		set(c, INDETERMINATE, SUB_TRY_LATER, "revocation-unknown");
		return NULL;
	case PATH_BAD:
		break;
	}
	set(c, INDETERMINATE, SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE,
	    "chain-broken");
	return NULL;
}

/* RFC 5280 4.2.1.3: a certificate that says what it is for must say this. */
static bool
may_sign(const struct cert *c)
{
	return !cert_has_key_usage(c) ||
	       (cert_key_usage(c) &
		   (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION));
}

#define OID_STAMPING "1.3.6.1.5.5.7.3.8"

/* RFC 5280 4.2.1.12: what is for these alone is no person's or agency's.  Other
 * purposes are not held against it: people sign with certificates for mail and
 * for logging in. */
static bool
is_a_machine(const struct cert *c)
{
	static const char *const purposes[] = {
		"1.3.6.1.5.5.7.3.1", /* serverAuth */
		OID_STAMPING,
		"1.3.6.1.5.5.7.3.9", /* OCSPSigning */
		OID_AUDIT_CHECKPOINT,
	};
	return cert_ekus_within(c, purposes, COUNT_OF(purposes));
}

static const char *
not_known_code(const struct conclusion *c, const struct status_found *f)
{
	if (strcmp(f->answer.detail, RESPONDER_UNKNOWN) == 0)
		return "responder-status-unknown";
	if (strcmp(f->answer.detail, STATUS_WEAK) == 0)
		return "revocation-weak";
	return c->path.status_known ? "revocation-too-old"
				    : "revocation-unknown";
}

/* An answer whose responder nobody vouches for does not clear a certificate, so
 * the path does not know; but that it was revoked is believed. */
static struct err *
conclude_accused(struct judging *j, const struct subject *s,
    struct conclusion *c, size_t i, const struct status_found *f)
{
	struct proof_step step = step_of(s, RULE_REVOCATION, "5.2.6");
	bool held = f->answer.status == STATUS_SUSPENDED;
	c->path.result = held ? PATH_SUSPENDED : PATH_REVOKED;
	c->path.failed_at = i;
	c->path.revoked_at = f->answer.revoked_at;
	c->path.revocation_reason = f->answer.reason;
	c->status = f->index;
	TRY(conclude_path(j, s, c));
	step.cert = c->path.chain.v[i];
	step.status = f->index;
	step.time = f->answer.this_update;
	step.indication = c->indication;
	step.sub = c->sub;
	step.code = c->code;
	return proof_add(s->proof, step, "%s", held ? "suspended" : "revoked");
}

/* EN 319 102-1 5.2.6.4: status of each certificate, and how recent it is.  Not
 * knowing is never valid: Circular 15/2025, appendix II. */
static struct err *
conclude_status(
    struct judging *j, const struct subject *s, struct conclusion *c)
{
	const struct policy *p = j->r->policy;
	for (size_t i = 0; i + 1 < c->path.chain.n; i++) {
		struct status_found f;
		struct proof_step step = step_of(s, RULE_REVOCATION, "5.2.6");
		int64_t when = p->status_after ? s->best : j->r->time;
		TRY(status_at(j, &s->proofs, c->path.chain.v[i],
		    c->path.chain.v[i + 1], when, j->r->time, &f));
		if (f.index != NO_INDEX && f.answer.status != STATUS_GOOD)
			return conclude_accused(j, s, c, i, &f);
		step.cert = c->path.chain.v[i];
		step.status = f.index;
		step.time = f.answer.this_update;
		if (f.index == NO_INDEX &&
		    (!c->path.status_known || p->status_after ||
			p->crl_max_age_s > 0 || p->ocsp_max_age_s > 0)) {
			step.indication = INDETERMINATE;
			step.sub = SUB_TRY_LATER;
			step.code = not_known_code(c, &f);
			set(c, INDETERMINATE, SUB_TRY_LATER, step.code);
			TRY(missing_add(&j->verdict->missing,
			    c->path.chain.v[i], c->path.chain.v[i + 1]));
		}
		TRY(proof_add(s->proof, step, "%s",
		    f.index != NO_INDEX ? "not revoked"
		    : step.code != NULL ? f.answer.detail
					: "not revoked, by a list with an "
					  "issuer of its own"));
	}
	return NULL;
}

/* Which certificate it hangs on: an authority's, where that is what fails. */
static struct cert *
about(const struct subject *s, const struct path *p)
{
	return p->result != PATH_OK && p->failed_at < p->chain.n
		   ? p->chain.v[p->failed_at]
		   : s->cert;
}

static struct err *
judge_now(struct judging *j, const struct subject *s, struct conclusion *c)
{
	const struct remembered *m;
	const struct path_wish w = { .leaf = s->cert,
		.time = j->r->time,
		.status = j->r->policy->status,
		.purpose = s->purpose };
	TRY(best_path(j, w, &m));
	if (m == NULL) {
		set(c, INDETERMINATE, SUB_GENERIC, "validation-limit");
		return tell_conclusion(s, c, RULE_PATH, "5.2.6",
		    "no more paths are looked for in this document");
	}
	TRY(path_copy(&m->path, &c->path));
	c->domain = m->domain;
	TRY(conclude_path(j, s, c));
	struct proof_step step = step_of(s, RULE_PATH, "5.2.6");
	step.cert = about(s, &c->path);
	step.time = j->r->time;
	step.indication = c->indication;
	step.sub = c->sub;
	step.code = c->code;
	step.status = c->status;
	if (c->shown != NO_INDEX)
		step.stamp = c->shown;
	if (c->indication == TOTAL_PASSED)
		step.code = NULL;
	const char *more = c->domain == NULL ? c->path.detail : c->domain;
	const char *name = path_result_name(c->path.result);
	if (strcmp(more, name) == 0)
		more = "";
	TRY(proof_add(s->proof, step, "%s%s%s", name,
	    more[0] == '\0'     ? ""
	    : c->domain == NULL ? ": "
				: ", trusted by ",
	    more));
	if (c->indication == TOTAL_PASSED &&
	    j->r->policy->status != STATUS_IGNORE)
		TRY(conclude_status(j, s, c));
	return NULL;
}

/* What is wrong now, but may have been right when the signature was made. */
static bool
may_have_been_good(const struct conclusion *c)
{
	switch (c->sub) {
	case SUB_REVOKED_NO_POE:
	case SUB_REVOKED_CA_NO_POE:
	case SUB_OUT_OF_BOUNDS_NO_POE:
	case SUB_OUT_OF_BOUNDS_NOT_REVOKED:
	case SUB_TRY_LATER:
		return true;
	default:
		return false;
	}
}

/* A path that was good then replaces the one that is not good now. */
static struct err *
try_back(struct judging *j, const struct subject *s, struct conclusion *c,
    struct err *(*how)(
	struct judging *, const struct subject *, struct conclusion *, bool *))
{
	struct conclusion then =
	    concluded(TOTAL_PASSED, SUB_NONE, j->r->policy->passed);
	bool good = false;
	struct err *e = how(j, s, &then, &good);
	if (e != NULL || !good) {
		path_done(&then.path);
		return e;
	}
	path_done(&c->path);
	*c = then;
	return NULL;
}

static struct err *
go_back(struct judging *j, const struct subject *s, struct conclusion *c)
{
	if (!may_have_been_good(c) || !s->stamped)
		return NULL;
	if (s->best < cert_not_before(s->cert))
		return NULL;
	TRY(try_back(j, s, c, judge_with_time));
	if (c->indication != TOTAL_PASSED)
		TRY(try_back(j, s, c, judge_past));
	/* 5.6.2.4: what is missing for a time stamp is a proof of its age. */
	if (c->indication != TOTAL_PASSED && s->stamp != NULL)
		c->sub = SUB_NO_POE;
	return NULL;
}

/* EN 319 102-1 5.5.4: what existed before the certificate's time, by a time
 * stamp or because it is here now, cannot have been made within it. */
static struct err *
judge_beginning(const struct subject *s, struct conclusion *c)
{
	if (s->best >= cert_not_before(s->cert) ||
	    (c->indication != TOTAL_PASSED &&
		c->sub != SUB_OUT_OF_BOUNDS_NO_POE && c->sub != SUB_TRY_LATER))
		return NULL;
	set(c, TOTAL_FAILED, SUB_NOT_YET_VALID, "certificate-not-yet-valid");
	c->shown = s->older_by;
	return tell_conclusion(
	    s, c, RULE_PATH, "5.5.4", "it existed before its certificate");
}

/* RFC 5280 4.2.1.3, EN 319 102-1 5.2.6: of signers, not of who stamps. */
static struct err *
judge_use(const struct subject *s, struct conclusion *c)
{
	bool use = may_sign(s->cert);
	if (c->indication != TOTAL_PASSED || s->fact == NULL ||
	    s->purpose != NULL || (use && !is_a_machine(s->cert)))
		return NULL;
	set(c, INDETERMINATE, SUB_CHAIN_CONSTRAINTS_FAILURE,
	    use && cert_has_eku(s->cert, OID_STAMPING)
		? "timestamp-alone"
		: "certificate-not-for-signing");
	return tell_conclusion(s, c, RULE_SCOPE, "5.2.6",
	    use ? "extendedKeyUsage is for servers, time stamps or OCSP alone"
		: "keyUsage has neither digitalSignature nor nonRepudiation");
}

static struct strength
weakest(const struct judging *j, const struct subject *s,
    const struct conclusion *c)
{
	const struct policy *p = j->r->policy;
	struct strength weak = s->fact != NULL
				   ? strength_of_signature(p, s->fact)
				   : strength_of_stamp(p, s->stamp);
	for (size_t i = 0; i + 1 < c->path.chain.n; i++) {
		struct strength one = strength_of_cert(
		    p, c->path.chain.v[i], c->path.chain.v[i + 1]);
		if (one.until < weak.until)
			weak = one;
	}
	return weak;
}

/* EN 319 102-1 5.2.8.4.2, 5.5.4: strong enough when it was made, as far as
 * that is proven. */
static struct err *
judge_algorithms(
    struct judging *j, const struct subject *s, struct conclusion *c)
{
	struct strength weak = weakest(j, s, c);
	struct proof_step step = step_of(s, weak.rule, "5.2.8.4");
	step.cert = s->cert;
	if (weak.until == NEVER_ENDS)
		step.rule = RULE_DIGEST_ALG;
	else if (weak.until != TIME_NONE)
		step.time = weak.until;
	if (weak.until == TIME_NONE ||
	    (weak.until < s->best && s->not_before != TIME_NONE &&
		s->not_before > weak.until))
		set(c, INDETERMINATE, SUB_CRYPTO_CONSTRAINTS_FAILURE,
		    weak.code);
	else if (weak.until < s->best)
		set(c, INDETERMINATE, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
		    weak.code);
	else if (weak.until < j->r->time)
		step.code = "algorithm-legacy";
	if (c->indication != TOTAL_PASSED) {
		step.indication = c->indication;
		step.sub = c->sub;
		step.code = c->code;
	}
	return proof_add(s->proof, step, "%s",
	    weak.what[0] != '\0' ? weak.what : "all are strong enough");
}

struct err *
judge_subject(
    struct judging *j, const struct subject *s, struct conclusion *out)
{
	struct conclusion c =
	    concluded(TOTAL_PASSED, SUB_NONE, j->r->policy->passed);
	struct err *e = NULL;
	if (j->r->policy->check_path) {
		e = judge_now(j, s, &c);
		if (e == NULL)
			e = go_back(j, s, &c);
		if (e == NULL)
			e = judge_beginning(s, &c);
		if (e == NULL)
			e = judge_use(s, &c);
	}
	if (e == NULL && c.indication == TOTAL_PASSED &&
	    j->r->policy->check_algorithms)
		e = judge_algorithms(j, s, &c);
	if (e != NULL) {
		path_done(&c.path);
		return e;
	}
	*out = c;
	return NULL;
}
