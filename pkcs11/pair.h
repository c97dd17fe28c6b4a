/* Key pairs and certificates in a person's own token. */
#ifndef SIGND_PKCS11_PAIR_H
#define SIGND_PKCS11_PAIR_H

#include "certs/cert.h"
#include "pkcs11/session.h"

enum p11_kind { P11_P256, P11_P384, P11_RSA2048, P11_RSA3072 };

/* "P-256", "P-384", "RSA-2048", "RSA-3072".  ERR_USAGE: another. */
struct err *p11_kind_by_name(const char *name, enum p11_kind *out) MUST_USE;

struct p11_pair_fields {
	enum p11_kind kind;
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
