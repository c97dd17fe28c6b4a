/* What the CMP target and the CA that answers in its seeds share. */
#ifndef SIGND_FUZZ_CMP_H
#define SIGND_FUZZ_CMP_H

#include "certs/cmp.h"

#define FUZZ_CMP_REFERENCE "signd"
#define FUZZ_CMP_SECRET "bi mat"

/* The first byte of an input; messages follow, one after the other. */
enum { FUZZ_CMP_REVOKE = 1, FUZZ_CMP_AS_IT_IS = 2 };

struct fuzz_cmp {
	EVP_PKEY *ca_key, *key; /* always the same: seeds stay good */
	struct cert *ca;
};
const struct fuzz_cmp *fuzz_cmp_keys(void);

/* Asks for a certificate, or for the end of one. */
struct err *fuzz_cmp_ask(const struct cmp_way *way, bool revoke) MUST_USE;

#endif
