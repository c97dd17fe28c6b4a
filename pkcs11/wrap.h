/*
 * Citizens' keys: born in the token as session objects, taken out wrapped under
 * the KEK (RFC 5649), brought back for one signature.  Nothing of them stays in
 * the token between two calls.
 *
 * Key wrap does not bind a blob to its owner: verify what was signed against
 * the owner's certificate before it leaves (p11_wrapped_sign does).
 */
#ifndef SIGND_PKCS11_WRAP_H
#define SIGND_PKCS11_WRAP_H

#include "certs/cert.h"
#include "pkcs11/keys.h"

#define WRAPPED_MAX 2048 /* bytes; P-256 80, RSA-2048 1,232, RSA-3072 1,808 */

/* What a blob was wrapped with: stored beside it. */
struct p11_kek {
	CK_OBJECT_HANDLE handle;
	CK_MECHANISM_TYPE mechanism;
};

/* p11_wrapped_make generates a pair, appends the wrapped private key to `blob`
 * and its SubjectPublicKeyInfo to `spki`, and destroys both objects. */
struct err *p11_wrapped_make(const struct p11_session *s,
    const struct p11_kek *kek, enum key_kind kind, struct buf *blob,
    struct buf *spki) MUST_USE;

/*
 * p11_wrapped_open brings a key (KEY_EC, KEY_RSA) back as a session object that
 * can only sign and cannot be wrapped out again.  The caller destroys it.
 * ERR_MALFORMED code "credential-damaged": it is not what we wrapped.
 */
struct err *p11_wrapped_open(const struct p11_session *s,
    const struct p11_kek *kek, enum key_alg alg, struct bytes blob,
    CK_OBJECT_HANDLE *out) MUST_USE;

/*
 * p11_wrapped_sign signs `count` digests with one unwrapping and verifies each
 * value under `public_key`, the certificate's; out[i] are the caller's empty
 * buffers.  The object is destroyed in every case.
 * ERR_MALFORMED code "credential-damaged": the key is not the certificate's;
 * nothing is in `out` then.
 */
struct err *p11_wrapped_sign(const struct p11_session *s,
    const struct p11_kek *kek, struct bytes blob, EVP_PKEY *public_key,
    struct sig_alg alg, const struct bytes *digests, size_t count,
    struct buf *out) MUST_USE;

/* Its two halves, for who does not want to keep the token waiting while values
 * are verified: what p11_wrapped_values gives is nobody's signature before
 * p11_values_check said so. */
struct err *p11_wrapped_values(const struct p11_session *s,
    const struct p11_kek *kek, struct bytes blob, struct key_shape shape,
    struct sig_alg alg, const struct bytes *digests, size_t count,
    struct buf *out) MUST_USE;
struct err *p11_values_check(EVP_PKEY *public_key, struct sig_alg alg,
    const struct bytes *digests, size_t count,
    const struct buf *values) MUST_USE;

#endif
