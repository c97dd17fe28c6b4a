#include "certs/alg.h"

#include "certs/ossl.h"

#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

/*
 * Identifiers of signature algorithms.  RSASSA-PSS has one OID for all digests
 * and is not in this table but for its XML URIs.
 */
struct sig_row {
	enum sig_form form;
	enum digest_alg digest;
	const char *oid;     /* NULL: none */
	const char *xml_uri; /* NULL: none */
};

#define DIG "http://www.w3.org/2000/09/xmldsig#"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define MORE07 "http://www.w3.org/2007/05/xmldsig-more#"
#define DIG11 "http://www.w3.org/2009/xmldsig11#"
#define MORE21 "http://www.w3.org/2021/04/xmldsig-more#"
#define PKCS1 "1.2.840.113549.1.1."
#define ANSI_ECDSA "1.2.840.10045.4."
#define NIST_SIG "2.16.840.1.101.3.4.3."

#define OID_RSA PKCS1 "1"
#define OID_PSS PKCS1 "10"
#define OID_MGF1 PKCS1 "8"
#define OID_EC "1.2.840.10045.2.1"
#define OID_DSA "1.2.840.10040.4.1"

/* RFC 4055 3.1: what is meant when a parameter is left out. */
#define PSS_DEFAULT_SALT 20

static const struct sig_row rows[] = {
	{ SIG_RSA_PKCS1, DIGEST_MD5, PKCS1 "4", MORE "rsa-md5" },
	{ SIG_RSA_PKCS1, DIGEST_SHA1, PKCS1 "5", DIG "rsa-sha1" },
	{ SIG_RSA_PKCS1, DIGEST_SHA1, "1.3.14.3.2.29", NULL },
	{ SIG_RSA_PKCS1, DIGEST_RIPEMD160, "1.3.36.3.3.1.2",
	    MORE "rsa-ripemd160" },
	{ SIG_RSA_PKCS1, DIGEST_SHA224, PKCS1 "14", MORE "rsa-sha224" },
	{ SIG_RSA_PKCS1, DIGEST_SHA256, PKCS1 "11", MORE "rsa-sha256" },
	{ SIG_RSA_PKCS1, DIGEST_SHA384, PKCS1 "12", MORE "rsa-sha384" },
	{ SIG_RSA_PKCS1, DIGEST_SHA512, PKCS1 "13", MORE "rsa-sha512" },
	{ SIG_RSA_PKCS1, DIGEST_SHA512_256, PKCS1 "16", NULL },
	{ SIG_RSA_PKCS1, DIGEST_SHA3_224, NIST_SIG "13", NULL },
	{ SIG_RSA_PKCS1, DIGEST_SHA3_256, NIST_SIG "14", NULL },
	{ SIG_RSA_PKCS1, DIGEST_SHA3_384, NIST_SIG "15", NULL },
	{ SIG_RSA_PKCS1, DIGEST_SHA3_512, NIST_SIG "16", NULL },
	{ SIG_RSA_PSS, DIGEST_SHA1, NULL, MORE07 "sha1-rsa-MGF1" },
	{ SIG_RSA_PSS, DIGEST_SHA224, NULL, MORE07 "sha224-rsa-MGF1" },
	{ SIG_RSA_PSS, DIGEST_SHA256, NULL, MORE07 "sha256-rsa-MGF1" },
	{ SIG_RSA_PSS, DIGEST_SHA384, NULL, MORE07 "sha384-rsa-MGF1" },
	{ SIG_RSA_PSS, DIGEST_SHA512, NULL, MORE07 "sha512-rsa-MGF1" },
	{ SIG_RSA_PSS, DIGEST_SHA3_224, NULL, MORE07 "sha3-224-rsa-MGF1" },
	{ SIG_RSA_PSS, DIGEST_SHA3_256, NULL, MORE07 "sha3-256-rsa-MGF1" },
	{ SIG_RSA_PSS, DIGEST_SHA3_384, NULL, MORE07 "sha3-384-rsa-MGF1" },
	{ SIG_RSA_PSS, DIGEST_SHA3_512, NULL, MORE07 "sha3-512-rsa-MGF1" },
	{ SIG_ECDSA, DIGEST_SHA1, ANSI_ECDSA "1", MORE "ecdsa-sha1" },
	{ SIG_ECDSA, DIGEST_RIPEMD160, NULL, MORE07 "ecdsa-ripemd160" },
	{ SIG_ECDSA, DIGEST_SHA224, ANSI_ECDSA "3.1", MORE "ecdsa-sha224" },
	{ SIG_ECDSA, DIGEST_SHA256, ANSI_ECDSA "3.2", MORE "ecdsa-sha256" },
	{ SIG_ECDSA, DIGEST_SHA384, ANSI_ECDSA "3.3", MORE "ecdsa-sha384" },
	{ SIG_ECDSA, DIGEST_SHA512, ANSI_ECDSA "3.4", MORE "ecdsa-sha512" },
	{ SIG_ECDSA, DIGEST_SHA3_224, NIST_SIG "9", MORE21 "ecdsa-sha3-224" },
	{ SIG_ECDSA, DIGEST_SHA3_256, NIST_SIG "10", MORE21 "ecdsa-sha3-256" },
	{ SIG_ECDSA, DIGEST_SHA3_384, NIST_SIG "11", MORE21 "ecdsa-sha3-384" },
	{ SIG_ECDSA, DIGEST_SHA3_512, NIST_SIG "12", MORE21 "ecdsa-sha3-512" },
	{ SIG_EDDSA, DIGEST_NONE, "1.3.101.112", MORE21 "eddsa-ed25519" },
	{ SIG_ED448, DIGEST_NONE, "1.3.101.113", MORE21 "eddsa-ed448" },
	{ SIG_DSA, DIGEST_SHA1, "1.2.840.10040.4.3", DIG "dsa-sha1" },
	{ SIG_DSA, DIGEST_SHA224, NIST_SIG "1", NULL },
	{ SIG_DSA, DIGEST_SHA256, NIST_SIG "2", DIG11 "dsa-sha256" },
	{ SIG_DSA, DIGEST_SHA384, NIST_SIG "3", NULL },
	{ SIG_DSA, DIGEST_SHA512, NIST_SIG "4", NULL },
};

