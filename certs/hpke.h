/*
 * HPKE (RFC 9180), base mode, one message: DHKEM(P-256, HKDF-SHA256),
 * HKDF-SHA256, AES-256-GCM.  Who has a public key seals; only who has the
 * private key, wherever it is, opens.
 */
#ifndef SIGND_CERTS_HPKE_H
#define SIGND_CERTS_HPKE_H

#include <openssl/evp.h>

#include "base/base.h"

#define HPKE_POINT 65 /* bytes: uncompressed point of P-256 */
#define HPKE_DH 32    /* bytes: its x */
/* Bytes that sealing adds: the sender's ephemeral point, and the tag. */
#define HPKE_OVERHEAD (HPKE_POINT + 16)

/* hpke_point reads the point of a P-256 key.  ERR_UNSUPPORTED: another key. */
struct err *hpke_point(EVP_PKEY *key, uint8_t out[HPKE_POINT]) MUST_USE;

/*
 * hpke_seal appends ephemeral point and ciphertext.  `exporter`, which may be
 * NULL, becomes the secret out of which both sides derive keys for an answer.
 */
struct err *hpke_seal(EVP_PKEY *to, struct bytes info, struct bytes aad,
    struct bytes plain, struct buf *out, struct secret *exporter) MUST_USE;

/* The private key: computes the x of the point times the key. */
struct hpke_recipient {
	void *ctx;
	uint8_t point[HPKE_POINT]; /* its public key */
	struct err *(*dh)(void *ctx, struct bytes point, uint8_t out[HPKE_DH]);
};

/* hpke_open opens what hpke_seal made.  *ok is false, and nothing else
 * touched, when it was sealed to another key, for something else, or changed. */
struct err *hpke_open(const struct hpke_recipient *r, struct bytes info,
    struct bytes aad, struct bytes sealed, struct secret *plain,
    struct secret *exporter, bool *ok) MUST_USE;

/* A key for AES-256-GCM out of an exporter secret; RFC 9180 5.3. */
struct err *hpke_export(struct bytes exporter, struct bytes context,
    uint8_t out[32]) MUST_USE;

/* The secret of the KEM, out of which all keys come; for tests.  RFC 9180
 * 4.1, ExtractAndExpand. */
struct err *hpke_kem_secret(struct bytes dh, struct bytes enc,
    struct bytes recipient, uint8_t out[32]) MUST_USE;

#endif
