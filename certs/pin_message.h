/*
 * A PIN on its way from the citizen's device to a keyholder, past everything
 * between: sealed by HPKE to a key in the token, together with what it is for.
 * Who carries it can neither read it nor put it under something else.
 *
 *	8 bytes		which key: SHA-256 of its SubjectPublicKeyInfo begins so
 *	65 bytes	ephemeral point
 *	the rest	packed {1 time [n], 2 PIN, 3 code}, AES-256-GCM
 *
 * web/seal.js makes the same.
 */
#ifndef SIGND_CERTS_PIN_MESSAGE_H
#define SIGND_CERTS_PIN_MESSAGE_H

#include "certs/hpke.h"

#define PIN_KEY_ID 8 /* bytes */
#define PIN_MESSAGE_MAX 1024
/* Keyholders take a message that is so old, or so far ahead, at most. */
#define PIN_MESSAGE_SECONDS 600

#define PIN_FOR_SIGNING "sign"
#define PIN_FOR_ACTIVATION "activate"

/* What the PIN is for: associated data. */
struct pin_purpose {
	const char *what;          /* one of the two above */
	struct bytes subject;      /* credential, or the activation token */
	uint64_t count;            /* signatures; 0 for activation */
	const char *digest_oid;    /* "" without digests */
	const struct bytes *digests;
	size_t ndigests;
};

struct pin_message {
	int64_t time;      /* seconds, by the service's clock */
	struct bytes pin;  /* UTF-8, NFC */
	struct bytes code; /* of the second factor; may be empty */
};

/* The id of a key, from its SubjectPublicKeyInfo. */
struct err *pin_key_id_of(EVP_PKEY *key, uint8_t out[PIN_KEY_ID]) MUST_USE;

/* pin_message_seal appends the sealed message; `exporter` may be NULL. */
struct err *pin_message_seal(EVP_PKEY *to, const struct pin_purpose *purpose,
    const struct pin_message *m, struct buf *out,
    struct secret *exporter) MUST_USE;

/* The key id of a sealed message; empty when it is too short for one. */
struct bytes pin_message_key(struct bytes sealed);

/*
 * pin_message_open opens one; *out borrows from `plain`.  *ok is false when it
 * was sealed to another key or for another purpose, or changed.
 * ERR_MALFORMED: what was sealed is no message.
 */
struct err *pin_message_open(const struct hpke_recipient *r,
    const struct pin_purpose *purpose, struct bytes sealed,
    struct secret *plain, struct pin_message *out, struct secret *exporter,
    bool *ok) MUST_USE;

/* An answer to who sealed, under their exporter secret; used once for each. */
struct err *pin_answer_seal(
    struct bytes exporter, struct bytes plain, struct buf *out) MUST_USE;
struct err *pin_answer_open(struct bytes exporter, struct bytes sealed,
    struct secret *out, bool *ok) MUST_USE;

#endif
