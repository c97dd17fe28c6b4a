#include "certs/crl.h"

#include "certs/ossl.h"
#include "certs/signed.h"

#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DEFINE_FREEP(ISSUING_DIST_POINT_free, ISSUING_DIST_POINT)
DEFINE_FREEP(CRL_DIST_POINTS_free, CRL_DIST_POINTS)

struct crl {
	X509_CRL *x509;
	uint8_t *der;
	struct bytes tbs, algorithm, signature; /* in der */
	struct sig_alg alg;                     /* form SIG_NONE: not known */
	int64_t this_update;
	int64_t next_update;
	ISSUING_DIST_POINT *idp; /* may be NULL */
};

void
status_unknown(struct status_answer *out, const char *fmt, ...)
{
	out->status = STATUS_UNKNOWN;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(out->detail, sizeof(out->detail), fmt, ap);
	va_end(ap);
}

/* RFC 5280 5.2.5: an empty one is no DER, and two kinds at once are none. */
static struct err *
read_idp(struct crl *c)
{
	int critical = -1;
	c->idp = X509_CRL_get_ext_d2i(
	    c->x509, NID_issuing_distribution_point, &critical, NULL);
	if (c->idp == NULL) {
		if (critical != -1)
			return err_ossl(
			    ERR_MALFORMED, "issuingDistributionPoint");
		return NULL;
	}
	const ISSUING_DIST_POINT *i = c->idp;
	int kinds = (i->onlyuser > 0) + (i->onlyCA > 0) + (i->onlyattr > 0);
	if (kinds > 1 || (kinds == 0 && i->distpoint == NULL &&
			     i->onlysomereasons == NULL && i->indirectCRL == 0))
		return err_new(ERR_MALFORMED, "RFC 5280 5.2.5",
		    "issuingDistributionPoint");
	return NULL;
}

static bool
has_duplicates(const STACK_OF(X509_EXTENSION) * list)
{
	int n = sk_X509_EXTENSION_num(list);
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++)
			if (OBJ_cmp(X509_EXTENSION_get_object(
					sk_X509_EXTENSION_value(list, i)),
				X509_EXTENSION_get_object(
				    sk_X509_EXTENSION_value(list, j))) == 0)
				return true;
	return false;
}

/* RFC 5280 5.1.2.1: version 2 is stated if and only if it is used. */
static struct err *
check_version(const struct crl *c)
{
	long version = X509_CRL_get_version(c->x509);
	if (version != X509_CRL_VERSION_1 && version != X509_CRL_VERSION_2)
		return err_new(ERR_MALFORMED, "RFC 5280 5.1.2.1", "version");
	/* A version that is written but 1 is written against DER. */
	struct bytes in = c->tbs;
	const uint8_t *p = in.ptr;
	long len;
	int tag, class;
	if ((ASN1_get_object(&p, &len, &tag, &class, (long)in.len) & 0x80) != 0)
		return err_ossl(ERR_MALFORMED, "tbsCertList");
	bool stated = p < in.ptr + in.len && *p == V_ASN1_INTEGER;
	if (stated != (version == X509_CRL_VERSION_2))
		return err_new(ERR_MALFORMED, "RFC 5280 5.1.2.1", "version");
	if (version == X509_CRL_VERSION_2)
		return NULL;
	if (X509_CRL_get_ext_count(c->x509) > 0)
		return err_new(ERR_MALFORMED, "RFC 5280 5.1.2.1",
		    "extensions in version 1");
	return NULL;
}

static struct err *
check_entries(const struct crl *c)
{
	long version = X509_CRL_get_version(c->x509);
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(c->x509);
	for (int i = 0; i < sk_X509_REVOKED_num(list); i++) {
		const X509_REVOKED *r = sk_X509_REVOKED_value(list, i);
		int64_t when;
		TRY(time_of_asn1(X509_REVOKED_get0_revocationDate(r), &when));
		const STACK_OF(X509_EXTENSION) *ext =
		    X509_REVOKED_get0_extensions(r);
		if (ext != NULL && version == X509_CRL_VERSION_1)
			return err_new(ERR_MALFORMED, "RFC 5280 5.1.2.1",
			    "entry extensions in version 1");
		if (has_duplicates(ext))
			return err_new(ERR_MALFORMED, "RFC 5280 4.2",
			    "an entry extension twice");
	}
	return NULL;
}

static struct err *
check_frame(struct crl *c)
{
	const X509_ALGOR *outer;
	X509_CRL_get0_signature(c->x509, NULL, &outer);
	struct err *e = sig_alg_of_algor(outer, &c->alg);
	if (e != NULL && err_kind(e) != ERR_UNSUPPORTED)
		return e;
	err_free(e);
	TRY(check_version(c));
	TRY(time_of_asn1(X509_CRL_get0_lastUpdate(c->x509), &c->this_update));
	c->next_update = TIME_NONE;
	if (X509_CRL_get0_nextUpdate(c->x509) != NULL)
		TRY(time_of_asn1(
		    X509_CRL_get0_nextUpdate(c->x509), &c->next_update));
	if (has_duplicates(X509_CRL_get0_extensions(c->x509)))
		return err_new(
		    ERR_MALFORMED, "RFC 5280 4.2", "an extension twice");
	TRY(read_idp(c));
	return check_entries(c);
}

