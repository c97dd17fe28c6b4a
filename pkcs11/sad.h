/*
 * Signature activation data: the proof that the citizen approved, made by one
 * keyholder and opened by any.  Its key is derived in the token, so nobody
 * else can make or read one.  It carries the unsealing key, so that Argon2id is
 * paid once for an approval, and the key of the credential's cover, so that the
 * token is asked for nothing but the signature.  That it is used once is the
 * ledger's matter.
 *
 *	e = HMAC in the token(pepper, "signd sad 2" || epoch)
 *	key = HKDF(e, "signd sad key 2" || id), AES-256-GCM, with the whole
 *	      head as associated data
 *
 * An epoch is SAD_EPOCH seconds of the times at which SADs end, and its e is
 * kept in memory while they live: with a token over a network, a call for each
 * signature would cost as much as the signature.
 */
#ifndef SIGND_PKCS11_SAD_H
#define SIGND_PKCS11_SAD_H

#include <pthread.h>

#include "certs/alg.h"
#include "pkcs11/cover.h"
#include "pkcs11/seal.h"

#define SAD_ID 16             /* bytes */
#define SAD_MAX 1024          /* bytes of a packed and sealed one */
#define SAD_EPOCH 600         /* seconds */
#define SAD_SECONDS_MAX 3600  /* that one lives */
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
	struct cover_pass cover; /* may be empty */
};

void sad_done(struct sad *s);

/* What the token said of the epochs that are under way; for several threads. */
#define SAD_EPOCHS 16
struct sad_keys {
	struct pepper pepper;
	pthread_mutex_t lock;
	struct {
		int64_t epoch;
		struct secret key; /* empty: nothing here */
	} at[SAD_EPOCHS];
};
struct err *sad_keys_init(
    struct sad_keys *k, struct pepper pepper) MUST_USE;
void sad_keys_done(struct sad_keys *k);
/* Wipes what opens SADs that have all expired.  To be called every now and
 * then: who reads this memory later opens no old one. */
void sad_keys_forget(struct sad_keys *k, int64_t now);

/* A hash over algorithm, number, order and value of the digests. */
struct err *sad_digests(enum digest_alg alg, const struct bytes *digests,
    size_t count, uint8_t out[32]) MUST_USE;

/* Appends the sealed form of `s`; its id must be fresh and random. */
struct err *sad_seal(
    struct sad_keys *keys, const struct sad *s, struct buf *out) MUST_USE;
/* ERR_DENIED code "sad-invalid": not made here, or changed; "sad-expired". */
struct err *sad_open(struct sad_keys *keys, int64_t now, struct bytes sealed,
    struct sad *out) MUST_USE;
/*
 * sad_allows checks what is asked for against what was approved.
 * ERR_DENIED code "sad-expired"; code "sad-mismatch": another credential,
 * more signatures, other digests.
 */
struct err *sad_allows(const struct sad *s, int64_t now,
    struct bytes credential, enum digest_alg alg, const struct bytes *digests,
    size_t count) MUST_USE;

#endif
