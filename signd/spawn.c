#include "signd/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HIGH_FD 64 /* above every descriptor that a child is given */

/* Nothing secret stands in an environment; the rest of ours is left behind.
 * The sanitizers' options are for tests. */
static const char *const kept_environment[] = { "PATH", "LANG", "LC_ALL", "TZ",
	"CREDENTIALS_DIRECTORY", "ASAN_OPTIONS", "LSAN_OPTIONS",
	"UBSAN_OPTIONS", "TSAN_OPTIONS" };

struct plan {
	int fds[PROCESS_SOCKETS_MAX + 2]; /* what becomes 3, 4, 5 ... */
	size_t n;
	const char *program;
	char arg_role[64];
	char arg_sockets[64];
	char arg_citizens[64];
	char arg_plain[64];
	char *argv[6];
	char *envp[COUNT_OF(kept_environment) + 1];
};

static struct err *
plan_environment(struct plan *p)
{
	size_t n = 0;
	for (size_t i = 0; i < COUNT_OF(kept_environment); i++) {
		const char *value = getenv(kept_environment[i]);
		if (value == NULL)
			continue;
		if (asprintf(&p->envp[n], "%s=%s", kept_environment[i], value) <
		    0) {
			p->envp[n] = NULL;
			return err_new(ERR_NOMEM, NULL, "environment");
		}
		n++;
	}
	return NULL;
}

static struct err *
plan_make(struct plan *p, enum role role, const struct sockets *sockets,
    int settings_fd, int ready_fd)
{
	const struct socket_set *set = &sockets->of[role];
	p->fds[p->n++] = settings_fd;
	p->fds[p->n++] = ready_fd;
	for (size_t i = 0; i < set->n; i++)
		p->fds[p->n++] = set->fds[i];
	snprintf(
	    p->arg_role, sizeof(p->arg_role), "--role=%s", role_name(role));
	snprintf(
	    p->arg_sockets, sizeof(p->arg_sockets), "--sockets=%zu", set->n);
	snprintf(p->arg_citizens, sizeof(p->arg_citizens), "--citizens=%zu",
	    role == ROLE_FRONT ? sockets->citizens : 0);
	snprintf(p->arg_plain, sizeof(p->arg_plain), "--plain=%zu",
	    role == ROLE_FRONT ? sockets->plain : 0);
	p->argv[0] = (char *)(uintptr_t) "signd";
	p->argv[1] = p->arg_role;
	p->argv[2] = p->arg_sockets;
	p->argv[3] = p->arg_citizens;
	p->argv[4] = p->arg_plain;
	return plan_environment(p);
}

static void
plan_done(struct plan *p)
{
	for (size_t i = 0; p->envp[i] != NULL; i++)
		free(p->envp[i]);
}

/* In the child: only calls that are safe after fork. */
static void
become(const struct plan *p)
{
	int high[PROCESS_SOCKETS_MAX + 2];
	for (size_t i = 0; i < p->n; i++)
		high[i] = fcntl(p->fds[i], F_DUPFD_CLOEXEC, HIGH_FD);
	for (size_t i = 0; i < p->n; i++)
		if (high[i] < 0 ||
		    dup2(high[i], PROCESS_SETTINGS_FD + (int)i) < 0)
			_exit(EXIT_FAILURE);
	/* Whoever started us may have left descriptors open. */
	if (close_range(PROCESS_SETTINGS_FD + (unsigned)p->n, ~0U, 0) != 0)
		_exit(EXIT_FAILURE);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(p->program, p->argv, p->envp);
	_exit(EXIT_FAILURE);
}

struct err *
spawn_role(enum role role, const struct sockets *sockets, const char *program,
    int settings_fd, int ready_fd, pid_t *out)
{
	struct plan p = { .program =
			      program != NULL ? program : "/proc/self/exe" };
	struct err *e = plan_make(&p, role, sockets, settings_fd, ready_fd);
	if (e == NULL) {
		pid_t pid = fork();
		if (pid == 0)
			become(&p);
		if (pid < 0)
			e = err_errno(errno, "fork");
		else
			*out = pid;
	}
	plan_done(&p);
	return e;
}
