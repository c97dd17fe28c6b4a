#include "pkcs11/keys.h"

#include <string.h>

#include "certs/ossl.h"
#include "pkcs11/attr.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#define AES_KEY 32 /* bytes */
#define ATTRIBUTE_MAX                                                          \
	1024 /* bytes of one attribute: a modulus of 8192 bits                 \
	      */

/* ---- finding ---- */

struct err *
p11_key_find(const struct p11_session *s, CK_OBJECT_CLASS class,
    struct bytes id, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE template[] = { ATTR(CKA_CLASS, class),
		ATTR(CKA_TOKEN, yes), ATTR_BYTES(CKA_ID, id) };
	TRY_CK(s->f->C_FindObjectsInit(s->handle, template, COUNT_OF(template)),
	    "C_FindObjectsInit");
	CK_OBJECT_HANDLE found[2];
	CK_ULONG n = 0;
	CK_RV rv = s->f->C_FindObjects(s->handle, found, 2, &n);
	s->f->C_FindObjectsFinal(s->handle);
	if (rv != CKR_OK)
		return err_ck(rv, "C_FindObjects");
	if (n == 0)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no key with this CKA_ID"),
		    "token-key-missing");
	if (n > 1)
		return err_new(ERR_USAGE, NULL, "two keys with one CKA_ID");
	*out = found[0];
	return NULL;
}

struct err *
p11_object_count(const struct p11_session *s, size_t *out)
{
	TRY_CK(
	    s->f->C_FindObjectsInit(s->handle, NULL, 0), "C_FindObjectsInit");
	size_t count = 0;
	CK_ULONG n;
	CK_RV rv;
	do {
		CK_OBJECT_HANDLE found[32];
		n = 0;
		rv = s->f->C_FindObjects(s->handle, found, 32, &n);
		count += n;
	} while (rv == CKR_OK && n > 0);
	s->f->C_FindObjectsFinal(s->handle);
	if (rv != CKR_OK)
		return err_ck(rv, "C_FindObjects");
	*out = count;
	return NULL;
}

struct err *
p11_destroy(const struct p11_session *s, CK_OBJECT_HANDLE object)
{
	TRY_CK(s->f->C_DestroyObject(s->handle, object), "C_DestroyObject");
	return NULL;
}

/* ---- the key that wraps ---- */

static struct err *
generate(const struct p11_session *s, CK_MECHANISM_TYPE mechanism,
    CK_ATTRIBUTE *template, size_t count, CK_OBJECT_HANDLE *out)
{
	CK_MECHANISM m = { mechanism, NULL, 0 };
	TRY_CK(s->f->C_GenerateKey(s->handle, &m, template, count, out),
	    "C_GenerateKey");
	return NULL;
}

struct err *
p11_kek_make(
    const struct p11_session *s, struct bytes id, CK_OBJECT_HANDLE *out)
{
	const CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE unwrapped[] = { ATTR(CKA_CLASS, private_key),
		ATTR(CKA_TOKEN, no), ATTR(CKA_PRIVATE, yes),
		ATTR(CKA_SENSITIVE, yes), ATTR(CKA_EXTRACTABLE, no),
		ATTR(CKA_SIGN, yes) };
	const CK_MECHANISM_TYPE allowed[] = { s->vendor->wrap };
	const CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	const CK_KEY_TYPE type = CKK_AES;
	const CK_ULONG len = AES_KEY;
	CK_ATTRIBUTE template[20] = { ATTR(CKA_CLASS, class),
		ATTR(CKA_KEY_TYPE, type), ATTR(CKA_VALUE_LEN, len),
		ATTR_BYTES(CKA_ID, id), ATTR(CKA_TOKEN, yes),
		ATTR(CKA_PRIVATE, yes), ATTR(CKA_SENSITIVE, yes),
		ATTR(CKA_EXTRACTABLE, no), ATTR(CKA_MODIFIABLE, no),
		ATTR(CKA_WRAP, yes), ATTR(CKA_UNWRAP, yes),
		ATTR(CKA_ENCRYPT, no), ATTR(CKA_DECRYPT, no),
		ATTR(CKA_SIGN, no), ATTR(CKA_VERIFY, no) };
	size_t n = 15;
	if (s->vendor->unwrap_template)
		template[n++] = (CK_ATTRIBUTE){ CKA_UNWRAP_TEMPLATE, unwrapped,
			sizeof(unwrapped) };
	if (s->vendor->allowed_mechanisms)
		template[n++] =
		    (CK_ATTRIBUTE)ATTR(CKA_ALLOWED_MECHANISMS, allowed);
	return generate(s, CKM_AES_KEY_GEN, template, n, out);
}

