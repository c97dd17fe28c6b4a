/*
 * Whether the clock may be believed, for time stamps.  The time of day is
 * compared with a clock that nobody can set: where one goes on without the
 * other, it was set.  The kernel tells whether something (chrony, ntpd,
 * systemd-timesyncd) keeps it synchronised, and how far off it may be.
 */
#ifndef SIGND_SIGND_CLOCKWATCH_H
#define SIGND_SIGND_CLOCKWATCH_H

#include <pthread.h>

#include "base/base.h"

#define CLOCK_JUMP_MS 250     /* set by more than this: a jump */
#define CLOCK_SETTLE_MS 60000 /* so long a jump is distrusted */

struct clock_reading {
	int64_t real_ms;   /* time of day, since 1970 */
	int64_t steady_ms; /* goes on, also while the machine sleeps */
	bool synchronised;
	int64_t error_ms; /* how far off real_ms may be, as the kernel thinks */
};

struct clock_source {
	void *ctx;
	struct err *(*read)(void *ctx, struct clock_reading *out);
};
extern const struct clock_source clock_source_system;

struct clockwatch {
	const struct clock_source *source;
	pthread_mutex_t lock; /* of what follows */
	bool began;
	int64_t offset_ms;           /* real - steady */
	int64_t distrusted_until_ms; /* of the steady clock */
};

/* clockwatch_init begins to watch; several threads may ask. */
struct err *clockwatch_init(
    struct clockwatch *w, const struct clock_source *source) MUST_USE;
void clockwatch_done(struct clockwatch *w);

/*
 * clockwatch_now gives the time of day in seconds.  `checked`: the clock must
 * be synchronised, and not off by more than `accuracy_s` seconds.
 * ERR_REMOTE code "tsa-clock": it is not to be believed now.
 */
struct err *clockwatch_now(struct clockwatch *w, bool checked,
    int64_t accuracy_s, int64_t *seconds) MUST_USE;

#endif
