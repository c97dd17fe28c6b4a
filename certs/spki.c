/*
 * OpenSSL 3.0 looks through all its decoders for every key that it reads, some
 * 100 us; the curves that are in use are handed to it as parameters, in 15.
 */
#include "certs/spki.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include "certs/cert.h"
#include "certs/der.h"
#include "certs/ossl.h"

/* AlgorithmIdentifier of keys on a named curve (RFC 5480 2.1.1). */
static const struct curve {
	struct bytes algorithm; /* content of the SEQUENCE */
	const char *group;      /* as OpenSSL calls it */
	size_t point;           /* bytes, uncompressed */
} curves[] = {
	{ BYTES_LIT("\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
		    "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
	    "P-256", 65 },
	{ BYTES_LIT("\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
		    "\x06\x05\x2b\x81\x04\x00\x22"),
	    "P-384", 97 },
	{ BYTES_LIT("\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
		    "\x06\x05\x2b\x81\x04\x00\x23"),
	    "P-521", 133 },
};

static const struct curve *
curve_of(struct bytes algorithm)
{
	for (size_t i = 0; i < COUNT_OF(curves); i++)
		if (bytes_eq(algorithm, curves[i].algorithm))
			return &curves[i];
	return NULL;
}

static struct err *
key_on_curve(const struct curve *c, struct bytes point, EVP_PKEY **out)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
		    (char *)(uintptr_t)c->group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
		    (void *)(uintptr_t)point.ptr, point.len),
		OSSL_PARAM_construct_end(),
	};
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
		return err_ossl(ERR_INTERNAL, "EVP_PKEY_fromdata_init");
	EVP_PKEY *key = NULL;
	if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return err_ossl(ERR_MALFORMED, "EVP_PKEY_fromdata");
	*out = key;
	return NULL;
}

static struct err *
key_of_any_kind(struct bytes der, EVP_PKEY **out)
{
	const uint8_t *p = der.ptr;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)der.len);
	if (key == NULL)
		return err_ossl(ERR_MALFORMED, "d2i_PUBKEY");
	*out = key;
	return NULL;
}

struct err *
key_from_spki(struct bytes der, EVP_PKEY **out)
{
	struct bytes rest = der, body, algorithm, point;
	if (der.len > CERT_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", der.len);
	TRY(der_take(&rest, DER_SEQUENCE, NULL, &body));
	if (rest.len != 0)
		return err_new(ERR_MALFORMED, NULL, "bytes follow the key");
	TRY(der_take(&body, DER_SEQUENCE, NULL, &algorithm));
	TRY(der_take(&body, DER_BIT_STRING, NULL, &point));
	if (body.len != 0)
		return err_new(ERR_MALFORMED, NULL, "bytes after the key");
	ossl_begin();
	const struct curve *c = curve_of(algorithm);
	/* No unused bits; 4: both coordinates. */
	if (c != NULL && point.len == c->point + 1 && point.ptr[0] == 0 &&
	    point.ptr[1] == 4)
		return key_on_curve(c, bytes_from(point, 1), out);
	return key_of_any_kind(der, out);
}

struct err *
key_from_cert(struct bytes cert, EVP_PKEY **out)
{
	struct bytes body, tbs, spki;
	TRY(der_take(&cert, DER_SEQUENCE, NULL, &body));
	TRY(der_take(&body, DER_SEQUENCE, NULL, &tbs));
	if (der_is(tbs, DER_CONTEXT_0))
		TRY(der_take(&tbs, DER_CONTEXT_0, NULL, NULL));
	TRY(der_take(&tbs, DER_INTEGER, NULL, NULL));
	/* signature, issuer, validity, subject */
	for (int i = 0; i < 4; i++)
		TRY(der_take(&tbs, DER_SEQUENCE, NULL, NULL));
	TRY(der_take(&tbs, DER_SEQUENCE, &spki, NULL));
	return key_from_spki(spki, out);
}