struct err *
p11_check_flags(const struct p11_session *s, CK_OBJECT_HANDLE key,
    const struct p11_wanted *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CK_BBOOL is = CK_FALSE;
		CK_ATTRIBUTE a = { wanted[i].type, &is, sizeof(is) };
		TRY_CK(s->f->C_GetAttributeValue(s->handle, key, &a, 1),
		    "C_GetAttributeValue");
		if ((is != CK_FALSE) != (wanted[i].value != CK_FALSE))
			return err_coded(err_new(ERR_DENIED, NULL,
					     "%s of the key is not as it must",
					     wanted[i].name),
			    "token-key-weak");
	}
	return NULL;
}

/* Where the make has CKA_ALLOWED_MECHANISMS: that one, and no other. */
static struct err *
check_mechanism(
    const struct p11_session *s, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE only)
{
	if (!s->vendor->allowed_mechanisms)
		return NULL;
	CK_MECHANISM_TYPE is[2] = { 0 };
	CK_ATTRIBUTE a = { CKA_ALLOWED_MECHANISMS, is, sizeof(is) };
	CK_RV rv = s->f->C_GetAttributeValue(s->handle, key, &a, 1);
	if (rv == CKR_OK && a.ulValueLen == sizeof(is[0]) && is[0] == only)
		return NULL;
	if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL &&
	    rv != CKR_ATTRIBUTE_TYPE_INVALID)
		return err_ck(rv, "C_GetAttributeValue");
	return err_coded(err_new(ERR_DENIED, NULL,
			     "CKA_ALLOWED_MECHANISMS of the key is not as it "
			     "must"),
	    "token-key-weak");
}

struct err *
p11_kek_check(const struct p11_session *s, CK_OBJECT_HANDLE kek)
{
	static const struct p11_wanted wanted[] = {
		{ CKA_PRIVATE, CK_TRUE, "CKA_PRIVATE" },
		{ CKA_SENSITIVE, CK_TRUE, "CKA_SENSITIVE" },
		{ CKA_EXTRACTABLE, CK_FALSE, "CKA_EXTRACTABLE" },
		{ CKA_NEVER_EXTRACTABLE, CK_TRUE, "CKA_NEVER_EXTRACTABLE" },
		{ CKA_LOCAL, CK_TRUE, "CKA_LOCAL" },
		{ CKA_ENCRYPT, CK_FALSE, "CKA_ENCRYPT" },
		{ CKA_DECRYPT, CK_FALSE, "CKA_DECRYPT" },
		{ CKA_WRAP, CK_TRUE, "CKA_WRAP" },
		{ CKA_UNWRAP, CK_TRUE, "CKA_UNWRAP" },
		/* Whoever logs in could set the above as they like. */
		{ CKA_MODIFIABLE, CK_FALSE, "CKA_MODIFIABLE" },
	};
	TRY(p11_check_flags(s, kek, wanted, COUNT_OF(wanted)));
	return check_mechanism(s, kek, s->vendor->wrap);
}

/* ---- the key that seals depend on ---- */

