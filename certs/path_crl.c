#include "certs/path_crl.h"

#include "certs/ossl.h"
#include "certs/path_check.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

DEFINE_FREEP(CRL_DIST_POINTS_free, CRL_DIST_POINTS)

void
crl_pool_done(struct crl_pool *pool)
{
	for (size_t i = 0; pool->v != NULL && i < pool->n; i++)
		crl_free(pool->v[i].crl);
	free(pool->v);
	pool->v = NULL;
	pool->n = 0;
}

/* What is in force comes first; of that, the newest. */
static int
compare(const void *a, const void *b)
{
	const struct crl_at_hand *x = a, *y = b;
	if (x->in_time != y->in_time)
		return x->in_time ? -1 : 1;
	int64_t t = crl_this_update(x->crl), u = crl_this_update(y->crl);
	return t > u ? -1 : t < u;
}

static struct err *
add(struct crl_pool *pool, const struct status_data *d)
{
	struct crl *crl = NULL;
	struct err *e =
	    d->is_index ? crl_open(d->der, &crl) : crl_parse(d->der, &crl);
	if (e != NULL && err_kind(e) != ERR_NOMEM) {
		err_free(e); /* it says nothing */
		return NULL;
	}
	TRY(e);
	struct status_answer why;
	pool->v[pool->n++] = (struct crl_at_hand){ .crl = crl,
		.in_time = crl_in_time(crl, path_status_time(pool->r),
		    pool->r->freshness.crl_max_age_s, &why) };
	return NULL;
}

struct err *
crl_pool_init(
    struct crl_pool *pool, const struct path_request *r, const struct path *p)
{
	pool->r = r;
	pool->p = p;
	pool->n = 0;
	pool->v = calloc(r->nstatus_data + 1, sizeof(pool->v[0]));
	if (pool->v == NULL)
		return err_new(ERR_NOMEM, NULL, "CRLs");
	for (size_t i = 0; i < r->nstatus_data; i++)
		if (!r->status_data[i].is_ocsp)
			TRY(add(pool, &r->status_data[i]));
	qsort(pool->v, pool->n, sizeof(pool->v[0]), compare);
	return NULL;
}

/* ---- who issued a list, and whether to believe it ---- */

/* A path of its own to the same anchor, with a status of its own. */
static struct err *
has_good_path(struct crl_pool *pool, struct cert *c, bool *ok)
{
	*ok = false;
	if (pool->nesting == CRL_NESTING_MAX || --*pool->paths < 0)
		return NULL;
	struct cert *anchor = pool->p->chain.v[pool->p->chain.n - 1];
	const struct cert_list anchors = { .v = &anchor, .n = 1 };
	struct path_request r = { .leaf = c,
		.pool = pool->r->pool,
		.anchors = &anchors,
		.time = path_status_time(pool->r),
		.explicit_curves = pool->r->explicit_curves,
		.security_level = pool->r->security_level };
	CLEANUP(path_done) struct path p = { 0 };
	TRY(path_build(&r, &p));
	if (p.result != PATH_OK)
		return missing_join(pool->missing, &p.missing);
	r.status = pool->r->status;
	r.status_data = pool->r->status_data;
	r.nstatus_data = pool->r->nstatus_data;
	r.freshness = pool->r->freshness;
	TRY(path_status_nested(&r, &p, pool));
	*ok = p.result == PATH_OK;
	return missing_join(pool->missing, &p.missing);
}

/*
 * The path itself vouches for its authorities.  An issuer of CRLs whose
 * certificate names its own list is believed about itself (PKITS 4.14.30), a
 * signer is not.
 */
static bool
is_vouched_for(const struct crl_pool *pool, const struct cert *c)
{
	const struct cert_list *chain = &pool->p->chain;
	for (size_t i = pool->nesting > 0 ? 0 : 1; i < chain->n; i++)
		if (cert_eq(chain->v[i], c))
			return true;
	return false;
}

static struct err *
try_issuers(struct crl_pool *pool, const struct crl *crl,
    const struct cert_list *from, bool *trusted)
{
	for (size_t i = 0; from != NULL && i < from->n && !*trusted; i++) {
		struct cert *c = from->v[i];
		bool ok = false;
		if (X509_NAME_cmp(crl_issuer(crl),
			X509_get_subject_name(cert_x509(c))) != 0 ||
		    --*pool->tries < 0)
			continue;
		TRY(crl_signed_by(crl, c, &ok));
		if (ok && is_vouched_for(pool, c))
			*trusted = true;
		else if (ok)
			TRY(has_good_path(pool, c, trusted));
	}
	return NULL;
}

static struct err *
is_trusted(struct crl_pool *pool, struct crl_at_hand *a, bool *out)
{
	if (!a->looked) {
		a->looked = true;
		TRY(try_issuers(pool, a->crl, &pool->p->chain, &a->trusted));
		TRY(try_issuers(pool, a->crl, pool->r->pool, &a->trusted));
	}
	*out = a->trusted;
	return NULL;
}

/* ---- one question ---- */

