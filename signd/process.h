/*
 * What every process of signd does when it starts, and who they are.
 *
 * The supervisor executes the program anew for each of them, so that no memory
 * is shared: `signd --role=worker ...` finds its settings in a sealed memfd at
 * descriptor 3 and its listening sockets from descriptor 4 on.
 */
#ifndef SIGND_SIGND_PROCESS_H
#define SIGND_SIGND_PROCESS_H

#include <sys/types.h>

#include "signd/ipc.h"
#include "signd/log.h"
#include "signd/settings.h"

enum role {
	ROLE_LEDGER,
	ROLE_FETCHER,
	ROLE_INDEXER,
	ROLE_WORKER,
	ROLE_KEYHOLDER,
	ROLE_FRONT
};
#define ROLE_COUNT 6

const char *role_name(enum role r); /* "worker" */
bool role_by_name(const char *name, enum role *out);
const char *role_user(enum role r, const struct settings *s);

#define PROCESS_SETTINGS_FD 3
#define PROCESS_READY_FD 4   /* a byte written here says: I serve */
#define PROCESS_SOCKETS_FD 5 /* the first listening socket */
#define PROCESS_SOCKETS_MAX 16

/* What the supervisor tells a child on its command line. */
struct process_args {
	enum role role;
	size_t sockets;  /* listening sockets from PROCESS_SOCKETS_FD on */
	size_t citizens; /* front: so many of them are of citizens */
	size_t plain;    /* front: so many, the last, are without TLS */
	int pin_fd;      /* keyholder: set by process_run, as in keyholder.h */
};

/* process_run is the life of a child after exec; returns its exit status. */
int process_run(const struct process_args *a);

/* The user that a role runs as: our own unless we are root.
 * ERR_MISSING: there is no such user. */
struct err *process_user(const char *name, uid_t *uid, gid_t *gid) MUST_USE;

/* Lets that user connect to the service, beside our own. */
struct err *process_peer(
    struct ipc_service *service, const char *user) MUST_USE;

/* Gives up root for that user, for good; nothing when we are not root. */
struct err *process_drop(const char *user) MUST_USE;

/* No core dumps, no new privileges, not to be traced. */
struct err *process_harden(void) MUST_USE;

/* Says to the supervisor that this process serves. */
void process_ready(void);

/* "DIR/NAME" as a new string for free(). */
struct err *process_path(
    const char *dir, const char *name, char **out) MUST_USE;

#endif
