/*
 * Signature activation data: the proof that the citizen approved, made by one
 * keyholder and opened by any.  Its key is derived in the token, so nobody
 * else can make or read one.  It carries the unsealing key, so that Argon2id is
 * paid once for an approval.  That it is used once is the ledger's matter.
 */
#ifndef SIGND_PKCS11_SAD_H
#define SIGND_PKCS11_SAD_H

#include "certs/alg.h"
#include "pkcs11/seal.h"

#define SAD_ID 16             /* bytes */
#define SAD_MAX 1024          /* bytes of a packed and sealed one */
#define SAD_CREDENTIAL_MAX 64 /* bytes */

struct sad {
	uint8_t id[SAD_ID];
	char credential[SAD_CREDENTIAL_MAX + 1];
	uint64_t version;    /* of the sealed blob */
	uint64_t count;      /* signatures at most */
	int64_t expires;     /* seconds */
	bool bound;          /* to these digests; else to the count alone */
	uint8_t digests[32]; /* sad_digests() of them */
	struct secret key;   /* SEAL_KEY bytes, unseals the credential */
};

void sad_done(struct sad *s);

/* A hash over algorithm, number, order and value of the digests. */
struct err *sad_digests(enum digest_alg alg, const struct bytes *digests,
    size_t count, uint8_t out[32]) MUST_USE;

/* Appends the sealed form of `s`; its id must be fresh and random. */
struct err *sad_seal(
    const struct pepper *pepper, const struct sad *s, struct buf *out) MUST_USE;
/* ERR_DENIED code "sad-invalid": not made here, or changed. */
struct err *sad_open(
    const struct pepper *pepper, struct bytes sealed, struct sad *out) MUST_USE;
/*
 * sad_allows checks what is asked for against what was approved.
 * ERR_DENIED code "sad-expired"; code "sad-mismatch": another credential,
 * more signatures, other digests.
 */
struct err *sad_allows(const struct sad *s, int64_t now,
    struct bytes credential, enum digest_alg alg, const struct bytes *digests,
    size_t count) MUST_USE;

#endif
