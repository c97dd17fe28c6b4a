/* What CRLs and OCSP answers, new and old, say of one certificate. */
#include "validation/internal.h"

#include "certs/crl_index.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

/* An index says which list it is of. */
static bool
name_of_list(struct bytes index, uint8_t out[32])
{
	struct crl_index x;
	struct err *e = crl_index_open(index, &x);
	bool named = e == NULL && x.sha256.len == 32;
	err_free(e);
	if (named)
		memcpy(out, x.sha256.ptr, 32);
	return named;
}

static void
describe(const struct judging *j, size_t i)
{
	const struct known *k = &j->known[i];
	struct status_seen *s = &j->verdict->status[i];
	*s = (struct status_seen){ .is_ocsp = k->data.is_ocsp,
		.embedded = k->inside,
		.produced = TIME_NONE };
	if (!k->data.is_index || !name_of_list(k->data.der, s->sha256))
		SHA256(k->data.der.ptr, k->data.der.len, s->sha256);
}

/* What cannot be read says nothing. */
static struct err *
read_known(struct judging *j, size_t i)
{
	struct known *k = &j->known[i];
	struct sig_alg alg = { .form = SIG_NONE };
	if (k->read)
		return NULL;
	k->read = true;
	struct err *e = k->data.is_ocsp    ? ocsp_parse(k->data.der, &k->ocsp)
			: k->data.is_index ? crl_open(k->data.der, &k->crl)
					   : crl_parse(k->data.der, &k->crl);
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	err_free(e);
	if (k->ocsp != NULL) {
		k->produced = ocsp_produced_at(k->ocsp);
		alg = ocsp_alg(k->ocsp);
	} else if (k->crl != NULL) {
		k->produced = crl_this_update(k->crl);
		alg = crl_alg(k->crl);
	}
	k->until = strength_of_status(j->r->policy, alg);
	j->verdict->status[i].produced = k->produced;
	return NULL;
}

static struct known
known_of(const struct judging *j, size_t i)
{
	const struct validation_request *r = j->r;
	const struct facts *f = r->facts;
	if (i < r->nstatus_data)
		return (struct known){ .data = r->status_data[i],
			.at = STATUS_NOWHERE,
			.produced = TIME_NONE };
	i -= r->nstatus_data;
	return (struct known){ .data = { .der = buf_bytes(&f->status_data[i]),
				   .is_ocsp = f->status_is_ocsp[i] },
		.at = f->status_at[i],
		.inside = true,
		.produced = TIME_NONE };
}

/* What is signed too weakly does not clear anybody.  That it says "revoked" is
 * believed, by status_at(). */
static struct err *
choose_strong(struct judging *j)
{
	bool looked_at = j->r->policy->check_path &&
			 j->r->policy->status != STATUS_IGNORE &&
			 j->r->policy->check_algorithms;
	for (size_t i = 0; i < j->nstatus; i++) {
		if (looked_at)
			TRY(read_known(j, i));
		if (!looked_at || j->known[i].until >= j->r->time)
			j->strong[j->nstrong++] = j->known[i].data;
	}
	return NULL;
}

/* The facts' own revocation data stand behind those given. */
struct err *
status_gather(struct judging *j)
{
	size_t n = j->r->nstatus_data + j->r->facts->nstatus_data;
	j->strong = calloc(n + 1, sizeof(*j->strong));
	j->known = calloc(n + 1, sizeof(*j->known));
	j->verdict->status = calloc(n + 1, sizeof(*j->verdict->status));
	if (j->strong == NULL || j->known == NULL || j->verdict->status == NULL)
		return err_new(ERR_NOMEM, NULL, "status data");
	for (size_t i = 0; i < n; i++) {
		j->known[i] = known_of(j, i);
		describe(j, i);
	}
	j->nstatus = j->verdict->nstatus = n;
	return choose_strong(j);
}

void
status_forget(struct judging *j)
{
	for (size_t i = 0; j->known != NULL && i < j->nstatus; i++) {
		crl_free(j->known[i].crl);
		ocsp_free(j->known[i].ocsp);
	}
	free(j->known);
	free(j->strong);
}

/* What it said when it was made: an answer does not change by growing old.  One
 * that hangs on its responder's status says nothing here. */
static struct err *
ask_plainly(const struct judging *j, const struct known *k,
    const struct cert *cert, const struct cert *issuer,
    struct status_answer *out)
{
	if (k->ocsp != NULL)
		return ocsp_status(
		    k->ocsp, cert, issuer, &j->pool, k->produced, 0, out);
	return crl_status(k->crl, cert, issuer, k->produced, 0, out);
}

/* EN 319 102-1 5.2.8.4: strong enough when it is proven to have existed. */
static bool
is_weak(
    const struct judging *j, const struct proofs *p, const struct known *k)
{
	return k->until < poe_of(p, k->at, j->r->time);
}

/* Whether something said, when `k` was made, that its responder is good. */
static bool
vouches(const struct status_answer *a, const struct known *k)
{
	return a->status == STATUS_GOOD && status_speaks_of(a, k->responder) &&
	       (a->this_update >= k->produced ||
		   (a->next_update != TIME_NONE &&
		       k->produced <= a->next_update));
}

/*
 * RFC 6960 4.2.2.2.1: a responder may have been revoked like anybody.  It is
 * bad unless its answer is proven to be older than its revocation; it is good
 * when somebody else says so.
 */
