/*
 * A bench measures a thing of ours and, in the same run, its limit: the raw
 * work without us, or the peer that the row's name tells.  The two take turns,
 * so that a busy machine slows both, and each figure is a median.
 *
 *	struct bench_pair p = { "pdf.verify.1MB", "ms", ours, raw, &ctx };
 *	bench_compare(&p);
 *
 * A row goes to standard output and to the file that BENCH_OUT names:
 * name, value, unit, limit, ratio (value / limit), with tabs between.
 */
#ifndef SIGND_BENCH_BENCH_H
#define SIGND_BENCH_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"

#define BENCH_ROUNDS_MAX 1001
#define BENCH_SECONDS 3.0 /* of each of the two sides of a row */
#define BENCH_ROUNDS_MIN 5

static inline double
bench_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline int
bench_order(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

static inline double
bench_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), bench_order);
	return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* bench_row writes one row; `limit` 0 means that there is none. */
static inline void
bench_row(const char *name, double value, const char *unit, double limit)
{
	char row[256];
	snprintf(row, sizeof(row), "%s\t%.6g\t%s\t%.6g\t%.4g\n", name, value,
	    unit, limit, limit > 0 ? value / limit : 0.0);
	fputs(row, stdout);
	fflush(stdout);
	const char *path = getenv("BENCH_OUT");
	FILE *f = path == NULL ? NULL : fopen(path, "a");
	if (f == NULL)
		return;
	fputs(row, f);
	fclose(f);
}

/* bench_must ends the program on an error: a bench has no other answer. */
static inline void
bench_must(struct err *e)
{
	if (e == NULL)
		return;
	fprintf(stderr, "bench: %s\n", err_text(e));
	exit(1);
}

struct bench_pair {
	const char *name;
	const char *unit;        /* "us", "ms" or "s" of one call */
	void (*ours)(void *ctx); /* one call */
	void (*limit)(void *ctx);
	void *ctx;
};

static inline double
bench_once(void (*call)(void *ctx), void *ctx)
{
	double begin = bench_now();
	call(ctx);
	return bench_now() - begin;
}

static inline double
bench_scale(const char *unit)
{
	if (strcmp(unit, "us") == 0)
		return 1e6;
	return strcmp(unit, "ms") == 0 ? 1e3 : 1;
}

/* bench_compare times both sides in turns and writes the row. */
static inline void
bench_compare(const struct bench_pair *p)
{
	static double ours[BENCH_ROUNDS_MAX];
	static double limit[BENCH_ROUNDS_MAX];
	size_t n = 0;
	double begin = bench_now();
	/* Caches, lazy start-up. */
	p->ours(p->ctx);
	p->limit(p->ctx);
	while (
	    n < BENCH_ROUNDS_MAX &&
	    (n < BENCH_ROUNDS_MIN || bench_now() - begin < 2 * BENCH_SECONDS)) {
		ours[n] = bench_once(p->ours, p->ctx);
		limit[n] = bench_once(p->limit, p->ctx);
		n++;
	}
	double scale = bench_scale(p->unit);
	bench_row(p->name, bench_median(ours, n) * scale, p->unit,
	    bench_median(limit, n) * scale);
}

#endif
