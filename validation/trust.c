/* Paths to the domains of trust, each looked for once. */
#include "validation/internal.h"

#include <stdlib.h>
#include <string.h>

/* Which of two paths says more: one that holds and of which all is known, and
 * of two bad ones the one that was found, and found wanting. */
#define WHOLE 4
static int
weight(const struct path *p, enum status_wanted status)
{
	switch (p->result) {
	case PATH_OK:
		return p->status_known || status == STATUS_IGNORE ? WHOLE : 3;
	case PATH_NO_CHAIN:
		return 0;
	case PATH_BAD:
		return 1;
	default:
		return 2;
	}
}

static bool
same_wish(const struct path_wish *a, const struct path_wish *b)
{
	return a->time == b->time && a->status == b->status &&
	       (a->purpose == b->purpose ||
		   (a->purpose != NULL && b->purpose != NULL &&
		       strcmp(a->purpose, b->purpose) == 0)) &&
	       cert_eq(a->leaf, b->leaf);
}

/* Those that are trusted for this purpose at that time. */
static struct err *
anchors_for(
    const struct trust_domain *d, struct path_wish w, struct cert_list *out)
{
	enum trust_service service =
	    w.purpose == NULL ? TRUST_SIGNATURE : TRUST_TIMESTAMP;
	for (size_t i = 0; d->uses == NULL && i < d->anchors.n; i++)
		TRY(cert_list_add(out, d->anchors.v[i]));
	for (size_t i = 0; d->uses != NULL && i < d->nuses; i++)
		if (d->uses[i].service == service &&
		    d->uses[i].from <= w.time && w.time < d->uses[i].until)
			TRY(cert_list_add(
			    out, d->anchors.v[d->uses[i].anchor]));
	return NULL;
}

static struct err *
look(const struct judging *j, struct path_wish w, size_t domain,
    struct path *out)
{
	CLEANUP(cert_list_done) struct cert_list anchors = { 0 };
	TRY(anchors_for(&j->r->domains[domain], w, &anchors));
	/* Who stamps has policies of its own kind. */
	const struct policy *p = j->r->policy;
	bool signer = w.purpose == NULL;
	const struct path_request r = { .leaf = w.leaf,
		.pool = &j->pool,
		.anchors = &anchors,
		.time = w.time,
		.status = w.status,
		.status_data = j->strong,
		.nstatus_data = j->nstrong,
		.responders_unasked = j->r->policy->responders_unasked,
		.purpose = w.purpose,
		.policies = signer ? (const char *const *)
					 p->certificate_policies
				   : NULL,
		.npolicies = signer ? p->ncertificate_policies : 0,
		.explicit_policy = signer && p->ncertificate_policies > 0 };
	return path_build(&r, out);
}

static struct err *
best_of_domains(
    struct judging *j, struct path_wish w, struct remembered *m)
{
	bool have = false;
	for (size_t i = 0; i < j->r->ndomains; i++) {
		struct path p = { 0 };
		if (!policy_trusts(j->r->policy, j->r->domains[i].name))
			continue;
		TRY(look(j, w, i, &p));
		int says = weight(&p, w.status);
		if (have && says <= weight(&m->path, w.status)) {
			path_done(&p);
			continue;
		}
		path_done(&m->path);
		m->path = p;
		have = true;
		m->domain = p.result == PATH_OK ? j->r->domains[i].name : NULL;
		/* Another domain may have an anchor nearer to it, and nothing
		 * left to be asked about. */
		if (says == WHOLE)
			break;
	}
	if (!have)
		m->path = (struct path){ .result = PATH_NO_CHAIN,
			.revoked_at = TIME_NONE };
	if (m->path.result == PATH_OK &&
	    (m->path.status_known || w.status == STATUS_IGNORE))
		return NULL;
	return missing_join(&j->verdict->missing, &m->path.missing);
}

struct err *
best_path(struct judging *j, struct path_wish w, const struct remembered **out)
{
	*out = NULL;
	for (size_t i = 0; i < j->npaths; i++)
		if (same_wish(&j->paths[i].wish, &w)) {
			*out = &j->paths[i];
			return NULL;
		}
	if (j->npaths == VALIDATION_PATHS_MAX)
		return NULL;
	if (j->paths == NULL)
		j->paths = calloc(VALIDATION_PATHS_MAX, sizeof(*j->paths));
	if (j->paths == NULL)
		return err_new(ERR_NOMEM, NULL, "paths");
	struct remembered *m = &j->paths[j->npaths];
	struct err *e = best_of_domains(j, w, m);
	if (e != NULL) {
		path_done(&m->path);
		*m = (struct remembered){ 0 };
		return e;
	}
	m->wish = w;
	j->npaths++;
	*out = m;
	return NULL;
}

struct err *
path_copy(const struct path *from, struct path *to)
{
	struct path p = *from;
	p.chain = (struct cert_list){ 0 };
	p.missing = (struct missing_list){ 0 }; /* noted already */
	for (size_t i = 0; i < from->chain.n; i++) {
		struct err *e = cert_list_add(&p.chain, from->chain.v[i]);
		if (e != NULL) {
			path_done(&p);
			return e;
		}
	}
	path_done(to);
	*to = p;
	return NULL;
}
