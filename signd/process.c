#include "signd/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signd/roles.h"

static const char *const names[ROLE_COUNT] = {
	[ROLE_LEDGER] = "ledger",
	[ROLE_FETCHER] = "fetcher",
	[ROLE_INDEXER] = "indexer",
	[ROLE_WORKER] = "worker",
	[ROLE_KEYHOLDER] = "keyholder",
	[ROLE_FRONT] = "front",
};

const char *
role_name(enum role r)
{
	return names[r];
}

bool
role_by_name(const char *name, enum role *out)
{
	for (int i = 0; i < ROLE_COUNT; i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (enum role)i;
			return true;
		}
	return false;
}

const char *
role_user(enum role r, const struct settings *s)
{
	switch (r) {
	case ROLE_LEDGER:
		return s->user_ledger;
	case ROLE_FETCHER:
		return s->user_fetcher;
	case ROLE_INDEXER:
	case ROLE_WORKER:
		return s->user_worker;
	case ROLE_KEYHOLDER:
		return s->user_keyholder;
	case ROLE_FRONT:
		return s->user_front;
	}
	return "";
}

#define PASSWD_MAX 16384 /* bytes of one entry */

struct err *
process_user(const char *name, uid_t *uid, gid_t *gid)
{
	if (geteuid() != 0) {
		*uid = geteuid();
		*gid = getegid();
		return NULL;
	}
	struct passwd pw;
	struct passwd *found = NULL;
	char space[PASSWD_MAX];
	int no = getpwnam_r(name, &pw, space, sizeof(space), &found);
	if (no != 0)
		return err_errno(no, "user %s", name);
	if (found == NULL)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "there is no user %s", name),
		    "settings");
	*uid = pw.pw_uid;
	*gid = pw.pw_gid;
	return NULL;
}

/* Asked when we are root no more, so unlike process_user it looks the name up;
 * a signd that was never root has no other users, and no such names. */
struct err *
process_peer(struct ipc_service *service, const char *user)
{
	struct passwd pw;
	struct passwd *found = NULL;
	char space[PASSWD_MAX];
	int no = getpwnam_r(user, &pw, space, sizeof(space), &found);
	if (no != 0)
		return err_errno(no, "user %s", user);
	if (found == NULL)
		return NULL;
	if (service->npeers == COUNT_OF(service->peers))
		return err_new(ERR_INTERNAL, NULL, "too many peers");
	service->peers[service->npeers++] = pw.pw_uid;
	return NULL;
}

static struct err *
not_dumpable(void)
{
#ifndef SIGND_SANITIZED /* the leak sanitizer traces its own process */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_errno(errno, "PR_SET_DUMPABLE");
#endif
	return NULL;
}

