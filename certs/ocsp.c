#include "certs/ocsp.h"

#include "certs/der.h"
#include "certs/ossl.h"
#include "certs/path_check.h"
#include "certs/signed.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define OID_OCSP_BASIC_DER "\x2b\x06\x01\x05\x05\x07\x30\x01\x01"
#define CERTS_MAX 32 /* that come along with one answer */

DEFINE_FREEP(OCSP_CERTID_free, OCSP_CERTID)
DEFINE_FREEP(EXTENDED_KEY_USAGE_free, EXTENDED_KEY_USAGE)
DEFINE_FREEP(ASN1_GENERALIZEDTIME_free, ASN1_GENERALIZEDTIME)

struct ocsp_answer {
	OCSP_BASICRESP *basic;
	uint8_t *der;                /* of the BasicOCSPResponse */
	struct bytes tbs, signature; /* in der */
	struct sig_alg alg;          /* form SIG_NONE: not known */
	int64_t produced_at;
	struct cert_list certs;
};

/* RFC 6960 4.2.1: the status, then the octets of the basic response. */
static struct err *
find_basic(struct bytes der, struct bytes *out)
{
	struct bytes in, status, part, type;
	TRY(der_take(&der, DER_SEQUENCE, NULL, &in));
	if (der.len > 0)
		return err_new(ERR_MALFORMED, "RFC 6960 4.2.1", "bytes follow");
	TRY(der_take(&in, DER_ENUMERATED, NULL, &status));
	if (status.len != 1)
		return err_new(ERR_MALFORMED, "RFC 6960 4.2.1", "status");
	if (status.ptr[0] != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		return err_new(ERR_UNSUPPORTED, "RFC 6960 4.2.1",
		    "the responder answered with error %d", status.ptr[0]);
	TRY(der_take(&in, DER_CONTEXT_0, NULL, &part));
	struct bytes rest = in;
	TRY(der_take(&part, DER_SEQUENCE, NULL, &in));
	TRY(der_take(&in, DER_OID, NULL, &type));
	if (!bytes_eq(type, BYTES_LIT(OID_OCSP_BASIC_DER)))
		return err_new(
		    ERR_UNSUPPORTED, "RFC 6960 4.2.1", "no basic response");
	TRY(der_take(&in, DER_OCTET_STRING, NULL, out));
	if (rest.len > 0 || part.len > 0 || in.len > 0)
		return err_new(ERR_MALFORMED, "RFC 6960 4.2.1", "bytes follow");
	return NULL;
}

static struct err *
split_basic(struct ocsp_answer *a, struct bytes in)
{
	struct bytes rest = in, algorithm, bits;
	TRY(der_take(&rest, DER_SEQUENCE, NULL, &in));
	TRY(der_take(&in, DER_SEQUENCE, &a->tbs, NULL));
	TRY(der_take(&in, DER_SEQUENCE, &algorithm, NULL));
	TRY(der_take(&in, DER_BIT_STRING, NULL, &bits));
	if (rest.len > 0 || bits.len < 1 || bits.ptr[0] != 0)
		return err_new(
		    ERR_MALFORMED, "RFC 6960 4.2.1", "BasicOCSPResponse");
	a->signature = bytes_from(bits, 1);
	struct err *e = sig_alg_parse(algorithm, DIGEST_NONE, &a->alg);
	if (e != NULL && err_kind(e) != ERR_UNSUPPORTED)
		return e;
	err_free(e);
	return NULL;
}

static struct err *
take_certs(struct ocsp_answer *a)
{
	const STACK_OF(X509) *list = OCSP_resp_get0_certs(a->basic);
	if (sk_X509_num(list) > CERTS_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d certificates", CERTS_MAX);
	for (int i = 0; i < sk_X509_num(list); i++) {
		CLEANUP(ossl_freep) uint8_t *der = NULL;
		int len = i2d_X509(sk_X509_value(list, i), &der);
		if (len <= 0)
			return err_ossl(ERR_MALFORMED, "i2d_X509");
		struct err *e =
		    cert_list_add_der(&a->certs, bytes_of(der, (size_t)len));
		if (e != NULL && err_kind(e) == ERR_NOMEM)
			return e;
		err_free(e); /* one we cannot read signs nothing for us */
	}
	return NULL;
}

static struct err *
fill(struct ocsp_answer *a, struct bytes basic)
{
	a->der = malloc(basic.len + 1);
	if (a->der == NULL)
		return err_new(ERR_NOMEM, NULL, "%zu bytes", basic.len);
	if (basic.len > 0)
		memcpy(a->der, basic.ptr, basic.len);
	basic.ptr = a->der;
	TRY(split_basic(a, basic));
	const uint8_t *p = basic.ptr;
	a->basic = d2i_OCSP_BASICRESP(NULL, &p, (long)basic.len);
	if (a->basic == NULL)
		return err_ossl(ERR_MALFORMED, "d2i_OCSP_BASICRESP");
	if (p != basic.ptr + basic.len)
		return err_new(ERR_MALFORMED, "RFC 6960 4.2.1", "bytes follow");
	TRY(time_of_asn1(
	    OCSP_resp_get0_produced_at(a->basic), &a->produced_at));
	if (OCSP_resp_count(a->basic) > OCSP_SINGLES_MAX)
		return err_new(ERR_LIMIT, NULL, "over %d single answers",
		    OCSP_SINGLES_MAX);
	return take_certs(a);
}

struct err *
ocsp_parse(struct bytes der, struct ocsp_answer **out)
{
	if (der.len > OCSP_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", der.len);
	struct bytes basic;
	TRY(find_basic(der, &basic));
	CLEANUP(ocsp_freep) struct ocsp_answer *a = calloc(1, sizeof(*a));
	if (a == NULL)
		return err_new(ERR_NOMEM, NULL, "struct ocsp_answer");
	TRY(fill(a, basic));
	*out = TAKE(a);
	return NULL;
}

void
ocsp_free(struct ocsp_answer *a)
{
	if (a == NULL)
		return;
	OCSP_BASICRESP_free(a->basic);
	cert_list_done(&a->certs);
	free(a->der);
	free(a);
}

struct sig_alg
ocsp_alg(const struct ocsp_answer *a)
{
	return a->alg;
}

int64_t
ocsp_produced_at(const struct ocsp_answer *a)
{
	return a->produced_at;
}

const struct cert_list *
ocsp_certs(const struct ocsp_answer *a)
{
	return &a->certs;
}

/* Whether the ResponderID means `c`, by name or by SHA-1 of its key. */
static bool
is_responder(const struct ocsp_answer *a, const struct cert *c)
{
	const ASN1_OCTET_STRING *id = NULL;
	const X509_NAME *name = NULL;
	if (OCSP_resp_get0_id(a->basic, &id, &name) != 1)
		return false;
	if (name != NULL)
		return X509_NAME_cmp(
			   name, X509_get_subject_name(cert_x509(c))) == 0;
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	return X509_pubkey_digest(cert_x509(c), EVP_sha1(), digest, &len) ==
		   1 &&
	       bytes_eq(
		   bytes_of(digest, len), bytes_of(ASN1_STRING_get0_data(id),
					      (size_t)ASN1_STRING_length(id)));
}

static bool
may_sign_ocsp(const struct cert *c)
{
	CLEANUP(EXTENDED_KEY_USAGE_freep)
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(cert_x509(c), NID_ext_key_usage, NULL, NULL);
	bool found = false;
	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++)
		found |=
		    OBJ_obj2nid(sk_ASN1_OBJECT_value(eku, i)) == NID_OCSP_sign;
	return found && (!cert_has_key_usage(c) ||
			    (cert_key_usage(c) & (KU_DIGITAL_SIGNATURE |
						     KU_NON_REPUDIATION)) != 0);
}

/* RFC 6960 4.2.2.2: issued directly by the CA that is asked about. */
static struct err *
is_authorised(
    const struct cert *c, const struct cert *issuer, int64_t time, bool *ok)
{
	*ok = false;
	if (time < cert_not_before(c) || time > cert_not_after(c) ||
	    !may_sign_ocsp(c) ||
	    (X509_get_extension_flags(cert_x509(c)) &
		(EXFLAG_CRITICAL | EXFLAG_INVALID)) != 0 ||
	    X509_NAME_cmp(X509_get_issuer_name(cert_x509(c)),
		X509_get_subject_name(cert_x509(issuer))) != 0)
		return NULL;
	return cert_signed_by(c, cert_key(issuer), ok);
}

static bool
same_authority(const struct cert *a, const struct cert *b)
{
	return cert_eq(a, b) ||
	       (X509_NAME_cmp(X509_get_subject_name(cert_x509(a)),
		    X509_get_subject_name(cert_x509(b))) == 0 &&
		   EVP_PKEY_eq(cert_key(a), cert_key(b)) == 1);
}

static struct err *
signed_by_one(const struct ocsp_answer *a, struct cert *c,
    const struct cert *issuer, int64_t time, struct cert **signer)
{
	bool ok = false;
	if (!is_responder(a, c))
		return NULL;
	if (!same_authority(c, issuer)) {
		TRY(is_authorised(c, issuer, time, &ok));
		if (!ok)
			return NULL;
	}
	TRY(signed_check(cert_key(c), a->tbs, a->alg, a->signature, &ok));
	if (ok)
		*signer = c;
	return NULL;
}

/* Whose key made it: the issuer's, a responder's, or NULL. */
static struct err *
find_signer(const struct ocsp_answer *a, struct cert *issuer,
    const struct cert_list *extra, int64_t time, struct cert **out)
{
	*out = NULL;
	if (a->alg.form == SIG_NONE)
		return NULL;
	TRY(signed_by_one(a, issuer, issuer, time, out));
	const struct cert_list *lists[] = { &a->certs, extra };
	for (size_t l = 0; l < COUNT_OF(lists); l++)
		for (size_t i = 0;
		     lists[l] != NULL && i < lists[l]->n && *out == NULL; i++)
			TRY(signed_by_one(
			    a, lists[l]->v[i], issuer, time, out));
	return NULL;
}

struct err *
ocsp_signed_for(const struct ocsp_answer *a, const struct cert *issuer,
    const struct cert_list *extra, int64_t time, bool *ok)
{
	struct cert *signer = NULL;
	TRY(find_signer(
	    a, (struct cert *)(uintptr_t)issuer, extra, time, &signer));
	*ok = signer != NULL;
	return NULL;
}

bool
ocsp_responder_exempt(const struct cert *responder)
{
	return X509_get_ext_by_NID(
		   cert_x509(responder), NID_id_pkix_OCSP_noCheck, -1) >= 0;
}

bool
ocsp_responder_states_status(const struct cert *responder)
{
	const X509 *x = cert_x509(responder);
	return X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) >= 0 ||
	       X509_get_ext_by_NID(x, NID_info_access, -1) >= 0;
}

/* Whether the CertID is about `serial` of that issuer; serial NULL: any. */
static struct err *
id_fits(const OCSP_CERTID *id, const struct cert *issuer,
    const ASN1_INTEGER *serial, bool *ok)
{
	*ok = false;
	ASN1_OBJECT *md_oid = NULL;
	ASN1_INTEGER *its_serial = NULL;
	if (OCSP_id_get0_info(
		NULL, &md_oid, NULL, &its_serial, (OCSP_CERTID *)id) != 1)
		return err_ossl(ERR_INTERNAL, "OCSP_id_get0_info");
	char oid[OID_TEXT_MAX];
	oid_text(md_oid, oid, sizeof(oid));
	if (digest_by_oid(oid) == DIGEST_NONE)
		return NULL;
	CLEANUP(EVP_MD_freep) EVP_MD *md = NULL;
	TRY(digest_md(digest_by_oid(oid), &md));
	CLEANUP(OCSP_CERTID_freep)
	OCSP_CERTID *want =
	    OCSP_cert_id_new(md, X509_get_subject_name(cert_x509(issuer)),
		X509_get0_pubkey_bitstr(cert_x509(issuer)),
		serial == NULL ? its_serial : serial);
	if (want == NULL)
		return err_ossl(ERR_NOMEM, "OCSP_cert_id_new");
	*ok = OCSP_id_cmp(id, want) == 0;
	return NULL;
}

struct err *
ocsp_covers(const struct ocsp_answer *a, const struct cert *issuer, bool *ok)
{
	*ok = false;
	for (int i = 0; i < OCSP_resp_count(a->basic) && !*ok; i++)
		TRY(id_fits(
		    OCSP_SINGLERESP_get0_id(OCSP_resp_get0(a->basic, i)),
		    issuer, NULL, ok));
	return NULL;
}

/* Whether there is a critical extension that we do not understand.  Signed
 * certificate timestamps are understood as saying nothing about status. */
static bool
has_critical(const struct ocsp_answer *a)
{
	int at = -1;
	while ((at = OCSP_BASICRESP_get_ext_by_critical(a->basic, 1, at)) >= 0)
		if (OBJ_obj2nid(X509_EXTENSION_get_object(
			OCSP_BASICRESP_get_ext(a->basic, at))) !=
		    NID_id_pkix_OCSP_Nonce)
			return true;
	for (int i = 0; i < OCSP_resp_count(a->basic); i++) {
		OCSP_SINGLERESP *s = OCSP_resp_get0(a->basic, i);
		at = -1;
		while (
		    (at = OCSP_SINGLERESP_get_ext_by_critical(s, 1, at)) >= 0)
			if (OBJ_obj2nid(X509_EXTENSION_get_object(
				OCSP_SINGLERESP_get_ext(s, at))) !=
			    NID_ct_cert_scts)
				return true;
	}
	return false;
}

static bool
in_time(const struct ocsp_answer *a, int64_t time, int64_t max_age_s,
    struct status_answer *out)
{
	if (time < out->this_update || time < a->produced_at)
		status_unknown(out, "the answer is from the future");
	else if (out->next_update != TIME_NONE && time > out->next_update)
		status_unknown(out, "the answer is out of date");
	else if (max_age_s > 0 && time - out->this_update > max_age_s)
		status_unknown(out, "the answer is too old");
	else
		return true;
	return false;
}

/* The times of a single answer; one that is wrong makes it of no use. */
static struct err *
read_times(OCSP_SINGLERESP *single, struct status_answer *out)
{
	ASN1_GENERALIZEDTIME *revoked = NULL, *this = NULL, *next = NULL;
	int reason = -1;
	int status =
	    OCSP_single_get0_status(single, &reason, &revoked, &this, &next);
	TRY(time_of_asn1(this, &out->this_update));
	if (next != NULL)
		TRY(time_of_asn1(next, &out->next_update));
	if (out->next_update != TIME_NONE &&
	    out->next_update < out->this_update)
		return err_new(ERR_MALFORMED, "RFC 6960 4.2.2.1",
		    "the answer ends before it begins");
	if (status == V_OCSP_CERTSTATUS_GOOD)
		out->status = STATUS_GOOD;
	if (status != V_OCSP_CERTSTATUS_REVOKED || revoked == NULL)
		return NULL;
	TRY(time_of_asn1(revoked, &out->revoked_at));
	out->reason = reason;
	out->status = reason == OCSP_REVOKED_STATUS_CERTIFICATEHOLD
			  ? STATUS_SUSPENDED
			  : STATUS_REVOKED;
	return NULL;
}

/* RFC 6960 4.4.4: "good" says nothing of who expired before the cutoff. */
static struct err *
read_cutoff(OCSP_SINGLERESP *single, struct status_answer *out)
{
	int critical = -1;
	CLEANUP(ASN1_GENERALIZEDTIME_freep)
	ASN1_GENERALIZEDTIME *cutoff = OCSP_SINGLERESP_get1_ext_d2i(
	    single, NID_id_pkix_OCSP_archiveCutoff, &critical, NULL);
	if (cutoff == NULL && critical != -1)
		return err_ossl(ERR_MALFORMED, "archiveCutoff");
	return cutoff == NULL ? NULL : time_of_asn1(cutoff, &out->keeps_since);
}

static struct err *
read_single(const struct ocsp_answer *a, OCSP_SINGLERESP *single, int64_t time,
    int64_t max_age_s, struct status_answer *out, bool *usable)
{
	*out = STATUS_NOT_KNOWN;
	status_unknown(out, "the responder does not know it");
	struct err *e = read_times(single, out);
	if (e == NULL)
		e = read_cutoff(single, out);
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	if (e != NULL)
		status_unknown(out, "%s", err_text(e));
	*usable = e == NULL && in_time(a, time, max_age_s, out);
	err_free(e);
	return NULL;
}

/* Of several single answers in time, the worst counts: revoked, then not
 * known to the responder, then good. */
static int
badness(const struct status_answer *a)
{
	static const int order[] = { [STATUS_GOOD] = 1,
		[STATUS_UNKNOWN] = 2,
		[STATUS_SUSPENDED] = 3,
		[STATUS_REVOKED] = 4 };
	return order[a->status];
}

static struct err *
look_up(const struct ocsp_answer *a, const struct cert *cert,
    const struct cert *issuer, int64_t time, int64_t max_age_s,
    struct status_answer *out)
{
	bool found = false;
	for (int i = 0; i < OCSP_resp_count(a->basic); i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(a->basic, i);
		bool fits = false, usable = false;
		TRY(id_fits(OCSP_SINGLERESP_get0_id(single), issuer,
		    X509_get0_serialNumber(cert_x509(cert)), &fits));
		if (!fits)
			continue;
		struct status_answer got;
		TRY(read_single(a, single, time, max_age_s, &got, &usable));
		if (!found || (usable && badness(&got) > badness(out)))
			*out = got;
		found |= usable;
	}
	return NULL;
}

/* RFC 6960 4.4.1.  An answer made beforehand has none (RFC 5019 4): then it is
 * not the answer to our request. */
static bool
has_nonce(const struct ocsp_answer *a, struct bytes nonce)
{
	int at =
	    OCSP_BASICRESP_get_ext_by_NID(a->basic, NID_id_pkix_OCSP_Nonce, -1);
	if (at < 0)
		return false;
	const ASN1_OCTET_STRING *v =
	    X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(a->basic, at));
	struct bytes got =
	    bytes_of(ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v));
	struct bytes value;
	struct err *e = der_take(&got, DER_OCTET_STRING, NULL, &value);
	bool same = e == NULL && got.len == 0 && bytes_eq(value, nonce);
	err_free(e);
	return same;
}

