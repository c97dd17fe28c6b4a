#include "certs/crl.h"

#include "certs/der.h"
#include "certs/ossl.h"
#include "certs/signed.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DEFINE_FREEP(ISSUING_DIST_POINT_free, ISSUING_DIST_POINT)
DEFINE_FREEP(CRL_DIST_POINTS_free, CRL_DIST_POINTS)

struct crl {
	struct crl_index index;
	uint8_t *owned;   /* the index, or NULL */
	uint8_t *message; /* what EdDSA signs; else NULL */
	struct bytes tbs; /* in message */
	X509_NAME *issuer;
	X509_EXTENSIONS *extensions; /* may be NULL */
	ISSUING_DIST_POINT *idp;     /* may be NULL */
	GENERAL_NAMES **issuers;     /* that entries name */
	ASN1_INTEGER *number, *base; /* may be NULL; base: it is a delta */
};

void
status_unknown(struct status_answer *out, const char *fmt, ...)
{
	*out = STATUS_NOT_KNOWN;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(out->detail, sizeof(out->detail), fmt, ap);
	va_end(ap);
}

void
status_since(const struct status_answer *a, char out[STATUS_SINCE_MAX])
{
	CLEANUP(buf_done) struct buf when = BUF(32);
	const char *text = "";
	struct err *e = a->revoked_at == TIME_NONE
			    ? NULL
			    : time_format_iso(a->revoked_at, 0, &when);
	if (e == NULL)
		e = buf_cstr(&when, &text);
	err_free(e);
	snprintf(out, STATUS_SINCE_MAX, "%s%s%s%s",
	    *text != '\0' ? "since " : "", text, *text != '\0' ? ", " : "",
	    a->reason < 0 ? "no reason stated" : OCSP_crl_reason_str(a->reason));
}

bool
status_speaks_of(const struct status_answer *a, const struct cert *cert)
{
	return a->status != STATUS_GOOD ||
	       a->this_update <= cert_not_after(cert) ||
	       (a->keeps_since != TIME_NONE &&
		   a->keeps_since <= cert_not_after(cert));
}

/* An extension decoded; a broken one is ERR_MALFORMED, none is NULL. */
static struct err *
read_extension(const struct crl *c, int nid, void **out)
{
	int critical = -1;
	*out = X509V3_get_d2i(c->extensions, nid, &critical, NULL);
	if (*out == NULL && critical != -1)
		return err_ossl(ERR_MALFORMED, OBJ_nid2sn(nid));
	return NULL;
}

