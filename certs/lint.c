#include "certs/lint.h"

#include "certs/ossl.h"

#include <openssl/x509v3.h>
#include <string.h>

#define SERIAL_MIN 8  /* bytes: 64 bits of chance, CA/Browser Forum 7.1 */
#define SERIAL_MAX 20 /* RFC 5280 4.1.2.2 */
#define RSA_BITS_MIN 2048
#define DAY 86400

DEFINE_FREEP(BASIC_CONSTRAINTS_free, BASIC_CONSTRAINTS)
DEFINE_FREEP(EXTENDED_KEY_USAGE_free, EXTENDED_KEY_USAGE)
DEFINE_FREEP(GENERAL_NAMES_free, GENERAL_NAMES)

#define deny(clause, ...)                                                      \
	err_coded(err_new(ERR_DENIED, (clause), __VA_ARGS__), "cert-refused")

static struct err *
lint_frame(const struct cert *c)
{
	X509 *x = cert_x509(c);
	if (X509_get_version(x) != X509_VERSION_3)
		return deny("RFC 5280 4.1.2.1", "not version 3");
	size_t serial = cert_serial(c).len;
	if (ASN1_STRING_type(X509_get0_serialNumber(x)) != V_ASN1_INTEGER ||
	    serial < SERIAL_MIN || serial > SERIAL_MAX)
		return deny(
		    "RFC 5280 4.1.2.2", "a serial of %zu bytes", serial);
	const X509_ALGOR *outer;
	X509_get0_signature(NULL, &outer, x);
	if (X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(x)) != 0)
		return deny("RFC 5280 4.1.1.2", "two signature algorithms");
	struct sig_alg alg;
	TRY(sig_alg_of_algor(outer, &alg));
	if (digest_len(alg.digest) < 32)
		return deny("Circular 15/2025 App I", "signed with %s",
		    digest_name(alg.digest));
	return NULL;
}

static struct err *
lint_key(const struct cert *c)
{
	static const char *const curves[] = { "P-256", "P-384", "P-521" };
	EVP_PKEY *key = cert_key(c);
	ossl_begin();
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (ctx == NULL)
		return err_ossl(ERR_NOMEM, "EVP_PKEY_CTX_new_from_pkey");
	/* On the curve is enough where the cofactor is 1, as on all that are
	 * allowed below: the whole check multiplies by the order, which a point
	 * of the curve cannot fail, and costs more than a signature. */
	bool ec = cert_key_alg(c) == KEY_EC;
	if ((ec ? EVP_PKEY_public_check_quick(ctx)
		: EVP_PKEY_public_check(ctx)) != 1) {
		TRY(ossl_forget());
		return deny("NIST SP 800-56A 5.6.2.3", "a broken public key");
	}
	if (cert_key_alg(c) == KEY_RSA && cert_key_bits(c) >= RSA_BITS_MIN)
		return NULL;
	const char *curve = cert_curve(c);
	for (size_t i = 0; curve != NULL && i < COUNT_OF(curves); i++)
		if (strcmp(curve, curves[i]) == 0)
			return NULL;
	return deny("Circular 15/2025 App I", "a key of this kind or length");
}

static struct err *
lint_times(const struct cert *c, const struct cert_profile *p,
    const struct cert *issuer)
{
	int64_t from = cert_not_before(c), to = cert_not_after(c);
	if (from >= to)
		return deny("RFC 5280 4.1.2.5", "it ends before it begins");
	if (to - from > (int64_t)p->max_days * DAY)
		return deny(
		    "Decree 23/2025", "longer than %d days", p->max_days);
	if (issuer != NULL &&
	    (from < cert_not_before(issuer) || to > cert_not_after(issuer)))
		return deny("X.509 clause 10", "not within the issuer's time");
	return NULL;
}

static struct err *
lint_entry(const X509_NAME_ENTRY *entry, const struct field_kind *k)
{
	const ASN1_STRING *s = X509_NAME_ENTRY_get_data(entry);
	if (ASN1_STRING_type(s) != k->asn1_type)
		return deny(
		    "RFC 5280 4.1.2.4", "%s has another string type", k->type);
	struct err *e = field_check(k,
	    bytes_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)));
	if (e == NULL)
		return NULL;
	struct err *denied = deny(err_clause(e), "%s", err_text(e));
	err_free(e);
	return denied;
}

