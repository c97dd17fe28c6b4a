/*
 * Connections.  libmicrohttpd's threads read heads and bodies, hand a finished
 * request to the queue, and send answers; they never wait for another process.
 * One more thread watches deadlines, for a client that sends a byte now and
 * then never looks idle.
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "signd/front.h"
#include "signd/ipc-io.h"
#include "signd/process.h"

/* TLS 1.2 and 1.3 with forward secrecy and AEAD; everything else is refused. */
#define TLS_PRIORITIES                                                         \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:"                          \
	"-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+AES-256-GCM:"            \
	"+AES-128-GCM:+CHACHA20-POLY1305:-SHA1:-SIGN-RSA-SHA1:"                \
	"-SIGN-ECDSA-SHA1:%SERVER_PRECEDENCE:%SAFE_RENEGOTIATION"

#define CONNECTION_MEMORY 65536 /* bytes of one head and one chunk of body */
#define IDLE_SECONDS 60         /* of a client that reads nothing */
#define SWEEP_MS 500
#define SWALLOW_MS 3000 /* to read on after an early answer */
#define DAEMON_THREADS 2
#define ONE_ADDRESS 2 /* the part of all connections that it may have: half */

struct connection {
	struct connection *next;
	struct connection *prev;
	int fd;
	gnutls_session_t session; /* set by the first request */
	int64_t since;            /* ms: accepted, or the last request's end */
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

/* ---- answers ---- */

static enum MHD_Result
refuse(struct request *q, struct err *e)
{
	reply_problem(&q->reply, q->id, e, -1);
	q->state = REQUEST_DONE;
	return request_send(q);
}

/* ---- an answer out of turn ---- */

/* Never waits: the lock is held, and whoever reads nothing would make everybody
 * else wait with it. */
static void
push_out(const struct connection *c, struct bytes what)
{
	while (what.len > 0) {
		ssize_t n =
		    c->session != NULL
			? gnutls_record_send(c->session, what.ptr, what.len)
			: send(c->fd, what.ptr, what.len,
			      MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0 && n != GNUTLS_E_INTERRUPTED)
			return;
		if (n > 0)
			what = bytes_from(what, (size_t)n);
	}
}

/*
 * libmicrohttpd can answer before a body or after it, not in the middle.  Who
 * sends too slowly, too much, or more than the disk holds shall still hear
 * why: the answer is written past it, and what comes yet is swallowed for a
 * moment.  Called with the lock held.
 */
static void
answer_now(struct request *q, struct err *e)
{
	CLEANUP(buf_done) struct buf text = BUF(PROBLEM_MAX + 1024);
	reply_problem(&q->reply, q->id, e, -1);
	const struct reply *r = &q->reply;
	struct err *bad = buf_printf(&text,
	    "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
	    "Signd-Request: %s\r\nX-Content-Type-Options: nosniff\r\n"
	    "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
	    r->status, r->code, r->type, r->body.len, q->id);
	if (bad == NULL)
		bad = buf_append(&text, buf_bytes(&r->body));
	if (bad == NULL && q->watched != NULL &&
	    (q->plain || q->watched->session != NULL))
		push_out(q->watched, buf_bytes(&text));
	err_free(bad);
	q->state = REQUEST_SWALLOWING;
	if (q->watched != NULL)
		q->watched->swallow_until = ipc_now_ms() + SWALLOW_MS;
}

/* ---- deadlines ---- */

static bool
body_late(const struct front *f, const struct request *q, int64_t now)
{
	int64_t allowed = f->s->body_seconds * 1000 +
			  (int64_t)q->received * 1000 / f->s->body_rate_min;
	return now - q->started_ms > allowed;
}

static void
sweep_one(struct front *f, struct connection *c, int64_t now)
{
	struct request *q = c->request;
	if (c->swallow_until != 0) {
		if (now > c->swallow_until)
			shutdown(c->fd, SHUT_RDWR);
	} else if (q == NULL) {
		if (now - c->since > f->s->header_seconds * 1000)
			shutdown(c->fd, SHUT_RDWR);
	} else if (q->state == REQUEST_REFUSED && body_late(f, q, now)) {
		shutdown(c->fd, SHUT_RDWR);
	} else if (q->state == REQUEST_READING && body_late(f, q, now)) {
		answer_now(q,
		    err_coded(err_new(ERR_LIMIT, NULL,
				  "%zu bytes came in %lld seconds", q->received,
				  (long long)(now - q->started_ms) / 1000),
			"body-slow"));
	}
}

static void *
sweeper(void *ctx)
{
	struct http *h = ctx;
	struct watch *w = &h->watch;
	const struct timespec pause = { .tv_nsec = SWEEP_MS * 1000000L };
	for (;;) {
		nanosleep(&pause, NULL);
		int64_t now = ipc_now_ms();
		pthread_mutex_lock(&w->lock);
		bool ending = w->ending;
		for (struct connection *c = w->first; c != NULL; c = c->next)
			sweep_one(h->front, c, now);
		pthread_mutex_unlock(&w->lock);
		if (ending)
			return NULL;
	}
}

static void
connection_changed(void *ctx, struct MHD_Connection *connection,
    void **socket_context, enum MHD_ConnectionNotificationCode what)
{
	struct listener *l = ctx;
	struct watch *w = l->front->watch;
	struct connection *c = *socket_context;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		    connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		c = calloc(1, sizeof(*c));
		if (c == NULL || info == NULL) {
			free(c);
			return; /* unwatched, and every request refused */
		}
		c->fd = info->connect_fd;
		c->since = ipc_now_ms();
		pthread_mutex_lock(&w->lock);
		c->next = w->first;
		if (w->first != NULL)
			w->first->prev = c;
		w->first = c;
		pthread_mutex_unlock(&w->lock);
		*socket_context = c;
	} else if (c != NULL) {
		pthread_mutex_lock(&w->lock);
		if (c->prev != NULL)
			c->prev->next = c->next;
		else
			w->first = c->next;
		if (c->next != NULL)
			c->next->prev = c->prev;
		pthread_mutex_unlock(&w->lock);
		free(c);
		*socket_context = NULL;
	}
}

