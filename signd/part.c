#include "signd/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/pack.h"
#include "pkcs11/guard.h"
#include "signd/process.h"

struct err *
part_write_all(int fd, struct bytes b)
{
	while (b.len > 0) {
		ssize_t n = write(fd, b.ptr, b.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(errno, "pipe");
		b = bytes_from(b, (size_t)n);
	}
	return NULL;
}

struct err *
part_read_all(int fd, struct buf *out)
{
	for (;;) {
		uint8_t chunk[4096];
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(errno, "pipe");
		if (n == 0)
			return NULL;
		TRY(buf_append(out, bytes_of(chunk, (size_t)n)));
	}
}

static struct err *
part_work(const struct part *p, const char *user, struct buf *out)
{
	umask(0077);
	TRY(guard_process());
	TRY(process_drop(user));
	return p->work(p, out);
}

/* In the child: the answer is a byte that says which, and what was packed. */
static void
part_child(const struct part *p, const char *user, int fd)
{
	CLEANUP(buf_done) struct buf out = BUF(PART_RESULT_MAX);
	struct err *e = part_work(p, user, &out);
	uint8_t failed = e != NULL;
	if (failed) {
		buf_clear(&out);
		err_free(err_pack(e, &out));
		err_free(e);
	}
	err_free(part_write_all(fd, bytes_of(&failed, 1)));
	err_free(part_write_all(fd, buf_bytes(&out)));
}

static struct err *
part_answer(int fd, struct buf *out)
{
	CLEANUP(buf_done) struct buf all = BUF(PART_RESULT_MAX + 1);
	TRY(part_read_all(fd, &all));
	if (all.len == 0)
		return err_new(ERR_REMOTE, NULL, "a part of it died");
	struct bytes rest = bytes_from(buf_bytes(&all), 1);
	if (all.ptr[0] != 0)
		return err_unpack(rest);
	return out == NULL ? NULL : buf_append(out, rest);
}

struct err *
part_run(const struct part *p, const char *user, struct buf *out)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_errno(errno, "pipe");
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		part_child(p, user, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	CLEANUP(close_fdp) int fd = ends[0];
	if (pid < 0)
		return err_errno(errno, "fork");
	struct err *e = part_answer(fd, out);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return e;
}