/* RFC 5280 5.2.5: an empty one is no DER, and two kinds at once are none. */
static struct err *
read_idp(struct crl *c)
{
	void *got;
	TRY(read_extension(c, NID_issuing_distribution_point, &got));
	c->idp = got;
	const ISSUING_DIST_POINT *i = c->idp;
	if (i == NULL)
		return NULL;
	int kinds = (i->onlyuser > 0) + (i->onlyCA > 0) + (i->onlyattr > 0);
	if (kinds > 1 || (kinds == 0 && i->distpoint == NULL &&
			     i->onlysomereasons == NULL && i->indirectCRL == 0))
		return err_new(ERR_MALFORMED, "RFC 5280 5.2.5",
		    "issuingDistributionPoint");
	if (i->distpoint != NULL && i->distpoint->type == 1 &&
	    DIST_POINT_set_dpname(i->distpoint, c->issuer) != 1)
		return err_ossl(ERR_MALFORMED, "issuingDistributionPoint");
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

static struct err *
read_extensions(struct crl *c)
{
	struct bytes der = c->index.extensions;
	void *got;
	if (der.len == 0)
		return NULL;
	const uint8_t *p = der.ptr;
	c->extensions = d2i_X509_EXTENSIONS(NULL, &p, (long)der.len);
	if (c->extensions == NULL || p != der.ptr + der.len)
		return err_ossl(ERR_MALFORMED, "the extensions");
	if (has_duplicates(c->extensions))
		return err_new(
		    ERR_MALFORMED, "RFC 5280 4.2", "an extension twice");
	TRY(read_idp(c));
	TRY(read_extension(c, NID_crl_number, &got));
	c->number = got;
	TRY(read_extension(c, NID_delta_crl, &got));
	c->base = got;
	return NULL;
}

static struct err *
read_issuers(struct crl *c)
{
	const uint8_t *p = c->index.issuers.ptr;
	const uint8_t *end = p + c->index.issuers.len;
	c->issuers = calloc(c->index.nissuers + 1, sizeof(c->issuers[0]));
	if (c->issuers == NULL)
		return err_new(ERR_NOMEM, NULL, "issuers");
	for (size_t i = 0; i < c->index.nissuers; i++) {
		c->issuers[i] = d2i_GENERAL_NAMES(NULL, &p, end - p);
		if (c->issuers[i] == NULL)
			return err_ossl(ERR_MALFORMED, "certificateIssuer");
	}
	return NULL;
}

static struct err *
fill(struct crl *c, struct bytes index)
{
	ossl_begin();
	TRY(crl_index_open(index, &c->index));
	struct bytes name = c->index.issuer;
	const uint8_t *p = name.ptr;
	c->issuer = d2i_X509_NAME(NULL, &p, (long)name.len);
	if (c->issuer == NULL || p != name.ptr + name.len)
		return err_ossl(ERR_MALFORMED, "the issuer's name");
	TRY(read_extensions(c));
	TRY(read_issuers(c));
	return ossl_forget();
}

static bool
signs_message(struct sig_alg alg)
{
	return alg.form == SIG_EDDSA || alg.form == SIG_ED448;
}

/* The index of a list, in memory of our own. */
static struct err *
make_index(struct crl *c, struct bytes der, struct bytes *out)
{
	struct crl_scan s;
	TRY(crl_scan(der, &s));
	size_t size = crl_index_size(&s);
	c->owned = malloc(size);
	if (c->owned == NULL)
		return err_new(ERR_NOMEM, NULL, "%zu bytes", size);
	TRY(crl_index_write(&s, c->owned, size));
	*out = bytes_of(c->owned, size);
	if (!signs_message(s.alg))
		return NULL;
	c->message = malloc(s.tbs.len);
	if (c->message == NULL)
		return err_new(ERR_NOMEM, NULL, "%zu bytes", s.tbs.len);
	memcpy(c->message, s.tbs.ptr, s.tbs.len);
	c->tbs = bytes_of(c->message, s.tbs.len);
	return NULL;
}

static struct err *
new_crl(struct crl **out)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? err_new(ERR_NOMEM, NULL, "struct crl") : NULL;
}

struct err *
crl_parse(struct bytes der, struct crl **out)
{
	CLEANUP(crl_freep) struct crl *c = NULL;
	struct bytes index;
	TRY(new_crl(&c));
	TRY(make_index(c, der, &index));
	TRY(fill(c, index));
	*out = TAKE(c);
	return NULL;
}

struct err *
crl_open(struct bytes index, struct crl **out)
{
	CLEANUP(crl_freep) struct crl *c = NULL;
	TRY(new_crl(&c));
	TRY(fill(c, index));
	*out = TAKE(c);
	return NULL;
}

void
crl_free(struct crl *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; c->issuers != NULL && i < c->index.nissuers; i++)
		GENERAL_NAMES_free(c->issuers[i]);
	free(c->issuers);
	X509_NAME_free(c->issuer);
	sk_X509_EXTENSION_pop_free(c->extensions, X509_EXTENSION_free);
	ISSUING_DIST_POINT_free(c->idp);
	ASN1_INTEGER_free(c->number);
	ASN1_INTEGER_free(c->base);
	free(c->owned);
	free(c->message);
	free(c);
}

const X509_NAME *
crl_issuer(const struct crl *c)
{
	return c->issuer;
}

struct sig_alg
crl_alg(const struct crl *c)
{
	return c->index.alg;
}

int64_t
crl_this_update(const struct crl *c)
{
	return c->index.this_update;
}

int64_t
crl_next_update(const struct crl *c)
{
	return c->index.next_update;
}

size_t
crl_count(const struct crl *c)
{
	return c->index.n;
}

