/* The sockets that the supervisor opens before any other process runs. */
#ifndef SIGND_SIGND_LISTEN_H
#define SIGND_SIGND_LISTEN_H

#include "signd/process.h"

struct socket_set {
	int fds[PROCESS_SOCKETS_MAX]; /* owned */
	size_t n;
};

struct sockets {
	struct socket_set of[ROLE_COUNT];
	size_t citizens; /* of the front's: the first are of citizens */
	size_t plain;    /* of the front's: the last are without TLS */
};

/*
 * listen_open opens the TCP sockets, and in run-dir the Unix ones, each of
 * them connectable only by the user that has business there: worker and
 * fetcher by the front, keyholder by the front, ledger-read by front and
 * keyholders, ledger-write by keyholders.
 * ERR_USAGE, code "settings": an address that is none, or is in use.
 */
struct err *listen_open(const struct settings *s, const struct log *log,
    struct sockets *out) MUST_USE;
void listen_close(struct sockets *s);

#endif
