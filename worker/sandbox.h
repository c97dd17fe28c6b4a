/*
 * The sandbox of workers: seccomp without files and without network, limits
 * on memory and time, no core dumps, no new privileges.
 */
#ifndef SIGND_WORKER_SANDBOX_H
#define SIGND_WORKER_SANDBOX_H

#include "base/base.h"

struct sandbox_limits {
	size_t memory; /* bytes of address space beyond what is mapped now */
	int seconds;   /* wall clock for one job; 0: no limit */
};

/* sandbox_enter closes the filter on this process, for good.  Descriptors
 * already open stay usable (read, write, mmap, sendmsg, recvmsg, accept4).
 * The process is in UTC from then on.  Under sanitizers the filter is looser
 * (doc/architecture.md says how). */
struct err *sandbox_enter(struct sandbox_limits limits) MUST_USE;

/* sandbox_job_begin/end arm and disarm the wall-clock limit: a job that takes
 * longer is ended by SIGALRM. */
void sandbox_job_begin(struct sandbox_limits limits);
void sandbox_job_end(void);

/*
 * sandbox_run forks a child, closes the filter on it, lets it run `job`, and
 * brings back what it appended to `out` or its error.  A crash, a hang or a
 * kill in the child is ERR_REMOTE with code "worker-died" / "worker-timeout".
 */
struct err *sandbox_run(struct sandbox_limits limits,
    struct err *(*job)(void *ctx, struct buf *out), void *ctx,
    struct buf *out) MUST_USE;

/*
 * child_run is the same without filter and limits, and with all descriptors:
 * for a stranger's code that must reach a device (a PKCS#11 module).  Its crash
 * is ERR_REMOTE with code "worker-died".
 */
struct err *child_run(struct err *(*job)(void *ctx, struct buf *out), void *ctx,
    struct buf *out) MUST_USE;

#endif
