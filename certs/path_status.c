/*
 * Revocation along a good path.  OCSP answers are judged by us; CRLs by
 * OpenSSL's extended CRL code (indirect and delta CRLs, distribution points,
 * CRL issuers with a path of their own), whose objections are collected.
 */
#include "certs/path_check.h"

#include "certs/crl.h"
#include "certs/ocsp.h"
#include "certs/ossl.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

/* What is known about each certificate of the path. */
struct statuses {
	bool explicit_curves;
	const struct cert_list *chain;
	size_t n; /* without the anchor */
	struct status_answer at[PATH_DEPTH_MAX];
	bool tainted[PATH_DEPTH_MAX]; /* by a CRL that cannot be believed */
};

static void
free_crls(STACK_OF(X509_CRL) * *s)
{
	sk_X509_CRL_pop_free(*s, X509_CRL_free);
}

static struct err *
signed_from(
    const struct crl *crl, const struct cert_list *l, int *tries, bool *ok)
{
	for (size_t i = 0; l != NULL && i < l->n && !*ok && *tries > 0; i++)
		if (X509_NAME_cmp(X509_CRL_get_issuer(crl_x509(crl)),
			X509_get_subject_name(cert_x509(l->v[i]))) == 0) {
			--*tries;
			TRY(crl_signed_by(crl, l->v[i], ok));
		}
	return NULL;
}

/* A list that nobody at hand has signed would only stand in front of a good
 * one: OpenSSL takes one for each certificate, by its names. */
static struct err *
signed_by_someone(const struct path_request *r, const struct path *p,
    const struct crl *crl, int *tries, bool *ok)
{
	*ok = false;
	TRY(signed_from(crl, &p->chain, tries, ok));
	return signed_from(crl, r->pool, tries, ok);
}

static struct err *
read_crls(const struct path_request *r, const struct path *p,
    STACK_OF(X509_CRL) * list)
{
	int tries = PATH_TRIES_MAX;
	for (size_t i = 0; i < r->nstatus_data; i++) {
		if (r->status_data[i].is_ocsp)
			continue;
		CLEANUP(crl_freep) struct crl *crl = NULL;
		struct err *e = crl_parse(r->status_data[i].der, &crl);
		if (e != NULL && err_kind(e) != ERR_NOMEM) {
			err_free(e); /* it says nothing; so status is unknown */
			continue;
		}
		TRY(e);
		bool ok = false;
		TRY(signed_by_someone(r, p, crl, &tries, &ok));
		if (!ok)
			continue;
		if (X509_CRL_up_ref(crl_x509(crl)) != 1)
			return err_ossl(ERR_INTERNAL, "X509_CRL_up_ref");
		if (sk_X509_CRL_push(list, crl_x509(crl)) <= 0) {
			X509_CRL_free(crl_x509(crl));
			return err_ossl(ERR_NOMEM, "sk_X509_CRL_push");
		}
	}
	return NULL;
}

static void
record_revoked(struct statuses *s, size_t at, X509_STORE_CTX *ctx)
{
	X509_REVOKED *entry = NULL;
	X509_CRL *crl = X509_STORE_CTX_get0_current_crl(ctx);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	/* Anybody may write a list and sign it somehow; and OpenSSL may have
	 * gone another way than we. */
	if (s->tainted[at] || crl == NULL || cert == NULL ||
	    X509_cmp(cert, cert_x509(s->chain->v[at])) != 0)
		return;
	s->at[at].status = STATUS_REVOKED;
	if (X509_CRL_get0_by_cert(crl, &entry, cert) == 1)
		crl_read_entry(entry, &s->at[at]);
}

/* Records an objection to certificate `at`; 1 lets OpenSSL go on. */
static int
record(struct statuses *s, size_t at, int error, X509_STORE_CTX *ctx)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return 1; /* path_rules has judged that, to the second */
	case X509_V_ERR_CERT_REVOKED:
		record_revoked(s, at, ctx);
		return 1;
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
	case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
	case X509_V_ERR_INVALID_EXTENSION:
		s->tainted[at] = true;
		break;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
		break;
	default:
		return 0;
	}
	if (s->at[at].status == STATUS_GOOD)
		status_unknown(
		    &s->at[at], "%s", X509_verify_cert_error_string(error));
	return 1;
}

/* Hears OpenSSL's objections one by one. */
static int
collect(int ok, X509_STORE_CTX *ctx)
{
	X509_STORE_CTX *top = ctx, *parent;
	while ((parent = X509_STORE_CTX_get0_parent_ctx(top)) != NULL)
		top = parent;
	struct statuses *s = X509_STORE_CTX_get_app_data(top);
	int error = X509_STORE_CTX_get_error(ctx);
	int depth = X509_STORE_CTX_get_error_depth(ctx);
	if (ok != 0)
		return ok;
	if (error == X509_V_ERR_EC_KEY_EXPLICIT_PARAMS)
		return s->explicit_curves;
	/* In the path of a CRL's issuer only this is forgiven: that nobody
	 * revokes an anchor. */
	if (top != ctx)
		return error == X509_V_ERR_UNABLE_TO_GET_CRL &&
		       depth + 1 == sk_X509_num(X509_STORE_CTX_get0_chain(ctx));
	if (depth < 0)
		return 0;
	if ((size_t)depth >= s->n)
		return 1; /* the anchor again */
	return record(s, (size_t)depth, error, ctx);
}

