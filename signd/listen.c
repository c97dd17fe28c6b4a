#include "signd/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "signd/ipc.h"
#include "signd/proto.h"

#define TCP_BACKLOG 512
#define UNIX_BACKLOG 512

static struct err *
keep(struct socket_set *set, int fd)
{
	if (set->n == PROCESS_SOCKETS_MAX) {
		close(fd);
		return err_new(ERR_LIMIT, NULL, "more than %d sockets",
		    PROCESS_SOCKETS_MAX);
	}
	set->fds[set->n++] = fd;
	return NULL;
}

/* ---- TCP ---- */

static int
bind_tcp(const struct addrinfo *a)
{
	int fd = socket(a->ai_family,
	    a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	const int on = 1;
	if (fd < 0)
		return -1;
	/* [::] shall not take what 0.0.0.0 wants, one line below. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    (a->ai_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) !=
		    0) ||
	    bind(fd, a->ai_addr, a->ai_addrlen) != 0 ||
	    listen(fd, TCP_BACKLOG) != 0) {
		int no = errno;
		close(fd);
		errno = no;
		return -1;
	}
	return fd;
}

/* Every address of the name that can be had; at least one must. */
static struct err *
bind_all(const struct addrinfo *list, const char *text, const struct log *log,
    struct socket_set *out)
{
	size_t before = out->n;
	int no = 0;
	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
		int fd = bind_tcp(a);
		if (fd >= 0) {
			TRY(keep(out, fd));
			continue;
		}
		no = errno;
		if (no == EADDRINUSE || no == EACCES)
			break; /* half a service would hide the mistake */
		log_event(log, LOG_WARNING, "listen-skipped",
		    "listen=%s family=%d errno=%d", text, a->ai_family, no);
	}
	if (no == EADDRINUSE || no == EACCES || out->n == before)
		return err_coded(
		    err_while(err_errno(no, "cannot listen"), "%s", text),
		    "settings");
	return NULL;
}

static struct err *
listen_tcp(const char *text, const struct log *log, struct socket_set *out)
{
	CLEANUP(free_charp) char *host = NULL;
	CLEANUP(free_charp) char *port = NULL;
	TRY(settings_host_port(text, &host, &port));
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE,
	};
	struct addrinfo *list = NULL;
	int failed = getaddrinfo(host, port, &hints, &list);
	if (failed != 0)
		return err_coded(err_new(ERR_USAGE, NULL, "%s: %s", text,
				     gai_strerror(failed)),
		    "settings");
	struct err *e = bind_all(list, text, log, out);
	freeaddrinfo(list);
	return e;
}

/* ---- Unix ---- */

/* `user` may connect, and `group` when it is not NULL. */
static struct err *
listen_unix(const struct settings *s, const char *name, const char *user,
    const char *group, struct socket_set *out)
{
	CLEANUP(free_charp) char *path = NULL;
	uid_t uid;
	gid_t gid;
	gid_t group_gid;
	uid_t ignored;
	int fd;
	TRY(process_path(s->run_dir, name, &path));
	TRY(process_user(user, &uid, &gid));
	TRY(process_user(group != NULL ? group : user, &ignored, &group_gid));
	TRY(ipc_listen(path, group != NULL ? 0660 : 0600, UNIX_BACKLOG, &fd));
	TRY(keep(out, fd));
	if (geteuid() == 0 && chown(path, uid, group_gid) != 0)
		return err_errno(errno, "chown %s", path);
	return NULL;
}

static struct err *
open_all(const struct settings *s, const struct log *log, struct sockets *out)
{
	struct socket_set *of = out->of;
	TRY(listen_tcp(s->listen, log, &of[ROLE_FRONT]));
	out->citizens = of[ROLE_FRONT].n;
	if (s->officer_listen[0] != '\0')
		TRY(listen_tcp(s->officer_listen, log, &of[ROLE_FRONT]));
	size_t before = of[ROLE_FRONT].n;
	if (s->public_listen[0] != '\0')
		TRY(listen_tcp(s->public_listen, log, &of[ROLE_FRONT]));
	out->plain = of[ROLE_FRONT].n - before;
	const char *front = s->user_front;
	const char *keys = s->user_keyholder;
	TRY(listen_unix(s, SOCKET_INDEXER, front, NULL, &of[ROLE_INDEXER]));
	TRY(listen_unix(s, SOCKET_WORKER, front, NULL, &of[ROLE_WORKER]));
	/* Keyholders send messages to an external CA, and nothing else. */
	TRY(listen_unix(s, SOCKET_FETCHER, front,
	    s->external_ca_url[0] != '\0' ? keys : NULL, &of[ROLE_FETCHER]));
	TRY(listen_unix(s, SOCKET_KEYHOLDER, front, NULL, &of[ROLE_KEYHOLDER]));
	TRY(listen_unix(s, SOCKET_LEDGER_READ, keys, front, &of[ROLE_LEDGER]));
	return listen_unix(
	    s, SOCKET_LEDGER_WRITE, keys, NULL, &of[ROLE_LEDGER]);
}

struct err *
listen_open(
    const struct settings *s, const struct log *log, struct sockets *out)
{
	struct sockets made = { 0 };
	struct err *e = open_all(s, log, &made);
	if (e != NULL) {
		listen_close(&made);
		return e;
	}
	*out = made;
	return NULL;
}

void
listen_close(struct sockets *s)
{
	for (size_t r = 0; r < ROLE_COUNT; r++) {
		for (size_t i = 0; i < s->of[r].n; i++)
			close(s->of[r].fds[i]);
		s->of[r].n = 0;
	}
}
