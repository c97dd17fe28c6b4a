/* The supervisor: opens the sockets, starts the others, starts them again. */
#ifndef SIGND_SIGND_SUPERVISOR_H
#define SIGND_SIGND_SUPERVISOR_H

#include "signd/settings.h"

/*
 * supervisor_run works until SIGTERM or SIGINT: then the front finishes what
 * is at work, and the others end after it.  `text` is the settings file as it
 * was read, which every child gets; `program` as in spawn.h.
 */
struct err *supervisor_run(
    const struct settings *s, struct bytes text, const char *program) MUST_USE;

#endif
