/*
 * Requests with a nonce each want a signature of their own.  They are
 * collected here: a few threads take what waits, ask the ledger and the token
 * for all of it in one call, and wake the connections.  So the token is kept
 * busy, and not the processes around it.
 */
#include "signd/front-ocsp.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pack.h"
#include "signd/budget.h"
#include "signd/ipc-io.h"
#include "signd/proto.h"
#include "store/ledger.h"

#define THREADS_MAX 16
#define THREADS_PER_KEYHOLDER                                                  \
	3               /* as it has: one is signed for, two are on their way */
#define UNKNOWN_COSTS 9 /* more than others: only strangers ask for these */

struct ocsp_batch {
	struct front *front;
	pthread_mutex_t lock; /* held for a few instructions */
	pthread_cond_t some;
	struct request **ring;
	size_t max, first, n;
	bool ending;
	pthread_t threads[THREADS_MAX];
	size_t nthreads;
};

/* ---- one call for many ---- */

static struct err *
read_made(struct unpack *u, struct ocsp_made *out)
{
	TRY(unpack_bytes(u, 3, &out->der));
	TRY(unpack_u64(u, 4, &out->said.state));
	TRY(unpack_i64(u, 5, &out->said.since));
	return unpack_u64(u, 6, &out->said.reason);
}

struct err *
ocsp_make_many(const struct front *f, const struct ocsp_wish *wishes, size_t n,
    struct ipc_message *m, struct ocsp_made *out)
{
	CLEANUP(buf_done) struct buf body = BUF(65536);
	int64_t until = 0, changes = 0;
	for (size_t i = 0; i < n; i++) {
		TRY(pack_bytes(&body, 1, wishes[i].nonce));
		TRY(pack_str(
		    &body, 2, digest_oid(ocsp_key_alg(&wishes[i].key))));
		TRY(pack_bytes(&body, 3, ocsp_key_serial(&wishes[i].key)));
	}
	TRY(ask_keyholder(f, KEY_OCSP_MANY, buf_bytes(&body), m));
	struct unpack u = unpack_of(buf_bytes(&m->body));
	TRY(unpack_i64(&u, 1, &until));
	TRY(unpack_i64(&u, 2, &changes));
	for (size_t i = 0; i < n; i++) {
		TRY(read_made(&u, &out[i]));
		out[i].until = until;
		out[i].made = until - f->s->ocsp_seconds;
		out[i].changes = changes;
	}
	return unpack_end(&u);
}

/* ---- what a thread does ---- */

struct work {
	struct request *r[OCSP_BATCH_MAX];
	struct ocsp_wish wish[OCSP_BATCH_MAX];
	struct ocsp_made made[OCSP_BATCH_MAX];
	size_t n;
};

static void
answer_one(struct front *f, struct request *r, const struct ocsp_wish *w,
    const struct ocsp_made *made)
{
	struct reply *out = &r->reply;
	out->status = 200;
	out->type = OCSP_TYPE;
	out->body = BUF(REPORT_BODY_MAX);
	struct err *e = buf_append(&out->body, made->der);
	if (e != NULL)
		reply_problem(out, r->id, e, -1);
	if (made->said.state == LEDGER_UNKNOWN)
		budget_charge(f->budget, &r->address, UNKNOWN_COSTS);
	if (w->nonce.len == 0) {
		ocsp_cache_keep(f->ocsp, &w->key, made);
		if (strcmp(r->method, "GET") == 0) {
			out->made = made->made;
			out->until = made->until;
		}
	}
}

static void
resume(struct request *r)
{
	r->state = REQUEST_DONE;
	MHD_resume_connection(r->connection);
}

static void
work_off(struct front *f, struct work *w)
{
	struct ipc_message m = { 0 };
	struct err *e = ocsp_make_many(f, w->wish, w->n, &m, w->made);
	for (size_t i = 0; i < w->n && e == NULL; i++)
		answer_one(f, w->r[i], &w->wish[i], &w->made[i]);
	for (size_t i = 0; i < w->n && e != NULL; i++)
		ocsp_not_made(f, e, &w->r[i]->reply);
	log_error(f->log, LOG_WARNING, "ocsp-not-made", e);
	ipc_message_done(&m);
	for (size_t i = 0; i < w->n; i++)
		resume(w->r[i]);
}

