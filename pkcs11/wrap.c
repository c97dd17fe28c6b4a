#include "pkcs11/wrap.h"

#define ATTR(type, value)                                                      \
	{                                                                      \
		(type), (void *)(uintptr_t) & (value), sizeof(value)           \
	}

static const CK_BBOOL yes = CK_TRUE;
static const CK_BBOOL no = CK_FALSE;
static const uint8_t p256_params[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
	0x03, 0x01, 0x07 };

static struct err *
damaged(const char *why)
{
	return err_coded(
	    err_new(ERR_MALFORMED, NULL, "%s", why), "credential-damaged");
}

static struct err *
generate(const struct p11_session *s, CK_OBJECT_HANDLE *public_key,
    CK_OBJECT_HANDLE *private_key)
{
	CK_ATTRIBUTE public[] = { ATTR(CKA_EC_PARAMS, p256_params),
		ATTR(CKA_TOKEN, no), ATTR(CKA_PRIVATE, no),
		ATTR(CKA_VERIFY, yes) };
	/* Extractable only so that it can be wrapped, and gone right after. */
	CK_ATTRIBUTE private[] = { ATTR(CKA_TOKEN, no), ATTR(CKA_PRIVATE, yes),
		ATTR(CKA_SENSITIVE, yes), ATTR(CKA_EXTRACTABLE, yes),
		ATTR(CKA_SIGN, yes), ATTR(CKA_DECRYPT, no),
		ATTR(CKA_UNWRAP, no) };
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	TRY_CK(s->f->C_GenerateKeyPair(s->handle, &m, public, COUNT_OF(public),
		   private, COUNT_OF(private), public_key, private_key),
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
    struct buf *blob, struct buf *spki)
{
	CK_OBJECT_HANDLE public_key, private_key;
	TRY(generate(s, &public_key, &private_key));
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
    struct bytes blob, CK_OBJECT_HANDLE *out)
{
	const CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	const CK_KEY_TYPE type = CKK_EC;
	/* Said here too: the defaults of tokens are laxer. */
	CK_ATTRIBUTE template[] = { ATTR(CKA_CLASS, class),
		ATTR(CKA_KEY_TYPE, type), ATTR(CKA_TOKEN, no),
		ATTR(CKA_PRIVATE, yes), ATTR(CKA_SENSITIVE, yes),
		ATTR(CKA_EXTRACTABLE, no), ATTR(CKA_SIGN, yes) };
	if (blob.len == 0 || blob.len > WRAPPED_MAX)
		return damaged("no wrapped key");
	CK_MECHANISM m = { kek->mechanism, NULL, 0 };
	CK_RV rv = s->f->C_UnwrapKey(s->handle, &m, kek->handle,
	    (CK_BYTE *)(uintptr_t)blob.ptr, blob.len, template,
	    COUNT_OF(template), out);
	return rv == CKR_OK ? NULL : unwrap_failed(s, rv);
}

static struct err *
sign_one(const struct p11_session *s, CK_OBJECT_HANDLE key,
    const struct cert *cert, struct sig_alg alg, struct bytes digest,
    struct buf *out)
{
	CLEANUP(buf_done) struct buf value = BUF(256);
	TRY(p11_sign(s, key, alg, digest, &value));
	bool ok = false;
	TRY(cert_verify_digest(cert, alg, digest, buf_bytes(&value), &ok));
	if (!ok)
		return damaged("the key is not the certificate's");
	return buf_append(out, buf_bytes(&value));
}

struct err *
p11_wrapped_sign(const struct p11_session *s, const struct p11_kek *kek,
    struct bytes blob, const struct cert *cert, struct sig_alg alg,
    const struct bytes *digests, size_t count, struct buf *out)
{
	CK_OBJECT_HANDLE key;
	TRY(p11_wrapped_open(s, kek, blob, &key));
	struct err *e = NULL;
	for (size_t i = 0; i < count && e == NULL; i++)
		e = sign_one(s, key, cert, alg, digests[i], &out[i]);
	return destroyed(s, key, e);
}
