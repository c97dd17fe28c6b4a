/*
 * Keys and certificates for tests of SignedData, made when the test runs: one
 * authority and people under it.
 */
#ifndef SIGND_TESTS_CMS_PEOPLE_H
#define SIGND_TESTS_CMS_PEOPLE_H

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "certs/cert.h"
#include "certs/ossl.h"
#include "tests/tap.h"

struct person {
	EVP_PKEY *key;
	struct cert *cert;
	struct sig_alg alg;
};

static inline void
person_done(struct person *p)
{
	EVP_PKEY_free(p->key);
	cert_free(p->cert);
	*p = (struct person){ 0 };
}

static inline void
add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	/* Certificate policies want a configuration, be it an empty one. */
	CONF *none = NCONF_new(NULL);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, none);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	NCONF_free(none);
	if (e == NULL || X509_add_ext(x, e, -1) != 1)
		abort();
	X509_EXTENSION_free(e);
}

struct person_wish {
	const char *name;
	const char *key; /* "P-256", "RSA", "ED25519" */
	struct sig_alg alg;
	const struct person *issuer; /* NULL: self-signed authority */
	const char *eku;             /* extendedKeyUsage, or NULL */
	bool authority;              /* may issue, though it has an issuer */
	long serial;
	int64_t from, to; /* validity, seconds */
	const char *policies; /* certificatePolicies, or NULL */
};

static inline EVP_PKEY *
make_key(const char *kind)
{
	if (strcmp(kind, "RSA") == 0)
		return EVP_RSA_gen(2048);
	if (strncmp(kind, "P-", 2) == 0)
		return EVP_EC_gen(kind);
	return EVP_PKEY_Q_keygen(NULL, NULL, kind);
}

static inline struct person
make_person(struct person_wish w)
{
	struct person p = { .key = make_key(w.key), .alg = w.alg };
	EVP_PKEY *signing = w.issuer == NULL ? p.key : w.issuer->key;
	X509 *x = X509_new();
	X509_NAME *n = X509_get_subject_name(x);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), w.serial);
	ASN1_TIME_set(X509_getm_notBefore(x), w.from);
	ASN1_TIME_set(X509_getm_notAfter(x), w.to);
	X509_NAME_add_entry_by_txt(
	    n, "CN", MBSTRING_UTF8, (const unsigned char *)w.name, -1, -1, 0);
	X509 *ix = w.issuer == NULL ? x : cert_x509(w.issuer->cert);
	X509_set_issuer_name(x, X509_get_subject_name(ix));
	X509_set_pubkey(x, p.key);
	add_extension(x, x, NID_subject_key_identifier, "hash");
	if (w.issuer == NULL || w.authority) {
		add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE");
		add_extension(
		    x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
	} else {
		add_extension(x, x, NID_key_usage,
		    "critical,digitalSignature,nonRepudiation");
	}
	if (w.issuer != NULL)
		add_extension(
		    x, ix, NID_authority_key_identifier, "keyid:always");
	if (w.eku != NULL)
		add_extension(x, x, NID_ext_key_usage, w.eku);
	if (w.policies != NULL)
		add_extension(x, x, NID_certificate_policies, w.policies);
	bool eddsa = EVP_PKEY_get_base_id(signing) == EVP_PKEY_ED25519;
	if (X509_sign(x, signing, eddsa ? NULL : EVP_sha256()) <= 0)
		abort();
	uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	struct err *e = cert_parse(bytes_of(der, (size_t)len), &p.cert);
	if (e != NULL) {
		printf("# %s\n", err_text(e));
		abort();
	}
	OPENSSL_free(der);
	X509_free(x);
	return p;
}

/* Signs `message` with the person's key and algorithm. */
static inline void
person_sign(const struct person *p, struct bytes message, struct buf *out)
{
	static const char *const mds[DIGEST_COUNT] = { [DIGEST_SHA1] = "SHA1",
		[DIGEST_SHA256] = "SHA256",
		[DIGEST_SHA384] = "SHA384",
		[DIGEST_SHA512] = "SHA512" };
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	uint8_t sig[1024];
	size_t len = sizeof(sig);
	if (EVP_DigestSignInit_ex(
		md, &ctx, mds[p->alg.digest], NULL, NULL, p->key, NULL) != 1)
		abort();
	if (p->alg.form == SIG_RSA_PSS) {
		EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, p->alg.salt_len);
	}
	if (EVP_DigestSign(md, sig, &len, message.ptr, message.len) != 1)
		abort();
	EVP_MD_CTX_free(md);
	CHECK_OK(buf_append(out, bytes_of(sig, len)));
}

#define ALG_P256                                                               \
	((struct sig_alg){ .form = SIG_ECDSA, .digest = DIGEST_SHA256 })
#define ALG_RSA                                                                \
	((struct sig_alg){ .form = SIG_RSA_PKCS1, .digest = DIGEST_SHA256 })
#define ALG_PSS                                                                \
	((struct sig_alg){ .form = SIG_RSA_PSS,                                \
	    .digest = DIGEST_SHA256,                                           \
	    .mgf1 = DIGEST_SHA256,                                             \
	    .salt_len = 32 })
#define ALG_ED25519 ((struct sig_alg){ .form = SIG_EDDSA })

#define DAY ((int64_t)86400)
#define NOON 1800000000 /* 2027-01-15, when all of it happens */

static inline struct person
make_authority(void)
{
	return make_person((struct person_wish){ .name = "CA thử nghiệm",
	    .key = "P-256",
	    .alg = ALG_P256,
	    .serial = 1,
	    .from = NOON - 1000 * DAY,
	    .to = NOON + 1000 * DAY });
}

static inline struct person
make_citizen(const struct person *ca, const char *key, struct sig_alg alg)
{
	return make_person((struct person_wish){ .name = "Nguyễn Văn An",
	    .key = key,
	    .alg = alg,
	    .issuer = ca,
	    .serial = 200, /* has a sign byte */
	    .from = NOON - 100 * DAY,
	    .to = NOON + 100 * DAY });
}

#endif
