#include "pkcs11/wrap.h"

#include <string.h>

#include "certs/ossl.h"

#include "pkcs11/attr.h"
#include "pkcs11/lean.h"

static struct err *
damaged(const char *why)
{
	return err_coded(
	    err_new(ERR_MALFORMED, NULL, "%s", why), "credential-damaged");
}

/* The public half of the template, which says what kind it is. */
static size_t
public_template(enum key_kind kind, const struct bytes *curve,
    const CK_ULONG *bits, CK_ATTRIBUTE out[6])
{
	static const uint8_t exponent[] = { 0x01, 0x00, 0x01 };
	const CK_ATTRIBUTE common[] = { ATTR(CKA_TOKEN, no),
		ATTR(CKA_PRIVATE, no), ATTR(CKA_VERIFY, yes) };
	memcpy(out, common, sizeof(common));
	size_t n = COUNT_OF(common);
	if (key_kind_shape(kind).alg == KEY_EC) {
		out[n++] = (CK_ATTRIBUTE){ CKA_EC_PARAMS,
			(void *)(uintptr_t)curve->ptr, curve->len };
		return n;
	}
	out[n++] = (CK_ATTRIBUTE)ATTR(CKA_MODULUS_BITS, *bits);
	out[n++] = (CK_ATTRIBUTE)ATTR(CKA_PUBLIC_EXPONENT, exponent);
	return n;
}

static struct err *
generate(const struct p11_session *s, enum key_kind kind,
    CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
	const struct bytes curve = key_kind_curve(kind);
	const CK_ULONG bits = (CK_ULONG)key_kind_shape(kind).bits;
	CK_ATTRIBUTE public[6];
	size_t n = public_template(kind, &curve, &bits, public);
	/* Extractable only so that it can be wrapped, and gone right after. */
	CK_ATTRIBUTE private[] = { ATTR(CKA_TOKEN, no), ATTR(CKA_PRIVATE, yes),
		ATTR(CKA_SENSITIVE, yes), ATTR(CKA_EXTRACTABLE, yes),
		ATTR(CKA_SIGN, yes), ATTR(CKA_DECRYPT, no),
		ATTR(CKA_UNWRAP, no) };
	CK_MECHANISM m = { curve.len > 0 ? CKM_EC_KEY_PAIR_GEN
					 : CKM_RSA_PKCS_KEY_PAIR_GEN,
		NULL, 0 };
	TRY_CK(s->f->C_GenerateKeyPair(s->handle, &m, public, n, private,
		   COUNT_OF(private), public_key, private_key),
	    "C_GenerateKeyPair");
	return NULL;
}

static struct err *
wrap(const struct p11_session *s, const struct p11_kek *kek,
    CK_OBJECT_HANDLE key, struct buf *blob)
{
	uint8_t raw[WRAPPED_MAX];
	CK_ULONG len = sizeof(raw);
	CK_MECHANISM m = { kek->mechanism, NULL, 0 };
	TRY_CK(s->f->C_WrapKey(s->handle, &m, kek->handle, key, raw, &len),
	    "C_WrapKey");
	struct err *e = buf_append(blob, bytes_of(raw, len));
	wipe(raw, sizeof(raw));
	return e;
}

/* The first error counts, but everything is destroyed in any case: an object
 * that cannot be is reason to replace the process. */
static struct err *
destroyed(
    const struct p11_session *s, CK_OBJECT_HANDLE object, struct err *outcome)
{
	struct err *e = p11_destroy(s, object);
	if (outcome == NULL)
		return e;
	err_free(e);
	return outcome;
}

struct err *
p11_wrapped_make(const struct p11_session *s, const struct p11_kek *kek,
    enum key_kind kind, struct buf *blob, struct buf *spki)
{
	CK_OBJECT_HANDLE public_key, private_key;
	TRY(generate(s, kind, &public_key, &private_key));
	struct err *e = wrap(s, kek, private_key, blob);
	if (e == NULL)
		e = p11_spki(s, public_key, spki);
	e = destroyed(s, private_key, e);
	return destroyed(s, public_key, e);
}

/* A blob that was tampered with gives CKR_GENERAL_ERROR in SoftHSM, as a lost
 * token does: ask whether the session still lives. */
