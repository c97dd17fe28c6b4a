/* Keeps what a test made, for a look at it and as seeds of fuzz targets: in
 * the folder KEEP_MADE of the environment, when there is one. */
#ifndef SIGND_TESTS_PDF_KEEP_H
#define SIGND_TESTS_PDF_KEEP_H

#include "tests/pdf/build.h"

static inline void
keep_made(const char *prefix, const struct made *m)
{
	static int count;
	const char *dir = getenv("KEEP_MADE");
	char path[256];
	if (dir == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s-%02d.pdf", dir, prefix, count++);
	FILE *f = fopen(path, "wb");
	if (f == NULL || fwrite(m->out.ptr, 1, m->out.len, f) != m->out.len)
		abort();
	fclose(f);
}

#endif