struct err *
p11_pepper_make(
    const struct p11_session *s, struct bytes id, CK_OBJECT_HANDLE *out)
{
	const CK_MECHANISM_TYPE allowed[] = { CKM_SHA256_HMAC };
	const CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	const CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	const CK_ULONG len = P11_HMAC;
	CK_ATTRIBUTE template[18] = { ATTR(CKA_CLASS, class),
		ATTR(CKA_KEY_TYPE, type), ATTR(CKA_VALUE_LEN, len),
		ATTR_BYTES(CKA_ID, id), ATTR(CKA_TOKEN, yes),
		ATTR(CKA_PRIVATE, yes), ATTR(CKA_SENSITIVE, yes),
		ATTR(CKA_EXTRACTABLE, no), ATTR(CKA_MODIFIABLE, no),
		ATTR(CKA_SIGN, yes), ATTR(CKA_VERIFY, no),
		ATTR(CKA_ENCRYPT, no), ATTR(CKA_DECRYPT, no),
		ATTR(CKA_WRAP, no), ATTR(CKA_UNWRAP, no),
		ATTR(CKA_DERIVE, no) };
	size_t n = 16;
	if (s->vendor->allowed_mechanisms)
		template[n++] =
		    (CK_ATTRIBUTE)ATTR(CKA_ALLOWED_MECHANISMS, allowed);
	return generate(s, CKM_GENERIC_SECRET_KEY_GEN, template, n, out);
}

struct err *
p11_pepper_check(const struct p11_session *s, CK_OBJECT_HANDLE pepper)
{
	static const struct p11_wanted wanted[] = {
		{ CKA_PRIVATE, CK_TRUE, "CKA_PRIVATE" },
		{ CKA_SENSITIVE, CK_TRUE, "CKA_SENSITIVE" },
		{ CKA_EXTRACTABLE, CK_FALSE, "CKA_EXTRACTABLE" },
		{ CKA_NEVER_EXTRACTABLE, CK_TRUE, "CKA_NEVER_EXTRACTABLE" },
		{ CKA_LOCAL, CK_TRUE, "CKA_LOCAL" },
		{ CKA_SIGN, CK_TRUE, "CKA_SIGN" },
		{ CKA_MODIFIABLE, CK_FALSE, "CKA_MODIFIABLE" },
	};
	TRY(p11_check_flags(s, pepper, wanted, COUNT_OF(wanted)));
	return check_mechanism(s, pepper, CKM_SHA256_HMAC);
}

struct err *
p11_hmac(const struct p11_session *s, CK_OBJECT_HANDLE pepper,
    struct bytes data, uint8_t out[P11_HMAC])
{
	CK_MECHANISM m = { CKM_SHA256_HMAC, NULL, 0 };
	TRY_CK(s->f->C_SignInit(s->handle, &m, pepper), "C_SignInit");
	uint8_t mac[P11_HMAC];
	CK_ULONG len = sizeof(mac);
	CK_BYTE *in = (CK_BYTE *)(uintptr_t)data.ptr;
	TRY_CK(s->f->C_Sign(s->handle, in, data.len, mac, &len), "C_Sign");
	if (len != P11_HMAC)
		return err_coded(
		    err_new(ERR_REMOTE, NULL, "an HMAC of %lu bytes", len),
		    "token-unavailable");
	memcpy(out, mac, P11_HMAC);
	wipe(mac, sizeof(mac));
	return NULL;
}

/* ---- pairs ---- */

/* CKA_EC_POINT is the point inside an OCTET STRING (PKCS #11 2.3.3); some
 * tokens give the point bare. */
static struct bytes
bare_point(struct bytes p)
{
	if (p.len > 2 && p.ptr[0] == 0x04 && p.ptr[1] == p.len - 2 &&
	    p.ptr[2] == 0x04)
		return bytes_from(p, 2);
	return p;
}