static struct err *
judge_responder(struct judging *j, const struct proofs *p, struct known *k,
    const struct cert *issuer)
{
	bool good = false, bad = false;
	for (size_t i = 0; i < j->nstatus; i++) {
		struct known *other = &j->known[i];
		struct status_answer a;
		TRY(read_known(j, i));
		if (other == k || other->produced == TIME_NONE ||
		    other->produced > j->r->time)
			continue;
		TRY(ask_plainly(j, other, k->responder, issuer, &a));
		good = good || (vouches(&a, k) && !is_weak(j, p, other));
		bad = bad || ((a.status == STATUS_REVOKED ||
				  a.status == STATUS_SUSPENDED) &&
				 a.revoked_at <= poe_of(p, k->at, j->r->time));
	}
	k->responder_is = bad    ? RESPONDER_BAD
			  : good ? RESPONDER_GOOD
				 : RESPONDER_NOT_KNOWN;
	return NULL;
}

static struct err *
ask_ocsp(struct judging *j, const struct proofs *p, struct known *k,
    const struct cert *cert, const struct cert *issuer,
    struct status_answer *out)
{
	const struct ocsp_question q = { .cert = cert,
		.issuer = issuer,
		.extra = &j->pool,
		.time = k->produced };
	struct cert *responder = NULL;
	TRY(ocsp_ask(k->ocsp, &q, out, &responder));
	if (responder == NULL || (j->r->policy->responders_unasked &&
				     !ocsp_responder_states_status(responder)))
		return NULL;
	if (k->responder == NULL || !cert_eq(k->responder, responder)) {
		k->responder = responder;
		TRY(judge_responder(j, p, k, issuer));
	}
	/* Whom nobody accuses is believed when he says "revoked". */
	if (k->responder_is == RESPONDER_BAD)
		status_unknown(out, "its responder was revoked");
	else if (k->responder_is == RESPONDER_NOT_KNOWN &&
		 out->status == STATUS_GOOD)
		status_unknown(out, RESPONDER_UNKNOWN);
	return NULL;
}

static struct err *
ask(struct judging *j, const struct proofs *p, struct known *k,
    const struct cert *cert, const struct cert *issuer,
    struct status_answer *out)
{
	return k->ocsp != NULL ? ask_ocsp(j, p, k, cert, issuer, out)
			       : ask_plainly(j, k, cert, issuer, out);
}

bool
status_is_fresh(const struct policy *p, const struct status_answer *a,
    bool is_ocsp, int64_t when)
{
	if (a->this_update >= when)
		return true;
	if (p->status_after)
		return false;
	int64_t most = is_ocsp ? p->ocsp_max_age_s : p->crl_max_age_s;
	if (most > 0 && when - a->this_update > most)
		return false;
	return a->next_update == TIME_NONE ? most > 0 : when <= a->next_update;
}

static bool
is_usable(const struct judging *j, const struct known *k,
    const struct status_answer *a, const struct cert *cert, int64_t when)
{
	if (a->status == STATUS_UNKNOWN || a->this_update == TIME_NONE)
		return false;
	if (a->status != STATUS_GOOD)
		return true;
	/* Who has expired may be dropped: then silence says nothing. */
	if (!status_speaks_of(a, cert))
		return false;
	return when == TIME_NONE ||
	       status_is_fresh(j->r->policy, a, k->data.is_ocsp, when);
}

/* Revoked over good; the newer one of equals. */
static bool
is_better(const struct status_answer *a, const struct status_found *than)
{
	if (than->index == NO_INDEX)
		return true;
	bool bad = a->status != STATUS_GOOD;
	bool was_bad = than->answer.status != STATUS_GOOD;
	if (bad != was_bad)
		return bad;
	return a->this_update > than->answer.this_update;
}

/* What is told of an answer that is there and does not count. */
static bool
is_reason(const struct status_answer *a)
{
	return strcmp(a->detail, RESPONDER_UNKNOWN) == 0 ||
	       strcmp(a->detail, STATUS_WEAK) == 0;
}

struct err *
status_at(struct judging *j, const struct proofs *p, const struct cert *cert,
    const struct cert *issuer, int64_t when, int64_t control,
    struct status_found *out)
{
	*out = (struct status_found){ .index = NO_INDEX,
		.answer = STATUS_NOT_KNOWN };
	status_unknown(&out->answer, "no answer at hand");
	for (size_t i = 0; i < j->nstatus; i++) {
		struct known *k = &j->known[i];
		struct status_answer a;
		TRY(read_known(j, i));
		if (k->produced == TIME_NONE || k->produced > j->r->time)
			continue;
		TRY(ask(j, p, k, cert, issuer, &a));
		if (a.status == STATUS_GOOD && is_weak(j, p, k))
			status_unknown(&a, STATUS_WEAK);
		if (!is_usable(j, k, &a, cert, when)) {
			if (out->index == NO_INDEX && is_reason(&a))
				out->answer = a;
			continue;
		}
		/* That it was revoked is believed of any answer. */
		if (a.status == STATUS_GOOD &&
		    (a.this_update > control ||
			poe_of(p, k->at, j->r->time) > control))
			continue;
		if (is_better(&a, out)) {
			out->answer = a;
			out->index = i;
		}
	}
	if (out->index != NO_INDEX)
		j->verdict->status[out->index].used = true;
	return NULL;
}
