/*
 * Pairs of keys of a kind that takes long to make (RSA).  They are made in a
 * session of their own, so that whoever signs does not wait for a prime; and
 * beforehand, as long as there is room in the pool.
 */
#include "signd/keyholder.h"

#include <string.h>

#include "signd/ipc-io.h"

#define BUSY_MS 1000  /* somebody asked since: there is other work */
#define REST 3        /* then making has one part of so many and one */
#define WAITING_MAX 3 /* threads that may wait for a pair that is made */
#define WATCH 4       /* a pair may take so many times token-time-max */

void
pool_pair_done(struct pool_pair *p)
{
	wipe(p->wrapped.ptr, p->wrapped.cap);
	buf_done(&p->kek_id);
	buf_done(&p->wrapped);
	buf_done(&p->spki);
	*p = (struct pool_pair){ 0 };
}

/* ---- the session ---- */

/* Where the make allows one session it is the one that signs. */
struct err *
keyholder_pool_init(struct keyholder *k)
{
	struct pair_maker *m = &k->maker;
	if (pthread_mutex_init(&m->lock, NULL) != 0)
		return err_new(ERR_NOMEM, NULL, "a lock");
	m->ready = true;
	if (k->session.vendor->sessions_max != 0)
		return NULL;
	return p11_session_open(&k->token, false, &m->session);
}

void
keyholder_pool_done(struct keyholder *k)
{
	struct pair_maker *m = &k->maker;
	while (k->npool > 0)
		pool_pair_done(&k->pool[--k->npool]);
	tokenwatch_stop(&m->watch);
	p11_session_done(&m->session);
	if (m->ready)
		pthread_mutex_destroy(&m->lock);
	m->ready = false;
}

struct err *
keyholder_pool_watch(struct keyholder *k)
{
	return tokenwatch_start(
	    &k->maker.watch, WATCH * k->settings->token_time_max);
}

/* ---- making ---- */

/* What is to be made: the keys may be rotated while it is. */
struct order {
	enum key_kind kind;
	int64_t generation;
	struct p11_kek kek;
	uint8_t kek_id[SEAL_KEK_ID_MAX];
	size_t kek_id_len;
};

/* With the token. */
static struct err *
order_of(struct keyholder *k, enum key_kind kind, struct order *out)
{
	struct generation *g = NULL;
	TRY(keyholder_current(k, &g));
	*out = (struct order){ .kind = kind,
		.generation = g->n,
		.kek = { .handle = g->kek,
		    .mechanism = k->session.vendor->wrap },
		.kek_id_len = g->kek_id.len };
	if (g->kek_id.len > sizeof(out->kek_id))
		return err_new(
		    ERR_LIMIT, NULL, "a CKA_ID of %zu bytes", g->kek_id.len);
	memcpy(out->kek_id, g->kek_id.ptr, g->kek_id.len);
	return NULL;
}

static struct err *
make_with(struct keyholder *k, const struct p11_session *s,
    const struct order *o, struct pool_pair *out)
{
	CLEANUP(pool_pair_done)
	struct pool_pair p = { .kind = o->kind,
		.generation = o->generation,
		.kek_id = BUF(SEAL_KEK_ID_MAX),
		.wrapped = BUF(WRAPPED_MAX),
		.spki = BUF(1024) };
	k->operations++;
	TRY(buf_append(&p.kek_id, bytes_of(o->kek_id, o->kek_id_len)));
	TRY(p11_wrapped_make(s, &o->kek, o->kind, &p.wrapped, &p.spki));
	*out = p;
	p = (struct pool_pair){ 0 };
	return NULL;
}

static struct err *
make_here(struct keyholder *k, const struct order *o, struct pool_pair *out)
{
	keyholder_lock(k);
	struct err *e = make_with(k, &k->session, o, out);
	keyholder_unlock(k);
	return e;
}

/* While others sign. */
static struct err *
make_aside(struct keyholder *k, const struct order *o, struct pool_pair *out)
{
	struct pair_maker *m = &k->maker;
	if (!m->session.open)
		return make_here(k, o, out);
	tokenwatch_enter(&m->watch);
	struct err *e = make_with(k, &m->session, o, out);
	tokenwatch_leave(&m->watch);
	return e;
}

