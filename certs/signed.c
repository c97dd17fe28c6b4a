#include "certs/signed.h"

#include "certs/der.h"
#include "certs/ossl.h"

#include <openssl/asn1t.h>

struct signed_thing {
	ASN1_TYPE *tbs;
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *signature;
};

ASN1_SEQUENCE(SIGNED_THING) = {
	ASN1_SIMPLE(struct signed_thing, tbs, ASN1_ANY),
	ASN1_SIMPLE(struct signed_thing, algorithm, X509_ALGOR),
	ASN1_SIMPLE(struct signed_thing, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END_name(struct signed_thing, SIGNED_THING)

static void
thing_freep(struct signed_thing **t)
{
	ASN1_item_free((ASN1_VALUE *)*t, ASN1_ITEM_rptr(SIGNED_THING));
}

static struct err *
set_parts(struct signed_thing *t, struct bytes tbs, struct sig_alg alg,
    struct bytes signature)
{
	CLEANUP(ASN1_STRING_freep)
	ASN1_STRING *s = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	if (s == NULL || ASN1_STRING_set(s, tbs.ptr, (int)tbs.len) != 1)
		return err_ossl(ERR_NOMEM, "ASN1_STRING_set");
	ASN1_TYPE_set(t->tbs, V_ASN1_SEQUENCE, TAKE(s));
	TRY(sig_alg_to_algor(alg, t->algorithm));
	if (ASN1_BIT_STRING_set(t->signature, (unsigned char *)signature.ptr,
		(int)signature.len) != 1)
		return err_ossl(ERR_NOMEM, "ASN1_BIT_STRING_set");
	/* All bits count; otherwise trailing zero bits would be cut off. */
	t->signature->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07);
	t->signature->flags |= ASN1_STRING_FLAG_BITS_LEFT;
	return NULL;
}

struct err *
signed_build(struct bytes tbs, struct sig_alg alg, struct bytes signature,
    struct buf *out)
{
	if (tbs.len > INT32_MAX / 2 || signature.len > INT32_MAX / 2)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", tbs.len);
	CLEANUP(thing_freep)
	struct signed_thing *t =
	    (struct signed_thing *)ASN1_item_new(ASN1_ITEM_rptr(SIGNED_THING));
	if (t == NULL)
		return err_ossl(ERR_NOMEM, "ASN1_item_new");
	TRY(set_parts(t, tbs, alg, signature));
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len =
	    ASN1_item_i2d((ASN1_VALUE *)t, &der, ASN1_ITEM_rptr(SIGNED_THING));
	if (len <= 0)
		return err_ossl(ERR_INTERNAL, "ASN1_item_i2d");
	return buf_append(out, bytes_of(der, (size_t)len));
}

struct err *
signed_ask(const struct signer *signer, struct sig_alg alg, struct bytes tbs,
    struct buf *signature)
{
	uint8_t digest[DIGEST_MAX];
	TRY(digest_of(alg.digest, tbs, digest));
	return signer->sign(signer->ctx, alg,
	    bytes_of(digest, digest_len(alg.digest)), signature);
}

struct err *
signed_split(struct bytes der, struct bytes *tbs, struct bytes *algorithm,
    struct bytes *signature)
{
	struct bytes whole, in, bits, unused;
	TRY(der_take(&der, DER_SEQUENCE, &whole, &in));
	if (der.len > 0)
		return err_new(ERR_MALFORMED, NULL, "bytes follow");
	struct bytes got_tbs, got_alg;
	TRY(der_take(&in, DER_SEQUENCE, &got_tbs, &unused));
	TRY(der_take(&in, DER_SEQUENCE, &got_alg, &unused));
	TRY(der_take(&in, DER_BIT_STRING, &unused, &bits));
	if (in.len > 0 || bits.len < 1 || bits.ptr[0] != 0)
		return err_new(
		    ERR_MALFORMED, "RFC 5280 4.1.1.3", "the signature's bits");
	*tbs = got_tbs;
	*algorithm = got_alg;
	*signature = bytes_from(bits, 1);
	return NULL;
}
