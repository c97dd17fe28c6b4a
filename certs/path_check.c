#include "certs/path_check.h"

#include "certs/ossl.h"
#include "certs/signed.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

DEFINE_FREEP(X509_VERIFY_PARAM_free, X509_VERIFY_PARAM)

void
path_fail(
    struct path *p, enum path_result result, size_t at, const char *fmt, ...)
{
	p->result = result;
	p->failed_at = at;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(p->detail, sizeof(p->detail), fmt, ap);
	va_end(ap);
}

/* X509_verify would refuse what OpenSSL's own settings dislike. */
struct err *
cert_signed_by(const struct cert *c, EVP_PKEY *key, bool *ok)
{
	*ok = false;
	const X509_ALGOR *outer;
	X509_get0_signature(NULL, &outer, cert_x509(c));
	if (X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(cert_x509(c))) != 0)
		return NULL;
	struct sig_alg alg;
	struct bytes tbs, algorithm, signature;
	struct err *e = sig_alg_of_algor(outer, &alg);
	if (e == NULL)
		e = signed_split(cert_der(c), &tbs, &algorithm, &signature);
	if (e != NULL && err_kind(e) != ERR_NOMEM) {
		err_free(e); /* no algorithm of ours: no signature of theirs */
		return NULL;
	}
	TRY(e);
	return signed_check(key, tbs, alg, signature, ok);
}

int64_t
path_status_time(const struct path_request *r)
{
	return r->status_time == 0 ? r->time : r->status_time;
}

static const struct {
	const char *name;
	int purpose;
	int trust;
} purposes[] = {
	{ "server", X509_PURPOSE_SSL_SERVER, X509_TRUST_SSL_SERVER },
	{ "client", X509_PURPOSE_SSL_CLIENT, X509_TRUST_SSL_CLIENT },
	{ "email", X509_PURPOSE_SMIME_SIGN, X509_TRUST_EMAIL },
	{ "timestamp", X509_PURPOSE_TIMESTAMP_SIGN, X509_TRUST_TSA },
	{ "ocsp", X509_PURPOSE_OCSP_HELPER, X509_TRUST_OCSP_SIGN },
};

size_t
path_judged(const struct path_request *r, const struct path *p)
{
	return p->chain.n - (r->anchor_bare && p->chain.n > 1);
}

int
path_anchor_trust(const struct path_request *r, const struct cert *c)
{
	int trust = X509_TRUST_DEFAULT; /* any purpose */
	if (!cert_has_trust(c))
		return X509_TRUST_UNTRUSTED;
	for (size_t i = 0; r->purpose != NULL && i < COUNT_OF(purposes); i++)
		if (strcmp(r->purpose, purposes[i].name) == 0)
			trust = purposes[i].trust;
	return X509_check_trust(cert_x509(c), trust, X509_TRUST_NO_SS_COMPAT);
}

static struct err *
set_purpose(const struct path_request *r, X509_STORE_CTX *ctx)
{
	if (r->purpose == NULL)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(purposes); i++)
		if (strcmp(r->purpose, purposes[i].name) == 0) {
			if (X509_STORE_CTX_set_purpose(
				ctx, purposes[i].purpose) != 1)
				return err_ossl(ERR_INTERNAL, "set_purpose");
			return NULL;
		}
	return path_purpose_known(r->purpose)
		   ? NULL
		   : err_new(ERR_USAGE, NULL, "purpose %s", r->purpose);
}

static struct err *
set_param(const struct path_request *r, X509_STORE_CTX *ctx)
{
	CLEANUP(X509_VERIFY_PARAM_freep)
	X509_VERIFY_PARAM *param = X509_VERIFY_PARAM_new();
	if (param == NULL)
		return err_ossl(ERR_NOMEM, "X509_VERIFY_PARAM_new");
	/* Time is compared by path_rules. */
	unsigned long flags =
	    X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME;
	if (r->strict)
		flags |= X509_V_FLAG_X509_STRICT;
	if (X509_VERIFY_PARAM_set_flags(param, flags) != 1)
		return err_ossl(ERR_NOMEM, "X509_VERIFY_PARAM_set_flags");
	X509_VERIFY_PARAM_set_depth(param, PATH_DEPTH_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, r->security_level);
	TRY(path_set_policies(r, param));
	X509_STORE_CTX_set0_param(ctx, TAKE(param));
	return set_purpose(r, ctx);
}

