/*
 * Paths are looked for here, depth first, over every issuer that fits by name
 * and whose key verifies; each path found is then judged by itself
 * (certs/path_check.c), and the first good one wins.  OpenSSL alone would
 * follow one issuer per step and give up where it ends.
 */
#include "certs/path.h"

#include "certs/ossl.h"
#include "certs/path_check.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* One search: the path from the leaf up, and what was seen on the way. */
struct search {
	const struct path_request *r;
	struct cert *at[PATH_DEPTH_MAX];
	size_t n;
	int tries;          /* signatures verified */
	bool bad_signature; /* an issuer fitted but for the signature */
	bool went_on;       /* an issuer was found, since step() last asked */
	bool over;          /* a good path was found, or tries ran out */
	struct missing_list missing; /* where no issuer was found */
	struct path *best;
};

const char *
path_result_name(enum path_result r)
{
	static const char *const names[] = {
		[PATH_OK] = "ok",
		[PATH_NO_CHAIN] = "no path to a trust anchor",
		[PATH_EXPIRED] = "expired",
		[PATH_NOT_YET] = "not yet valid",
		[PATH_CONSTRAINTS] = "constraints are broken",
		[PATH_REVOKED] = "revoked",
		[PATH_SUSPENDED] = "suspended",
		[PATH_NO_STATUS] = "revocation status unknown",
		[PATH_BAD] = "bad certificate",
	};
	return (size_t)r < COUNT_OF(names) ? names[r] : "?";
}

void
path_done(struct path *p)
{
	cert_list_done(&p->chain);
	missing_done(&p->missing);
	*p = (struct path){ 0 };
}

/* Of several failures the one nearest to success tells most. */
static int
rank(enum path_result r)
{
	static const enum path_result order[] = { PATH_OK, PATH_NO_STATUS,
		PATH_SUSPENDED, PATH_REVOKED, PATH_EXPIRED, PATH_NOT_YET,
		PATH_CONSTRAINTS, PATH_BAD, PATH_NO_CHAIN };
	for (size_t i = 0; i < COUNT_OF(order); i++)
		if (order[i] == r)
			return (int)i;
	return (int)COUNT_OF(order);
}

/* What the anchors say of a certificate that the path has reached. */
enum end { END_NOT, END_HERE, END_REFUSED };

static struct err *
self_signed(const struct cert *c, enum end otherwise, enum end *out)
{
	bool ok = false;
	TRY(cert_signed_by(c, cert_key(c), &ok));
	*out = ok ? END_HERE : otherwise;
	return NULL;
}

/* An anchor's own settings outweigh all else; `s->at` becomes the anchor. */
static struct err *
is_anchor(struct search *s, enum end *out)
{
	const struct cert_list *anchors = s->r->anchors;
	struct cert **c = &s->at[s->n - 1];
	*out = END_NOT;
	if (s->n == 1 ? s->r->issuers_only : s->r->pinned_only)
		return NULL;
	for (size_t i = 0; i < anchors->n; i++) {
		if (!cert_eq(anchors->v[i], *c))
			continue;
		*c = anchors->v[i];
		int trust = path_anchor_trust(s->r, *c);
		*out = trust == X509_TRUST_REJECTED ? END_REFUSED : END_HERE;
		if (trust == X509_TRUST_UNTRUSTED && s->r->roots_only)
			return self_signed(*c, END_NOT, out);
		if (s->r->anchor_signed && cert_is_self_issued(*c))
			return self_signed(*c, END_REFUSED, out);
		return NULL;
	}
	return NULL;
}

static bool
same_authority(const struct cert *a, const struct cert *b)
{
	return cert_eq(a, b) ||
	       (X509_NAME_cmp(X509_get_subject_name(cert_x509(a)),
		    X509_get_subject_name(cert_x509(b))) == 0 &&
		   EVP_PKEY_eq(cert_key(a), cert_key(b)) == 1);
}

/* The same name and key again would only go round in circles. */
static bool
is_on_path(const struct search *s, const struct cert *c)
{
	for (size_t i = 0; i < s->n; i++)
		if (same_authority(s->at[i], c))
			return true;
	return false;
}

/* An intermediate that the operator gave among the anchors stands for others
 * of its name and key, which may be certified for more than he wants. */
static bool
is_replaced(const struct search *s, const struct cert *c)
{
	const struct cert_list *anchors = s->r->anchors;
	for (size_t i = 0; i < anchors->n; i++)
		if (!cert_is_self_issued(anchors->v[i]) &&
		    !cert_eq(anchors->v[i], c) &&
		    same_authority(anchors->v[i], c))
			return true;
	return false;
}

static bool
key_ids_fit(const struct cert *child, const struct cert *issuer)
{
	const ASN1_OCTET_STRING *want =
	    X509_get0_authority_key_id(cert_x509(child));
	const ASN1_OCTET_STRING *have =
	    X509_get0_subject_key_id(cert_x509(issuer));
	return want == NULL || have == NULL ||
	       ASN1_OCTET_STRING_cmp(want, have) == 0;
}

static bool
in_time(const struct cert *c, int64_t t)
{
	return cert_not_before(c) <= t && t <= cert_not_after(c);
}

