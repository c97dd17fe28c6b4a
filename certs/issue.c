#include "certs/issue.h"

#include "certs/lint.h"
#include "certs/ossl.h"
#include "certs/signed.h"

#include <arpa/inet.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define KEY_ID_LEN 20   /* bytes, RFC 7093 2 (1) */
#define POLICIES_MAX 16 /* in one certificate */
#define NAMES_MAX 100   /* in one subjectAltName */
#define URL_MAX 1000    /* bytes */

DEFINE_FREEP(BASIC_CONSTRAINTS_free, BASIC_CONSTRAINTS)
DEFINE_FREEP(ASN1_BIT_STRING_free, ASN1_BIT_STRING)
DEFINE_FREEP(ASN1_OCTET_STRING_free, ASN1_OCTET_STRING)
DEFINE_FREEP(AUTHORITY_KEYID_free, AUTHORITY_KEYID)
DEFINE_FREEP(EXTENDED_KEY_USAGE_free, EXTENDED_KEY_USAGE)
DEFINE_FREEP(CERTIFICATEPOLICIES_free, CERTIFICATEPOLICIES)
DEFINE_FREEP(POLICYINFO_free, POLICYINFO)
DEFINE_FREEP(AUTHORITY_INFO_ACCESS_free, AUTHORITY_INFO_ACCESS)
DEFINE_FREEP(ACCESS_DESCRIPTION_free, ACCESS_DESCRIPTION)
DEFINE_FREEP(CRL_DIST_POINTS_free, CRL_DIST_POINTS)
DEFINE_FREEP(DIST_POINT_free, DIST_POINT)
DEFINE_FREEP(GENERAL_NAMES_free, GENERAL_NAMES)
DEFINE_FREEP(GENERAL_NAME_free, GENERAL_NAME)

static struct err *
add_extension(X509 *x, int nid, void *value, bool critical)
{
	if (X509_add1_ext_i2d(x, nid, value, critical, X509V3_ADD_DEFAULT) != 1)
		return err_ossl(ERR_INTERNAL, OBJ_nid2sn(nid));
	return NULL;
}

static struct err *
add_field(X509_NAME *name, const struct field_kind *k, const char *value)
{
	struct bytes v = bytes_str(value);
	TRY(field_check(k, v));
	if (X509_NAME_add_entry_by_NID(
		name, k->nid, k->asn1_type, v.ptr, (int)v.len, -1, 0) != 1)
		return err_ossl(ERR_INTERNAL, "X509_NAME_add_entry_by_NID");
	return NULL;
}

static bool
profile_has_field(const struct cert_profile *p, const char *type)
{
	for (const struct profile_field *f = p->fields; f->type != NULL; f++)
		if (strcmp(f->type, type) == 0)
			return true;
	return false;
}

/* Counts are cert_lint's business; here only what would be lost is refused. */
static struct err *
set_subject(X509 *x, const struct cert_fields *f)
{
	X509_NAME *name = X509_get_subject_name(x);
	for (size_t i = 0; i < f->nsubject; i++)
		if (!profile_has_field(f->profile, f->subject[i].type))
			return err_coded(
			    err_new(ERR_USAGE, NULL,
				"profile %s has no field %s", f->profile->name,
				f->subject[i].type),
			    "subject-field");
	for (const struct profile_field *pf = f->profile->fields;
	     pf->type != NULL; pf++) {
		const struct field_kind *k = field_kind_find(pf->type);
		if (k == NULL)
			return err_new(
			    ERR_INTERNAL, NULL, "field %s", pf->type);
		for (size_t i = 0; i < f->nsubject; i++)
			if (strcmp(f->subject[i].type, pf->type) == 0)
				TRY(add_field(name, k, f->subject[i].value));
	}
	return NULL;
}

static struct err *
set_serial(X509 *x, struct bytes wanted)
{
	uint8_t random[CERT_SERIAL_LEN];
	if (wanted.len == 0) {
		if (RAND_bytes(random, sizeof(random)) != 1)
			return err_ossl(ERR_INTERNAL, "RAND_bytes");
		/* Positive, and always of the same length. */
		random[0] = (uint8_t)((random[0] & 0x7f) | 0x40);
		wanted = bytes_of(random, sizeof(random));
	}
	CLEANUP(BN_freep)
	BIGNUM *n = BN_bin2bn(wanted.ptr, (int)wanted.len, NULL);
	if (n == NULL ||
	    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) == NULL)
		return err_ossl(ERR_NOMEM, "serialNumber");
	return NULL;
}