struct err *
process_drop(const char *user)
{
	if (geteuid() != 0)
		return NULL;
	uid_t uid;
	gid_t gid;
	TRY(process_user(user, &uid, &gid));
	if (uid == 0)
		return err_new(ERR_USAGE, NULL, "%s is root", user);
	/* The groups of the user come along: a token may want one. */
	if (initgroups(user, gid) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return err_errno(errno, "becoming %s", user);
	if (setuid(0) == 0)
		return err_new(ERR_INTERNAL, NULL, "still root");
	/* A change of the user sets it to fs.suid_dumpable, which may be 1 or,
	 * where systemd-coredump is installed, 2. */
	return not_dumpable();
}

struct err *
process_harden(void)
{
	const struct rlimit none = { 0, 0 };
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return err_errno(errno, "RLIMIT_CORE");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_errno(errno, "PR_SET_NO_NEW_PRIVS");
	return not_dumpable();
}

void
process_ready(void)
{
	uint8_t one = 1;
	if (write(PROCESS_READY_FD, &one, 1) == 1)
		close(PROCESS_READY_FD);
}

struct err *
process_path(const char *dir, const char *name, char **out)
{
	CLEANUP(buf_done) struct buf b = BUF(4096);
	TRY(buf_printf(&b, "%s/%s", dir, name));
	return bytes_dup_str(buf_bytes(&b), out);
}

/* The settings as the supervisor read them, not as the file is now. */
static struct err *
read_settings(struct settings *out)
{
	struct stat st;
	if (fstat(PROCESS_SETTINGS_FD, &st) != 0)
		return err_errno(errno, "settings");
	if (st.st_size > SETTINGS_FILE_MAX)
		return err_new(ERR_LIMIT, NULL, "settings");
	size_t len = (size_t)st.st_size;
	CLEANUP(buf_done) struct buf text = BUF(SETTINGS_FILE_MAX);
	TRY(buf_fill(&text, 0, len));
	if (pread(PROCESS_SETTINGS_FD, text.ptr, len, 0) != (ssize_t)len)
		return err_errno(errno, "settings");
	close(PROCESS_SETTINGS_FD);
	return settings_parse(buf_bytes(&text), "settings", out);
}

/* What came by exec must not go on to any further one. */
static void
keep_to_ourselves(size_t sockets)
{
	for (size_t i = 0; i < PROCESS_SOCKETS_FD + sockets; i++)
		if (i > STDERR_FILENO)
			fcntl((int)i, F_SETFD, FD_CLOEXEC);
}

static struct err *
run_role(const struct process_args *a, const struct settings *s)
{
	struct log log;
	TRY(log_init(&log, s->log_level, role_name(a->role)));
	int first = PROCESS_SOCKETS_FD;
	switch (a->role) {
	case ROLE_FRONT:
		return front_run(s, &log, a);
	case ROLE_INDEXER:
		return indexer_run(s, first);
	case ROLE_WORKER:
		return worker_run(s, &log, first);
	case ROLE_FETCHER:
		return fetcher_run(s, first);
	case ROLE_KEYHOLDER:
		return keyholder_run(s, first, a->pin_fd);
	case ROLE_LEDGER:
		return ledger_run(s, first, first + 1);
	}
	return err_new(ERR_INTERNAL, NULL, "no role");
}

/* Large blocks, as Argon2id and documents want them, go back to the system at
 * once: without this glibc keeps 20 MB in each keyholder after its first PIN.
 */
#define LARGE_BLOCK (1024 * 1024) /* bytes */
/* So much stays a worker's between two requests: given back and taken again for
 * each one, the kernel fills it with zeros each time. */
#define KEPT_FREE (8 * LARGE_BLOCK)

/* A systemd credential is root's alone: the keyholder opens it before it gives
 * root up.  What cannot be opened now is told when it is opened by its path. */
static int
open_pin(const struct process_args *a, const struct settings *s)
{
	if (a->role != ROLE_KEYHOLDER || geteuid() != 0)
		return -1;
	return open(s->token_pin_file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

static struct err *
start(struct process_args *a, struct settings *s)
{
	if (a->sockets > PROCESS_SOCKETS_MAX || a->citizens > a->sockets ||
	    a->plain > a->sockets - a->citizens)
		return err_new(ERR_USAGE, NULL, "%zu sockets", a->sockets);
	signal(SIGPIPE, SIG_IGN);
	umask(0077);
	mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
	if (a->role == ROLE_WORKER)
		mallopt(M_TRIM_THRESHOLD, KEPT_FREE);
	keep_to_ourselves(a->sockets);
	TRY(read_settings(s));
	TRY(process_harden());
	a->pin_fd = open_pin(a, s);
	/* The front reads the key of TLS first, and drops by itself. */
	if (a->role != ROLE_FRONT)
		TRY(process_drop(role_user(a->role, s)));
	/* If the supervisor goes, so do we; setuid cleared what was set. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0)
		return err_errno(errno, "PR_SET_PDEATHSIG");
	return NULL;
}

int
process_run(const struct process_args *given)
{
	struct process_args args = *given;
	struct process_args *a = &args;
	struct settings s = { 0 };
	char name[16]; /* what ps and top show; the kernel takes 15 letters */
	snprintf(name, sizeof(name), "signd-%s", role_name(a->role));
	prctl(PR_SET_NAME, name);
	struct err *e = start(a, &s);
	if (e == NULL)
		e = run_role(a, &s);
	settings_done(&s);
	const struct log log = { .least = LOG_INFO,
		.role = role_name(a->role) };
	int status = e == NULL ? EXIT_SUCCESS : EXIT_FAILURE;
	log_error(&log, LOG_ERROR, "process-failed", e);
	return status;
}
