/* The request of `verify`, packed. */
#include "worker/job.h"

#include "base/pack.h"
#include "worker/message_source.h"

#include <stdlib.h>
#include <string.h>

#define DOMAINS_MAX 64
#define STATUS_MAX 4096
#define EXTERNAL_MAX 1024
#define KEYS_MAX 64
#define USES_MAX 131072

/* In this order; the lists say first how many they are. */
enum {
	TAG_FORMAT = 1,
	TAG_POLICY,
	TAG_TIME,
	TAG_NOW,
	TAG_DOMAINS,
	TAG_DOMAIN_NAME,
	TAG_CERTS,
	TAG_CERT,
	TAG_STATUS,
	TAG_CRL,
	TAG_OCSP,
	TAG_EXTERNAL,
	TAG_URI,
	TAG_DATA,
	TAG_PASSWORD,
	TAG_KEYS,
	TAG_KEY,
	TAG_POLICY_TEXT,
	TAG_REPORTS,
	TAG_DOTNET,
	TAG_SHARED_KEY,
	TAG_USES,
	TAG_USE_ANCHOR,
	TAG_USE_SERVICE,
	TAG_USE_FROM,
	TAG_USE_UNTIL,
	TAG_INDEX,
	TAG_INDEX_AT,
	TAG_TRUSTED,
	TAG_NAME,
	TAG_PLACE_ID,
	TAG_PLACE_PAGE,
	TAG_PLACE_UNTIL,
	TAG_PLACE_REPORT,
	TAG_HASH_ALG,
	TAG_HASH,
	TAG_OUT_OF_PDF,
	TAG_ASK,
	TAG_WITH_EVIDENCE,
};

struct verify_hold {
	char *format;
	char *policy;
	struct trust_domain *domains;
	char **domain_names;
	size_t ndomains;
	struct status_data *status;
	size_t status_at; /* where the first is among what came along; 0: here */
	struct external *external;
	char **uris;
	size_t nexternal;
	struct cert_list extra;
	struct bytes *keys; /* borrow from the message */
	char *name;
	char *id, *page; /* of the place */
	struct report_place place;
	struct source_seen *sources;
	size_t nsources;
};

static struct err *
pack_certs(struct buf *b, const struct cert_list *l)
{
	size_t n = l == NULL ? 0 : l->n;
	TRY(pack_u64(b, TAG_CERTS, n));
	for (size_t i = 0; i < n; i++)
		TRY(pack_bytes(b, TAG_CERT, cert_der(l->v[i])));
	return NULL;
}

/* With the settings that an operator gave them (certs/cert.h). */
static struct err *
pack_anchor(struct buf *b, const struct cert *c)
{
	CLEANUP(buf_done) struct buf der = BUF(2 * CERT_MAX);
	if (!cert_has_trust(c))
		return pack_bytes(b, TAG_CERT, cert_der(c));
	TRY(cert_trusted_der(c, &der));
	return pack_bytes(b, TAG_TRUSTED, buf_bytes(&der));
}

static struct err *
pack_anchors(struct buf *b, const struct cert_list *l)
{
	TRY(pack_u64(b, TAG_CERTS, l->n));
	for (size_t i = 0; i < l->n; i++)
		TRY(pack_anchor(b, l->v[i]));
	return NULL;
}

static struct err *
pack_domain(struct buf *b, const struct trust_domain *d)
{
	TRY(pack_str(b, TAG_DOMAIN_NAME, d->name));
	TRY(pack_anchors(b, &d->anchors));
	if (d->uses == NULL)
		return NULL;
	TRY(pack_u64(b, TAG_USES, d->nuses));
	for (size_t i = 0; i < d->nuses; i++) {
		TRY(pack_u64(b, TAG_USE_ANCHOR, d->uses[i].anchor));
		TRY(pack_u64(b, TAG_USE_SERVICE, d->uses[i].service));
		TRY(pack_i64(b, TAG_USE_FROM, d->uses[i].from));
		TRY(pack_i64(b, TAG_USE_UNTIL, d->uses[i].until));
	}
	return NULL;
}

