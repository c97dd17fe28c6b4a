/*
 * Framed messages between processes, over Unix sockets (doc/protocol.md).
 *
 * A frame is 16 bytes of head, then the body of packed fields:
 *   "SGN1", 1 byte kind (1 request, 2 answer, 3 error), 1 byte number of
 *   descriptors, 2 bytes operation, 4 bytes length, 4 bytes identifier;
 *   numbers are big endian.  Descriptors travel with the head (SCM_RIGHTS), and
 *   only with requests.
 */
#ifndef SIGND_SIGND_IPC_H
#define SIGND_SIGND_IPC_H

#include <pthread.h>
#include <sys/types.h>

#include "base/base.h"

#define IPC_BODY_MAX                                                           \
	(64 * 1024 * 1024) /* bytes; each service has a lower one */
#define IPC_FDS_MAX 8

struct ipc_message {
	uint16_t op;
	struct buf body;
	int fds[IPC_FDS_MAX]; /* owned; -1 where there is none */
	size_t nfds;
	uid_t peer; /* of a request: who sent it, as the kernel says */
};

void ipc_message_done(struct ipc_message *m);

/* ---- asking ---- */

/*
 * ipc_call connects to the socket at `path`, sends one request and waits for
 * its answer.  `fds` stay the caller's.  An error that the other side answers
 * comes back as it was (kind, code, text).
 * ERR_REMOTE, code "busy": nobody took the connection in time;
 * code "process-died": the other side went away before it answered;
 * code "process-timeout": no answer within timeout_ms.
 */
struct err *ipc_call(const char *path, uint16_t op, struct bytes body,
    const int *fds, size_t nfds, size_t answer_max, int timeout_ms,
    struct ipc_message *answer) MUST_USE;

/* The same, until `ended` (may be NULL) says that there is nobody to wait for
 * the answer any more; it is asked now and then, and that is a timeout. */
struct ipc_patience {
	int timeout_ms;
	bool (*ended)(void *ctx);
	void *ctx;
};
struct err *ipc_call_while(const char *path, uint16_t op, struct bytes body,
    const int *fds, size_t nfds, size_t answer_max,
    const struct ipc_patience *patience, struct ipc_message *answer) MUST_USE;

/*
 * A pool of connections to one socket, for any thread, that are kept open
 * between calls.  Only towards a process that serves many connections at once:
 * one that serves one at a time would wait for its idle owner.
 */
#define IPC_POOL_MAX 32       /* idle connections */
#define IPC_POOL_IDLE_MS 3000 /* well before the other side gives them up */
struct ipc_idle {
	int fd;
	int64_t since; /* ms */
};
struct ipc_pool {
	const char *path; /* borrowed */
	pthread_mutex_t lock;
	struct ipc_idle idle[IPC_POOL_MAX];
	size_t n;
};
struct err *ipc_pool_init(struct ipc_pool *p, const char *path) MUST_USE;
void ipc_pool_done(struct ipc_pool *p);
/* As ipc_call, without descriptors. */
struct err *ipc_pool_call(struct ipc_pool *p, uint16_t op, struct bytes body,
    size_t answer_max, int timeout_ms, struct ipc_message *answer) MUST_USE;

/* ---- answering ---- */

struct ipc_service {
	void *ctx;
	size_t body_max;    /* bytes of one request */
	size_t answer_max;  /* bytes of one answer */
	size_t clients_max; /* connections open at once */
	int idle_ms;        /* an unfinished frame is given up after this */
	uid_t peers[4];     /* users that may connect, beside our own */
	size_t npeers;
	/* Who went away before its turn came is not served: nobody would hear
	 * the answer, and a PIN is a try. */
	bool only_present;
	/* Fills `answer->body`; an error is sent back as such. */
	struct err *(*handle)(void *ctx, const struct ipc_message *request,
	    struct ipc_message *answer);
	/* Both may be NULL.  Around all requests that are ready at once (group
	 * commit): answers leave after batch_end; if it fails, its error goes
	 * to every request of the batch instead. */
	struct err *(*batch_begin)(void *ctx);
	struct err *(*batch_end)(void *ctx);
	/* Called when nothing came for a second; may be NULL. */
	struct err *(*idle)(void *ctx);
	/* Checked between requests: true ends the loop when work is done. */
	bool (*stopping)(void *ctx);
};

/* Whether that user may connect: ours, or one of its peers. */
bool ipc_peer_allowed(const struct ipc_service *service, uid_t peer);

/*
 * ipc_listen opens a listening socket at `path`, in place of one that was left
 * behind.  Non-blocking, as ipc_serve wants it, for several processes may wait
 * on one socket.  `mode` are the bits of its file.
 */
struct err *ipc_listen(
    const char *path, mode_t mode, int backlog, int *out) MUST_USE;

/* ipc_serve answers on a listening socket until stopping() or an error of the
 * process itself.  One thread; several processes may share the socket. */
struct err *ipc_serve(
    int listen_fd, const struct ipc_service *service) MUST_USE;

/* The same for several sockets in one loop, each with its own service; batches
 * are of one service.  Ends when any of them says stopping(). */
#define IPC_LISTENERS_MAX 4
struct ipc_listener {
	int fd; /* from ipc_listen; stays the caller's */
	const struct ipc_service *service;
};
struct err *ipc_serve_all(
    const struct ipc_listener *listeners, size_t n) MUST_USE;

/*
 * One request of one connection, for a thread that does one at a time.
 * ipc_visit_take takes a connection that waits and reads its request; *out is
 * NULL when none waits (another process took it), or nothing came of it within
 * idle_ms.  ipc_visit_handle has the service handle it; ipc_visit_end answers,
 * closes and frees.
 */
struct ipc_visit;
struct err *ipc_visit_take(int listen_fd, const struct ipc_service *service,
    struct ipc_visit **out) MUST_USE;
void ipc_visit_handle(struct ipc_visit *v);
void ipc_visit_end(struct ipc_visit *v);

/* The codec alone, for tests and fuzzing: reads a head. */
#define IPC_HEAD 16 /* bytes */
enum ipc_kind { IPC_REQUEST = 1, IPC_ANSWER, IPC_ERROR };
struct ipc_head {
	enum ipc_kind kind;
	uint8_t nfds;
	uint16_t op;
	uint32_t len; /* bytes of body */
	uint32_t id;
};
struct err *ipc_head_parse(
    struct bytes in, size_t body_max, struct ipc_head *out) MUST_USE;
void ipc_head_encode(const struct ipc_head *h, uint8_t out[IPC_HEAD]);

#endif