/* What X509_verify_cert works on: a context over this path and no more. */
struct path_context {
	X509_STORE *store;
	X509_STORE_CTX *ctx;
	STACK_OF(X509) * untrusted; /* certificates not owned */
};

static void
path_context_done(struct path_context *c)
{
	X509_STORE_CTX_free(c->ctx);
	X509_STORE_free(c->store);
	sk_X509_free(c->untrusted);
	*c = (struct path_context){ 0 };
}

/* A copy that says nothing but its name, key, and that it is an authority. */
static struct err *
make_bare(const struct cert *c, X509 **out)
{
	CLEANUP(X509_freep) X509 *x = X509_dup(cert_x509(c));
	if (x == NULL)
		return err_ossl(ERR_NOMEM, "X509_dup");
	for (int i = X509_get_ext_count(x); i-- > 0;)
		if (OBJ_obj2nid(X509_EXTENSION_get_object(
			X509_get_ext(x, i))) != NID_subject_key_identifier)
			X509_EXTENSION_free(X509_delete_ext(x, i));
	BASIC_CONSTRAINTS ca = { .ca = 0xff };
	if (X509_set_version(x, X509_VERSION_3) != 1 ||
	    X509_add1_ext_i2d(
		x, NID_basic_constraints, &ca, 1, X509V3_ADD_REPLACE) != 1)
		return err_ossl(ERR_NOMEM, "X509_add1_ext_i2d");
	*out = TAKE(x);
	return NULL;
}

static struct err *
anchor_of(const struct path_request *r, const struct path *p, X509 **out)
{
	const struct cert *c = p->chain.v[p->chain.n - 1];
	if (path_judged(r, p) < p->chain.n)
		return make_bare(c, out);
	if (X509_up_ref(cert_x509(c)) != 1)
		return err_ossl(ERR_INTERNAL, "X509_up_ref");
	*out = cert_x509(c);
	return NULL;
}

/* The search has verified every signature of the path (certs/path.c), and
 * path_rules compares the times; OpenSSL need not do either again. */
static int
nothing_left_to_verify(X509_STORE_CTX *ctx)
{
	(void)ctx;
	return 1;
}

/* Where in the path it stands; the anchor may be a copy. */
static size_t
place_of(const struct path *p, const X509 *x)
{
	size_t last = p->chain.n - 1;
	for (size_t i = 0; i < last; i++)
		if (cert_x509(p->chain.v[i]) == x)
			return i;
	return last;
}

/* OpenSSL must judge this path and no shorter one: where a certificate has the
 * name of its own issuer, it would go past it, and what is left out would
 * neither be judged nor have a signature that anybody verified. */
static int
is_next(X509_STORE_CTX *ctx, X509 *x, X509 *issuer)
{
	const struct path *p = X509_STORE_CTX_get_app_data(ctx);
	if (place_of(p, issuer) != place_of(p, x) + 1)
		return 0;
	int error = X509_check_issued(issuer, x);
	/* The last is found again, with a better word for it. */
	return error == X509_V_OK || error == X509_V_ERR_KEYUSAGE_NO_CERTSIGN;
}

