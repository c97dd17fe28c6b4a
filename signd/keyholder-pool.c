/* Pairs of keys that are made while nobody asks, for kinds that take long. */
#include "signd/keyholder.h"

#include "signd/ipc-io.h"

#define IDLE_MS 1000 /* without a request; then there may be time */

void
pool_pair_done(struct pool_pair *p)
{
	wipe(p->wrapped.ptr, p->wrapped.cap);
	buf_done(&p->kek_id);
	buf_done(&p->wrapped);
	buf_done(&p->spki);
	*p = (struct pool_pair){ 0 };
}

void
keyholder_pool_done(struct keyholder *k)
{
	while (k->npool > 0)
		pool_pair_done(&k->pool[--k->npool]);
}

static struct err *
make(struct keyholder *k, const struct generation *g, enum key_kind kind,
    struct pool_pair *out)
{
	CLEANUP(pool_pair_done)
	struct pool_pair p = { .kind = kind,
		.generation = g->n,
		.kek_id = BUF(SEAL_KEK_ID_MAX),
		.wrapped = BUF(WRAPPED_MAX),
		.spki = BUF(1024) };
	const struct p11_kek kek = { .handle = g->kek,
		.mechanism = k->session.vendor->wrap };
	k->operations++;
	TRY(buf_append(&p.kek_id, buf_bytes(&g->kek_id)));
	TRY(p11_wrapped_make(&k->session, &kek, kind, &p.wrapped, &p.spki));
	*out = p;
	p = (struct pool_pair){ 0 };
	return NULL;
}

struct err *
keyholder_pair(struct keyholder *k, const struct generation *g,
    enum key_kind kind, struct pool_pair *out)
{
	while (k->npool > 0) {
		*out = k->pool[--k->npool];
		k->pool[k->npool] = (struct pool_pair){ 0 };
		if (out->kind == kind && out->generation == g->n)
			return NULL;
		if (out->kind != kind) { /* of use to another */
			k->pool[k->npool++] = *out;
			*out = (struct pool_pair){ 0 };
			break;
		}
		pool_pair_done(out); /* the keys were rotated since */
	}
	return make(k, g, kind, out);
}

struct err *
keyholder_pool_fill(struct keyholder *k)
{
	enum key_kind kind;
	struct generation *g = NULL;
	if (!key_kind_by_name(k->settings->key_kind, &kind) ||
	    !key_kind_slow(kind) ||
	    (int64_t)k->npool >= k->settings->pool_pairs ||
	    ipc_now_ms() - k->asked < IDLE_MS)
		return NULL;
	TRY(keyholder_current(k, &g));
	/* The ledger was asked: a request may have come, which goes first. */
	if (ipc_now_ms() - k->asked < IDLE_MS)
		return NULL;
	TRY(make(k, g, kind, &k->pool[k->npool]));
	k->npool++;
	return NULL;
}
