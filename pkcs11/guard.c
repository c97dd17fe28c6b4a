#include "pkcs11/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct err *
guard_process(void)
{
	const struct rlimit none = { 0, 0 };
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return err_errno(errno, "setrlimit");
	if (prctl(PR_SET_DUMPABLE, 0) != 0)
		return err_errno(errno, "prctl");
	return NULL;
}

/* The advice wants whole pages; neighbours on them lose nothing. */
void
guard_secret(const struct secret *s)
{
	if (s->len == 0)
		return;
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = (uintptr_t)s->ptr & ~(page - 1);
	uintptr_t to = ((uintptr_t)s->ptr + s->len + page - 1) & ~(page - 1);
	(void)mlock((void *)from, to - from);
	(void)madvise((void *)from, to - from, MADV_DONTDUMP);
}

static struct err *
check_file(int fd, const char *path, size_t *size)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return err_errno(errno, "%s", path);
	if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IRWXO | S_IWGRP)) != 0)
		return err_coded(err_new(ERR_DENIED, NULL,
				     "%s: others may read or change it", path),
		    "secret-file");
	if (st.st_size <= 0)
		return err_new(ERR_MALFORMED, NULL, "%s: empty", path);
	if (st.st_size > GUARD_FILE_MAX)
		return err_new(ERR_LIMIT, NULL, "%s: longer than %d bytes",
		    path, GUARD_FILE_MAX);
	*size = (size_t)st.st_size;
	return NULL;
}

static struct err *
read_into(int fd, const char *path, struct secret *s)
{
	ssize_t n = pread(fd, s->ptr, s->len, 0);
	if (n < 0)
		return err_errno(errno, "reading %s", path);
	size_t len = (size_t)n;
	while (len > 0 && (s->ptr[len - 1] == '\n' || s->ptr[len - 1] == '\r'))
		len--;
	if (len == 0 || memchr(s->ptr, '\n', len) != NULL)
		return err_new(ERR_MALFORMED, NULL, "%s: not one line", path);
	wipe(s->ptr + len, s->len - len);
	s->len = len;
	return NULL;
}

struct err *
guard_read_secret_fd(int fd, const char *path, struct secret *out)
{
	size_t size = 0;
	TRY(check_file(fd, path, &size));
	CLEANUP(secret_done) struct secret s = { 0 };
	TRY(secret_init(&s, size));
	guard_secret(&s);
	TRY(read_into(fd, path, &s));
	*out = s;
	s = (struct secret){ 0 };
	return NULL;
}

struct err *
guard_read_secret(const char *path, struct secret *out)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_errno(errno, "opening %s", path);
	return guard_read_secret_fd(fd, path, out);
}
