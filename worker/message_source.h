/* What is wanted and what came of it, packed; used by worker/message_verify.c and
 * worker/message_answer.c alone.
 * Tags are their own: these stand at the end of a message. */
#ifndef SIGND_WORKER_MESSAGE_SOURCE_H
#define SIGND_WORKER_MESSAGE_SOURCE_H

#include "base/pack.h"
#include "certs/source.h"
#include "worker/job.h"

struct err *wanted_pack(const struct wanted_list *l, struct buf *out) MUST_USE;
/* What comes from a worker is what a document says: only http and https, only
 * printable ASCII, or ERR_MALFORMED.  `about` is NULL. */
struct err *wanted_unpack(struct unpack *u, struct wanted_list *out) MUST_USE;

/* The number of a descriptor that goes along.  ERR_MALFORMED. */
struct err *place_of(uint64_t n, size_t *out) MUST_USE;

struct err *sources_pack(
    const struct source_seen *v, size_t n, struct buf *out) MUST_USE;
/* *out and its urls are freed by sources_free; bodies borrow. */
struct err *sources_unpack(
    struct unpack *u, struct source_seen **out, size_t *n) MUST_USE;
void sources_free(struct source_seen *v, size_t n);

#endif