static struct err *
ask_signer(const struct ocsp_answer *a, const struct ocsp_question *q,
    struct status_answer *got, struct cert **responder)
{
	struct cert *signer = NULL;
	TRY(find_signer(a, (struct cert *)(uintptr_t)q->issuer, q->extra,
	    q->time, &signer));
	if (signer == NULL)
		status_unknown(
		    got, "not signed by the issuer or its responder");
	else if (!same_authority(signer, q->issuer) &&
		 !ocsp_responder_exempt(signer))
		*responder = signer;
	return NULL;
}

struct err *
ocsp_ask(const struct ocsp_answer *a, const struct ocsp_question *q,
    struct status_answer *out, struct cert **responder)
{
	struct status_answer got = STATUS_NOT_KNOWN;
	*responder = NULL;
	status_unknown(&got, "no answer about this certificate");
	if (has_critical(a))
		status_unknown(&got, "a critical extension is not known");
	else if (q->nonce.len > 0 && !has_nonce(a, q->nonce))
		status_unknown(&got, "the nonce is not the request's");
	else
		TRY(look_up(
		    a, q->cert, q->issuer, q->time, q->max_age_s, &got));
	if (got.status != STATUS_UNKNOWN)
		TRY(ask_signer(a, q, &got, responder));
	*out = got;
	return NULL;
}

struct err *
ocsp_status(const struct ocsp_answer *a, const struct cert *cert,
    const struct cert *issuer, const struct cert_list *extra, int64_t time,
    int64_t max_age_s, struct status_answer *out)
{
	const struct ocsp_question q = { .cert = cert,
		.issuer = issuer,
		.extra = extra,
		.time = time,
		.max_age_s = max_age_s };
	struct cert *responder = NULL;
	TRY(ocsp_ask(a, &q, out, &responder));
	if (responder != NULL)
		status_unknown(out, RESPONDER_UNKNOWN);
	return NULL;
}
