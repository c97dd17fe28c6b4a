#include "certs/softkey.h"

#include "certs/ossl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

/* The longest value: RSA with 16384 bits, which is as far as OpenSSL goes. */
#define SIG_VALUE_MAX 2048

struct softkey {
	EVP_PKEY *key;
};

void
softkey_free(struct softkey *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->key); /* wipes the private part */
	free(k);
}

struct err *
softkey_from_evp(EVP_PKEY *key, struct softkey **out)
{
	if (key_alg_of(key) != KEY_RSA && key_alg_of(key) != KEY_EC)
		return err_new(ERR_UNSUPPORTED, NULL, "neither RSA nor EC");
	struct softkey *k = malloc(sizeof(*k));
	if (k == NULL)
		return err_new(ERR_NOMEM, NULL, "struct softkey");
	if (EVP_PKEY_up_ref(key) != 1) {
		free(k);
		return err_ossl(ERR_INTERNAL, "EVP_PKEY_up_ref");
	}
	k->key = key;
	*out = k;
	return NULL;
}

struct err *
softkey_generate(const char *kind, struct softkey **out)
{
	static const struct {
		const char *kind;
		unsigned rsa_bits; /* 0: EC */
	} kinds[] = {
		{ "P-256", 0 },
		{ "P-384", 0 },
		{ "P-521", 0 },
		{ "RSA-2048", 2048 },
		{ "RSA-3072", 3072 },
		{ "RSA-4096", 4096 },
	};
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (strcmp(kinds[i].kind, kind) != 0)
			continue;
		CLEANUP(EVP_PKEY_freep)
		EVP_PKEY *key = kinds[i].rsa_bits > 0
				    ? EVP_RSA_gen(kinds[i].rsa_bits)
				    : EVP_EC_gen(kind);
		if (key == NULL)
			return err_ossl(ERR_INTERNAL, "generating a key");
		return softkey_from_evp(key, out);
	}
	return err_new(ERR_UNSUPPORTED, NULL, "a key of kind %s", kind);
}

/* OpenSSL asks us for the passphrase; without one it must not ask a person. */
static int
give_passphrase(char *out, int size, int rwflag, void *ctx)
{
	(void)rwflag;
	const struct bytes *passphrase = ctx;
	if (passphrase->len == 0 || passphrase->len > (size_t)size)
		return -1;
	memcpy(out, passphrase->ptr, passphrase->len);
	return (int)passphrase->len;
}

struct err *
softkey_from_pem(
    struct bytes pem, struct bytes passphrase, struct softkey **out)
{
	if (pem.len > SOFTKEY_PEM_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", pem.len);
	if (pem.len == 0)
		return err_new(ERR_MALFORMED, NULL, "no bytes");
	CLEANUP(BIO_free_allp)
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	if (bio == NULL)
		return err_ossl(ERR_NOMEM, "BIO_new_mem_buf");
	CLEANUP(EVP_PKEY_freep)
	EVP_PKEY *key =
	    PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &passphrase);
	if (key == NULL) {
		bool encrypted =
		    bytes_find(pem, BYTES_LIT("ENCRYPTED")) != SIZE_MAX;
		return err_ossl(encrypted ? ERR_DENIED : ERR_MALFORMED,
		    "a private key in PEM");
	}
	return softkey_from_evp(key, out);
}

struct err *
softkey_to_pem(
    const struct softkey *k, struct bytes passphrase, struct secret *out)
{
	CLEANUP(BIO_free_allp) BIO *bio = BIO_new(BIO_s_secmem());
	if (bio == NULL)
		return err_ossl(ERR_NOMEM, "BIO_new");
	const EVP_CIPHER *cipher =
	    passphrase.len > 0 ? EVP_aes_256_cbc() : NULL;
	if (PEM_write_bio_PKCS8PrivateKey(bio, k->key, cipher, NULL, 0,
		give_passphrase, &passphrase) != 1)
		return err_ossl(ERR_INTERNAL, "PEM_write_bio_PKCS8PrivateKey");
	char *text;
	long len = BIO_get_mem_data(bio, &text);
	if (len <= 0)
		return err_ossl(ERR_INTERNAL, "BIO_get_mem_data");
	return secret_copy(out, bytes_of(text, (size_t)len));
}

EVP_PKEY *
softkey_evp(const struct softkey *k)
{
	return k->key;
}

struct sig_alg
softkey_alg(const struct softkey *k)
{
	return key_default_alg(k->key);
}

static bool
set_form(EVP_PKEY_CTX *ctx, struct sig_alg alg, const EVP_MD *mgf1)
{
	if (alg.form == SIG_RSA_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	if (alg.form != SIG_RSA_PSS)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf1) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, alg.salt_len) > 0;
}

static struct err *
softkey_sign(
    void *ctx, struct sig_alg alg, struct bytes digest, struct buf *out)
{
	struct softkey *k = ctx;
	bool fits = key_alg_of(k->key) == KEY_EC
			? alg.form == SIG_ECDSA
			: alg.form == SIG_RSA_PKCS1 || alg.form == SIG_RSA_PSS;
	if (!fits || digest.len == 0 || digest.len != digest_len(alg.digest))
		return err_new(ERR_USAGE, NULL,
		    "the algorithm does not fit the key or the digest");
	CLEANUP(EVP_MD_freep) EVP_MD *md = NULL;
	CLEANUP(EVP_MD_freep) EVP_MD *mgf1 = NULL;
	TRY(digest_md(alg.digest, &md));
	if (alg.form == SIG_RSA_PSS)
		TRY(digest_md(alg.mgf1, &mgf1));
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new_from_pkey(NULL, k->key, NULL);
	uint8_t value[SIG_VALUE_MAX];
	size_t len = sizeof(value);
	if (sign == NULL || EVP_PKEY_sign_init(sign) != 1 ||
	    !set_form(sign, alg, mgf1) ||
	    EVP_PKEY_CTX_set_signature_md(sign, md) <= 0 ||
	    EVP_PKEY_sign(sign, value, &len, digest.ptr, digest.len) != 1)
		return err_ossl(ERR_INTERNAL, "EVP_PKEY_sign");
	return buf_append(out, bytes_of(value, len));
}

struct signer
softkey_signer(struct softkey *k)
{
	return (struct signer){ .ctx = k, .sign = softkey_sign };
}