static struct err *
set_times(X509 *x, const struct cert_fields *f)
{
	if (f->not_before < 0 || f->not_after < 0)
		return err_new(ERR_USAGE, NULL, "a time before 1970");
	if (ASN1_TIME_set(X509_getm_notBefore(x), (time_t)f->not_before) ==
		NULL ||
	    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)f->not_after) == NULL)
		return err_ossl(ERR_USAGE, "validity");
	return NULL;
}

static struct err *
add_basic_constraints(X509 *x, const struct cert_profile *p)
{
	CLEANUP(BASIC_CONSTRAINTS_freep)
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
	if (bc == NULL)
		return err_ossl(ERR_NOMEM, "BASIC_CONSTRAINTS_new");
	bc->ca = p->ca ? 0xff : 0;
	if (p->ca && p->path_len >= 0) {
		bc->pathlen = ASN1_INTEGER_new();
		if (bc->pathlen == NULL ||
		    ASN1_INTEGER_set(bc->pathlen, p->path_len) != 1)
			return err_ossl(ERR_NOMEM, "ASN1_INTEGER_new");
	}
	return add_extension(x, NID_basic_constraints, bc, true);
}

/* KU_ constants hold the first byte of the BIT STRING low, the second high. */
static struct err *
add_key_usage(X509 *x, uint32_t usage)
{
	CLEANUP(ASN1_BIT_STRING_freep)
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	if (bits == NULL)
		return err_ossl(ERR_NOMEM, "ASN1_BIT_STRING_new");
	for (int i = 0; i < 9; i++) {
		uint32_t mask = i < 8 ? 0x80u >> i : 0x8000u;
		if ((usage & mask) != 0 &&
		    ASN1_BIT_STRING_set_bit(bits, i, 1) != 1)
			return err_ossl(ERR_NOMEM, "keyUsage");
	}
	return add_extension(x, NID_key_usage, bits, true);
}

static struct err *
add_eku(X509 *x, const struct cert_profile *p)
{
	if (p->eku == NULL)
		return NULL;
	CLEANUP(EXTENDED_KEY_USAGE_freep)
	EXTENDED_KEY_USAGE *eku = EXTENDED_KEY_USAGE_new();
	if (eku == NULL)
		return err_ossl(ERR_NOMEM, "EXTENDED_KEY_USAGE_new");
	for (const char *const *oid = p->eku; *oid != NULL; oid++) {
		CLEANUP(ASN1_OBJECT_freep)
		ASN1_OBJECT *o = OBJ_txt2obj(*oid, 1);
		if (o == NULL || sk_ASN1_OBJECT_push(eku, o) <= 0)
			return err_ossl(ERR_NOMEM, "extKeyUsage");
		(void)TAKE(o);
	}
	return add_extension(x, NID_ext_key_usage, eku, p->eku_critical);
}

static struct err *
add_policies(X509 *x, const char *const *policies)
{
	if (policies == NULL || policies[0] == NULL)
		return NULL;
	CLEANUP(CERTIFICATEPOLICIES_freep)
	CERTIFICATEPOLICIES *list = CERTIFICATEPOLICIES_new();
	if (list == NULL)
		return err_ossl(ERR_NOMEM, "CERTIFICATEPOLICIES_new");
	for (int i = 0; policies[i] != NULL; i++) {
		if (i == POLICIES_MAX)
			return err_new(ERR_LIMIT, NULL, "over %d policies", i);
		CLEANUP(POLICYINFO_freep) POLICYINFO *info = POLICYINFO_new();
		if (info == NULL)
			return err_ossl(ERR_NOMEM, "POLICYINFO_new");
		info->policyid = OBJ_txt2obj(policies[i], 1);
		if (info->policyid == NULL)
			return err_ossl(ERR_USAGE, "a policy OID");
		if (sk_POLICYINFO_push(list, info) <= 0)
			return err_ossl(ERR_NOMEM, "certificatePolicies");
		(void)TAKE(info);
	}
	return add_extension(x, NID_certificate_policies, list, false);
}

