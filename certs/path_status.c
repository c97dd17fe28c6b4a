/*
 * Revocation along a good path: first what the lists say (certs/path_crl.c),
 * then what OCSP answers say.
 */
#include "certs/path_check.h"

#include "certs/ocsp.h"
#include "certs/ossl.h"
#include "certs/path_crl.h"

#include <string.h>

/* What is known about each certificate of the path. */
struct statuses {
	size_t n; /* without the anchor */
	struct status_answer at[PATH_DEPTH_MAX];
};

static struct err *
ask_crls(struct crl_pool *pool, const struct path_request *r,
    const struct path *p, struct statuses *s)
{
	TRY(crl_pool_init(pool, r, p));
	for (size_t i = 0; i < s->n; i++)
		TRY(crl_pool_ask(pool, i, &s->at[i]));
	return NULL;
}

/*
 * RFC 6960 4.2.2.2.1: a responder may have been revoked like anybody.  Its
 * certificate was issued by the next of the path, so its own path is known;
 * it does not vouch for itself.
 */
static struct err *
responder_is_good(
    const struct crl_pool *pool, size_t at, struct cert *responder, bool *good)
{
	const struct path *p = pool->p;
	*good = pool->r->responders_unasked &&
		!ocsp_responder_states_status(responder);
	if (*good || cert_eq(responder, p->chain.v[at]) ||
	    pool->nesting == CRL_NESTING_MAX || --*pool->paths < 0)
		return NULL;
	CLEANUP(path_done)
	struct path own = { .revoked_at = TIME_NONE, .revocation_reason = -1 };
	TRY(cert_list_add(&own.chain, responder));
	for (size_t i = at + 1; i < p->chain.n; i++)
		TRY(cert_list_add(&own.chain, p->chain.v[i]));
	struct path_request r = *pool->r;
	r.status = STATUS_IF_KNOWN;
	r.purpose = NULL;
	TRY(path_status_nested(&r, &own, pool));
	*good = own.result == PATH_OK && (own.unknown & 1) == 0;
	return *good ? NULL : missing_join(pool->missing, &own.missing);
}

/* One answer about one certificate of the path. */
static struct err *
ask_answer(const struct crl_pool *pool, const struct ocsp_answer *a, size_t at,
    struct status_answer *out)
{
	const struct path_request *r = pool->r;
	const struct ocsp_question q = { .cert = pool->p->chain.v[at],
		.issuer = pool->p->chain.v[at + 1],
		.extra = r->pool,
		.time = path_status_time(r),
		.max_age_s = r->freshness.ocsp_max_age_s };
	struct cert *responder = NULL;
	bool good = false;
	TRY(ocsp_ask(a, &q, out, &responder));
	if (responder != NULL) {
		TRY(responder_is_good(pool, at, responder, &good));
		if (!good)
			status_unknown(out, RESPONDER_UNKNOWN);
	}
	if (!status_speaks_of(out, q.cert))
		status_unknown(out, "the responder may forget the expired");
	return NULL;
}

static bool
says_more(const struct status_answer *got, const struct status_answer *than)
{
	if (got->status == STATUS_UNKNOWN)
		return than->status == STATUS_UNKNOWN &&
		       strcmp(got->detail, RESPONDER_UNKNOWN) == 0;
	return than->status == STATUS_UNKNOWN || got->status != STATUS_GOOD;
}

/* What OCSP says is added: known where a CRL was silent; revoked in any case.
 */
static struct err *
ask_ocsp(const struct crl_pool *pool, struct statuses *s)
{
	const struct path_request *r = pool->r;
	for (size_t d = 0; d < r->nstatus_data; d++) {
		if (!r->status_data[d].is_ocsp)
			continue;
		CLEANUP(ocsp_freep) struct ocsp_answer *a = NULL;
		struct err *e = ocsp_parse(r->status_data[d].der, &a);
		if (e != NULL && err_kind(e) != ERR_NOMEM) {
			err_free(e); /* it says nothing */
			continue;
		}
		TRY(e);
		for (size_t i = 0; i < s->n; i++) {
			struct status_answer got;
			TRY(ask_answer(pool, a, i, &got));
			if (says_more(&got, &s->at[i]))
				s->at[i] = got;
		}
	}
	return NULL;
}

/* RFC 6960 4.2.2.2.1: a responder may be exempt from being asked about. */
static void
exempt_responder(
    const struct path_request *r, const struct path *p, struct statuses *s)
{
	if (s->n > 0 && r->purpose != NULL && strcmp(r->purpose, "ocsp") == 0 &&
	    s->at[0].status == STATUS_UNKNOWN &&
	    ocsp_responder_exempt(p->chain.v[0]))
		s->at[0].status = STATUS_GOOD;
}

static struct err *
conclude(const struct path_request *r, struct path *p, const struct statuses *s)
{
	p->status_known = true;
	char since[STATUS_SINCE_MAX];
	for (size_t i = s->n; i-- > 0;) {
		const struct status_answer *a = &s->at[i];
		if (a->status == STATUS_REVOKED ||
		    a->status == STATUS_SUSPENDED) {
			status_since(a, since);
			path_fail(p,
			    a->status == STATUS_REVOKED ? PATH_REVOKED
							: PATH_SUSPENDED,
			    i, "%s", since);
			p->revoked_at = a->revoked_at;
			p->revocation_reason = a->reason;
			p->status_known = true;
			return NULL;
		}
		if (a->status == STATUS_GOOD)
			continue;
		p->status_known = false;
		p->unknown |= UINT32_C(1) << i;
		TRY(missing_add(
		    &p->missing, p->chain.v[i], p->chain.v[i + 1]));
		if (r->status == STATUS_REQUIRED)
			path_fail(p, PATH_NO_STATUS, i, "%s", a->detail);
	}
	return NULL;
}

static struct err *
status_with(struct crl_pool *pool, const struct path_request *r, struct path *p)
{
	struct statuses s = { .n = p->chain.n - 1 };
	for (size_t i = 0; i < s.n; i++)
		s.at[i] = STATUS_NOT_KNOWN;
	ossl_begin();
	pool->missing = &p->missing;
	TRY(ask_crls(pool, r, p, &s));
	TRY(ask_ocsp(pool, &s));
	exempt_responder(r, p, &s);
	return conclude(r, p, &s);
}

struct err *
path_status(const struct path_request *r, struct path *p)
{
	int tries = PATH_TRIES_MAX, paths = CRL_ISSUER_PATHS_MAX;
	CLEANUP(crl_pool_done)
	struct crl_pool pool = { .tries = &tries, .paths = &paths };
	return status_with(&pool, r, p);
}

struct err *
path_status_nested(
    const struct path_request *r, struct path *p, const struct crl_pool *above)
{
	CLEANUP(crl_pool_done)
	struct crl_pool pool = { .nesting = above->nesting + 1,
		.tries = above->tries,
		.paths = above->paths };
	return status_with(&pool, r, p);
}
