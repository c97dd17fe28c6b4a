/* What came from outside, beside what was given; used by worker/job_verify.c alone. */
#ifndef SIGND_WORKER_SOURCES_H
#define SIGND_WORKER_SOURCES_H

#include "worker/job.h"

struct gathered {
	struct status_data *status; /* r->status_data, then the sources' */
	size_t nstatus;
	struct cert_list extra;      /* r->extra, then the sources' */
	struct source_seen *sources; /* r->sources */
	size_t nsources;
};

/* gather borrows from `r`; certificates that cannot be read are left out, and
 * their source is said to be unreadable. */
struct err *gather(
    const struct verify_request *r, struct gathered *out) MUST_USE;
void gathered_done(struct gathered *g);

/* gather_blame says of lists and answers that cannot be read that they cannot:
 * only asked when the verdict is not certain. */
struct err *gather_blame(struct gathered *g) MUST_USE;

#endif
