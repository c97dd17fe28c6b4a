/*
 * A part of a command, in a process and under a user of its own: so that a
 * vendor's module is never loaded as root, and files belong to whom they must.
 */
#ifndef SIGND_SIGND_PART_H
#define SIGND_SIGND_PART_H

#include "signd/settings.h"

#define PART_RESULT_MAX 262144 /* bytes that one part hands to the next */

struct part {
	const struct settings *s;
	const void *ctx; /* of whoever wrote `work` */
	struct bytes in; /* from the part before */
	struct err *(*work)(const struct part *p, struct buf *out);
};

/*
 * part_run forks, drops to `user` when we are root, and lets `work` run.  What
 * it put out is appended to `out` (may be NULL); its error comes back as it
 * was.  ERR_REMOTE: it died.
 */
struct err *part_run(
    const struct part *p, const char *user, struct buf *out) MUST_USE;

/* All of it, or an error; from where the descriptor stands to its end. */
struct err *part_write_all(int fd, struct bytes b) MUST_USE;
struct err *part_read_all(int fd, struct buf *out) MUST_USE;

#endif