int64_t
crl_keeps_expired_since(const struct crl *c)
{
	struct tm tm;
	int64_t since = TIME_NONE;
	ASN1_OBJECT *oid = OBJ_txt2obj("2.5.29.60", 1);
	if (oid == NULL) /* out of memory: it keeps none */
		return TIME_NONE;
	int at = X509v3_get_ext_by_OBJ(c->extensions, oid, -1);
	ASN1_OBJECT_free(oid);
	if (at < 0)
		return TIME_NONE;
	const ASN1_OCTET_STRING *value =
	    X509_EXTENSION_get_data(X509v3_get_ext(c->extensions, at));
	const uint8_t *p = ASN1_STRING_get0_data(value);
	ASN1_GENERALIZEDTIME *t =
	    d2i_ASN1_GENERALIZEDTIME(NULL, &p, ASN1_STRING_length(value));
	if (t != NULL && ASN1_TIME_to_tm(t, &tm) == 1)
		since = (int64_t)timegm(&tm);
	ASN1_GENERALIZEDTIME_free(t);
	ERR_clear_error();
	return since;
}

bool
crl_is_delta(const struct crl *c)
{
	return c->base != NULL;
}

struct err *
crl_signed_by(const struct crl *c, const struct cert *issuer, bool *ok)
{
	*ok = false;
	const struct crl_index *x = &c->index;
	if (X509_NAME_cmp(
		c->issuer, X509_get_subject_name(cert_x509(issuer))) != 0)
		return NULL;
	if (cert_has_key_usage(issuer) &&
	    (cert_key_usage(issuer) & KU_CRL_SIGN) == 0)
		return NULL;
	if (signs_message(x->alg))
		return c->tbs.len == 0 ? NULL
				       : signed_check(cert_key(issuer), c->tbs,
					     x->alg, x->signature, ok);
	if (x->alg.form == SIG_NONE || x->digest.len == 0)
		return NULL;
	return signed_check_digest(
	    cert_key(issuer), x->alg, x->digest, x->signature, ok);
}

/* ---- what it is about ---- */

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

static bool
has_directory_name(const GENERAL_NAMES *list, const X509_NAME *name)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(list, i);
		if (n->type == GEN_DIRNAME &&
		    X509_NAME_cmp(n->d.directoryName, name) == 0)
			return true;
	}
	return false;
}

/* Full names, or one name under an issuer's (RFC 5280 4.2.1.13). */
static bool
point_names_meet(const DIST_POINT_NAME *a, const DIST_POINT_NAME *b)
{
	if (a->type == 1 && b->type == 1)
		return a->dpname != NULL && b->dpname != NULL &&
		       X509_NAME_cmp(a->dpname, b->dpname) == 0;
	if (a->type == 1)
		return a->dpname != NULL &&
		       has_directory_name(b->name.fullname, a->dpname);
	if (b->type == 1)
		return point_names_meet(b, a);
	return names_meet(a->name.fullname, b->name.fullname);
}

/* RFC 5280 6.3.3 (b)(1).  Public CAs in Vietnam name themselves as cRLIssuer
 * and issue no indirect list, which RFC 5280 4.2.1.13 calls redundant. */
static bool
issuer_fits(
    const struct crl *c, const struct cert *cert, const DIST_POINT *point)
{
	const X509_NAME *own = X509_get_issuer_name(cert_x509(cert));
	bool same = X509_NAME_cmp(c->issuer, own) == 0;
	bool indirect = c->idp != NULL && c->idp->indirectCRL > 0;
	if (point == NULL || point->CRLissuer == NULL)
		return same;
	return has_directory_name(point->CRLissuer, c->issuer) &&
	       (same || indirect);
}

/* The name of a point relative to an issuer, made whole. */
static bool
make_whole(const struct cert *cert, const DIST_POINT *point)
{
	DIST_POINT_NAME *n = point->distpoint;
	if (n->type != 1 || n->dpname != NULL)
		return true;
	const X509_NAME *under = X509_get_issuer_name(cert_x509(cert));
	for (int i = 0; i < sk_GENERAL_NAME_num(point->CRLissuer); i++) {
		const GENERAL_NAME *g =
		    sk_GENERAL_NAME_value(point->CRLissuer, i);
		if (g->type == GEN_DIRNAME)
			under = g->d.directoryName;
	}
	return DIST_POINT_set_dpname(n, under) == 1;
}