static struct err *
make_name(int type, int asn1_type, struct bytes value, GENERAL_NAME **out)
{
	CLEANUP(GENERAL_NAME_freep) GENERAL_NAME *n = GENERAL_NAME_new();
	CLEANUP(ASN1_STRING_freep)
	ASN1_STRING *s = ASN1_STRING_type_new(asn1_type);
	if (n == NULL || s == NULL ||
	    ASN1_STRING_set(s, value.ptr, (int)value.len) != 1)
		return err_ossl(ERR_NOMEM, "GENERAL_NAME");
	GENERAL_NAME_set0_value(n, type, TAKE(s));
	*out = TAKE(n);
	return NULL;
}

static struct err *
make_url(const char *url, GENERAL_NAME **out)
{
	struct bytes u = bytes_str(url);
	if (!bytes_starts(u, BYTES_LIT("http://")) || u.len > URL_MAX)
		return err_new(
		    ERR_USAGE, "RFC 5280 4.2.1.13", "not an http address");
	for (size_t i = 0; i < u.len; i++)
		if (u.ptr[i] <= ' ' || u.ptr[i] >= 0x7f)
			return err_new(ERR_USAGE, "RFC 3986",
			    "an address with such characters");
	return make_name(GEN_URI, V_ASN1_IA5STRING, u, out);
}

static struct err *
add_crl_url(X509 *x, const char *url)
{
	if (url == NULL)
		return NULL;
	CLEANUP(CRL_DIST_POINTS_freep)
	CRL_DIST_POINTS *points = CRL_DIST_POINTS_new();
	CLEANUP(DIST_POINT_freep) DIST_POINT *point = DIST_POINT_new();
	if (points == NULL || point == NULL)
		return err_ossl(ERR_NOMEM, "CRL_DIST_POINTS_new");
	point->distpoint = DIST_POINT_NAME_new();
	if (point->distpoint == NULL)
		return err_ossl(ERR_NOMEM, "DIST_POINT_NAME_new");
	point->distpoint->type = 0; /* fullName */
	point->distpoint->name.fullname = GENERAL_NAMES_new();
	CLEANUP(GENERAL_NAME_freep) GENERAL_NAME *name = NULL;
	TRY(make_url(url, &name));
	if (point->distpoint->name.fullname == NULL ||
	    sk_GENERAL_NAME_push(point->distpoint->name.fullname, name) <= 0)
		return err_ossl(ERR_NOMEM, "GENERAL_NAMES_new");
	(void)TAKE(name);
	if (sk_DIST_POINT_push(points, point) <= 0)
		return err_ossl(ERR_NOMEM, "CRL_DIST_POINTS");
	(void)TAKE(point);
	return add_extension(x, NID_crl_distribution_points, points, false);
}

static struct err *
add_access(AUTHORITY_INFO_ACCESS *list, int nid, const char *url)
{
	if (url == NULL)
		return NULL;
	CLEANUP(ACCESS_DESCRIPTION_freep)
	ACCESS_DESCRIPTION *d = ACCESS_DESCRIPTION_new();
	if (d == NULL)
		return err_ossl(ERR_NOMEM, "ACCESS_DESCRIPTION_new");
	ASN1_OBJECT_free(d->method);
	d->method = OBJ_nid2obj(nid);
	GENERAL_NAME_free(d->location);
	d->location = NULL;
	TRY(make_url(url, &d->location));
	if (sk_ACCESS_DESCRIPTION_push(list, d) <= 0)
		return err_ossl(ERR_NOMEM, "authorityInfoAccess");
	(void)TAKE(d);
	return NULL;
}

static struct err *
add_aia(X509 *x, const struct cert_fields *f)
{
	if (f->ocsp_url == NULL && f->issuer_url == NULL)
		return NULL;
	CLEANUP(AUTHORITY_INFO_ACCESS_freep)
	AUTHORITY_INFO_ACCESS *list = AUTHORITY_INFO_ACCESS_new();
	if (list == NULL)
		return err_ossl(ERR_NOMEM, "AUTHORITY_INFO_ACCESS_new");
	TRY(add_access(list, NID_ad_OCSP, f->ocsp_url));
	TRY(add_access(list, NID_ad_ca_issuers, f->issuer_url));
	return add_extension(x, NID_info_access, list, false);
}

