/* The queue of requests and the batches, at their end: signd/queue.c,
 * signd/front-batch.c. */
#include <stdatomic.h>

#include "signd/front-batch.h"
#include "signd/queue.h"
#include "tests/tap.h"

static atomic_int done;

static void
work(void *item)
{
	(void)item;
	done++;
}

static void
what_waits_is_done_at_the_end_and_nothing_after_it(void)
{
	struct queue *q = NULL;
	int item = 0;
	CHECK_OK(queue_new(8, 2, work, &q));
	for (int i = 0; i < 8; i++)
		while (!queue_push(q, &item))
			;
	queue_end(q);
	CHECK(done == 8);
	CHECK(!queue_push(q, &item));
	queue_end(q);
	queue_free(q);
	CHECK(done == 8);
}

static void
no_work(struct front *f, struct request **r, size_t n)
{
	(void)f, (void)r, (void)n;
	CHECK(false);
}

/* A body may end while the service does. */
static void
a_batch_that_has_ended_takes_nothing(void)
{
	struct settings s = { .keyholders = 1 };
	struct front f = { .s = &s };
	struct request r = { .front = &f };
	struct batch *b = NULL;
	CHECK_OK(batch_start(&f, 4, no_work, &b));
	batch_end(b);
	CHECK(!batch_take(b, &r));
	batch_end(b);
	batch_free(b);
	batch_end(NULL);
	batch_free(NULL);
}

int
main(void)
{
	RUN(what_waits_is_done_at_the_end_and_nothing_after_it);
	RUN(a_batch_that_has_ended_takes_nothing);
	return DONE();
}
