/* The entry points of the processes; each returns when it shall end. */
#ifndef SIGND_SIGND_ROLES_H
#define SIGND_SIGND_ROLES_H

#include "signd/log.h"
#include "signd/settings.h"

struct process_args;

/* front: HTTP.  `sockets` says which listening TCP sockets stand from
 * PROCESS_SOCKETS_FD on, and for whom (signd/process.h).  Starts as root where
 * signd does, and drops to user-front once the key of TLS is read. */
struct err *front_run(const struct settings *s, const struct log *log,
    const struct process_args *sockets) MUST_USE;

/* worker: strangers' documents, in the sandbox. */
struct err *worker_run(
    const struct settings *s, const struct log *log, int listen_fd) MUST_USE;

/* indexer: makes a large list ready for looking things up, in the sandbox;
 * replaced after each. */
struct err *indexer_run(const struct settings *s, int listen_fd) MUST_USE;

/* fetcher: the only one that connects outward. */
struct err *fetcher_run(const struct settings *s, int listen_fd) MUST_USE;

/* keyholder: the token. */
/* `pin_fd` as in struct keyholder. */
struct err *keyholder_run(
    const struct settings *s, int listen_fd, int pin_fd) MUST_USE;

/* ledger: security state.  Ends when nobody is at work after SIGTERM. */
struct err *ledger_run(
    const struct settings *s, int read_fd, int write_fd) MUST_USE;

#endif