/* ---- requests ---- */

static void
request_free(struct request *q)
{
	if (q == NULL)
		return;
	wipe(q->json.ptr, q->json.len);
	buf_done(&q->json);
	spool_done(&q->document);
	form_free(q->form);
	cert_free(q->peer);
	reply_done(&q->reply);
	free(q);
}

static void
log_request(const struct request *q)
{
	char path[256];
	const struct reply *r = &q->reply;
	size_t len = r->streamed
			 ? insertion_size(&r->insertion, r->document.len)
		     : r->constant != NULL ? r->constant_len
					   : r->body.len;
	/* The path alone: a query may hold what is nobody's business. */
	/* What came out of memory is asked thousands of times a second. */
	log_event(q->front->log, q->quick ? LOG_DEBUG : LOG_INFO, "request",
	    "id=%s method=%.8s path=%s officer=%d status=%u code=%s in=%zu "
	    "out=%zu ms=%lld",
	    q->id, q->method, log_quoted(route_log_path(q->path), path, sizeof(path)),
	    q->officer, r->status, r->code != NULL ? r->code : "-", q->received,
	    len, (long long)(ipc_now_ms() - q->started_ms));
}

static void
completed(void *ctx, struct MHD_Connection *connection, void **con_cls,
    enum MHD_RequestTerminationCode why)
{
	struct listener *l = ctx;
	struct request *q = *con_cls;
	(void)connection;
	(void)why;
	if (q == NULL)
		return;
	*con_cls = NULL;
	pthread_mutex_lock(&l->front->watch->lock);
	if (q->watched != NULL) {
		q->watched->request = NULL;
		q->watched->since = ipc_now_ms();
	}
	pthread_mutex_unlock(&l->front->watch->lock);
	log_request(q);
	atomic_fetch_sub(&l->front->at_work, 1);
	request_free(q);
}

