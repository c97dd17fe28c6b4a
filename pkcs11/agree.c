#include "pkcs11/agree.h"

#include <string.h>

#include "pkcs11/attr.h"

struct err *
p11_agree_make(const struct p11_session *s, struct bytes id,
    CK_OBJECT_HANDLE *private_key, struct buf *spki)
{
	const CK_MECHANISM_TYPE allowed[] = { CKM_ECDH1_DERIVE };
	const struct bytes curve = key_kind_curve(KIND_P256);
	CK_ATTRIBUTE public[] = { ATTR_BYTES(CKA_EC_PARAMS, curve),
		ATTR_BYTES(CKA_ID, id), ATTR(CKA_TOKEN, yes),
		ATTR(CKA_VERIFY, no), ATTR(CKA_MODIFIABLE, no) };
	CK_ATTRIBUTE private[12] = { ATTR_BYTES(CKA_ID, id),
		ATTR(CKA_TOKEN, yes), ATTR(CKA_PRIVATE, yes),
		ATTR(CKA_SENSITIVE, yes), ATTR(CKA_EXTRACTABLE, no),
		ATTR(CKA_DERIVE, yes), ATTR(CKA_SIGN, no),
		ATTR(CKA_DECRYPT, no), ATTR(CKA_UNWRAP, no),
		ATTR(CKA_MODIFIABLE, no) };
	size_t n = 10;
	if (s->vendor->allowed_mechanisms)
		private[n++] =
		    (CK_ATTRIBUTE)ATTR(CKA_ALLOWED_MECHANISMS, allowed);
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_OBJECT_HANDLE public_key;
	TRY_CK(s->f->C_GenerateKeyPair(s->handle, &m, public, COUNT_OF(public),
		   private, n, &public_key, private_key),
	    "C_GenerateKeyPair");
	return p11_spki(s, public_key, spki);
}

struct err *
p11_agree_check(const struct p11_session *s, CK_OBJECT_HANDLE key)
{
	static const struct p11_wanted wanted[] = {
		{ CKA_PRIVATE, CK_TRUE, "CKA_PRIVATE" },
		{ CKA_SENSITIVE, CK_TRUE, "CKA_SENSITIVE" },
		{ CKA_EXTRACTABLE, CK_FALSE, "CKA_EXTRACTABLE" },
		{ CKA_NEVER_EXTRACTABLE, CK_TRUE, "CKA_NEVER_EXTRACTABLE" },
		{ CKA_DERIVE, CK_TRUE, "CKA_DERIVE" },
		{ CKA_SIGN, CK_FALSE, "CKA_SIGN" },
		{ CKA_MODIFIABLE, CK_FALSE, "CKA_MODIFIABLE" },
	};
	return p11_check_flags(s, key, wanted, COUNT_OF(wanted));
}

/* What is derived opens one message: it comes out, and the token forgets it. */
static struct err *
take_value(const struct p11_session *s, CK_OBJECT_HANDLE object,
    uint8_t out[HPKE_DH])
{
	uint8_t value[HPKE_DH];
	CK_ATTRIBUTE a = { CKA_VALUE, value, sizeof(value) };
	CK_RV rv = s->f->C_GetAttributeValue(s->handle, object, &a, 1);
	struct err *gone = p11_destroy(s, object);
	if (rv == CKR_OK && gone == NULL && a.ulValueLen == sizeof(value))
		memcpy(out, value, sizeof(value));
	wipe(value, sizeof(value));
	if (gone != NULL)
		return gone;
	if (rv != CKR_OK)
		return err_ck(rv, "C_GetAttributeValue");
	if (a.ulValueLen != sizeof(value))
		return err_new(ERR_REMOTE, NULL, "a shared secret of %lu bytes",
		    (unsigned long)a.ulValueLen);
	return NULL;
}

struct err *
p11_agree(const struct p11_session *s, CK_OBJECT_HANDLE key, struct bytes point,
    uint8_t out[HPKE_DH])
{
	const CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	const CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	const CK_ULONG len = HPKE_DH;
	CK_ATTRIBUTE template[] = { ATTR(CKA_CLASS, class),
		ATTR(CKA_KEY_TYPE, type), ATTR(CKA_VALUE_LEN, len),
		ATTR(CKA_TOKEN, no), ATTR(CKA_SENSITIVE, no),
		ATTR(CKA_EXTRACTABLE, yes) };
	/* Without names: p11-kit gave them others in 0.25. */
	CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, point.len,
		(CK_BYTE *)(uintptr_t)point.ptr };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_OBJECT_HANDLE secret;
	TRY_CK(s->f->C_DeriveKey(s->handle, &m, key, template,
		   COUNT_OF(template), &secret),
	    "C_DeriveKey");
	return take_value(s, secret, out);
}
