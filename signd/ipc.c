#include "signd/ipc.h"

#include <errno.h>
#include <poll.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/pack.h"
#include "signd/ipc-io.h"

#define PATIENCE_MS 200    /* whether it has ended is asked so often */
#define BACKLOG_RETRY_MS 5 /* a full backlog cannot be waited for */

static const uint8_t magic[4] = { 'S', 'G', 'N', '1' };

static uint32_t
read_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static void
write_u32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

struct err *
ipc_head_parse(struct bytes in, size_t body_max, struct ipc_head *out)
{
	if (in.len != IPC_HEAD || memcmp(in.ptr, magic, sizeof(magic)) != 0)
		return err_new(ERR_MALFORMED, NULL, "no frame");
	const uint8_t *p = in.ptr;
	if (p[4] < IPC_REQUEST || p[4] > IPC_ERROR)
		return err_new(ERR_MALFORMED, NULL, "a frame of kind %u", p[4]);
	if (p[5] > (p[4] == IPC_REQUEST ? IPC_FDS_MAX : 0))
		return err_new(
		    ERR_MALFORMED, NULL, "a frame of %u descriptors", p[5]);
	uint32_t len = read_u32(p + 8);
	if (len > body_max)
		return err_new(ERR_LIMIT, NULL,
		    "a frame of %u bytes, at most %zu", len, body_max);
	*out = (struct ipc_head){
		.kind = (enum ipc_kind)p[4],
		.nfds = p[5],
		.op = (uint16_t)(p[6] << 8 | p[7]),
		.len = len,
		.id = read_u32(p + 12),
	};
	return NULL;
}

void
ipc_head_encode(const struct ipc_head *h, uint8_t out[IPC_HEAD])
{
	memcpy(out, magic, sizeof(magic));
	out[4] = (uint8_t)h->kind;
	out[5] = h->nfds;
	out[6] = (uint8_t)(h->op >> 8);
	out[7] = (uint8_t)h->op;
	write_u32(out + 8, h->len);
	write_u32(out + 12, h->id);
}

void
ipc_message_done(struct ipc_message *m)
{
	wipe(m->body.ptr, m->body.cap); /* PINs, SADs, links */
	buf_done(&m->body);
	for (size_t i = 0; i < m->nfds; i++)
		close_fdp(&m->fds[i]);
	m->nfds = 0;
}

int64_t
ipc_now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct err *
ipc_address(const char *path, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(out->sun_path))
		return err_new(
		    ERR_LIMIT, NULL, "%s: too long for a socket", path);
	memcpy(out->sun_path, path, strlen(path) + 1);
	return NULL;
}

struct err *
ipc_listen(const char *path, mode_t mode, int backlog, int *out)
{
	struct sockaddr_un address;
	TRY(ipc_address(path, &address));
	CLEANUP(close_fdp)
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(errno, "socket");
	if (unlink(path) != 0 && errno != ENOENT)
		return err_errno(errno, "removing %s", path);
	/* Nobody may connect between bind and chmod. */
	mode_t old = umask(0777);
	int bound = bind(fd, (struct sockaddr *)&address, sizeof(address));
	int no = errno;
	umask(old);
	if (bound != 0)
		return err_errno(no, "binding %s", path);
	if (chmod(path, mode) != 0)
		return err_errno(errno, "chmod %s", path);
	if (listen(fd, backlog) != 0)
		return err_errno(errno, "listening at %s", path);
	*out = fd;
	fd = -1;
	return NULL;
}

ssize_t
ipc_send_fds(int sock, const struct bytes what[2], const int *fds, size_t nfds)
{
	union {
		struct cmsghdr head;
		uint8_t space[CMSG_SPACE(sizeof(int) * IPC_FDS_MAX)];
	} control = { 0 };
	struct iovec iov[] = {
		{ (void *)(uintptr_t)what[0].ptr, what[0].len },
		{ (void *)(uintptr_t)what[1].ptr, what[1].len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = COUNT_OF(iov) };
	if (nfds > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL);
}

/* Takes what came along; false when there was more than a frame may bring. */
static bool
take_fds(struct msghdr *msg, struct ipc_message *into)
{
	bool fits = (msg->msg_flags & MSG_CTRUNC) == 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	     c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(
			    &fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (into->nfds < IPC_FDS_MAX) {
				into->fds[into->nfds++] = fd;
			} else {
				close(fd);
				fits = false;
			}
		}
	}
	return fits;
}

