/* Lanes: one inside at a time, the others go on outside. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "signd/ipc-io.h"
#include "signd/lanes.h"
#include "tests/tap.h"

#define LANES 6
#define CALLS 12 /* at once */

struct state {
	struct lanes lanes;
	atomic_int inside;
	atomic_int outside;
	atomic_int most_inside;
	atomic_int most_outside;
	atomic_int handled;
	bool crowd; /* who is outside waits for another one there */
	atomic_bool stop;
};

static void
note(atomic_int *now, atomic_int *most)
{
	int n = atomic_fetch_add(now, 1) + 1;
	int m = atomic_load(most);
	while (n > m && !atomic_compare_exchange_weak(most, &m, n))
		;
}

/* Uses the token, waits for another process, uses it again. */
static struct err *
handle(void *ctx, const struct ipc_message *request, struct ipc_message *answer)
{
	struct state *s = ctx;
	lanes_enter(&s->lanes);
	lanes_enter(&s->lanes); /* nested */
	note(&s->inside, &s->most_inside);
	usleep(2000);
	atomic_fetch_sub(&s->inside, 1);
	unsigned depth = lanes_pause(&s->lanes);
	note(&s->outside, &s->most_outside);
	for (int i = 0; s->crowd && i < 1200; i++) {
		if (atomic_load(&s->most_outside) > 1)
			break;
		usleep(50000);
	}
	usleep(50000);
	atomic_fetch_sub(&s->outside, 1);
	lanes_resume(&s->lanes, depth);
	note(&s->inside, &s->most_inside);
	bool deep = lanes_depth() == 2 && depth == 2;
	atomic_fetch_sub(&s->inside, 1);
	lanes_leave(&s->lanes);
	lanes_leave(&s->lanes);
	atomic_fetch_add(&s->handled, 1);
	if (!deep || lanes_depth() != 0)
		return err_new(ERR_INTERNAL, NULL, "lost count");
	return buf_append(&answer->body, buf_bytes(&request->body));
}

static bool
stopping(void *ctx)
{
	return atomic_load(&((struct state *)ctx)->stop);
}

static void
failed(void *ctx)
{
	atomic_store(&((struct state *)ctx)->stop, true);
}

struct run {
	struct state state;
	struct ipc_service service;
	struct lanes_service lanes;
	char path[64];
	pthread_t thread;
	struct err *e;
};

static void *
serve(void *ctx)
{
	struct run *r = ctx;
	r->e = lanes_serve(&r->state.lanes, &r->lanes, LANES);
	return NULL;
}

static void
start(struct run *r, bool crowd, int idle_ms)
{
	*r = (struct run){ .state.crowd = crowd };
	CHECK_OK(lanes_init(&r->state.lanes));
	snprintf(r->path, sizeof(r->path), "/tmp/test-lanes-%d.sock", getpid());
	r->service = (struct ipc_service){ .ctx = &r->state,
		.body_max = 65536,
		.answer_max = 65536,
		.idle_ms = idle_ms,
		.handle = handle,
		.stopping = stopping };
	r->lanes = (struct lanes_service){ .service = &r->service,
		.failed = failed };
	CHECK_OK(ipc_listen(r->path, 0600, 64, &r->lanes.listen_fd));
	CHECK(pthread_create(&r->thread, NULL, serve, r) == 0);
}

static void
stop(struct run *r)
{
	atomic_store(&r->state.stop, true);
	pthread_join(r->thread, NULL);
	CHECK_OK(r->e);
	close(r->lanes.listen_fd);
	unlink(r->path);
	lanes_done(&r->state.lanes);
}

struct caller {
	const struct run *run;
	pthread_t thread;
	struct err *e;
};

