#include "worker/sandbox.h"

#include "base/pack.h"

#include <seccomp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SANDBOX_FILES 64 /* descriptors, those from before included */
#define SANDBOX_GRACE_MS                                                       \
	2000           /* the parent waits so much longer than SIGALRM         \
			*/
#define ERROR_MAX 8192 /* bytes of one packed error */

DEFINE_FREEP(seccomp_release, void)

/* ---- the filter ---- */

#ifndef SIGND_SANITIZED

/* What a job needs: memory, time, and descriptors that it already has. */
static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(recvfrom),
	SCMP_SYS(shutdown),
	SCMP_SYS(accept4),
	SCMP_SYS(getsockopt),
	SCMP_SYS(geteuid),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(setitimer),
	SCMP_SYS(alarm),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(sched_yield),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static int
add_rules(scmp_filter_ctx f)
{
	int bad = 0;
	for (size_t i = 0; i < COUNT_OF(allowed); i++)
		bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	/* Memory, but none that can be executed. */
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* How glibc does fstat(). */
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
	    SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH, 0));
	/* abort() signals its own process, nobody else. */
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	return bad;
}

static scmp_filter_ctx
new_filter(void)
{
	return seccomp_init(SCMP_ACT_KILL_PROCESS);
}

#else

/* Sanitizers read /proc and make threads of their own: here only the doors
 * to the outside are shut. */
static int
add_rules(scmp_filter_ctx f)
{
	static const int forbidden[] = { SCMP_SYS(socket), SCMP_SYS(connect),
		SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(execve),
		SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
		SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename),
		SCMP_SYS(mkdir), SCMP_SYS(mount) };
	int bad = 0;
	for (size_t i = 0; i < COUNT_OF(forbidden); i++)
		bad |=
		    seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, forbidden[i], 0);
	return bad;
}

static scmp_filter_ctx
new_filter(void)
{
	return seccomp_init(SCMP_ACT_ALLOW);
}

#endif

static struct err *
close_filter(void)
{
	CLEANUP(seccomp_releasep) void *f = new_filter();
	if (f == NULL)
		return err_new(ERR_NOMEM, NULL, "seccomp_init");
	if (add_rules(f) != 0)
		return err_new(ERR_INTERNAL, NULL, "seccomp_rule_add");
	int r = seccomp_load(f);
	if (r != 0)
		return err_errno(-r, "seccomp_load");
	return NULL;
}

/* ---- limits ---- */

static struct err *
limit(__rlimit_resource_t what, rlim_t value)
{
	struct rlimit now;
	if (getrlimit(what, &now) != 0)
		return err_errno(errno, "getrlimit");
	if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value)
		value = now.rlim_max;
	now = (struct rlimit){ .rlim_cur = value, .rlim_max = value };
	if (setrlimit(what, &now) != 0)
		return err_errno(errno, "setrlimit");
	return NULL;
}

