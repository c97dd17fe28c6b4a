/*
 * Requests that each want a small signature of the service's own (OCSP answers
 * with a nonce, time stamps) are collected: a few threads take what waits, have
 * all of it made in one call, and wake the connections.  So the token is kept
 * busy, and not the processes around it.
 */
#ifndef SIGND_SIGND_FRONT_BATCH_H
#define SIGND_SIGND_FRONT_BATCH_H

#include "signd/front.h"
#include "signd/proto.h"

#define BATCH_MAX KEY_STAMPS_MAX /* requests of one call */

/* Fills the reply of each; their connections are woken when it returns. */
typedef void batch_work(struct front *f, struct request **r, size_t n);

/* `waiting`: how many may wait. */
struct err *batch_start(struct front *f, size_t waiting, batch_work *work,
    struct batch **out) MUST_USE;
/* Answers what waits, and takes nothing any more; batch_take() may still be
 * called, until batch_free().  NULL is allowed. */
void batch_end(struct batch *b);
void batch_free(struct batch *b);
/* Takes the request, which is suspended, and resumes it with its answer.
 * False: too many wait, or it has ended; nothing happened. */
bool batch_take(struct batch *b, struct request *r);

#endif
