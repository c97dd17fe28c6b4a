/*
 * A token that hangs takes its keyholder with it: no call of Cryptoki can be
 * given up.  So a second thread looks how long the token has been at it, and
 * ends the process; another one takes over.  Time in which the process itself
 * stood still does not count.
 */
#ifndef SIGND_SIGND_TOKENWATCH_H
#define SIGND_SIGND_TOKENWATCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/base.h"

struct tokenwatch {
	_Atomic int64_t since_ms; /* 0: the token is not in use */
	int64_t max_ms;
	int64_t looked_ms; /* the thread's own */
	_Atomic bool ending;
	bool started;
	pthread_t thread;
};

/* Starts the thread; *w must stay where it is.  In the main thread, after the
 * signals were blocked. */
struct err *tokenwatch_start(struct tokenwatch *w, int64_t max_s) MUST_USE;
/* Waits for the thread; nothing if it was never started. */
void tokenwatch_stop(struct tokenwatch *w);

/* Around whatever calls the token; waiting for somebody else does not count. */
void tokenwatch_enter(struct tokenwatch *w);
void tokenwatch_leave(struct tokenwatch *w);

#endif
