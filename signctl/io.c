#include "signctl/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct err *
read_pipe(int fd, struct buf *out)
{
	uint8_t part[65536];
	for (;;) {
		ssize_t n = read(fd, part, sizeof(part));
		if (n == 0)
			return NULL;
		if (n < 0 && errno != EINTR)
			return err_errno(errno, "reading");
		if (n > 0)
			TRY(buf_append(out, bytes_of(part, (size_t)n)));
	}
}

static struct err *
map_file(int fd, size_t len, struct input *out)
{
	if (len == 0)
		return NULL;
	void *map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return err_errno(errno, "mapping %zu bytes", len);
	out->map = map;
	out->map_len = len;
	out->bytes = bytes_of(map, len);
	return NULL;
}

struct err *
input_open(const char *path, struct input *out)
{
	bool standard = strcmp(path, "-") == 0;
	CLEANUP(close_fdp)
	int fd = standard ? dup(0) : open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_errno(errno, "%s", path);
	if (S_ISDIR(st.st_mode))
		return err_new(ERR_USAGE, NULL, "%s is a folder", path);
	*out = (struct input){ .held = BUF(PIPE_MAX) };
	if (S_ISREG(st.st_mode))
		return err_while(
		    map_file(fd, (size_t)st.st_size, out), "%s", path);
	struct err *e = read_pipe(fd, &out->held);
	out->bytes = buf_bytes(&out->held);
	if (e != NULL)
		input_done(out);
	return err_while(e, "%s", path);
}

struct err *
input_map(int fd, struct input *out)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return err_errno(errno, "fstat");
	*out = (struct input){ 0 };
	return map_file(fd, (size_t)st.st_size, out);
}

void
input_done(struct input *in)
{
	if (in->map != NULL)
		munmap(in->map, in->map_len);
	buf_done(&in->held);
	*in = (struct input){ 0 };
}

struct err *
output_open(const char *path, struct output *out)
{
	*out = (struct output){ .fd = -1 };
	if (strcmp(path, "-") == 0) {
		out->fd = dup(1);
		return out->fd >= 0 ? NULL : err_errno(errno, "dup");
	}
	struct output o = { .fd = -1, .path = strdup(path) };
	if (o.path == NULL || asprintf(&o.temp, "%s.XXXXXX", path) < 0) {
		free(o.path);
		return err_new(ERR_NOMEM, NULL, "a path");
	}
	o.fd = mkostemp(o.temp, O_CLOEXEC);
	if (o.fd < 0) {
		struct err *e = err_errno(errno, "%s", o.temp);
		free(o.temp);
		free(o.path);
		return e;
	}
	*out = o;
	return NULL;
}

struct err *
output_commit(struct output *o)
{
	if (o->path == NULL)
		return NULL;
	mode_t mask = umask(0);
	umask(mask);
	if (fchmod(o->fd, 0666 & ~mask) != 0 || fsync(o->fd) != 0 ||
	    rename(o->temp, o->path) != 0)
		return err_errno(errno, "%s", o->path);
	free(o->temp);
	o->temp = NULL;
	return NULL;
}

void
output_done(struct output *o)
{
	if (o->temp != NULL)
		unlink(o->temp);
	close_fdp(&o->fd);
	free(o->temp);
	free(o->path);
	*o = (struct output){ .fd = -1 };
}

struct err *
write_bytes(int fd, struct bytes b)
{
	while (b.len > 0) {
		ssize_t n = write(fd, b.ptr, b.len);
		if (n < 0 && errno != EINTR)
			return err_errno(errno, "writing");
		b = bytes_from(b, n < 0 ? 0 : (size_t)n);
	}
	return NULL;
}

/* ---- in the place of a file that must not be lost ---- */

#define LEFTOVER ".signctl-preserve."
#define LEFTOVER_TAIL 6 /* letters that mkostemp chooses */

bool
is_leftover(const char *name)
{
	return strncmp(name, LEFTOVER, strlen(LEFTOVER)) == 0 &&
	       strlen(name) == strlen(LEFTOVER) + LEFTOVER_TAIL;
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static struct err *
check_unchanged(const char *path, const struct stat *seen)
{
	struct stat now;
	if (lstat(path, &now) != 0)
		return err_errno(errno, "%s", path);
	return is_same_file(&now, seen)
		   ? NULL
		   : err_coded(
			 err_new(ERR_DENIED, NULL, "%s", path), "file-changed");
}

/* Whose it is, and who may read it, are not ours to change. */
static struct err *
fill_beside(int fd, const char *path, const struct stat *seen, struct bytes b)
{
	struct stat own;
	TRY(write_bytes(fd, b));
	if (fstat(fd, &own) != 0)
		return err_errno(errno, "%s", path);
	bool ours = own.st_uid == seen->st_uid && own.st_gid == seen->st_gid;
	if ((!ours && fchown(fd, seen->st_uid, seen->st_gid) != 0) ||
	    fchmod(fd, seen->st_mode & 07777) != 0 || fsync(fd) != 0)
		return err_errno(errno, "%s", path);
	return check_unchanged(path, seen);
}

static struct err *
put_in_place(int fd, const char *temp, const char *path, int folder,
    const struct stat *seen, struct bytes b)
{
	TRY(fill_beside(fd, path, seen, b));
	if (rename(temp, path) != 0)
		return err_errno(errno, "%s", path);
	return fsync(folder) == 0 ? NULL : err_errno(errno, "%s", path);
}

struct err *
file_replace(const char *path, const struct stat *seen, struct bytes b)
{
	CLEANUP(free_charp) char *parent = NULL;
	CLEANUP(free_charp) char *temp = NULL;
	const char *slash = strrchr(path, '/');
	parent = slash == NULL   ? strdup(".")
		 : slash == path ? strdup("/")
				 : strndup(path, (size_t)(slash - path));
	if (parent == NULL ||
	    asprintf(&temp, "%s/" LEFTOVER "XXXXXX", parent) < 0)
		return err_new(ERR_NOMEM, NULL, "a path");
	CLEANUP(close_fdp)
	int folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(close_fdp)
	int fd = folder < 0 ? -1 : mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return err_errno(errno, "%s", parent);
	struct err *e = put_in_place(fd, temp, path, folder, seen, b);
	if (e != NULL)
		(void)unlink(temp);
	return e;
}