/* RFC 5280 6.3.3 (b)(2)(i). */
static bool
point_fits(
    const struct crl *c, const struct cert *cert, const DIST_POINT *point)
{
	if (c->idp == NULL || c->idp->distpoint == NULL)
		return true;
	const DIST_POINT_NAME *mine = c->idp->distpoint;
	if (point == NULL)
		return false;
	if (point->distpoint != NULL)
		return make_whole(cert, point) &&
		       point_names_meet(mine, point->distpoint);
	return mine->type == 0 &&
	       names_meet(mine->name.fullname, point->CRLissuer);
}

/* RFC 5280 6.3.3 (b)(2)(ii) to (iv). */
static bool
kind_fits(const struct crl *c, const struct cert *cert)
{
	const ISSUING_DIST_POINT *i = c->idp;
	if (i == NULL)
		return true;
	/* Version 1 does not say whether it is an authority's. */
	bool v1 = X509_get_version(cert_x509(cert)) == X509_VERSION_1;
	if (i->onlyattr > 0)
		return false;
	if (i->onlyuser > 0)
		return !cert_is_ca(cert) && !v1;
	return i->onlyCA <= 0 || cert_is_ca(cert);
}

static unsigned
reasons_of(const ASN1_BIT_STRING *flags)
{
	if (flags == NULL)
		return CRL_REASONS_ALL;
	const uint8_t *p = ASN1_STRING_get0_data(flags);
	int len = ASN1_STRING_length(flags);
	unsigned bits = len > 0 ? p[0] : 0;
	if (len > 1)
		bits |= (unsigned)p[1] << 8;
	return bits & CRL_REASONS_ALL;
}

unsigned
crl_scope(const struct crl *c, const struct cert *cert, const DIST_POINT *point)
{
	if (!issuer_fits(c, cert, point) || !point_fits(c, cert, point) ||
	    !kind_fits(c, cert))
		return 0;
	return reasons_of(point == NULL ? NULL : point->reasons) &
	       reasons_of(c->idp == NULL ? NULL : c->idp->onlysomereasons);
}

/* The same extension, byte for byte, or none in both. */
static bool
same_extension(const struct crl *a, const struct crl *b, int nid)
{
	int i = X509v3_get_ext_by_NID(a->extensions, nid, -1);
	int k = X509v3_get_ext_by_NID(b->extensions, nid, -1);
	if (i < 0 || k < 0)
		return i < 0 && k < 0;
	return ASN1_OCTET_STRING_cmp(
		   X509_EXTENSION_get_data(X509v3_get_ext(a->extensions, i)),
		   X509_EXTENSION_get_data(X509v3_get_ext(b->extensions, k))) ==
	       0;
}

bool
crl_completes(const struct crl *delta, const struct crl *base)
{
	return delta->base != NULL && base->base == NULL &&
	       delta->number != NULL && base->number != NULL &&
	       X509_NAME_cmp(delta->issuer, base->issuer) == 0 &&
	       same_extension(delta, base, NID_issuing_distribution_point) &&
	       same_extension(delta, base, NID_authority_key_identifier) &&
	       ASN1_INTEGER_cmp(delta->base, base->number) <= 0 &&
	       ASN1_INTEGER_cmp(delta->number, base->number) > 0;
}

