#include "trust/list.h"

#include <stdlib.h>
#include <string.h>

static const char *const service_names[TRUST_SERVICES] = {
	[TRUST_SIGNATURE] = "signature",
	[TRUST_TIMESTAMP] = "timestamp",
	[TRUST_OCSP] = "ocsp",
};

const char *
trust_service_name(enum trust_service s)
{
	return service_names[s];
}

bool
trust_service_find(const char *name, enum trust_service *out)
{
	for (int s = 0; name != NULL && s < TRUST_SERVICES; s++)
		if (strcmp(name, service_names[s]) == 0) {
			*out = (enum trust_service)s;
			return true;
		}
	return false;
}

struct err *
trust_list_new(struct trust_list **out)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? err_new(ERR_NOMEM, NULL, "trust list") : NULL;
}

void
trust_list_free(struct trust_list *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n; i++) {
		free(l->anchors[i].domain);
		free(l->anchors[i].name);
		cert_free(l->anchors[i].cert);
	}
	free(l->anchors);
	free(l);
}

struct trust_anchor *
trust_list_find(struct trust_list *l, const uint8_t sha256[32])
{
	for (size_t i = 0; i < l->n; i++)
		if (memcmp(l->anchors[i].sha256, sha256, 32) == 0)
			return &l->anchors[i];
	return NULL;
}

static bool
is_domain_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return n > 0 && n <= TRUST_DOMAIN_NAME_MAX && s[n] == '\0';
}

static struct err *
check_names(const char *domain, const char *name)
{
	if (!is_domain_name(domain))
		return err_new(ERR_USAGE, NULL,
		    "the name of a domain has a-z, 0-9 and \"-\", up to %d",
		    TRUST_DOMAIN_NAME_MAX);
	if (name[0] == '\0' || strlen(name) > TRUST_NAME_MAX ||
	    !utf8_printable(bytes_str(name)))
		return err_new(ERR_USAGE, NULL,
		    "an anchor's name is missing, too long or unprintable");
	return NULL;
}

struct err *
trust_list_put(struct trust_list *l, const char *domain, const char *name,
    const uint8_t sha256[32], struct trust_anchor **out)
{
	TRY(check_names(domain, name));
	*out = trust_list_find(l, sha256);
	if (*out != NULL)
		return NULL;
	if (l->n == TRUST_ANCHORS_MAX)
		return err_new(ERR_LIMIT, NULL, "more than %d anchors",
		    TRUST_ANCHORS_MAX);
	struct trust_anchor *more =
	    realloc(l->anchors, (l->n + 1) * sizeof(*more));
	if (more == NULL)
		return err_new(ERR_NOMEM, NULL, "anchors");
	l->anchors = more;
	CLEANUP(free_charp) char *d = strdup(domain);
	CLEANUP(free_charp) char *t = strdup(name);
	if (d == NULL || t == NULL)
		return err_new(ERR_NOMEM, NULL, "anchors");
	*out = &more[l->n++];
	**out = (struct trust_anchor){ .domain = TAKE(d), .name = TAKE(t) };
	memcpy((*out)->sha256, sha256, 32);
	return NULL;
}

struct err *
trust_anchor_change(struct trust_anchor *a, struct trust_change c)
{
	for (size_t i = 0; i < a->nchanges; i++)
		if (a->changes[i].service == c.service &&
		    a->changes[i].from >= c.from)
			return err_new(ERR_USAGE, NULL,
			    "%s: a change of status before an earlier one",
			    a->name);
	if (a->nchanges == TRUST_CHANGES_MAX)
		return err_new(ERR_LIMIT, NULL, "%s: over %d changes", a->name,
		    TRUST_CHANGES_MAX);
	a->changes[a->nchanges++] = c;
	return NULL;
}

bool
trust_granted(
    const struct trust_anchor *a, enum trust_service service, int64_t at)
{
	bool granted = false;
	for (size_t i = 0; i < a->nchanges; i++)
		if (a->changes[i].service == service &&
		    a->changes[i].from <= at)
			granted = a->changes[i].granted;
	return granted;
}

