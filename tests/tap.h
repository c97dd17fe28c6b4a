/*
 * A test program is a list of functions whose names are sentences:
 *
 *	static void refuses_trailing_bytes(void) { CHECK(...); }
 *	int main(void) { RUN(refuses_trailing_bytes); return DONE(); }
 *
 * It prints TAP.  A failed CHECK is told with its place, and the test goes on.
 */
#ifndef SIGND_TESTS_TAP_H
#define SIGND_TESTS_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static int tap_count;
static int tap_failures;
static bool tap_this_failed;
static const char *tap_skip_reason;

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition)) {                                            \
			tap_this_failed = true;                                \
			printf(                                                \
			    "# %s:%d: %s\n", __FILE__, __LINE__, #condition);  \
		}                                                              \
	} while (0)

/* CHECK_OK takes a struct err *, which must be NULL, and frees it. */
#define CHECK_OK(call)                                                         \
	do {                                                                   \
		struct err *tap_e_ = (call);                                   \
		if (tap_e_ != NULL) {                                          \
			tap_this_failed = true;                                \
			printf("# %s:%d: %s: %s\n", __FILE__, __LINE__, #call, \
			    err_text(tap_e_));                                 \
			err_free(tap_e_);                                      \
		}                                                              \
	} while (0)

/* CHECK_ERR takes a struct err *, which must be of that kind, and frees it. */
#define CHECK_ERR(call, expected)                                              \
	do {                                                                   \
		struct err *tap_e_ = (call);                                   \
		if (tap_e_ == NULL || err_kind(tap_e_) != (expected)) {        \
			tap_this_failed = true;                                \
			printf("# %s:%d: %s: %s, not %s\n", __FILE__,          \
			    __LINE__, #call,                                   \
			    tap_e_ == NULL ? "no error" : err_text(tap_e_),    \
			    #expected);                                        \
		}                                                              \
		err_free(tap_e_);                                              \
	} while (0)

/* Takes an error that must have this code, and frees it. */
#define CHECK_CODE(call, expected)                                             \
	do {                                                                   \
		struct err *tap_e_ = (call);                                   \
		if (tap_e_ == NULL ||                                          \
		    strcmp(err_code(tap_e_), (expected)) != 0) {               \
			tap_this_failed = true;                                \
			printf("# %s:%d: %s: %s (%s), not %s\n", __FILE__,     \
			    __LINE__, #call,                                   \
			    tap_e_ == NULL ? "no error" : err_text(tap_e_),    \
			    tap_e_ == NULL ? "" : err_code(tap_e_),            \
			    (expected));                                       \
		}                                                              \
		err_free(tap_e_);                                              \
	} while (0)

/* SKIP inside a test: say why, aloud. */
#define SKIP(reason)                                                           \
	do {                                                                   \
		tap_skip_reason = (reason);                                    \
		return;                                                        \
	} while (0)

#define RUN(test) tap_run(#test, test)

static inline void
tap_run(const char *name, void (*test)(void))
{
	tap_this_failed = false;
	tap_skip_reason = NULL;
	test();
	tap_count++;
	tap_failures += tap_this_failed;
	printf("%sok %d - ", tap_this_failed ? "not " : "", tap_count);
	for (const char *p = name; *p != '\0'; p++)
		putchar(*p == '_' ? ' ' : *p);
	if (tap_skip_reason != NULL)
		printf(" # SKIP %s", tap_skip_reason);
	putchar('\n');
	fflush(stdout);
}

static inline int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failures == 0 ? 0 : 1;
}
#define DONE() tap_done()

#endif