static struct err *
make_alt_name(const char *name, GENERAL_NAME **out)
{
	uint8_t ip[16];
	if (inet_pton(AF_INET, name, ip) == 1)
		return make_name(
		    GEN_IPADD, V_ASN1_OCTET_STRING, bytes_of(ip, 4), out);
	if (inet_pton(AF_INET6, name, ip) == 1)
		return make_name(
		    GEN_IPADD, V_ASN1_OCTET_STRING, bytes_of(ip, 16), out);
	struct bytes n = bytes_str(name);
	bool good = n.len > 0 && n.len <= 253 && name[0] != '.';
	for (size_t i = 0; good && i < n.len; i++)
		good = (name[i] >= 'a' && name[i] <= 'z') ||
		       (name[i] >= '0' && name[i] <= '9') || name[i] == '-' ||
		       name[i] == '.';
	if (!good)
		return err_new(ERR_USAGE, "RFC 5280 4.2.1.6",
		    "no host name in lower case");
	return make_name(GEN_DNS, V_ASN1_IA5STRING, n, out);
}

static struct err *
add_alt_names(X509 *x, const char *const *names)
{
	if (names == NULL || names[0] == NULL)
		return NULL;
	CLEANUP(GENERAL_NAMES_freep) GENERAL_NAMES *list = GENERAL_NAMES_new();
	if (list == NULL)
		return err_ossl(ERR_NOMEM, "GENERAL_NAMES_new");
	for (int i = 0; names[i] != NULL; i++) {
		if (i == NAMES_MAX)
			return err_new(ERR_LIMIT, NULL, "over %d names", i);
		CLEANUP(GENERAL_NAME_freep) GENERAL_NAME *n = NULL;
		TRY(make_alt_name(names[i], &n));
		if (sk_GENERAL_NAME_push(list, n) <= 0)
			return err_ossl(ERR_NOMEM, "subjectAltName");
		(void)TAKE(n);
	}
	return add_extension(x, NID_subject_alt_name, list, false);
}

/* RFC 7093 2 (1): the left of SHA-256 over the key's bits, so that nobody
 * asks why a new certificate has SHA-1 in it. */
static struct err *
make_key_id(X509 *x, ASN1_OCTET_STRING **out)
{
	const unsigned char *bits = NULL;
	int len = 0;
	if (X509_PUBKEY_get0_param(
		NULL, &bits, &len, NULL, X509_get_X509_PUBKEY(x)) != 1)
		return err_ossl(ERR_INTERNAL, "X509_PUBKEY_get0_param");
	uint8_t digest[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, bytes_of(bits, (size_t)len), digest));
	CLEANUP(ASN1_OCTET_STRING_freep)
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	if (id == NULL || ASN1_OCTET_STRING_set(id, digest, KEY_ID_LEN) != 1)
		return err_ossl(ERR_NOMEM, "ASN1_OCTET_STRING_new");
	*out = TAKE(id);
	return NULL;
}

static struct err *
add_key_ids(X509 *x, const struct cert *issuer)
{
	CLEANUP(ASN1_OCTET_STRING_freep) ASN1_OCTET_STRING *own = NULL;
	TRY(make_key_id(x, &own));
	TRY(add_extension(x, NID_subject_key_identifier, own, false));
	const ASN1_OCTET_STRING *theirs =
	    issuer == NULL ? own : X509_get0_subject_key_id(cert_x509(issuer));
	if (theirs == NULL)
		return err_new(ERR_USAGE, "RFC 5280 4.2.1.1",
		    "the issuer has no subjectKeyIdentifier");
	CLEANUP(AUTHORITY_KEYID_freep)
	AUTHORITY_KEYID *akid = AUTHORITY_KEYID_new();
	if (akid == NULL)
		return err_ossl(ERR_NOMEM, "AUTHORITY_KEYID_new");
	akid->keyid = ASN1_OCTET_STRING_dup(theirs);
	if (akid->keyid == NULL)
		return err_ossl(ERR_NOMEM, "ASN1_OCTET_STRING_dup");
	return add_extension(x, NID_authority_key_identifier, akid, false);
}