/* ---- which of two lists counts ---- */

static struct err *
same_text(const struct trust_list *a, const struct trust_list *b, bool *same)
{
	CLEANUP(buf_done) struct buf one = BUF(TRUST_LIST_MAX);
	CLEANUP(buf_done) struct buf two = BUF(TRUST_LIST_MAX);
	TRY(trust_list_render(a, &one));
	TRY(trust_list_render(b, &two));
	*same = bytes_eq(buf_bytes(&one), buf_bytes(&two));
	return NULL;
}

struct err *
trust_list_replaces(const struct trust_list *next,
    const struct trust_list *now_used, int64_t now)
{
	bool same = true;
	if (now_used != NULL && next->sequence == now_used->sequence)
		TRY(same_text(next, now_used, &same));
	if (!same || (now_used != NULL && next->sequence < now_used->sequence))
		return err_coded(err_new(ERR_DENIED, NULL,
				     "number %lld, where number %lld is used",
				     (long long)next->sequence,
				     (long long)now_used->sequence),
		    "trust-list-older");
	if (next->next_update <= now)
		return err_coded(err_new(ERR_DENIED, NULL,
				     "number %lld is past its nextUpdate",
				     (long long)next->sequence),
		    "trust-list-expired");
	return NULL;
}

/* ---- for validation ---- */

static struct err *
domain_named(
    struct trust_domains *d, const char *name, struct trust_domain **out)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->v[i].name, name) == 0) {
			*out = &d->v[i];
			return NULL;
		}
	if (d->n == TRUST_DOMAINS_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "more than %d domains", TRUST_DOMAINS_MAX);
	char *copy = strdup(name);
	if (copy == NULL)
		return err_new(ERR_NOMEM, NULL, "domains");
	*out = &d->v[d->n++];
	(*out)->name = copy;
	return NULL;
}

static int64_t
ends(const struct trust_anchor *a, size_t change)
{
	for (size_t i = change + 1; i < a->nchanges; i++)
		if (a->changes[i].service == a->changes[change].service)
			return a->changes[i].from;
	return NEVER_ENDS;
}

static struct err *
add_anchor(const struct trust_anchor *a, struct trust_domain *d)
{
	size_t n = d->nuses + a->nchanges;
	struct anchor_use *uses =
	    realloc(d->uses, (n + 1) * sizeof(*uses));
	if (uses == NULL)
		return err_new(ERR_NOMEM, NULL, "anchors");
	d->uses = uses;
	TRY(cert_list_add(&d->anchors, a->cert));
	for (size_t i = 0; i < a->nchanges; i++)
		if (a->changes[i].granted)
			uses[d->nuses++] = (struct anchor_use){
				.anchor = d->anchors.n - 1,
				.service = a->changes[i].service,
				.from = a->changes[i].from,
				.until = ends(a, i),
			};
	return NULL;
}

struct err *
trust_domains_of(const struct trust_list *l, struct trust_domains *out)
{
	*out = (struct trust_domains){ .v = calloc(TRUST_DOMAINS_MAX,
					   sizeof(*out->v)) };
	if (out->v == NULL)
		return err_new(ERR_NOMEM, NULL, "domains");
	for (size_t i = 0; i < l->n; i++) {
		struct trust_domain *d = NULL;
		if (l->anchors[i].cert == NULL)
			continue;
		struct err *e = domain_named(out, l->anchors[i].domain, &d);
		if (e == NULL)
			e = add_anchor(&l->anchors[i], d);
		if (e != NULL) {
			trust_domains_done(out);
			return e;
		}
	}
	return NULL;
}

void
trust_domains_done(struct trust_domains *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free((char *)(uintptr_t)d->v[i].name);
		cert_list_done(&d->v[i].anchors);
		free(d->v[i].uses);
	}
	free(d->v);
	*d = (struct trust_domains){ 0 };
}
