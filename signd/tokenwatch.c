#include "signd/tokenwatch.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "signd/ipc-io.h"
#include "signd/log.h"

#define LOOK_MS 200

static void
give_up(int64_t took_ms)
{
	const struct log log = { .least = LOG_INFO, .role = "keyholder" };
	log_error(&log, LOG_ERROR, "token-hangs",
	    err_coded(
		err_new(ERR_REMOTE, NULL,
		    "no answer from the token for %lld ms", (long long)took_ms),
		"token-unavailable"));
	/* Not exit(): what it would run may wait for the token as well. */
	_exit(EXIT_FAILURE);
}

/* Until the next look.  Tells how much longer it is since the last one than it
 * should be: this process stood still itself, with a machine that was frozen or
 * has other work, and the token is not to blame. */
static int64_t
stood_still(struct tokenwatch *w)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	nanosleep(&pause, NULL);
	int64_t now = ipc_now_ms();
	int64_t late = now - w->looked_ms - LOOK_MS;
	w->looked_ms = now;
	return late > LOOK_MS ? late : 0;
}

static void *
look(void *ctx)
{
	struct tokenwatch *w = ctx;
	int64_t last = 0, still = 0; /* the call that was seen, and in it */
	while (!atomic_load(&w->ending)) {
		int64_t more = stood_still(w);
		int64_t since = atomic_load(&w->since_ms);
		still = more + (since == last ? still : 0);
		last = since;
		int64_t took = w->looked_ms - since - still;
		if (since != 0 && took > w->max_ms)
			give_up(took);
	}
	return NULL;
}

struct err *
tokenwatch_start(struct tokenwatch *w, int64_t max_s)
{
	w->max_ms = max_s * 1000;
	w->looked_ms = ipc_now_ms();
	int no = pthread_create(&w->thread, NULL, look, w);
	if (no != 0)
		return err_errno(no, "pthread_create");
	w->started = true;
	return NULL;
}

void
tokenwatch_stop(struct tokenwatch *w)
{
	atomic_store(&w->ending, true);
	if (w->started)
		pthread_join(w->thread, NULL);
	w->started = false;
}

void
tokenwatch_enter(struct tokenwatch *w)
{
	atomic_store(&w->since_ms, ipc_now_ms());
}

void
tokenwatch_leave(struct tokenwatch *w)
{
	atomic_store(&w->since_ms, 0);
}
