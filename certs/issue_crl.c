#include "certs/issue.h"

#include "certs/ossl.h"
#include "certs/signed.h"

#include <openssl/asn1t.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#define CRL_MADE_MAX (64 * 1024 * 1024) /* bytes, fits CRL_ENTRIES_MAX */

/*
 * RFC 5280 5.1.2.  OpenSSL's own X509_CRL has no way to set the algorithm
 * inside what is signed without signing at once, so the frame is ours and its
 * parts are OpenSSL's.
 */
struct tbs_crl {
	ASN1_INTEGER *version;
	X509_ALGOR *algorithm;
	X509_NAME *issuer;
	ASN1_TIME *this_update;
	ASN1_TIME *next_update;
	STACK_OF(X509_REVOKED) * revoked;
	STACK_OF(X509_EXTENSION) * extensions;
};

ASN1_SEQUENCE(TBS_CRL) = {
	ASN1_SIMPLE(struct tbs_crl, version, ASN1_INTEGER),
	ASN1_SIMPLE(struct tbs_crl, algorithm, X509_ALGOR),
	ASN1_SIMPLE(struct tbs_crl, issuer, X509_NAME),
	ASN1_SIMPLE(struct tbs_crl, this_update, ASN1_TIME),
	ASN1_SIMPLE(struct tbs_crl, next_update, ASN1_TIME),
	ASN1_SEQUENCE_OF_OPT(struct tbs_crl, revoked, X509_REVOKED),
	ASN1_EXP_SEQUENCE_OF_OPT(struct tbs_crl, extensions, X509_EXTENSION, 0),
} static_ASN1_SEQUENCE_END_name(struct tbs_crl, TBS_CRL)

static void
tbs_freep(struct tbs_crl **t)
{
	ASN1_item_free((ASN1_VALUE *)*t, ASN1_ITEM_rptr(TBS_CRL));
}

DEFINE_FREEP(X509_REVOKED_free, X509_REVOKED)
DEFINE_FREEP(ASN1_ENUMERATED_free, ASN1_ENUMERATED)
DEFINE_FREEP(AUTHORITY_KEYID_free, AUTHORITY_KEYID)

static bool
reason_is_known(enum revoke_reason r)
{
	return (r >= REVOKE_UNSPECIFIED && r <= REVOKE_HOLD) ||
	       r == REVOKE_PRIVILEGE || r == REVOKE_AA_COMPROMISE;
}

static struct err *
set_reason(X509_REVOKED *r, enum revoke_reason reason)
{
	/* RFC 5280 5.3.1: "unspecified" is better said by leaving it out. */
	if (reason == REVOKE_UNSPECIFIED)
		return NULL;
	CLEANUP(ASN1_ENUMERATED_freep)
	ASN1_ENUMERATED *value = ASN1_ENUMERATED_new();
	if (value == NULL || ASN1_ENUMERATED_set(value, (long)reason) != 1 ||
	    X509_REVOKED_add1_ext_i2d(
		r, NID_crl_reason, value, 0, X509V3_ADD_DEFAULT) != 1)
		return err_ossl(ERR_NOMEM, "reasonCode");
	return NULL;
}

static struct err *
make_entry(const struct crl_entry *entry, X509_REVOKED **out)
{
	if (entry->serial.len == 0 || entry->serial.len > CERT_MAX ||
	    entry->time < 0 || !reason_is_known(entry->reason))
		return err_new(ERR_USAGE, "RFC 5280 5.3", "a CRL entry");
	CLEANUP(X509_REVOKED_freep) X509_REVOKED *r = X509_REVOKED_new();
	CLEANUP(BN_freep)
	BIGNUM *n = BN_bin2bn(entry->serial.ptr, (int)entry->serial.len, NULL);
	if (r == NULL || n == NULL)
		return err_ossl(ERR_NOMEM, "X509_REVOKED_new");
	CLEANUP(ASN1_INTEGER_freep)
	ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(n, NULL);
	CLEANUP(ASN1_TIME_freep)
	ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)entry->time);
	if (serial == NULL || when == NULL ||
	    X509_REVOKED_set_serialNumber(r, serial) != 1 ||
	    X509_REVOKED_set_revocationDate(r, when) != 1)
		return err_ossl(ERR_NOMEM, "a CRL entry");
	TRY(set_reason(r, entry->reason));
	*out = TAKE(r);
	return NULL;
}

static int
by_serial(const X509_REVOKED *const *a, const X509_REVOKED *const *b)
{
	return ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(*a),
	    X509_REVOKED_get0_serialNumber(*b));
}

