/*
 * pyHanko in a process that stays: it is asked to sign or verify by a line and
 * answers by one, so that neither side's start-up is counted.
 */
#ifndef SIGND_BENCH_PDF_PYHANKO_H
#define SIGND_BENCH_PDF_PYHANKO_H

#include "bench/format.h"

struct pyhanko {
	struct bench_format *ours;
	FILE *to, *from;
	pid_t pid;
};

static inline bool
pyhanko_says(struct pyhanko *p, const char *wanted)
{
	char line[64];
	return fgets(line, sizeof(line), p->from) != NULL &&
	       strcmp(line, wanted) == 0;
}

/* False, with a word: there is none. */
static inline bool
pyhanko_start(struct pyhanko *p, struct bench_format *ours, char *const files[2])
{
	const char *python = getenv("SIGND_TEST_PYTHON");
	const char *top = getenv("top_srcdir");
	char script[4096];
	int in[2], out[2];
	posix_spawn_file_actions_t a;
	snprintf(script, sizeof(script), "%s/bench/pdf-pyhanko.py",
	    top != NULL ? top : ".");
	const char *argv[] = { python != NULL ? python : "python3", script,
		files[0], files[1], NULL };
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		bench_must(err_new(ERR_INTERNAL, NULL, "pipe2"));
	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_adddup2(&a, in[0], 0);
	posix_spawn_file_actions_adddup2(&a, out[1], 1);
	posix_spawn_file_actions_addopen(&a, 2, "/dev/null", O_WRONLY, 0);
	int failed = posix_spawnp(&p->pid, argv[0], &a, NULL,
	    (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&a);
	close(in[0]);
	close(out[1]);
	p->ours = ours;
	p->to = fdopen(in[1], "w");
	p->from = fdopen(out[0], "r");
	if (failed == 0 && pyhanko_says(p, "ready\n"))
		return true;
	puts("# pdf.*.pyhanko: there is no pyhanko (SIGND_TEST_PYTHON)");
	return false;
}

static inline void
pyhanko_stop(struct pyhanko *p)
{
	int status;
	fclose(p->to);
	fclose(p->from);
	waitpid(p->pid, &status, 0);
}

static inline void
pyhanko_ask(struct pyhanko *p, const char *what)
{
	fputs(what, p->to);
	fflush(p->to);
	if (!pyhanko_says(p, "good\n"))
		bench_must(err_new(ERR_REMOTE, NULL, "pyhanko: %s", what));
}

static inline void
pyhanko_sign(void *ctx)
{
	pyhanko_ask(ctx, "sign\n");
}

static inline void
pyhanko_verify(void *ctx)
{
	pyhanko_ask(ctx, "verify\n");
}

static inline void
pyhanko_ours_sign(void *ctx)
{
	bench_sign(((struct pyhanko *)ctx)->ours);
}

static inline void
pyhanko_ours_verify(void *ctx)
{
	bench_verify(((struct pyhanko *)ctx)->ours);
}

/* Both rows, of what `ours` holds. */
static inline void
pyhanko_rows(struct bench_format *ours, const char *size)
{
	char name[64];
	struct pyhanko p = { 0 };
	char *const files[2] = { bench_temporary(buf_bytes(&ours->document)),
		bench_temporary(buf_bytes(&ours->document_signed)) };
	if (pyhanko_start(&p, ours, files)) {
		snprintf(name, sizeof(name), "pdf.sign.%s.pyhanko", size);
		bench_compare(&(struct bench_pair){
		    name, "ms", pyhanko_ours_sign, pyhanko_sign, &p });
		snprintf(name, sizeof(name), "pdf.verify.%s.pyhanko", size);
		bench_compare(&(struct bench_pair){
		    name, "ms", pyhanko_ours_verify, pyhanko_verify, &p });
	}
	pyhanko_stop(&p);
	for (int i = 0; i < 2; i++) {
		unlink(files[i]);
		free(files[i]);
	}
}

#endif
