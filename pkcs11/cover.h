/*
 * The outermost layer of what the ledger keeps: under a key of the token that
 * can be changed without the citizen's PIN (doc/keys.md).
 *
 *	key = HKDF(HMAC in the token(cover key, "signd cover 1" || owner))
 *	12 bytes nonce, then AES-256-GCM, with owner and the key's id as
 *	associated data
 *
 * When the cover key is destroyed, every old copy of the ledger is closed for
 * good, whoever knows the PINs.
 */
#ifndef SIGND_PKCS11_COVER_H
#define SIGND_PKCS11_COVER_H

#include "pkcs11/seal.h"

#define COVER_OVERHEAD (12 + 16) /* bytes: nonce and tag */

/* Appends the covered form.  `cover` computes with the cover key, whose id
 * `key_id` is; `owner` is the credential. */
struct err *cover_make(const struct pepper *cover, struct bytes key_id,
    struct bytes owner, struct bytes plain, struct buf *out) MUST_USE;
/* ERR_MALFORMED code "credential-damaged": changed, or another's. */
struct err *cover_open(const struct pepper *cover, struct bytes key_id,
    struct bytes owner, struct bytes covered, struct secret *out) MUST_USE;

/* What opens one owner's cover without the token. */
struct cover_pass {
	int64_t generation; /* of the ledger's, whose key it is from */
	uint8_t key_id[SEAL_KEK_ID_MAX];
	size_t key_id_len;
	struct secret key; /* AEAD_KEY bytes; empty: opens nothing */
};
void cover_pass_done(struct cover_pass *p);
struct err *cover_pass_make(const struct pepper *cover, int64_t generation,
    struct bytes key_id, struct bytes owner, struct cover_pass *out) MUST_USE;
struct err *cover_pass_open(const struct cover_pass *p, struct bytes owner,
    struct bytes covered, struct secret *out) MUST_USE;

#endif