static uint16_t
status_tag(const struct status_data *d)
{
	return d->is_ocsp ? TAG_OCSP : d->is_index ? TAG_INDEX : TAG_CRL;
}

static struct err *
pack_status(struct buf *b, const struct verify_request *r, size_t i)
{
	const struct status_data *d = &r->status_data[i];
	return i == 0 && r->status_along
		   ? pack_u64(b, TAG_INDEX_AT, 1)
		   : pack_bytes(b, status_tag(d), d->der);
}

static struct err *
pack_external(struct buf *b, const struct external *e)
{
	if (e->uri != NULL)
		TRY(pack_str(b, TAG_URI, e->uri));
	if (e->alg == DIGEST_NONE)
		return pack_bytes(b, TAG_DATA, e->data);
	TRY(pack_u64(b, TAG_HASH_ALG, e->alg));
	return pack_bytes(b, TAG_HASH, e->digest);
}

static struct err *
pack_lists(const struct verify_request *r, struct buf *b)
{
	TRY(pack_u64(b, TAG_DOMAINS, r->ndomains));
	for (size_t i = 0; i < r->ndomains; i++)
		TRY(pack_domain(b, &r->domains[i]));
	TRY(pack_u64(b, TAG_STATUS, r->nstatus_data));
	for (size_t i = 0; i < r->nstatus_data; i++)
		TRY(pack_status(b, r, i));
	TRY(pack_u64(b, TAG_EXTERNAL, r->nexternal));
	for (size_t i = 0; i < r->nexternal; i++) {
		TRY(pack_external(b, &r->external[i]));
	}
	TRY(pack_u64(b, TAG_KEYS, r->nkeys));
	for (size_t i = 0; i < r->nkeys; i++)
		TRY(pack_bytes(b, TAG_KEY, r->keys[i]));
	return pack_certs(b, r->extra);
}

static struct err *
pack_place(const struct report_place *p, struct buf *out)
{
	if (p == NULL)
		return NULL;
	TRY(pack_str(out, TAG_PLACE_ID, p->id));
	TRY(pack_str(out, TAG_PLACE_PAGE, p->page));
	TRY(pack_i64(out, TAG_PLACE_UNTIL, p->until));
	return pack_u64(out, TAG_PLACE_REPORT, p->report);
}

struct err *
verify_request_pack(const struct verify_request *r, struct buf *out)
{
	if (r->format != NULL)
		TRY(pack_str(out, TAG_FORMAT, r->format));
	TRY(pack_str(out, TAG_POLICY, r->policy));
	TRY(pack_bytes(out, TAG_POLICY_TEXT, r->policy_text));
	TRY(pack_i64(out, TAG_TIME, r->time));
	TRY(pack_i64(out, TAG_NOW, r->now));
	TRY(pack_lists(r, out));
	TRY(pack_bytes(out, TAG_SHARED_KEY, r->shared_key));
	TRY(pack_bytes(out, TAG_PASSWORD, r->password));
	TRY(pack_u64(out, TAG_REPORTS, r->reports));
	if (r->dotnet_enveloped)
		TRY(pack_u64(out, TAG_DOTNET, 1));
	if (r->out_of_pdf)
		TRY(pack_u64(out, TAG_OUT_OF_PDF, 1));
	if (r->name != NULL)
		TRY(pack_str(out, TAG_NAME, r->name));
	TRY(pack_place(r->place, out));
	if (r->ask)
		TRY(pack_u64(out, TAG_ASK, 1));
	if (r->evidence)
		TRY(pack_u64(out, TAG_WITH_EVIDENCE, 1));
	return r->nsources == 0 ? NULL
				: sources_pack(r->sources, r->nsources, out);
}

static struct err *
unpack_count(struct unpack *u, uint16_t tag, size_t max, size_t *out)
{
	uint64_t n;
	TRY(unpack_u64(u, tag, &n));
	if (n > max)
		return err_new(ERR_LIMIT, NULL, "field %u: over %zu", tag, max);
	*out = (size_t)n;
	return NULL;
}