/* The algorithm inside must be the one outside (RFC 5280 5.1.1.2); OpenSSL
 * keeps the inner one to itself, so it is found in the bytes. */
static struct err *
check_inner_algorithm(const struct crl *c)
{
	if (bytes_find(bytes_slice(c->tbs, 0, c->algorithm.len + 32),
		c->algorithm) > 16)
		return err_new(ERR_MALFORMED, "RFC 5280 5.1.1.2",
		    "two signature algorithms");
	return NULL;
}

struct err *
crl_parse(struct bytes der, struct crl **out)
{
	if (der.len > CRL_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", der.len);
	if (der.len == 0)
		return err_new(ERR_MALFORMED, "RFC 5280 5.1", "no bytes");
	ossl_begin();
	CLEANUP(crl_freep) struct crl *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return err_new(ERR_NOMEM, NULL, "struct crl");
	c->der = malloc(der.len);
	if (c->der == NULL)
		return err_new(ERR_NOMEM, NULL, "%zu bytes", der.len);
	memcpy(c->der, der.ptr, der.len);
	TRY(signed_split(
	    bytes_of(c->der, der.len), &c->tbs, &c->algorithm, &c->signature));
	const uint8_t *p = c->der;
	c->x509 = d2i_X509_CRL(NULL, &p, (long)der.len);
	if (c->x509 == NULL)
		return err_ossl(ERR_MALFORMED, "d2i_X509_CRL");
	if (p != c->der + der.len)
		return err_new(ERR_MALFORMED, "RFC 5280 5.1", "bytes follow");
	TRY(check_inner_algorithm(c));
	TRY(check_frame(c));
	TRY(ossl_forget());
	*out = TAKE(c);
	return NULL;
}

void
crl_free(struct crl *c)
{
	if (c == NULL)
		return;
	X509_CRL_free(c->x509);
	ISSUING_DIST_POINT_free(c->idp);
	free(c->der);
	free(c);
}

X509_CRL *
crl_x509(const struct crl *c)
{
	return c->x509;
}

int64_t
crl_this_update(const struct crl *c)
{
	return c->this_update;
}

int64_t
crl_next_update(const struct crl *c)
{
	return c->next_update;
}

size_t
crl_count(const struct crl *c)
{
	int n = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(c->x509));
	return n < 0 ? 0 : (size_t)n;
}

struct err *
crl_signed_by(const struct crl *c, const struct cert *issuer, bool *ok)
{
	*ok = false;
	if (X509_NAME_cmp(X509_CRL_get_issuer(c->x509),
		X509_get_subject_name(cert_x509(issuer))) != 0)
		return NULL;
	if (cert_has_key_usage(issuer) &&
	    (cert_key_usage(issuer) & KU_CRL_SIGN) == 0)
		return NULL;
	if (c->alg.form == SIG_NONE)
		return NULL;
	return signed_check(cert_key(issuer), c->tbs, c->alg, c->signature, ok);
}

static bool
names_meet(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(a); i++)
		for (int j = 0; j < sk_GENERAL_NAME_num(b); j++)
			if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(a, i),
				sk_GENERAL_NAME_value(b, j)) == 0)
				return true;
	return false;
}

/* RFC 5280 6.3.3 (b)(2)(i), with full names only. */
static bool
point_fits(const struct crl *c, const CRL_DIST_POINTS *points)
{
	if (c->idp == NULL || c->idp->distpoint == NULL)
		return true;
	if (c->idp->distpoint->type != 0)
		return false;
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *d = sk_DIST_POINT_value(points, i);
		if (d->CRLissuer == NULL && d->distpoint != NULL &&
		    d->distpoint->type == 0 &&
		    names_meet(d->distpoint->name.fullname,
			c->idp->distpoint->name.fullname))
			return true;
	}
	return false;
}

/* A certificate all of whose points name another CRL issuer is not covered by
 * its issuer's own CRL. */
static bool
wants_other_issuer(const CRL_DIST_POINTS *points)
{
	int n = sk_DIST_POINT_num(points), other = 0;
	for (int i = 0; i < n; i++)
		other += sk_DIST_POINT_value(points, i)->CRLissuer != NULL;
	return n > 0 && other == n;
}

static bool
is_of_point(const struct crl *c, const struct cert *cert)
{
	int present = 0; /* -1: there is none; else NULL is trouble */
	CLEANUP(CRL_DIST_POINTS_freep)
	CRL_DIST_POINTS *points = X509_get_ext_d2i(
	    cert_x509(cert), NID_crl_distribution_points, &present, NULL);
	if (points == NULL && present != -1)
		return false;
	return point_fits(c, points) && !wants_other_issuer(points);
}

