/*
 * Memory and time for large files.  A process of its own maps the file, signs
 * or verifies it, and is watched meanwhile: what counts is what it holds
 * besides the map (RssAnon of proc(5)).
 */
#ifndef SIGND_BENCH_PDF_LARGE_H
#define SIGND_BENCH_PDF_LARGE_H

#include <sys/mman.h>
#include <sys/stat.h>

#include "bench/format.h"

#define LARGE_ARGUMENT "--large" /* PROGRAM --large sign|verify FILE */

static inline struct bytes
large_map(const char *path)
{
	struct stat s;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &s) != 0)
		bench_must(err_new(ERR_MISSING, NULL, "%s", path));
	void *p = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		bench_must(err_new(ERR_NOMEM, NULL, "%s", path));
	return bytes_of(p, (size_t)s.st_size);
}

/* In the process that is watched.  What is signed is appended to the file. */
static inline int
large_work(const struct format *format, const char *what, const char *path)
{
	struct bench_format b;
	bench_format_init(&b, format);
	struct bytes file = large_map(path);
	if (strcmp(what, "sign") == 0) {
		struct insertion i = { 0 };
		bench_insertion_of(&b, file, &i);
		FILE *f = fopen(path, "a");
		if (f == NULL || i.at != file.len ||
		    fwrite(i.bytes.ptr, 1, i.bytes.len, f) != i.bytes.len ||
		    fclose(f) != 0)
			bench_must(err_new(ERR_REMOTE, NULL, "%s", path));
		insertion_done(&i);
		return 0;
	}
	const struct collect_input in = { .document = file };
	struct facts f = { 0 };
	bench_must(format->collect(&in, &f));
	bool good = f.nsignatures > 0;
	for (size_t i = 0; i < f.nsignatures; i++) {
		const struct signature_fact *s = &f.signatures[i];
		good = good && s->signature == CHECK_PASSED;
		for (size_t k = 0; k < s->findings.n; k++)
			good = good && !s->findings.v[k].fatal;
	}
	facts_done(&f);
	return good ? 0 : 1;
}

/* Kilobytes; 0: it has ended. */
static inline long
large_held(pid_t pid)
{
	char path[64], line[128];
	long kb = 0;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			kb = strtol(line + 8, NULL, 10);
	if (f != NULL)
		fclose(f);
	return kb;
}

/* Two rows: seconds and megabytes, each against its limit (0: none). */
static inline void
large_rows(const char *what, const char *path, const char *name, double seconds,
    double megabytes)
{
	char row[96], self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		bench_must(err_new(ERR_INTERNAL, NULL, "/proc/self/exe"));
	self[n] = '\0';
	const char *argv[] = { self, LARGE_ARGUMENT, what, path, NULL };
	pid_t pid;
	int status = 0;
	long most = 0;
	double begin = bench_now();
	if (posix_spawn(&pid, self, NULL, NULL,
		(char *const *)(uintptr_t)argv, environ) != 0)
		bench_must(err_new(ERR_INTERNAL, NULL, "posix_spawn"));
	while (waitpid(pid, &status, WNOHANG) == 0) {
		long now = large_held(pid);
		most = now > most ? now : most;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	double took = bench_now() - begin;
	if (status != 0)
		bench_must(err_new(ERR_INTERNAL, NULL, "%s %s", what, path));
	snprintf(row, sizeof(row), "pdf.%s.%s.seconds", what, name);
	bench_row(row, took, "s", seconds);
	snprintf(row, sizeof(row), "pdf.%s.%s.memory", what, name);
	bench_row(row, (double)most / 1024, "MB", megabytes);
}

#endif
