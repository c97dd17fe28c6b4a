#include "signd/lanes.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#define TICK_MS 1000 /* idle() and stopping() are asked this often */
/* May want the token before the door is closed: one uses it, and the others'
 * work is at hand when it is done. */
#define NEXT 3

struct err *
lanes_init(struct lanes *l)
{
	*l = (struct lanes){ 0 };
	if (pthread_mutex_init(&l->door, NULL) != 0 ||
	    pthread_mutex_init(&l->use, NULL) != 0 ||
	    pthread_mutex_init(&l->lock, NULL) != 0 ||
	    pthread_cond_init(&l->calm, NULL) != 0)
		return err_new(ERR_NOMEM, NULL, "a lock");
	return NULL;
}

void
lanes_done(struct lanes *l)
{
	pthread_mutex_destroy(&l->door);
	pthread_mutex_destroy(&l->use);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->calm);
}

/* How often this thread has entered; and whether it has a request that will
 * want the token, so that it is counted already. */
static _Thread_local unsigned depth;
static _Thread_local bool counted;

static void
want(struct lanes *l)
{
	if (counted)
		return;
	pthread_mutex_lock(&l->lock);
	l->wanted++;
	pthread_mutex_unlock(&l->lock);
	counted = true;
}

static void
want_no_more(struct lanes *l)
{
	if (!counted)
		return;
	pthread_mutex_lock(&l->lock);
	if (l->wanted-- == NEXT)
		pthread_cond_signal(&l->calm);
	pthread_mutex_unlock(&l->lock);
	counted = false;
}

unsigned
lanes_depth(void)
{
	return depth;
}

void
lanes_enter(struct lanes *l)
{
	if (depth++ > 0)
		return;
	want(l);
	pthread_mutex_lock(&l->use);
}

void
lanes_leave(struct lanes *l)
{
	if (--depth > 0)
		return;
	pthread_mutex_unlock(&l->use);
	want_no_more(l);
}

unsigned
lanes_pause(struct lanes *l)
{
	unsigned was = depth;
	depth = was > 0 ? 1 : 0;
	if (was > 0)
		lanes_leave(l);
	else
		want_no_more(l);
	return was;
}

void
lanes_resume(struct lanes *l, unsigned was)
{
	if (was == 0)
		return;
	lanes_enter(l);
	depth = was;
}

/* ---- work for several ---- */

#define LED_MAX 16 /* pieces by one thread: its own client waits meanwhile */

static struct lanes_work *
take_first(struct lanes *l)
{
	struct lanes_work *w = l->first;
	if (w == NULL)
		return NULL;
	l->first = w->next;
	if (l->first == NULL)
		l->last = NULL;
	return w;
}

static void
append(struct lanes *l, struct lanes_work *w)
{
	if (l->last == NULL)
		l->first = w;
	else
		l->last->next = w;
	l->last = w;
}

/* Its thread may go on; it wants the token no more. */
static void
finish(struct lanes *l, struct lanes_work *w)
{
	w->done = true;
	if (l->wanted-- == NEXT)
		pthread_cond_signal(&l->calm);
	pthread_cond_signal(&w->turn);
}

/* Does its own, which is the first, and what came meanwhile. */
static void
lead(struct lanes *l)
{
	struct lanes_work *w;
	pthread_mutex_lock(&l->lock);
	for (int i = 0; i < LED_MAX && (w = take_first(l)) != NULL; i++) {
		pthread_mutex_unlock(&l->lock);
		w->run(w->ctx);
		pthread_mutex_lock(&l->lock);
		finish(l, w);
	}
	l->led = l->first != NULL;
	if (l->led) {
		l->first->leads = true;
		pthread_cond_signal(&l->first->turn);
	}
	pthread_mutex_unlock(&l->lock);
}