/* A thread of the queue: may wait for other processes. */
static void
work(void *item)
{
	struct request *q = item;
	struct err *e = q->route->handle(q, &q->reply);
	if (e != NULL) {
		if (err_kind(e) == ERR_INTERNAL || err_kind(e) == ERR_REMOTE) {
			char text[700];
			log_event(q->front->log, LOG_ERROR, "request-failed",
			    "id=%s kind=%s code=%s at=%s:%d text=%s", q->id,
			    err_kind_name(err_kind(e)), err_code(e),
			    err_file(e), err_line(e),
			    log_quoted(err_text(e), text, sizeof(text)));
		}
		reply_problem(&q->reply, q->id, e, -1);
	}
	q->state = REQUEST_DONE;
	MHD_resume_connection(q->connection);
}

static enum MHD_Result
dispatch(struct request *q)
{
	if (q->route->quick != NULL) {
		bool done = false;
		struct err *e = q->route->quick(q, &q->reply, &done);
		if (e != NULL)
			return refuse(q, e);
		if (done) {
			q->quick = true;
			q->state = REQUEST_DONE;
			return request_send(q);
		}
	}
	if (q->route->now) {
		struct err *e = q->route->handle(q, &q->reply);
		if (e != NULL)
			return refuse(q, e);
		q->state = REQUEST_DONE;
		return request_send(q);
	}
	q->state = REQUEST_QUEUED;
	MHD_suspend_connection(q->connection);
	if (!queue_push(q->front->queue, q)) {
		reply_problem(&q->reply, q->id,
		    err_coded(err_new(ERR_REMOTE, NULL, "the queue is full"),
			"queue-full"),
		    -1);
		q->state = REQUEST_DONE;
		MHD_resume_connection(q->connection);
	}
	return MHD_YES;
}

/* ---- a request begins ---- */

