#include "worker/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/tap.h"

#define MEGABYTE ((size_t)1 << 20)

static const struct sandbox_limits limits = { .memory = 256 * MEGABYTE,
	.seconds = 120 };

static struct err *
answers(void *ctx, struct buf *out)
{
	return buf_str(out, ctx);
}

static struct err *
fails(void *ctx, struct buf *out)
{
	(void)ctx, (void)out;
	return err_coded(
	    err_new(ERR_MALFORMED, NULL, "a bad thing"), "record-field");
}

static struct err *
opens_a_file(void *ctx, struct buf *out)
{
	(void)ctx;
	int fd = open("/etc/hostname", O_RDONLY);
	return buf_printf(out, "opened %d", fd);
}

static struct err *
opens_a_socket(void *ctx, struct buf *out)
{
	(void)ctx;
	return buf_printf(out, "%d", socket(AF_INET, SOCK_STREAM, 0));
}

static struct err *
runs_a_program(void *ctx, struct buf *out)
{
	(void)ctx;
	char *const argv[] = { (char *)"/bin/true", NULL };
	(void)execve("/bin/true", argv, NULL);
	return buf_str(out, "still here");
}

static struct err *
makes_a_process(void *ctx, struct buf *out)
{
	(void)ctx;
	return buf_printf(out, "%d", (int)fork());
}

static struct err *
makes_memory_that_runs(void *ctx, struct buf *out)
{
	(void)ctx;
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return buf_printf(out, "%d", p == MAP_FAILED);
}

static struct err *
signals_its_parent(void *ctx, struct buf *out)
{
	(void)ctx;
	return buf_printf(out, "%d", kill(getppid(), 0));
}

static struct err *
spins(void *ctx, struct buf *out)
{
	(void)ctx, (void)out;
	for (volatile unsigned i = 1; i != 0; i = i | 1)
		;
	return NULL;
}

static struct err *
hides_from_the_alarm(void *ctx, struct buf *out)
{
	(void)out;
	signal(SIGALRM, SIG_IGN);
	return spins(ctx, out);
}

static struct err *
eats_memory(void *ctx, struct buf *out)
{
	(void)ctx;
	struct buf big = BUF(4096 * MEGABYTE);
	struct err *e = NULL;
	while (e == NULL && big.len < 2048 * MEGABYTE)
		e = buf_fill(&big, 1, 64 * MEGABYTE);
	buf_done(&big);
	return e != NULL ? e : buf_str(out, "ate it all");
}

static struct err *
crashes(void *ctx, struct buf *out)
{
	(void)ctx, (void)out;
	(void)raise(SIGSEGV);
	return NULL;
}

static struct err *
aborts(void *ctx, struct buf *out)
{
	(void)ctx, (void)out;
	abort();
}

static struct err *
leaves(void *ctx, struct buf *out)
{
	(void)ctx, (void)out;
	_exit(0);
}

static struct err *
says_too_much(void *ctx, struct buf *out)
{
	(void)ctx;
	/* Past the buffer's own limit, as a job gone wild would. */
	const uint8_t kind = 'o';
	static uint8_t noise[65536];
	(void)!write(3, &kind, 1);
	for (int i = 0; i < 1000; i++)
		(void)!write(3, noise, sizeof(noise));
	return buf_str(out, "done");
}

static struct err *
reads_a_descriptor_of_its_parent(void *ctx, struct buf *out)
{
	char c;
	return buf_printf(out, "%d", (int)read(*(int *)ctx, &c, 1));
}

static struct err *
looks_at_its_limits(void *ctx, struct buf *out)
{
	(void)ctx;
	/* A job may compute, allocate, and ask for the time and entropy. */
	struct timespec t;
	uint8_t random[16];
	clock_gettime(CLOCK_REALTIME, &t);
	if (syscall(SYS_getrandom, random, sizeof(random), 0) != 16)
		return err_new(ERR_INTERNAL, NULL, "getrandom");
	TRY(buf_fill(out, 'x', 100 * MEGABYTE));
	buf_clear(out);
	return buf_str(out, "fine");
}

static struct err *
run(struct err *(*job)(void *, struct buf *), void *ctx, struct buf *out)
{
	*out = BUF(MEGABYTE);
	return sandbox_run(limits, job, ctx, out);
}

static void
check_dies(struct err *(*job)(void *, struct buf *), const char *code)
{
	struct buf out;
	struct err *e = run(job, NULL, &out);
	CHECK(e != NULL && err_kind(e) == ERR_REMOTE &&
	      strcmp(err_code(e), code) == 0);
	if (e == NULL)
		printf("# it answered: %.*s\n", (int)out.len, out.ptr);
	else
		printf("# %s\n", err_text(e));
	CHECK(out.len == 0);
	err_free(e);
	buf_done(&out);
}

static void
brings_back_what_a_job_answers(void)
{
	struct buf out;
	CHECK_OK(run(answers, (void *)"xin chào", &out));
	CHECK(bytes_eq_str(buf_bytes(&out), "xin chào"));
	/* Appended, not replaced. */
	CHECK_OK(sandbox_run(limits, answers, (void *)"!", &out));
	CHECK(bytes_eq_str(buf_bytes(&out), "xin chào!"));
	buf_done(&out);
	CHECK_OK(run(answers, (void *)"", &out));
	CHECK(out.len == 0);
	buf_done(&out);
}