/* OIDs of keys that some signers state in place of a signature algorithm; the
 * digest then stands beside it (RFC 5652 10.1.2). */
static const struct {
	const char *oid;
	enum sig_form form;
} key_rows[] = {
	{ OID_RSA, SIG_RSA_PKCS1 },
	{ OID_EC, SIG_ECDSA },
	{ OID_DSA, SIG_DSA },
};

static const struct sig_row *
row_of(struct sig_alg alg)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].form == alg.form && rows[i].digest == alg.digest)
			return &rows[i];
	return NULL;
}

void
sig_alg_name(struct sig_alg alg, char *out, size_t size)
{
	static const char *const forms[] = {
		[SIG_NONE] = "unknown algorithm",
		[SIG_RSA_PKCS1] = "RSA PKCS#1 v1.5",
		[SIG_RSA_PSS] = "RSA-PSS",
		[SIG_ECDSA] = "ECDSA",
		[SIG_EDDSA] = "Ed25519",
		[SIG_DSA] = "DSA",
		[SIG_ED448] = "Ed448",
	};
	const char *form = (size_t)alg.form < COUNT_OF(forms) ? forms[alg.form]
							      : forms[SIG_NONE];
	if (alg.digest == DIGEST_NONE)
		snprintf(out, size, "%s", form);
	else
		snprintf(
		    out, size, "%s with %s", form, digest_name(alg.digest));
}

const char *
sig_alg_oid(struct sig_alg alg)
{
	if (alg.form == SIG_RSA_PSS)
		return OID_PSS;
	const struct sig_row *row = row_of(alg);
	return row == NULL ? NULL : row->oid;
}

const char *
sig_alg_xml_uri(struct sig_alg alg)
{
	/* The URIs fix MGF1's digest and the salt (RFC 9231 2.3.10). */
	if (alg.form == SIG_RSA_PSS &&
	    (alg.mgf1 != alg.digest ||
		alg.salt_len != (int)digest_len(alg.digest)))
		return NULL;
	const struct sig_row *row = row_of(alg);
	return row == NULL ? NULL : row->xml_uri;
}

