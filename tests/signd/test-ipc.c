/* The frames between processes: both ends, over a real socket. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/pack.h"
#include "signd/ipc-io.h"
#include "signd/ipc.h"
#include "tests/tap.h"

enum { OP_ECHO = 1, OP_FAIL, OP_DIE, OP_SLEEP, OP_READ_FD, OP_STOP, OP_BATCH,
	OP_COUNT };

struct fixture {
	char path[128];
	int listen_fd;
	pid_t pid;
};

struct service_state {
	bool stop;
	uint64_t asked;
	uint64_t batches;
	bool fail_batch;
};

static struct err *
handle(void *ctx, const struct ipc_message *request, struct ipc_message *answer)
{
	struct service_state *st = ctx;
	char text[32];
	st->asked++;
	switch (request->op) {
	case OP_COUNT:
		return pack_u64(&answer->body, 1, st->asked);
	case OP_ECHO:
		return buf_append(&answer->body, buf_bytes(&request->body));
	case OP_FAIL:
		return err_coded(
		    err_new(ERR_DENIED, NULL, "no: %s", "because"), "denied");
	case OP_DIE:
		raise(SIGKILL);
		return NULL;
	case OP_SLEEP:
		sleep(600);
		return NULL;
	case OP_READ_FD:
		if (request->nfds != 1 ||
		    pread(request->fds[0], text, 5, 0) != 5)
			return err_new(ERR_MALFORMED, NULL, "no descriptor");
		return buf_append(&answer->body, bytes_of(text, 5));
	case OP_STOP:
		st->stop = true;
		return NULL;
	case OP_BATCH:
		st->fail_batch = request->body.len > 0;
		return pack_u64(&answer->body, 1, st->batches);
	default:
		return err_new(ERR_UNSUPPORTED, NULL, "no such operation");
	}
}

static bool
stopping(void *ctx)
{
	return ((struct service_state *)ctx)->stop;
}

static struct err *
batch_begin(void *ctx)
{
	((struct service_state *)ctx)->batches++;
	return NULL;
}

static struct err *
batch_end(void *ctx)
{
	struct service_state *st = ctx;
	if (!st->fail_batch)
		return NULL;
	st->fail_batch = false;
	return err_coded(err_new(ERR_LIMIT, NULL, "no room"), "limit");
}

static bool only_present;
static int idle_ms = 60000;

static void
serve(int listen_fd)
{
	struct service_state st = { 0 };
	const struct ipc_service service = {
		.ctx = &st,
		.body_max = 8 * 1024 * 1024,
		.answer_max = 8 * 1024 * 1024,
		.clients_max = 8,
		.idle_ms = idle_ms,
		.only_present = only_present,
		.handle = handle,
		.stopping = stopping,
		.batch_begin = batch_begin,
		.batch_end = batch_end,
	};
	struct err *e = ipc_serve(listen_fd, &service);
	close(listen_fd);
	_exit(e == NULL ? 0 : 1);
}

static void
start(struct fixture *f)
{
	snprintf(f->path, sizeof(f->path), "/tmp/test-ipc-%d.sock", getpid());
	CHECK_OK(ipc_listen(f->path, 0600, 8, &f->listen_fd));
	f->pid = fork();
	if (f->pid == 0)
		serve(f->listen_fd);
}

static void
stop(struct fixture *f)
{
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	close(f->listen_fd);
	unlink(f->path);
}

static struct err *
call_within(struct fixture *f, uint16_t op, struct bytes body, int ms,
    struct ipc_message *out)
{
	return ipc_call(f->path, op, body, NULL, 0, 8 * 1024 * 1024, ms, out);
}

/* However slow the machine is. */
static struct err *
call(struct fixture *f, uint16_t op, struct bytes body, struct ipc_message *out)
{
	return call_within(f, op, body, 60000, out);
}

static void
an_answer_comes_back(void)
{
	struct fixture f;
	start(&f);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CHECK_OK(call(&f, OP_ECHO, BYTES_LIT("xin chào"), &m));
	CHECK(bytes_eq_str(buf_bytes(&m.body), "xin chào"));
	stop(&f);
}

static void
five_megabytes_come_back(void)
{
	struct fixture f;
	start(&f);
	CLEANUP(buf_done) struct buf big = BUF(5000000);
	CHECK_OK(buf_fill(&big, 'x', 5000000));
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CHECK_OK(call(&f, OP_ECHO, buf_bytes(&big), &m));
	CHECK(bytes_eq(buf_bytes(&m.body), buf_bytes(&big)));
	stop(&f);
}

