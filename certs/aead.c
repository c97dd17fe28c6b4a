#include "certs/aead.h"

#include <limits.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "certs/ossl.h"

DEFINE_FREEP(EVP_CIPHER_CTX_free, EVP_CIPHER_CTX)
DEFINE_FREEP(EVP_KDF_free, EVP_KDF)
DEFINE_FREEP(EVP_KDF_CTX_free, EVP_KDF_CTX)

struct err *
random_fill(void *out, size_t len)
{
	if (len > INT_MAX || RAND_bytes(out, (int)len) != 1)
		return err_ossl(ERR_INTERNAL, "RAND_bytes");
	return NULL;
}

static struct err *
start(struct bytes key, struct bytes nonce, struct bytes aad, int encrypt,
    EVP_CIPHER_CTX **out)
{
	if (key.len != AEAD_KEY || nonce.len != AEAD_NONCE || aad.len > INT_MAX)
		return err_new(ERR_INTERNAL, NULL, "sizes for AES-GCM");
	CLEANUP(EVP_CIPHER_CTX_freep)
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;
	if (c == NULL ||
	    EVP_CipherInit_ex2(
		c, EVP_aes_256_gcm(), key.ptr, nonce.ptr, encrypt, NULL) != 1 ||
	    EVP_CipherUpdate(c, NULL, &n, aad.ptr, (int)aad.len) != 1)
		return err_ossl(ERR_INTERNAL, "AES-GCM");
	*out = TAKE(c);
	return NULL;
}

struct err *
aead_seal(struct bytes key, struct bytes nonce, struct bytes aad,
    struct bytes plain, struct buf *out)
{
	CLEANUP(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *c = NULL;
	TRY(start(key, nonce, aad, 1, &c));
	CLEANUP(secret_done) struct secret s = { 0 };
	TRY(secret_init(&s, plain.len + AEAD_TAG));
	int n = 0, last = 0;
	if (plain.len > INT_MAX ||
	    EVP_CipherUpdate(c, s.ptr, &n, plain.ptr, (int)plain.len) != 1 ||
	    EVP_CipherFinal_ex(c, s.ptr + n, &last) != 1 ||
	    EVP_CIPHER_CTX_ctrl(
		c, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG, s.ptr + plain.len) != 1)
		return err_ossl(ERR_INTERNAL, "AES-GCM");
	return buf_append(out, secret_bytes(&s));
}

struct err *
aead_open(struct bytes key, struct bytes nonce, struct bytes aad,
    struct bytes sealed, struct secret *out, bool *ok)
{
	*ok = false;
	if (sealed.len <= AEAD_TAG || sealed.len > INT_MAX)
		return NULL;
	CLEANUP(EVP_CIPHER_CTX_freep) EVP_CIPHER_CTX *c = NULL;
	TRY(start(key, nonce, aad, 0, &c));
	CLEANUP(secret_done) struct secret s = { 0 };
	size_t len = sealed.len - AEAD_TAG;
	TRY(secret_init(&s, len));
	int n = 0, last = 0;
	if (EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG,
		(void *)(uintptr_t)(sealed.ptr + len)) != 1 ||
	    EVP_CipherUpdate(c, s.ptr, &n, sealed.ptr, (int)len) != 1)
		return err_ossl(ERR_INTERNAL, "AES-GCM");
	if (EVP_CipherFinal_ex(c, s.ptr + n, &last) != 1)
		return NULL;
	*out = s;
	s = (struct secret){ 0 };
	*ok = true;
	return NULL;
}

/* OpenSSL's parameters have no const; these are only read. */
#define OCTETS(name, b)                                                        \
	OSSL_PARAM_construct_octet_string(                                     \
	    (name), (void *)(uintptr_t)(b).ptr, (b).len)

static struct err *
hkdf_run(int mode, struct bytes salt, struct bytes secret, struct bytes info,
    uint8_t *out, size_t len)
{
	CLEANUP(EVP_KDF_freep)
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	CLEANUP(EVP_KDF_CTX_freep) EVP_KDF_CTX *c = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[6];
	size_t n = 0;
	params[n++] = OSSL_PARAM_construct_utf8_string(
	    OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t) "SHA256", 0);
	params[n++] = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
	params[n++] = OCTETS(OSSL_KDF_PARAM_KEY, secret);
	if (salt.len > 0)
		params[n++] = OCTETS(OSSL_KDF_PARAM_SALT, salt);
	if (info.len > 0)
		params[n++] = OCTETS(OSSL_KDF_PARAM_INFO, info);
	params[n] = OSSL_PARAM_construct_end();
	if (c == NULL || EVP_KDF_derive(c, out, len, params) != 1)
		return err_ossl(ERR_INTERNAL, "HKDF");
	return NULL;
}

struct err *
hkdf(struct bytes secret, const char *info, uint8_t out[AEAD_KEY])
{
	return hkdf_run(EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND, BYTES_NONE,
	    secret, bytes_str(info), out, AEAD_KEY);
}

struct err *
hkdf_extract(struct bytes salt, struct bytes secret, uint8_t out[32])
{
	return hkdf_run(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, salt, secret,
	    BYTES_NONE, out, 32);
}

struct err *
hkdf_expand(struct bytes prk, struct bytes info, uint8_t *out, size_t len)
{
	return hkdf_run(EVP_KDF_HKDF_MODE_EXPAND_ONLY, BYTES_NONE, prk, info,
	    out, len);
}