/* Walks the name and the profile's fields side by side. */
static struct err *
lint_subject(const struct cert *c, const struct cert_profile *p)
{
	const X509_NAME *name = X509_get_subject_name(cert_x509(c));
	int at = 0, entries = X509_NAME_entry_count(name);
	for (const struct profile_field *f = p->fields; f->type != NULL; f++) {
		const struct field_kind *k = field_kind_find(f->type);
		int count = 0;
		for (; k != NULL && at < entries; at++, count++) {
			const X509_NAME_ENTRY *e =
			    X509_NAME_get_entry(name, at);
			if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(e)) !=
			    k->nid)
				break;
			if (X509_NAME_ENTRY_set(e) != at)
				return deny(NULL, "%s shares its RDN", f->type);
			TRY(lint_entry(e, k));
		}
		if (count < f->min)
			return err_coded(deny(NULL,
					     "%s of the subject is "
					     "missing",
					     f->type),
			    "subject-field");
		if (count > f->max)
			return deny(NULL, "%s is there %d times, not %d to %d",
			    f->type, count, f->min, f->max);
	}
	if (at != entries)
		return deny(NULL, "a field out of place in the subject");
	if (p->label != NULL && strstr(cert_common_name(c), p->label) == NULL)
		return deny(NULL, "the name does not say %s", p->label);
	return NULL;
}

/* Extensions that we write, and no others. */
static struct err *
lint_known_extensions(const struct cert *c)
{
	static const int known[] = { NID_subject_key_identifier,
		NID_authority_key_identifier, NID_basic_constraints,
		NID_key_usage, NID_ext_key_usage, NID_certificate_policies,
		NID_subject_alt_name, NID_crl_distribution_points,
		NID_info_access, NID_id_pkix_OCSP_noCheck };
	const X509 *x = cert_x509(c);
	int seen = 0;
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		int at = X509_get_ext_by_NID(x, known[i], -1);
		if (at < 0)
			continue;
		if (X509_get_ext_by_NID(x, known[i], at) >= 0)
			return deny(
			    "RFC 5280 4.2", "%s twice", OBJ_nid2sn(known[i]));
		seen++;
	}
	if (seen != X509_get_ext_count(x))
		return deny("RFC 5280 4.2", "an extension that is not ours");
	return NULL;
}

static struct err *
lint_basic_constraints(const struct cert *c, const struct cert_profile *p)
{
	int critical = 0;
	CLEANUP(BASIC_CONSTRAINTS_freep)
	BASIC_CONSTRAINTS *bc = X509_get_ext_d2i(
	    cert_x509(c), NID_basic_constraints, &critical, NULL);
	if (bc == NULL || critical != 1)
		return deny("RFC 5280 4.2.1.9", "basicConstraints");
	int64_t path_len = -1;
	if (bc->pathlen != NULL &&
	    ASN1_INTEGER_get_int64(&path_len, bc->pathlen) != 1)
		return err_ossl(ERR_DENIED, "pathLenConstraint");
	if ((bc->ca != 0) != p->ca || path_len != (p->ca ? p->path_len : -1))
		return deny("RFC 5280 4.2.1.9", "basicConstraints");
	return NULL;
}

static struct err *
lint_usage(const struct cert *c, const struct cert_profile *p)
{
	X509 *x = cert_x509(c);
	int at = X509_get_ext_by_NID(x, NID_key_usage, -1);
	if (at < 0 || X509_EXTENSION_get_critical(X509_get_ext(x, at)) != 1 ||
	    cert_key_usage(c) != p->key_usage)
		return deny("RFC 5280 4.2.1.3", "keyUsage");

	int critical = -1;
	CLEANUP(EXTENDED_KEY_USAGE_freep)
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(x, NID_ext_key_usage, &critical, NULL);
	if (eku == NULL)
		return critical == -1 && p->eku == NULL
			   ? NULL
			   : deny("RFC 5280 4.2.1.12", "extKeyUsage");
	int n = 0;
	for (; p->eku != NULL && p->eku[n] != NULL; n++) {
		char oid[OID_TEXT_MAX];
		oid_text(sk_ASN1_OBJECT_value(eku, n), oid, sizeof(oid));
		if (strcmp(oid, p->eku[n]) != 0)
			return deny("RFC 5280 4.2.1.12", "extKeyUsage");
	}
	if (n != sk_ASN1_OBJECT_num(eku) || (critical == 1) != p->eku_critical)
		return deny("RFC 5280 4.2.1.12", "extKeyUsage");
	return NULL;
}

