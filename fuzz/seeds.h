/*
 * Seeds that the tree's own packers write: those of messages would go stale as
 * files, field by field.  A target defines fuzz_seeds() and links seeds.c;
 * replay.c takes them like files of the corpus, and under libFuzzer they are
 * written into the folder that FUZZ_SEEDS names before the first run.
 */
#ifndef SIGND_FUZZ_SEEDS_H
#define SIGND_FUZZ_SEEDS_H

#include "base/base.h"

struct seed_sink {
	void *ctx;
	void (*give)(void *ctx, const char *name, struct bytes seed);
};

/* fuzz_seeds gives each seed once; it aborts if one cannot be packed, or not
 * be read again. */
void fuzz_seeds(const struct seed_sink *to);

/* Aborts on an error. */
void seed_must(struct err *e);
/* A file of fuzz/corpus, as in "cert/ec"; *out is empty before. */
void seed_file(const char *name, struct buf *out);

#endif
