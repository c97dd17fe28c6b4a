/* A directory for databases, and a clock that tests set. */
#ifndef SIGND_TESTS_STORE_PLACE_H
#define SIGND_TESTS_STORE_PLACE_H

#include <unistd.h>

#include "tests/tap.h"

static char place[128];
static int64_t test_time = 1790000000; /* 2026-09-21 */

static int64_t
tell_time(void *ctx)
{
	(void)ctx;
	return test_time;
}

static const struct clock test_clock = { .now = tell_time };

static inline bool
place_make(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(place, sizeof(place), "%s/signd-store-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	return mkdtemp(place) != NULL;
}

static inline const char *
place_file(const char *name)
{
	static char path[256];
	snprintf(path, sizeof(path), "%s/%s", place, name);
	return path;
}

static inline void
place_done(void)
{
	static const char *const names[] = { "a.db", "b.db", "c.db" };
	static const char *const ends[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < COUNT_OF(names); i++)
		for (size_t j = 0; j < COUNT_OF(ends); j++) {
			char name[32];
			snprintf(name, sizeof(name), "%s%s", names[i], ends[j]);
			unlink(place_file(name));
		}
	rmdir(place);
}

#endif
