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

#include "signd/front-http.h"
#include "signd/front-ocsp.h"
#include "signd/ipc-io.h"
#include "signd/process.h"

#define SWEEP_MS 500
#define SWALLOW_MS 3000 /* to read on after an early answer */

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
is_late(const struct front *f, int64_t since, size_t size, int64_t now)
{
	int64_t allowed = f->s->body_seconds * 1000 +
			  (int64_t)size * 1000 / f->s->body_rate_min;
	return now - since > allowed;
}

static bool
body_late(const struct front *f, const struct request *q, int64_t now)
{
	return is_late(f, q->started_ms, q->received, now);
}

/* Who reads a byte now and then would keep the connection for ever. */
static bool
answer_late(const struct front *f, const struct request *q, int64_t now)
{
	return q->sending_ms != 0 &&
	       is_late(f, q->sending_ms, reply_size(&q->reply), now);
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
	} else if (answer_late(f, q, now)) {
		shutdown(c->fd, SHUT_RDWR);
	}
}

void *
http_sweeper(void *ctx)
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

void
http_connection_changed(void *ctx, struct MHD_Connection *connection,
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
	/* The path alone: a query may hold what is nobody's business. */
	/* What came out of memory is asked thousands of times a second. */
	log_event(q->front->log, q->quick ? LOG_DEBUG : LOG_INFO, "request",
	    "id=%s method=%.8s path=%s officer=%d status=%u code=%s in=%zu "
	    "out=%zu ms=%lld",
	    q->id, q->method, log_quoted(route_log_path(q->path), path, sizeof(path)),
	    q->officer, r->status, r->code != NULL ? r->code : "-", q->received,
	    reply_size(r), (long long)(ipc_now_ms() - q->started_ms));
}

/*
 * What is kept goes out without a request of ours: of these alone come more
 * than of all the others.  libmicrohttpd would close after an answer to the
 * first call; this stands for the request until the second.
 */
static char light;

static void
light_completed(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct connection *c = info != NULL ? info->socket_context : NULL;
	if (c != NULL)
		c->since = ipc_now_ms();
}

void
http_completed(void *ctx, struct MHD_Connection *connection, void **con_cls,
    enum MHD_RequestTerminationCode why)
{
	struct listener *l = ctx;
	struct request *q = *con_cls;
	(void)why;
	if (*con_cls == &light)
		light_completed(connection);
	if (q == NULL || *con_cls == &light)
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
void
http_work(void *item)
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
		enum quick_end end = QUICK_NOT;
		struct err *e = q->route->quick(q, &q->reply, &end);
		if (e != NULL)
			return refuse(q, e);
		if (end == QUICK_TAKEN)
			return MHD_YES;
		if (end == QUICK_ANSWERED) {
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
	const union MHD_ConnectionInfo *peer = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	q->address = payer_of(peer != NULL ? peer->client_addr : NULL);
	atomic_fetch_add(&l->front->at_work, 1);

	/* What one call answers the next one overwrites. */
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct connection *watched = info != NULL ? info->socket_context : NULL;
	info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	gnutls_session_t session =
	    info != NULL ? (gnutls_session_t)info->tls_session : NULL;
	pthread_mutex_lock(&l->front->watch->lock);
	q->watched = watched;
	if (watched != NULL) {
		watched->request = q;
		watched->swallow_until = 0;
		watched->session = session;
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

static bool
may_be_light(const struct listener *l, struct MHD_Connection *connection,
    const char *url, const char *method)
{
	return !l->officer && strcmp(method, "GET") == 0 && ocsp_is_get(url) &&
	       !atomic_load(&l->front->stopping) &&
	       MHD_lookup_connection_value(
		   connection, MHD_HEADER_KIND, "Content-Length") == NULL &&
	       MHD_lookup_connection_value(
		   connection, MHD_HEADER_KIND, "Transfer-Encoding") == NULL;
}

/* It has no body, so this is its end: what is not kept is looked at in full. */
static enum MHD_Result
light_call(struct listener *l, struct MHD_Connection *connection,
    const char *url, const char *method, void **con_cls)
{
	if (ocsp_at_once(l->front, url, connection))
		return MHD_YES;
	*con_cls = NULL;
	enum MHD_Result ok = first_call(l, connection, url, method, con_cls);
	struct request *q = *con_cls;
	return ok == MHD_YES && q != NULL && q->state == REQUEST_READING
		   ? last_call(q)
		   : ok;
}

enum MHD_Result
http_answer(void *ctx, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload_data,
    size_t *upload_data_size, void **con_cls)
{
	struct request *q = *con_cls;
	(void)version;
	if (q == NULL && may_be_light(ctx, connection, url, method)) {
		*con_cls = &light;
		return MHD_YES;
	}
	if (*con_cls == &light)
		return light_call(ctx, connection, url, method, con_cls);
	if (q == NULL)
		return first_call(ctx, connection, url, method, con_cls);
	if (*upload_data_size == 0)
		return last_call(q);
	enum MHD_Result ok =
	    body_chunk(q, bytes_of(upload_data, *upload_data_size));
	*upload_data_size = 0;
	return ok;
}
