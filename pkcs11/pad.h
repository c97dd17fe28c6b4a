/* Padding for RSA, for tokens that only exponentiate, and the DigestInfo that
 * the others want (RFC 8017). */
#ifndef SIGND_PKCS11_PAD_H
#define SIGND_PKCS11_PAD_H

#include "certs/alg.h"

#define PAD_MODULUS_MAX 512 /* bytes: RSA-4096 */

/* DigestInfo in DER, RFC 8017 9.2. */
struct err *pad_digest_info(
    enum digest_alg alg, struct bytes digest, struct buf *out) MUST_USE;

/* EMSA-PKCS1-v1_5 of `len` bytes, RFC 8017 9.2.  ERR_LIMIT: too short a key. */
struct err *pad_pkcs1(enum digest_alg alg, struct bytes digest, size_t len,
    struct buf *out) MUST_USE;

/* EMSA-PSS for a modulus of `bits`, with fresh salt, RFC 8017 9.1.1; as long as
 * the modulus.  ERR_LIMIT: too short a key for that digest and salt. */
struct err *pad_pss(struct sig_alg alg, struct bytes digest, size_t bits,
    struct buf *out) MUST_USE;

#endif
