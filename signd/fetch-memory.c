#include "signd/fetch-memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "certs/alg.h"
#include "signd/ipc-io.h"
#include "signd/wait.h"

struct failure {
	uint8_t name[DIGEST_MAX]; /* its hash */
	const char *code;         /* NULL: no failure */
	bool slow;
	int64_t given_ms, ms;
	int64_t until_ms;
};

struct behind {
	struct wanted w;
	void (*fetch)(void *ctx, const struct wanted *w);
	void *ctx;
};

struct busy {
	uint8_t key[WANTED_KEY];
	bool taken;
};

struct fetch_memory {
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t changed;
	size_t at_once, at_work, waiting;
	int64_t retry_ms;
	struct failure failures[FETCH_FAILURES_MAX];
	struct busy *busy; /* at_once * WANTED_MAX */
	struct behind queue[FETCH_BEHIND_MAX];
	size_t nqueue;
	pthread_t thread;
	bool stop;
};

static void
unlockp(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

#define LOCKED(m)                                                              \
	CLEANUP(unlockp) pthread_mutex_t *locked_ = &(m)->lock;                \
	pthread_mutex_lock(locked_)

/* ---- behind ---- */

static void
behind_done(struct behind *b)
{
	free(b->w.url);
	buf_done(&b->w.request);
	*b = (struct behind){ .ctx = NULL };
}

/* False: it is the end. */
static bool
take_next(struct fetch_memory *m, struct behind *out)
{
	LOCKED(m);
	while (m->nqueue == 0 && !m->stop)
		pthread_cond_wait(&m->changed, &m->lock);
	if (m->stop)
		return false;
	*out = m->queue[0];
	memmove(m->queue, m->queue + 1, --m->nqueue * sizeof(m->queue[0]));
	return true;
}

static void *
run_behind(void *ctx)
{
	struct fetch_memory *m = ctx;
	struct behind b;
	while (take_next(m, &b)) {
		b.fetch(b.ctx, &b.w);
		behind_done(&b);
	}
	return NULL;
}

static bool
is_same(const struct wanted *a, const struct wanted *b)
{
	return a->kind == b->kind && strcmp(a->url, b->url) == 0 &&
	       bytes_eq(buf_bytes(&a->request), buf_bytes(&b->request));
}

void
fetch_behind(struct fetch_memory *m, const struct wanted *w,
    void (*fetch)(void *ctx, const struct wanted *w), void *ctx)
{
	LOCKED(m);
	for (size_t i = 0; i < m->nqueue; i++)
		if (is_same(&m->queue[i].w, w))
			return;
	if (m->nqueue == FETCH_BEHIND_MAX)
		return;
	struct behind *b = &m->queue[m->nqueue];
	*b = (struct behind){ .fetch = fetch, .ctx = ctx };
	b->w.kind = w->kind;
	b->w.request = BUF(WANTED_REQUEST_MAX);
	b->w.url = strdup(w->url);
	struct err *e = buf_append(&b->w.request, buf_bytes(&w->request));
	if (e == NULL && b->w.url != NULL) {
		m->nqueue++;
		pthread_cond_broadcast(&m->changed);
	} else {
		behind_done(b);
	}
	err_free(e);
}

/* ---- start and end ---- */

size_t
fetch_at_once(size_t fetchers, bool lists)
{
	size_t others = lists ? 2 : 1;
	return fetchers > others ? fetchers - others : 1;
}

struct err *
fetch_memory_new(size_t at_once, int64_t retry_ms, struct fetch_memory **out)
{
	struct fetch_memory *m = calloc(1, sizeof(*m));
	if (m == NULL)
		return err_new(ERR_NOMEM, NULL, "struct fetch_memory");
	m->at_once = at_once;
	m->retry_ms = retry_ms;
	m->busy = calloc(at_once * WANTED_MAX, sizeof(m->busy[0]));
	if (m->busy == NULL) {
		free(m);
		return err_new(ERR_NOMEM, NULL, "struct fetch_memory");
	}
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->changed, NULL);
	int bad = pthread_create(&m->thread, NULL, run_behind, m);
	if (bad != 0) {
		pthread_cond_destroy(&m->changed);
		pthread_mutex_destroy(&m->lock);
		free(m->busy);
		free(m);
		return err_errno(bad, "pthread_create");
	}
	*out = m;
	return NULL;
}

void
fetch_memory_free(struct fetch_memory *m)
{
	if (m == NULL)
		return;
	pthread_mutex_lock(&m->lock);
	m->stop = true;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	pthread_join(m->thread, NULL);
	for (size_t i = 0; i < m->nqueue; i++)
		behind_done(&m->queue[i]);
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->lock);
	free(m->busy);
	free(m);
}