/* new_array makes room for `n`, and for one more, so that none is not NULL. */
static struct err *
new_array(size_t n, size_t size, void *out)
{
	void *v = calloc(n + 1, size);
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "a list of a message");
	memcpy(out, &v, sizeof(v));
	return NULL;
}

static struct err *
unpack_certs(struct unpack *u, struct cert_list *out)
{
	size_t n = 0;
	struct bytes der;
	TRY(unpack_count(u, TAG_CERTS, CERT_LIST_MAX, &n));
	for (size_t i = 0; i < n; i++) {
		TRY(unpack_bytes(u, TAG_CERT, &der));
		TRY(cert_list_add_der(out, der));
	}
	return NULL;
}

static struct err *
unpack_anchor(struct unpack *u, struct cert_list *out)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	struct bytes der;
	bool plain = unpack_is(u, TAG_CERT);
	TRY(unpack_bytes(u, plain ? TAG_CERT : TAG_TRUSTED, &der));
	if (plain)
		return cert_list_add_der(out, der);
	TRY(cert_parse_trusted(der, &c));
	return cert_list_add(out, c);
}

static struct err *
unpack_anchors(struct unpack *u, struct cert_list *out)
{
	size_t n = 0;
	TRY(unpack_count(u, TAG_CERTS, CERT_LIST_MAX, &n));
	for (size_t i = 0; i < n; i++)
		TRY(unpack_anchor(u, out));
	return NULL;
}

static struct err *
unpack_use(
    struct unpack *u, const struct trust_domain *d, struct anchor_use *out)
{
	uint64_t anchor;
	uint64_t service;
	TRY(unpack_u64(u, TAG_USE_ANCHOR, &anchor));
	TRY(unpack_u64(u, TAG_USE_SERVICE, &service));
	if (anchor >= d->anchors.n || service >= TRUST_SERVICES)
		return err_new(ERR_MALFORMED, NULL, "no such use of an anchor");
	out->anchor = (size_t)anchor;
	out->service = (enum trust_service)service;
	TRY(unpack_i64(u, TAG_USE_FROM, &out->from));
	return unpack_i64(u, TAG_USE_UNTIL, &out->until);
}

static struct err *
unpack_uses(struct unpack *u, struct trust_domain *d)
{
	size_t n = 0;
	if (!unpack_is(u, TAG_USES))
		return NULL;
	TRY(unpack_count(u, TAG_USES, USES_MAX, &n));
	TRY(new_array(n, sizeof(d->uses[0]), &d->uses));
	for (; d->nuses < n; d->nuses++)
		TRY(unpack_use(u, d, &d->uses[d->nuses]));
	return NULL;
}

static struct err *
unpack_domains(
    struct unpack *u, struct verify_request *r, struct verify_hold *h)
{
	size_t n = 0;
	TRY(unpack_count(u, TAG_DOMAINS, DOMAINS_MAX, &n));
	TRY(new_array(n, sizeof(h->domains[0]), &h->domains));
	TRY(new_array(n, sizeof(h->domain_names[0]), &h->domain_names));
	for (size_t i = 0; i < n; i++) {
		h->ndomains = i + 1;
		TRY(unpack_str(u, TAG_DOMAIN_NAME, &h->domain_names[i]));
		h->domains[i].name = h->domain_names[i];
		TRY(unpack_anchors(u, &h->domains[i].anchors));
		TRY(unpack_uses(u, &h->domains[i]));
	}
	r->domains = h->domains;
	r->ndomains = n;
	return NULL;
}

static struct err *
unpack_one_status(struct unpack *u, struct status_data *d, size_t *at)
{
	uint64_t place;
	d->is_ocsp = unpack_is(u, TAG_OCSP);
	d->is_index = unpack_is(u, TAG_INDEX) || unpack_is(u, TAG_INDEX_AT);
	if (!unpack_is(u, TAG_INDEX_AT))
		return unpack_bytes(u, status_tag(d), &d->der);
	TRY(unpack_u64(u, TAG_INDEX_AT, &place));
	return place_of(place, at);
}

