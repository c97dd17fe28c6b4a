/* What front-http.c (connections, requests) and front-daemon.c (start and end)
 * share. */
#ifndef SIGND_SIGND_FRONT_HTTP_H
#define SIGND_SIGND_FRONT_HTTP_H

#include <gnutls/gnutls.h>
#include <pthread.h>

#include "signd/front.h"
#include "signd/process.h"

struct connection {
	struct connection *next;
	struct connection *prev;
	int fd;
	gnutls_session_t session; /* set by the first request */
	_Atomic int64_t since;    /* ms: accepted, or the last request's end */
	struct request *request;  /* at work, or NULL */
	int64_t swallow_until;    /* ms; 0: not swallowing */
};

/* The lock is held for short work only: never while waiting for a process. */
struct watch {
	pthread_mutex_t lock;
	struct connection *first;
	bool ending;
	pthread_t thread;
};

struct listener {
	struct front *front;
	struct MHD_Daemon *daemon;
	bool officer;
	bool plain; /* without TLS */
};

struct http {
	struct front *front;
	struct watch watch;
	struct listener listeners[PROCESS_SOCKETS_MAX];
	size_t n;
};

/* For libmicrohttpd, with a struct listener. */
enum MHD_Result http_answer(void *ctx, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version,
    const char *upload_data, size_t *upload_data_size, void **con_cls);
void http_completed(void *ctx, struct MHD_Connection *connection,
    void **con_cls, enum MHD_RequestTerminationCode why);
void http_connection_changed(void *ctx, struct MHD_Connection *connection,
    void **socket_context, enum MHD_ConnectionNotificationCode what);
/* A thread of the queue: may wait for other processes. */
void http_work(void *item);
/* The thread that watches deadlines, with a struct http. */
void *http_sweeper(void *ctx);

#endif
