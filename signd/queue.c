#include "signd/queue.h"

#include <pthread.h>
#include <stdlib.h>

#define STACK_SIZE (512 * 1024) /* bytes; the default of 8 MB is for others */

struct queue {
	pthread_mutex_t lock; /* held for a few instructions */
	pthread_cond_t some;
	void **ring;
	size_t max;
	size_t first;
	size_t n;
	bool ending;
	void (*work)(void *item);
	pthread_t *threads;
	size_t nthreads;
};

static void *
pop(struct queue *q)
{
	void *item = NULL;
	pthread_mutex_lock(&q->lock);
	while (q->n == 0 && !q->ending)
		pthread_cond_wait(&q->some, &q->lock);
	if (q->n > 0) {
		item = q->ring[q->first];
		q->first = (q->first + 1) % q->max;
		q->n--;
	}
	pthread_mutex_unlock(&q->lock);
	return item;
}

static void *
thread_main(void *arg)
{
	struct queue *q = arg;
	void *item;
	while ((item = pop(q)) != NULL)
		q->work(item);
	return NULL;
}

static struct err *
start_threads(struct queue *q, size_t count)
{
	pthread_attr_t attr;
	if (pthread_attr_init(&attr) != 0)
		return err_new(ERR_NOMEM, NULL, "threads");
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	int failed = 0;
	while (q->nthreads < count && failed == 0) {
		failed = pthread_create(
		    &q->threads[q->nthreads], &attr, thread_main, q);
		q->nthreads += failed == 0;
	}
	pthread_attr_destroy(&attr);
	return failed == 0 ? NULL : err_errno(failed, "pthread_create");
}

struct err *
queue_new(
    size_t max, size_t threads, void (*work)(void *item), struct queue **out)
{
	struct queue *q = calloc(1, sizeof(*q));
	if (q == NULL)
		return err_new(ERR_NOMEM, NULL, "queue");
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->some, NULL);
	q->max = max;
	q->work = work;
	q->ring = calloc(max, sizeof(*q->ring));
	q->threads = calloc(threads, sizeof(*q->threads));
	struct err *e = q->ring == NULL || q->threads == NULL
			    ? err_new(ERR_NOMEM, NULL, "queue")
			    : start_threads(q, threads);
	if (e != NULL) {
		queue_free(q);
		return e;
	}
	*out = q;
	return NULL;
}

bool
queue_push(struct queue *q, void *item)
{
	pthread_mutex_lock(&q->lock);
	bool room = !q->ending && q->n < q->max;
	if (room) {
		q->ring[(q->first + q->n) % q->max] = item;
		q->n++;
		pthread_cond_signal(&q->some);
	}
	pthread_mutex_unlock(&q->lock);
	return room;
}

void
queue_end(struct queue *q)
{
	if (q == NULL)
		return;
	pthread_mutex_lock(&q->lock);
	q->ending = true;
	pthread_cond_broadcast(&q->some);
	pthread_mutex_unlock(&q->lock);
	while (q->nthreads > 0)
		pthread_join(q->threads[--q->nthreads], NULL);
}

void
queue_free(struct queue *q)
{
	if (q == NULL)
		return;
	queue_end(q);
	pthread_cond_destroy(&q->some);
	pthread_mutex_destroy(&q->lock);
	free(q->ring);
	free(q->threads);
	free(q);
}
