#include "signd/list-shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/pack.h"
#include "certs/crl_index.h"
#include "signd/ipc-io.h"
#include "signd/ipc.h"
#include "signd/part.h"
#include "signd/proto.h"
#include "signd/wait.h"

#define INDEXER_MS 120000 /* a million entries take a second */
#define MARGIN_MS 5000    /* the fetcher's own work, and its queue */
#define ENDED_MAX 64      /* outcomes that are remembered */
#define FILES_MAX 4096    /* indexes that are looked at for room */
#define SUFFIX ".index"
#define PATH_LEN 4096

struct list {
	uint8_t key[WANTED_KEY];
	char *url;         /* NULL: it has ended */
	struct err *error; /* then: how */
};

struct list_shelf {
	struct list_shelf_place p;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t changed;
	struct list waiting[LISTS_WAITING_MAX]; /* the first is at work */
	size_t nwaiting;
	struct list ended[ENDED_MAX]; /* the newest last */
	size_t nended;
	pthread_t thread;
	bool stop;
};

static void
unlockp(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

#define LOCKED(s)                                                              \
	CLEANUP(unlockp) pthread_mutex_t *locked_ = &(s)->lock;                \
	pthread_mutex_lock(locked_)

/* ---- files ---- */

static void
path_of(const struct list_shelf *s, const uint8_t key[WANTED_KEY],
    char out[PATH_LEN])
{
	char hex[2 * WANTED_KEY + 1];
	for (size_t i = 0; i < WANTED_KEY; i++)
		snprintf(hex + 2 * i, 3, "%02x", key[i]);
	snprintf(out, PATH_LEN, "%s/%s" SUFFIX, s->p.dir, hex);
}

/* Takes `fd`.  ERR_MALFORMED: no index. */
static struct err *
open_whole(int fd, struct index_file **out)
{
	CLEANUP(index_file_freep) struct index_file *f = NULL;
	TRY(index_file_open(fd, &f));
	if (!crl_index_is_whole(f->map))
		return err_new(ERR_MALFORMED, NULL, "no index of a CRL");
	*out = TAKE(f);
	return NULL;
}

struct err *
list_shelf_get(struct list_shelf *s, const uint8_t key[WANTED_KEY],
    struct index_file **out, int64_t *age)
{
	char path[PATH_LEN];
	struct stat st;
	*out = NULL;
	*age = INT64_MAX;
	path_of(s, key, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? NULL : err_errno(errno, "%s", path);
	int64_t when = fstat(fd, &st) == 0 ? st.st_mtim.tv_sec : 0;
	struct err *e = open_whole(fd, out);
	if (e == NULL)
		*age = clock_now(s->p.clock) - when;
	if (e == NULL || err_kind(e) != ERR_MALFORMED)
		return e;
	/* Cut short, or of another version: fetched again it will do. */
	err_free(e);
	unlink(path);
	return NULL;
}

/* A file that nobody else can name; mode is the descriptor's. */
static struct err *
open_unnamed(const char *dir, int *out)
{
	char path[PATH_LEN];
	snprintf(path, sizeof(path), "%s/list-XXXXXX", dir);
	*out = mkostemp(path, O_CLOEXEC);
	if (*out < 0)
		return err_errno(errno, "%s", path);
	unlink(path);
	return NULL;
}

struct aged {
	char name[2 * WANTED_KEY + sizeof(SUFFIX)];
	int64_t size, when;
};

static int
by_age(const void *a, const void *b)
{
	const struct aged *x = a, *y = b;
	return x->when < y->when ? -1 : x->when > y->when;
}

static size_t
list_files(int dir, struct aged *v)
{
	size_t n = 0;
	struct stat st;
	int fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	if (d == NULL && fd >= 0)
		close(fd);
	while (d != NULL && n < FILES_MAX && (e = readdir(d)) != NULL) {
		if (strlen(e->d_name) + 1 != sizeof(v[n].name) ||
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		strcpy(v[n].name, e->d_name);
		v[n].size = st.st_size;
		v[n++].when = st.st_mtim.tv_sec;
	}
	if (d != NULL)
		closedir(d);
	return n;
}

/* The oldest go; never the newest, which was asked for just now. */
static void
make_room(const struct list_shelf *s)
{
	CLEANUP(close_fdp)
	int dir = open(s->p.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct aged *v = calloc(FILES_MAX, sizeof(*v));
	size_t n = dir < 0 || v == NULL ? 0 : list_files(dir, v);
	int64_t all = 0;
	for (size_t i = 0; i < n; i++)
		all += v[i].size;
	if (n > 0)
		qsort(v, n, sizeof(*v), by_age);
	for (size_t i = 0; i + 1 < n && all > s->p.room; i++) {
		if (unlinkat(dir, v[i].name, 0) == 0)
			all -= v[i].size;
	}
	free(v);
}

/* ---- from a list to an index ---- */

static struct err *
ask_indexer(const struct list_shelf *s, int list, int index)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	const int fds[] = { list, index };
	struct err *e = ipc_call(
	    s->p.indexer, INDEX_CRL, BYTES_NONE, fds, 2, 4096, INDEXER_MS, &m);
	/* One that was read and cannot be understood is nobody's list. */
	if (e != NULL && (err_kind(e) == ERR_MALFORMED ||
			     strcmp(err_code(e), "process-died") == 0 ||
			     strcmp(err_code(e), "worker-died") == 0 ||
			     strcmp(err_code(e), "worker-timeout") == 0))
		return err_coded(e, "source-garbage");
	return e;
}

/* What was renamed before its bytes were on the disk may be empty after a loss
 * of power. */
static struct err *
publish(int fd, const char *temp, const char *path)
{
	if (fsync(fd) != 0)
		return err_errno(errno, "%s", temp);
	return rename(temp, path) == 0 ? NULL : err_errno(errno, "%s", path);
}

/* For reading alone: it goes to workers. */
static struct err *
open_made(const char *temp, struct index_file **out)
{
	int fd = open(temp, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_errno(errno, "%s", temp);
	return open_whole(fd, out);
}

/* Whoever looks meanwhile finds the one from before. */
static struct err *
make_index(const struct list_shelf *s, const uint8_t key[WANTED_KEY], int list,
    struct index_file **out)
{
	CLEANUP(index_file_freep) struct index_file *made = NULL;
	char path[PATH_LEN], temp[PATH_LEN + 8];
	path_of(s, key, path);
	snprintf(temp, sizeof(temp), "%s.XXXXXX", path);
	CLEANUP(close_fdp) int fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return err_errno(errno, "%s", temp);
	struct err *e = ask_indexer(s, list, fd);
	if (e == NULL)
		e = open_made(temp, &made);
	if (e == NULL)
		e = publish(fd, temp, path);
	if (e != NULL) {
		unlink(temp);
		return e;
	}
	make_room(s);
	*out = TAKE(made);
	return NULL;
}

struct err *
list_shelf_put(struct list_shelf *s, const uint8_t key[WANTED_KEY],
    struct bytes der, struct index_file **out)
{
	CLEANUP(close_fdp) int fd = -1;
	TRY(open_unnamed(s->p.spool, &fd));
	TRY(part_write_all(fd, der));
	return make_index(s, key, fd, out);
}

static struct err *
fetch(const struct list_shelf *s, const struct list *l)
{
	CLEANUP(close_fdp) int fd = -1;
	CLEANUP(buf_done) struct buf body = BUF(WANTED_URL_MAX + 64);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(open_unnamed(s->p.spool, &fd));
	TRY(pack_str(&body, 1, l->url));
	TRY(pack_u64(&body, 2, s->p.max));
	TRY(pack_u64(&body, 3, (uint64_t)s->p.seconds * 1000));
	TRY(ipc_call(s->p.fetcher, FETCH_FILE, buf_bytes(&body), &fd, 1, 4096,
	    (int)s->p.seconds * 1000 + MARGIN_MS, &m));
	CLEANUP(index_file_freep) struct index_file *made = NULL;
	return make_index(s, l->key, fd, &made);
}

/* ---- the thread that fetches ---- */

static bool
has_key(const struct list *l, const uint8_t key[WANTED_KEY])
{
	return memcmp(l->key, key, WANTED_KEY) == 0;
}

static void
end_first(struct list_shelf *s, struct err *e)
{
	LOCKED(s);
	struct list done = s->waiting[0];
	free(TAKE(done.url));
	done.error = e;
	memmove(
	    s->waiting, s->waiting + 1, --s->nwaiting * sizeof(s->waiting[0]));
	if (s->nended == ENDED_MAX) {
		err_free(s->ended[0].error);
		memmove(
		    s->ended, s->ended + 1, --s->nended * sizeof(s->ended[0]));
	}
	s->ended[s->nended++] = done;
	pthread_cond_broadcast(&s->changed);
}

static void *
run(void *ctx)
{
	struct list_shelf *s = ctx;
	for (;;) {
		struct list first;
		{
			LOCKED(s);
			while (s->nwaiting == 0 && !s->stop)
				pthread_cond_wait(&s->changed, &s->lock);
			if (s->stop)
				return NULL;
			first = s->waiting[0]; /* its url stays there */
		}
		end_first(s, fetch(s, &first));
	}
}

static bool
is_waiting(const struct list_shelf *s, const uint8_t key[WANTED_KEY])
{
	for (size_t i = 0; i < s->nwaiting; i++)
		if (has_key(&s->waiting[i], key))
			return true;
	return false;
}

bool
list_shelf_want(
    struct list_shelf *s, const uint8_t key[WANTED_KEY], const char *url)
{
	LOCKED(s);
	if (is_waiting(s, key))
		return true;
	if (s->nwaiting == LISTS_WAITING_MAX)
		return false;
	struct list l = { .url = strdup(url) };
	if (l.url == NULL)
		return false;
	memcpy(l.key, key, WANTED_KEY);
	s->waiting[s->nwaiting++] = l;
	pthread_cond_broadcast(&s->changed);
	return true;
}

static struct err *
outcome(const struct list_shelf *s, const uint8_t key[WANTED_KEY])
{
	for (size_t i = s->nended; i-- > 0;) {
		const struct err *e = s->ended[i].error;
		if (has_key(&s->ended[i], key))
			return e == NULL ? NULL
					 : err_coded(err_new(err_kind(e), NULL,
							 "%s", err_text(e)),
					       err_code(e));
	}
	return err_coded(
	    err_new(ERR_REMOTE, NULL, "too many lists wait"), "source-busy");
}

bool
list_shelf_wait(struct list_shelf *s, const uint8_t key[WANTED_KEY],
    int64_t timeout_ms, struct err **error)
{
	int64_t end = ipc_now_ms() + timeout_ms;
	LOCKED(s);
	*error = NULL;
	while (is_waiting(s, key) && !s->stop)
		if (!wait_until(&s->changed, &s->lock, end))
			return false;
	if (is_waiting(s, key))
		return false; /* the end came first */
	*error = outcome(s, key);
	return true;
}

/* ---- start and end ---- */

/* Halves that were being made when the front died: nobody else would count
 * them, or take them away. */
static void
clean(const char *path)
{
	struct dirent *e;
	DIR *d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (strstr(e->d_name, SUFFIX ".") != NULL)
			unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
}

struct err *
list_shelf_new(const struct list_shelf_place *p, struct list_shelf **out)
{
	if (mkdir(p->dir, 0700) != 0 && errno != EEXIST)
		return err_errno(errno, "%s", p->dir);
	clean(p->dir);
	struct list_shelf *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return err_new(ERR_NOMEM, NULL, "struct list_shelf");
	s->p = *p;
	if (pthread_mutex_init(&s->lock, NULL) != 0 ||
	    pthread_cond_init(&s->changed, NULL) != 0 ||
	    pthread_create(&s->thread, NULL, run, s) != 0) {
		free(s);
		return err_new(ERR_NOMEM, NULL, "a thread");
	}
	*out = s;
	return NULL;
}

void
list_shelf_free(struct list_shelf *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	for (size_t i = 0; i < s->nwaiting; i++)
		free(s->waiting[i].url);
	for (size_t i = 0; i < s->nended; i++)
		err_free(s->ended[i].error);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
