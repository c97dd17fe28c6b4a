/*
 * The threads of a process that share a thing of which only one may use at a
 * time (a token), while the others compute, or wait for something else (the
 * ledger's disk).
 *
 * Several processes share the listening socket, and a request shall go to one
 * whose token is free.  So one thread of each process stands at the door, and
 * opens it only while few in the process want the token: one uses it, and what
 * comes next is on its way.
 */
#ifndef SIGND_SIGND_LANES_H
#define SIGND_SIGND_LANES_H

#include <pthread.h>

#include "signd/ipc.h"

#define LANES_MAX 64

struct lanes {
	pthread_mutex_t door; /* held by the thread that looks at the socket */
	pthread_mutex_t use;  /* held by the thread that uses the token */
	pthread_mutex_t lock; /* of what follows, for a few instructions */
	pthread_cond_t calm;  /* few want the token */
	unsigned wanted;      /* how many use it, or wait for it */
	struct lanes_work *first, *last; /* what nobody has begun */
	bool led;             /* somebody does it */
};

struct err *lanes_init(struct lanes *l) MUST_USE;
void lanes_done(struct lanes *l);

/* Around every use of the token by this thread; may be nested. */
void lanes_enter(struct lanes *l);
void lanes_leave(struct lanes *l);
/* How deep this thread is inside; 0: not at all. */
unsigned lanes_depth(void);
/* Lets another thread use the token, however deep this one is inside, and comes
 * back as deep: lanes_pause gives how deep that is. */
unsigned lanes_pause(struct lanes *l);
void lanes_resume(struct lanes *l, unsigned depth);

/*
 * Work that uses the token and gives it up nowhere.  While several threads have
 * some, one of them does it for all, in the order in which it came: a token is
 * not idle while a thread is being woken, and finds what it needs in that
 * processor's cache.  Not from inside.
 */
struct lanes_work {
	void (*run)(void *ctx);
	void *ctx;
	/* lanes.c's */
	struct lanes_work *next;
	pthread_cond_t turn; /* `done` or `leads` */
	bool done;
	bool leads; /* from now on */
};
void lanes_do(struct lanes *l, void (*run)(void *ctx), void *ctx);

/* lanes_serve answers with `n` threads, this one among them, until
 * service->stopping() or the first error, which is returned; `failed` is told
 * of one at once, so that the others stop too. */
struct lanes_service {
	int listen_fd;
	const struct ipc_service *service;
	void (*failed)(void *ctx);
};
struct err *lanes_serve(
    struct lanes *l, const struct lanes_service *s, size_t n) MUST_USE;

#endif
