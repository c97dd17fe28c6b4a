/* Keys in our own memory: for tests, tools, and an officer's client key. */
#ifndef SIGND_CERTS_SOFTKEY_H
#define SIGND_CERTS_SOFTKEY_H

#include <openssl/evp.h>

#include "certs/signer.h"
#include "base/base.h"

#define SOFTKEY_PEM_MAX (64 * 1024) /* bytes; RSA-4096 takes about 3 KB */

struct softkey;

/*
 * softkey_generate makes a new key, which the caller frees with softkey_free().
 * `kind`: "P-256", "P-384", "P-521", "RSA-2048", "RSA-3072", "RSA-4096".
 * ERR_UNSUPPORTED: another kind.
 */
struct err *softkey_generate(const char *kind, struct softkey **out) MUST_USE;

/*
 * PKCS#8 or the older forms in PEM.  `passphrase` is empty when there is none.
 * ERR_MALFORMED: no private key in it.  ERR_DENIED: encrypted, and not under
 * that passphrase.  ERR_UNSUPPORTED: neither RSA nor EC.
 */
struct err *softkey_from_pem(
    struct bytes pem, struct bytes passphrase, struct softkey **out) MUST_USE;
/* Takes one more reference to `key`. */
struct err *softkey_from_evp(EVP_PKEY *key, struct softkey **out) MUST_USE;
/* PKCS#8 in PEM, under AES-256-CBC and PBKDF2 unless `passphrase` is empty.
 * The caller ends *out with secret_done(). */
struct err *softkey_to_pem(const struct softkey *k, struct bytes passphrase,
    struct secret *out) MUST_USE;
void softkey_free(struct softkey *k);
DEFINE_FREEP(softkey_free, struct softkey)

EVP_PKEY *softkey_evp(const struct softkey *k); /* belongs to the key */
/* What the key signs with by default: ECDSA with the digest that fits the
 * curve, or RSASSA-PSS with SHA-256. */
struct sig_alg softkey_alg(const struct softkey *k);
/* Good as long as the key is.  Signing: ERR_USAGE when the algorithm does not
 * fit the key or the digest's length is wrong. */
struct signer softkey_signer(struct softkey *k);

#endif