static struct err *
lint_key_ids(const struct cert *c, const struct cert *issuer)
{
	const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(cert_x509(c));
	const ASN1_OCTET_STRING *theirs =
	    X509_get0_subject_key_id(cert_x509(issuer));
	const ASN1_OCTET_STRING *akid =
	    X509_get0_authority_key_id(cert_x509(c));
	if (own == NULL || theirs == NULL || akid == NULL ||
	    ASN1_OCTET_STRING_cmp(theirs, akid) != 0)
		return deny("RFC 5280 4.2.1.1", "key identifiers");
	return NULL;
}

static struct err *
lint_issuer(const struct cert *c, const struct cert *issuer)
{
	if (!bytes_eq(cert_issuer_der(c), cert_subject_der(issuer)))
		return deny("RFC 5280 4.1.2.4", "the issuer's name");
	if (!cert_is_ca(issuer) ||
	    (cert_key_usage(issuer) & KU_KEY_CERT_SIGN) == 0)
		return deny("RFC 5280 4.2.1.9", "the issuer is no CA");
	long path_len = X509_get_pathlen(cert_x509(issuer));
	if (cert_is_ca(c) && issuer != c && path_len == 0)
		return deny("RFC 5280 4.2.1.9", "the issuer's path length");
	return lint_key_ids(c, issuer);
}

static struct err *
lint_alt_names(const struct cert *c, const struct cert_profile *p)
{
	int critical = -1;
	CLEANUP(GENERAL_NAMES_freep)
	GENERAL_NAMES *names = X509_get_ext_d2i(
	    cert_x509(c), NID_subject_alt_name, &critical, NULL);
	if (p->dns_names != (names != NULL) || critical < -1)
		return deny("RFC 5280 4.2.1.6", "subjectAltName");
	int at =
	    X509_get_ext_by_NID(cert_x509(c), NID_id_pkix_OCSP_noCheck, -1);
	if ((at >= 0) != p->ocsp_nocheck)
		return deny("RFC 6960 4.2.2.2.1", "ocsp-nocheck");
	return NULL;
}

/* EN 319 412-1 5.1.3: kind of number, country, hyphen, number. */
static bool
is_semantic(struct bytes v)
{
	static const char *const kinds[] = { "PAS", "IDC", "PNO", "TIN" };
	bool known = false;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		known |= bytes_starts(v, bytes_str(kinds[i]));
	return known && v.len > 6 && v.ptr[5] == '-' && v.ptr[3] >= 'A' &&
	       v.ptr[3] <= 'Z' && v.ptr[4] >= 'A' && v.ptr[4] <= 'Z';
}

static struct err *
lint_european(const struct cert *c, const struct cert_profile *p)
{
	if (!p->european)
		return NULL;
	X509 *x = cert_x509(c);
	const X509_NAME *name = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(name, NID_serialNumber, -1);
	if (at < 0)
		return deny("EN 319 412-2 4.2.4", "serialNumber");
	const ASN1_STRING *s =
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	if (!is_semantic(bytes_of(
		ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s))))
		return deny("EN 319 412-1 5.1.3", "serialNumber");
	if (X509_get_ext_by_NID(x, NID_certificate_policies, -1) < 0)
		return deny("EN 319 412-2 4.3.3", "no certificate policy");
	if (X509_get_ext_by_NID(x, NID_info_access, -1) < 0)
		return deny("EN 319 412-2 4.4.1", "no authorityInfoAccess");
	return NULL;
}

struct err *
cert_lint(const struct cert *c, const struct cert_profile *p,
    const struct cert *issuer)
{
	TRY(lint_frame(c));
	TRY(lint_key(c));
	TRY(lint_times(c, p, issuer));
	TRY(lint_subject(c, p));
	TRY(lint_known_extensions(c));
	TRY(lint_basic_constraints(c, p));
	TRY(lint_usage(c, p));
	TRY(lint_alt_names(c, p));
	TRY(lint_european(c, p));
	return lint_issuer(c, issuer == NULL ? c : issuer);
}
