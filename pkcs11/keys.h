/*
 * Permanent keys of the token.  Found by CKA_ID, never by label: labels in the
 * field are not unique, and have characters that tools disagree about.
 */
#ifndef SIGND_PKCS11_KEYS_H
#define SIGND_PKCS11_KEYS_H

#include "certs/signer.h"
#include "pkcs11/kind.h"
#include "pkcs11/session.h"

#define P11_ID 16   /* bytes of a CKA_ID that we make */
#define P11_HMAC 32 /* bytes */

/* p11_key_find finds the one object of a class with that CKA_ID.
 * ERR_MISSING code "token-key-missing"; ERR_USAGE: several. */
struct err *p11_key_find(const struct p11_session *s, CK_OBJECT_CLASS class,
    struct bytes id, CK_OBJECT_HANDLE *out) MUST_USE;

/*
 * The key that wraps citizens' keys: AES-256, private, never extractable, for
 * wrapping and unwrapping and nothing else (with CKA_DECRYPT, which is true by
 * default, wrapped keys could be decrypted into the clear).  What it unwraps is
 * a sensitive, non-extractable session key by CKA_UNWRAP_TEMPLATE.
 */
struct err *p11_kek_make(const struct p11_session *s, struct bytes id,
    CK_OBJECT_HANDLE *out) MUST_USE;
/* p11_kek_check refuses a key that could give away what it wraps, or that could
 * be changed into one.  (Not every make tells CKA_UNWRAP_TEMPLATE: what is
 * unwrapped carries the same attributes in its own template.)
 * ERR_DENIED code "token-key-weak". */
struct err *p11_kek_check(
    const struct p11_session *s, CK_OBJECT_HANDLE kek) MUST_USE;

/* The key that seals depend on: HMAC-SHA-256 with 256 bits, never leaves. */
struct err *p11_pepper_make(const struct p11_session *s, struct bytes id,
    CK_OBJECT_HANDLE *out) MUST_USE;
struct err *p11_pepper_check(
    const struct p11_session *s, CK_OBJECT_HANDLE pepper) MUST_USE;
struct err *p11_hmac(const struct p11_session *s, CK_OBJECT_HANDLE pepper,
    struct bytes data, uint8_t out[P11_HMAC]) MUST_USE;

/* A permanent pair for signing; an RSA key of this kind signs PKCS#1 v1.5 and
 * nothing else.  Appends its SubjectPublicKeyInfo. */
struct err *p11_pair_make(const struct p11_session *s, enum key_kind kind,
    struct bytes id, CK_OBJECT_HANDLE *private_key, struct buf *spki) MUST_USE;

/* p11_signing_check refuses a private key that could leave the token.
 * ERR_DENIED code "token-key-weak". */
struct err *p11_signing_check(
    const struct p11_session *s, CK_OBJECT_HANDLE key) MUST_USE;

/* Reads a public key (P-256, P-384, RSA) as SubjectPublicKeyInfo (DER).
 * ERR_UNSUPPORTED: of another kind; ERR_MALFORMED: it is none. */
struct err *p11_spki(const struct p11_session *s, CK_OBJECT_HANDLE public_key,
    struct buf *out) MUST_USE;

/*
 * p11_sign signs a digest with a key of that shape; appends DER for ECDSA, else
 * the modulus' length.  How the token is asked stands in the table of makes.
 * ERR_UNSUPPORTED: another algorithm; ERR_USAGE: a digest of another length;
 * ERR_REMOTE code "token-unavailable": what it gave is no signature.
 */
struct err *p11_sign(const struct p11_session *s, CK_OBJECT_HANDLE key,
    struct key_shape shape, struct sig_alg alg, struct bytes digest,
    struct buf *out) MUST_USE;

/* A permanent key as the rest of the program signs with it. */
struct p11_signer {
	const struct p11_session *session;
	CK_OBJECT_HANDLE key;
	struct key_shape shape;
};
struct signer p11_signer(struct p11_signer *s);

struct err *p11_destroy(
    const struct p11_session *s, CK_OBJECT_HANDLE object) MUST_USE;
/* How many objects this session sees; for tests. */
struct err *p11_object_count(const struct p11_session *s, size_t *out) MUST_USE;

#endif