/* ---- who did not answer ---- */

static bool
hash_name(struct bytes name, uint8_t out[DIGEST_MAX])
{
	struct err *e = digest_of(DIGEST_SHA256, name, out);
	bool ok = e == NULL;
	err_free(e);
	return ok;
}

static struct failure *
find_failure(struct fetch_memory *m, const uint8_t *hash)
{
	for (size_t i = 0; i < FETCH_FAILURES_MAX; i++)
		if (m->failures[i].code != NULL &&
		    memcmp(m->failures[i].name, hash, 32) == 0)
			return &m->failures[i];
	return NULL;
}

static struct failure *
oldest_failure(struct fetch_memory *m)
{
	struct failure *best = &m->failures[0];
	for (size_t i = 0; i < FETCH_FAILURES_MAX; i++) {
		if (m->failures[i].code == NULL)
			return &m->failures[i];
		if (m->failures[i].until_ms < best->until_ms)
			best = &m->failures[i];
	}
	return best;
}

/* Clocks are no more exact than that, and an eighth more time would hardly
 * have helped. */
static bool
has_more_time(const struct failure *f, int64_t left_ms)
{
	return left_ms > f->given_ms + f->given_ms / 8;
}

const char *
fetch_failed_before(struct fetch_memory *m, struct bytes name, int64_t left_ms,
    bool *slow, int64_t *ms)
{
	uint8_t hash[DIGEST_MAX];
	if (!hash_name(name, hash))
		return NULL;
	LOCKED(m);
	const struct failure *f = find_failure(m, hash);
	if (f == NULL || f->until_ms <= ipc_now_ms() ||
	    (f->slow && has_more_time(f, left_ms)))
		return NULL;
	*slow = f->slow;
	*ms = f->ms;
	return f->code;
}

void
fetch_remember(struct fetch_memory *m, struct bytes name, const char *code,
    bool slow, int64_t given_ms, int64_t ms)
{
	uint8_t hash[DIGEST_MAX];
	if (!hash_name(name, hash))
		return;
	LOCKED(m);
	struct failure *f = find_failure(m, hash);
	if (f == NULL && code == NULL)
		return;
	if (f == NULL)
		f = oldest_failure(m);
	*f = (struct failure){ .code = code,
		.slow = slow,
		.given_ms = given_ms,
		.ms = ms,
		.until_ms = ipc_now_ms() + m->retry_ms };
	memcpy(f->name, hash, 32);
}

/* ---- at the net ---- */

static bool
is_busy(const struct fetch_memory *m, const struct wanted *w, size_t n)
{
	uint8_t key[WANTED_KEY];
	for (size_t i = 0; i < n; i++) {
		struct err *e = wanted_key(&w[i], key);
		err_free(e);
		for (size_t k = 0; e == NULL && k < m->at_once * WANTED_MAX;
		     k++)
			if (m->busy[k].taken &&
			    memcmp(m->busy[k].key, key, WANTED_KEY) == 0)
				return true;
	}
	return false;
}

static void
mark(struct fetch_memory *m, const struct wanted *w, size_t n)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		while (k < m->at_once * WANTED_MAX && m->busy[k].taken)
			k++;
		if (k == m->at_once * WANTED_MAX)
			return;
		struct err *e = wanted_key(&w[i], m->busy[k].key);
		m->busy[k].taken = e == NULL;
		err_free(e);
	}
}

bool
fetch_enter(struct fetch_memory *m, const struct wanted *w, size_t n,
    int64_t *left_ms, bool *waited)
{
	int64_t end = ipc_now_ms() + *left_ms;
	*waited = false;
	LOCKED(m);
	while (m->at_work == m->at_once || is_busy(m, w, n)) {
		if (m->waiting == m->at_once && !*waited)
			return false;
		m->waiting++;
		*waited = true;
		bool in_time = wait_until(&m->changed, &m->lock, end);
		m->waiting--;
		if (!in_time && ipc_now_ms() >= end)
			return false;
	}
	m->at_work++;
	mark(m, w, n);
	int64_t now = ipc_now_ms();
	*left_ms = now < end ? end - now : 0;
	return true;
}

void
fetch_leave(struct fetch_memory *m, const struct wanted *w, size_t n)
{
	uint8_t key[WANTED_KEY];
	LOCKED(m);
	m->at_work--;
	for (size_t i = 0; i < n; i++) {
		struct err *e = wanted_key(&w[i], key);
		err_free(e);
		for (size_t k = 0; e == NULL && k < m->at_once * WANTED_MAX;
		     k++)
			if (m->busy[k].taken &&
			    memcmp(m->busy[k].key, key, WANTED_KEY) == 0)
				m->busy[k].taken = false;
	}
	pthread_cond_broadcast(&m->changed);
}
