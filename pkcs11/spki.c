/* A public key out of a token's attributes. */
#include "pkcs11/keys.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "certs/issue.h"
#include "certs/ossl.h"
#include "pkcs11/objects.h"

#define ATTRIBUTE_MAX 1024 /* bytes; a modulus of RSA-4096 has 512 */
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096

DEFINE_FREEP(OSSL_PARAM_free, OSSL_PARAM)
DEFINE_FREEP(OSSL_PARAM_BLD_free, OSSL_PARAM_BLD)

static struct err *
missing(const char *what)
{
	return err_new(
	    ERR_UNSUPPORTED, NULL, "the token does not show %s", what);
}

static struct err *
get(const struct p11_session *s, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type,
    const char *name, struct buf *out)
{
	bool there = false;
	TRY(p11_attribute(s, key, type, out, &there));
	return there ? NULL : missing(name);
}

/* Encoded once more: the one DER that certificates have. */
static struct err *
append_key(EVP_PKEY *key, struct buf *out)
{
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	if (len <= 0)
		return err_ossl(ERR_MALFORMED, "i2d_PUBKEY");
	return buf_append(out, bytes_of(der, (size_t)len));
}

/* ---- elliptic curves ---- */

/* CKA_EC_POINT is the point inside an OCTET STRING (PKCS #11 2.3.3); some
 * tokens give the point bare.  The order's length tells them apart. */
static struct bytes
bare_point(struct bytes p, int nid)
{
	size_t field = nid == NID_X9_62_prime256v1 ? 32
		       : nid == NID_secp384r1      ? 48
						   : 66;
	size_t point = 1 + 2 * field;
	size_t head = point > 127 ? 3 : 2;
	return p.len == point + head ? bytes_from(p, head) : p;
}

static struct err *
curve_of(struct bytes params, ASN1_OBJECT **out)
{
	const uint8_t *p = params.ptr;
	CLEANUP(ASN1_OBJECT_freep)
	ASN1_OBJECT *o = d2i_ASN1_OBJECT(NULL, &p, (long)params.len);
	int nid = o == NULL ? NID_undef : OBJ_obj2nid(o);
	if (nid != NID_X9_62_prime256v1 && nid != NID_secp384r1 &&
	    nid != NID_secp521r1) {
		TRY(ossl_forget());
		return err_new(
		    ERR_UNSUPPORTED, NULL, "neither P-256 nor P-384 nor P-521");
	}
	*out = TAKE(o);
	return NULL;
}

static struct err *
ec_spki(const struct p11_session *s, CK_OBJECT_HANDLE key, struct buf *out)
{
	CLEANUP(buf_done) struct buf params = BUF(ATTRIBUTE_MAX);
	CLEANUP(buf_done) struct buf raw = BUF(ATTRIBUTE_MAX);
	CLEANUP(ASN1_OBJECT_freep) ASN1_OBJECT *curve = NULL;
	TRY(get(s, key, CKA_EC_PARAMS, "CKA_EC_PARAMS", &params));
	TRY(get(s, key, CKA_EC_POINT, "CKA_EC_POINT", &raw));
	TRY(curve_of(buf_bytes(&params), &curve));
	struct bytes point = bare_point(buf_bytes(&raw), OBJ_obj2nid(curve));
	CLEANUP(X509_PUBKEY_freep) X509_PUBKEY *pub = X509_PUBKEY_new();
	uint8_t *copy = OPENSSL_memdup(point.ptr, point.len);
	if (pub == NULL || copy == NULL ||
	    X509_PUBKEY_set0_param(pub, OBJ_nid2obj(NID_X9_62_id_ecPublicKey),
		V_ASN1_OBJECT, curve, copy, (int)point.len) != 1) {
		OPENSSL_free(copy);
		return err_ossl(ERR_NOMEM, "X509_PUBKEY_set0_param");
	}
	(void)TAKE(curve);
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_X509_PUBKEY(pub, &der);
	if (len <= 0)
		return err_ossl(ERR_NOMEM, "i2d_X509_PUBKEY");
	/* Reading it checks that the point is on its curve. */
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *read = NULL;
	TRY(key_from_spki(bytes_of(der, (size_t)len), &read));
	return append_key(read, out);
}

/* ---- RSA ---- */

static struct err *
rsa_params(struct bytes modulus, struct bytes exponent, OSSL_PARAM **out)
{
	CLEANUP(BN_freep)
	BIGNUM *n = BN_bin2bn(modulus.ptr, (int)modulus.len, NULL);
	CLEANUP(BN_freep)
	BIGNUM *e = BN_bin2bn(exponent.ptr, (int)exponent.len, NULL);
	if (n == NULL || e == NULL)
		return err_ossl(ERR_NOMEM, "BN_bin2bn");
	int bits = BN_num_bits(n);
	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX || !BN_is_odd(e) ||
	    BN_num_bits(e) > 64)
		return err_new(ERR_UNSUPPORTED, NULL, "RSA of %d bits", bits);
	CLEANUP(OSSL_PARAM_BLD_freep)
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	if (b == NULL ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		return err_ossl(ERR_NOMEM, "OSSL_PARAM_BLD");
	*out = OSSL_PARAM_BLD_to_param(b);
	return *out != NULL ? NULL : err_ossl(ERR_NOMEM, "OSSL_PARAM_BLD");
}

static struct err *
rsa_spki(const struct p11_session *s, CK_OBJECT_HANDLE key, struct buf *out)
{
	CLEANUP(buf_done) struct buf modulus = BUF(ATTRIBUTE_MAX);
	CLEANUP(buf_done) struct buf exponent = BUF(ATTRIBUTE_MAX);
	CLEANUP(OSSL_PARAM_freep) OSSL_PARAM *params = NULL;
	TRY(get(s, key, CKA_MODULUS, "CKA_MODULUS", &modulus));
	TRY(get(s, key, CKA_PUBLIC_EXPONENT, "CKA_PUBLIC_EXPONENT", &exponent));
	TRY(rsa_params(buf_bytes(&modulus), buf_bytes(&exponent), &params));
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *made = NULL;
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return err_ossl(ERR_MALFORMED, "EVP_PKEY_fromdata");
	return append_key(made, out);
}

struct err *
p11_spki(const struct p11_session *s, CK_OBJECT_HANDLE key, struct buf *out)
{
	CK_ULONG type = CK_UNAVAILABLE_INFORMATION;
	TRY(p11_attribute_ulong(s, key, CKA_KEY_TYPE, &type));
	if (type == CKK_EC)
		return ec_spki(s, key, out);
	if (type == CKK_RSA)
		return rsa_spki(s, key, out);
	return err_new(ERR_UNSUPPORTED, NULL, "neither RSA nor EC");
}
