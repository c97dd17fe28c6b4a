/* Key pairs and certificates in a person's own token. */
#ifndef SIGND_PKCS11_PAIR_H
#define SIGND_PKCS11_PAIR_H

#include "certs/cert.h"
#include "pkcs11/kind.h"
#include "pkcs11/session.h"

struct p11_pair_fields {
	enum key_kind kind;
	struct bytes id;    /* CKA_ID */
	struct bytes label; /* for people; may be empty */
	bool always;        /* the PIN before each signature */
};

/* p11_own_pair_make makes a permanent pair that signs and never leaves, in a
 * writable session, and appends its SubjectPublicKeyInfo. */
struct err *p11_own_pair_make(const struct p11_session *s,
    const struct p11_pair_fields *f, struct buf *spki) MUST_USE;

/* p11_cert_put stores a certificate beside its key, under the key's CKA_ID. */
struct err *p11_cert_put(const struct p11_session *s, const struct cert *c,
    struct bytes id, struct bytes label) MUST_USE;

#endif
