/* SIGNED{}: what is signed, the algorithm, the value (RFC 5280 4.1.1, 5.1.1).
 */
#ifndef SIGND_CERTS_SIGNED_H
#define SIGND_CERTS_SIGNED_H

#include <openssl/x509.h>

#include "certs/alg.h"
#include "certs/signer.h"

/* signed_build appends the SEQUENCE of the three; `tbs` must be one DER
 * SEQUENCE and is kept byte for byte. */
struct err *signed_build(struct bytes tbs, struct sig_alg alg,
    struct bytes signature, struct buf *out) MUST_USE;

/* signed_check says whether `signature` over `tbs` is the key's;
 * signed_check_digest, over what was hashed with alg.digest (no EdDSA).  What
 * held lately is remembered (certs/held.c), so these are for certificates,
 * lists and answers, which come again, and not for what is made just now. */
struct err *signed_check_digest(EVP_PKEY *key, struct sig_alg alg,
    struct bytes digest, struct bytes signature, bool *ok) MUST_USE;
struct err *signed_check(EVP_PKEY *key, struct bytes tbs, struct sig_alg alg,
    struct bytes signature, bool *ok) MUST_USE;

/* signed_split finds the three parts again, all borrowed from `der`: the
 * whole TBS with its header, the AlgorithmIdentifier, the bits.
 * ERR_MALFORMED: not such a thing, or bytes follow. */
struct err *signed_split(struct bytes der, struct bytes *tbs,
    struct bytes *algorithm, struct bytes *signature) MUST_USE;

/* Asks the signer for the value over `tbs`. */
struct err *signed_ask(const struct signer *signer, struct sig_alg alg,
    struct bytes tbs, struct buf *signature) MUST_USE;

#endif
