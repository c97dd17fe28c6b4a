#include "identity/aa.h"

#include "certs/cert.h"
#include "certs/ossl.h"
#include "identity/element.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <string.h>

#define TAG_DG14 0x6e
#define TAG_DG15 0x6f
#define RSA_BYTES_MIN 128   /* 1024 bits: chips of the first years */
#define RSA_BYTES_MAX 1024  /* 8192 bits */
#define ISO9796_HEADER 0x6a /* a part of the message is recovered */

/* id-icao-mrtd-security-aaProtocolObject, 2.23.136.1.1.5 */
#define OID_ACTIVE_AUTHENTICATION BYTES_LIT("\x67\x81\x08\x01\x01\x05")
/* ecdsa-plain-signatures, 0.4.0.127.0.7.1.1.4.1; one more byte names the
 * hash (BSI TR-03111 5.2.1). */
#define OID_ECDSA_PLAIN BYTES_LIT("\x04\x00\x7f\x00\x07\x01\x01\x04\x01")

struct err *
aa_key(struct bytes dg15, EVP_PKEY **out)
{
	struct element file;
	if (dg15.len > AA_GROUP_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", dg15.len);
	TRY(element_only(dg15, TAG_DG15, &file));
	ossl_begin();
	const uint8_t *p = file.value.ptr;
	CLEANUP(EVP_PKEY_freep)
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)file.value.len);
	if (key == NULL)
		return err_ossl(ERR_MALFORMED, "d2i_PUBKEY");
	if (p != file.value.ptr + file.value.len)
		return err_new(ERR_MALFORMED, NULL, "bytes follow the key");
	/* A key marked for PSS is for nothing else (RFC 4055 1.2). */
	if ((key_alg_of(key) != KEY_RSA && key_alg_of(key) != KEY_EC) ||
	    EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA_PSS)
		return err_new(ERR_UNSUPPORTED, "ICAO 9303-11 6.1",
		    "a key that is neither RSA nor EC");
	*out = TAKE(key);
	return NULL;
}

/* ---- DG14: SecurityInfos, a SET of SEQUENCE { OID, ... } ---- */

static enum digest_alg
digest_of_plain(struct bytes oid)
{
	static const enum digest_alg by_number[] = { DIGEST_NONE, DIGEST_SHA1,
		DIGEST_SHA224, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };
	struct bytes prefix = OID_ECDSA_PLAIN;
	if (oid.len != prefix.len + 1 || !bytes_starts(oid, prefix))
		return DIGEST_NONE;
	uint8_t n = oid.ptr[prefix.len];
	return n < COUNT_OF(by_number) ? by_number[n] : DIGEST_NONE;
}

/* ActiveAuthenticationInfo ::= SEQUENCE { protocol, version 1, algorithm } */
static struct err *
read_info(struct bytes info, enum digest_alg *out)
{
	struct element oid, version, algorithm;
	int n;
	TRY(element_take(&info, TAG_OID, &oid));
	if (!bytes_eq(oid.value, OID_ACTIVE_AUTHENTICATION))
		return NULL;
	TRY(element_take(&info, TAG_INTEGER, &version));
	TRY(element_small(version, &n));
	TRY(element_take(&info, TAG_OID, &algorithm));
	if (n != 1 || *out != DIGEST_NONE)
		return err_new(ERR_MALFORMED, "ICAO 9303-11 6.1.4.1",
		    "ActiveAuthenticationInfo");
	*out = digest_of_plain(algorithm.value);
	return NULL;
}

struct err *
aa_digest(struct bytes dg14, enum digest_alg *out)
{
	struct element file, set, info;
	enum digest_alg alg = DIGEST_NONE;
	if (dg14.len > AA_GROUP_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", dg14.len);
	TRY(element_only(dg14, TAG_DG14, &file));
	TRY(element_only(file.value, TAG_SET, &set));
	while (set.value.len > 0) {
		TRY(element_take(&set.value, TAG_SEQUENCE, &info));
		TRY(read_info(info.value, &alg));
	}
	if (alg == DIGEST_NONE)
		return err_new(ERR_MISSING, "ICAO 9303-11 6.1.4.1",
		    "DG14 names no hash for active authentication");
	*out = alg;
	return NULL;
}

/* ---- RSA: ISO/IEC 9796-2 digital signature scheme 1 ---- */

/* Which hash the last byte or two of the recovered block name. */
static enum digest_alg
read_trailer(struct bytes block, size_t *len)
{
	static const struct {
		uint8_t id;
		enum digest_alg alg;
	} rows[] = {
		{ 0x33, DIGEST_SHA1 },
		{ 0x34, DIGEST_SHA256 },
		{ 0x35, DIGEST_SHA512 },
		{ 0x36, DIGEST_SHA384 },
		{ 0x38, DIGEST_SHA224 },
	};
	uint8_t last = block.ptr[block.len - 1];
	*len = last == 0xbc ? 1 : 2;
	if (last == 0xbc)
		return DIGEST_SHA1;
	for (size_t i = 0; last == 0xcc && i < COUNT_OF(rows); i++)
		if (rows[i].id == block.ptr[block.len - 2])
			return rows[i].alg;
	return DIGEST_NONE;
}

/*
 * The block is 6A, the first part of the message, the hash, the trailer, and
 * fills the modulus: where each part stands follows from the lengths alone.
 */
static struct err *
check_block(struct bytes block, struct bytes challenge, bool *ok)
{
	size_t trailer;
	enum digest_alg alg = read_trailer(block, &trailer);
	if (alg == DIGEST_NONE || block.ptr[0] != ISO9796_HEADER ||
	    block.len < 1 + digest_len(alg) + trailer + AA_CHALLENGE)
		return NULL;
	size_t recovered = block.len - 1 - digest_len(alg) - trailer;
	uint8_t hash[DIGEST_MAX];
	CLEANUP(digest_freep) struct digest *d = NULL;
	TRY(digest_new(alg, &d));
	TRY(digest_add(d, bytes_slice(block, 1, recovered)));
	TRY(digest_add(d, challenge));
	TRY(digest_final(d, hash));
	*ok = bytes_eq(bytes_slice(block, 1 + recovered, digest_len(alg)),
	    bytes_of(hash, digest_len(alg)));
	return NULL;
}

/* The signer may have taken n - s where that is smaller. */
static struct err *
complement(EVP_PKEY *key, uint8_t *block, size_t len)
{
	CLEANUP(BN_freep) BIGNUM *n = NULL;
	CLEANUP(BN_freep) BIGNUM *v = BN_bin2bn(block, (int)len, NULL);
	if (v == NULL ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) != 1)
		return err_ossl(ERR_NOMEM, "the modulus");
	if (BN_sub(v, n, v) != 1 || BN_bn2binpad(v, block, (int)len) < 0)
		return err_ossl(ERR_NOMEM, "BN_sub");
	return NULL;
}

