#include "pdf/cryptkey.h"

#include <openssl/evp.h>

#include <string.h>

#include "certs/ossl.h"

#define BLOCK 16       /* bytes, AES */
#define HASH_MAX 64    /* bytes, SHA-512 */
#define ROUNDS_MAX 512 /* Algorithm 2.B ends long before, by chance */

DEFINE_FREEP(EVP_CIPHER_CTX_free, EVP_CIPHER_CTX)

/* ISO 32000-2 7.6.4.3.2 (a). */
static const uint8_t padding[32] = { 0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a,
	0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08, 0x2e, 0x2e, 0x00,
	0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69,
	0x7a };

void
crypt_rc4(struct bytes key, uint8_t *data, size_t len)
{
	uint8_t s[256];
	for (unsigned i = 0; i < 256; i++)
		s[i] = (uint8_t)i;
	for (unsigned i = 0, j = 0; i < 256; i++) {
		j = (j + s[i] + key.ptr[i % key.len]) & 255;
		uint8_t t = s[i];
		s[i] = s[j];
		s[j] = t;
	}
	unsigned x = 0, y = 0;
	for (size_t n = 0; n < len; n++) {
		x = (x + 1) & 255;
		y = (y + s[x]) & 255;
		uint8_t t = s[x];
		s[x] = s[y];
		s[y] = t;
		data[n] ^= s[(s[x] + s[y]) & 255];
	}
	wipe(s, sizeof(s));
}

static struct err *
hash(const EVP_MD *md, const struct bytes *pieces, size_t n, uint8_t *out)
{
	CLEANUP(EVP_MD_CTX_freep) EVP_MD_CTX *c = EVP_MD_CTX_new();
	if (c == NULL || EVP_DigestInit_ex(c, md, NULL) != 1)
		return err_ossl(ERR_INTERNAL, "EVP_DigestInit_ex");
	for (size_t i = 0; i < n; i++) {
		if (EVP_DigestUpdate(c, pieces[i].ptr, pieces[i].len) != 1)
			return err_ossl(ERR_INTERNAL, "EVP_DigestUpdate");
	}
	if (EVP_DigestFinal_ex(c, out, NULL) != 1)
		return err_ossl(ERR_INTERNAL, "EVP_DigestFinal_ex");
	return NULL;
}

struct err *
crypt_md5(const struct bytes *pieces, size_t n, uint8_t out[16])
{
	return hash(EVP_md5(), pieces, n, out);
}

static struct err *
aes(const EVP_CIPHER *kind, bool encrypt, struct bytes key, const uint8_t *iv,
    struct bytes in, struct buf *out)
{
	if (in.len % BLOCK != 0 || in.len > INT32_MAX)
		return err_new(ERR_MALFORMED, NULL, "%zu bytes of AES", in.len);
	TRY(buf_reserve(out, in.len + BLOCK));
	CLEANUP(EVP_CIPHER_CTX_freep)
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	if (c == NULL ||
	    EVP_CipherInit_ex(c, kind, NULL, key.ptr, iv, encrypt) != 1 ||
	    EVP_CIPHER_CTX_set_padding(c, 0) != 1)
		return err_ossl(ERR_INTERNAL, "EVP_CipherInit_ex");
	int n = 0, last = 0;
	uint8_t *at = out->ptr + out->len;
	if (in.len > 0 && EVP_CipherUpdate(c, at, &n, in.ptr, (int)in.len) != 1)
		return err_ossl(ERR_INTERNAL, "EVP_CipherUpdate");
	if (EVP_CipherFinal_ex(c, at + n, &last) != 1)
		return err_ossl(ERR_INTERNAL, "EVP_CipherFinal_ex");
	out->len += (size_t)n + (size_t)last;
	return NULL;
}

struct err *
crypt_aes_cbc(bool encrypt, struct bytes key, const uint8_t iv[16],
    struct bytes in, struct buf *out)
{
	const EVP_CIPHER *kind =
	    key.len == 32 ? EVP_aes_256_cbc() : EVP_aes_128_cbc();
	return aes(kind, encrypt, key, iv, in, out);
}

/* ---- revisions 2 to 4: MD5 and RC4 ---- */

static void
pad_password(struct bytes password, uint8_t out[32])
{
	size_t n = password.len < 32 ? password.len : 32;
	if (n > 0)
		memcpy(out, password.ptr, n);
	memcpy(out + n, padding, 32 - n);
}

