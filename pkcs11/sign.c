/* A digest to a signature, as the make of the token wants to be asked. */
#include "pkcs11/keys.h"

#include <openssl/bn.h>

#include "certs/cert.h"
#include "certs/ossl.h"
#include "pkcs11/objects.h"
#include "pkcs11/pad.h"

#define VALUE_MAX 1024 /* bytes; RSA-4096 gives 512, P-521 132 */

/* ---- one operation ---- */

/* A key may want the PIN before each signature. */
static struct err *
login_for_each(const struct p11_session *s, CK_OBJECT_HANDLE key)
{
	if (s->pin_for_each == NULL)
		return NULL;
	bool always = false;
	TRY(p11_attribute_flag(s, key, CKA_ALWAYS_AUTHENTICATE, &always));
	return always ? p11_login_for_operation(s, *s->pin_for_each) : NULL;
}

static struct err *
operate(const struct p11_session *s, CK_OBJECT_HANDLE key, CK_MECHANISM m,
    struct bytes in, uint8_t out[VALUE_MAX], struct bytes *value)
{
	CK_ULONG len = VALUE_MAX;
	TRY_CK(s->f->C_SignInit(s->handle, &m, key), "C_SignInit");
	TRY(login_for_each(s, key));
	TRY_CK(s->f->C_Sign(
		   s->handle, (CK_BYTE *)(uintptr_t)in.ptr, in.len, out, &len),
	    "C_Sign");
	/* What we do not understand, the process should not live on with. */
	if (len == 0 || len > VALUE_MAX)
		return err_coded(
		    err_new(ERR_REMOTE, NULL, "a signature of %lu bytes", len),
		    "token-unavailable");
	*value = bytes_of(out, len);
	return NULL;
}

static struct err *
wrong_length(size_t len)
{
	return err_coded(
	    err_new(ERR_REMOTE, NULL, "a signature of %zu bytes", len),
	    "token-unavailable");
}

/* ---- ECDSA ---- */

/* Bytes of the order, which r and s are padded to; 0: the token does not tell
 * the curve of a private key. */
static struct err *
order_len(const struct p11_session *s, CK_OBJECT_HANDLE key, size_t *out)
{
	static const struct {
		size_t order;
		struct bytes params; /* CKA_EC_PARAMS */
	} curves[] = {
		{ 32, BYTES_LIT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07") },
		{ 48, BYTES_LIT("\x06\x05\x2b\x81\x04\x00\x22") },
		{ 66, BYTES_LIT("\x06\x05\x2b\x81\x04\x00\x23") },
	};
	/* One call: this is asked for each signature. */
	uint8_t params[16];
	CK_ATTRIBUTE a = { CKA_EC_PARAMS, params, sizeof(params) };
	CK_RV rv = s->f->C_GetAttributeValue(s->handle, key, &a, 1);
	*out = 0;
	if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE)
		return NULL;
	if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL)
		return err_ck(rv, "C_GetAttributeValue");
	for (size_t i = 0; rv == CKR_OK && i < COUNT_OF(curves); i++)
		if (bytes_eq(curves[i].params, bytes_of(params, a.ulValueLen)))
			*out = curves[i].order;
	return *out > 0 ? NULL
			: err_new(ERR_UNSUPPORTED, NULL, "another curve");
}

static struct err *
sign_ecdsa(const struct p11_session *s, CK_OBJECT_HANDLE key,
    struct bytes digest, struct buf *out)
{
	uint8_t raw[VALUE_MAX];
	struct bytes value = BYTES_NONE;
	size_t order = 0;
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	TRY(order_len(s, key, &order));
	/* FIPS 186-4 6.4: the leftmost bits, as many as the order has.  No
	 * digest here is longer than the order of P-521. */
	if (order > 0)
		digest = bytes_slice(digest, 0, order);
	TRY(operate(s, key, m, digest, raw, &value));
	if (s->vendor->ecdsa == ECDSA_DER)
		return buf_append(out, value);
	if (order > 0 ? value.len != 2 * order : value.len % 2 != 0)
		return wrong_length(value.len);
	return ecdsa_raw_to_der(value, out);
}

/* ---- RSA ---- */

struct hash_row {
	enum digest_alg alg;
	CK_MECHANISM_TYPE mechanism;
	CK_RSA_PKCS_MGF_TYPE mgf1;
};
static const struct hash_row hashes[] = {
	{ DIGEST_SHA256, CKM_SHA256, CKG_MGF1_SHA256 },
	{ DIGEST_SHA384, CKM_SHA384, CKG_MGF1_SHA384 },
	{ DIGEST_SHA512, CKM_SHA512, CKG_MGF1_SHA512 },
};

