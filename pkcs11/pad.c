#include "pkcs11/pad.h"

#include "certs/ossl.h"
#include "certs/aead.h"

DEFINE_FREEP(X509_SIG_free, X509_SIG)

struct err *
pad_digest_info(enum digest_alg alg, struct bytes digest, struct buf *out)
{
	CLEANUP(X509_SIG_freep) X509_SIG *info = X509_SIG_new();
	CLEANUP(ASN1_OBJECT_freep)
	ASN1_OBJECT *oid = OBJ_txt2obj(digest_oid(alg), 1);
	if (info == NULL || oid == NULL)
		return err_ossl(ERR_NOMEM, "X509_SIG_new");
	X509_ALGOR *algor;
	ASN1_OCTET_STRING *value;
	X509_SIG_getm(info, &algor, &value);
	if (ASN1_OCTET_STRING_set(value, digest.ptr, (int)digest.len) != 1 ||
	    X509_ALGOR_set0(algor, oid, V_ASN1_NULL, NULL) != 1)
		return err_ossl(ERR_NOMEM, "DigestInfo");
	(void)TAKE(oid);
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_X509_SIG(info, &der);
	if (len <= 0)
		return err_ossl(ERR_NOMEM, "i2d_X509_SIG");
	return buf_append(out, bytes_of(der, (size_t)len));
}

struct err *
pad_pkcs1(enum digest_alg alg, struct bytes digest, size_t len, struct buf *out)
{
	CLEANUP(buf_done) struct buf info = BUF(PAD_MODULUS_MAX);
	TRY(pad_digest_info(alg, digest, &info));
	if (len < info.len + 11)
		return err_new(
		    ERR_LIMIT, "RFC 8017 9.2", "a modulus of %zu bytes", len);
	TRY(buf_append(out, BYTES_LIT("\x00\x01")));
	TRY(buf_fill(out, 0xff, len - info.len - 3));
	TRY(buf_byte(out, 0x00));
	return buf_append(out, buf_bytes(&info));
}

/* MGF1 (RFC 8017 B.2.1) over `seed`, put over `db` by exclusive or. */
static struct err *
mask(enum digest_alg alg, struct bytes seed, uint8_t *db, size_t len)
{
	size_t step = digest_len(alg);
	for (size_t at = 0, count = 0; at < len; at += step, count++) {
		const uint8_t counter[4] = { 0, 0, (uint8_t)(count >> 8),
			(uint8_t)count };
		CLEANUP(digest_freep) struct digest *d = NULL;
		uint8_t hash[DIGEST_MAX];
		TRY(digest_new(alg, &d));
		TRY(digest_add(d, seed));
		TRY(digest_add(d, bytes_of(counter, sizeof(counter))));
		TRY(digest_final(d, hash));
		for (size_t i = 0; i < step && at + i < len; i++)
			db[at + i] ^= hash[i];
	}
	return NULL;
}

/* H = Hash(eight zeros || mHash || salt). */
static struct err *
salted(enum digest_alg alg, struct bytes digest, struct bytes salt,
    uint8_t out[DIGEST_MAX])
{
	static const uint8_t zeros[8];
	CLEANUP(digest_freep) struct digest *d = NULL;
	TRY(digest_new(alg, &d));
	TRY(digest_add(d, bytes_of(zeros, sizeof(zeros))));
	TRY(digest_add(d, digest));
	TRY(digest_add(d, salt));
	return digest_final(d, out);
}

struct err *
pad_pss(struct sig_alg alg, struct bytes digest, size_t bits, struct buf *out)
{
	uint8_t em[PAD_MODULUS_MAX] = { 0 };
	uint8_t h[DIGEST_MAX];
	size_t hash = digest_len(alg.digest);
	size_t salt = (size_t)alg.salt_len;
	size_t modulus = (bits + 7) / 8;
	size_t len = (bits + 6) / 8; /* of bits - 1 */
	if (bits < 9 || modulus > sizeof(em) || salt > DIGEST_MAX ||
	    len < hash + salt + 2)
		return err_new(
		    ERR_LIMIT, "RFC 8017 9.1.1", "a modulus of %zu bits", bits);
	/* db: zeros, one, salt; then H; then 0xbc. */
	size_t db = len - hash - 1;
	uint8_t *at = em + (modulus - len);
	at[db - salt - 1] = 0x01;
	TRY(random_fill(at + db - salt, salt));
	TRY(salted(alg.digest, digest, bytes_of(at + db - salt, salt), h));
	TRY(mask(alg.mgf1, bytes_of(h, hash), at, db));
	at[0] &= (uint8_t)(0xff >> (8 * len - (bits - 1)));
	for (size_t i = 0; i < hash; i++)
		at[db + i] = h[i];
	at[len - 1] = 0xbc;
	return buf_append(out, bytes_of(em, modulus));
}
