/*
 * A citizen's wrapped key, sealed once more with the PIN:
 *
 *	a = Argon2id(PIN, salt; memory, passes)
 *	h = HMAC in the token(pepper, "seal" || credential || a)
 *	key = HKDF(h), AES-256-GCM over the wrapped key, with credential,
 *	      certificate, version and the whole head as associated data;
 *	      before it the secret of a second factor, if there is one
 *
 * So the database alone opens nothing, nor does the database with a login to
 * the token, without the PIN.  Who holds both can try PINs past our count, at
 * the price of one Argon2id and one call of the token each (doc/keys.md).
 */
#ifndef SIGND_PKCS11_SEAL_H
#define SIGND_PKCS11_SEAL_H

#include "base/base.h"

#define SEAL_MAX 4096      /* bytes of a sealed blob */
#define SEAL_SALT 16       /* bytes */
#define SEAL_KEY 32        /* bytes of an unsealing key */
#define SEAL_HMAC 32       /* bytes */
#define SEAL_KEK_ID_MAX 64 /* bytes */
#define SEAL_SECOND_MAX 64 /* bytes */

/* Argon2id (RFC 9106) is never cheaper than this, when sealing or opening. */
#define SEAL_MEMORY_MIN 19456 /* KiB: 19 MiB */
#define SEAL_PASSES_MIN 2
#define SEAL_MEMORY_MAX 1048576 /* KiB: what a changed blob may ask for */
#define SEAL_PASSES_MAX 16

/* HMAC-SHA-256 with a key that stays where it is: the token, or a test's. */
struct pepper {
	void *ctx;
	struct err *(*hmac)(
	    void *ctx, struct bytes data, uint8_t out[SEAL_HMAC]);
};

/* What a blob is bound to; none of it stands in the blob. */
struct seal_owner {
	struct bytes credential;
	uint8_t certificate_sha256[32];
	uint64_t version;
};

/* What seals and what is sealed. */
struct seal_input {
	uint64_t memory_kib;
	uint64_t passes;
	struct bytes kek_id;     /* which key wrapped it */
	uint64_t wrap_mechanism; /* and by which mechanism */
	struct bytes wrapped;
	struct bytes second; /* secret of the second factor; may be empty */
	/* Both or none: the PIN is paid for already (seal_stretch). */
	struct bytes salt;
	struct bytes stretched;
};

/* Appends the sealed blob.  ERR_USAGE: below the floor. */
struct err *seal_make(const struct pepper *pepper,
    const struct seal_owner *owner, struct bytes pin,
    const struct seal_input *in, struct buf *out) MUST_USE;

/* A sealed blob, read; borrows from it. */
struct sealed {
	uint64_t memory_kib;
	uint64_t passes;
	struct bytes salt;
	struct bytes nonce;
	struct bytes kek_id;
	uint64_t wrap_mechanism;
	uint64_t second_len; /* bytes of the second factor's secret; 0: none */
	struct bytes head; /* all of the above, as packed: associated data */
	struct bytes ciphertext;
};

/* ERR_MALFORMED code "credential-damaged", also for costs below the floor. */
struct err *sealed_parse(struct bytes blob, struct sealed *out) MUST_USE;

/* seal_key derives the unsealing key of SEAL_KEY bytes: some 20 ms. */
struct err *seal_key(const struct sealed *s, const struct pepper *pepper,
    const struct seal_owner *owner, struct bytes pin,
    struct secret *out) MUST_USE;
/* Its two halves, for who has many blobs under one PIN and salt (a bench that
 * makes a million): Argon2id, and what the token makes of it for each owner. */
struct err *seal_stretch(struct bytes pin, uint64_t memory_kib, uint64_t passes,
    struct bytes salt, struct secret *out) MUST_USE;
struct err *seal_stretched_key(const struct pepper *pepper,
    const struct seal_owner *owner, struct bytes stretched,
    struct secret *out) MUST_USE;
/* seal_open yields what was sealed.  *ok is false when the key does not fit:
 * another PIN, another owner, or the blob was changed. */
struct err *seal_open(const struct sealed *s, const struct seal_owner *owner,
    struct bytes key, struct secret *content, bool *ok) MUST_USE;
/* Its two parts: the wrapped key, and the second factor's secret or nothing. */
struct bytes seal_wrapped(const struct sealed *s, struct bytes content);
struct bytes seal_second(const struct sealed *s, struct bytes content);

#endif
