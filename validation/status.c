/* What CRLs and OCSP answers, new and old, say of one certificate. */
#include "validation/internal.h"

#include <openssl/sha.h>
#include <stdlib.h>

static void
describe(const struct judging *j, size_t i)
{
	const struct known *k = &j->known[i];
	struct status_seen *s = &j->verdict->status[i];
	*s = (struct status_seen){ .is_ocsp = k->data.is_ocsp,
		.embedded = k->inside,
		.produced = TIME_NONE };
	SHA256(k->data.der.ptr, k->data.der.len, s->sha256);
}

/* The facts' own revocation data stand behind those given. */
struct err *
status_gather(struct judging *j)
{
	const struct validation_request *r = j->r;
	const struct facts *f = r->facts;
	size_t n = r->nstatus_data + f->nstatus_data;
	j->status = calloc(n + 1, sizeof(*j->status));
	j->known = calloc(n + 1, sizeof(*j->known));
	j->verdict->status = calloc(n + 1, sizeof(*j->verdict->status));
	if (j->status == NULL || j->known == NULL || j->verdict->status == NULL)
		return err_new(ERR_NOMEM, NULL, "status data");
	for (size_t i = 0; i < n; i++) {
		bool inside = i >= r->nstatus_data;
		size_t k = inside ? i - r->nstatus_data : i;
		j->status[i] =
		    inside ? (struct status_data){ .der = buf_bytes(
						       &f->status_data[k]),
			    .is_ocsp = f->status_is_ocsp[k] }
			   : r->status_data[k];
		j->known[i] = (struct known){ .data = j->status[i],
			.at = inside ? f->status_at[k] : STATUS_NOWHERE,
			.inside = inside,
			.produced = TIME_NONE };
		describe(j, i);
	}
	j->nstatus = j->verdict->nstatus = n;
	return NULL;
}

void
status_forget(struct judging *j)
{
	for (size_t i = 0; j->known != NULL && i < j->nstatus; i++) {
		crl_free(j->known[i].crl);
		ocsp_free(j->known[i].ocsp);
	}
	free(j->known);
	free(j->status);
}

/* What cannot be read says nothing. */
static struct err *
read_known(struct judging *j, size_t i)
{
	struct known *k = &j->known[i];
	if (k->read)
		return NULL;
	k->read = true;
	struct err *e = k->data.is_ocsp    ? ocsp_parse(k->data.der, &k->ocsp)
			: k->data.is_index ? crl_open(k->data.der, &k->crl)
					   : crl_parse(k->data.der, &k->crl);
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	err_free(e);
	if (k->ocsp != NULL)
		k->produced = ocsp_produced_at(k->ocsp);
	else if (k->crl != NULL)
		k->produced = crl_this_update(k->crl);
	j->verdict->status[i].produced = k->produced;
	return NULL;
}

/* What it said when it was made: an answer does not change by growing old. */
static struct err *
ask(struct judging *j, struct known *k, const struct cert *cert,
    const struct cert *issuer, struct status_answer *out)
{
	if (k->ocsp != NULL)
		return ocsp_status(
		    k->ocsp, cert, issuer, &j->pool, k->produced, 0, out);
	return crl_status(k->crl, cert, issuer, k->produced, 0, out);
}

/* Whether the list keeps certificates that have expired. */
static bool
keeps_expired(const struct known *k, const struct cert *cert)
{
	if (k->crl == NULL)
		return false;
	int64_t since = crl_keeps_expired_since(k->crl);
	return since != TIME_NONE && since <= cert_not_after(cert);
}

bool
status_is_fresh(
    const struct policy *p, const struct status_answer *a, int64_t when)
{
	if (a->this_update >= when)
		return true;
	if (p->status_after)
		return false;
	if (p->max_age_s > 0 && when - a->this_update > p->max_age_s)
		return false;
	return a->next_update == TIME_NONE ? p->max_age_s > 0
					   : when <= a->next_update;
}

static bool
is_usable(const struct judging *j, const struct known *k,
    const struct status_answer *a, const struct cert *cert, int64_t when)
{
	if (a->status == STATUS_UNKNOWN || a->this_update == TIME_NONE)
		return false;
	if (a->status != STATUS_GOOD)
		return true;
	/* A list may drop who has expired: then its silence says nothing. */
	if (a->this_update > cert_not_after(cert) && !keeps_expired(k, cert))
		return false;
	return when == TIME_NONE || status_is_fresh(j->r->policy, a, when);
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

struct err *
status_at(struct judging *j, const struct proofs *p, const struct cert *cert,
    const struct cert *issuer, int64_t when, int64_t control,
    struct status_found *out)
{
	out->index = NO_INDEX;
	status_unknown(&out->answer, "no answer at hand");
	for (size_t i = 0; i < j->nstatus; i++) {
		struct known *k = &j->known[i];
		struct status_answer a;
		TRY(read_known(j, i));
		if (k->produced == TIME_NONE || k->produced > j->r->time)
			continue;
		TRY(ask(j, k, cert, issuer, &a));
		if (!is_usable(j, k, &a, cert, when))
			continue;
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