static struct err *
set_entries(struct tbs_crl *t, const struct crl_fields *f)
{
	if (f->nentries == 0)
		return NULL; /* RFC 5280 5.1.2.6: then absent */
	t->revoked = sk_X509_REVOKED_new(by_serial);
	if (t->revoked == NULL)
		return err_ossl(ERR_NOMEM, "sk_X509_REVOKED_new");
	for (size_t i = 0; i < f->nentries; i++) {
		CLEANUP(X509_REVOKED_freep) X509_REVOKED *r = NULL;
		TRY(make_entry(&f->entries[i], &r));
		if (sk_X509_REVOKED_push(t->revoked, r) <= 0)
			return err_ossl(ERR_NOMEM, "sk_X509_REVOKED_push");
		(void)TAKE(r);
	}
	sk_X509_REVOKED_sort(t->revoked);
	for (int i = 1; i < sk_X509_REVOKED_num(t->revoked); i++) {
		const X509_REVOKED *a =
		    sk_X509_REVOKED_value(t->revoked, i - 1);
		const X509_REVOKED *b = sk_X509_REVOKED_value(t->revoked, i);
		if (by_serial(&a, &b) == 0)
			return err_new(ERR_USAGE, "RFC 5280 5.1.2.6",
			    "a serial number twice");
	}
	return NULL;
}

static struct err *
set_extensions(struct tbs_crl *t, const struct crl_fields *f)
{
	const ASN1_OCTET_STRING *id =
	    X509_get0_subject_key_id(cert_x509(f->issuer));
	CLEANUP(AUTHORITY_KEYID_freep)
	AUTHORITY_KEYID *akid = AUTHORITY_KEYID_new();
	CLEANUP(ASN1_INTEGER_freep) ASN1_INTEGER *number = ASN1_INTEGER_new();
	if (akid == NULL || number == NULL)
		return err_ossl(ERR_NOMEM, "CRL extensions");
	if (id != NULL)
		akid->keyid = ASN1_OCTET_STRING_dup(id);
	if ((id != NULL && akid->keyid == NULL) ||
	    ASN1_INTEGER_set_uint64(number, f->number) != 1 ||
	    X509V3_add1_i2d(&t->extensions, NID_authority_key_identifier, akid,
		0, X509V3_ADD_DEFAULT) != 1 ||
	    X509V3_add1_i2d(&t->extensions, NID_crl_number, number, 0,
		X509V3_ADD_DEFAULT) != 1)
		return err_ossl(ERR_NOMEM, "CRL extensions");
	return NULL;
}

static struct err *
set_time(ASN1_TIME *out, int64_t t)
{
	if (ASN1_TIME_set(out, (time_t)t) == NULL)
		return err_ossl(ERR_USAGE, "ASN1_TIME_set");
	return NULL;
}

static struct err *
fill(struct tbs_crl *t, const struct crl_fields *f)
{
	if (ASN1_INTEGER_set(t->version, X509_CRL_VERSION_2) != 1 ||
	    X509_NAME_set(
		&t->issuer, X509_get_subject_name(cert_x509(f->issuer))) != 1)
		return err_ossl(ERR_NOMEM, "CRL");
	TRY(sig_alg_to_algor(f->alg, t->algorithm));
	TRY(set_time(t->this_update, f->this_update));
	TRY(set_time(t->next_update, f->next_update));
	TRY(set_entries(t, f));
	return set_extensions(t, f);
}

static struct err *
check_fields(const struct crl_fields *f)
{
	if (f->nentries > CRL_ENTRIES_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d entries", CRL_ENTRIES_MAX);
	if (f->this_update < 0 || f->next_update <= f->this_update)
		return err_new(ERR_USAGE, "RFC 5280 5.1.2.5",
		    "nextUpdate is not after thisUpdate");
	if (!cert_is_ca(f->issuer) ||
	    (cert_key_usage(f->issuer) & KU_CRL_SIGN) == 0)
		return err_new(ERR_DENIED, "RFC 5280 4.2.1.3",
		    "the issuer may not sign CRLs");
	return NULL;
}

struct err *
crl_build_tbs(const struct crl_fields *f, struct buf *tbs)
{
	TRY(check_fields(f));
	CLEANUP(tbs_freep)
	struct tbs_crl *t =
	    (struct tbs_crl *)ASN1_item_new(ASN1_ITEM_rptr(TBS_CRL));
	if (t == NULL)
		return err_ossl(ERR_NOMEM, "ASN1_item_new");
	TRY(fill(t, f));
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = ASN1_item_i2d((ASN1_VALUE *)t, &der, ASN1_ITEM_rptr(TBS_CRL));
	if (len <= 0)
		return err_ossl(ERR_INTERNAL, "ASN1_item_i2d");
	return buf_append(tbs, bytes_of(der, (size_t)len));
}

struct err *
crl_assemble(struct bytes tbs, struct sig_alg alg, struct bytes signature,
    const struct cert *issuer, struct buf *out)
{
	bool ok = false;
	TRY(cert_verify(issuer, alg, tbs, signature, &ok));
	if (!ok)
		return err_new(ERR_DENIED, "RFC 5280 5.1.1.3",
		    "the signature is not the issuer's");
	return signed_build(tbs, alg, signature, out);
}

struct err *
crl_issue(
    const struct crl_fields *f, const struct signer *signer, struct buf *out)
{
	CLEANUP(buf_done) struct buf tbs = BUF(CRL_MADE_MAX);
	CLEANUP(buf_done) struct buf signature = BUF(CERT_MAX);
	TRY(crl_build_tbs(f, &tbs));
	TRY(signed_ask(signer, f->alg, buf_bytes(&tbs), &signature));
	return crl_assemble(
	    buf_bytes(&tbs), f->alg, buf_bytes(&signature), f->issuer, out);
}