static struct err *
unwrap_failed(const struct p11_session *s, CK_RV rv)
{
	TRY(p11_session_check(s));
	switch (rv) {
	case CKR_GENERAL_ERROR:
	case CKR_FUNCTION_FAILED:
	case CKR_WRAPPED_KEY_INVALID:
	case CKR_WRAPPED_KEY_LEN_RANGE:
	case CKR_ENCRYPTED_DATA_INVALID:
	case CKR_ENCRYPTED_DATA_LEN_RANGE:
		return damaged("the key cannot be unwrapped");
	default:
		return err_ck(rv, "C_UnwrapKey");
	}
}

struct err *
p11_wrapped_open(const struct p11_session *s, const struct p11_kek *kek,
    enum key_alg alg, struct bytes blob, CK_OBJECT_HANDLE *out)
{
	const CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	const CK_KEY_TYPE type = alg == KEY_RSA ? CKK_RSA : CKK_EC;
	/* Said here too: the defaults of tokens are laxer. */
	CK_ATTRIBUTE template[] = { ATTR(CKA_CLASS, class),
		ATTR(CKA_KEY_TYPE, type), ATTR(CKA_TOKEN, no),
		ATTR(CKA_PRIVATE, yes), ATTR(CKA_SENSITIVE, yes),
		ATTR(CKA_EXTRACTABLE, no), ATTR(CKA_SIGN, yes) };
	if (blob.len == 0 || blob.len > WRAPPED_MAX)
		return damaged("no wrapped key");
	CK_MECHANISM m = { kek->mechanism, NULL, 0 };
	OSSL_LIB_CTX *before = s->vendor->openssl ? lean_enter() : NULL;
	CK_RV rv = s->f->C_UnwrapKey(s->handle, &m, kek->handle,
	    (CK_BYTE *)(uintptr_t)blob.ptr, blob.len, template,
	    COUNT_OF(template), out);
	lean_leave(before);
	return rv == CKR_OK ? NULL : unwrap_failed(s, rv);
}

static struct err *
sign_all(const struct p11_session *s, CK_OBJECT_HANDLE key,
    struct key_shape shape, struct sig_alg alg, const struct bytes *digests,
    size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		if (s->goes_on != NULL)
			s->goes_on(s->goes_on_ctx);
		struct err *e =
		    p11_sign(s, key, shape, alg, digests[i], &out[i]);
		if (e != NULL)
			return err_while(e, "hashes[%zu]", i);
	}
	return NULL;
}

struct err *
p11_wrapped_values(const struct p11_session *s, const struct p11_kek *kek,
    struct bytes blob, struct key_shape shape, struct sig_alg alg,
    const struct bytes *digests, size_t count, struct buf *out)
{
	CK_OBJECT_HANDLE key;
	TRY(p11_wrapped_open(s, kek, shape.alg, blob, &key));
	return destroyed(
	    s, key, sign_all(s, key, shape, alg, digests, count, out));
}

struct err *
p11_values_check(EVP_PKEY *public_key, struct sig_alg alg,
    const struct bytes *digests, size_t count, const struct buf *values)
{
	for (size_t i = 0; i < count; i++) {
		bool ok = false;
		TRY(key_verify_digest(public_key, alg, digests[i],
		    buf_bytes(&values[i]), &ok));
		if (!ok)
			return err_while(
			    damaged("the key is not the certificate's"),
			    "hashes[%zu]", i);
	}
	return NULL;
}

struct err *
p11_wrapped_sign(const struct p11_session *s, const struct p11_kek *kek,
    struct bytes blob, EVP_PKEY *public_key, struct sig_alg alg,
    const struct bytes *digests, size_t count, struct buf *out)
{
	const struct key_shape shape = { key_alg_of(public_key),
		EVP_PKEY_get_bits(public_key) };
	struct err *e = p11_wrapped_values(
	    s, kek, blob, shape, alg, digests, count, out);
	if (e == NULL)
		e = p11_values_check(public_key, alg, digests, count, out);
	for (size_t i = 0; i < count && e != NULL; i++)
		buf_clear(&out[i]);
	return e;
}
