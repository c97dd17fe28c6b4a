/*
 * The written protocol of a ceremony: what was made, where, by which program,
 * before whom.  The root's key signs it while it is at hand, so that the text
 * can be held against the root's certificate for as long as that lives:
 *
 *	openssl dgst -sha256 -verify root.pub -signature FILE.sig FILE
 */
#ifndef SIGND_SIGND_CEREMONY_H
#define SIGND_SIGND_CEREMONY_H

#include "certs/cert.h"
#include "certs/signer.h"

#define PROTOCOL_MAX 65536 /* bytes of the text */

/* One key that was made. */
struct ceremony_key {
	const char *what;  /* "key that wraps (AES-256)" */
	const char *token; /* its label, as the token tells it */
	struct bytes id;   /* CKA_ID */
};

struct ceremony {
	int64_t time; /* seconds */
	const char *organization;
	const char *const *witnesses; /* names */
	size_t nwitnesses;
	const char *module; /* PKCS#11, path */
	const struct ceremony_key *keys;
	size_t nkeys;
	const struct cert *root;
	const struct cert *issuer;
};

/* Appends the text, and the root's signature over it (DER, ECDSA with
 * SHA-256).  ERR_DENIED: it does not verify under the root's certificate. */
struct err *ceremony_protocol(const struct ceremony *c,
    const struct signer *root, struct buf *text, struct buf *sig) MUST_USE;

#endif
