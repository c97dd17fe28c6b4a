/* Signature levels T, LT and LTA in the front. */
#ifndef SIGND_SIGND_FRONT_LEVEL_H
#define SIGND_SIGND_FRONT_LEVEL_H

#include "signd/front.h"

/* level_param reads conformance_level; LEVEL_B without it. */
struct err *level_param(const struct request *r, enum level *out) MUST_USE;

/* level_stamp_digest appends a time stamp over a digest, by our authority or
 * the one that is set. */
struct err *level_stamp_digest(const struct front *f, enum digest_alg alg,
    struct bytes digest, struct buf *token) MUST_USE;

/* level_stamp_value gets the time stamp on a signature value, for LEVEL_T. */
struct err *level_stamp_value(const struct front *f, struct bytes state,
    struct bytes value, struct buf *token) MUST_USE;

/*
 * level_raise takes what the insertion *io makes of `document`, whose level is
 * `have`, up to `want`; *io then leads there at once.  `id`: of one signature,
 * or NULL.  Evidence of other issuers is waited for at most `wait_ms`
 * (ask_verification).  ERR_REMOTE code "evidence-not-had".
 */
struct err *level_raise(const struct front *f, const struct spool *document,
    const char *id, enum level have, enum level want, int64_t wait_ms,
    struct insertion *io) MUST_USE;

/* In front-sign.c: one embed by a worker, and the type of an answer. */
struct err *ask_embed(const struct front *f, struct bytes state,
    struct bytes value, struct bytes token, size_t document_len,
    struct insertion *out) MUST_USE;
const char *signed_type(const struct request *r);

#endif
