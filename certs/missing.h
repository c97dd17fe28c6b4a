/* What a path or a verdict would want to know beyond what is at hand. */
#ifndef SIGND_CERTS_MISSING_H
#define SIGND_CERTS_MISSING_H

#include "certs/cert.h"

struct missing {
	struct cert *cert;   /* owned */
	struct cert *issuer; /* owned; whose status answer is missing.  NULL:
			      * the issuer itself is */
};

/* More than this is not asked for at once; the rest is dropped. */
#define MISSING_MAX 32

struct missing_list {
	struct missing *v; /* NULL, or room for MISSING_MAX */
	size_t n;
};

/* missing_add takes references; what is there already is not added again.
 * Errors are of memory only. */
struct err *missing_add(struct missing_list *l, struct cert *cert,
    struct cert *issuer) MUST_USE;
struct err *missing_join(
    struct missing_list *l, const struct missing_list *more) MUST_USE;
void missing_done(struct missing_list *l);

#endif
