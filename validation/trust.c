#include "validation/internal.h"

#include <openssl/x509v3.h>

/* Which of two bad paths says more: one that was found, and found wanting. */
static int
weight(enum path_result r)
{
	switch (r) {
	case PATH_OK:
		return 3;
	case PATH_NO_CHAIN:
		return 0;
	case PATH_BAD:
		return 1;
	default:
		return 2;
	}
}

/* A path that is asked for. */
struct wanted {
	struct cert *leaf;
	int64_t time; /* seconds */
	enum status_wanted status;
	const char *purpose; /* NULL: any */
};

/* The best path to any domain of trust; *domain names it if it is good. */
static struct err *
best_path(const struct judging *j, struct wanted w, struct path *out,
    const char **domain)
{
	bool have = false;
	*domain = NULL;
	for (size_t i = 0; i < j->r->ndomains; i++) {
		const struct path_request r = { .leaf = w.leaf,
			.pool = &j->pool,
			.anchors = &j->r->domains[i].anchors,
			.time = w.time,
			.status = w.status,
			.status_data = j->status,
			.nstatus_data = j->nstatus,
			.purpose = w.purpose };
		struct path p = { 0 };
		struct err *e = path_build(&r, &p);
		if (e != NULL) {
			path_done(out);
			*out = (struct path){ 0 };
			return e;
		}
		if (have && weight(p.result) <= weight(out->result)) {
			path_done(&p);
			continue;
		}
		path_done(out);
		*out = p;
		have = true;
		*domain = p.result == PATH_OK ? j->r->domains[i].name : NULL;
		if (p.result == PATH_OK)
			break;
	}
	if (!have)
		*out = (struct path){ .result = PATH_NO_CHAIN,
			.revoked_at = TIME_NONE };
	return NULL;
}

/*
 * A time stamp proves something only if its authority is trusted at the time
 * of validation: a key of one that ended may be anybody's by now.
 */
static struct err *
is_trusted_stamp(
    const struct judging *j, const struct timestamp_fact *t, bool *out)
{
	*out = false;
	if (t->digest != CHECK_PASSED || t->signature != CHECK_PASSED ||
	    t->tsa == NULL)
		return NULL;
	if (!j->r->policy->check_path) {
		*out = true;
		return NULL;
	}
	struct path p = { 0 };
	const char *domain;
	const struct wanted w = { .leaf = t->tsa,
		.time = j->r->time,
		.status = j->r->policy->status,
		.purpose = "timestamp" };
	TRY(best_path(j, w, &p, &domain));
	*out = p.result == PATH_OK;
	path_done(&p);
	return NULL;
}

struct err *
judge_time(const struct judging *j, struct signature_verdict *v)
{
	v->best_time = j->r->time;
	bool untrusted = false;
	for (size_t i = 0; i < v->fact->ntimestamps; i++) {
		const struct timestamp_fact *t = &v->fact->timestamps[i];
		bool good;
		TRY(is_trusted_stamp(j, t, &good));
		untrusted = untrusted || !good;
		if (good && t->time <= v->best_time) {
			v->best_time = t->time;
			v->stamped = true;
		}
	}
	if (untrusted)
		TRY(findings_add(
		    &v->notes, false, "timestamp-not-used", "%s", ""));
	return NULL;
}

/*
 * EN 319 102-1 5.5.4: a revocation counts from when it was made.  Without a
 * time stamp from before it nothing shows that the signature is older; one
 * that claims to be younger has condemned itself.
 */
static bool
judge_revoked(struct signature_verdict *v)
{
	const struct signature_fact *f = v->fact;
	if (v->path.failed_at > 0)
		return decide(
		    v, INDETERMINATE, SUB_REVOKED_NO_POE, "issuer-revoked");
	if (f->claimed_time != TIME_NONE && v->path.revoked_at != TIME_NONE &&
	    f->claimed_time >= v->path.revoked_at)
		return decide(v, TOTAL_FAILED, SUB_REVOKED,
		    "certificate-revoked-before-signing");
	return decide(
	    v, INDETERMINATE, SUB_REVOKED_NO_POE, "certificate-revoked");
}