static struct err *
add_nocheck(X509 *x, const struct cert_profile *p)
{
	if (!p->ocsp_nocheck)
		return NULL;
	ASN1_NULL *null = ASN1_NULL_new();
	struct err *e = add_extension(x, NID_id_pkix_OCSP_noCheck, null, false);
	ASN1_NULL_free(null);
	return e;
}

static struct err *
add_extensions(X509 *x, const struct cert_fields *f)
{
	TRY(add_key_ids(x, f->issuer));
	TRY(add_basic_constraints(x, f->profile));
	TRY(add_key_usage(x, f->profile->key_usage));
	TRY(add_eku(x, f->profile));
	TRY(add_nocheck(x, f->profile));
	TRY(add_policies(x, f->policies));
	TRY(add_alt_names(x, f->names));
	TRY(add_crl_url(x, f->crl_url));
	return add_aia(x, f);
}

static struct err *
fill(X509 *x, const struct cert_fields *f)
{
	if (X509_set_version(x, X509_VERSION_3) != 1 ||
	    X509_set_pubkey(x, f->key) != 1)
		return err_ossl(ERR_USAGE, "the subject's key");
	TRY(set_serial(x, f->serial));
	TRY(set_times(x, f));
	TRY(set_subject(x, f));
	const X509_NAME *issuer =
	    f->issuer == NULL ? X509_get_subject_name(x)
			      : X509_get_subject_name(cert_x509(f->issuer));
	if (X509_set_issuer_name(x, issuer) != 1)
		return err_ossl(ERR_NOMEM, "X509_set_issuer_name");
	/* There is no setter; the object is ours and not const. */
	TRY(sig_alg_to_algor(f->alg, (X509_ALGOR *)X509_get0_tbs_sigalg(x)));
	return add_extensions(x, f);
}

/* A lint before the key is asked: the same bytes under a signature of none. */
static struct err *
lint_unsigned(struct bytes tbs, const struct cert_fields *f)
{
	CLEANUP(buf_done) struct buf der = BUF(CERT_MAX);
	TRY(signed_build(tbs, f->alg, BYTES_LIT("\0"), &der));
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(cert_parse(buf_bytes(&der), &c));
	return cert_lint(c, f->profile, f->issuer);
}

struct err *
cert_build_tbs(const struct cert_fields *f, struct buf *tbs)
{
	if (f->profile == NULL || f->key == NULL)
		return err_new(ERR_USAGE, NULL, "no profile or no key");
	if (f->profile->self_signed != (f->issuer == NULL))
		return err_new(ERR_USAGE, NULL,
		    "profile %s and the issuer do not fit", f->profile->name);
	CLEANUP(X509_freep) X509 *x = X509_new();
	if (x == NULL)
		return err_ossl(ERR_NOMEM, "X509_new");
	TRY(fill(x, f));
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_re_X509_tbs(x, &der);
	if (len <= 0)
		return err_ossl(ERR_INTERNAL, "i2d_re_X509_tbs");
	struct bytes made = bytes_of(der, (size_t)len);
	TRY(lint_unsigned(made, f));
	return buf_append(tbs, made);
}

struct err *
cert_assemble(struct bytes tbs, struct sig_alg alg, struct bytes signature,
    const struct cert_profile *profile, const struct cert *issuer,
    struct cert **out)
{
	CLEANUP(buf_done) struct buf der = BUF(CERT_MAX);
	TRY(signed_build(tbs, alg, signature, &der));
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(cert_parse(buf_bytes(&der), &c));
	bool ok = false;
	TRY(cert_verify(issuer == NULL ? c : issuer, alg, tbs, signature, &ok));
	if (!ok)
		return err_new(ERR_DENIED, "RFC 5280 4.1.1.3",
		    "the signature is not the issuer's");
	TRY(cert_lint(c, profile, issuer));
	*out = TAKE(c);
	return NULL;
}

struct err *
cert_issue(
    const struct cert_fields *f, const struct signer *signer, struct cert **out)
{
	CLEANUP(buf_done) struct buf tbs = BUF(CERT_MAX);
	CLEANUP(buf_done) struct buf signature = BUF(CERT_MAX);
	TRY(cert_build_tbs(f, &tbs));
	TRY(signed_ask(signer, f->alg, buf_bytes(&tbs), &signature));
	return cert_assemble(buf_bytes(&tbs), f->alg, buf_bytes(&signature),
	    f->profile, f->issuer, out);
}
