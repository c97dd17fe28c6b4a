/* A digest to a signature, as the make of the token wants to be asked. */
#include "pkcs11/keys.h"

#include "certs/cert.h"
#include "pkcs11/objects.h"
#include "pkcs11/pad.h"

#define VALUE_MAX 1024 /* bytes; RSA-4096 gives 512 */

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

static struct err *
sign_ecdsa(const struct p11_session *s, CK_OBJECT_HANDLE key, int bits,
    struct bytes digest, struct buf *out)
{
	uint8_t raw[VALUE_MAX];
	struct bytes value = BYTES_NONE;
	size_t order = ((size_t)bits + 7) / 8;
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	/* FIPS 186-4 6.4: the leftmost bits, as many as the order has. */
	TRY(operate(s, key, m, bytes_slice(digest, 0, order), raw, &value));
	if (s->vendor->ecdsa == ECDSA_DER)
		return buf_append(out, value);
	if (value.len != 2 * order)
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
rsa(const struct p11_session *s, CK_OBJECT_HANDLE key, int bits,
    struct sig_alg alg, struct bytes digest, struct buf *out)
{
	uint8_t raw[VALUE_MAX];
	struct bytes value = BYTES_NONE;
	TRY(sign_rsa(s, key, alg, digest, (size_t)bits, raw, &value));
	if (value.len != ((size_t)bits + 7) / 8)
		return wrong_length(value.len);
	return buf_append(out, value);
}

/* ---- what is made here at all ---- */

static bool
is_safe(enum digest_alg alg)
{
	switch (alg) {
	case DIGEST_SHA256:
	case DIGEST_SHA384:
	case DIGEST_SHA512:
	case DIGEST_SHA512_256:
	case DIGEST_SHA3_256:
	case DIGEST_SHA3_384:
	case DIGEST_SHA3_512:
		return true;
	default:
		return false;
	}
}

static bool
is_made(struct key_shape shape, struct sig_alg alg)
{
	if (!is_safe(alg.digest) || shape.bits <= 0 ||
	    shape.bits > PAD_MODULUS_MAX * 8)
		return false;
	if (alg.form == SIG_ECDSA)
		return shape.alg == KEY_EC;
	/* PKCS #11 2.40 has no numbers for SHA-3 in PSS. */
	if (alg.form == SIG_RSA_PSS &&
	    (hash_row(alg.digest) == NULL || hash_row(alg.mgf1) == NULL ||
		alg.salt_len < 0 || alg.salt_len > DIGEST_MAX))
		return false;
	return shape.alg == KEY_RSA &&
	       (alg.form == SIG_RSA_PSS || alg.form == SIG_RSA_PKCS1);
}

struct err *
p11_sign(const struct p11_session *s, CK_OBJECT_HANDLE key,
    struct key_shape shape, struct sig_alg alg, struct bytes digest,
    struct buf *out)
{
	if (alg.mgf1 == DIGEST_NONE)
		alg.mgf1 = alg.digest;
	if (!is_made(shape, alg))
		return err_new(ERR_UNSUPPORTED, NULL,
		    "the key does not sign by this algorithm");
	if (digest.len != digest_len(alg.digest))
		return err_new(
		    ERR_USAGE, NULL, "a digest of %zu bytes", digest.len);
	if (alg.form == SIG_ECDSA)
		return sign_ecdsa(s, key, shape.bits, digest, out);
	return rsa(s, key, shape.bits, alg, digest, out);
}

static struct err *
signer_sign(void *ctx, struct sig_alg alg, struct bytes digest, struct buf *out)
{
	const struct p11_signer *s = ctx;
	return p11_sign(s->session, s->key, s->shape, alg, digest, out);
}

struct signer
p11_signer(struct p11_signer *s)
{
	return (struct signer){ .ctx = s, .sign = signer_sign };
}
