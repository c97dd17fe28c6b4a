/* Waiting for another thread, by the clock of ipc_now_ms(): whoever sets the
 * other clock makes nobody wait longer. */
#ifndef SIGND_SIGND_WAIT_H
#define SIGND_SIGND_WAIT_H

#include <pthread.h>

#include "base/base.h"

/* As pthread_cond_wait(3), up to `end_ms`.  False: the time is over. */
bool wait_until(pthread_cond_t *c, pthread_mutex_t *locked, int64_t end_ms);

#endif
