/*
 * Torture: the first allocation fails, then the second, and so on until a run
 * goes through without a failure.  Include this in one file of a test program;
 * it takes the place of malloc, calloc, realloc and free for everything in it,
 * the libraries too.
 *
 *	static struct err *parse_it(void *ctx) { ... }
 *	static void cert_parse_survives(void)
 *	{
 *		TORTURE(parse_it, &input, TORTURE_STRICT);
 *	}
 *
 * TORTURE_STRICT is for code of ours alone: each failed run must return
 * ERR_NOMEM and leave nothing allocated.  TORTURE_LIBRARY is for code on
 * libraries, which may get by without the memory or keep some: a failed run
 * must return, with an error or with the right answer (`run` checks which).
 *
 * Under sanitizers malloc belongs to them: main begins with
 * TORTURE_OR_SKIP_ALL().
 */
#ifndef SIGND_TESTS_TORTURE_H
#define SIGND_TESTS_TORTURE_H

#include <errno.h>

#include "tests/tap.h"

#define TORTURE_ONE_BY_ONE 400 /* allocations, each of which fails once */
#define TORTURE_MAX 10000000   /* a run that never ends is a bug as well */

enum torture_mode { TORTURE_STRICT, TORTURE_LIBRARY };

struct torture {
	bool armed;
	size_t allocations; /* since it was armed */
	size_t fail_at;     /* counted from 1; 0: never */
	size_t failures;
	ptrdiff_t live; /* blocks allocated and not freed since it was armed */
};

static _Thread_local struct torture torture_state;

#ifdef SIGND_SANITIZED
static inline bool
torture_possible(void)
{
	return false;
}
#else
static inline bool
torture_possible(void)
{
	return true;
}

/* The names under which glibc keeps its own allocator. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void __libc_free(void *ptr);

static bool
torture_fails(void)
{
	struct torture *t = &torture_state;
	if (!t->armed || ++t->allocations != t->fail_at)
		return false;
	t->failures++;
	errno = ENOMEM;
	return true;
}

static void *
torture_count(void *ptr, ptrdiff_t blocks)
{
	if (torture_state.armed)
		torture_state.live += ptr == NULL ? 0 : blocks;
	return ptr;
}

void *
malloc(size_t size)
{
	return torture_fails() ? NULL : torture_count(__libc_malloc(size), 1);
}

void *
calloc(size_t count, size_t size)
{
	return torture_fails() ? NULL
			       : torture_count(__libc_calloc(count, size), 1);
}

void *
realloc(void *ptr, size_t size)
{
	if (torture_fails())
		return NULL;
	return torture_count(__libc_realloc(ptr, size), ptr == NULL ? 1 : 0);
}

void
free(void *ptr)
{
	torture_count(ptr, -1);
	__libc_free(ptr);
}
#endif

/* torture_once runs with allocation number `fail_at` failing. */
static inline struct err *
torture_once(struct err *(*run)(void *ctx), void *ctx, size_t fail_at)
{
	torture_state = (struct torture){ .armed = true, .fail_at = fail_at };
	struct err *e = run(ctx);
	torture_state.armed = false;
	return e;
}

/* The first allocations one by one; then further and further apart, as a run
 * over a library may have a hundred thousand. */
static inline size_t
torture_next(size_t n)
{
	return n < TORTURE_ONE_BY_ONE ? n + 1 : n + n / 64;
}

static inline bool
torture_run_is_good(const struct err *e, enum torture_mode mode)
{
	/* The error itself is a block, unless there was none for it. */
	ptrdiff_t expected = e != NULL && err_line(e) != 0 ? 1 : 0;
	if (mode == TORTURE_LIBRARY)
		return true;
	return e != NULL && err_kind(e) == ERR_NOMEM &&
	       torture_state.live <= expected;
}

/* torture returns about how many allocations a whole run has; 0 after a bug. */
static inline size_t
torture(struct err *(*run)(void *ctx), void *ctx, enum torture_mode mode)
{
	size_t runs = 0;
	size_t others = 0;
	for (size_t n = 1; n <= TORTURE_MAX; n = torture_next(n)) {
		struct err *e = torture_once(run, ctx, n);
		bool whole = torture_state.failures == 0;
		bool good = whole ? e == NULL : torture_run_is_good(e, mode);
		if (!good)
			printf("# allocation %zu: %s, %td blocks left\n", n,
			    e == NULL ? "no error" : err_text(e),
			    torture_state.live);
		others += e != NULL && err_kind(e) != ERR_NOMEM;
		err_free(e);
		if (!good)
			return 0;
		runs++;
		if (whole && others > 0)
			printf(
			    "# %zu of %zu runs say another kind than nomem\n",
			    others, runs);
		if (whole)
			return n - 1;
	}
	printf("# more than %d allocations\n", TORTURE_MAX);
	return 0;
}

#define TORTURE(run, ctx, mode) CHECK(torture((run), (ctx), (mode)) > 0)

/* At the start of main: without an allocator of ours there is no test. */
#define TORTURE_OR_SKIP_ALL()                                                  \
	do {                                                                   \
		if (!torture_possible()) {                                     \
			puts("1..0 # SKIP the sanitizers have an allocator "   \
			     "of their own");                                  \
			return 0;                                              \
		}                                                              \
	} while (0)

#endif
