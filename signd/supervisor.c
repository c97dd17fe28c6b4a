#include "signd/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signd/ipc-io.h"
#include "signd/listen.h"
#include "signd/notify.h"
#include "signd/process.h"
#include "signd/spawn.h"

#define CHILDREN_MAX 600
#define LIVED_LONG_MS 10000 /* a crash after that is a first crash again */
#define BACKOFF_MS 100      /* after the second crash in a row; doubles */
#define BACKOFF_MAX_MS 5000
#define STARTS_MAX 5         /* crashes of one process before we are ready */
#define FRONT_GRACE_MS 90000 /* the longest job, and a slow reader */
#define OTHERS_GRACE_MS 5000

struct child {
	enum role role;
	pid_t pid; /* 0: not running */
	int64_t started_ms;
	int64_t restart_ms; /* when pid is 0 */
	int quick;          /* crashes in a row */
	int ready_fd;       /* the front's pipe, or -1 */
};

struct supervisor {
	const struct settings *s;
	const char *program; /* as in spawn.h */
	struct log log;
	struct sockets sockets;
	struct child children[CHILDREN_MAX];
	size_t n;
	int settings_fd;
	int signal_fd;
	int lock_fd;
	bool ready;
	bool stop;
};

/* ---- what must be there before a child runs ---- */

static struct err *
make_dir(const char *path, mode_t mode, const char *user)
{
	if (mkdir(path, mode) != 0 && errno != EEXIST)
		return err_coded(err_errno(errno, "%s", path), "settings");
	if (geteuid() != 0)
		return NULL;
	uid_t uid = 0;
	gid_t gid = 0;
	if (user != NULL)
		TRY(process_user(user, &uid, &gid));
	if (chown(path, uid, gid) != 0 || chmod(path, mode) != 0)
		return err_errno(errno, "%s", path);
	return NULL;
}

static struct err *
make_dirs(const struct settings *s)
{
	CLEANUP(free_charp) char *ledger = NULL;
	CLEANUP(free_charp) char *front = NULL;
	TRY(process_path(s->state_dir, "ledger", &ledger));
	TRY(process_path(s->state_dir, "front", &front));
	TRY(make_dir(s->run_dir, 0755, NULL));
	TRY(make_dir(s->state_dir, 0755, NULL));
	TRY(make_dir(ledger, 0700, s->user_ledger));
	TRY(make_dir(front, 0700, s->user_front));
	return make_dir(s->spool_dir, 0700, s->user_front);
}

/* One supervisor for one run-dir: the sockets in it are replaced. */
static struct err *
lock_run_dir(struct supervisor *v)
{
	CLEANUP(free_charp) char *path = NULL;
	TRY(process_path(v->s->run_dir, "lock", &path));
	v->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (v->lock_fd < 0)
		return err_errno(errno, "%s", path);
	if (flock(v->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "%s: another signd runs there",
			v->s->run_dir),
		    "settings");
	return NULL;
}

static struct err *
write_pid_file(const struct settings *s)
{
	if (s->pid_file[0] == '\0')
		return NULL;
	FILE *f = fopen(s->pid_file, "we");
	if (f == NULL)
		return err_errno(errno, "%s", s->pid_file);
	int n = fprintf(f, "%d\n", (int)getpid());
	if (fclose(f) != 0 || n < 0)
		return err_errno(errno, "%s", s->pid_file);
	return NULL;
}

