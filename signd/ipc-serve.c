/* The answering end: one thread, one poll(2), every socket non-blocking. */
#include "signd/ipc.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/pack.h"
#include "signd/ipc-io.h"

#define TICK_MS 1000     /* idle() and stopping() are asked this often */
#define READ_CHUNK 65536 /* bytes; a body grows as it comes, not as claimed */
#define CLIENTS_CEILING 1024 /* of all services together */

enum client_state {
	CLIENT_FREE,
	CLIENT_HEAD,
	CLIENT_BODY,
	CLIENT_READY,
	CLIENT_ANSWER
};

struct client {
	enum client_state state;
	int fd;
	uid_t peer;
	const struct ipc_service *service;
	int64_t since; /* ms; of the last progress */
	uint8_t raw[IPC_HEAD];
	size_t got; /* bytes of raw */
	struct ipc_head head;
	struct ipc_message request;
	struct ipc_message answer;
	size_t sent; /* bytes of raw and answer */
};

struct server {
	const struct ipc_listener *listeners;
	size_t nlisteners;
	struct client *clients;
	size_t nclients;
	struct pollfd *polls; /* listeners, then clients */
};

static void
client_reset(struct client *c)
{
	ipc_message_done(&c->request);
	ipc_message_done(&c->answer);
	c->got = 0;
	c->sent = 0;
	c->state = CLIENT_HEAD;
}

static void
client_close(struct client *c)
{
	client_reset(c);
	close(c->fd);
	*c = (struct client){ .fd = -1 };
}

static size_t
clients_of(const struct server *s, const struct ipc_service *service)
{
	size_t n = 0;
	for (size_t i = 0; i < s->nclients; i++)
		n += s->clients[i].state != CLIENT_FREE &&
		     s->clients[i].service == service;
	return n;
}

static struct client *
free_slot(const struct server *s)
{
	for (size_t i = 0; i < s->nclients; i++)
		if (s->clients[i].state == CLIENT_FREE)
			return &s->clients[i];
	return NULL;
}

bool
ipc_peer_allowed(const struct ipc_service *service, uid_t peer)
{
	if (peer == geteuid())
		return true;
	for (size_t i = 0; i < service->npeers; i++)
		if (peer == service->peers[i])
			return true;
	return false;
}

static bool
peer_allowed(const struct ipc_service *service, int fd, uid_t *out)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return false;
	*out = peer.uid;
	return ipc_peer_allowed(service, peer.uid);
}

/* -1: another process took it, try later; or nobody who may. */
static int
accept_one(int listen_fd, const struct ipc_service *service, uid_t *peer)
{
	for (;;) {
		int fd = accept4(
		    listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 || peer_allowed(service, fd, peer))
			return fd;
		close(fd);
	}
}

/* Whether one more client may come in for this service. */
static bool
has_room(const struct server *s, const struct ipc_service *service)
{
	return clients_of(s, service) < service->clients_max &&
	       free_slot(s) != NULL;
}

static void
client_open(
    struct client *c, const struct ipc_service *service, int fd, uid_t peer)
{
	*c = (struct client){ .state = CLIENT_HEAD,
		.fd = fd,
		.peer = peer,
		.service = service,
		.since = ipc_now_ms() };
}

static void
accept_new(const struct server *s, const struct ipc_listener *l)
{
	uid_t peer = 0;
	while (has_room(s, l->service)) {
		int fd = accept_one(l->fd, l->service, &peer);
		if (fd < 0)
			return;
		client_open(free_slot(s), l->service, fd, peer);
	}
}

static void
answer_error(struct client *c, struct err *e)
{
	ipc_message_done(&c->answer);
	c->answer = (struct ipc_message){ .body = BUF(4096) };
	struct err *second = err_pack(e, &c->answer.body);
	if (second != NULL)
		buf_clear(&c->answer.body);
	err_free(second);
	err_free(e);
	c->head.kind = IPC_ERROR;
}

/* Bytes of the head that came; false ends the connection. */
static bool
read_head(struct client *c)
{
	ssize_t n = ipc_recv_fds(
	    c->fd, c->raw + c->got, IPC_HEAD - c->got, &c->request);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	c->since = ipc_now_ms();
	c->got += (size_t)n;
	if (c->got < IPC_HEAD)
		return true;
	struct err *e = ipc_head_parse(
	    bytes_of(c->raw, IPC_HEAD), c->service->body_max, &c->head);
	if (e == NULL &&
	    (c->head.kind != IPC_REQUEST || c->head.nfds != c->request.nfds))
		e = err_new(ERR_MALFORMED, NULL, "no request");
	if (e != NULL) {
		err_free(e);
		return false;
	}
	c->request.op = c->head.op;
	c->request.peer = c->peer;
	c->request.body = BUF(c->service->body_max);
	c->state = c->head.len == 0 ? CLIENT_READY : CLIENT_BODY;
	return true;
}