static void
brings_back_an_error_with_kind_and_code(void)
{
	struct buf out;
	struct err *e = run(fails, NULL, &out);
	CHECK(e != NULL && err_kind(e) == ERR_MALFORMED);
	CHECK(e != NULL && strcmp(err_code(e), "record-field") == 0);
	CHECK(e != NULL && strstr(err_text(e), "a bad thing") != NULL);
	err_free(e);
	buf_done(&out);
}

static void
a_job_may_compute(void)
{
	struct buf out = BUF(200 * MEGABYTE);
	CHECK_OK(sandbox_run(limits, looks_at_its_limits, NULL, &out));
	CHECK(bytes_eq_str(buf_bytes(&out), "fine"));
	buf_done(&out);
}

static int
order_numbers(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static struct err *
sort_much(void *ctx, struct buf *out)
{
	(void)ctx;
	enum { COUNT = 100000 };
	uint32_t *v = calloc(COUNT, sizeof(*v));
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "numbers");
	for (uint32_t i = 0; i < COUNT; i++)
		v[i] = i * 2654435761U;
	qsort(v, COUNT, sizeof(*v), order_numbers);
	struct err *e = buf_str(out, v[0] <= v[1] ? "sorted" : "not sorted");
	free(v);
	return e;
}

static void
a_job_may_sort_much(void)
{
	CLEANUP(buf_done) struct buf out = BUF(100);
	CHECK_OK(sandbox_run(limits, sort_much, NULL, &out));
	CHECK(bytes_eq_str(buf_bytes(&out), "sorted"));
}

static void
kills_a_job_that_opens_a_file(void)
{
#ifdef SIGND_SANITIZED
	SKIP("sanitizers open files themselves");
#endif
	check_dies(opens_a_file, "worker-died");
}

static void
kills_a_job_that_opens_a_socket(void)
{
	check_dies(opens_a_socket, "worker-died");
}

static void
kills_a_job_that_runs_a_program(void)
{
	check_dies(runs_a_program, "worker-died");
}

static void
kills_a_job_that_makes_a_process(void)
{
#ifdef SIGND_SANITIZED
	SKIP("sanitizers make threads themselves");
#endif
	check_dies(makes_a_process, "worker-died");
}

static void
kills_a_job_that_makes_executable_memory(void)
{
#ifdef SIGND_SANITIZED
	SKIP("the filter is looser under sanitizers");
#endif
	check_dies(makes_memory_that_runs, "worker-died");
}

static void
kills_a_job_that_signals_others(void)
{
#ifdef SIGND_SANITIZED
	SKIP("the filter is looser under sanitizers");
#endif
	check_dies(signals_its_parent, "worker-died");
}

static void
ends_a_job_that_takes_too_long(void)
{
	const struct sandbox_limits short_time = { .seconds = 1 };
	struct buf out = BUF(MEGABYTE);
	struct err *e = sandbox_run(short_time, spins, NULL, &out);
	CHECK(e != NULL && strcmp(err_code(e), "worker-timeout") == 0);
	err_free(e);
	e = sandbox_run(short_time, hides_from_the_alarm, NULL, &out);
	CHECK(e != NULL && strcmp(err_code(e), "worker-timeout") == 0);
	err_free(e);
	buf_done(&out);
}

static void
ends_a_job_that_takes_too_much_memory(void)
{
#ifdef SIGND_SANITIZED
	SKIP("no limit on address space under sanitizers");
#endif
	struct buf out;
	struct err *e = run(eats_memory, NULL, &out);
	CHECK(e != NULL && err_kind(e) == ERR_LIMIT);
	CHECK(e != NULL && strcmp(err_code(e), "worker-memory") == 0);
	err_free(e);
	buf_done(&out);
}

static void
tells_a_crash(void)
{
	check_dies(crashes, "worker-died");
	check_dies(aborts, "worker-died");
	check_dies(leaves, "worker-died");
}

static void
bounds_the_answer(void)
{
	struct buf out;
	struct err *e = run(says_too_much, NULL, &out);
	CHECK(e != NULL && err_kind(e) == ERR_LIMIT);
	CHECK(out.len == 0);
	err_free(e);
	buf_done(&out);
}

static void
a_job_has_no_descriptor_of_its_parent(void)
{
	struct buf out;
	int fd = open("/dev/zero", O_RDONLY);
	CHECK(fd > 3);
	CHECK_OK(run(reads_a_descriptor_of_its_parent, &fd, &out));
	CHECK(bytes_eq_str(buf_bytes(&out), "-1"));
	close(fd);
	buf_done(&out);
}

int
main(void)
{
	/* Takes number 3, so that the others show what they should. */
	int first = open("/dev/null", O_RDONLY);
	struct rlimit no_core = { 0 };
	setrlimit(RLIMIT_CORE, &no_core);
	RUN(brings_back_what_a_job_answers);
	RUN(brings_back_an_error_with_kind_and_code);
	RUN(a_job_may_compute);
	RUN(a_job_may_sort_much);
	RUN(kills_a_job_that_opens_a_file);
	RUN(kills_a_job_that_opens_a_socket);
	RUN(kills_a_job_that_runs_a_program);
	RUN(kills_a_job_that_makes_a_process);
	RUN(kills_a_job_that_makes_executable_memory);
	RUN(kills_a_job_that_signals_others);
	RUN(ends_a_job_that_takes_too_long);
	RUN(ends_a_job_that_takes_too_much_memory);
	RUN(tells_a_crash);
	RUN(bounds_the_answer);
	RUN(a_job_has_no_descriptor_of_its_parent);
	close(first);
	return DONE();
}