static struct sig_alg
alg_of_row(const struct sig_row *row)
{
	struct sig_alg alg = { .form = row->form, .digest = row->digest };
	if (alg.form == SIG_RSA_PSS) {
		alg.mgf1 = alg.digest;
		alg.salt_len = (int)digest_len(alg.digest);
	}
	return alg;
}

struct sig_alg
sig_alg_by_xml_uri(const char *uri)
{
	for (size_t i = 0; uri != NULL && i < COUNT_OF(rows); i++)
		if (rows[i].xml_uri != NULL &&
		    strcmp(rows[i].xml_uri, uri) == 0)
			return alg_of_row(&rows[i]);
	return (struct sig_alg){ .form = SIG_NONE };
}

struct sig_alg
sig_alg_by_oid(const char *dotted)
{
	for (size_t i = 0; dotted != NULL && i < COUNT_OF(rows); i++)
		if (rows[i].oid != NULL && strcmp(rows[i].oid, dotted) == 0)
			return alg_of_row(&rows[i]);
	return (struct sig_alg){ .form = SIG_NONE };
}

void
oid_text(const ASN1_OBJECT *o, char *out, size_t size)
{
	int n = o == NULL ? -1 : OBJ_obj2txt(out, (int)size, o, 1);
	if (n <= 0 || (size_t)n >= size)
		out[0] = '\0';
}

static enum digest_alg
digest_of_algor(const X509_ALGOR *a)
{
	char oid[OID_TEXT_MAX];
	const ASN1_OBJECT *o;
	int type;
	X509_ALGOR_get0(&o, &type, NULL, a);
	if (type != V_ASN1_UNDEF && type != V_ASN1_NULL)
		return DIGEST_NONE;
	oid_text(o, oid, sizeof(oid));
	return digest_by_oid(oid);
}

static struct err *
mgf1_parse(const RSA_PSS_PARAMS *p, enum digest_alg *out)
{
	if (p->maskGenAlgorithm == NULL) {
		*out = DIGEST_SHA1;
		return NULL;
	}
	char oid[OID_TEXT_MAX];
	const ASN1_OBJECT *o;
	X509_ALGOR_get0(&o, NULL, NULL, p->maskGenAlgorithm);
	oid_text(o, oid, sizeof(oid));
	if (strcmp(oid, OID_MGF1) != 0 || p->maskHash == NULL)
		return err_new(ERR_UNSUPPORTED, "RFC 4055 2.2",
		    "mask generation function %s", oid);
	*out = digest_of_algor(p->maskHash);
	return NULL;
}

DEFINE_FREEP(RSA_PSS_PARAMS_free, RSA_PSS_PARAMS)

/* d2i_RSA_PSS_PARAMS leaves maskHash out; the callback of the item fills it
 * only when asked through X509_ALGOR. */
static struct err *
pss_decode(const X509_ALGOR *a, RSA_PSS_PARAMS **out)
{
	int type;
	const void *value;
	X509_ALGOR_get0(NULL, &type, &value, a);
	if (type != V_ASN1_SEQUENCE)
		return err_new(ERR_MALFORMED, "RFC 4055 3.1",
		    "RSASSA-PSS without parameters");
	const ASN1_STRING *s = value;
	const uint8_t *p = ASN1_STRING_get0_data(s);
	const uint8_t *end = p + ASN1_STRING_length(s);
	CLEANUP(RSA_PSS_PARAMS_freep)
	RSA_PSS_PARAMS *params =
	    d2i_RSA_PSS_PARAMS(NULL, &p, ASN1_STRING_length(s));
	if (params == NULL || p != end)
		return err_ossl(ERR_MALFORMED, "RSASSA-PSS parameters");
	if (params->maskGenAlgorithm != NULL && params->maskHash == NULL) {
		X509_ALGOR_get0(NULL, &type, &value, params->maskGenAlgorithm);
		if (type != V_ASN1_SEQUENCE)
			return err_new(ERR_MALFORMED, "RFC 4055 2.2",
			    "MGF1 without a digest");
		s = value;
		p = ASN1_STRING_get0_data(s);
		params->maskHash =
		    d2i_X509_ALGOR(NULL, &p, ASN1_STRING_length(s));
		if (params->maskHash == NULL)
			return err_ossl(ERR_MALFORMED, "MGF1's digest");
	}
	*out = TAKE(params);
	return NULL;
}

