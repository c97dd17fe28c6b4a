#include "signd/front-trust.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signd/process.h"

#define KEPT_FILE "front/trust.p7m" /* below state-dir */
#define SIGNERS_MAX (1024 * 1024)   /* bytes of trust-list-signer-file */

struct trust_snapshot {
	atomic_int refs;
	struct trust_list *list;
	struct trust_domains domains;
};

struct trust {
	const char *path; /* of the settings */
	char *kept;       /* path of the last good one */
	const struct log *log;
	struct cert_list pinned;
	struct stat seen;    /* the file that was looked at last */
	pthread_mutex_t lock; /* over the rest */
	struct trust_snapshot *now;
	const char *refused; /* code; NULL: the file is what is used */
};

/* ---- what is used ---- */

struct trust_snapshot *
trust_hold(struct trust *t)
{
	pthread_mutex_lock(&t->lock);
	struct trust_snapshot *s = t->now;
	if (s != NULL)
		atomic_fetch_add(&s->refs, 1);
	pthread_mutex_unlock(&t->lock);
	return s;
}

const struct trust_domains *
trust_held(const struct trust_snapshot *s)
{
	static const struct trust_domains none;
	return s == NULL ? &none : &s->domains;
}

void
trust_release(struct trust_snapshot *s)
{
	if (s == NULL || atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	trust_domains_done(&s->domains);
	trust_list_free(s->list);
	free(s);
}

/* Takes the list in any case. */
static struct err *
use(struct trust *t, struct trust_list *taken)
{
	CLEANUP(trust_list_freep) struct trust_list *l = taken;
	struct trust_snapshot *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return err_new(ERR_NOMEM, NULL, "trust list");
	atomic_init(&s->refs, 1);
	struct err *e = trust_domains_of(l, &s->domains);
	if (e != NULL) {
		free(s);
		return e;
	}
	s->list = TAKE(l);
	pthread_mutex_lock(&t->lock);
	struct trust_snapshot *old = t->now;
	t->now = s;
	pthread_mutex_unlock(&t->lock);
	trust_release(old);
	return NULL;
}

/* ---- files ---- */

static struct err *
read_file(const char *path, size_t max, struct buf *out, struct stat *st)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, st) != 0)
		return err_errno(errno, "%s", path);
	*out = BUF(max);
	for (;;) {
		uint8_t chunk[16384];
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n <= 0)
			return n == 0 ? NULL : err_errno(errno, "%s", path);
		TRY(buf_append(out, bytes_of(chunk, (size_t)n)));
	}
}

static struct err *
write_all(int fd, struct bytes b)
{
	while (b.len > 0) {
		ssize_t n = write(fd, b.ptr, b.len);
		if (n < 0 && errno != EINTR)
			return err_errno(errno, "writing");
		b = bytes_from(b, n < 0 ? 0 : (size_t)n);
	}
	return fsync(fd) == 0 ? NULL : err_errno(errno, "fsync");
}

/* Durable before it is used: the next start must not fall behind it. */
static struct err *
keep(const struct trust *t, struct bytes file)
{
	CLEANUP(buf_done) struct buf temp = BUF(4096);
	const char *path;
	TRY(buf_printf(&temp, "%s.new", t->kept));
	TRY(buf_cstr(&temp, &path));
	CLEANUP(close_fdp)
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(errno, "%s", path);
	TRY(write_all(fd, file));
	return rename(path, t->kept) == 0 ? NULL : err_errno(errno, "%s", path);
}

/* ---- a new list ---- */

static struct err *
consider(struct trust *t, struct bytes file)
{
	CLEANUP(trust_list_freep) struct trust_list *l = NULL;
	const struct trust_list *old = t->now == NULL ? NULL : t->now->list;
	TRY(trust_list_open(file, &t->pinned, &l));
	TRY(trust_list_replaces(l, old, clock_now(&clock_system)));
	if (old != NULL && old->sequence == l->sequence)
		return NULL;
	TRY(keep(t, file));
	log_event(t->log, LOG_INFO, "trust-list-used", "number=%lld anchors=%zu",
	    (long long)l->sequence, l->n);
	return use(t, TAKE(l));
}