#ifndef SIGND_SANITIZED
/* Bytes of address space mapped now. */
static struct err *
mapped_now(size_t *out)
{
	FILE *f = fopen("/proc/self/statm", "re");
	if (f == NULL)
		return err_errno(errno, "/proc/self/statm");
	unsigned long pages = 0;
	int n = fscanf(f, "%lu", &pages);
	fclose(f);
	if (n != 1)
		return err_new(ERR_INTERNAL, NULL, "/proc/self/statm");
	*out = (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
	return NULL;
}

static struct err *
limit_memory(size_t memory)
{
	size_t now = 0;
	TRY(mapped_now(&now));
	return limit(RLIMIT_AS, now + memory);
}
#else
/* The shadow of a sanitizer takes terabytes of address space. */
static struct err *
limit_memory(size_t memory)
{
	(void)memory;
	return NULL;
}
#endif

/* mktime() and its kin look at the time zone's file again and again, unless
 * there is none. */
static struct err *
forget_time_zone(void)
{
	if (setenv("TZ", "UTC0", 1) != 0)
		return err_errno(errno, "TZ");
	tzset();
	return NULL;
}

static int
order_bytes(const void *a, const void *b)
{
	return *(const uint8_t *)a - *(const uint8_t *)b;
}

/* qsort of more than a kilobyte asks the system, through a file, how much
 * memory there is, and keeps the answer: so it is asked before the filter. */
static void
learn_to_sort(void)
{
	uint8_t space[4096] = { 0 };
	qsort(space, sizeof(space), 1, order_bytes);
}

struct err *
sandbox_enter(struct sandbox_limits limits)
{
	TRY(limit(RLIMIT_CORE, 0));
	TRY(limit(RLIMIT_NOFILE, SANDBOX_FILES));
	if (limits.memory > 0)
		TRY(limit_memory(limits.memory));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_errno(errno, "PR_SET_NO_NEW_PRIVS");
	/* Nobody of the same user may look into this process. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_errno(errno, "PR_SET_DUMPABLE");
	/* A death by SIGALRM must be possible whatever was set before. */
	if (signal(SIGALRM, SIG_DFL) == SIG_ERR)
		return err_errno(errno, "SIGALRM");
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	TRY(forget_time_zone());
	learn_to_sort();
	return close_filter();
}

static void
set_alarm(int seconds)
{
	const struct itimerval t = { .it_value = { .tv_sec = seconds } };
	(void)setitimer(ITIMER_REAL, &t, NULL);
}

void
sandbox_job_begin(struct sandbox_limits limits)
{
	set_alarm(limits.seconds);
}

void
sandbox_job_end(void)
{
	set_alarm(0);
}

/* ---- one job in a child ---- */

enum { ANSWER_OUTPUT = 'o', ANSWER_ERROR = 'e' };

/* One child as its parent sees it. */
struct child {
	pid_t pid;
	int fd;              /* where its answer comes from; owned */
	int64_t deadline_ms; /* of the monotonic clock; INT64_MAX: none */
	bool late;           /* it was killed for taking too long */
	int status;          /* as waitpid gives it */
};

static void
write_all(int fd, struct bytes b)
{
	while (b.len > 0) {
		ssize_t n = write(fd, b.ptr, b.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1);
		b = bytes_from(b, (size_t)n);
	}
}

/* What a child does; without limits it is not closed in. */
struct work {
	const struct sandbox_limits *limits; /* NULL: none */
	struct err *(*job)(void *ctx, struct buf *out);
	void *ctx;
};

static struct err *
close_in(struct sandbox_limits limits, int *fd)
{
	/* The parent's other descriptors are none of the job's business. */
	if (*fd != 3) {
		if (dup2(*fd, 3) < 0)
			return err_errno(errno, "dup2");
		*fd = 3;
	}
	if (close_range(4, ~0U, 0) != 0)
		return err_errno(errno, "close_range");
	TRY(sandbox_enter(limits));
	sandbox_job_begin(limits);
	return NULL;
}

static struct err *
run_here(const struct work *w, int *fd, struct buf *out)
{
	if (w->limits != NULL)
		TRY(close_in(*w->limits, fd));
	return w->job(w->ctx, out);
}

/* Memory that ran out did so because of our limit: say that. */
static struct err *
say_limit(struct err *e, const struct sandbox_limits *limits)
{
	if (e == NULL || err_kind(e) != ERR_NOMEM || limits == NULL ||
	    limits->memory == 0)
		return e;
	err_free(e);
	return err_coded(
	    err_new(ERR_LIMIT, NULL,
		"the job needs more than %zu bytes of memory", limits->memory),
	    "worker-memory");
}

_Noreturn static void
be_child(const struct work *w, int fd, size_t max)
{
	struct buf out = BUF(max);
	/* If the parent dies there is nobody to answer. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	struct err *e = say_limit(run_here(w, &fd, &out), w->limits);
	const char kind = e == NULL ? ANSWER_OUTPUT : ANSWER_ERROR;
	if (e != NULL) {
		buf_done(&out);
		out = BUF(ERROR_MAX);
		if (err_pack(e, &out) != NULL)
			_exit(1);
	}
	write_all(fd, bytes_of(&kind, 1));
	write_all(fd, buf_bytes(&out));
	_exit(0);
}

static int64_t
monotonic_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
kill_child(struct child *c)
{
	(void)kill(c->pid, SIGKILL);
}

/* Waits until something can be read; kills the child that is late. */
static struct err *
wait_readable(struct child *c)
{
	for (;;) {
		int64_t left = INT64_MAX;
		if (c->deadline_ms != INT64_MAX)
			left = c->deadline_ms - monotonic_ms();
		if (left <= 0 && !c->late) {
			c->late = true;
			kill_child(c);
		}
		struct pollfd p = { .fd = c->fd, .events = POLLIN };
		int ms = left > 60000 ? 60000 : left < 0 ? 1000 : (int)left;
		int n = poll(&p, 1, ms);
		if (n > 0)
			return NULL;
		if (n < 0 && errno != EINTR)
			return err_errno(errno, "poll");
	}
}

static struct err *
read_answer(struct child *c, struct buf *answer)
{
	uint8_t block[65536];
	for (;;) {
		TRY(wait_readable(c));
		ssize_t n = read(c->fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(errno, "reading a job's answer");
		if (n == 0)
			return NULL;
		TRY(buf_append(answer, bytes_of(block, (size_t)n)));
	}
}

static void
reap(struct child *c)
{
	while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
		;
}

static struct err *
how_it_died(const struct child *c)
{
	int sig = WIFSIGNALED(c->status) ? WTERMSIG(c->status) : 0;
	if (c->late || sig == SIGALRM)
		return err_coded(
		    err_new(ERR_REMOTE, NULL, "the job took too long"),
		    "worker-timeout");
	if (sig == SIGSYS)
		return err_coded(err_new(ERR_REMOTE, NULL,
				     "the job did what its sandbox forbids"),
		    "worker-died");
	return err_coded(
	    err_new(ERR_REMOTE, NULL, "the job ended early (signal %d)", sig),
	    "worker-died");
}

static struct err *
understand(const struct child *c, struct bytes answer, struct buf *out)
{
	bool well = WIFEXITED(c->status) && WEXITSTATUS(c->status) == 0;
	if (!well || answer.len == 0)
		return how_it_died(c);
	struct bytes rest = bytes_from(answer, 1);
	if (answer.ptr[0] == ANSWER_OUTPUT)
		return buf_append(out, rest);
	return err_unpack(rest);
}

static struct err *
follow(struct child *c, struct buf *out)
{
	size_t room = out->max - out->len;
	if (room < ERROR_MAX)
		room = ERROR_MAX;
	CLEANUP(buf_done) struct buf answer = BUF(room + 1);
	struct err *e = read_answer(c, &answer);
	/* Nothing more is wanted of it, whether or not it means to end: its
	 * exit status stands by the time its end of the pipe is closed. */
	kill_child(c);
	reap(c);
	TRY(e);
	return understand(c, buf_bytes(&answer), out);
}

static struct err *
run_in_child(const struct work *w, struct buf *out)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_errno(errno, "pipe2");
	CLEANUP(close_fdp) int from = ends[0];
	CLEANUP(close_fdp) int to = ends[1];
	struct child c = { .fd = from, .deadline_ms = INT64_MAX };
	if (w->limits != NULL && w->limits->seconds > 0)
		c.deadline_ms = monotonic_ms() +
				(int64_t)w->limits->seconds * 1000 +
				SANDBOX_GRACE_MS;
	c.pid = fork();
	if (c.pid < 0)
		return err_errno(errno, "fork");
	if (c.pid == 0)
		be_child(w, to, out->max - out->len);
	close(to);
	to = -1;
	return follow(&c, out);
}

struct err *
sandbox_run(struct sandbox_limits limits,
    struct err *(*job)(void *ctx, struct buf *out), void *ctx, struct buf *out)
{
	const struct work w = { .limits = &limits, .job = job, .ctx = ctx };
	return run_in_child(&w, out);
}

struct err *
child_run(
    struct err *(*job)(void *ctx, struct buf *out), void *ctx, struct buf *out)
{
	const struct work w = { .job = job, .ctx = ctx };
	return run_in_child(&w, out);
}