static struct err *
pss_parse(const X509_ALGOR *a, struct sig_alg *out)
{
	CLEANUP(RSA_PSS_PARAMS_freep) RSA_PSS_PARAMS *p = NULL;
	TRY(pss_decode(a, &p));
	struct sig_alg alg = { .form = SIG_RSA_PSS, .digest = DIGEST_SHA1 };
	if (p->hashAlgorithm != NULL)
		alg.digest = digest_of_algor(p->hashAlgorithm);
	TRY(mgf1_parse(p, &alg.mgf1));
	if (alg.digest == DIGEST_NONE || alg.mgf1 == DIGEST_NONE)
		return err_new(
		    ERR_UNSUPPORTED, "RFC 4055 3.1", "a digest of RSASSA-PSS");
	int64_t salt = PSS_DEFAULT_SALT, trailer = 1;
	if ((p->saltLength != NULL &&
		ASN1_INTEGER_get_int64(&salt, p->saltLength) != 1) ||
	    (p->trailerField != NULL &&
		ASN1_INTEGER_get_int64(&trailer, p->trailerField) != 1) ||
	    salt < 0 || salt > OPENSSL_RSA_MAX_MODULUS_BITS / 8 || trailer != 1)
		return err_ossl(ERR_MALFORMED, "RSASSA-PSS salt or trailer");
	alg.salt_len = (int)salt;
	*out = alg;
	return NULL;
}

static struct err *
algor_parse(const X509_ALGOR *a, enum digest_alg digest, struct sig_alg *out)
{
	char oid[OID_TEXT_MAX];
	const ASN1_OBJECT *o;
	int type;
	X509_ALGOR_get0(&o, &type, NULL, a);
	oid_text(o, oid, sizeof(oid));
	if (strcmp(oid, OID_PSS) == 0)
		return pss_parse(a, out);

	for (size_t i = 0; i < COUNT_OF(key_rows); i++)
		if (strcmp(key_rows[i].oid, oid) == 0 &&
		    digest != DIGEST_NONE) {
			*out = (struct sig_alg){ .form = key_rows[i].form,
				.digest = digest };
			return NULL;
		}

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (rows[i].oid == NULL || strcmp(rows[i].oid, oid) != 0)
			continue;
		/* RFC 8410 3: absent.  The others are met with NULL too. */
		bool none_wanted =
		    rows[i].form == SIG_EDDSA || rows[i].form == SIG_ED448;
		if (type != V_ASN1_UNDEF &&
		    (type != V_ASN1_NULL || none_wanted))
			return err_new(ERR_MALFORMED, "RFC 5280 4.1.1.2",
			    "parameters of %s", oid);
		*out = alg_of_row(&rows[i]);
		return NULL;
	}
	return err_new(ERR_UNSUPPORTED, NULL, "signature algorithm %s", oid);
}

