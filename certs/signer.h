/*
 * struct signer: a private key that is somewhere else.  signd/ fills it with
 * the keyholder, signctl with a token, tests with a key in memory.
 */
#ifndef SIGND_CERTS_SIGNER_H
#define SIGND_CERTS_SIGNER_H

#include "certs/alg.h"
#include "base/base.h"

struct signer {
	void *ctx;
	/* Signs an already computed digest of alg.digest; appends the value to
	 * `out`: DER for ECDSA, the modulus' length for RSA. */
	struct err *(*sign)(void *ctx, struct sig_alg alg, struct bytes digest,
	    struct buf *out);
};

#endif
