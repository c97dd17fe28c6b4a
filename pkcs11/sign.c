/* Signing a digest: mechanisms that every make has, with a padding that is
 * built here (DigestInfo) or stated (PSS). */
#include "pkcs11/keys.h"

#include <string.h>

#include "certs/cert.h"

#define RAW_MAX 1024 /* bytes of one value: RSA-8192 */

/* What the two need to know of a digest; SHA-2 and SHA-3 alone are signed. */
struct hash {
	enum digest_alg alg;
	uint8_t nist;           /* last arc of 2.16.840.1.101.3.4.2.x */
	CK_MECHANISM_TYPE mech; /* 0: no number for PSS in PKCS #11 2.40 */
	CK_ULONG mgf;
};

static const struct hash hashes[] = {
	{ DIGEST_SHA256, 1, CKM_SHA256, CKG_MGF1_SHA256 },
	{ DIGEST_SHA384, 2, CKM_SHA384, CKG_MGF1_SHA384 },
	{ DIGEST_SHA512, 3, CKM_SHA512, CKG_MGF1_SHA512 },
	{ DIGEST_SHA224, 4, CKM_SHA224, CKG_MGF1_SHA224 },
	{ DIGEST_SHA512_256, 6, 0, 0 },
	{ DIGEST_SHA3_224, 7, 0, 0 },
	{ DIGEST_SHA3_256, 8, 0, 0 },
	{ DIGEST_SHA3_384, 9, 0, 0 },
	{ DIGEST_SHA3_512, 10, 0, 0 },
};

static const struct hash *
find_hash(enum digest_alg alg)
{
	for (size_t i = 0; i < COUNT_OF(hashes); i++)
		if (hashes[i].alg == alg)
			return &hashes[i];
	return NULL;
}

static struct err *
unsupported(void)
{
	return err_new(ERR_UNSUPPORTED, NULL,
	    "the key does not sign by this algorithm");
}

/* ---- one call of the token ---- */

static struct err *
sign_raw(const struct p11_session *s, CK_OBJECT_HANDLE key, CK_MECHANISM *m,
    struct bytes in, size_t expected, uint8_t raw[RAW_MAX])
{
	TRY_CK(s->f->C_SignInit(s->handle, m, key), "C_SignInit");
	CK_ULONG len = RAW_MAX;
	TRY_CK(s->f->C_Sign(
		   s->handle, (CK_BYTE *)(uintptr_t)in.ptr, in.len, raw, &len),
	    "C_Sign");
	if (len != expected)
		return err_new(
		    ERR_REMOTE, NULL, "a signature of %lu bytes", len);
	return NULL;
}

/* ---- ECDSA ---- */

static struct err *
sign_ecdsa(const struct p11_session *s, CK_OBJECT_HANDLE key, int bits,
    struct bytes digest, struct buf *out)
{
	size_t half = ((size_t)bits + 7) / 8;
	/* FIPS 186-4 6.4: the leftmost bits, as many as the order has. */
	struct bytes in =
	    bytes_slice(digest, 0, half < digest.len ? half : digest.len);
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	uint8_t raw[RAW_MAX];
	TRY(sign_raw(s, key, &m, in, 2 * half, raw));
	return ecdsa_raw_to_der(bytes_of(raw, 2 * half), out);
}

/* ---- RSA ---- */

/* RFC 8017 9.2: DigestInfo, which differs in one arc and two lengths. */
#define INFO_HEAD 19 /* bytes before the digest */

static struct err *
sign_pkcs1(const struct p11_session *s, CK_OBJECT_HANDLE key, int bits,
    const struct hash *h, struct bytes digest, struct buf *out)
{
	const uint8_t head[INFO_HEAD] = { 0x30, (uint8_t)(17 + digest.len),
		0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
		0x04, 0x02, h->nist, 0x05, 0x00, 0x04, (uint8_t)digest.len };
	uint8_t info[INFO_HEAD + DIGEST_MAX];
	memcpy(info, head, INFO_HEAD);
	memcpy(info + INFO_HEAD, digest.ptr, digest.len);
	CK_MECHANISM m = { CKM_RSA_PKCS, NULL, 0 };
	uint8_t raw[RAW_MAX];
	size_t len = (size_t)bits / 8;
	TRY(sign_raw(s, key, &m, bytes_of(info, INFO_HEAD + digest.len), len,
	    raw));
	return buf_append(out, bytes_of(raw, len));
}

static struct err *
sign_pss(const struct p11_session *s, CK_OBJECT_HANDLE key, int bits,
    struct sig_alg alg, struct bytes digest, struct buf *out)
{
	const struct hash *h = find_hash(alg.digest);
	const struct hash *mgf =
	    find_hash(alg.mgf1 == DIGEST_NONE ? alg.digest : alg.mgf1);
	if (h->mech == 0 || mgf == NULL || mgf->mech == 0 || alg.salt_len < 0)
		return unsupported();
	CK_RSA_PKCS_PSS_PARAMS p = { h->mech, mgf->mgf,
		(CK_ULONG)alg.salt_len };
	CK_MECHANISM m = { CKM_RSA_PKCS_PSS, &p, sizeof(p) };
	uint8_t raw[RAW_MAX];
	size_t len = (size_t)bits / 8;
	TRY(sign_raw(s, key, &m, digest, len, raw));
	return buf_append(out, bytes_of(raw, len));
}

struct err *
p11_sign(const struct p11_session *s, CK_OBJECT_HANDLE key,
    struct key_shape shape, struct sig_alg alg, struct bytes digest,
    struct buf *out)
{
	const struct hash *h = find_hash(alg.digest);
	if (h == NULL || shape.bits <= 0 || shape.bits > RAW_MAX * 8)
		return unsupported();
	if (digest.len != digest_len(alg.digest))
		return err_new(
		    ERR_USAGE, NULL, "a digest of %zu bytes", digest.len);
	if (shape.alg == KEY_EC && alg.form == SIG_ECDSA)
		return sign_ecdsa(s, key, shape.bits, digest, out);
	if (shape.alg == KEY_RSA && alg.form == SIG_RSA_PKCS1)
		return sign_pkcs1(s, key, shape.bits, h, digest, out);
	if (shape.alg == KEY_RSA && alg.form == SIG_RSA_PSS)
		return sign_pss(s, key, shape.bits, alg, digest, out);
	return unsupported();
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