static struct err *
context_fill(
    const struct path_request *r, const struct path *p, struct path_context *c)
{
	c->store = X509_STORE_new();
	c->ctx = X509_STORE_CTX_new();
	c->untrusted = sk_X509_new_null();
	if (c->store == NULL || c->ctx == NULL || c->untrusted == NULL)
		return err_ossl(ERR_NOMEM, "X509_STORE_new");
	CLEANUP(X509_freep) X509 *anchor = NULL;
	TRY(anchor_of(r, p, &anchor));
	if (X509_STORE_add_cert(c->store, anchor) != 1)
		return err_ossl(ERR_NOMEM, "X509_STORE_add_cert");
	for (size_t i = 1; i + 1 < p->chain.n; i++)
		if (sk_X509_push(c->untrusted, cert_x509(p->chain.v[i])) <= 0)
			return err_ossl(ERR_NOMEM, "sk_X509_push");
	X509_STORE_set_verify(c->store, nothing_left_to_verify);
	X509_STORE_set_check_issued(c->store, is_next);
	if (X509_STORE_CTX_init(
		c->ctx, c->store, cert_x509(p->chain.v[0]), c->untrusted) != 1)
		return err_ossl(ERR_NOMEM, "X509_STORE_CTX_init");
	if (X509_STORE_CTX_set_app_data(c->ctx, (void *)(uintptr_t)p) != 1)
		return err_ossl(ERR_NOMEM, "X509_STORE_CTX_set_app_data");
	return set_param(r, c->ctx);
}

static enum path_result
result_of(int error)
{
	switch (error) {
	case X509_V_OK:
		return PATH_OK;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return PATH_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return PATH_NOT_YET;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return PATH_NO_CHAIN;
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
	case X509_V_ERR_INVALID_CA:
	case X509_V_ERR_INVALID_NON_CA:
	case X509_V_ERR_INVALID_PURPOSE:
	case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
	case X509_V_ERR_INVALID_POLICY_EXTENSION:
	case X509_V_ERR_NO_EXPLICIT_POLICY:
	case X509_V_ERR_PERMITTED_VIOLATION:
	case X509_V_ERR_EXCLUDED_VIOLATION:
	case X509_V_ERR_SUBTREE_MINMAX:
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
	case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
		return PATH_CONSTRAINTS;
	default:
		return PATH_BAD;
	}
}

/* Accepts keys on unnamed curves where the request does. */
static int
allow_explicit_curves(int ok, X509_STORE_CTX *ctx)
{
	if (ok == 0 && X509_STORE_CTX_get_error(ctx) ==
			   X509_V_ERR_EC_KEY_EXPLICIT_PARAMS) {
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	}
	return ok;
}

static struct err *
ask_openssl(const struct path_request *r, struct path *p)
{
	CLEANUP(path_context_done) struct path_context c = { 0 };
	TRY(context_fill(r, p, &c));
	if (r->explicit_curves)
		X509_STORE_CTX_set_verify_cb(c.ctx, allow_explicit_curves);
	int verified = X509_verify_cert(c.ctx);
	int error = X509_STORE_CTX_get_error(c.ctx);
	TRY(ossl_forget());
	if (error == X509_V_ERR_OUT_OF_MEM)
		return err_new(ERR_NOMEM, NULL, "X509_verify_cert");
	if (verified == 1 && error == X509_V_OK) {
		p->result = PATH_OK;
		return NULL;
	}
	int depth = X509_STORE_CTX_get_error_depth(c.ctx);
	size_t at =
	    depth < 0 || (size_t)depth >= p->chain.n ? 0 : (size_t)depth;
	path_fail(p, error == X509_V_OK ? PATH_BAD : result_of(error), at, "%s",
	    X509_verify_cert_error_string(error));
	return NULL;
}

struct err *
path_check(const struct path_request *r, struct path *p)
{
	ossl_begin();
	TRY(ask_openssl(r, p));
	if (p->result == PATH_OK && path_judged(r, p) == p->chain.n)
		TRY(path_anchor_policies(r, p));
	if (p->result == PATH_OK)
		TRY(path_rules(r, p));
	if (p->result == PATH_OK && r->status != STATUS_IGNORE)
		TRY(path_status(r, p));
	return NULL;
}