/* OpenSSL chose its path anew; its answers are about that one. */
static bool
same_path(X509_STORE_CTX *ctx, const struct path *p)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	if (sk_X509_num(chain) != (int)p->chain.n)
		return false;
	for (size_t i = 0; i < p->chain.n; i++)
		if (X509_cmp(sk_X509_value(chain, (int)i),
			cert_x509(p->chain.v[i])) != 0)
			return false;
	return true;
}

static void
all_unknown(struct statuses *s, const char *why)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].status == STATUS_GOOD ||
		    s->at[i].status == STATUS_UNKNOWN)
			status_unknown(&s->at[i], "%s", why);
}

static struct err *
ask_crls(const struct path_request *r, const struct path *p, struct statuses *s)
{
	CLEANUP(free_crls) STACK_OF(X509_CRL) *list = sk_X509_CRL_new_null();
	if (list == NULL)
		return err_ossl(ERR_NOMEM, "sk_X509_CRL_new_null");
	TRY(read_crls(r, p, list));
	if (sk_X509_CRL_num(list) == 0) {
		all_unknown(s, "no revocation list at hand");
		return NULL;
	}
	CLEANUP(path_context_done) struct path_context c = { 0 };
	TRY(path_context_init(r, p, true, &c));
	if (X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(c.ctx),
		X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
		    X509_V_FLAG_EXTENDED_CRL_SUPPORT |
		    X509_V_FLAG_USE_DELTAS) != 1 ||
	    X509_STORE_CTX_set_app_data(c.ctx, s) != 1)
		return err_ossl(ERR_NOMEM, "X509_STORE_CTX");
	X509_STORE_CTX_set0_crls(c.ctx, list);
	X509_STORE_CTX_set_verify_cb(c.ctx, collect);
	for (size_t i = 0; i < s->n; i++)
		s->at[i].status = STATUS_GOOD; /* until objections come */
	int verified = X509_verify_cert(c.ctx);
	TRY(ossl_forget());
	if (X509_STORE_CTX_get_error(c.ctx) == X509_V_ERR_OUT_OF_MEM)
		return err_new(ERR_NOMEM, NULL, "X509_verify_cert");
	if (verified != 1 || !same_path(c.ctx, p))
		all_unknown(s, "the revocation lists could not be checked");
	return NULL;
}

/* What OCSP says is added: known where a CRL was silent; revoked in any case.
 */
static struct err *
ask_ocsp(const struct path_request *r, const struct path *p, struct statuses *s)
{
	for (size_t d = 0; d < r->nstatus_data; d++) {
		if (!r->status_data[d].is_ocsp)
			continue;
		CLEANUP(ocsp_freep) struct ocsp_answer *a = NULL;
		struct err *e = ocsp_parse(r->status_data[d].der, &a);
		if (e != NULL && err_kind(e) != ERR_NOMEM) {
			err_free(e); /* it says nothing */
			continue;
		}
		TRY(e);
		for (size_t i = 0; i < s->n; i++) {
			struct status_answer got;
			TRY(ocsp_status(a, p->chain.v[i], p->chain.v[i + 1],
			    r->pool, path_status_time(r), 0, &got));
			if (got.status != STATUS_UNKNOWN &&
			    (s->at[i].status == STATUS_UNKNOWN ||
				got.status != STATUS_GOOD))
				s->at[i] = got;
		}
	}
	return NULL;
}

/* RFC 6960 4.2.2.2.1: a responder may be exempt from being asked about. */
static void
exempt_responder(
    const struct path_request *r, const struct path *p, struct statuses *s)
{
	if (s->n > 0 && r->purpose != NULL && strcmp(r->purpose, "ocsp") == 0 &&
	    s->at[0].status == STATUS_UNKNOWN &&
	    X509_get_ext_by_NID(
		cert_x509(p->chain.v[0]), NID_id_pkix_OCSP_noCheck, -1) >= 0)
		s->at[0].status = STATUS_GOOD;
}

static void
conclude(const struct path_request *r, struct path *p, const struct statuses *s)
{
	p->status_known = true;
	for (size_t i = s->n; i-- > 0;) {
		const struct status_answer *a = &s->at[i];
		if (a->status == STATUS_REVOKED ||
		    a->status == STATUS_SUSPENDED) {
			path_fail(p,
			    a->status == STATUS_REVOKED ? PATH_REVOKED
							: PATH_SUSPENDED,
			    i, "revoked, reason %d", a->reason);
			p->revoked_at = a->revoked_at;
			p->revocation_reason = a->reason;
			p->status_known = true;
			return;
		}
		if (a->status == STATUS_GOOD)
			continue;
		p->status_known = false;
		p->unknown |= UINT32_C(1) << i;
		if (r->status == STATUS_REQUIRED)
			path_fail(p, PATH_NO_STATUS, i, "%s", a->detail);
	}
}

struct err *
path_status(const struct path_request *r, struct path *p)
{
	struct statuses s = { .explicit_curves = r->explicit_curves,
		.chain = &p->chain,
		.n = p->chain.n - 1 };
	for (size_t i = 0; i < s.n; i++)
		s.at[i] = (struct status_answer){ .revoked_at = TIME_NONE,
			.reason = -1,
			.this_update = TIME_NONE,
			.next_update = TIME_NONE };
	ossl_begin();
	TRY(ask_crls(r, p, &s));
	TRY(ask_ocsp(r, p, &s));
	exempt_responder(r, p, &s);
	conclude(r, p, &s);
	return NULL;
}
