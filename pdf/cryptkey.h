/*
 * The file key of the standard security handler, and the few ciphers that it
 * takes.  Only pdf/crypt.c and its tests use this.  ISO 32000-2 7.6.4.
 */
#ifndef SIGND_PDF_CRYPTKEY_H
#define SIGND_PDF_CRYPTKEY_H

#include "base/base.h"

#define CRYPT_KEY_MAX 32       /* bytes of a file key */
#define CRYPT_PASSWORD_MAX 127 /* bytes that count, ISO 32000-2 7.6.4.3.3 */

/* What the /Encrypt dictionary says, as far as it makes the key. */
struct crypt_params {
	int revision;           /* /R, 2 to 6 */
	size_t key_len;         /* in bytes */
	struct bytes owner;     /* /O: 32 bytes, or 48 */
	struct bytes user;      /* /U: 32 bytes, or 48 */
	struct bytes owner_key; /* /OE: 32 bytes; revisions 5 and 6 */
	struct bytes user_key;  /* /UE: 32 bytes; revisions 5 and 6 */
	struct bytes perms;     /* /Perms: 16 bytes; revisions 5 and 6 */
	uint32_t permissions;   /* /P */
	struct bytes id;        /* first string of /ID */
	bool encrypt_metadata;
};

/*
 * crypt_key tries `password` as user and as owner password, and writes
 * p->key_len bytes.  *ok says whether it was one of them.
 * ERR_MALFORMED: /Perms does not fit /P (Algorithm 13).
 */
struct err *crypt_key(const struct crypt_params *p, struct bytes password,
    uint8_t out[CRYPT_KEY_MAX], bool *is_owner, bool *ok) MUST_USE;

/* RC4 over `len` bytes, in place; `key` has 1 to 256 bytes.  OpenSSL has it
 * in a provider that may not be there. */
void crypt_rc4(struct bytes key, uint8_t *data, size_t len);

/* Appends AES-CBC of `in` without padding, a multiple of 16 bytes; the key has
 * 16 or 32 bytes. */
struct err *crypt_aes_cbc(bool encrypt, struct bytes key, const uint8_t iv[16],
    struct bytes in, struct buf *out) MUST_USE;

/* Hashes up to three pieces with MD5. */
struct err *crypt_md5(
    const struct bytes *pieces, size_t n, uint8_t out[16]) MUST_USE;

#endif
