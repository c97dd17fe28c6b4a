/* Keys and certificates made on the spot by OpenSSL itself, for tests. */
#ifndef SIGND_TESTS_CERTS_MAKE_H
#define SIGND_TESTS_CERTS_MAKE_H

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "certs/cert.h"
#include "certs/ossl.h"

/* A certificate for `key`, signed by itself with `md` (NULL for EdDSA). */
static inline struct cert *
make_self_signed(EVP_PKEY *key, const char *cn, const EVP_MD *md)
{
	X509 *x = X509_new();
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 4660);
	X509_time_adj_ex(X509_getm_notBefore(x), 0, -60, NULL);
	X509_time_adj_ex(X509_getm_notAfter(x), 365, 0, NULL);
	X509_NAME *n = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(
	    n, "C", MBSTRING_UTF8, (const unsigned char *)"VN", -1, -1, 0);
	X509_NAME_add_entry_by_txt(
	    n, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x, n);
	X509_set_pubkey(x, key);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage,
	    "critical,digitalSignature,nonRepudiation");
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	X509_sign(x, key, md);
	uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	struct cert *c = NULL;
	err_free(cert_parse(bytes_of(der, (size_t)len), &c));
	OPENSSL_free(der);
	X509_free(x);
	return c;
}

#endif
