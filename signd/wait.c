#include "signd/wait.h"

#include <time.h>

bool
wait_until(pthread_cond_t *c, pthread_mutex_t *locked, int64_t end_ms)
{
	const struct timespec end = { .tv_sec = end_ms / 1000,
		.tv_nsec = end_ms % 1000 * 1000000 };
	return pthread_cond_clockwait(c, locked, CLOCK_MONOTONIC, &end) == 0;
}
