#include "pdf/inside.h"

#include <stdlib.h>

#define CACHE_FIRST 64 /* slots */

static size_t
slot_of(const struct pdf_cache *c, uint64_t at, uint32_t index, uint32_t view)
{
	uint64_t h = at * 0x9E3779B97F4A7C15u;
	h ^= ((uint64_t)index << 32 | view) * 0xC2B2AE3D27D4EB4Fu;
	h ^= h >> 29;
	return (size_t)h & (c->cap - 1);
}

static struct pdf_cached *
find_slot(const struct pdf_cache *c, uint64_t at, uint32_t index, uint32_t view)
{
	size_t i = slot_of(c, at, index, view);
	for (;; i = (i + 1) & (c->cap - 1)) {
		struct pdf_cached *s = &c->v[i];
		if (s->obj == NULL ||
		    (s->at == at && s->index == index && s->view == view))
			return s;
	}
}

const struct pdf_obj *
pdf_cache_find(
    const struct pdf_cache *c, uint64_t at, uint32_t index, uint32_t view)
{
	return c->cap == 0 ? NULL : find_slot(c, at, index, view)->obj;
}

static struct err *
grow(struct pdf_cache *c)
{
	struct pdf_cache more = {
		.n = c->n,
		.cap = c->cap == 0 ? CACHE_FIRST : c->cap * 2,
	};
	more.v = calloc(more.cap, sizeof(*more.v));
	if (more.v == NULL)
		return err_new(ERR_NOMEM, NULL, "object cache");
	for (size_t i = 0; i < c->cap; i++) {
		struct pdf_cached *s = &c->v[i];
		if (s->obj != NULL)
			*find_slot(&more, s->at, s->index, s->view) = *s;
	}
	free(c->v);
	*c = more;
	return NULL;
}

struct err *
pdf_cache_add(struct pdf_cache *c, struct pdf_cached what)
{
	if ((c->n + 1) * 2 > c->cap)
		TRY(grow(c));
	struct pdf_cached *s = find_slot(c, what.at, what.index, what.view);
	c->n += s->obj == NULL;
	*s = what;
	return NULL;
}

void
pdf_cache_done(struct pdf_cache *c)
{
	free(c->v);
	*c = (struct pdf_cache){ 0 };
}
