/*
 * Verification that asks for what is missing.  The document is read once; what
 * was found is judged, and judged again with each answer that came, until the
 * verdict needs nothing more, nobody is left to ask, or the time is over.  Who
 * does not answer makes a verdict uncertain, and never fails it.
 */
#ifndef SIGND_WORKER_ONLINE_H
#define SIGND_WORKER_ONLINE_H

#include "worker/job.h"

/* Where the jobs run, and where answers come from. */
struct online {
	void *ctx; /* of the two jobs */
	struct err *(*verify)(void *ctx, const struct verify_request *r,
	    struct verify_answer *out);
	struct err *(*judge)(void *ctx, struct bytes facts,
	    const struct verify_request *r, struct verify_answer *out);
	struct source source; /* get NULL: nothing is asked */
	int64_t deadline_ms;  /* for all that is asked together */
};

/* A chain of issuers, each found through the last; lists, and the lists' own
 * issuers. */
#define ONLINE_ROUNDS_MAX 8

/* What a signature is kept with at LEVEL_LT; freed with online_kept_done. */
struct online_kept {
	struct buf certs; /* what ders borrow from */
	struct buf bodies[SOURCES_MAX];
	struct bytes *ders; /* certificates of paths, unread */
	struct bytes crls[SOURCES_MAX], ocsps[SOURCES_MAX];
	size_t nders, nbodies, ncrls, nocsps;
};
void online_kept_done(struct online_kept *k);

/*
 * online_verify fills *out, which has a report and wants nothing.  r->ask and
 * r->sources are its own business; r->now is moved on while it waits, if
 * r->time is TIME_NONE.  Errors are of the jobs, not of the source.  `keep`,
 * zero before, is filled unless it is NULL.
 */
struct err *online_verify(const struct online *o,
    const struct verify_request *r, struct online_kept *keep,
    struct verify_answer *out) MUST_USE;

#endif