/* Candidates are tried best first: fitting key identifiers, then validity. */
#define SCORES 4
static int
score(const struct search *s, const struct cert *issuer)
{
	return (key_ids_fit(s->at[s->n - 1], issuer) ? 0 : 2) +
	       (in_time(issuer, s->r->time) ? 0 : 1);
}

static struct err *
keep_if_better(struct search *s, struct path *found)
{
	if (s->best->chain.n > 0 &&
	    rank(found->result) >= rank(s->best->result)) {
		path_done(found);
		return NULL;
	}
	path_done(s->best);
	*s->best = *found;
	*found = (struct path){ 0 };
	s->over = s->best->result == PATH_OK;
	return NULL;
}

static struct err *
judge_path_found(struct search *s)
{
	CLEANUP(path_done)
	struct path found = { .revoked_at = TIME_NONE,
		.revocation_reason = -1 };
	for (size_t i = 0; i < s->n; i++)
		TRY(cert_list_add(&found.chain, s->at[i]));
	TRY(path_check(s->r, &found));
	return keep_if_better(s, &found);
}

static struct err *step(struct search *s);

static struct err *
try_issuer(struct search *s, struct cert *issuer)
{
	if (s->tries++ >= PATH_TRIES_MAX) {
		s->over = true;
		return NULL;
	}
	const struct cert *child = s->at[s->n - 1];
	bool ok = false;
	TRY(cert_signed_by(child, cert_key(issuer), &ok));
	if (!ok) {
		s->bad_signature = true;
		return NULL;
	}
	s->went_on = true;
	s->at[s->n++] = issuer;
	struct err *e = step(s);
	s->n--;
	return e;
}

static struct err *
try_list(struct search *s, const struct cert_list *l, int wanted)
{
	const X509_NAME *name =
	    X509_get_issuer_name(cert_x509(s->at[s->n - 1]));
	for (size_t i = 0; l != NULL && i < l->n && !s->over; i++) {
		struct cert *c = l->v[i];
		if (X509_NAME_cmp(X509_get_subject_name(cert_x509(c)), name) ==
			0 &&
		    score(s, c) == wanted && !is_on_path(s, c) &&
		    (l == s->r->anchors || !is_replaced(s, c)))
			TRY(try_issuer(s, c));
	}
	return NULL;
}

/* Whether more lies between leaf and anchor than was asked for; as for
 * pathLenConstraint, the self-issued do not count. */
static bool
is_too_deep(const struct search *s)
{
	int between = 0;
	for (size_t i = 1; i < s->n; i++)
		between += !cert_is_self_issued(s->at[i]);
	int most = s->r->depth_max < 0 ? 0 : s->r->depth_max;
	return s->r->depth_max != 0 && between > most;
}

/* Another certificate may lead on; one that names itself may not. */
static struct err *
note_dead_end(struct search *s)
{
	struct cert *last = s->at[s->n - 1];
	if (cert_is_self_issued(last))
		return NULL;
	return missing_add(&s->missing, last, NULL);
}

/* Goes on from the certificate at the end of the path. */
static struct err *
step(struct search *s)
{
	enum end end;
	TRY(is_anchor(s, &end));
	if (end == END_HERE)
		return judge_path_found(s);
	if (end == END_REFUSED || s->n == PATH_DEPTH_MAX || is_too_deep(s))
		return NULL;
	s->went_on = false;
	for (int wanted = 0; wanted < SCORES && !s->over; wanted++) {
		if (!s->r->pinned_only)
			TRY(try_list(s, s->r->anchors, wanted));
		TRY(try_list(s, s->r->pool, wanted));
	}
	bool dead_end = !s->went_on && !s->over;
	s->went_on = true; /* to whoever came here */
	return dead_end ? note_dead_end(s) : NULL;
}

/* Where a path is at hand that revocation decides, no other is looked for. */
static struct err *
say_missing(struct search *s, struct path *out)
{
	switch (out->result) {
	case PATH_OK:
	case PATH_NO_STATUS:
	case PATH_REVOKED:
	case PATH_SUSPENDED:
		return NULL;
	default:
		return missing_join(&out->missing, &s->missing);
	}
}

static struct err *
say_no_path(struct search *s, struct path *out)
{
	if (out->chain.n > 0)
		return NULL;
	TRY(cert_list_add(&out->chain, s->r->leaf));
	out->result = s->bad_signature ? PATH_BAD : PATH_NO_CHAIN;
	if (s->tries > PATH_TRIES_MAX)
		snprintf(out->detail, sizeof(out->detail),
		    "gave up after %d signatures", PATH_TRIES_MAX);
	else if (s->bad_signature)
		snprintf(out->detail, sizeof(out->detail),
		    "an issuer of that name has another key");
	else
		snprintf(out->detail, sizeof(out->detail),
		    "no path to a trust anchor");
	return NULL;
}

static void
search_done(struct search *s)
{
	missing_done(&s->missing);
}

struct err *
path_build(const struct path_request *r, struct path *out)
{
	CLEANUP(path_done)
	struct path best = { .revoked_at = TIME_NONE, .revocation_reason = -1 };
	CLEANUP(search_done)
	struct search s = { .r = r, .at = { r->leaf }, .n = 1, .best = &best };
	TRY(step(&s));
	TRY(say_no_path(&s, &best));
	TRY(say_missing(&s, &best));
	*out = best;
	best = (struct path){ 0 };
	return NULL;
}