static void
make_id(char out[17])
{
	uint8_t raw[8] = { 0 };
	if (getrandom(raw, sizeof(raw), GRND_NONBLOCK) != (ssize_t)sizeof(raw))
		memset(raw, 0, sizeof(raw));
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

static struct request *
request_new(struct listener *l, struct MHD_Connection *connection)
{
	struct request *q = calloc(1, sizeof(*q));
	if (q == NULL)
		return NULL;
	q->front = l->front;
	q->connection = connection;
	q->officer = l->officer;
	q->plain = l->plain;
	q->document.fd = -1;
	q->reply.document.fd = -1;
	q->started_ms = ipc_now_ms();
	make_id(q->id);
	atomic_fetch_add(&l->front->at_work, 1);

	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	const union MHD_ConnectionInfo *tls = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	pthread_mutex_lock(&l->front->watch->lock);
	q->watched = info != NULL ? info->socket_context : NULL;
	if (q->watched != NULL) {
		q->watched->request = q;
		q->watched->swallow_until = 0;
		q->watched->session =
		    tls != NULL ? (gnutls_session_t)tls->tls_session : NULL;
	}
	pthread_mutex_unlock(&l->front->watch->lock);
	return q;
}

#define READ_AWAY_MAX 1048576 /* bytes of a body that nobody wants */

/*
 * The answer is known before the body.  A client that is still sending would
 * lose it when the connection closes under its hands, so what is short is
 * read away first, and what is long gets the answer past the body.  Who waits
 * for "100 Continue" sends nothing.
 */
static enum MHD_Result
refuse_early(struct request *q, struct err *e)
{
	const char *length = request_header(q, "Content-Length");
	bool chunked = request_header(q, "Transfer-Encoding") != NULL;
	unsigned long long len =
	    length != NULL ? strtoull(length, NULL, 10) : 0;
	if ((len == 0 && !chunked) || request_header(q, "Expect") != NULL)
		return refuse(q, e);
	struct watch *w = q->front->watch;
	pthread_mutex_lock(&w->lock);
	if (chunked || len > READ_AWAY_MAX) {
		answer_now(q, e);
	} else {
		reply_problem(&q->reply, q->id, e, -1);
		q->state = REQUEST_REFUSED;
	}
	pthread_mutex_unlock(&w->lock);
	return MHD_YES;
}

static enum MHD_Result
first_call(struct listener *l, struct MHD_Connection *connection,
    const char *path, const char *method, void **con_cls)
{
	struct request *q = request_new(l, connection);
	if (q == NULL)
		return MHD_NO;
	*con_cls = q;
	q->path = path;
	q->method = method;
	gnutls_session_t session =
	    q->watched != NULL ? q->watched->session : NULL;
	struct err *e = request_check(q, session, method, path);
	return e == NULL ? MHD_YES : refuse_early(q, e);
}

/* ---- the body ---- */

static struct err *
take_chunk(struct request *q, struct bytes chunk)
{
	if (q->received > request_body_max(q))
		return request_too_large(q);
	if (q->route->body == BODY_NONE)
		return NULL;
	if (q->route->body == BODY_JSON || q->route->body == BODY_BINARY)
		return buf_append(&q->json, chunk);
	if (q->form != NULL)
		return form_add(q->form, chunk);
	return spool_write(&q->document, chunk);
}

static enum MHD_Result
body_chunk(struct request *q, struct bytes chunk)
{
	struct watch *w = q->front->watch;
	pthread_mutex_lock(&w->lock);
	q->received += chunk.len;
	bool reading = q->state == REQUEST_READING;
	pthread_mutex_unlock(&w->lock);
	if (!reading)
		return MHD_YES; /* answered already */
	struct err *e = take_chunk(q, chunk);
	if (e == NULL)
		return MHD_YES;
	pthread_mutex_lock(&w->lock);
	if (q->state == REQUEST_READING)
		answer_now(q, e);
	else
		err_free(e);
	pthread_mutex_unlock(&w->lock);
	return MHD_YES;
}

static struct err *
end_of_body(struct request *q)
{
	if (q->form != NULL)
		TRY(form_finish(q->form));
	if (q->document.fd >= 0)
		TRY(spool_finish(&q->document));
	return NULL;
}

static enum MHD_Result
last_call(struct request *q)
{
	struct watch *w = q->front->watch;
	pthread_mutex_lock(&w->lock);
	enum request_state state = q->state;
	if (state == REQUEST_READING)
		q->state = REQUEST_QUEUED; /* the sweeper looks away */
	pthread_mutex_unlock(&w->lock);
	switch (state) {
	case REQUEST_READING: {
		struct err *e = end_of_body(q);
		return e == NULL ? dispatch(q) : refuse(q, e);
	}
	case REQUEST_REFUSED:
		q->state = REQUEST_DONE;
		return request_send(q);
	case REQUEST_DONE:
		return request_send(q);
	case REQUEST_QUEUED:
		return MHD_YES;
	case REQUEST_SWALLOWING:
		break;
	}
	return MHD_NO; /* answered out of turn: close */
}

static enum MHD_Result
answer(void *ctx, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload_data,
    size_t *upload_data_size, void **con_cls)
{
	struct request *q = *con_cls;
	(void)version;
	if (q == NULL)
		return first_call(ctx, connection, url, method, con_cls);
	if (*upload_data_size == 0)
		return last_call(q);
	enum MHD_Result ok =
	    body_chunk(q, bytes_of(upload_data, *upload_data_size));
	*upload_data_size = 0;
	return ok;
}

/* ---- daemons ---- */

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
	    0, NULL, NULL, answer, l, MHD_OPTION_EXTERNAL_LOGGER, mhd_log,
	    h->front, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED,
	    completed, l, MHD_OPTION_NOTIFY_CONNECTION, connection_changed, l,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned int)s->connections_max,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	    (unsigned int)s->connections_max / ONE_ADDRESS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_SECONDS,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_THREAD_POOL_SIZE, (unsigned int)DAEMON_THREADS,
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
	int failed = pthread_create(&h->watch.thread, NULL, sweeper, h);
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
	struct err *e = queue_new(
	    (size_t)f->s->queue_max, (size_t)f->s->threads, work, &f->queue);
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
	/* Nobody is suspended any more once the queue has ended. */
	queue_free(h->front->queue);
	h->front->queue = NULL;
	for (size_t i = 0; i < h->n; i++)
		MHD_stop_daemon(h->listeners[i].daemon);
	pthread_mutex_lock(&h->watch.lock);
	h->watch.ending = true;
	pthread_mutex_unlock(&h->watch.lock);
	if (h->watch.thread != 0)
		pthread_join(h->watch.thread, NULL);
	pthread_mutex_destroy(&h->watch.lock);
	free(h);
}
