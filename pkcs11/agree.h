/* A permanent P-256 pair for key agreement: what is sealed to its public half
 * is opened by the token alone (certs/hpke.h). */
#ifndef SIGND_PKCS11_AGREE_H
#define SIGND_PKCS11_AGREE_H

#include "certs/hpke.h"
#include "pkcs11/keys.h"

/* Makes the pair; appends its SubjectPublicKeyInfo. */
struct err *p11_agree_make(const struct p11_session *s, struct bytes id,
    CK_OBJECT_HANDLE *private_key, struct buf *spki) MUST_USE;
/* Refuses one that could leave the token, or sign.
 * ERR_DENIED code "token-key-weak". */
struct err *p11_agree_check(
    const struct p11_session *s, CK_OBJECT_HANDLE key) MUST_USE;
/* CKM_ECDH1_DERIVE: the x of `point` times the key.  The object that the token
 * makes for it is destroyed in every case. */
struct err *p11_agree(const struct p11_session *s, CK_OBJECT_HANDLE key,
    struct bytes point, uint8_t out[HPKE_DH]) MUST_USE;

#endif
