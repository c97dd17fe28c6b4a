/* libmicrohttpd's daemons, one for each socket: how they start and end. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "signd/front-http.h"
#include "signd/front-batch.h"
#include "signd/front-ocsp.h"
#include "signd/ipc-io.h"

/* TLS 1.2 and 1.3 with forward secrecy and AEAD; everything else is refused. */
#define TLS_PRIORITIES                                                         \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:"                          \
	"-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+AES-256-GCM:"            \
	"+AES-128-GCM:+CHACHA20-POLY1305:-SHA1:-SIGN-RSA-SHA1:"                \
	"-SIGN-ECDSA-SHA1:%SERVER_PRECEDENCE:%SAFE_RENEGOTIATION"

#define CONNECTION_MEMORY 65536 /* bytes of one head and one chunk of body */
#define IDLE_SECONDS 60         /* of a client that reads nothing */
#define DAEMON_THREADS_MIN 2
#define DAEMON_THREADS_MAX 8
#define ONE_ADDRESS 2 /* the part of all connections that it may have: half */

PRINTF(2, 0)
static void
mhd_log(void *ctx, const char *fmt, va_list ap)
{
	const struct front *f = ctx;
	char text[512];
	char quoted[600];
	vsnprintf(text, sizeof(text), fmt, ap);
	log_event(f->log, LOG_DEBUG, "http", "text=%s",
	    log_quoted(text, quoted, sizeof(quoted)));
}

/* One for each core: they never wait. */
static unsigned int
daemon_threads(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	return cores < DAEMON_THREADS_MIN   ? DAEMON_THREADS_MIN
	       : cores > DAEMON_THREADS_MAX ? DAEMON_THREADS_MAX
					    : (unsigned int)cores;
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* As libmicrohttpd does it, but "%00" stays as it is written: a path or a
 * parameter would end there, and be another one than a proxy let pass. */
static size_t
unescape(void *ctx, struct MHD_Connection *connection, char *text)
{
	const char *from = text;
	char *to = text;
	(void)ctx;
	(void)connection;
	while (*from != '\0') {
		int high = *from == '%' ? hex_digit(from[1]) : -1;
		int low = high >= 0 ? hex_digit(from[2]) : -1;
		if (low < 0 || high + low == 0) {
			*to++ = *from++;
			continue;
		}
		*to++ = (char)(high * 16 + low);
		from += 3;
	}
	*to = '\0';
	return (size_t)(to - text);
}

static struct err *
start_daemon(struct http *h, struct listener *l, int fd, const struct tls *tls)
{
	const struct settings *s = h->front->s;
	const char *key;
	const char *cert;
	const char *ca;
	TRY(buf_cstr((struct buf *)(uintptr_t)&tls->key, &key));
	TRY(buf_cstr((struct buf *)(uintptr_t)&tls->cert, &cert));
	TRY(buf_cstr((struct buf *)(uintptr_t)&tls->officer_ca, &ca));
	const struct MHD_OptionItem end = { MHD_OPTION_END, 0, NULL };
	const struct MHD_OptionItem secure[] = {
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0,
		    (void *)(uintptr_t)TLS_PRIORITIES },
		{ l->officer ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0,
		    (void *)(uintptr_t)ca },
		end,
	};
	l->daemon = MHD_start_daemon(
	    (l->plain ? 0 : MHD_USE_TLS) | MHD_USE_EPOLL_INTERNAL_THREAD |
		MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
	    0, NULL, NULL, http_answer, l, MHD_OPTION_EXTERNAL_LOGGER, mhd_log,
	    h->front, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED,
	    http_completed, l, MHD_OPTION_NOTIFY_CONNECTION,
	    http_connection_changed, l, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned int)s->connections_max,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	    (unsigned int)s->connections_max / ONE_ADDRESS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_SECONDS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_THREAD_POOL_SIZE, daemon_threads(),
	    MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP,
	    1, MHD_OPTION_ARRAY, l->plain ? &end : secure, MHD_OPTION_END);
	if (l->daemon == NULL)
		return err_coded(
		    err_new(ERR_USAGE, NULL,
			"cannot serve HTTPS: are tls-cert-file and "
			"tls-key-file a pair?"),
		    "settings");
	return NULL;
}

static struct err *
start_all(struct http *h, const struct tls *tls, const struct process_args *a)
{
	size_t secure = a->sockets - a->plain;
	for (size_t i = 0; i < a->sockets; i++) {
		struct listener *l = &h->listeners[i];
		*l = (struct listener){ .front = h->front,
			.officer = i >= a->citizens && i < secure,
			.plain = i >= secure };
		if (l->officer && tls->officer_ca.len == 0)
			return err_coded(
			    err_new(ERR_USAGE, NULL,
				"officer-listen needs officer-ca-file"),
			    "settings");
		TRY(start_daemon(h, l, PROCESS_SOCKETS_FD + (int)i, tls));
		h->n = i + 1;
	}
	int failed = pthread_create(&h->watch.thread, NULL, http_sweeper, h);
	return failed == 0 ? NULL : err_errno(failed, "pthread_create");
}

struct err *
http_start(struct front *f, const struct tls *tls,
    const struct process_args *sockets, struct http **out)
{
	struct http *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return err_new(ERR_NOMEM, NULL, "http");
	h->front = f;
	pthread_mutex_init(&h->watch.lock, NULL);
	f->watch = &h->watch;
	struct err *e = queue_new((size_t)f->s->queue_max,
	    (size_t)f->s->threads, http_work, &f->queue);
	if (e == NULL)
		e = start_all(h, tls, sockets);
	*out = h; /* half built on failure: http_free copes */
	return e;
}

void
http_drain(struct http *h, int64_t grace_ms)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000000L };
	int64_t deadline = ipc_now_ms() + grace_ms;
	atomic_store(&h->front->stopping, true);
	for (size_t i = 0; i < h->n; i++)
		MHD_quiesce_daemon(h->listeners[i].daemon);
	while (atomic_load(&h->front->at_work) > 0 && ipc_now_ms() < deadline)
		nanosleep(&pause, NULL);
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	/* Nobody is suspended any more once these have ended; but a body that
	 * came too late for the grace may still end, and asks them. */
	queue_end(h->front->queue);
	batch_end(h->front->ocsp_batch);
	batch_end(h->front->stamp_batch);
	for (size_t i = 0; i < h->n; i++)
		MHD_stop_daemon(h->listeners[i].daemon);
	queue_free(TAKE(h->front->queue));
	pthread_mutex_lock(&h->watch.lock);
	h->watch.ending = true;
	pthread_mutex_unlock(&h->watch.lock);
	if (h->watch.thread != 0)
		pthread_join(h->watch.thread, NULL);
	pthread_mutex_destroy(&h->watch.lock);
	free(h);
}
