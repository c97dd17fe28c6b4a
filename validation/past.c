/*
 * What was right once: EN 319 102-1 5.5.4 (with the time that a time stamp
 * proves) and 5.6.2 (past certificate validation, sliding the time of
 * validation back).
 */
#include "validation/internal.h"

struct proofs
proofs_of(const struct judging *j, const struct signature_verdict *v)
{
	return (struct proofs){ v->stamps, v->nstamps,
		(size_t)(v->fact - j->r->facts->signatures) };
}

int64_t
poe_of(const struct proofs *p, struct status_place place, int64_t now)
{
	int64_t best = now;
	if (place.at == POSITION_LAST ||
	    (place.owner != FACTS_DOCUMENT && place.owner != p->self))
		return now;
	for (size_t i = 0; i < p->n; i++) {
		const struct stamp_verdict *s = &p->stamps[i];
		enum stamp_kind kind = stamp_kind_of(s->fact);
		if (s->indication == TOTAL_PASSED &&
		    (kind == STAMP_ARCHIVE || kind == STAMP_DOCUMENT) &&
		    place.at < s->fact->at && s->fact->time < best)
			best = s->fact->time;
	}
	return best;
}

/* The path as it was when the signature is proven to have existed. */
static struct err *
path_then(struct judging *j, const struct subject *s, struct conclusion *c,
    bool *good)
{
	const struct remembered *m;
	const struct path_wish w = { .leaf = s->cert,
		.time = s->best,
		.status = STATUS_IGNORE,
		.purpose = s->purpose };
	*good = false;
	TRY(best_path(j, w, &m));
	if (m == NULL || m->path.result != PATH_OK)
		return NULL;
	TRY(path_copy(&m->path, &c->path));
	c->path.status_known = true; /* it is looked at by the caller */
	c->domain = m->domain;
	c->expired_since = cert_not_after(s->cert) < j->r->time;
	*good = true;
	return NULL;
}

static struct err *
tell_status(const struct subject *s, const struct cert *cert,
    const struct status_found *f, bool good, const char *clause)
{
	struct proof_step step = step_of(s, RULE_REVOCATION, clause);
	step.cert = (struct cert *)(uintptr_t)cert;
	step.status = f->index;
	step.time = f->answer.this_update;
	if (!good) {
		step.indication = INDETERMINATE;
		step.sub =
		    f->index == NO_INDEX ? SUB_TRY_LATER : SUB_REVOKED_NO_POE;
	}
	return proof_add(s->proof, step, "%s",
	    f->index == NO_INDEX                   ? f->answer.detail
	    : f->answer.status == STATUS_GOOD      ? "not revoked"
	    : f->answer.status == STATUS_SUSPENDED ? "suspended"
						   : "revoked");
}

/* One certificate of the path, for a signature that existed at s->best. */
static struct err *
status_then(struct judging *j, const struct subject *s, struct conclusion *c,
    size_t i, bool *good)
{
	const struct cert *cert = c->path.chain.v[i];
	struct status_found f;
	TRY(status_at(j, &s->proofs, cert, c->path.chain.v[i + 1], s->best,
	    j->r->time, &f));
	*good = f.answer.status == STATUS_GOOD;
	if (f.answer.status == STATUS_REVOKED ||
	    f.answer.status == STATUS_SUSPENDED)
		/* "Posterior to best-signature-time": not in that second. */
		*good = i == 0 && f.answer.revoked_at > s->best;
	if (*good && f.answer.status != STATUS_GOOD)
		c->revoked_since = true;
	/* The key of an authority that has ended may be anybody's by now. */
	if (i > 0 && cert_not_after(cert) < j->r->time)
		*good = false;
	if (f.index == NO_INDEX)
		TRY(missing_add(&j->verdict->missing, c->path.chain.v[i],
		    c->path.chain.v[i + 1]));
	return tell_status(s, cert, &f, *good, "5.5.4");
}

struct err *
judge_with_time(struct judging *j, const struct subject *s,
    struct conclusion *c, bool *good)
{
	TRY(path_then(j, s, c, good));
	if (!*good || j->r->policy->status == STATUS_IGNORE)
		return NULL;
	for (size_t i = 0; *good && i + 1 < c->path.chain.n; i++)
		TRY(status_then(j, s, c, i, good));
	return NULL;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * How far one certificate pulls the control-time back; *good is false where
 * nothing is known of it (NO_POE).  EN 319 102-1 5.6.2.2.4.  Status data is
 * fresh (5.2.5) if it was current when the signature is proven to have existed,
 * or is younger.
 */
static struct err *
slide(struct judging *j, const struct subject *s, struct conclusion *c,
    size_t i, int64_t *control, bool *good)
{
	const struct policy *p = j->r->policy;
	const struct cert *cert = c->path.chain.v[i];
	const struct cert *issuer = c->path.chain.v[i + 1];
	struct status_found f;
	if (p->status != STATUS_IGNORE) {
		TRY(status_at(
		    j, &s->proofs, cert, issuer, TIME_NONE, *control, &f));
		*good = f.index != NO_INDEX;
		TRY(tell_status(s, cert, &f, *good, "5.6.2.2"));
		if (!*good)
			return missing_add(&j->verdict->missing,
			    c->path.chain.v[i], c->path.chain.v[i + 1]);
		if (f.answer.status != STATUS_GOOD) {
			*control = earlier(*control, f.answer.revoked_at - 1);
			c->revoked_since = c->revoked_since || i == 0;
		} else if (!status_is_fresh(p, &f.answer,
			       j->known[f.index].data.is_ocsp, s->best)) {
			*control = earlier(*control, f.answer.this_update);
		}
	}
	/* What the keys of an authority sign after its end says nothing. */
	if (i > 0)
		*control = earlier(*control, cert_not_after(cert));
	if (p->check_algorithms) {
		struct strength weak = strength_of_cert(p, cert, issuer);
		*control = earlier(*control, weak.until);
	}
	return NULL;
}

struct err *
judge_past(struct judging *j, const struct subject *s, struct conclusion *c,
    bool *good)
{
	int64_t control = j->r->time;
	c->revoked_since = false;
	TRY(path_then(j, s, c, good));
	if (!*good)
		return NULL;
	for (size_t i = c->path.chain.n - 1; *good && i-- > 0;)
		TRY(slide(j, s, c, i, &control, good));
	*good = *good && s->best <= control;
	struct proof_step step = step_of(s, RULE_PAST, "5.6.2.3");
	step.time = control;
	if (!*good) {
		step.indication = INDETERMINATE;
		step.sub = SUB_NO_POE;
	}
	return proof_add(
	    s->proof, step, "the control-time, to which validation slid back");
}
