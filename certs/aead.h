/* AES-256-GCM and HKDF: for what is sealed, as keys, approvals, PINs, and
 * answers that the front keeps. */
#ifndef SIGND_CERTS_AEAD_H
#define SIGND_CERTS_AEAD_H

#include "base/base.h"

#define AEAD_KEY 32   /* bytes */
#define AEAD_NONCE 12 /* bytes */
#define AEAD_TAG 16   /* bytes */

/* random_fill takes from the system's generator. */
struct err *random_fill(void *out, size_t len) MUST_USE;

/* Appends ciphertext and tag. */
struct err *aead_seal(struct bytes key, struct bytes nonce, struct bytes aad,
    struct bytes plain, struct buf *out) MUST_USE;
/* *ok is false, and `out` untouched, when anything was changed.  `out` is a
 * new secret. */
struct err *aead_open(struct bytes key, struct bytes nonce, struct bytes aad,
    struct bytes sealed, struct secret *out, bool *ok) MUST_USE;

/* HKDF-SHA-256 (RFC 5869) without salt; `info` says what the key is for. */
struct err *hkdf(
    struct bytes secret, const char *info, uint8_t out[AEAD_KEY]) MUST_USE;
/* Its two halves apart; an empty salt is one of zeros. */
struct err *hkdf_extract(
    struct bytes salt, struct bytes secret, uint8_t out[32]) MUST_USE;
struct err *hkdf_expand(
    struct bytes prk, struct bytes info, uint8_t *out, size_t len) MUST_USE;

#endif
