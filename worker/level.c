/* Jobs on levels and time stamps: what is there, and what a TSA answered. */
#include "worker/job.h"

#include "base/pack.h"
#include "cms/tsp.h"

#include <stdlib.h>

/* ---- tokens ---- */

static struct err *
refused(struct err *e)
{
	return err_coded(
	    err_new(ERR_REMOTE, NULL, "%s", err_text(e)), "timestamp-refused");
}

static struct err *
check_answer(const struct tsq *q, const struct tst *t)
{
	struct timestamp_fact f = { 0 };
	TRY(tst_check(t, q->imprint, NULL, NULL, &f));
	cert_free(f.tsa);
	if (!tsq_answered(q, t) || f.digest != CHECK_PASSED ||
	    f.signature != CHECK_PASSED)
		return err_coded(err_new(ERR_REMOTE, NULL,
				     "a time stamp that was not asked for"),
		    "timestamp-answer");
	return NULL;
}

struct err *
job_token(struct bytes request, struct bytes response, struct buf *token)
{
	struct tsq q;
	struct bytes found;
	CLEANUP(tst_freep) struct tst *t = NULL;
	TRY(tsq_parse(request, &q));
	struct err *e = tsr_token(response, &found);
	if (e != NULL && err_kind(e) == ERR_REMOTE) {
		struct err *coded = refused(e);
		err_free(e);
		return coded;
	}
	TRY(e);
	TRY(tst_parse(found, &t));
	TRY(check_answer(&q, t));
	return buf_append(token, found);
}

/* ---- levels ---- */

static enum level
level_of_fact(enum level_fact l)
{
	switch (l) {
	case FACT_LEVEL_NONE:
		return LEVEL_NONE;
	case FACT_LEVEL_B:
		return LEVEL_B;
	case FACT_LEVEL_T:
		return LEVEL_T;
	case FACT_LEVEL_LT:
		return LEVEL_LT;
	case FACT_LEVEL_LTA:
		return LEVEL_LTA;
	}
	return LEVEL_NONE;
}

static struct err *
fill_levels(const struct facts *f, struct levels *out)
{
	out->v = calloc(f->nsignatures + 1, sizeof(*out->v));
	if (out->v == NULL)
		return err_new(ERR_NOMEM, NULL, "levels");
	for (size_t i = 0; i < f->nsignatures; i++) {
		const struct signature_fact *s = &f->signatures[i];
		if (s->stamp) /* it has no level */
			continue;
		struct level_of *l = &out->v[out->n++];
		l->level = level_of_fact(s->level);
		TRY(fact_string(&l->id, bytes_str(s->id == NULL ? "" : s->id)));
	}
	return NULL;
}

struct err *
job_levels(
    const char *format, const struct extend_request *r, struct levels *out)
{
	const struct format *f;
	TRY(job_format(r->document, format, &f));
	const struct collect_input in = { .document = r->document,
		.external = r->external,
		.nexternal = r->nexternal,
		.password = r->password };
	struct facts facts = { 0 };
	struct levels l = { 0 };
	TRY(f->collect(&in, &facts));
	struct err *e = fill_levels(&facts, &l);
	facts_done(&facts);
	if (e != NULL) {
		levels_done(&l);
		return e;
	}
	*out = l;
	return NULL;
}

void
levels_done(struct levels *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].id);
	free(l->v);
	*l = (struct levels){ 0 };
}

enum { TAG_COUNT = 1, TAG_ID, TAG_LEVEL };

struct err *
levels_pack(const struct levels *l, struct buf *out)
{
	TRY(pack_u64(out, TAG_COUNT, l->n));
	for (size_t i = 0; i < l->n; i++) {
		TRY(pack_str(out, TAG_ID, l->v[i].id));
		TRY(pack_u64(out, TAG_LEVEL, (uint64_t)l->v[i].level));
	}
	return NULL;
}

static struct err *
unpack_levels(struct unpack *u, struct levels *l)
{
	uint64_t n, level;
	TRY(unpack_u64(u, TAG_COUNT, &n));
	if (n > FACTS_SIGNATURES_MAX)
		return err_new(ERR_LIMIT, NULL, "over %d signatures",
		    FACTS_SIGNATURES_MAX);
	l->v = calloc((size_t)n + 1, sizeof(*l->v));
	if (l->v == NULL)
		return err_new(ERR_NOMEM, NULL, "levels");
	for (; l->n < n; l->n++) {
		TRY(unpack_str(u, TAG_ID, &l->v[l->n].id));
		TRY(unpack_u64(u, TAG_LEVEL, &level));
		if (level > LEVEL_LTA)
			return err_new(ERR_MALFORMED, NULL, "no such level");
		l->v[l->n].level = (enum level)level;
	}
	return unpack_end(u);
}

struct err *
levels_unpack(struct bytes packed, struct levels *out)
{
	struct unpack u = unpack_of(packed);
	struct levels l = { 0 };
	struct err *e = unpack_levels(&u, &l);
	if (e != NULL) {
		l.n += l.v != NULL && l.v[l.n].id != NULL;
		levels_done(&l);
		return e;
	}
	*out = l;
	return NULL;
}
