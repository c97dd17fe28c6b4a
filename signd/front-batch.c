#include "signd/front-batch.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS_MAX 16
/* While one is signed for, others are on their way: as many as keep the token
 * busy while who was answered comes back.  More than processors can work on
 * only make the calls smaller. */
#define THREADS_PER_KEYHOLDER 4
#define THREADS_PER_CORE 2

struct batch {
	struct front *front;
	batch_work *work;
	pthread_mutex_t lock; /* held for a few instructions */
	pthread_cond_t some;
	struct request **ring;
	size_t max, first, n;
	size_t at_work; /* that threads have taken and not answered */
	bool ending;
	pthread_t threads[THREADS_MAX];
	size_t nthreads;
};

/*
 * As much as is this thread's share of all that want an answer, also of those
 * that others are at: after `done` answers they come back, and one at a time
 * would cost a call each.
 */
static size_t
take_share(struct batch *b, size_t done, struct request *out[BATCH_MAX])
{
	size_t n = 0;
	pthread_mutex_lock(&b->lock);
	b->at_work -= done;
	while (b->n == 0 && !b->ending)
		pthread_cond_wait(&b->some, &b->lock);
	size_t share = (b->n + b->at_work + b->nthreads - 1) / b->nthreads;
	while (b->n > 0 && n < share && n < BATCH_MAX) {
		out[n++] = b->ring[b->first];
		b->first = (b->first + 1) % b->max;
		b->n--;
	}
	b->at_work += n;
	pthread_mutex_unlock(&b->lock);
	return n;
}

static void
resume(struct request *r)
{
	r->state = REQUEST_DONE;
	MHD_resume_connection(r->connection);
}

static void *
thread_main(void *ctx)
{
	struct batch *b = ctx;
	struct request *r[BATCH_MAX];
	size_t n = 0;
	while ((n = take_share(b, n, r)) > 0) {
		b->work(b->front, r, n);
		for (size_t i = 0; i < n; i++)
			resume(r[i]);
	}
	return NULL;
}

bool
batch_take(struct batch *b, struct request *r)
{
	pthread_mutex_lock(&b->lock);
	bool room = !b->ending && b->n < b->max;
	if (room) {
		r->state = REQUEST_QUEUED;
		MHD_suspend_connection(r->connection);
		b->ring[(b->first + b->n) % b->max] = r;
		b->n++;
		pthread_cond_signal(&b->some);
	}
	pthread_mutex_unlock(&b->lock);
	return room;
}

/* ---- life ---- */

static size_t
threads_of(const struct settings *s)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	size_t cores = online > 0 ? (size_t)online : 1;
	size_t keyholders = s->keyholders > 0 ? (size_t)s->keyholders : cores;
	size_t n = keyholders * THREADS_PER_KEYHOLDER;
	size_t most = cores * THREADS_PER_CORE;
	if (most < 2 * keyholders)
		most = 2 * keyholders;
	if (n > most)
		n = most;
	return n > THREADS_MAX ? THREADS_MAX : n;
}

static struct err *
start_threads(struct batch *b)
{
	size_t n = threads_of(b->front->s);
	for (size_t i = 0; i < n; i++) {
		int failed =
		    pthread_create(&b->threads[i], NULL, thread_main, b);
		if (failed != 0)
			return err_errno(failed, "pthread_create");
		pthread_mutex_lock(&b->lock);
		b->nthreads++;
		pthread_mutex_unlock(&b->lock);
	}
	return NULL;
}

struct err *
batch_start(
    struct front *f, size_t waiting, batch_work *work, struct batch **out)
{
	struct batch *b = calloc(1, sizeof(*b));
	if (b == NULL)
		return err_new(ERR_NOMEM, NULL, "a batch");
	b->front = f;
	b->work = work;
	b->max = waiting + 1;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->some, NULL);
	b->ring = calloc(b->max, sizeof(struct request *));
	struct err *e = b->ring == NULL
			    ? err_new(ERR_NOMEM, NULL, "%zu requests", b->max)
			    : start_threads(b);
	if (e != NULL) {
		batch_free(b);
		return e;
	}
	*out = b;
	return NULL;
}

void
batch_end(struct batch *b)
{
	if (b == NULL)
		return;
	pthread_mutex_lock(&b->lock);
	size_t n = b->ending ? 0 : b->nthreads;
	b->ending = true;
	pthread_cond_broadcast(&b->some);
	pthread_mutex_unlock(&b->lock);
	for (size_t i = 0; i < n; i++)
		pthread_join(b->threads[i], NULL);
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	batch_end(b);
	pthread_cond_destroy(&b->some);
	pthread_mutex_destroy(&b->lock);
	free(b->ring);
	free(b);
}