struct question {
	struct crl_pool *pool;
	const struct cert *cert;
	struct status_answer *out;
	unsigned reasons; /* spoken for so far */
	bool settled;
};

static void
settle(struct question *q, const struct status_answer *got)
{
	*q->out = *got;
	q->settled = true;
}

/* A list that speaks for these reasons, and has nothing against it. */
static void
count_in(struct question *q, const struct status_answer *got, unsigned reasons)
{
	q->reasons |= reasons;
	q->out->this_update = got->this_update;
	q->out->next_update = got->next_update;
	q->out->keeps_since = got->keeps_since;
}

/* The newest delta in force that continues `base`; NULL: there is none. */
static struct err *
delta_of(struct question *q, const struct crl *base, const struct crl **out)
{
	*out = NULL;
	for (size_t i = 0; i < q->pool->n && *out == NULL; i++) {
		struct crl_at_hand *a = &q->pool->v[i];
		bool trusted = false;
		if (!a->in_time || !crl_completes(a->crl, base) ||
		    !crl_understood(a->crl))
			continue;
		TRY(is_trusted(q->pool, a, &trusted));
		if (trusted)
			*out = a->crl;
	}
	return NULL;
}

/* RFC 5280 6.3.3 (i) to (l): first what the delta says, then the list. */
/* A delta takes suspensions back, and nothing else (RFC 5280 5.3.1). */
static struct err *
ask_delta(const struct question *q, const struct crl *delta,
    const struct crl *base, struct status_answer *got, bool *listed)
{
	struct status_answer was = STATUS_NOT_KNOWN;
	bool there = false;
	TRY(crl_find(delta, q->cert, got, listed));
	if (!*listed || got->status != STATUS_GOOD)
		return NULL;
	TRY(crl_find(base, q->cert, &was, &there));
	if (there && was.status == STATUS_REVOKED)
		*got = was;
	return NULL;
}

static struct err *
ask_list(struct question *q, const struct crl_at_hand *a, unsigned reasons)
{
	const struct crl *delta;
	struct status_answer got = STATUS_NOT_KNOWN;
	bool listed = false;
	TRY(delta_of(q, a->crl, &delta));
	const struct crl *newest = delta != NULL ? delta : a->crl;
	if (delta != NULL)
		TRY(ask_delta(q, delta, a->crl, &got, &listed));
	if (!listed)
		TRY(crl_find(a->crl, q->cert, &got, &listed));
	got.this_update = crl_this_update(newest);
	got.next_update = crl_next_update(newest);
	got.keeps_since = crl_keeps_expired_since(newest);
	/* What was revoked stays so; "good" wants a list in force. */
	bool fresh = a->in_time || delta != NULL;
	bool good = !listed || got.status == STATUS_GOOD;
	if (good)
		got.status = STATUS_GOOD;
	if (!good && (fresh || got.status == STATUS_REVOKED)) {
		settle(q, &got);
		return NULL;
	}
	if (!fresh)
		(void)crl_in_time(a->crl, path_status_time(q->pool->r),
		    q->pool->r->freshness.crl_max_age_s, q->out);
	else if (!crl_understood(a->crl))
		status_unknown(q->out, "a critical extension is not known");
	else if (!status_speaks_of(&got, q->cert))
		status_unknown(q->out, "the CRL may leave out the expired");
	else
		count_in(q, &got, reasons);
	return NULL;
}

/* All lists that speak through this point, or through none (NULL). */
static struct err *
ask_point(struct question *q, const DIST_POINT *point)
{
	for (size_t i = 0;
	     i < q->pool->n && !q->settled && q->reasons != CRL_REASONS_ALL;
	     i++) {
		struct crl_at_hand *a = &q->pool->v[i];
		unsigned reasons = crl_scope(a->crl, q->cert, point);
		bool trusted = false;
		if (crl_is_delta(a->crl) || (reasons & ~q->reasons) == 0)
			continue;
		TRY(is_trusted(q->pool, a, &trusted));
		if (trusted)
			TRY(ask_list(q, a, reasons));
	}
	return NULL;
}

struct err *
crl_pool_ask(struct crl_pool *pool, size_t at, struct status_answer *out)
{
	struct cert *cert = pool->p->chain.v[at];
	struct question q = { .pool = pool, .cert = cert, .out = out };
	int present = 0; /* -1: there are none; else NULL is trouble */
	status_unknown(out, "no revocation list at hand");
	CLEANUP(CRL_DIST_POINTS_freep)
	CRL_DIST_POINTS *points = X509_get_ext_d2i(
	    cert_x509(cert), NID_crl_distribution_points, &present, NULL);
	if (points == NULL && present != -1) {
		status_unknown(out, "broken distribution points");
		return ossl_forget();
	}
	for (int i = 0; i < sk_DIST_POINT_num(points); i++)
		TRY(ask_point(&q, sk_DIST_POINT_value(points, i)));
	TRY(ask_point(&q, NULL));
	if (!q.settled && q.reasons == CRL_REASONS_ALL)
		out->status = STATUS_GOOD;
	else if (!q.settled && q.reasons != 0)
		status_unknown(out, "the lists cover some reasons only");
	return ossl_forget();
}