static bool
scope_fits(
    const struct crl *c, const struct cert *cert, struct status_answer *out)
{
	const ISSUING_DIST_POINT *i = c->idp;
	if (X509_CRL_get_ext_by_NID(c->x509, NID_delta_crl, -1) >= 0)
		status_unknown(out, "a delta CRL by itself");
	else if (i != NULL && i->indirectCRL > 0)
		status_unknown(out, "an indirect CRL");
	else if (i != NULL && i->onlysomereasons != NULL)
		status_unknown(out, "the CRL covers some reasons only");
	else if (i != NULL && i->onlyattr > 0)
		status_unknown(out, "the CRL is about attribute certificates");
	else if (i != NULL && i->onlyuser > 0 && cert_is_ca(cert))
		status_unknown(out, "the CRL is about users only");
	else if (i != NULL && i->onlyuser > 0 &&
		 X509_get_version(cert_x509(cert)) == X509_VERSION_1)
		status_unknown(
		    out, "the CRL is about users, the certificate is v1");
	else if (i != NULL && i->onlyCA > 0 && !cert_is_ca(cert))
		status_unknown(out, "the CRL is about authorities only");
	else if (!is_of_point(c, cert))
		status_unknown(out, "the CRL is of another distribution point");
	else
		return true;
	return false;
}

static bool
knows_critical(
    const STACK_OF(X509_EXTENSION) * list, const int *known, size_t nknown)
{
	for (int i = 0; i < sk_X509_EXTENSION_num(list); i++) {
		X509_EXTENSION *e = sk_X509_EXTENSION_value(list, i);
		if (X509_EXTENSION_get_critical(e) == 0)
			continue;
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
		bool found = false;
		for (size_t k = 0; k < nknown; k++)
			found |= nid == known[k];
		if (!found)
			return false;
	}
	return true;
}

/* RFC 5280 5.3: an unknown critical extension of any entry spoils the list. */
static bool
all_understood(const struct crl *c)
{
	static const int crl_known[] = { NID_issuing_distribution_point,
		NID_authority_key_identifier, NID_crl_number };
	static const int entry_known[] = { NID_crl_reason,
		NID_invalidity_date };
	if (!knows_critical(X509_CRL_get0_extensions(c->x509), crl_known,
		COUNT_OF(crl_known)))
		return false;
	STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(c->x509);
	for (int i = 0; i < sk_X509_REVOKED_num(list); i++)
		if (!knows_critical(X509_REVOKED_get0_extensions(
					sk_X509_REVOKED_value(list, i)),
			entry_known, COUNT_OF(entry_known)))
			return false;
	return true;
}

static bool
in_time(const struct crl *c, int64_t time, int64_t max_age_s,
    struct status_answer *out)
{
	if (time < c->this_update)
		status_unknown(out, "the CRL is from the future");
	else if (c->next_update != TIME_NONE && time > c->next_update)
		status_unknown(out, "the CRL is out of date");
	else if (max_age_s > 0 && time - c->this_update > max_age_s)
		status_unknown(out, "the CRL is too old");
	else
		return true;
	return false;
}

void
crl_read_entry(const X509_REVOKED *r, struct status_answer *out)
{
	out->status = STATUS_REVOKED;
	out->reason = -1;
	err_free(time_of_asn1(
	    X509_REVOKED_get0_revocationDate(r), &out->revoked_at));
	/* Unreadable is as not stated: revoked, and not only suspended. */
	ASN1_ENUMERATED *reason =
	    X509_REVOKED_get_ext_d2i(r, NID_crl_reason, NULL, NULL);
	if (reason != NULL)
		out->reason = (int)ASN1_ENUMERATED_get(reason);
	ASN1_ENUMERATED_free(reason);
	if (out->reason == CRL_REASON_CERTIFICATE_HOLD)
		out->status = STATUS_SUSPENDED;
}

static void
look_up(const struct crl *c, const struct cert *cert, struct status_answer *out)
{
	X509_REVOKED *r = NULL;
	if (X509_CRL_get0_by_cert(c->x509, &r, cert_x509(cert)) == 1)
		crl_read_entry(r, out);
	else
		out->status = STATUS_GOOD;
}

struct err *
crl_status(const struct crl *c, const struct cert *cert,
    const struct cert *issuer, int64_t time, int64_t max_age_s,
    struct status_answer *out)
{
	*out = (struct status_answer){ .revoked_at = TIME_NONE,
		.reason = -1,
		.this_update = c->this_update,
		.next_update = c->next_update };
	bool ok = false;
	TRY(crl_signed_by(c, issuer, &ok));
	if (!ok || !bytes_eq(cert_issuer_der(cert), cert_subject_der(issuer)))
		status_unknown(out, "the CRL is not the issuer's");
	else if ((X509_get_extension_flags(cert_x509(cert)) & EXFLAG_INVALID) !=
		 0)
		status_unknown(out, "the certificate has a broken extension");
	else if (!all_understood(c))
		status_unknown(out, "a critical extension is not known");
	else if (in_time(c, time, max_age_s, out) && scope_fits(c, cert, out))
		look_up(c, cert, out);
	return NULL;
}
