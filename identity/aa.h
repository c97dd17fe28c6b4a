/*
 * Active authentication (ICAO 9303-11 6.1): the chip signs a challenge that we
 * chose, with a key that it never gives away.  It shows that the chip is no
 * copy, but only when DG15 itself (and DG14, for ECDSA) is covered by the
 * chip's signature: see identity/sod.h.
 */
#ifndef SIGND_IDENTITY_AA_H
#define SIGND_IDENTITY_AA_H

#include <openssl/evp.h>

#include "identity/sod.h"

#define AA_CHALLENGE 8 /* bytes, RND.IFD */
#define AA_GROUP_MAX (16 * 1024)

/* aa_key reads DG15: 6F { SubjectPublicKeyInfo }.  The caller frees *out with
 * EVP_PKEY_free().  ERR_MALFORMED; ERR_UNSUPPORTED: neither RSA nor EC. */
struct err *aa_key(struct bytes dg15, EVP_PKEY **out) MUST_USE;

/* aa_digest reads out of DG14 which hash goes with an ECDSA key
 * (ActiveAuthenticationInfo).  ERR_MISSING: DG14 does not say. */
struct err *aa_digest(struct bytes dg14, enum digest_alg *out) MUST_USE;

/*
 * aa_verify says in *ok whether `signature` over `challenge` is the key's:
 * RSA by ISO/IEC 9796-2 scheme 1, whose trailer names the hash; EC by plain
 * ECDSA (r and s, BSI TR-03111 5.2.1) with `alg`, which for RSA is not used.
 * ERR_USAGE: the challenge has another length than AA_CHALLENGE.
 */
struct err *aa_verify(EVP_PKEY *key, enum digest_alg alg,
    struct bytes challenge, struct bytes signature, bool *ok) MUST_USE;

/*
 * aa_check does the whole of it with data groups as read: *out is
 * CHECK_NOT_DONE where DG15 (and DG14, for ECDSA) is not among `r->groups`, not
 * covered by the signature that `v` is about, or of no use; such a key is
 * anybody's.  Errors: of memory; ERR_USAGE as of aa_verify.
 */
struct err *aa_check(const struct sod_request *r, const struct sod_verdict *v,
    struct bytes challenge, struct bytes signature, enum check *out) MUST_USE;

#endif