static struct err *
unpack_status(struct unpack *u, struct verify_request *r, struct verify_hold *h)
{
	size_t n = 0;
	TRY(unpack_count(u, TAG_STATUS, STATUS_MAX, &n));
	TRY(new_array(n, sizeof(h->status[0]), &h->status));
	for (size_t i = 0; i < n; i++) {
		size_t at = 0;
		TRY(unpack_one_status(u, &h->status[i], &at));
		if (at > 0 && i > 0)
			return err_new(
			    ERR_MALFORMED, NULL, "no place of an index");
		h->status_at = i == 0 ? at : h->status_at;
	}
	r->status_data = h->status;
	r->nstatus_data = n;
	return NULL;
}

/* The data, or a hash of it. */
static struct err *
unpack_data(struct unpack *u, struct external *out)
{
	uint64_t alg;
	if (!unpack_is(u, TAG_HASH_ALG))
		return unpack_bytes(u, TAG_DATA, &out->data);
	TRY(unpack_u64(u, TAG_HASH_ALG, &alg));
	TRY(unpack_bytes(u, TAG_HASH, &out->digest));
	if (alg == DIGEST_NONE || alg >= DIGEST_COUNT ||
	    out->digest.len != digest_len((enum digest_alg)alg))
		return err_new(ERR_MALFORMED, NULL, "no such hash");
	out->alg = (enum digest_alg)alg;
	return NULL;
}

static struct err *
unpack_external(
    struct unpack *u, struct verify_request *r, struct verify_hold *h)
{
	size_t n = 0;
	TRY(unpack_count(u, TAG_EXTERNAL, EXTERNAL_MAX, &n));
	TRY(new_array(n, sizeof(h->external[0]), &h->external));
	TRY(new_array(n, sizeof(h->uris[0]), &h->uris));
	for (size_t i = 0; i < n; i++) {
		h->nexternal = i + 1;
		if (unpack_is(u, TAG_URI))
			TRY(unpack_str(u, TAG_URI, &h->uris[i]));
		h->external[i].uri = h->uris[i];
		TRY(unpack_data(u, &h->external[i]));
	}
	r->external = h->external;
	r->nexternal = n;
	return NULL;
}

static struct err *
unpack_keys(struct unpack *u, struct verify_request *r, struct verify_hold *h)
{
	size_t n = 0;
	TRY(unpack_count(u, TAG_KEYS, KEYS_MAX, &n));
	TRY(new_array(n, sizeof(h->keys[0]), &h->keys));
	for (size_t i = 0; i < n; i++)
		TRY(unpack_bytes(u, TAG_KEY, &h->keys[i]));
	r->keys = h->keys;
	r->nkeys = n;
	return NULL;
}

/* What is left out of a request that asks nobody. */
static struct err *
unpack_online(struct unpack *u, struct verify_request *r, struct verify_hold *h)
{
	uint64_t ask = 0, evidence = 0;
	if (unpack_is(u, TAG_ASK))
		TRY(unpack_u64(u, TAG_ASK, &ask));
	if (unpack_is(u, TAG_WITH_EVIDENCE))
		TRY(unpack_u64(u, TAG_WITH_EVIDENCE, &evidence));
	r->ask = ask != 0;
	r->evidence = evidence != 0;
	if (u->rest.len == 0)
		return NULL;
	TRY(sources_unpack(u, &h->sources, &h->nsources));
	r->sources = h->sources;
	r->nsources = h->nsources;
	return unpack_end(u);
}

