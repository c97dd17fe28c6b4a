/*
 * Revocation along a good path: first what the lists say (certs/path_crl.c),
 * then what OCSP answers say.
 */
#include "certs/path_check.h"

#include "certs/ocsp.h"
#include "certs/ossl.h"
#include "certs/path_crl.h"

#include <openssl/x509v3.h>
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

/* What OCSP says is added: known where a CRL was silent; revoked in any case.
 */
static struct err *
ask_ocsp(const struct path_request *r, const struct path *p, struct statuses *s)
{
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
			TRY(ocsp_status(a, p->chain.v[i], p->chain.v[i + 1],
			    r->pool, path_status_time(r),
			    r->freshness.ocsp_max_age_s, &got));
			if (got.status != STATUS_UNKNOWN &&
			    (s->at[i].status == STATUS_UNKNOWN ||
				got.status != STATUS_GOOD))
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
	    X509_get_ext_by_NID(
		cert_x509(p->chain.v[0]), NID_id_pkix_OCSP_noCheck, -1) >= 0)
		s->at[0].status = STATUS_GOOD;
}

static void
conclude(const struct path_request *r, struct path *p, const struct statuses *s)
{
	p->status_known = true;
	for (size_t i = s->n; i-- > 0;) {
		const struct status_answer *a = &s->at[i];
		if (a->status == STATUS_REVOKED ||
		    a->status == STATUS_SUSPENDED) {
			path_fail(p,
			    a->status == STATUS_REVOKED ? PATH_REVOKED
							: PATH_SUSPENDED,
			    i, "revoked, reason %d", a->reason);
			p->revoked_at = a->revoked_at;
			p->revocation_reason = a->reason;
			p->status_known = true;
			return;
		}
		if (a->status == STATUS_GOOD)
			continue;
		p->status_known = false;
		p->unknown |= UINT32_C(1) << i;
		if (r->status == STATUS_REQUIRED)
			path_fail(p, PATH_NO_STATUS, i, "%s", a->detail);
	}
}

static struct err *
status_with(struct crl_pool *pool, const struct path_request *r, struct path *p)
{
	struct statuses s = { .n = p->chain.n - 1 };
	for (size_t i = 0; i < s.n; i++)
		s.at[i] = (struct status_answer){ .revoked_at = TIME_NONE,
			.reason = -1,
			.this_update = TIME_NONE,
			.next_update = TIME_NONE };
	ossl_begin();
	TRY(ask_crls(pool, r, p, &s));
	TRY(ask_ocsp(r, p, &s));
	exempt_responder(r, p, &s);
	conclude(r, p, &s);
	return NULL;
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