static struct err *
look(struct trust *t)
{
	CLEANUP(buf_done) struct buf file = BUF(0);
	struct err *e =
	    read_file(t->path, TRUST_LIST_MAX, &file, &t->seen);
	if (e == NULL)
		e = consider(t, buf_bytes(&file));
	pthread_mutex_lock(&t->lock);
	t->refused = e == NULL ? NULL : err_code(e);
	pthread_mutex_unlock(&t->lock);
	return e;
}

void
trust_look(struct trust *t, bool anyway)
{
	struct stat st = { 0 };
	if (t->path[0] == '\0')
		return;
	bool there = stat(t->path, &st) == 0;
	if (!anyway && there && st.st_ino == t->seen.st_ino &&
	    st.st_size == t->seen.st_size &&
	    st.st_mtim.tv_sec == t->seen.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == t->seen.st_mtim.tv_nsec)
		return;
	if (!anyway && !there && t->seen.st_ino == 0)
		return;
	t->seen = (struct stat){ 0 };
	log_error(t->log, LOG_WARNING, "trust-list-refused", look(t));
}

/* ---- start ---- */

/* The one that was good before; it may have expired since, and is told so. */
static struct err *
use_kept(struct trust *t)
{
	CLEANUP(buf_done) struct buf file = BUF(0);
	struct trust_list *l = NULL;
	struct stat st;
	struct err *e = read_file(t->kept, TRUST_LIST_MAX, &file, &st);
	if (e != NULL && err_kind(e) == ERR_MISSING) {
		err_free(e);
		return NULL;
	}
	if (e == NULL)
		e = trust_list_open(buf_bytes(&file), &t->pinned, &l);
	if (e != NULL) {
		log_error(t->log, LOG_WARNING, "trust-list-kept-refused", e);
		return NULL;
	}
	return use(t, l);
}

static struct err *
start(struct trust *t, const struct settings *s)
{
	CLEANUP(buf_done) struct buf pem = BUF(0);
	struct stat st;
	TRY(process_path(s->state_dir, KEPT_FILE, &t->kept));
	struct err *e =
	    read_file(s->trust_list_signer_file, SIGNERS_MAX, &pem, &st);
	if (e == NULL)
		e = cert_list_read(&t->pinned, buf_bytes(&pem));
	if (e != NULL)
		return err_coded(
		    err_while(e, "trust-list-signer-file"), "settings");
	TRY(use_kept(t));
	e = look(t);
	if (t->now == NULL)
		return err_while(e, "%s", t->path);
	log_error(t->log, LOG_WARNING, "trust-list-refused", e);
	return NULL;
}

struct err *
trust_start(
    const struct settings *s, const struct log *log, struct trust **out)
{
	struct trust *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return err_new(ERR_NOMEM, NULL, "struct trust");
	t->path = s->trust_list;
	t->log = log;
	pthread_mutex_init(&t->lock, NULL);
	struct err *e = t->path[0] == '\0' ? NULL : start(t, s);
	if (e != NULL)
		trust_free(t);
	else
		*out = t;
	return e;
}

void
trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	trust_release(t->now);
	cert_list_done(&t->pinned);
	pthread_mutex_destroy(&t->lock);
	free(t->kept);
	free(t);
}

/* ---- readiness ---- */

static struct err *
tell(const struct trust_list *l, const char *refused, json_t *out)
{
	CLEANUP(buf_done) struct buf when = BUF(64);
	const char *text;
	if (refused == NULL && l->next_update <= clock_now(&clock_system))
		refused = "trust-list-expired";
	TRY(json_put(out, "sequence", json_integer(l->sequence)));
	TRY(time_format_iso(l->next_update, 0, &when));
	TRY(buf_cstr(&when, &text));
	TRY(json_put_str(out, "next_update", text));
	return json_put_str(out, "state", refused == NULL ? "ok" : refused);
}

struct err *
trust_tell(struct trust *t, json_t *out)
{
	json_t *o = NULL;
	struct trust_snapshot *s = trust_hold(t);
	if (s == NULL)
		return NULL;
	pthread_mutex_lock(&t->lock);
	const char *refused = t->refused;
	pthread_mutex_unlock(&t->lock);
	struct err *e = json_new(&o);
	if (e == NULL)
		e = json_put(out, "trust_list", o);
	if (e == NULL)
		e = tell(s->list, refused, o);
	trust_release(s);
	return e;
}
