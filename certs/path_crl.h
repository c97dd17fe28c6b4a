/* The revocation lists at hand, asked about one certificate after the other
 * (RFC 5280 6.3.3); used by certs/path_status.c alone. */
#ifndef SIGND_CERTS_PATH_CRL_H
#define SIGND_CERTS_PATH_CRL_H

#include "certs/crl.h"
#include "certs/path.h"

/* Issuers of CRLs have paths and a status of their own, and so on. */
#define CRL_NESTING_MAX 2
/* Paths of CRL issuers looked for in one question. */
#define CRL_ISSUER_PATHS_MAX 32

struct crl_at_hand {
	struct crl *crl; /* owned */
	bool in_time;
	bool looked; /* whether `trusted` has been found out */
	bool trusted;
};

struct crl_pool {
	const struct path_request *r;
	const struct path *p;  /* the path asked about */
	struct crl_at_hand *v; /* in time first, then newest first */
	size_t n;
	int nesting; /* 0: the path asked for; else that of a CRL issuer */
	int *tries;  /* signatures left, shared with all nestings */
	int *paths;  /* paths left, shared likewise */
	/* Of who issues lists; that of the path asked about. */
	struct missing_list *missing;
};

/* crl_pool_init reads the lists of r->status_data; those that cannot be read
 * say nothing. */
struct err *crl_pool_init(struct crl_pool *pool, const struct path_request *r,
    const struct path *p) MUST_USE;
void crl_pool_done(struct crl_pool *pool);

/* crl_pool_ask fills *out for the certificate at `at` of the path. */
struct err *crl_pool_ask(
    struct crl_pool *pool, size_t at, struct status_answer *out) MUST_USE;

/* The status of a path of a CRL issuer, one nesting deeper. */
struct err *path_status_nested(const struct path_request *r, struct path *p,
    const struct crl_pool *above) MUST_USE;

#endif
