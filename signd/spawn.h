/* Starting one process of signd: fork, place descriptors, exec. */
#ifndef SIGND_SIGND_SPAWN_H
#define SIGND_SIGND_SPAWN_H

#include <sys/types.h>

#include "signd/listen.h"

/*
 * spawn_role starts the program anew in `role`.  `settings_fd` is the sealed
 * memfd with the settings; `ready_fd` the end of a pipe to write to.  Both
 * stay the caller's, as do the sockets.  The environment of the child holds
 * only what is on the list in spawn.c.  `program` NULL is the file that runs
 * now, even when an upgrade has replaced it; a path is for tools that stand
 * between (valgrind).
 */
struct err *spawn_role(enum role role, const struct sockets *sockets,
    const char *program, int settings_fd, int ready_fd, pid_t *out) MUST_USE;

#endif
