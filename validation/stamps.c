/*
 * Time stamps are signatures of their own (EN 319 102-1 5.4).  The outermost is
 * judged first: what it proves to have existed serves those below it.
 */
#include "validation/internal.h"

#include <stdlib.h>

/* Later document time stamps that speak for one; more would prove no more. */
#define COVERING_MAX 256

enum stamp_kind
stamp_kind_of(const struct timestamp_fact *t)
{
	return t->document ? STAMP_DOCUMENT : t->kind;
}

/* Whether it proves that the signature value existed.  References alone may
 * be stamped without it. */
bool
covers_signature(const struct timestamp_fact *t)
{
	enum stamp_kind k = stamp_kind_of(t);
	return k == STAMP_SIGNATURE || k == STAMP_ARCHIVE ||
	       k == STAMP_DOCUMENT;
}

static bool
covers_stamp(const struct timestamp_fact *later, const struct timestamp_fact *t)
{
	enum stamp_kind k = stamp_kind_of(later);
	return (k == STAMP_ARCHIVE || k == STAMP_DOCUMENT) && t->at < later->at;
}

/* Since when the stamp itself is proven to exist. */
static int64_t
poe_of_stamp(const struct signature_verdict *v, const struct timestamp_fact *t,
    int64_t now)
{
	int64_t best = now;
	for (size_t i = 0; i < v->nstamps; i++) {
		const struct stamp_verdict *s = &v->stamps[i];
		if (s->indication == TOTAL_PASSED && covers_stamp(s->fact, t) &&
		    s->fact->time < best)
			best = s->fact->time;
	}
	return best;
}

static bool
conclude_values(const struct timestamp_fact *t, struct conclusion *c)
{
	*c = concluded(INDETERMINATE, SUB_GENERIC, "signature-not-checked");
	if (t->digest == CHECK_FAILED)
		*c = concluded(
		    TOTAL_FAILED, SUB_HASH_FAILURE, "timestamp-wrong");
	else if (t->signature == CHECK_FAILED)
		*c = concluded(
		    TOTAL_FAILED, SUB_SIG_CRYPTO_FAILURE, "timestamp-wrong");
	else if (t->tsa == NULL)
		*c = concluded(INDETERMINATE, SUB_NO_SIGNING_CERTIFICATE_FOUND,
		    "signer-certificate-missing");
	return t->digest == CHECK_PASSED && t->signature == CHECK_PASSED &&
	       t->tsa != NULL;
}

static struct err *
tell(struct signature_verdict *v, size_t i)
{
	const struct stamp_verdict *s = &v->stamps[i];
	const struct proof_step step = { .rule = RULE_STAMP,
		.clause = "5.4",
		.indication = s->indication,
		.sub = s->sub,
		.code = s->indication == TOTAL_PASSED ? NULL : s->code,
		.cert = s->fact->tsa,
		.status = NO_INDEX,
		.stamp = i,
		.time = s->fact->time };
	return proof_add(&v->proof, step, "%s",
	    s->indication == TOTAL_PASSED ? "the time stamp is valid"
					  : "the time stamp proves nothing");
}

/* 5.4.4: nobody stamps in the future, or before being able to: that the
 * certificate is good today says nothing for a time before it began. */
static void
judge_its_time(const struct judging *j, const struct timestamp_fact *t,
    struct conclusion *c)
{
	struct conclusion other =
	    t->time > j->r->time
		? concluded(
		      INDETERMINATE, SUB_GENERIC, "timestamp-in-the-future")
		: concluded(TOTAL_FAILED, SUB_NOT_YET_VALID,
		      "timestamp-before-its-certificate");
	if (c->indication != TOTAL_PASSED ||
	    (t->time <= j->r->time && t->time >= cert_not_before(t->tsa)))
		return;
	path_done(&c->path);
	*c = other;
}

static struct err *
judge_stamp(struct judging *j, struct signature_verdict *v, size_t i)
{
	struct stamp_verdict *s = &v->stamps[i];
	const struct timestamp_fact *t = s->fact;
	struct conclusion c = { 0 };
	s->poe = poe_of_stamp(v, t, j->r->time);
	if (conclude_values(t, &c)) {
		const struct subject subject = { .cert = t->tsa,
			.purpose = "timestamp",
			.best = s->poe,
			.stamped = s->poe < j->r->time,
			.not_before = TIME_NONE,
			.younger_by = NO_INDEX,
			.older_by = NO_INDEX,
			.proofs = proofs_of(j, v),
			.stamp = t,
			.index = i,
			.proof = &v->proof };
		TRY(judge_subject(j, &subject, &c));
		judge_its_time(j, t, &c);
	}
	s->indication = c.indication;
	s->sub = c.sub;
	s->code = c.code;
	s->path = c.path;
	s->domain = c.domain;
	return tell(v, i);
}

