/*
 * Signature values under a key.  OpenSSL's certificate layer refuses what its
 * security level dislikes; here only the mathematics is asked, and the policy
 * judges the algorithm later.
 */
#include "certs/cert.h"
#include "certs/der.h"
#include "certs/ossl.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

enum key_alg
key_alg_of(const EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		return KEY_RSA;
	case EVP_PKEY_EC:
		return KEY_EC;
	case EVP_PKEY_ED25519:
		return KEY_ED25519;
	case EVP_PKEY_ED448:
		return KEY_ED448;
	case EVP_PKEY_DSA:
		return KEY_DSA;
	default:
		return KEY_NONE;
	}
}

struct sig_alg
key_default_alg(const EVP_PKEY *key)
{
	if (key_alg_of(key) == KEY_RSA)
		return (struct sig_alg){ .form = SIG_RSA_PSS,
			.digest = DIGEST_SHA256,
			.mgf1 = DIGEST_SHA256,
			.salt_len = 32 };
	if (key_alg_of(key) != KEY_EC)
		return (struct sig_alg){ .form = SIG_NONE };
	int bits = EVP_PKEY_get_bits(key);
	return (struct sig_alg){ .form = SIG_ECDSA,
		.digest = bits <= 256   ? DIGEST_SHA256
			  : bits <= 384 ? DIGEST_SHA384
					: DIGEST_SHA512 };
}

/* Whether such a signature can come from such a key at all. */
static bool
form_fits(const EVP_PKEY *key, enum sig_form form)
{
	switch (form) {
	case SIG_RSA_PKCS1:
		/* A key marked for PSS is for nothing else (RFC 4055 1.2). */
		return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
	case SIG_RSA_PSS:
		return key_alg_of(key) == KEY_RSA;
	case SIG_ECDSA:
		return key_alg_of(key) == KEY_EC;
	case SIG_EDDSA:
		return key_alg_of(key) == KEY_ED25519;
	case SIG_ED448:
		return key_alg_of(key) == KEY_ED448;
	case SIG_DSA:
		return key_alg_of(key) == KEY_DSA;
	case SIG_NONE:
		break;
	}
	return false;
}

/* What OpenSSL refused: a wrong signature, unless memory ran out. */
static struct err *
refused(bool *ok)
{
	TRY(ossl_forget());
	*ok = false;
	return NULL;
}

static bool
set_padding(EVP_PKEY_CTX *ctx, struct sig_alg alg, const EVP_MD *mgf1)
{
	if (alg.form == SIG_RSA_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	if (alg.form != SIG_RSA_PSS)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mgf1) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, alg.salt_len) > 0;
}

struct err *
key_verify_digest(EVP_PKEY *key, struct sig_alg alg, struct bytes digest,
    struct bytes sig, bool *ok)
{
	if (alg.form == SIG_EDDSA || alg.form == SIG_ED448)
		return err_new(ERR_USAGE, "RFC 8032",
		    "EdDSA signs the message, not a digest");
	if (digest.len != digest_len(alg.digest) || digest.len == 0)
		return err_new(
		    ERR_USAGE, NULL, "a digest of %zu bytes", digest.len);
	ossl_begin();
	if (!form_fits(key, alg.form) || sig.len == 0)
		return refused(ok);

	CLEANUP(EVP_MD_freep) EVP_MD *md = NULL;
	CLEANUP(EVP_MD_freep) EVP_MD *mgf1 = NULL;
	TRY(digest_md(alg.digest, &md));
	if (alg.form == SIG_RSA_PSS)
		TRY(digest_md(alg.mgf1, &mgf1));
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1)
		/* The key is of that kind, so nothing but memory is missing;
		 * OpenSSL 3.0 calls it an initialization error. */
		return err_ossl(ERR_NOMEM, "EVP_PKEY_verify_init");
	if (!set_padding(ctx, alg, mgf1) ||
	    EVP_PKEY_CTX_set_signature_md(ctx, md) <= 0 ||
	    EVP_PKEY_verify(ctx, sig.ptr, sig.len, digest.ptr, digest.len) != 1)
		return refused(ok);
	*ok = true;
	return NULL;
}

static struct err *
verify_eddsa(EVP_PKEY *key, struct sig_alg alg, struct bytes message,
    struct bytes sig, bool *ok)
{
	ossl_begin();
	if (!form_fits(key, alg.form) || sig.len == 0)
		return refused(ok);
	CLEANUP(EVP_MD_CTX_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (ctx == NULL)
		return err_ossl(ERR_NOMEM, "EVP_MD_CTX_new");
	if (EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1)
		return err_ossl(ERR_UNSUPPORTED, "EVP_DigestVerifyInit");
	if (EVP_DigestVerify(ctx, sig.ptr, sig.len, message.ptr, message.len) !=
	    1)
		return refused(ok);
	*ok = true;
	return NULL;
}

struct err *
key_verify(EVP_PKEY *key, struct sig_alg alg, struct bytes message,
    struct bytes sig, bool *ok)
{
	if (alg.form == SIG_EDDSA || alg.form == SIG_ED448)
		return verify_eddsa(key, alg, message, sig, ok);
	uint8_t digest[DIGEST_MAX];
	TRY(digest_of(alg.digest, message, digest));
	return key_verify_digest(
	    key, alg, bytes_of(digest, digest_len(alg.digest)), sig, ok);
}

DEFINE_FREEP(ECDSA_SIG_free, ECDSA_SIG)

struct err *
ecdsa_raw_to_der(struct bytes raw, struct buf *out)
{
	if (raw.len == 0 || raw.len % 2 != 0 || raw.len > 2 * DIGEST_MAX + 4)
		return err_new(ERR_MALFORMED, NULL,
		    "an ECDSA value of %zu bytes", raw.len);
	CLEANUP(buf_done) struct buf v = BUF(2 * DIGEST_MAX + 16);
	TRY(der_put_number(&v, bytes_slice(raw, 0, raw.len / 2)));
	TRY(der_put_number(&v, bytes_from(raw, raw.len / 2)));
	return der_put(out, DER_SEQUENCE, buf_bytes(&v));
}

struct err *
ecdsa_der_to_raw(struct bytes der, int bits, struct buf *out)
{
	if (bits <= 0 || bits > 1024 || der.len > 512)
		return err_new(ERR_USAGE, NULL, "an order of %d bits", bits);
	const uint8_t *p = der.ptr;
	CLEANUP(ECDSA_SIG_freep)
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.len);
	if (sig == NULL || p != der.ptr + der.len)
		return err_ossl(ERR_MALFORMED, "an ECDSA value in DER");
	uint8_t raw[256];
	int half = (bits + 7) / 8;
	if (BN_is_negative(ECDSA_SIG_get0_r(sig)) ||
	    BN_is_negative(ECDSA_SIG_get0_s(sig)) ||
	    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, half) != half ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, half) != half)
		return err_ossl(ERR_MALFORMED, "an ECDSA value too long");
	return buf_append(out, bytes_of(raw, (size_t)half * 2));
}
