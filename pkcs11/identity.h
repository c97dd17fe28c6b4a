/*
 * What a person's token holds, put together: which certificate belongs to which
 * key.  Keys are told apart by CKA_ID and by the public key, and never by their
 * labels: those are for people, in any bytes whatever.
 */
#ifndef SIGND_PKCS11_IDENTITY_H
#define SIGND_PKCS11_IDENTITY_H

#include "certs/cert.h"
#include "pkcs11/session.h"
#include "pkcs11/uri.h"

#define P11_LABEL_MAX 1024 /* bytes; a longer one is not told */

/* A key, a certificate, or both. */
struct p11_identity {
	struct buf id;        /* CKA_ID; may be empty */
	struct buf label;     /* any bytes; for people only */
	bool has_key;         /* a private key is there, and seen */
	CK_OBJECT_HANDLE key; /* when has_key */
	bool signs;           /* CKA_SIGN */
	bool always;          /* CKA_ALWAYS_AUTHENTICATE */
	struct buf spki;      /* of the key, DER; empty: the token hides it */
	struct cert *cert;    /* NULL: none */
};

struct p11_identities {
	struct p11_identity *v;
	size_t n;
	size_t unreadable; /* certificates that are none */
};

/* p11_identities_read looks at all permanent objects.  Before a login most
 * tokens show certificates and public keys only.  A certificate belongs to the
 * key that it certifies; where the token hides that, to the one of its CKA_ID.
 */
struct err *p11_identities_read(
    const struct p11_session *s, struct p11_identities *out) MUST_USE;
void p11_identities_done(struct p11_identities *l);

/*
 * p11_identity_find gives the one with that CKA_ID; with an empty `id` the only
 * one that has a key, and a certificate if `with_cert`.
 * ERR_MISSING code "token-key-missing"; ERR_USAGE code "token-key-several".
 */
struct err *p11_identity_find(const struct p11_identities *l, struct bytes id,
    bool with_cert, const struct p11_identity **out) MUST_USE;

/* The one with that public key (SubjectPublicKeyInfo).  ERR_MISSING likewise.
 */
struct err *p11_identity_of_key(const struct p11_identities *l,
    struct bytes spki, const struct p11_identity **out) MUST_USE;
/*
 * p11_identity_prove finds it also where the token hides the public half and
 * several keys have the same CKA_ID, or none: each that is left signs a
 * sentence of ours, and the one whose value verifies is it.  Wants a login.
 */
struct err *p11_identity_prove(const struct p11_session *s,
    struct p11_identities *l, struct bytes spki,
    const struct p11_identity **out) MUST_USE;
/* The one whose key a certificate certifies.  ERR_MISSING likewise. */
struct err *p11_identity_of_cert(const struct p11_identities *l,
    const struct cert *c, const struct p11_identity **out) MUST_USE;

#endif