/* Later time stamps on the document stand for themselves in the facts; what
 * covers a time stamp on the document is found there. */
static size_t
add_covering(const struct judging *j, struct signature_verdict *v)
{
	const struct facts *f = j->r->facts;
	const struct timestamp_fact *own =
	    is_document_stamp(v->fact) ? &v->fact->timestamps[0] : NULL;
	size_t n = v->fact->ntimestamps;
	for (size_t i = 0; own != NULL && i < f->nsignatures; i++) {
		const struct signature_fact *other = &f->signatures[i];
		if (other == v->fact || !is_document_stamp(other) ||
		    n >= v->fact->ntimestamps + COVERING_MAX ||
		    !covers_stamp(&other->timestamps[0], own))
			continue;
		if (v->stamps != NULL)
			v->stamps[n].fact = &other->timestamps[0];
		n++;
	}
	return n;
}

static struct err *
list_stamps(const struct judging *j, struct signature_verdict *v)
{
	size_t n = add_covering(j, v);
	v->stamps = calloc(n + 1, sizeof(*v->stamps));
	if (v->stamps == NULL)
		return err_new(ERR_NOMEM, NULL, "time stamps");
	for (size_t i = 0; i < v->fact->ntimestamps; i++)
		v->stamps[i].fact = &v->fact->timestamps[i];
	v->nstamps = add_covering(j, v);
	for (size_t i = 0; i < n; i++) {
		v->stamps[i].indication = INDETERMINATE; /* not judged yet */
		v->stamps[i].code = "timestamp-not-used";
	}
	return NULL;
}

/* EN 319 102-1 5.5.4: content, then signature, then archive time stamps.  The
 * first that is later than it can be; NO_INDEX: none. */
static size_t
out_of_order(const struct signature_verdict *v)
{
	for (size_t i = 0; i < v->nstamps; i++)
		for (size_t k = 0; k < v->nstamps; k++) {
			const struct timestamp_fact *a = v->stamps[i].fact;
			const struct timestamp_fact *b = v->stamps[k].fact;
			if (v->stamps[i].indication != TOTAL_PASSED ||
			    v->stamps[k].indication != TOTAL_PASSED ||
			    a->time <= b->time)
				continue;
			if ((stamp_kind_of(a) == STAMP_CONTENT &&
				stamp_kind_of(b) != STAMP_CONTENT) ||
			    covers_stamp(b, a))
				return i;
		}
	return NO_INDEX;
}

/* The outermost that is left; NO_INDEX: none. */
static size_t
outermost(const struct signature_verdict *v, const bool *done)
{
	size_t best = NO_INDEX;
	for (size_t i = 0; i < v->nstamps; i++)
		if (!done[i] &&
		    (best == NO_INDEX ||
			v->stamps[i].fact->at > v->stamps[best].fact->at))
			best = i;
	return best;
}

static struct err *
judge_in_turn(struct judging *j, struct signature_verdict *v)
{
	bool *done = calloc(v->nstamps + 1, sizeof(*done));
	struct err *e = NULL;
	size_t i;
	if (done == NULL)
		return err_new(ERR_NOMEM, NULL, "time stamps");
	while (e == NULL && (i = outermost(v, done)) != NO_INDEX) {
		done[i] = true;
		e = judge_stamp(j, v, i);
	}
	free(done);
	return e;
}

static bool
is_own(const struct signature_verdict *v, size_t i)
{
	return i == 0 && is_document_stamp(v->fact);
}

struct err *
judge_stamps(struct judging *j, struct signature_verdict *v, size_t *late)
{
	bool unused = false;
	v->best_time = j->r->time;
	TRY(list_stamps(j, v));
	TRY(judge_in_turn(j, v));
	for (size_t i = 0; i < v->nstamps; i++) {
		const struct timestamp_fact *t = v->stamps[i].fact;
		bool good = v->stamps[i].indication == TOTAL_PASSED;
		unused = unused || (!good && !is_own(v, i));
		if (good && covers_signature(t) && !is_own(v, i) &&
		    t->time <= v->best_time) {
			v->best_time = t->time;
			v->stamped = true;
		}
	}
	if (unused)
		TRY(findings_add(
		    &v->notes, false, "timestamp-not-used", "%s", ""));
	*late = out_of_order(v);
	return NULL;
}