static void
an_error_comes_back_as_it_was(void)
{
	struct fixture f;
	start(&f);
	struct ipc_message m = { 0 };
	struct err *e = call(&f, OP_FAIL, BYTES_NONE, &m);
	CHECK(e != NULL && err_kind(e) == ERR_DENIED);
	CHECK(e != NULL && strcmp(err_code(e), "denied") == 0);
	CHECK(e != NULL && strcmp(err_text(e), "no: because") == 0);
	err_free(e);
	stop(&f);
}

static void
expect_code(struct err *e, const char *code)
{
	CHECK(e != NULL && strcmp(err_code(e), code) == 0);
	if (e != NULL && strcmp(err_code(e), code) != 0)
		printf("# got %s: %s\n", err_code(e), err_text(e));
	err_free(e);
}

static void
a_process_that_dies_is_told(void)
{
	struct fixture f;
	start(&f);
	struct ipc_message m = { 0 };
	expect_code(call(&f, OP_DIE, BYTES_NONE, &m), "process-died");
	stop(&f);
}

/* A process that has not even come to take the request is another matter, and
 * on a slow machine it takes its time. */
static void
a_process_that_hangs_is_told(void)
{
	bool told = false;
	for (int ms = 500; ms <= 64000 && !told; ms *= 2) {
		struct fixture f;
		struct ipc_message m = { 0 };
		start(&f);
		struct err *e = call_within(&f, OP_SLEEP, BYTES_NONE, ms, &m);
		CHECK(e != NULL);
		told = e != NULL && strcmp(err_code(e), "process-timeout") == 0;
		CHECK(told || (e != NULL && strcmp(err_code(e), "busy") == 0));
		err_free(e);
		stop(&f);
	}
	CHECK(told);
}

static void
nobody_there_is_busy(void)
{
	struct fixture f = { .path = "/tmp/test-ipc-none.sock" };
	struct ipc_message m = { 0 };
	expect_code(call(&f, OP_ECHO, BYTES_NONE, &m), "busy");
}

static void
a_request_that_nobody_takes_is_busy(void)
{
	struct fixture f;
	start(&f);
	kill(f.pid, SIGSTOP);
	CHECK(waitpid(f.pid, NULL, WUNTRACED) == f.pid);
	struct ipc_message m = { 0 };
	expect_code(
	    call_within(&f, OP_ECHO, BYTES_LIT("x"), 1000, &m), "busy");
	stop(&f);
}

static void
a_request_waits_for_the_next_process(void)
{
	struct fixture f;
	start(&f);
	kill(f.pid, SIGKILL);
	waitpid(f.pid, NULL, 0);
	pid_t late = fork();
	if (late == 0) {
		nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
		serve(f.listen_fd);
	}
	f.pid = late;
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CHECK_OK(call(&f, OP_ECHO, BYTES_LIT("x"), &m));
	stop(&f);
}

static void
a_descriptor_travels_along(void)
{
	struct fixture f;
	start(&f);
	CLEANUP(close_fdp) int fd = memfd_create("test", MFD_CLOEXEC);
	CHECK(write(fd, "hello", 5) == 5);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CHECK_OK(ipc_call(
	    f.path, OP_READ_FD, BYTES_LIT("x"), &fd, 1, 100, 60000, &m));
	CHECK(bytes_eq_str(buf_bytes(&m.body), "hello"));
	stop(&f);
}