/* ---- taking ---- */

/* With the token.  A pair that was taken is in the pool no more; one of keys
 * that were rotated since is thrown away. */
static bool
take(struct keyholder *k, const struct order *o, struct pool_pair *out)
{
	for (size_t i = k->npool; i > 0; i--) {
		struct pool_pair p = k->pool[i - 1];
		bool old = p.generation != o->generation;
		if (!old && p.kind != o->kind)
			continue;
		k->pool[i - 1] = k->pool[--k->npool];
		k->pool[k->npool] = (struct pool_pair){ 0 };
		if (!old) {
			*out = p;
			return true;
		}
		pool_pair_done(&p);
	}
	return false;
}

static struct err *
look(struct keyholder *k, enum key_kind kind, struct order *o,
    struct pool_pair *out, bool *found)
{
	keyholder_lock(k);
	struct err *e = order_of(k, kind, o);
	*found = e == NULL && take(k, o, out);
	keyholder_unlock(k);
	return e;
}

/* One after the other; who is behind may find one that was made meanwhile. */
static struct err *
look_or_make(struct keyholder *k, enum key_kind kind, struct pool_pair *out)
{
	struct order o;
	bool found = false;
	pthread_mutex_lock(&k->maker.lock);
	struct err *e = look(k, kind, &o, out, &found);
	if (e == NULL && !found)
		e = make_aside(k, &o, out);
	pthread_mutex_unlock(&k->maker.lock);
	return e;
}

static struct err *
wait_for_one(struct keyholder *k, enum key_kind kind, struct pool_pair *out)
{
	struct pair_maker *m = &k->maker;
	/* The other threads are for those who sign. */
	bool full = m->waiting++ >= WAITING_MAX;
	struct err *e =
	    full ? err_coded(err_new(ERR_REMOTE, NULL,
				 "%d wait for a new key already", WAITING_MAX),
		       "busy")
		 : look_or_make(k, kind, out);
	m->waiting--;
	return e;
}

struct err *
keyholder_pair(struct keyholder *k, enum key_kind kind, struct pool_pair *out)
{
	struct order o;
	bool found = false;
	TRY(look(k, kind, &o, out, &found));
	if (found)
		return NULL;
	return key_kind_slow(kind) ? wait_for_one(k, kind, out)
				   : make_here(k, &o, out);
}

/* ---- filling ---- */

static bool
is_wanted(struct keyholder *k, enum key_kind *kind)
{
	if (!key_kind_by_name(k->settings->key_kind, kind) ||
	    !key_kind_slow(*kind) || k->maker.waiting > 0 ||
	    ipc_now_ms() < k->maker.rests_until)
		return false;
	keyholder_lock(k);
	bool room = (int64_t)k->npool < k->settings->pool_pairs;
	keyholder_unlock(k);
	return room;
}

static struct err *
make_one(struct keyholder *k, enum key_kind kind)
{
	struct order o;
	CLEANUP(pool_pair_done) struct pool_pair made = { 0 };
	keyholder_lock(k);
	struct err *e = order_of(k, kind, &o);
	keyholder_unlock(k);
	TRY(e);
	pthread_mutex_lock(&k->maker.lock);
	e = make_aside(k, &o, &made);
	pthread_mutex_unlock(&k->maker.lock);
	TRY(e);
	keyholder_lock(k);
	if (k->npool < POOL_MAX) {
		k->pool[k->npool++] = made;
		made = (struct pool_pair){ 0 };
	}
	keyholder_unlock(k);
	return NULL;
}

/* A token that is only software makes pairs on the processors that sign. */
struct err *
keyholder_pool_fill(struct keyholder *k)
{
	enum key_kind kind;
	if (!is_wanted(k, &kind))
		return NULL;
	int64_t begin = ipc_now_ms();
	TRY(make_one(k, kind));
	int64_t end = ipc_now_ms();
	if (end - k->asked < BUSY_MS)
		k->maker.rests_until = end + REST * (end - begin);
	return NULL;
}