/* Whether this thread is to lead; else another one did it. */
static bool
wait_for_turn(struct lanes *l, struct lanes_work *w)
{
	pthread_mutex_lock(&l->lock);
	append(l, w);
	w->leads = !l->led;
	l->led = true;
	while (!w->done && !w->leads)
		pthread_cond_wait(&w->turn, &l->lock);
	bool leads = !w->done;
	pthread_mutex_unlock(&l->lock);
	return leads;
}

void
lanes_do(struct lanes *l, void (*run)(void *ctx), void *ctx)
{
	struct lanes_work w = { .run = run,
		.ctx = ctx,
		.turn = PTHREAD_COND_INITIALIZER };
	want(l);
	if (wait_for_turn(l, &w)) {
		pthread_mutex_lock(&l->use);
		depth++;
		lead(l);
		depth--;
		pthread_mutex_unlock(&l->use);
	}
	counted = false;
	pthread_cond_destroy(&w.turn);
}

/* Until few want the token, or a tick is over. */
static void
wait_for_calm(struct lanes *l)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += TICK_MS / 1000;
	int rc = 0;
	pthread_mutex_lock(&l->lock);
	while (l->wanted >= NEXT && rc == 0)
		rc = pthread_cond_clockwait(
		    &l->calm, &l->lock, CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&l->lock);
}

/* Somebody stands outside, though another process may be faster; or a tick is
 * over. */
static struct err *
wait_outside(const struct lanes_service *s)
{
	struct pollfd p = { .fd = s->listen_fd, .events = POLLIN };
	int n = poll(&p, 1, TICK_MS);
	if (n < 0 && errno != EINTR)
		return err_errno(errno, "poll");
	if (n == 0 && s->service->idle != NULL)
		return s->service->idle(s->service->ctx);
	return NULL;
}

/* At the door, until a request is there or it is time to stop (*out NULL). */
static struct err *
next_request(
    struct lanes *l, const struct lanes_service *s, struct ipc_visit **out)
{
	*out = NULL;
	while (*out == NULL && !s->service->stopping(s->service->ctx)) {
		wait_for_calm(l);
		TRY(ipc_visit_take(s->listen_fd, s->service, out));
		if (*out == NULL)
			TRY(wait_outside(s));
	}
	return NULL;
}

static struct err *
serve_one(struct lanes *l, const struct lanes_service *s, bool *more)
{
	struct ipc_visit *v = NULL;
	pthread_mutex_lock(&l->door);
	struct err *e = next_request(l, s, &v);
	if (v != NULL)
		want(l);
	pthread_mutex_unlock(&l->door);
	*more = v != NULL;
	if (v == NULL)
		return e;
	ipc_visit_handle(v);
	want_no_more(l);
	ipc_visit_end(v);
	return NULL;
}

/* A lane that cannot go on takes the others along: the process is replaced,
 * and none of them waits for ever to be joined. */
static struct err *
serve(struct lanes *l, const struct lanes_service *s)
{
	bool more = true;
	struct err *e = NULL;
	while (e == NULL && more)
		e = serve_one(l, s, &more);
	if (e != NULL)
		s->failed(s->service->ctx);
	return e;
}

struct lane {
	struct lanes *lanes;
	const struct lanes_service *service;
	pthread_t thread;
	struct err *e;
};

static void *
lane_run(void *ctx)
{
	struct lane *l = ctx;
	l->e = serve(l->lanes, l->service);
	return NULL;
}

struct err *
lanes_serve(struct lanes *l, const struct lanes_service *s, size_t n)
{
	struct lane others[LANES_MAX];
	size_t started = 0;
	for (; started + 1 < n && started < LANES_MAX; started++) {
		struct lane *o = &others[started];
		*o = (struct lane){ .lanes = l, .service = s };
		if (pthread_create(&o->thread, NULL, lane_run, o) != 0)
			break;
	}
	struct err *e = serve(l, s);
	for (size_t i = 0; i < started; i++) {
		pthread_join(others[i].thread, NULL);
		if (e == NULL)
			e = others[i].e;
		else
			err_free(others[i].e);
	}
	return e;
}
