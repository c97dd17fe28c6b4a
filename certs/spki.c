/*
 * OpenSSL 3.0 looks through all its decoders for every key that it reads, some
 * 100 us; for the curves that are in use the point is put beside a copy of their
 * parameters, in 8.
 */
#include "certs/spki.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>

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

/* The parameters of each, which every key copies: setting a curve up is most
 * of the work. */
static EVP_PKEY *templates[COUNT_OF(curves)];
static pthread_once_t templates_once = PTHREAD_ONCE_INIT;

static EVP_PKEY *
make_template(const char *group)
{
	EVP_PKEY *out = NULL;
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (ctx == NULL || EVP_PKEY_paramgen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_group_name(ctx, group) != 1 ||
	    EVP_PKEY_paramgen(ctx, &out) != 1)
		return NULL;
	return out;
}

static void
make_templates(void)
{
	for (size_t i = 0; i < COUNT_OF(curves); i++)
		templates[i] = make_template(curves[i].group);
}

static struct err *
key_on_curve(const struct curve *c, struct bytes point, EVP_PKEY **out)
{
	pthread_once(&templates_once, make_templates);
	const EVP_PKEY *template = templates[c - curves];
	EVP_PKEY *key =
	    template == NULL ? NULL
			     : EVP_PKEY_dup((EVP_PKEY *)(uintptr_t)template);
	if (key == NULL)
		return err_ossl(ERR_NOMEM, "EVP_PKEY_dup");
	if (EVP_PKEY_set1_encoded_public_key(key, point.ptr, point.len) != 1) {
		EVP_PKEY_free(key);
		return err_ossl(
		    ERR_MALFORMED, "EVP_PKEY_set1_encoded_public_key");
	}
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