static int
raw_connect(const struct fixture *f)
{
	struct sockaddr_un address;
	CHECK_OK(ipc_address(f->path, &address));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

static void
an_unfinished_frame_is_given_up(void)
{
	struct fixture f;
	idle_ms = 300;
	start(&f);
	idle_ms = 60000;
	CLEANUP(close_fdp) int fd = raw_connect(&f);
	CHECK(write(fd, "SGN1", 4) == 4);
	char c;
	CHECK(read(fd, &c, 1) == 0); /* closed, after 300 ms and a tick */
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	struct err *e = call(&f, OP_ECHO, BYTES_LIT("x"), &m);
	for (int i = 0; i < 100 && e != NULL; i++) { /* so slow ourselves */
		err_free(e);
		e = call(&f, OP_ECHO, BYTES_LIT("x"), &m);
	}
	CHECK_OK(e);
	stop(&f);
}

static void
refuses_a_descriptor_that_is_not_announced(void)
{
	struct fixture f;
	start(&f);
	CLEANUP(close_fdp) int fd = raw_connect(&f);
	uint8_t raw[IPC_HEAD];
	const struct ipc_head h = { .kind = IPC_REQUEST, .op = OP_ECHO };
	ipc_head_encode(&h, raw);
	int extra = STDOUT_FILENO;
	const struct bytes what[2] = { bytes_of(raw, sizeof(raw)) };
	CHECK(ipc_send_fds(fd, what, &extra, 1) == IPC_HEAD);
	char c;
	CHECK(read(fd, &c, 1) == 0);
	stop(&f);
}

static void
refuses_more_than_the_limit(void)
{
	struct fixture f;
	start(&f);
	CLEANUP(close_fdp) int fd = raw_connect(&f);
	uint8_t raw[IPC_HEAD];
	const struct ipc_head h = {
		.kind = IPC_REQUEST, .op = OP_ECHO, .len = 9 * 1024 * 1024
	};
	ipc_head_encode(&h, raw);
	CHECK(write(fd, raw, sizeof(raw)) == IPC_HEAD);
	char c;
	CHECK(read(fd, &c, 1) == 0);
	stop(&f);
}

static void
a_failed_batch_fails_its_requests(void)
{
	struct fixture f;
	start(&f);
	struct ipc_message m = { 0 };
	expect_code(call(&f, OP_BATCH, BYTES_LIT("fail"), &m), "limit");
	CLEANUP(ipc_message_done) struct ipc_message second = { 0 };
	CHECK_OK(call(&f, OP_BATCH, BYTES_NONE, &second));
	struct unpack u = unpack_of(buf_bytes(&second.body));
	uint64_t batches = 0;
	CHECK_OK(unpack_u64(&u, 1, &batches));
	CHECK(batches == 2);
	stop(&f);
}

static void
stopping_ends_the_loop_after_the_answer(void)
{
	struct fixture f;
	start(&f);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CHECK_OK(call(&f, OP_STOP, BYTES_NONE, &m));
	int status = -1;
	CHECK(waitpid(f.pid, &status, 0) == f.pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(f.listen_fd);
	unlink(f.path);
}

static void
heads_that_are_none_are_refused(void)
{
	struct ipc_head h = { .kind = IPC_REQUEST, .nfds = 1, .len = 5 };
	uint8_t raw[IPC_HEAD];
	ipc_head_encode(&h, raw);
	CHECK_OK(ipc_head_parse(bytes_of(raw, IPC_HEAD), 5, &h));
	CHECK(h.nfds == 1 && h.len == 5);
	CHECK_ERR(ipc_head_parse(bytes_of(raw, IPC_HEAD), 4, &h), ERR_LIMIT);
	CHECK_ERR(ipc_head_parse(bytes_of(raw, 15), 5, &h), ERR_MALFORMED);
	raw[5] = IPC_FDS_MAX + 1;
	CHECK_ERR(ipc_head_parse(bytes_of(raw, 16), 5, &h), ERR_MALFORMED);
	raw[5] = 0;
	raw[4] = 4;
	CHECK_ERR(ipc_head_parse(bytes_of(raw, 16), 5, &h), ERR_MALFORMED);
	raw[4] = 1;
	raw[0] = 'X';
	CHECK_ERR(ipc_head_parse(bytes_of(raw, 16), 5, &h), ERR_MALFORMED);
}

/* How many were served of two that asked and one that hung up before its turn
 * came. */
static uint64_t
served(bool present)
{
	struct fixture f;
	uint8_t head[IPC_HEAD];
	uint64_t n = 0;
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	const struct ipc_head h = { .kind = IPC_REQUEST, .op = OP_ECHO };
	only_present = present;
	start(&f);
	CHECK_OK(call(&f, OP_COUNT, BYTES_NONE, &m));
	kill(f.pid, SIGSTOP);
	CHECK(waitpid(f.pid, NULL, WUNTRACED) == f.pid);
	int fd = raw_connect(&f);
	ipc_head_encode(&h, head);
	CHECK(write(fd, head, sizeof(head)) == (ssize_t)sizeof(head));
	close(fd);
	kill(f.pid, SIGCONT);
	ipc_message_done(&m);
	CHECK_OK(call(&f, OP_COUNT, BYTES_NONE, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	CHECK_OK(unpack_u64(&u, 1, &n));
	stop(&f);
	only_present = false;
	return n;
}

static void
who_hung_up_is_not_served_where_nobody_else_would_know(void)
{
	CHECK(served(true) == 2);
	CHECK(served(false) == 3);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	RUN(heads_that_are_none_are_refused);
	RUN(an_answer_comes_back);
	RUN(five_megabytes_come_back);
	RUN(an_error_comes_back_as_it_was);
	RUN(a_process_that_dies_is_told);
	RUN(a_process_that_hangs_is_told);
	RUN(nobody_there_is_busy);
	RUN(a_request_that_nobody_takes_is_busy);
	RUN(a_request_waits_for_the_next_process);
	RUN(a_descriptor_travels_along);
	RUN(an_unfinished_frame_is_given_up);
	RUN(refuses_a_descriptor_that_is_not_announced);
	RUN(refuses_more_than_the_limit);
	RUN(a_failed_batch_fails_its_requests);
	RUN(who_hung_up_is_not_served_where_nobody_else_would_know);
	RUN(stopping_ends_the_loop_after_the_answer);
	return DONE();
}