bool
crl_understood(const struct crl *c)
{
	static const int known[] = { NID_issuing_distribution_point,
		NID_authority_key_identifier, NID_delta_crl };
	for (int i = 0; i < sk_X509_EXTENSION_num(c->extensions); i++) {
		X509_EXTENSION *e = sk_X509_EXTENSION_value(c->extensions, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
		bool found = X509_EXTENSION_get_critical(e) == 0;
		for (size_t k = 0; k < COUNT_OF(known); k++)
			found |= nid == known[k];
		if (!found)
			return false;
	}
	/* RFC 5280 5.3: an entry's spoils the list. */
	return !c->index.critical;
}

bool
crl_in_time(const struct crl *c, int64_t time, int64_t max_age_s,
    struct status_answer *out)
{
	const struct crl_index *x = &c->index;
	if (time < x->this_update)
		status_unknown(out, "the CRL is from the future");
	else if (x->next_update != TIME_NONE && time > x->next_update)
		status_unknown(out, "the CRL is out of date");
	else if (max_age_s > 0 && time - x->this_update > max_age_s)
		status_unknown(out, "the CRL is too old");
	else
		return true;
	return false;
}

/* ---- looking up ---- */

/* An entry under that issuer's number, if the name is the certificate's. */
static struct err *
find_under(const struct crl *c, size_t issuer, const struct cert *cert,
    struct bytes serial, struct crl_hit *out)
{
	const X509_NAME *own = X509_get_issuer_name(cert_x509(cert));
	bool fits = issuer == 0
			? X509_NAME_cmp(c->issuer, own) == 0
			: has_directory_name(c->issuers[issuer - 1], own);
	*out = (struct crl_hit){ .found = false };
	return fits ? crl_index_find(&c->index, issuer, serial, out) : NULL;
}

struct err *
crl_find(const struct crl *c, const struct cert *cert,
    struct status_answer *out, bool *listed)
{
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len =
	    i2d_ASN1_INTEGER(X509_get0_serialNumber(cert_x509(cert)), &der);
	if (len <= 0)
		return err_ossl(ERR_NOMEM, "i2d_ASN1_INTEGER");
	struct bytes in = bytes_of(der, (size_t)len), serial;
	TRY(der_take(&in, DER_INTEGER, NULL, &serial));
	*listed = false;
	for (size_t i = 0; i <= c->index.nissuers && !*listed; i++) {
		struct crl_hit hit;
		TRY(find_under(c, i, cert, serial, &hit));
		if (!hit.found)
			continue;
		*listed = true;
		out->reason = hit.reason;
		out->revoked_at = hit.revoked_at;
		out->status = STATUS_REVOKED;
		if (hit.reason == CRL_REASON_CERTIFICATE_HOLD)
			out->status = STATUS_SUSPENDED;
		if (hit.reason == CRL_REASON_REMOVE_FROM_CRL)
			out->status = STATUS_GOOD;
	}
	return NULL;
}

/* Why the simple question cannot be answered from such a list; NULL: it can. */
static const char *
not_simple(const struct crl *c)
{
	const ISSUING_DIST_POINT *i = c->idp;
	if (c->base != NULL)
		return "a delta CRL by itself";
	if (i != NULL && i->indirectCRL > 0)
		return "an indirect CRL";
	if (i != NULL && i->onlysomereasons != NULL)
		return "the CRL covers some reasons only";
	return NULL;
}

/* Whether the list speaks about it, through any of its points. */
static bool
covers(const struct crl *c, const struct cert *cert)
{
	int present = 0; /* -1: there is none; else NULL is trouble */
	CLEANUP(CRL_DIST_POINTS_freep)
	CRL_DIST_POINTS *points = X509_get_ext_d2i(
	    cert_x509(cert), NID_crl_distribution_points, &present, NULL);
	if (points == NULL)
		return present == -1 && crl_scope(c, cert, NULL) != 0;
	bool elsewhere = true; /* all points name another issuer */
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *d = sk_DIST_POINT_value(points, i);
		if (crl_scope(c, cert, d) == CRL_REASONS_ALL)
			return true;
		elsewhere = elsewhere && d->CRLissuer != NULL;
	}
	return !elsewhere && crl_scope(c, cert, NULL) == CRL_REASONS_ALL;
}

struct err *
crl_status(const struct crl *c, const struct cert *cert,
    const struct cert *issuer, int64_t time, int64_t max_age_s,
    struct status_answer *out)
{
	*out = STATUS_NOT_KNOWN;
	out->this_update = c->index.this_update;
	out->next_update = c->index.next_update;
	out->keeps_since = crl_keeps_expired_since(c);
	bool ok = false, listed = false;
	TRY(crl_signed_by(c, issuer, &ok));
	if (!ok || !bytes_eq(cert_issuer_der(cert), cert_subject_der(issuer)))
		status_unknown(out, "the CRL is not the issuer's");
	else if ((X509_get_extension_flags(cert_x509(cert)) & EXFLAG_INVALID) !=
		 0)
		status_unknown(out, "the certificate has a broken extension");
	else if (!crl_understood(c))
		status_unknown(out, "a critical extension is not known");
	else if (not_simple(c) != NULL)
		status_unknown(out, "%s", not_simple(c));
	else if (crl_in_time(c, time, max_age_s, out) && !covers(c, cert))
		status_unknown(out, "the CRL is not about such certificates");
	else if (out->detail[0] == '\0') {
		TRY(crl_find(c, cert, out, &listed));
		if (!listed)
			out->status = STATUS_GOOD;
	}
	return ossl_forget();
}