static bool
read_body(struct client *c)
{
	uint8_t chunk[READ_CHUNK];
	size_t left = c->head.len - c->request.body.len;
	ssize_t n =
	    recv(c->fd, chunk, left < sizeof(chunk) ? left : sizeof(chunk), 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	c->since = ipc_now_ms();
	/* A small body gets its room at once: growing leaves copies behind. */
	struct err *e = NULL;
	if (c->request.body.cap == 0 && c->head.len <= sizeof(chunk))
		e = buf_reserve(&c->request.body, c->head.len);
	if (e == NULL)
		e = buf_append(&c->request.body, bytes_of(chunk, (size_t)n));
	wipe(chunk, (size_t)n); /* PINs come this way */
	if (e != NULL) {
		err_free(e);
		return false;
	}
	if (c->request.body.len == c->head.len)
		c->state = CLIENT_READY;
	return true;
}

static bool
read_more(struct client *c)
{
	enum client_state before;
	size_t had;
	do {
		before = c->state;
		had = c->request.body.len + c->got;
		if (!(c->state == CLIENT_HEAD ? read_head(c) : read_body(c)))
			return false;
	} while ((c->state == CLIENT_HEAD || c->state == CLIENT_BODY) &&
		 (c->state != before || c->request.body.len + c->got != had));
	return true;
}

static bool
write_more(struct client *c)
{
	struct bytes rest[2] = { bytes_of(c->raw, IPC_HEAD),
		buf_bytes(&c->answer.body) };
	ipc_sent(rest, c->sent);
	while (rest[0].len + rest[1].len > 0) {
		ssize_t n = ipc_send_fds(c->fd, rest, NULL, 0);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		ipc_sent(rest, (size_t)n);
		c->sent += (size_t)n;
		c->since = ipc_now_ms();
	}
	client_reset(c);
	return true;
}

static void
answer_start(struct client *c)
{
	c->head.nfds = 0;
	c->head.len = (uint32_t)c->answer.body.len;
	ipc_head_encode(&c->head, c->raw);
	c->sent = 0;
	c->state = CLIENT_ANSWER;
	if (!write_more(c))
		client_close(c);
}

static void
handle_one(struct client *c)
{
	const struct ipc_service *s = c->service;
	c->answer = (struct ipc_message){ .op = c->head.op,
		.body = BUF(s->answer_max) };
	c->head.kind = IPC_ANSWER;
	struct err *e = s->handle(s->ctx, &c->request, &c->answer);
	if (e != NULL)
		answer_error(c, e);
}

static bool
in_batch(const struct client *c, const struct ipc_service *service)
{
	return c->state == CLIENT_READY && c->service == service;
}

/* An error of the batch goes to all of it. */
static void
fail_batch(
    const struct server *s, const struct ipc_service *service, struct err *e)
{
	for (size_t i = 0; i < s->nclients; i++)
		if (in_batch(&s->clients[i], service)) {
			struct err *copy = err_new(
			    err_kind(e), err_clause(e), "%s", err_text(e));
			answer_error(
			    &s->clients[i], err_coded(copy, err_code(e)));
		}
	err_free(e);
}

static void
run_batch(const struct server *s, const struct ipc_service *service)
{
	size_t ready = 0;
	for (size_t i = 0; i < s->nclients; i++)
		ready += in_batch(&s->clients[i], service);
	if (ready == 0)
		return;
	struct err *e = service->batch_begin == NULL
			    ? NULL
			    : service->batch_begin(service->ctx);
	for (size_t i = 0; i < s->nclients && e == NULL; i++)
		if (in_batch(&s->clients[i], service))
			handle_one(&s->clients[i]);
	if (e == NULL && service->batch_end != NULL)
		e = service->batch_end(service->ctx);
	if (e != NULL)
		fail_batch(s, service, e);
	for (size_t i = 0; i < s->nclients; i++)
		if (in_batch(&s->clients[i], service))
			answer_start(&s->clients[i]);
}

static void
fill_polls(const struct server *s)
{
	for (size_t i = 0; i < s->nlisteners; i++) {
		const struct ipc_listener *l = &s->listeners[i];
		s->polls[i] = (struct pollfd){
			.fd = has_room(s, l->service) ? l->fd : -1,
			.events = POLLIN,
		};
	}
	for (size_t i = 0; i < s->nclients; i++) {
		const struct client *c = &s->clients[i];
		s->polls[s->nlisteners + i] = (struct pollfd){
			.fd = c->state == CLIENT_FREE ? -1 : c->fd,
			.events = c->state == CLIENT_ANSWER ? POLLOUT : POLLIN,
		};
	}
}

static void
serve_clients(const struct server *s)
{
	int64_t now = ipc_now_ms();
	for (size_t i = 0; i < s->nclients; i++) {
		struct client *c = &s->clients[i];
		if (c->state == CLIENT_FREE)
			continue;
		bool alive = true;
		if (s->polls[s->nlisteners + i].revents != 0)
			alive = c->state == CLIENT_ANSWER ? write_more(c)
							  : read_more(c);
		else if (now - c->since > c->service->idle_ms)
			alive = false;
		if (!alive)
			client_close(c);
	}
}

static bool
stopping(const struct server *s)
{
	for (size_t i = 0; i < s->nlisteners; i++) {
		const struct ipc_service *v = s->listeners[i].service;
		if (v->stopping != NULL && v->stopping(v->ctx))
			return true;
	}
	return false;
}

/* Whether somebody is in the middle of a request. */
static bool
at_work(const struct server *s)
{
	for (size_t i = 0; i < s->nclients; i++) {
		const struct client *c = &s->clients[i];
		if (c->state > CLIENT_HEAD ||
		    (c->state == CLIENT_HEAD && c->got > 0))
			return true;
	}
	return false;
}

static struct err *
run_idle(const struct server *s)
{
	for (size_t i = 0; i < s->nlisteners; i++) {
		const struct ipc_service *v = s->listeners[i].service;
		if (v->idle != NULL)
			TRY(v->idle(v->ctx));
	}
	return NULL;
}

static struct err *
turn(const struct server *s, bool last)
{
	fill_polls(s);
	for (size_t i = 0; i < s->nlisteners && last; i++)
		s->polls[i].fd = -1;
	int n = poll(s->polls, s->nlisteners + s->nclients, TICK_MS);
	if (n < 0 && errno != EINTR)
		return err_errno(errno, "poll");
	if (n < 0)
		return NULL;
	serve_clients(s);
	/* Another thread may have found a reason to stop meanwhile: who comes
	 * now is better served by another process. */
	last = stopping(s);
	for (size_t i = 0; i < s->nlisteners; i++) {
		if (!last && s->polls[i].fd >= 0 && s->polls[i].revents != 0)
			accept_new(s, &s->listeners[i]);
		run_batch(s, s->listeners[i].service);
	}
	return n == 0 ? run_idle(s) : NULL;
}

static struct err *
serve_loop(const struct server *s)
{
	for (;;) {
		bool last = stopping(s);
		if (last && !at_work(s))
			return NULL;
		TRY(turn(s, last));
	}
}

struct err *
ipc_serve_all(const struct ipc_listener *listeners, size_t n)
{
	struct server s = { .listeners = listeners, .nlisteners = n };
	for (size_t i = 0; i < n; i++)
		s.nclients += listeners[i].service->clients_max;
	if (n > IPC_LISTENERS_MAX || s.nclients > CLIENTS_CEILING)
		return err_new(ERR_USAGE, NULL, "%zu listeners, %zu clients", n,
		    s.nclients);
	s.clients = calloc(s.nclients, sizeof(*s.clients));
	s.polls = calloc(n + s.nclients, sizeof(*s.polls));
	struct err *e =
	    s.clients == NULL || s.polls == NULL
		? err_new(ERR_NOMEM, NULL, "%zu clients", s.nclients)
		: serve_loop(&s);
	for (size_t i = 0; s.clients != NULL && i < s.nclients; i++)
		if (s.clients[i].state != CLIENT_FREE)
			client_close(&s.clients[i]);
	free(s.clients);
	free(s.polls);
	return e;
}

struct err *
ipc_serve(int listen_fd, const struct ipc_service *service)
{
	const struct ipc_listener one = { .fd = listen_fd, .service = service };
	return ipc_serve_all(&one, 1);
}

/* ---- one request of one connection ---- */

struct ipc_visit {
	struct client client;
};

/* Whether something happened within the service's patience. */
static bool
wait_for_client(const struct client *c, short events)
{
	int n;
	struct pollfd p = { .fd = c->fd, .events = events };
	do
		n = poll(&p, 1, c->service->idle_ms);
	while (n < 0 && errno == EINTR);
	return n > 0;
}

static bool
read_request(struct client *c)
{
	while (read_more(c)) {
		if (c->state == CLIENT_READY)
			return true;
		if (!wait_for_client(c, POLLIN))
			return false;
	}
	return false;
}

struct err *
ipc_visit_take(
    int listen_fd, const struct ipc_service *service, struct ipc_visit **out)
{
	uid_t peer = 0;
	*out = NULL;
	int fd = accept_one(listen_fd, service, &peer);
	if (fd < 0)
		return NULL;
	struct ipc_visit *v = calloc(1, sizeof(*v));
	if (v == NULL) {
		close(fd);
		return err_new(ERR_NOMEM, NULL, "a connection");
	}
	client_open(&v->client, service, fd, peer);
	if (read_request(&v->client)) {
		*out = v;
		return NULL;
	}
	client_close(&v->client);
	free(v);
	return NULL;
}

void
ipc_visit_handle(struct ipc_visit *v)
{
	handle_one(&v->client);
}

void
ipc_visit_end(struct ipc_visit *v)
{
	struct client *c = &v->client;
	answer_start(c);
	while (c->state == CLIENT_ANSWER && wait_for_client(c, POLLOUT) &&
	       write_more(c))
		continue;
	if (c->state != CLIENT_FREE)
		client_close(c);
	free(v);
}
