/* Revocation lists of every sort, made by OpenSSL itself. */
#ifndef SIGND_TESTS_CERTS_CRL_H
#define SIGND_TESTS_CERTS_CRL_H

#include "certs/ossl.h"
#include "tests/certs/ca.h"
#include "tests/tap.h"

#include <openssl/x509v3.h>

struct list_spec {
	const struct cert *issuer;
	const struct softkey *key;
	int64_t this_update; /* 0: TEST_NOW */
	int64_t next_update; /* 0: a day later */
	long number;         /* 0: none */
	long base;           /* 0: no delta */
	const char *idp;     /* NULL: none; see add_idp */
	struct {
		const struct cert *cert; /* NULL: none */
		int reason;              /* -1: not stated */
	} revoked[4];
	const struct cert *names_issuer; /* of the first entry, in it */
	bool critical; /* an extension of the last entry nobody knows */
	long many;     /* serials 1000000, 1000003 ... so many */
};

static inline void
add_number(X509_CRL *x, int nid, long number, int critical)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	ASN1_INTEGER_set(n, number);
	X509_CRL_add1_ext_i2d(x, nid, n, critical, 0);
	ASN1_INTEGER_free(n);
}

static inline void
add_issuer(X509_REVOKED *r, const struct cert *c)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *n = GENERAL_NAME_new();
	GENERAL_NAME_set0_value(
	    n, GEN_DIRNAME, X509_NAME_dup(X509_get_issuer_name(cert_x509(c))));
	sk_GENERAL_NAME_push(names, n);
	X509_REVOKED_add1_ext_i2d(r, NID_certificate_issuer, names, 1, 0);
	GENERAL_NAMES_free(names);
}

static inline void
add_revoked(X509_CRL *x, const struct list_spec *s, size_t i)
{
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, TEST_NOW - 500);
	X509_REVOKED_set_serialNumber(r, (ASN1_INTEGER *)X509_get0_serialNumber(
					     cert_x509(s->revoked[i].cert)));
	X509_REVOKED_set_revocationDate(r, when);
	if (s->revoked[i].reason >= 0) {
		ASN1_ENUMERATED *e = ASN1_ENUMERATED_new();
		ASN1_ENUMERATED_set(e, s->revoked[i].reason);
		X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, e, 0, 0);
		ASN1_ENUMERATED_free(e);
	}
	if (i == 0 && s->names_issuer != NULL)
		add_issuer(r, s->names_issuer);
	if (s->critical) {
		ASN1_INTEGER *n = ASN1_INTEGER_new();
		X509_REVOKED_add1_ext_i2d(r, NID_netscape_comment, n, 1, 0);
		ASN1_INTEGER_free(n);
	}
	X509_CRL_add0_revoked(x, r);
	ASN1_TIME_free(when);
}

static inline void
add_many(X509_CRL *x, long many)
{
	ASN1_TIME *when = ASN1_TIME_set(NULL, TEST_NOW - 700);
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	for (long i = 0; i < many; i++) {
		X509_REVOKED *r = X509_REVOKED_new();
		/* Neither sorted nor in a row. */
		ASN1_INTEGER_set(n, 1000000 + i * 7919 % many * 3);
		X509_REVOKED_set_serialNumber(r, n);
		X509_REVOKED_set_revocationDate(r, when);
		X509_CRL_add0_revoked(x, r);
	}
	ASN1_INTEGER_free(n);
	ASN1_TIME_free(when);
}

/* "fullname=URI:http://...", as a section of openssl.cnf has it. */
static inline void
add_idp(X509_CRL *x, const char *text)
{
	BIO *bio = BIO_new(BIO_s_mem());
	CONF *conf = NCONF_new(NULL);
	X509V3_CTX ctx;
	BIO_printf(bio, "[idp]\n%s\n", text);
	NCONF_load_bio(conf, bio, NULL);
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_nconf(&ctx, conf);
	X509_EXTENSION *e = X509V3_EXT_nconf_nid(
	    conf, &ctx, NID_issuing_distribution_point, "critical,@idp");
	CHECK(e != NULL && X509_CRL_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
	NCONF_free(conf);
	BIO_free(bio);
}

static inline void
add_extensions(X509_CRL *x, const struct list_spec *s)
{
	if (s->number != 0)
		add_number(x, NID_crl_number, s->number, 0);
	if (s->base != 0)
		add_number(x, NID_delta_crl, s->base, 1);
	if (s->idp != NULL)
		add_idp(x, s->idp);
}

/* Appends the list in DER to *out. */
static inline struct err *
make_list(const struct list_spec *s, struct buf *out)
{
	int64_t from = s->this_update == 0 ? TEST_NOW : s->this_update;
	int64_t to = s->next_update == 0 ? from + DAY : s->next_update;
	X509_CRL *x = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, from);
	X509_CRL_set_version(x, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(
	    x, X509_get_subject_name(cert_x509(s->issuer)));
	X509_CRL_set1_lastUpdate(x, t);
	ASN1_TIME_set(t, to);
	X509_CRL_set1_nextUpdate(x, t);
	add_extensions(x, s);
	for (size_t i = 0; i < COUNT_OF(s->revoked); i++)
		if (s->revoked[i].cert != NULL)
			add_revoked(x, s, i);
	add_many(x, s->many);
	X509_CRL_sign(x, softkey_evp(s->key), EVP_sha256());
	uint8_t *der = NULL;
	int len = i2d_X509_CRL(x, &der);
	struct err *e = buf_append(out, bytes_of(der, (size_t)len));
	OPENSSL_free(der);
	ASN1_TIME_free(t);
	X509_CRL_free(x);
	return e;
}

#endif