static struct err *
unpack_place(struct unpack *u, struct verify_request *r, struct verify_hold *h)
{
	uint64_t report, cut = 0;
	if (unpack_is(u, TAG_OUT_OF_PDF))
		TRY(unpack_u64(u, TAG_OUT_OF_PDF, &cut));
	r->out_of_pdf = cut != 0;
	if (unpack_is(u, TAG_NAME))
		TRY(unpack_str(u, TAG_NAME, &h->name));
	r->name = h->name;
	if (!unpack_is(u, TAG_PLACE_ID))
		return NULL;
	TRY(unpack_str(u, TAG_PLACE_ID, &h->id));
	TRY(unpack_str(u, TAG_PLACE_PAGE, &h->page));
	TRY(unpack_i64(u, TAG_PLACE_UNTIL, &h->place.until));
	TRY(unpack_u64(u, TAG_PLACE_REPORT, &report));
	h->place.report = report != 0;
	h->place.id = h->id;
	h->place.page = h->page;
	r->place = &h->place;
	return NULL;
}

static struct err *
unpack_all(struct unpack *u, struct verify_request *r, struct verify_hold *h)
{
	if (unpack_is(u, TAG_FORMAT))
		TRY(unpack_str(u, TAG_FORMAT, &h->format));
	TRY(unpack_str(u, TAG_POLICY, &h->policy));
	TRY(unpack_bytes(u, TAG_POLICY_TEXT, &r->policy_text));
	r->format = h->format;
	r->policy = h->policy;
	TRY(unpack_i64(u, TAG_TIME, &r->time));
	TRY(unpack_i64(u, TAG_NOW, &r->now));
	TRY(unpack_domains(u, r, h));
	TRY(unpack_status(u, r, h));
	TRY(unpack_external(u, r, h));
	TRY(unpack_keys(u, r, h));
	TRY(unpack_certs(u, &h->extra));
	r->extra = &h->extra;
	uint64_t reports, dotnet = 0;
	TRY(unpack_bytes(u, TAG_SHARED_KEY, &r->shared_key));
	TRY(unpack_bytes(u, TAG_PASSWORD, &r->password));
	TRY(unpack_u64(u, TAG_REPORTS, &reports));
	r->reports = (unsigned)reports;
	if (unpack_is(u, TAG_DOTNET))
		TRY(unpack_u64(u, TAG_DOTNET, &dotnet));
	r->dotnet_enveloped = dotnet != 0;
	TRY(unpack_place(u, r, h));
	return unpack_online(u, r, h);
}

DEFINE_FREEP(verify_hold_free, struct verify_hold)

struct err *
verify_request_unpack(
    struct bytes packed, struct verify_request *out, struct verify_hold **hold)
{
	CLEANUP(verify_hold_freep)
	struct verify_hold *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return err_new(ERR_NOMEM, NULL, "struct verify_hold");
	struct unpack u = unpack_of(packed);
	struct verify_request r = { 0 };
	TRY(unpack_all(&u, &r, h));
	*out = r;
	*hold = TAKE(h);
	return NULL;
}

static struct err *
attach(size_t place, const struct bytes *indexes, size_t n, struct bytes *out)
{
	if (place > n)
		return err_new(ERR_MALFORMED, NULL, "an index did not come");
	if (place > 0)
		*out = indexes[place - 1];
	return NULL;
}

struct err *
verify_request_attach(
    struct verify_hold *h, const struct bytes *indexes, size_t n)
{
	if (h->status_at > 0)
		TRY(attach(h->status_at, indexes, n, &h->status[0].der));
	for (size_t i = 0; i < h->nsources; i++)
		TRY(attach(
		    h->sources[i].place, indexes, n, &h->sources[i].body));
	return NULL;
}

void
verify_hold_free(struct verify_hold *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->ndomains; i++) {
		cert_list_done(&h->domains[i].anchors);
		free(h->domains[i].uses);
		free(h->domain_names[i]);
	}
	for (size_t i = 0; i < h->nexternal; i++)
		free(h->uris[i]);
	free(h->domains);
	free(h->domain_names);
	free(h->status);
	free(h->external);
	free(h->uris);
	free(h->keys);
	cert_list_done(&h->extra);
	sources_free(h->sources, h->nsources);
	free(h->format);
	free(h->policy);
	free(h->name);
	free(h->id);
	free(h->page);
	free(h);
}