static bool
judge_result(struct signature_verdict *v)
{
	switch (v->path.result) {
	case PATH_OK:
		return false;
	case PATH_NO_CHAIN:
		return decide(v, INDETERMINATE, SUB_NO_CERTIFICATE_CHAIN_FOUND,
		    "issuer-not-trusted");
	case PATH_EXPIRED:
		return decide(v, INDETERMINATE, SUB_OUT_OF_BOUNDS_NO_POE,
		    v->path.failed_at == 0 ? "certificate-expired"
					   : "issuer-expired");
	case PATH_NOT_YET:
		/* A stamp from before the certificate's time is proof. */
		if (v->stamped && v->path.failed_at == 0)
			return decide(v, TOTAL_FAILED, SUB_NOT_YET_VALID,
			    "certificate-not-yet-valid");
		return decide(v, INDETERMINATE, SUB_OUT_OF_BOUNDS_NO_POE,
		    "certificate-not-yet-valid");
	case PATH_CONSTRAINTS:
		return decide(v, INDETERMINATE, SUB_CHAIN_CONSTRAINTS_FAILURE,
		    "chain-constraints");
	case PATH_REVOKED:
		return judge_revoked(v);
	case PATH_SUSPENDED:
		return decide(
		    v, INDETERMINATE, SUB_TRY_LATER, "certificate-suspended");
	case PATH_NO_STATUS:
		return decide(
		    v, INDETERMINATE, SUB_TRY_LATER, "revocation-unknown");
	case PATH_BAD:
		break;
	}
	return decide(v, INDETERMINATE, SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE,
	    "chain-broken");
}

/* RFC 5280 4.2.1.3: a certificate that says what it is for must say this. */
static bool
is_for_signing(const struct cert *c)
{
	return !cert_has_key_usage(c) ||
	       (cert_key_usage(c) &
		   (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION));
}

/* Whether what is wrong today may have been right when the time stamp was
 * made (EN 319 102-1 5.5.4). */
static bool
may_have_been_good(const struct signature_verdict *v)
{
	if (!v->stamped)
		return false;
	if (v->path.result == PATH_REVOKED)
		return v->path.revoked_at != TIME_NONE &&
		       v->path.revoked_at > v->best_time;
	return v->path.result == PATH_EXPIRED || v->path.result == PATH_NOT_YET;
}

/*
 * The path is looked at as of today, with today's revocation data; then, if a
 * time stamp gives reason to, as of the time stamp.  A revocation that came
 * after it does not touch the signature, and is told.
 */
static struct err *
find_path(const struct judging *j, struct signature_verdict *v)
{
	struct wanted w = { .leaf = v->fact->cert,
		.time = j->r->time,
		.status = j->r->policy->status,
		.purpose = is_document_stamp(v->fact) ? "timestamp" : NULL };
	TRY(best_path(j, w, &v->path, &v->domain));
	if (!may_have_been_good(v))
		return NULL;
	bool revoked_later = v->path.result == PATH_REVOKED;
	struct path then = { 0 };
	const char *domain;
	w.time = v->best_time;
	if (revoked_later)
		w.status = STATUS_IGNORE;
	TRY(best_path(j, w, &then, &domain));
	path_done(&v->path);
	v->path = then;
	v->domain = domain;
	if (!revoked_later || then.result != PATH_OK)
		return NULL;
	v->path.status_known = true; /* today's data tell about then, too */
	return findings_add(
	    &v->notes, false, "certificate-revoked-later", "%s", "");
}

struct err *
judge_path(const struct judging *j, struct signature_verdict *v, bool *decided)
{
	TRY(find_path(j, v));
	if (v->path.result == PATH_OK && v->stamped &&
	    v->best_time < cert_not_before(v->fact->cert))
		*decided = decide(v, TOTAL_FAILED, SUB_NOT_YET_VALID,
		    "certificate-not-yet-valid");
	else if (judge_result(v))
		*decided = true;
	else if (!is_for_signing(v->fact->cert))
		*decided =
		    decide(v, INDETERMINATE, SUB_CHAIN_CONSTRAINTS_FAILURE,
			"certificate-not-for-signing");
	else if (j->r->policy->status != STATUS_IGNORE && !v->path.status_known)
		/* Not knowing is never valid: Circular 15/2025, appendix II. */
		*decided = decide(
		    v, INDETERMINATE, SUB_TRY_LATER, "revocation-unknown");
	return NULL;
}