static struct err *
verify_rsa(
    EVP_PKEY *key, struct bytes challenge, struct bytes signature, bool *ok)
{
	uint8_t block[RSA_BYTES_MAX];
	size_t len = (size_t)EVP_PKEY_get_size(key);
	if (len < RSA_BYTES_MIN || len > sizeof(block) || signature.len != len)
		return NULL;
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (ctx == NULL || EVP_PKEY_verify_recover_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) <= 0)
		return err_ossl(ERR_UNSUPPORTED, "EVP_PKEY_verify_recover");
	if (EVP_PKEY_verify_recover(
		ctx, block, &len, signature.ptr, signature.len) != 1)
		return ossl_forget();
	if (len != signature.len)
		return NULL;
	if ((block[len - 1] & 0x0f) != 0x0c)
		TRY(complement(key, block, len));
	return check_block(bytes_of(block, len), challenge, ok);
}

static struct err *
verify_ecdsa(EVP_PKEY *key, enum digest_alg alg, struct bytes challenge,
    struct bytes signature, bool *ok)
{
	CLEANUP(buf_done) struct buf der = BUF(512);
	if (alg == DIGEST_NONE || signature.len == 0 ||
	    signature.len % 2 != 0 || signature.len > 2 * 66)
		return NULL;
	TRY(ecdsa_raw_to_der(signature, &der));
	const struct sig_alg how = { .form = SIG_ECDSA, .digest = alg };
	return key_verify(key, how, challenge, buf_bytes(&der), ok);
}

struct err *
aa_verify(EVP_PKEY *key, enum digest_alg alg, struct bytes challenge,
    struct bytes signature, bool *ok)
{
	bool right = false;
	if (challenge.len != AA_CHALLENGE)
		return err_new(ERR_USAGE, "ICAO 9303-11 6.1.2.1",
		    "a challenge of %zu bytes", challenge.len);
	ossl_begin();
	if (key_alg_of(key) == KEY_RSA)
		TRY(verify_rsa(key, challenge, signature, &right));
	else if (key_alg_of(key) == KEY_EC)
		TRY(verify_ecdsa(key, alg, challenge, signature, &right));
	else
		return err_new(ERR_UNSUPPORTED, NULL, "the key");
	*ok = right;
	return NULL;
}

/* ---- with what the chip's signature covers ---- */

static struct bytes
covered(const struct sod_request *r, const struct sod_verdict *v, int number)
{
	for (size_t i = 0; i < r->ngroups; i++)
		if (r->groups[i].number == number &&
		    v->groups[number] == GROUP_FITS)
			return r->groups[i].bytes;
	return BYTES_NONE;
}

/* What cannot be read is of no use, which is no error. */
static struct err *
of_no_use(struct err *e)
{
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	err_free(e);
	return NULL;
}

struct err *
aa_check(const struct sod_request *r, const struct sod_verdict *v,
    struct bytes challenge, struct bytes signature, enum check *out)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	enum digest_alg alg = DIGEST_NONE;
	*out = CHECK_NOT_DONE;
	struct bytes dg15 = covered(r, v, 15);
	struct bytes dg14 = covered(r, v, 14);
	if (dg15.ptr == NULL)
		return NULL;
	TRY(of_no_use(aa_key(dg15, &key)));
	if (key == NULL)
		return NULL;
	if (key_alg_of(key) == KEY_EC) {
		if (dg14.ptr != NULL)
			TRY(of_no_use(aa_digest(dg14, &alg)));
		if (alg == DIGEST_NONE)
			return NULL;
	}
	bool ok;
	TRY(aa_verify(key, alg, challenge, signature, &ok));
	*out = ok ? CHECK_PASSED : CHECK_FAILED;
	return NULL;
}
