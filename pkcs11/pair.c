#include "pkcs11/pair.h"

#include "certs/ossl.h"
#include "pkcs11/keys.h"

#define TEMPLATE_MAX 20

/* ---- templates ---- */

struct template
{
	CK_ATTRIBUTE v[TEMPLATE_MAX];
	CK_ULONG n;
};

static void
add(struct template *t, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
	/* The interface has no const, but only reads. */
	t->v[t->n++] = (CK_ATTRIBUTE){ type, (void *)(uintptr_t)value, len };
}

static void
add_flag(struct template *t, CK_ATTRIBUTE_TYPE type, bool value)
{
	static const CK_BBOOL flags[] = { CK_FALSE, CK_TRUE };
	add(t, type, &flags[value], sizeof(flags[value]));
}

static void
add_bytes(struct template *t, CK_ATTRIBUTE_TYPE type, struct bytes b)
{
	if (b.len > 0)
		add(t, type, b.ptr, b.len);
}

static void
describe_public(
    const struct p11_pair_fields *f, const CK_ULONG *bits, struct template *t)
{
	static const uint8_t f4[] = { 0x01, 0x00, 0x01 };
	add_flag(t, CKA_TOKEN, true);
	add_flag(t, CKA_VERIFY, true);
	add_bytes(t, CKA_ID, f->id);
	add_bytes(t, CKA_LABEL, f->label);
	if (key_kind_curve(f->kind).len > 0) {
		add_bytes(t, CKA_EC_PARAMS, key_kind_curve(f->kind));
		return;
	}
	add(t, CKA_MODULUS_BITS, bits, sizeof(*bits));
	add(t, CKA_PUBLIC_EXPONENT, f4, sizeof(f4));
}

static void
describe_private(const struct p11_pair_fields *f, struct template *t)
{
	add_flag(t, CKA_TOKEN, true);
	add_flag(t, CKA_PRIVATE, true);
	add_flag(t, CKA_SENSITIVE, true);
	add_flag(t, CKA_EXTRACTABLE, false);
	add_flag(t, CKA_SIGN, true);
	add_bytes(t, CKA_ID, f->id);
	add_bytes(t, CKA_LABEL, f->label);
	/* Only then: many do not know the attribute. */
	if (f->always)
		add_flag(t, CKA_ALWAYS_AUTHENTICATE, true);
}

struct err *
p11_own_pair_make(const struct p11_session *s, const struct p11_pair_fields *f,
    struct buf *spki)
{
	const struct key_shape shape = key_kind_shape(f->kind);
	const CK_ULONG bits = (CK_ULONG)shape.bits;
	struct template public = { .n = 0 };
	struct template private = { .n = 0 };
	describe_public(f, &bits, &public);
	describe_private(f, &private);
	CK_MECHANISM m = { shape.alg == KEY_EC ? CKM_EC_KEY_PAIR_GEN
					       : CKM_RSA_PKCS_KEY_PAIR_GEN,
		NULL, 0 };
	CK_OBJECT_HANDLE public_key = 0;
	CK_OBJECT_HANDLE private_key = 0;
	TRY_CK(s->f->C_GenerateKeyPair(s->handle, &m, public.v, public.n,
		   private.v, private.n, &public_key, &private_key),
	    "C_GenerateKeyPair");
	TRY(p11_signing_check(s, private_key));
	return p11_spki(s, public_key, spki);
}

/* ---- certificates ---- */

struct err *
p11_cert_put(const struct p11_session *s, const struct cert *c, struct bytes id,
    struct bytes label)
{
	const CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	const CK_CERTIFICATE_TYPE type = CKC_X_509;
	CLEANUP(ossl_freep) uint8_t *serial = NULL;
	int len =
	    i2d_ASN1_INTEGER(X509_get0_serialNumber(cert_x509(c)), &serial);
	if (len <= 0)
		return err_ossl(ERR_NOMEM, "i2d_ASN1_INTEGER");
	struct template t = { .n = 0 };
	add(&t, CKA_CLASS, &class, sizeof(class));
	add(&t, CKA_CERTIFICATE_TYPE, &type, sizeof(type));
	add_flag(&t, CKA_TOKEN, true);
	add_flag(&t, CKA_PRIVATE, false);
	add_bytes(&t, CKA_ID, id);
	add_bytes(&t, CKA_LABEL, label);
	add_bytes(&t, CKA_SUBJECT, cert_subject_der(c));
	add_bytes(&t, CKA_ISSUER, cert_issuer_der(c));
	add(&t, CKA_SERIAL_NUMBER, serial, (size_t)len);
	add_bytes(&t, CKA_VALUE, cert_der(c));
	CK_OBJECT_HANDLE made = 0;
	TRY_CK(
	    s->f->C_CreateObject(s->handle, t.v, t.n, &made), "C_CreateObject");
	return NULL;
}