static struct err *
seal_settings(struct supervisor *v, struct bytes text)
{
	v->settings_fd =
	    memfd_create("settings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (v->settings_fd < 0)
		return err_errno(errno, "memfd_create");
	if (write(v->settings_fd, text.ptr, text.len) != (ssize_t)text.len ||
	    fcntl(v->settings_fd, F_ADD_SEALS,
		F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
		return err_errno(errno, "settings");
	return NULL;
}

static struct err *
watch_signals(struct supervisor *v)
{
	sigset_t set;
	sigemptyset(&set);
	const int wanted[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		sigaddset(&set, wanted[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return err_errno(errno, "sigprocmask");
	v->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (v->signal_fd < 0)
		return err_errno(errno, "signalfd");
	return NULL;
}

/* Many connections need many descriptors; core dumps hold secrets. */
static struct err *
set_limits(void)
{
	const struct rlimit none = { 0, 0 };
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return err_errno(errno, "RLIMIT_CORE");
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files) != 0)
			return err_errno(errno, "RLIMIT_NOFILE");
	}
	return NULL;
}

/* ---- children ---- */

static size_t
count_of(int64_t setting)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	return setting > 0 ? (size_t)setting : cores > 0 ? (size_t)cores : 1;
}

static void
plan_children(struct supervisor *v)
{
	const size_t counts[ROLE_COUNT] = {
		[ROLE_LEDGER] = 1,
		[ROLE_FETCHER] = (size_t)v->s->fetchers,
		[ROLE_INDEXER] = 1,
		[ROLE_WORKER] = count_of(v->s->workers),
		[ROLE_KEYHOLDER] = count_of(v->s->keyholders),
		[ROLE_FRONT] = 1,
	};
	for (int r = 0; r < ROLE_COUNT; r++)
		for (size_t i = 0; i < counts[r] && v->n < CHILDREN_MAX; i++)
			v->children[v->n++] =
			    (struct child){ .role = (enum role)r,
				    .ready_fd = -1 };
}

static struct err *
start_child(struct supervisor *v, struct child *c)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return err_errno(errno, "pipe");
	struct err *e = spawn_role(
	    c->role, &v->sockets, v->program, v->settings_fd, ends[1], &c->pid);
	close(ends[1]);
	if (e != NULL || c->role != ROLE_FRONT)
		close(ends[0]);
	else
		c->ready_fd = ends[0];
	if (e != NULL) {
		c->pid = 0;
		return e;
	}
	c->started_ms = ipc_now_ms();
	log_event(&v->log, LOG_INFO, "child-started", "child=%s childpid=%d",
	    role_name(c->role), (int)c->pid);
	return NULL;
}

static void
start_due(struct supervisor *v)
{
	int64_t now = ipc_now_ms();
	for (size_t i = 0; i < v->n; i++) {
		struct child *c = &v->children[i];
		if (c->pid != 0 || c->restart_ms > now)
			continue;
		struct err *e = start_child(v, c);
		if (e != NULL) {
			c->restart_ms = now + BACKOFF_MAX_MS;
			log_error(&v->log, LOG_ERROR, "start-failed", e);
		}
	}
}

static int64_t
backoff(const struct child *c)
{
	if (c->quick <= 1)
		return 0;
	int64_t ms = BACKOFF_MS;
	for (int i = 2; i < c->quick && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

static struct err *
child_ended(struct supervisor *v, struct child *c, int status)
{
	int64_t now = ipc_now_ms();
	bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	bool quick = now - c->started_ms < LIVED_LONG_MS;
	c->quick = well ? 0 : quick ? c->quick + 1 : 1;
	c->restart_ms = now + backoff(c);
	log_event(&v->log, well || v->stop ? LOG_INFO : LOG_WARNING,
	    "child-ended",
	    "child=%s childpid=%d exit=%d signal=%d restart_ms=%lld",
	    role_name(c->role), (int)c->pid,
	    WIFEXITED(status) ? WEXITSTATUS(status) : -1,
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0,
	    (long long)(c->restart_ms - now));
	c->pid = 0;
	if (c->ready_fd >= 0)
		close(c->ready_fd);
	c->ready_fd = -1;
	if (!v->ready && !v->stop && c->quick >= STARTS_MAX)
		return err_new(ERR_REMOTE, NULL,
		    "the %s does not start; its own line says why",
		    role_name(c->role));
	return NULL;
}

static struct err *
reap(struct supervisor *v)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);
		if (pid <= 0)
			return NULL;
		for (size_t i = 0; i < v->n; i++)
			if (v->children[i].pid == pid)
				TRY(child_ended(v, &v->children[i], status));
	}
}

/* ---- the loop ---- */

static struct child *
front(struct supervisor *v)
{
	return &v->children[v->n - 1]; /* roles stand in order; it is last */
}

/* The front reads its trust list again; it takes the signal once it serves. */
static void
reload(struct supervisor *v)
{
	log_event(&v->log, LOG_INFO, "reload",
	    "text=\"the trust list is read again, settings are not\"");
	if (v->ready && front(v)->pid > 0)
		kill(front(v)->pid, SIGHUP);
}