static void *
call(void *ctx)
{
	struct caller *c = ctx;
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	c->e = ipc_call(c->run->path, 7, BYTES_LIT("hello"), NULL, 0, 65536,
	    60000, &m);
	if (c->e == NULL && !bytes_eq_str(buf_bytes(&m.body), "hello"))
		c->e = err_new(ERR_INTERNAL, NULL, "another answer");
	return NULL;
}

static void
one_is_inside_and_others_wait_outside(void)
{
	static struct run r;
	struct caller c[CALLS];
	start(&r, true, 60000);
	for (int i = 0; i < CALLS; i++) {
		c[i] = (struct caller){ .run = &r };
		CHECK(pthread_create(&c[i].thread, NULL, call, &c[i]) == 0);
	}
	for (int i = 0; i < CALLS; i++) {
		pthread_join(c[i].thread, NULL);
		CHECK_OK(c[i].e);
	}
	CHECK(atomic_load(&r.state.most_inside) == 1);
	CHECK(atomic_load(&r.state.most_outside) > 1);
	CHECK(atomic_load(&r.state.most_outside) <= LANES);
	CHECK(atomic_load(&r.state.handled) == CALLS);
	stop(&r);
}

/* It has the door for a while, and no more. */
static void
one_that_says_nothing_is_given_up(void)
{
	static struct run r;
	struct caller c = { .run = &r };
	start(&r, false, 300);
	struct sockaddr_un address;
	CHECK_OK(ipc_address(r.path, &address));
	int silent = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(connect(silent, (struct sockaddr *)&address, sizeof(address)) ==
	      0);
	call(&c);
	for (int i = 0; i < 100 && c.e != NULL; i++) { /* as slow ourselves */
		err_free(c.e);
		call(&c);
	}
	CHECK_OK(c.e);
	close(silent);
	stop(&r);
}

/* ---- work that one does for several ---- */

#define WORKERS 40
#define PIECES 50 /* of each */

struct worker {
	struct lanes *lanes;
	pthread_t thread;
	atomic_int *inside, *most;
	int *done; /* of all; no lock, for only one is inside */
	int own;   /* seen by the thread itself */
	bool by_enter; /* as who keeps the token longer does it */
};

static void
piece(void *ctx)
{
	struct worker *w = ctx;
	note(w->inside, w->most);
	(*w->done)++;
	w->own++;
	if (w->own % 10 == 0)
		usleep(100);
	atomic_fetch_sub(w->inside, 1);
}

static void *
work(void *ctx)
{
	struct worker *w = ctx;
	for (int i = 0; i < PIECES; i++) {
		if (w->by_enter) {
			lanes_enter(w->lanes);
			piece(w);
			lanes_leave(w->lanes);
		} else {
			lanes_do(w->lanes, piece, w);
		}
		/* It was done when the call came back. */
		if (w->own != i + 1)
			return w;
	}
	return NULL;
}

static void
work_for_several_is_done_one_by_one(void)
{
	static struct lanes lanes;
	static struct worker w[WORKERS];
	atomic_int inside = 0, most = 0;
	int done = 0;
	CHECK_OK(lanes_init(&lanes));
	for (int i = 0; i < WORKERS; i++) {
		w[i] = (struct worker){ .lanes = &lanes,
			.inside = &inside,
			.most = &most,
			.done = &done,
			.by_enter = i % 5 == 0 };
		CHECK(pthread_create(&w[i].thread, NULL, work, &w[i]) == 0);
	}
	for (int i = 0; i < WORKERS; i++) {
		void *early = NULL;
		pthread_join(w[i].thread, &early);
		CHECK(early == NULL);
	}
	CHECK(done == WORKERS * PIECES);
	CHECK(atomic_load(&most) == 1);
	/* And the door is open again. */
	CHECK(lanes.wanted == 0 && lanes.first == NULL && !lanes.led);
	lanes_done(&lanes);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	RUN(one_is_inside_and_others_wait_outside);
	RUN(one_that_says_nothing_is_given_up);
	RUN(work_for_several_is_done_one_by_one);
	return DONE();
}
