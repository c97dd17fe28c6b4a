/*
 * Chips for tests, made when the test runs: a CSCA, a document signer under
 * it, EF.SOD over given data groups, master lists.  Signed by OpenSSL's own
 * CMS, not by ours.
 */
#ifndef SIGND_TESTS_IDENTITY_CHIP_H
#define SIGND_TESTS_IDENTITY_CHIP_H

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "certs/cert.h"
#include "certs/ossl.h"
#include "cms/ber.h"
#include "tests/tap.h"

#define DAY ((int64_t)86400)
#define NOON 1800000000 /* 2027-01-15, when all of it happens */

struct person {
	EVP_PKEY *key;
	struct cert *cert;
};

static inline void
person_done(struct person *p)
{
	EVP_PKEY_free(p->key);
	cert_free(p->cert);
	*p = (struct person){ 0 };
}

/* "RSA", a curve, or "explicit": P-256 by its parameters. */
static inline EVP_PKEY *
chip_key(const char *kind)
{
	EVP_PKEY *key = NULL;
	if (strcmp(kind, "RSA") == 0)
		return EVP_RSA_gen(2048);
	if (strcmp(kind, "explicit") != 0)
		return EVP_EC_gen(kind);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	if (EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1) !=
		1 ||
	    EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_EXPLICIT_CURVE) !=
		1 ||
	    EVP_PKEY_keygen(ctx, &key) != 1)
		abort();
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static inline void
chip_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (e == NULL || X509_add_ext(x, e, -1) != 1)
		abort();
	X509_EXTENSION_free(e);
}

struct wish {
	const char *name;
	const char *key;
	const struct person *issuer; /* NULL: a CSCA */
	const char *usage;           /* NULL: digitalSignature */
	const char *eku;             /* NULL: none */
	int64_t to;                  /* 0: long enough */
};

static inline struct person
make(struct wish w)
{
	struct person p = { .key = chip_key(w.key) };
	X509 *x = X509_new();
	X509 *ix = w.issuer == NULL ? x : cert_x509(w.issuer->cert);
	X509_NAME *n = X509_get_subject_name(x);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), w.issuer == NULL ? 1 : 200);
	ASN1_TIME_set(X509_getm_notBefore(x), NOON - 100 * DAY);
	ASN1_TIME_set(
	    X509_getm_notAfter(x), w.to != 0 ? w.to : NOON + 1000 * DAY);
	X509_NAME_add_entry_by_txt(
	    n, "C", MBSTRING_UTF8, (const unsigned char *)"VN", -1, -1, 0);
	X509_NAME_add_entry_by_txt(
	    n, "CN", MBSTRING_UTF8, (const unsigned char *)w.name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(ix));
	X509_set_pubkey(x, p.key);
	chip_extension(x, x, NID_subject_key_identifier, "hash");
	if (w.issuer == NULL)
		chip_extension(
		    x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
	chip_extension(x, x, NID_key_usage,
	    w.usage != NULL    ? w.usage
	    : w.issuer == NULL ? "critical,keyCertSign,cRLSign"
			       : "critical,digitalSignature");
	if (w.issuer != NULL)
		chip_extension(
		    x, ix, NID_authority_key_identifier, "keyid:always");
	if (w.eku != NULL)
		chip_extension(x, x, NID_ext_key_usage, w.eku);
	if (X509_sign(
		x, w.issuer == NULL ? p.key : w.issuer->key, EVP_sha256()) <= 0)
		abort();
	uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	CHECK_OK(cert_parse(bytes_of(der, (size_t)len), &p.cert));
	OPENSSL_free(der);
	X509_free(x);
	if (p.cert == NULL)
		abort();
	return p;
}

/* SignedData over `content` in `out`, by OpenSSL. */
static inline void
sign_cms(const struct person *p, const char *type, struct bytes content,
    const char *md, bool pss, struct buf *out)
{
	BIO *in = BIO_new_mem_buf(content.ptr, (int)content.len);
	const unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
	CMS_ContentInfo *c = CMS_sign(NULL, NULL, NULL, NULL, flags);
	ASN1_OBJECT *o = OBJ_txt2obj(type, 1);
	if (c == NULL || CMS_set1_eContentType(c, o) != 1)
		abort();
	CMS_SignerInfo *s = CMS_add1_signer(c, cert_x509(p->cert), p->key,
	    EVP_get_digestbyname(md), flags | (pss ? CMS_KEY_PARAM : 0U));
	if (s == NULL ||
	    (pss &&
		EVP_PKEY_CTX_set_rsa_padding(CMS_SignerInfo_get0_pkey_ctx(s),
		    RSA_PKCS1_PSS_PADDING) <= 0) ||
	    CMS_final(c, in, NULL, CMS_BINARY) != 1)
		abort();
	uint8_t *der = NULL;
	int len = i2d_CMS_ContentInfo(c, &der);
	CHECK_OK(buf_append(out, bytes_of(der, (size_t)len)));
	OPENSSL_free(der);
	ASN1_OBJECT_free(o);
	CMS_ContentInfo_free(c);
	BIO_free(in);
}

/* One data group for the security object. */
struct group {
	int number;
	struct bytes bytes;
};

static inline void
put_small(struct buf *b, int n)
{
	const uint8_t byte = (uint8_t)n;
	CHECK_OK(der_put(b, BER_INTEGER, bytes_of(&byte, 1)));
}

/* LDSSecurityObject; `extra` is put behind the hashes as it is. */
static inline void
security_object(int version, enum digest_alg alg, const struct group *groups,
    size_t n, struct bytes extra, struct buf *out)
{
	struct buf body = BUF(4096), algorithm = BUF(64), hashes = BUF(4096);
	put_small(&body, version);
	CHECK_OK(der_put_oid(&algorithm, digest_oid(alg)));
	CHECK_OK(der_put(&body, BER_SEQUENCE, buf_bytes(&algorithm)));
	for (size_t i = 0; i < n; i++) {
		struct buf pair = BUF(256);
		uint8_t hash[DIGEST_MAX];
		CHECK_OK(digest_of(alg, groups[i].bytes, hash));
		put_small(&pair, groups[i].number);
		CHECK_OK(der_put(
		    &pair, BER_OCTETS, bytes_of(hash, digest_len(alg))));
		CHECK_OK(der_put(&hashes, BER_SEQUENCE, buf_bytes(&pair)));
		buf_done(&pair);
	}
	CHECK_OK(der_put(&body, BER_SEQUENCE, buf_bytes(&hashes)));
	CHECK_OK(buf_append(&body, extra));
	CHECK_OK(der_put(out, BER_SEQUENCE, buf_bytes(&body)));
	buf_done(&body);
	buf_done(&algorithm);
	buf_done(&hashes);
}

#define OID_LDS "2.23.136.1.1.1"
#define OID_LIST "2.23.136.1.1.2"
#define EKU_LIST "critical,2.23.136.1.1.3"

/* EF.SOD with its wrapper. */
static inline void
wrap_sod(const struct person *signer, const char *type, struct bytes object,
    const char *md, bool pss, struct buf *out)
{
	struct buf cms = BUF(65536);
	sign_cms(signer, type, object, md, pss, &cms);
	CHECK_OK(der_put(out, 0x77, buf_bytes(&cms)));
	buf_done(&cms);
}

#endif