/* RC4 with the key, then (revision 3 and up) with it xor 1 to 19. */
static void
rc4_rounds(const uint8_t *key, size_t key_len, bool many, bool backwards,
    uint8_t *data, size_t len)
{
	for (unsigned i = 0; i < (many ? 20u : 1u); i++) {
		unsigned x = backwards && many ? 19 - i : i;
		uint8_t k[CRYPT_KEY_MAX] = { 0 };
		for (size_t j = 0; j < key_len; j++)
			k[j] = key[j] ^ (uint8_t)x;
		crypt_rc4(bytes_of(k, key_len), data, len);
		wipe(k, sizeof(k));
	}
}

/* Algorithm 2, with an already padded password. */
static struct err *
old_key(const struct crypt_params *p, const uint8_t padded[32],
    uint8_t out[CRYPT_KEY_MAX])
{
	uint8_t perms[4];
	for (int i = 0; i < 4; i++)
		perms[i] = (uint8_t)(p->permissions >> (8 * i));
	bool clear = p->revision >= 4 && !p->encrypt_metadata;
	struct bytes pieces[] = { bytes_of(padded, 32), p->owner,
		bytes_of(perms, 4), p->id,
		clear ? BYTES_LIT("\xff\xff\xff\xff") : BYTES_NONE };
	TRY(crypt_md5(pieces, COUNT_OF(pieces), out));
	for (int i = 0; p->revision >= 3 && i < 50; i++) {
		struct bytes again = bytes_of(out, p->key_len);
		TRY(crypt_md5(&again, 1, out));
	}
	return NULL;
}

/* Algorithms 4 to 6: whether this key is of the user password. */
static struct err *
old_key_fits(const struct crypt_params *p, const uint8_t *key, bool *ok)
{
	uint8_t want[32];
	memcpy(want, padding, sizeof(want));
	size_t n = 32;
	if (p->revision >= 3) {
		struct bytes pieces[] = { bytes_of(padding, 32), p->id };
		TRY(crypt_md5(pieces, 2, want));
		n = 16;
	}
	rc4_rounds(key, p->key_len, p->revision >= 3, false, want, n);
	*ok = bytes_eq_secret(bytes_of(want, n), bytes_slice(p->user, 0, n));
	return NULL;
}

/* Algorithm 7: the owner password opens the padded user password. */
static struct err *
old_user_password(const struct crypt_params *p, struct bytes owner_password,
    uint8_t padded[32])
{
	uint8_t key[16];
	pad_password(owner_password, padded);
	struct bytes in = bytes_of(padded, 32);
	TRY(crypt_md5(&in, 1, key));
	in = bytes_of(key, sizeof(key));
	for (int i = 0; p->revision >= 3 && i < 50; i++)
		TRY(crypt_md5(&in, 1, key));
	memcpy(padded, p->owner.ptr, 32);
	rc4_rounds(key, p->key_len, p->revision >= 3, true, padded, 32);
	wipe(key, sizeof(key));
	return NULL;
}

static struct err *
old_open(const struct crypt_params *p, struct bytes password,
    uint8_t out[CRYPT_KEY_MAX], bool *is_owner, bool *ok)
{
	uint8_t padded[32];
	*is_owner = false;
	pad_password(password, padded);
	TRY(old_key(p, padded, out));
	TRY(old_key_fits(p, out, ok));
	if (*ok)
		return NULL;
	TRY(old_user_password(p, password, padded));
	TRY(old_key(p, padded, out));
	TRY(old_key_fits(p, out, ok));
	*is_owner = *ok;
	wipe(padded, sizeof(padded));
	return NULL;
}

/* ---- revisions 5 and 6: SHA-2 and AES-256 ---- */

/* One round of Algorithm 2.B: 64 times password, key and the user's string,
 * encrypted; *last is the last byte, which may end it. */
