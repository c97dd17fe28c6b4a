/*
 * Keys that verify again and again: the service's own, under which it looks at
 * each value that its token makes.  A table of multiples of the key's point,
 * as OpenSSL has one of the curve's, halves the work.  The rules are those of
 * key_verify_digest (ossl.h); tests/certs/test-often compares the two.
 */
#ifndef SIGND_CERTS_OFTEN_H
#define SIGND_CERTS_OFTEN_H

#include <openssl/evp.h>

#include "base/base.h"

struct often_key;

/* *out is NULL where the key is none on P-256, or OpenSSL has no tables. */
struct err *often_key_new(const EVP_PKEY *key, struct often_key **out) MUST_USE;
void often_key_free(struct often_key *k);
DEFINE_FREEP(often_key_free, struct often_key)

/* ECDSA (FIPS 186-4 6.4) in DER over a digest of at least 32 bytes, by any
 * number of threads at once.  An error means that nothing was found out. */
struct err *often_verify(const struct often_key *k, struct bytes digest,
    struct bytes sig, bool *ok) MUST_USE;

#endif
