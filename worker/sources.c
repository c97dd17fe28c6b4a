#include "worker/sources.h"

#include "certs/ocsp.h"

#include <stdlib.h>
#include <string.h>

void
gathered_done(struct gathered *g)
{
	free(g->status);
	free(g->sources);
	cert_list_done(&g->extra);
}

/* What a stranger's server gave; no more than a pool holds. */
static struct err *
add_certs(struct gathered *g, struct source_seen *s)
{
	size_t passed = 0;
	struct err *e = cert_list_read_pool(&g->extra, s->body, &passed);
	if (e == NULL || err_kind(e) == ERR_NOMEM)
		return e;
	if (err_kind(e) != ERR_LIMIT)
		s->code = "source-garbage";
	err_free(e);
	return NULL;
}

static struct err *
add_source(struct gathered *g, struct source_seen *s)
{
	if (s->code != NULL)
		return NULL;
	if (s->kind == WANTED_ISSUER)
		return add_certs(g, s);
	g->status[g->nstatus++] = (struct status_data){ .der = s->body,
		.is_ocsp = s->kind == WANTED_OCSP,
		.is_index = s->indexed };
	return NULL;
}

static struct err *
fill(const struct verify_request *r, struct gathered *g)
{
	g->status =
	    calloc(r->nstatus_data + r->nsources + 1, sizeof(*g->status));
	g->sources = calloc(r->nsources + 1, sizeof(*g->sources));
	if (g->status == NULL || g->sources == NULL)
		return err_new(ERR_NOMEM, NULL, "sources");
	for (size_t i = 0; r->extra != NULL && i < r->extra->n; i++)
		TRY(cert_list_add(&g->extra, r->extra->v[i]));
	for (; g->nstatus < r->nstatus_data; g->nstatus++)
		g->status[g->nstatus] = r->status_data[g->nstatus];
	for (; g->nsources < r->nsources; g->nsources++) {
		g->sources[g->nsources] = r->sources[g->nsources];
		TRY(add_source(g, &g->sources[g->nsources]));
	}
	return NULL;
}

struct err *
gather(const struct verify_request *r, struct gathered *out)
{
	struct gathered g = { 0 };
	struct err *e = fill(r, &g);
	if (e != NULL) {
		gathered_done(&g);
		return e;
	}
	*out = g;
	return NULL;
}

static struct err *
read_one(const struct source_seen *s)
{
	if (s->kind == WANTED_OCSP) {
		CLEANUP(ocsp_freep) struct ocsp_answer *a = NULL;
		return ocsp_parse(s->body, &a);
	}
	CLEANUP(crl_freep) struct crl *c = NULL;
	return s->indexed ? crl_open(s->body, &c) : crl_parse(s->body, &c);
}

struct err *
gather_blame(struct gathered *g)
{
	for (size_t i = 0; i < g->nsources; i++) {
		struct source_seen *s = &g->sources[i];
		if (s->code != NULL || s->kind == WANTED_ISSUER)
			continue;
		struct err *e = read_one(s);
		if (e == NULL)
			continue;
		if (err_kind(e) == ERR_NOMEM)
			return e;
		/* A responder may say that it will not: RFC 6960 4.2.1. */
		s->code = err_kind(e) == ERR_UNSUPPORTED ? "source-refused"
							 : "source-garbage";
		err_free(e);
	}
	return NULL;
}