ssize_t
ipc_recv_fds(int sock, uint8_t *out, size_t size, struct ipc_message *into)
{
	union {
		struct cmsghdr head;
		uint8_t space[CMSG_SPACE(sizeof(int) * IPC_FDS_MAX)];
	} control;
	struct iovec iov = { out, size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	if (n >= 0 && !take_fds(&msg, into)) {
		errno = EPROTO;
		return -1;
	}
	return n;
}

/* ---- asking ---- */

struct call {
	int fd;
	int64_t deadline; /* ms */
	const char *path;
	struct ipc_patience patience;
};

static bool
given_up(const struct call *c)
{
	return ipc_now_ms() >= c->deadline ||
	       (c->patience.ended != NULL && c->patience.ended(c->patience.ctx));
}

static struct err *
died(const struct call *c, const char *what)
{
	return err_coded(
	    err_new(ERR_REMOTE, NULL, "%s: %s", c->path, what), "process-died");
}

static struct err *
busy(const struct call *c, const char *what)
{
	return err_coded(
	    err_new(ERR_REMOTE, NULL, "%s: %s", c->path, what), "busy");
}

/* Waits for `events`; *ready says whether they came in time. */
static struct err *
wait_for(const struct call *c, short events, bool *ready)
{
	for (;;) {
		int64_t left = c->deadline - ipc_now_ms();
		struct pollfd p = { .fd = c->fd, .events = events };
		if (c->patience.ended != NULL && left > PATIENCE_MS)
			left = PATIENCE_MS;
		int n = poll(&p, 1, left > 0 ? (int)left : 0);
		if ((n < 0 && errno == EINTR) || (n == 0 && !given_up(c)))
			continue;
		if (n < 0)
			return err_errno(errno, "poll");
		*ready = n > 0;
		return NULL;
	}
}

static struct err *
connect_to(struct call *c)
{
	struct sockaddr_un address;
	TRY(ipc_address(c->path, &address));
	const struct timespec pause = { .tv_nsec = BACKLOG_RETRY_MS * 1000000 };
	while (
	    connect(c->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		if (errno == ECONNREFUSED || errno == ENOENT)
			return busy(c, "nobody listens");
		if (errno != EAGAIN && errno != EINTR)
			return err_new(ERR_INTERNAL, NULL,
			    "connecting to %s: %s", c->path, strerror(errno));
		if (given_up(c))
			return busy(c, "too many wait");
		nanosleep(&pause, NULL);
	}
	return NULL;
}

void
ipc_sent(struct bytes what[2], size_t n)
{
	size_t first = n < what[0].len ? n : what[0].len;
	what[0] = bytes_from(what[0], first);
	what[1] = bytes_from(what[1], n - first);
}

/* Head and body leave together: the other side wakes up once. */
static struct err *
send_all(const struct call *c, struct bytes head, struct bytes body,
    const int *fds, size_t nfds)
{
	struct bytes what[2] = { head, body };
	while (what[0].len + what[1].len > 0) {
		ssize_t n = ipc_send_fds(c->fd, what, fds, nfds);
		if (n > 0) {
			ipc_sent(what, (size_t)n);
			nfds = 0;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return died(c, "it went away");
		if (n < 0 && errno != EAGAIN)
			return err_errno(errno, "sending to %s", c->path);
		bool ready = false;
		TRY(wait_for(c, POLLOUT, &ready));
		if (!ready)
			return busy(c, "nobody takes the request");
	}
	return NULL;
}

/* Nobody answered in time; what the other side has not even read tells
 * whether anybody took the request. */
static struct err *
late(const struct call *c)
{
	int unread = 0;
	if (ioctl(c->fd, SIOCOUTQ, &unread) == 0 && unread > 0)
		return busy(c, "nobody takes the request");
	return err_coded(
	    err_new(ERR_REMOTE, NULL, "%s: no answer in time", c->path),
	    "process-timeout");
}

static struct err *
recv_all(const struct call *c, uint8_t *out, size_t len)
{
	while (len > 0) {
		ssize_t n = recv(c->fd, out, len, 0);
		if (n > 0) {
			out += n;
			len -= (size_t)n;
			continue;
		}
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return died(c, "it went away before it answered");
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return err_errno(errno, "reading from %s", c->path);
		bool ready = false;
		TRY(wait_for(c, POLLIN, &ready));
		if (!ready)
			return late(c);
	}
	return NULL;
}

#define FIRST 4096 /* bytes of head and body that are read at once */

/* Most answers come whole, in one piece. */
static struct err *
recv_first(const struct call *c, uint8_t out[FIRST], size_t *got)
{
	ssize_t n = -1;
	while (n < 0) {
		bool ready = false;
		TRY(wait_for(c, POLLIN, &ready));
		if (!ready)
			return late(c);
		n = recv(c->fd, out, FIRST, 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return died(c, "it went away before it answered");
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return err_errno(errno, "reading from %s", c->path);
	}
	*got = (size_t)n;
	if (*got < IPC_HEAD) {
		TRY(recv_all(c, out + *got, IPC_HEAD - *got));
		*got = IPC_HEAD;
	}
	return NULL;
}

static struct err *
recv_rest(const struct call *c, uint16_t op, size_t answer_max,
    struct bytes first, bool *whole, struct buf *body)
{
	struct ipc_head h;
	TRY(ipc_head_parse(bytes_slice(first, 0, IPC_HEAD), answer_max, &h));
	struct bytes begun = bytes_from(first, IPC_HEAD);
	if (h.kind == IPC_REQUEST || h.op != op || begun.len > h.len)
		return err_new(ERR_MALFORMED, NULL, "%s: no answer", c->path);
	TRY(buf_fill(body, 0, h.len));
	if (begun.len > 0)
		memcpy(body->ptr, begun.ptr, begun.len);
	TRY(recv_all(c, body->ptr + begun.len, h.len - begun.len));
	*whole = true;
	return h.kind == IPC_ERROR ? err_unpack(buf_bytes(body)) : NULL;
}

static struct err *
recv_answer(const struct call *c, uint16_t op, size_t answer_max, bool *whole,
    struct buf *body)
{
	uint8_t first[FIRST];
	size_t got = 0;
	TRY(recv_first(c, first, &got));
	struct err *e = recv_rest(
	    c, op, answer_max, bytes_of(first, got), whole, body);
	wipe(first, got);
	return e;
}

static struct err *
open_socket(int *out)
{
	*out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*out < 0)
		return err_errno(errno, "socket");
	return NULL;
}

/* One request and its answer.  *whole: an answer came, be it an error. */
static struct err *
exchange(const struct call *c, uint16_t op, struct bytes body, const int *fds,
    size_t nfds, size_t answer_max, bool *whole, struct ipc_message *answer)
{
	uint8_t raw[IPC_HEAD];
	const struct ipc_head h = { .kind = IPC_REQUEST,
		.nfds = (uint8_t)nfds,
		.op = op,
		.len = (uint32_t)body.len,
		.id = 1 };
	ipc_head_encode(&h, raw);
	/* Who refuses early may have answered already: read that first. */
	struct err *sent =
	    send_all(c, bytes_of(raw, sizeof(raw)), body, fds, nfds);
	CLEANUP(buf_done) struct buf got = BUF(answer_max);
	struct err *e = recv_answer(c, op, answer_max, whole, &got);
	if (sent != NULL && e != NULL &&
	    strcmp(err_code(e), "process-died") == 0) {
		err_free(e);
		return sent;
	}
	err_free(sent);
	if (e != NULL)
		return e;
	*answer = (struct ipc_message){ .op = op, .body = buf_move(&got) };
	return NULL;
}

static struct err *
check_size(struct bytes body, size_t nfds)
{
	if (body.len > IPC_BODY_MAX || nfds > IPC_FDS_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes, %zu descriptors",
		    body.len, nfds);
	return NULL;
}

struct err *
ipc_call(const char *path, uint16_t op, struct bytes body, const int *fds,
    size_t nfds, size_t answer_max, int timeout_ms, struct ipc_message *answer)
{
	const struct ipc_patience patient = { .timeout_ms = timeout_ms };
	return ipc_call_while(
	    path, op, body, fds, nfds, answer_max, &patient, answer);
}

struct err *
ipc_call_while(const char *path, uint16_t op, struct bytes body, const int *fds,
    size_t nfds, size_t answer_max, const struct ipc_patience *patience,
    struct ipc_message *answer)
{
	CLEANUP(close_fdp) int fd = -1;
	bool whole = false;
	TRY(check_size(body, nfds));
	TRY(open_socket(&fd));
	struct call c = {
		.fd = fd,
		.deadline = ipc_now_ms() + patience->timeout_ms,
		.path = path,
		.patience = *patience
	};
	TRY(connect_to(&c));
	return exchange(&c, op, body, fds, nfds, answer_max, &whole, answer);
}

/* ---- connections that are kept ---- */

struct err *
ipc_pool_init(struct ipc_pool *p, const char *path)
{
	*p = (struct ipc_pool){ .path = path };
	if (pthread_mutex_init(&p->lock, NULL) != 0)
		return err_new(ERR_NOMEM, NULL, "a lock");
	return NULL;
}

void
ipc_pool_done(struct ipc_pool *p)
{
	for (size_t i = 0; i < p->n; i++)
		close(p->idle[i].fd);
	if (p->path != NULL)
		pthread_mutex_destroy(&p->lock);
	*p = (struct ipc_pool){ 0 };
}

/* Still open, with nothing in it that nobody asked for. */
static bool
alive(const struct ipc_idle *c, int64_t now)
{
	uint8_t byte;
	if (now - c->since > IPC_POOL_IDLE_MS)
		return false;
	ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return n < 0 && errno == EAGAIN;
}

/* The connection used last, for it is the most likely to live; -1: none. */
static int
pool_take(struct ipc_pool *p)
{
	int64_t now = ipc_now_ms();
	int fd = -1;
	pthread_mutex_lock(&p->lock);
	while (fd < 0 && p->n > 0) {
		const struct ipc_idle *c = &p->idle[--p->n];
		if (alive(c, now))
			fd = c->fd;
		else
			close(c->fd);
	}
	pthread_mutex_unlock(&p->lock);
	return fd;
}

static void
pool_give(struct ipc_pool *p, int *fd)
{
	pthread_mutex_lock(&p->lock);
	if (p->n < IPC_POOL_MAX) {
		p->idle[p->n++] =
		    (struct ipc_idle){ .fd = *fd, .since = ipc_now_ms() };
		*fd = -1;
	}
	pthread_mutex_unlock(&p->lock);
}

struct err *
ipc_pool_call(struct ipc_pool *p, uint16_t op, struct bytes body,
    size_t answer_max, int timeout_ms, struct ipc_message *answer)
{
	CLEANUP(close_fdp) int fd = -1;
	bool whole = false;
	TRY(check_size(body, 0));
	fd = pool_take(p);
	struct call c = { .fd = fd,
		.deadline = ipc_now_ms() + timeout_ms,
		.path = p->path };
	if (fd < 0) {
		TRY(open_socket(&fd));
		c.fd = fd;
		TRY(connect_to(&c));
	}
	struct err *e =
	    exchange(&c, op, body, NULL, 0, answer_max, &whole, answer);
	if (whole)
		pool_give(p, &fd);
	return e;
}
