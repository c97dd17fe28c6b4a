#include "signd/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

/* A full disk is told to the client; that the directory is not there, or not
 * ours, is not a fault of the request. */
static struct err *
failed(int no)
{
	struct err *e = err_errno(no, "spool");
	if (strcmp(err_code(e), "disk-full") == 0)
		return e;
	struct err *ours = err_new(ERR_INTERNAL, NULL, "%s", err_text(e));
	err_free(e);
	return ours;
}

static struct err *
open_memory(int *out)
{
	int fd = memfd_create("document", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return err_errno(errno, "memfd_create");
	*out = fd;
	return NULL;
}

static struct err *
open_named(const char *dir, int *out)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/document-XXXXXX", dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return err_new(ERR_LIMIT, NULL, "spool-dir is too long");
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return failed(errno);
	if (unlink(path) != 0) {
		int no = errno;
		close(fd);
		return failed(no);
	}
	*out = fd;
	return NULL;
}

static struct err *
open_disk(const char *dir, int *out)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		return open_named(dir, out); /* as on NFS */
	if (fd < 0)
		return failed(errno);
	*out = fd;
	return NULL;
}

struct err *
spool_init(struct spool *s, const char *dir, size_t memory_max, size_t max,
    size_t expected)
{
	*s = (struct spool){ .fd = -1,
		.max = max,
		.memory_max = memory_max,
		.dir = dir,
		.on_disk = expected > memory_max };
	TRY(digest_new(DIGEST_SHA256, &s->sum));
	return s->on_disk ? open_disk(dir, &s->fd) : open_memory(&s->fd);
}

static struct err *
move_to_disk(struct spool *s)
{
	int fd;
	TRY(open_disk(s->dir, &fd));
	off_t at = 0;
	while ((size_t)at < s->len) {
		ssize_t n = sendfile(fd, s->fd, &at, s->len - (size_t)at);
		if (n <= 0) {
			int no = errno;
			close(fd);
			return failed(no);
		}
	}
	close(s->fd);
	s->fd = fd;
	s->on_disk = true;
	return NULL;
}

struct err *
spool_write(struct spool *s, struct bytes what)
{
	if (what.len > s->max || s->len > s->max - what.len)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "the limit is %zu bytes", s->max),
		    "document-too-large");
	if (!s->on_disk && s->len + what.len > s->memory_max)
		TRY(move_to_disk(s));
	TRY(digest_add(s->sum, what));
	while (what.len > 0) {
		ssize_t n = write(s->fd, what.ptr, what.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(errno);
		s->len += (size_t)n;
		what = bytes_from(what, (size_t)n);
	}
	return NULL;
}

/* A worker gets this descriptor: what it can read it shall not write, neither
 * the document that goes back to the citizen nor the disk full. */
static struct err *
reopen_readonly(struct spool *s)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed(errno);
	close(s->fd);
	s->fd = fd;
	return NULL;
}

struct err *
spool_finish(struct spool *s)
{
	TRY(digest_final(s->sum, s->sha256));
	/* A worker maps it, and must not see it change or shrink. */
	if (s->on_disk)
		return reopen_readonly(s);
	if (fcntl(s->fd, F_ADD_SEALS,
		F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
		return err_errno(errno, "sealing");
	return NULL;
}

void
spool_done(struct spool *s)
{
	close_fdp(&s->fd);
	digest_free(s->sum);
	*s = (struct spool){ .fd = -1 };
}

struct spool
spool_move(struct spool *from)
{
	struct spool to = *from;
	*from = (struct spool){ .fd = -1 };
	return to;
}
