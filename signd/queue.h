/* A bounded queue of requests, and the threads that work on it. */
#ifndef SIGND_SIGND_QUEUE_H
#define SIGND_SIGND_QUEUE_H

#include "base/base.h"

struct queue;

/* `work` runs in one of `threads` threads for each item. */
struct err *queue_new(size_t max, size_t threads, void (*work)(void *item),
    struct queue **out) MUST_USE;
/* False: it is full, or ending.  Never blocks. */
bool queue_push(struct queue *q, void *item);
/* Ends the threads when the queue is empty, and waits for them; queue_push() may
 * still be called.  NULL is allowed, as for the next. */
void queue_end(struct queue *q);
void queue_free(struct queue *q);

#endif