static const struct hash_row *
hash_row(enum digest_alg alg)
{
	for (size_t i = 0; i < COUNT_OF(hashes); i++)
		if (hashes[i].alg == alg)
			return &hashes[i];
	return NULL;
}

static struct err *
modulus_bits(const struct p11_session *s, CK_OBJECT_HANDLE key, size_t *out)
{
	CLEANUP(buf_done) struct buf modulus = BUF(PAD_MODULUS_MAX + 1);
	bool there = false;
	TRY(p11_attribute(s, key, CKA_MODULUS, &modulus, &there));
	CLEANUP(BN_freep)
	BIGNUM *n = BN_bin2bn(modulus.ptr, (int)modulus.len, NULL);
	if (n == NULL)
		return err_ossl(ERR_NOMEM, "BN_bin2bn");
	*out = (size_t)BN_num_bits(n);
	if (*out == 0)
		return err_new(ERR_UNSUPPORTED, NULL,
		    "the token does not show CKA_MODULUS");
	return NULL;
}

static struct err *
sign_pss_there(const struct p11_session *s, CK_OBJECT_HANDLE key,
    struct sig_alg alg, struct bytes digest, uint8_t raw[VALUE_MAX],
    struct bytes *value)
{
	CK_RSA_PKCS_PSS_PARAMS params = {
		.hashAlg = hash_row(alg.digest)->mechanism,
		.mgf = hash_row(alg.mgf1)->mgf1,
		.sLen = (CK_ULONG)alg.salt_len,
	};
	CK_MECHANISM m = { CKM_RSA_PKCS_PSS, &params, sizeof(params) };
	return operate(s, key, m, digest, raw, value);
}

static struct err *
sign_rsa(const struct p11_session *s, CK_OBJECT_HANDLE key, struct sig_alg alg,
    struct bytes digest, size_t bits, uint8_t raw[VALUE_MAX],
    struct bytes *value)
{
	CLEANUP(buf_done) struct buf padded = BUF(PAD_MODULUS_MAX);
	bool pss = alg.form == SIG_RSA_PSS;
	enum p11_padding by = pss ? s->vendor->pss : s->vendor->pkcs1;
	CK_MECHANISM m = { by == PADDED_HERE ? CKM_RSA_X_509 : CKM_RSA_PKCS,
		NULL, 0 };
	if (pss && by == PADDED_THERE)
		return sign_pss_there(s, key, alg, digest, raw, value);
	if (pss)
		TRY(pad_pss(alg, digest, bits, &padded));
	else if (by == PADDED_HERE)
		TRY(pad_pkcs1(alg.digest, digest, (bits + 7) / 8, &padded));
	else
		TRY(pad_digest_info(alg.digest, digest, &padded));
	return operate(s, key, m, buf_bytes(&padded), raw, value);
}

static struct err *
rsa(const struct p11_session *s, CK_OBJECT_HANDLE key, struct sig_alg alg,
    struct bytes digest, struct buf *out)
{
	uint8_t raw[VALUE_MAX];
	struct bytes value = BYTES_NONE;
	size_t bits = 0;
	TRY(modulus_bits(s, key, &bits));
	TRY(sign_rsa(s, key, alg, digest, bits, raw, &value));
	if (value.len != (bits + 7) / 8)
		return wrong_length(value.len);
	return buf_append(out, value);
}

/* ---- what is made here at all ---- */

static bool
is_made(struct sig_alg alg)
{
	switch (alg.form) {
	case SIG_ECDSA:
		return digest_len(alg.digest) >= 32;
	case SIG_RSA_PKCS1:
		return hash_row(alg.digest) != NULL;
	case SIG_RSA_PSS:
		return hash_row(alg.digest) != NULL &&
		       hash_row(alg.mgf1) != NULL && alg.salt_len >= 0 &&
		       alg.salt_len <= DIGEST_MAX;
	default:
		return false;
	}
}

struct err *
p11_sign(const struct p11_session *s, CK_OBJECT_HANDLE key, struct sig_alg alg,
    struct bytes digest, struct buf *out)
{
	if (!is_made(alg))
		return err_new(ERR_UNSUPPORTED, NULL,
		    "only ECDSA and RSA with SHA-256 and longer is made here");
	if (digest.len != digest_len(alg.digest))
		return err_new(
		    ERR_USAGE, NULL, "a digest of %zu bytes", digest.len);
	return alg.form == SIG_ECDSA ? sign_ecdsa(s, key, digest, out)
				     : rsa(s, key, alg, digest, out);
}

static struct err *
signer_sign(void *ctx, struct sig_alg alg, struct bytes digest, struct buf *out)
{
	const struct p11_signer *s = ctx;
	return p11_sign(s->session, s->key, alg, digest, out);
}

struct signer
p11_signer(struct p11_signer *s)
{
	return (struct signer){ .ctx = s, .sign = signer_sign };
}