static void
read_wish(struct work *w, struct request *r)
{
	struct ocsp_request q;
	/* It was read before, with the same bytes. */
	err_free(ocsp_request_parse(buf_bytes(&r->json), &q));
	w->r[w->n] = r;
	w->wish[w->n++] =
	    (struct ocsp_wish){ .key = ocsp_key_of(&q), .nonce = q.nonce };
}

/* As much as is this thread's share: the others get some, too. */
static bool
take_share(struct ocsp_batch *b, struct work *w)
{
	w->n = 0;
	pthread_mutex_lock(&b->lock);
	while (b->n == 0 && !b->ending)
		pthread_cond_wait(&b->some, &b->lock);
	size_t share = (b->n + b->nthreads - 1) / b->nthreads;
	while (b->n > 0 && w->n < share && w->n < OCSP_BATCH_MAX) {
		read_wish(w, b->ring[b->first]);
		b->first = (b->first + 1) % b->max;
		b->n--;
	}
	pthread_mutex_unlock(&b->lock);
	return w->n > 0;
}

static void *
thread_main(void *ctx)
{
	struct ocsp_batch *b = ctx;
	struct work w;
	while (take_share(b, &w))
		work_off(b->front, &w);
	return NULL;
}

bool
ocsp_batch_take(struct request *r, struct bytes der)
{
	struct ocsp_batch *b = r->front->ocsp_batch;
	struct err *e = NULL;
	/* A GET has it in its path; then it is as with POST. */
	if (r->json.len == 0) {
		r->json = BUF(OCSP_REQUEST_MAX);
		e = buf_append(&r->json, der);
	}
	pthread_mutex_lock(&b->lock);
	bool room = e == NULL && !b->ending && b->n < b->max;
	if (room) {
		r->state = REQUEST_QUEUED;
		MHD_suspend_connection(r->connection);
		b->ring[(b->first + b->n) % b->max] = r;
		b->n++;
		pthread_cond_signal(&b->some);
	}
	pthread_mutex_unlock(&b->lock);
	err_free(e);
	return room;
}

/* ---- life ---- */

static struct err *
start_threads(struct ocsp_batch *b)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t keyholders = b->front->s->keyholders;
	if (keyholders == 0)
		keyholders = cores > 0 ? cores : 1;
	size_t n = (size_t)keyholders * THREADS_PER_KEYHOLDER;
	if (n > THREADS_MAX)
		n = THREADS_MAX;
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
ocsp_batch_start(struct front *f, struct ocsp_batch **out)
{
	struct ocsp_batch *b = calloc(1, sizeof(*b));
	if (b == NULL)
		return err_new(ERR_NOMEM, NULL, "ocsp_batch");
	b->front = f;
	b->max = (size_t)f->s->ocsp_waiting_max + 1;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->some, NULL);
	b->ring = calloc(b->max, sizeof(struct request *));
	struct err *e = b->ring == NULL
			    ? err_new(ERR_NOMEM, NULL, "%zu requests", b->max)
			    : start_threads(b);
	if (e != NULL) {
		ocsp_batch_stop(b);
		return e;
	}
	*out = b;
	return NULL;
}

void
ocsp_batch_stop(struct ocsp_batch *b)
{
	if (b == NULL)
		return;
	pthread_mutex_lock(&b->lock);
	b->ending = true;
	pthread_cond_broadcast(&b->some);
	pthread_mutex_unlock(&b->lock);
	for (size_t i = 0; i < b->nthreads; i++)
		pthread_join(b->threads[i], NULL);
	pthread_cond_destroy(&b->some);
	pthread_mutex_destroy(&b->lock);
	free(b->ring);
	free(b);
}