static struct err *
hash_round(struct bytes password, struct bytes user, uint8_t k[HASH_MAX],
    size_t *k_len, uint8_t *last)
{
	struct buf k1 = BUF(64 * (CRYPT_PASSWORD_MAX + HASH_MAX + 48) + BLOCK);
	struct buf e = BUF(k1.max + BLOCK);
	struct err *err = NULL;
	for (int i = 0; err == NULL && i < 64; i++) {
		err = buf_append(&k1, password);
		if (err == NULL)
			err = buf_append(&k1, bytes_of(k, *k_len));
		if (err == NULL)
			err = buf_append(&k1, user);
	}
	if (err == NULL)
		err = aes(EVP_aes_128_cbc(), true, bytes_of(k, 16), k + 16,
		    buf_bytes(&k1), &e);
	if (err == NULL) {
		/* 256 is 1 modulo 3, so the bytes' sum will do. */
		unsigned sum = 0;
		for (int i = 0; i < 16; i++)
			sum += e.ptr[i];
		const EVP_MD *md = sum % 3 == 0   ? EVP_sha256()
				   : sum % 3 == 1 ? EVP_sha384()
						  : EVP_sha512();
		*k_len = (size_t)EVP_MD_get_size(md);
		*last = e.ptr[e.len - 1];
		struct bytes in = buf_bytes(&e);
		err = hash(md, &in, 1, k);
	}
	wipe(k1.ptr, k1.len);
	buf_done(&k1);
	buf_done(&e);
	return err;
}

/* Algorithm 2.B for revision 6, one SHA-256 for revision 5. */
static struct err *
new_hash(const struct crypt_params *p, struct bytes password, struct bytes salt,
    struct bytes user, uint8_t out[32])
{
	uint8_t k[HASH_MAX];
	size_t k_len = 32;
	struct bytes pieces[] = { password, salt, user };
	TRY(hash(EVP_sha256(), pieces, 3, k));
	uint8_t last = 0;
	for (unsigned i = 0; p->revision >= 6 && i < ROUNDS_MAX; i++) {
		if (i >= 64 && last <= i - 1 - 31)
			break;
		TRY(hash_round(password, user, k, &k_len, &last));
	}
	memcpy(out, k, 32);
	wipe(k, sizeof(k));
	return NULL;
}

/* Tries one of the two passwords: `check` is /U or /O, `wrapped` /UE or /OE,
 * `user` what the owner's hash takes in besides. */
static struct err *
new_try(const struct crypt_params *p, struct bytes password, struct bytes check,
    struct bytes wrapped, struct bytes user, uint8_t out[CRYPT_KEY_MAX],
    bool *ok)
{
	static const uint8_t zero_iv[16];
	uint8_t h[32];
	TRY(new_hash(p, password, bytes_slice(check, 32, 8), user, h));
	*ok = bytes_eq_secret(bytes_of(h, 32), bytes_slice(check, 0, 32));
	if (!*ok)
		return NULL;
	TRY(new_hash(p, password, bytes_slice(check, 40, 8), user, h));
	struct buf key = BUF(64);
	struct err *e =
	    crypt_aes_cbc(false, bytes_of(h, 32), zero_iv, wrapped, &key);
	if (e == NULL)
		memcpy(out, key.ptr, 32);
	wipe(key.ptr, key.len);
	wipe(h, sizeof(h));
	buf_done(&key);
	return e;
}

/* Algorithm 13. */
static struct err *
new_check_perms(const struct crypt_params *p, const uint8_t *key)
{
	struct buf plain = BUF(64);
	struct err *e = aes(EVP_aes_256_ecb(), false, bytes_of(key, 32), NULL,
	    p->perms, &plain);
	if (e == NULL) {
		uint32_t stated = 0;
		for (int i = 0; i < 4; i++)
			stated |= (uint32_t)plain.ptr[i] << (8 * i);
		if (memcmp(plain.ptr + 9, "adb", 3) != 0 ||
		    stated != p->permissions)
			e = err_new(ERR_MALFORMED, "ISO 32000-2 7.6.4.4.12",
			    "/Perms does not fit /P");
	}
	buf_done(&plain);
	return e;
}

static struct err *
new_open(const struct crypt_params *p, struct bytes password,
    uint8_t out[CRYPT_KEY_MAX], bool *is_owner, bool *ok)
{
	password = bytes_slice(password, 0, CRYPT_PASSWORD_MAX);
	*is_owner = false;
	TRY(new_try(p, password, p->user, p->user_key, BYTES_NONE, out, ok));
	if (!*ok) {
		TRY(new_try(
		    p, password, p->owner, p->owner_key, p->user, out, ok));
		*is_owner = *ok;
	}
	return *ok ? new_check_perms(p, out) : NULL;
}

struct err *
crypt_key(const struct crypt_params *p, struct bytes password,
    uint8_t out[CRYPT_KEY_MAX], bool *is_owner, bool *ok)
{
	if (p->revision >= 5)
		return new_open(p, password, out, is_owner, ok);
	return old_open(p, password, out, is_owner, ok);
}