static struct err *
read_attribute(const struct p11_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, uint8_t raw[ATTRIBUTE_MAX], struct bytes *out)
{
	CK_ATTRIBUTE a = { type, raw, ATTRIBUTE_MAX };
	TRY_CK(s->f->C_GetAttributeValue(s->handle, object, &a, 1),
	    "C_GetAttributeValue");
	if (a.ulValueLen == 0 || a.ulValueLen > ATTRIBUTE_MAX)
		return err_new(ERR_UNSUPPORTED, NULL, "no attribute 0x%lx",
		    (unsigned long)type);
	*out = bytes_of(raw, a.ulValueLen);
	return NULL;
}

/* Appends the key as SubjectPublicKeyInfo, if it is one that can be: a point
 * on its curve, a modulus. */
static struct err *
encode_public(const char *type, OSSL_PARAM *params, struct buf *out)
{
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	if (c == NULL || EVP_PKEY_fromdata_init(c) != 1 ||
	    EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return err_ossl(ERR_MALFORMED, "EVP_PKEY_fromdata");
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	if (len <= 0)
		return err_ossl(ERR_INTERNAL, "i2d_PUBKEY");
	return buf_append(out, bytes_of(der, (size_t)len));
}

/* OpenSSL's parameters have no const; these are only read. */
#define OCTETS(name, b)                                                        \
	OSSL_PARAM_construct_octet_string(                                     \
	    (name), (void *)(uintptr_t)(b).ptr, (b).len)

static struct err *
spki_ec(
    const struct p11_session *s, CK_OBJECT_HANDLE public_key, struct buf *out)
{
	uint8_t raw_point[ATTRIBUTE_MAX], raw_curve[ATTRIBUTE_MAX];
	struct bytes point = BYTES_NONE, curve = BYTES_NONE;
	TRY(read_attribute(s, public_key, CKA_EC_POINT, raw_point, &point));
	TRY(read_attribute(s, public_key, CKA_EC_PARAMS, raw_curve, &curve));
	point = bare_point(point);
	enum key_kind kind = KIND_P256;
	while (kind < KIND_COUNT && !bytes_eq(key_kind_curve(kind), curve))
		kind++;
	if (kind == KIND_COUNT)
		return err_new(ERR_UNSUPPORTED, NULL, "the key's curve");
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
		    (char *)(uintptr_t)key_kind_name(kind), 0),
		OCTETS(OSSL_PKEY_PARAM_PUB_KEY, point),
		OSSL_PARAM_construct_end(),
	};
	return encode_public("EC", params, out);
}