static struct err *
take_signals(struct supervisor *v)
{
	struct signalfd_siginfo info;
	while (
	    read(v->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		if (info.ssi_signo == SIGHUP)
			reload(v);
		else
			v->stop = true;
	}
	return reap(v);
}

static void
take_ready(struct supervisor *v)
{
	uint8_t byte;
	struct child *c = front(v);
	if (read(c->ready_fd, &byte, 1) == 1 && !v->ready) {
		v->ready = true;
		notify_service_manager("READY=1");
		log_event(&v->log, LOG_INFO, "ready", "listen=%s officers=%s",
		    v->s->listen, v->s->officer_listen);
	}
	close(c->ready_fd);
	c->ready_fd = -1;
}

static int
time_to_wait(const struct supervisor *v)
{
	int64_t now = ipc_now_ms();
	int64_t wait = 60000;
	for (size_t i = 0; i < v->n; i++) {
		const struct child *c = &v->children[i];
		if (c->pid == 0 && c->restart_ms - now < wait)
			wait = c->restart_ms - now;
	}
	return wait > 0 ? (int)wait : 0;
}

static struct err *
wait_for_news(struct supervisor *v, int timeout_ms)
{
	struct pollfd p[2] = {
		{ .fd = v->signal_fd, .events = POLLIN },
		{ .fd = front(v)->ready_fd, .events = POLLIN },
	};
	if (poll(p, 2, timeout_ms) < 0 && errno != EINTR)
		return err_errno(errno, "poll");
	if (p[1].fd >= 0 && p[1].revents != 0)
		take_ready(v);
	return take_signals(v);
}

static struct err *
supervise(struct supervisor *v)
{
	while (!v->stop) {
		start_due(v);
		TRY(wait_for_news(v, time_to_wait(v)));
	}
	return NULL;
}

/* ---- the end ---- */

static bool
any_runs(const struct supervisor *v, bool only_front)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->children[i].pid != 0 &&
		    (!only_front || v->children[i].role == ROLE_FRONT))
			return true;
	return false;
}

static void
signal_all(const struct supervisor *v, bool only_front, int signo)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->children[i].pid != 0 &&
		    (!only_front || v->children[i].role == ROLE_FRONT))
			kill(v->children[i].pid, signo);
}

static void
end_some(struct supervisor *v, bool only_front, int64_t grace_ms)
{
	int64_t deadline = ipc_now_ms() + grace_ms;
	signal_all(v, only_front, SIGTERM);
	while (any_runs(v, only_front)) {
		int64_t left = deadline - ipc_now_ms();
		if (left <= 0)
			signal_all(v, only_front, SIGKILL);
		log_error(&v->log, LOG_WARNING, "stopping",
		    wait_for_news(v, left > 0 ? (int)left : 1000));
	}
}

static void
end_all(struct supervisor *v)
{
	v->stop = true;
	notify_service_manager("STOPPING=1");
	log_event(&v->log, LOG_INFO, "stopping", "children=%zu", v->n);
	end_some(v, true, FRONT_GRACE_MS);
	end_some(v, false, OTHERS_GRACE_MS);
	if (v->s->pid_file[0] != '\0')
		unlink(v->s->pid_file);
	log_event(&v->log, LOG_INFO, "stopped", "exit=0");
}

static struct err *
prepare(struct supervisor *v, struct bytes text)
{
	TRY(log_init(&v->log, v->s->log_level, "supervisor"));
	umask(0022);
	TRY(set_limits());
	TRY(make_dirs(v->s));
	TRY(lock_run_dir(v));
	TRY(seal_settings(v, text));
	TRY(watch_signals(v));
	TRY(listen_open(v->s, &v->log, &v->sockets));
	TRY(write_pid_file(v->s));
	plan_children(v);
	return NULL;
}

struct err *
supervisor_run(const struct settings *s, struct bytes text, const char *program)
{
	struct supervisor *v = calloc(1, sizeof(*v));
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "supervisor");
	v->s = s;
	v->program = program;
	v->settings_fd = v->signal_fd = v->lock_fd = -1;
	struct err *e = prepare(v, text);
	if (e == NULL) {
		e = supervise(v);
		end_all(v);
	}
	listen_close(&v->sockets);
	close_fdp(&v->settings_fd);
	close_fdp(&v->signal_fd);
	close_fdp(&v->lock_fd);
	free(v);
	return e;
}
