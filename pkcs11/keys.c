#include "pkcs11/keys.h"

#include <string.h>

#define AES_KEY 32 /* bytes */

/* The interface of Cryptoki has no const, but only reads these. */
#define ATTR(type, value)                                                      \
	{                                                                      \
		(type), (void *)(uintptr_t) & (value), sizeof(value)           \
	}
#define ATTR_BYTES(type, b)                                                    \
	{                                                                      \
		(type), (void *)(uintptr_t)(b).ptr, (b).len                    \
	}

static const CK_BBOOL yes = CK_TRUE;
static const CK_BBOOL no = CK_FALSE;

/* prime256v1, as CKA_EC_PARAMS. */
static const uint8_t p256_params[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
	0x03, 0x01, 0x07 };

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

/* One attribute of an object, and what it must be. */
struct wanted {
	CK_ATTRIBUTE_TYPE type;
	CK_BBOOL value;
	const char *name;
};

static struct err *
check_flags(const struct p11_session *s, CK_OBJECT_HANDLE key,
    const struct wanted *wanted, size_t count)
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
	static const struct wanted wanted[] = {
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
	TRY(check_flags(s, kek, wanted, COUNT_OF(wanted)));
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
	static const struct wanted wanted[] = {
		{ CKA_PRIVATE, CK_TRUE, "CKA_PRIVATE" },
		{ CKA_SENSITIVE, CK_TRUE, "CKA_SENSITIVE" },
		{ CKA_EXTRACTABLE, CK_FALSE, "CKA_EXTRACTABLE" },
		{ CKA_NEVER_EXTRACTABLE, CK_TRUE, "CKA_NEVER_EXTRACTABLE" },
		{ CKA_LOCAL, CK_TRUE, "CKA_LOCAL" },
		{ CKA_SIGN, CK_TRUE, "CKA_SIGN" },
		{ CKA_MODIFIABLE, CK_FALSE, "CKA_MODIFIABLE" },
	};
	TRY(check_flags(s, pepper, wanted, COUNT_OF(wanted)));
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
		return err_new(ERR_INTERNAL, NULL, "an HMAC of %lu bytes", len);
	memcpy(out, mac, P11_HMAC);
	wipe(mac, sizeof(mac));
	return NULL;
}

/* ---- pairs ---- */

struct err *
p11_pair_make(const struct p11_session *s, struct bytes id,
    CK_OBJECT_HANDLE *private_key, struct buf *spki)
{
	const CK_MECHANISM_TYPE allowed[] = { CKM_ECDSA };
	CK_ATTRIBUTE public[] = { ATTR(CKA_EC_PARAMS, p256_params),
		ATTR_BYTES(CKA_ID, id), ATTR(CKA_TOKEN, yes),
		ATTR(CKA_VERIFY, yes), ATTR(CKA_MODIFIABLE, no) };
	CK_ATTRIBUTE private[12] = { ATTR_BYTES(CKA_ID, id),
		ATTR(CKA_TOKEN, yes), ATTR(CKA_PRIVATE, yes),
		ATTR(CKA_SENSITIVE, yes), ATTR(CKA_EXTRACTABLE, no),
		ATTR(CKA_SIGN, yes), ATTR(CKA_DECRYPT, no),
		ATTR(CKA_UNWRAP, no), ATTR(CKA_MODIFIABLE, no) };
	size_t n = 9;
	if (s->vendor->allowed_mechanisms)
	private[n++] = (CK_ATTRIBUTE)ATTR(CKA_ALLOWED_MECHANISMS, allowed);
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE public_key;
	TRY_CK(s->f->C_GenerateKeyPair(s->handle, &m, public, COUNT_OF(public),
		   private, n, &public_key, private_key),
	    "C_GenerateKeyPair");
	return p11_spki(s, public_key, spki);
}

struct err *
p11_signing_check(const struct p11_session *s, CK_OBJECT_HANDLE key)
{
	/* Not CKA_LOCAL: a CA's key may have come from another token. */
	static const struct wanted wanted[] = {
		{ CKA_PRIVATE, CK_TRUE, "CKA_PRIVATE" },
		{ CKA_SENSITIVE, CK_TRUE, "CKA_SENSITIVE" },
		{ CKA_EXTRACTABLE, CK_FALSE, "CKA_EXTRACTABLE" },
		{ CKA_SIGN, CK_TRUE, "CKA_SIGN" },
	};
	return check_flags(s, key, wanted, COUNT_OF(wanted));
}