/* Big endian as PKCS #11 has it, to the host's order as OpenSSL wants it. */
static OSSL_PARAM
number(const char *name, struct bytes v, uint8_t swapped[ATTRIBUTE_MAX])
{
	for (size_t i = 0; i < v.len; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		swapped[i] = v.ptr[v.len - 1 - i];
#else
		swapped[i] = v.ptr[i];
#endif
	return OSSL_PARAM_construct_BN(name, swapped, v.len);
}

static struct err *
spki_rsa(
    const struct p11_session *s, CK_OBJECT_HANDLE public_key, struct buf *out)
{
	uint8_t raw_n[ATTRIBUTE_MAX], raw_e[ATTRIBUTE_MAX];
	uint8_t swapped_n[ATTRIBUTE_MAX], swapped_e[ATTRIBUTE_MAX];
	struct bytes n = BYTES_NONE, e = BYTES_NONE;
	TRY(read_attribute(s, public_key, CKA_MODULUS, raw_n, &n));
	TRY(read_attribute(s, public_key, CKA_PUBLIC_EXPONENT, raw_e, &e));
	OSSL_PARAM params[] = { number(OSSL_PKEY_PARAM_RSA_N, n, swapped_n),
		number(OSSL_PKEY_PARAM_RSA_E, e, swapped_e),
		OSSL_PARAM_construct_end() };
	return encode_public("RSA", params, out);
}

struct err *
p11_spki(
    const struct p11_session *s, CK_OBJECT_HANDLE public_key, struct buf *out)
{
	CK_KEY_TYPE type = CKK_EC;
	CK_ATTRIBUTE a = { CKA_KEY_TYPE, &type, sizeof(type) };
	TRY_CK(s->f->C_GetAttributeValue(s->handle, public_key, &a, 1),
	    "C_GetAttributeValue");
	if (type == CKK_RSA)
		return spki_rsa(s, public_key, out);
	if (type == CKK_EC)
		return spki_ec(s, public_key, out);
	return err_new(ERR_UNSUPPORTED, NULL, "neither an EC nor an RSA key");
}

/* The one mechanism that sign.c will use. */
static CK_MECHANISM_TYPE
signing_mechanism(const struct p11_vendor *v, enum key_kind kind)
{
	if (key_kind_shape(kind).alg == KEY_EC)
		return CKM_ECDSA;
	return v->pkcs1 == PADDED_HERE ? CKM_RSA_X_509 : CKM_RSA_PKCS;
}

struct err *
p11_pair_make(const struct p11_session *s, enum key_kind kind, struct bytes id,
    CK_OBJECT_HANDLE *private_key, struct buf *spki)
{
	static const uint8_t f4[] = { 0x01, 0x00, 0x01 };
	const CK_MECHANISM_TYPE allowed[] = { signing_mechanism(
	    s->vendor, kind) };
	const struct bytes curve = key_kind_curve(kind);
	const struct bytes exponent = bytes_of(f4, sizeof(f4));
	const bool ec = curve.len > 0;
	const CK_ULONG bits = (CK_ULONG)key_kind_shape(kind).bits;
	CK_ATTRIBUTE public[] = { ATTR_BYTES(CKA_ID, id), ATTR(CKA_TOKEN, yes),
		ATTR(CKA_VERIFY, yes), ATTR(CKA_MODIFIABLE, no),
		ATTR_BYTES(CKA_PUBLIC_EXPONENT, exponent),
		ATTR(CKA_MODULUS_BITS, bits) };
	CK_ULONG npublic = COUNT_OF(public);
	if (ec) {
		public[4] = (CK_ATTRIBUTE)ATTR_BYTES(CKA_EC_PARAMS, curve);
		npublic = 5;
	}
	CK_ATTRIBUTE private[12] = { ATTR_BYTES(CKA_ID, id),
		ATTR(CKA_TOKEN, yes), ATTR(CKA_PRIVATE, yes),
		ATTR(CKA_SENSITIVE, yes), ATTR(CKA_EXTRACTABLE, no),
		ATTR(CKA_SIGN, yes), ATTR(CKA_DECRYPT, no),
		ATTR(CKA_UNWRAP, no), ATTR(CKA_MODIFIABLE, no) };
	CK_ULONG n = 9;
	if (s->vendor->allowed_mechanisms)
	private[n++] = (CK_ATTRIBUTE)ATTR(CKA_ALLOWED_MECHANISMS, allowed);
	CK_MECHANISM m = { ec ? CKM_EC_KEY_PAIR_GEN : CKM_RSA_PKCS_KEY_PAIR_GEN,
		NULL, 0 };
	CK_OBJECT_HANDLE public_key;
	TRY_CK(s->f->C_GenerateKeyPair(s->handle, &m, public, npublic, private,
		   n, &public_key, private_key),
	    "C_GenerateKeyPair");
	return p11_spki(s, public_key, spki);
}

struct err *
p11_signing_check(const struct p11_session *s, CK_OBJECT_HANDLE key)
{
	/* Not CKA_LOCAL: a CA's key may have come from another token. */
	static const struct p11_wanted wanted[] = {
		{ CKA_PRIVATE, CK_TRUE, "CKA_PRIVATE" },
		{ CKA_SENSITIVE, CK_TRUE, "CKA_SENSITIVE" },
		{ CKA_EXTRACTABLE, CK_FALSE, "CKA_EXTRACTABLE" },
		{ CKA_SIGN, CK_TRUE, "CKA_SIGN" },
	};
	return p11_check_flags(s, key, wanted, COUNT_OF(wanted));
}