struct err *
sig_alg_parse(struct bytes der, enum digest_alg digest, struct sig_alg *out)
{
	const uint8_t *p = der.ptr;
	if (der.len > LONG_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", der.len);
	CLEANUP(X509_ALGOR_freep)
	X509_ALGOR *a = d2i_X509_ALGOR(NULL, &p, (long)der.len);
	if (a == NULL)
		return err_ossl(ERR_MALFORMED, "AlgorithmIdentifier");
	if (p != der.ptr + der.len)
		return err_new(ERR_MALFORMED, NULL,
		    "bytes follow the AlgorithmIdentifier");
	return algor_parse(a, digest, out);
}

struct err *
sig_alg_of_algor(const X509_ALGOR *a, struct sig_alg *out)
{
	return algor_parse(a, DIGEST_NONE, out);
}

static struct err *
algor_set(X509_ALGOR *a, const char *oid, int type)
{
	CLEANUP(ASN1_OBJECT_freep) ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	if (o == NULL)
		return err_ossl(ERR_INTERNAL, oid);
	if (X509_ALGOR_set0(a, o, type, NULL) != 1)
		return err_ossl(ERR_INTERNAL, "X509_ALGOR_set0");
	(void)TAKE(o);
	return NULL;
}

/* Wraps what `item` encodes as the parameters of `a`. */
static struct err *
algor_set_sequence(
    X509_ALGOR *a, const char *oid, void *value, const ASN1_ITEM *item)
{
	CLEANUP(ASN1_STRING_freep)
	ASN1_STRING *s = ASN1_item_pack(value, item, NULL);
	CLEANUP(ASN1_OBJECT_freep) ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	if (s == NULL || o == NULL)
		return err_ossl(ERR_INTERNAL, oid);
	if (X509_ALGOR_set0(a, o, V_ASN1_SEQUENCE, s) != 1)
		return err_ossl(ERR_INTERNAL, "X509_ALGOR_set0");
	(void)TAKE(o);
	(void)TAKE(s);
	return NULL;
}

static struct err *
pss_digests(RSA_PSS_PARAMS *p, struct sig_alg alg)
{
	if (alg.digest != DIGEST_SHA1) {
		p->hashAlgorithm = X509_ALGOR_new();
		if (p->hashAlgorithm == NULL)
			return err_ossl(ERR_NOMEM, "X509_ALGOR_new");
		TRY(algor_set(
		    p->hashAlgorithm, digest_oid(alg.digest), V_ASN1_NULL));
	}
	if (alg.mgf1 == DIGEST_SHA1)
		return NULL;
	CLEANUP(X509_ALGOR_freep) X509_ALGOR *md = X509_ALGOR_new();
	p->maskGenAlgorithm = X509_ALGOR_new();
	if (md == NULL || p->maskGenAlgorithm == NULL)
		return err_ossl(ERR_NOMEM, "X509_ALGOR_new");
	TRY(algor_set(md, digest_oid(alg.mgf1), V_ASN1_NULL));
	return algor_set_sequence(
	    p->maskGenAlgorithm, OID_MGF1, md, ASN1_ITEM_rptr(X509_ALGOR));
}

static struct err *
pss_set(X509_ALGOR *a, struct sig_alg alg)
{
	if (digest_oid(alg.digest) == NULL || digest_oid(alg.mgf1) == NULL ||
	    alg.salt_len < 0)
		return err_new(ERR_USAGE, NULL, "incomplete RSASSA-PSS");
	CLEANUP(RSA_PSS_PARAMS_freep) RSA_PSS_PARAMS *p = RSA_PSS_PARAMS_new();
	if (p == NULL)
		return err_ossl(ERR_NOMEM, "RSA_PSS_PARAMS_new");
	TRY(pss_digests(p, alg));
	if (alg.salt_len != PSS_DEFAULT_SALT) {
		p->saltLength = ASN1_INTEGER_new();
		if (p->saltLength == NULL ||
		    ASN1_INTEGER_set_int64(p->saltLength, alg.salt_len) != 1)
			return err_ossl(ERR_NOMEM, "ASN1_INTEGER_new");
	}
	return algor_set_sequence(
	    a, OID_PSS, p, ASN1_ITEM_rptr(RSA_PSS_PARAMS));
}

struct err *
sig_alg_to_algor(struct sig_alg alg, X509_ALGOR *a)
{
	if (alg.form == SIG_RSA_PSS)
		return pss_set(a, alg);
	const char *oid = sig_alg_oid(alg);
	if (oid == NULL)
		return err_new(ERR_UNSUPPORTED, NULL,
		    "no OID for this signature algorithm");
	/* RFC 4055 5: NULL for RSA; RFC 5758 3.2, RFC 8410 3: else absent. */
	return algor_set(
	    a, oid, alg.form == SIG_RSA_PKCS1 ? V_ASN1_NULL : V_ASN1_UNDEF);
}

struct err *
sig_alg_encode(struct sig_alg alg, struct buf *out)
{
	CLEANUP(X509_ALGOR_freep) X509_ALGOR *a = X509_ALGOR_new();
	if (a == NULL)
		return err_ossl(ERR_NOMEM, "X509_ALGOR_new");
	TRY(sig_alg_to_algor(alg, a));
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_X509_ALGOR(a, &der);
	if (len <= 0)
		return err_ossl(ERR_INTERNAL, "i2d_X509_ALGOR");
	return buf_append(out, bytes_of(der, (size_t)len));
}
