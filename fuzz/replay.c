/*
 * Stands in for libFuzzer: runs a target over the files of its corpus, each
 * one whole, cut short, and with bytes changed.  The changes are the same
 * every time, so a failure can be repeated.  Prints TAP.
 *
 *	fuzz-NAME              everything in corpus/NAME
 *	fuzz-NAME FILE...      these files, as they are
 */
#include <dirent.h>

#include "fuzz/seeds.h"
#include "tests/tap.h"

/* Only some targets have them. */
#pragma weak fuzz_seeds

#define SEED_MAX (1024 * 1024) /* bytes; larger seeds make slow fuzzing */
#define CUTS 64                /* of each file */
#define CHANGES 192            /* of each file */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy on the heap of just that size: a sanitizer sees each byte too far. */
static void
give(struct bytes in)
{
	uint8_t *copy = malloc(in.len > 0 ? in.len : 1);
	if (copy == NULL)
		abort();
	if (in.len > 0)
		memcpy(copy, in.ptr, in.len);
	LLVMFuzzerTestOneInput(copy, in.len);
	free(copy);
}

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

static void
change(struct bytes seed, uint32_t *state)
{
	uint8_t *copy = malloc(seed.len);
	if (copy == NULL)
		abort();
	memcpy(copy, seed.ptr, seed.len);
	for (uint32_t n = next_random(state) % 4 + 1; n > 0; n--) {
		static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff };
		size_t at = next_random(state) % seed.len;
		copy[at] =
		    next_random(state) % 2 == 0
			? (uint8_t)(copy[at] ^ (1U << next_random(state) % 8))
			: edges[next_random(state) % sizeof(edges)];
	}
	give(bytes_of(copy, seed.len));
	free(copy);
}

static bool
read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return false;
	uint8_t part[4096];
	size_t n;
	struct err *e = NULL;
	while (e == NULL && (n = fread(part, 1, sizeof(part), f)) > 0)
		e = buf_append(out, bytes_of(part, n));
	fclose(f);
	bool whole = e == NULL;
	err_free(e);
	return whole;
}

static void
replay_bytes(struct bytes in, bool damaged)
{
	give(in);
	uint32_t state = 1;
	for (size_t i = 0; damaged && in.len > 0 && i < CUTS; i++)
		give(bytes_slice(in, 0, in.len * i / CUTS));
	for (size_t i = 0; damaged && in.len > 0 && i < CHANGES; i++)
		change(in, &state);
}

static void
tell(const char *name, bool damaged)
{
	tap_count++;
	tap_failures += tap_this_failed;
	printf("%sok %d - %s%s\n", tap_this_failed ? "not " : "", tap_count,
	    name, damaged ? " and damaged copies of it" : "");
	fflush(stdout);
}

static void
replay_as_test(const char *path, const char *name, bool damaged)
{
	struct buf seed = BUF(SEED_MAX);
	tap_this_failed = false;
	printf("# %s\n", path);
	fflush(stdout);
	CHECK(read_file(path, &seed));
	replay_bytes(buf_bytes(&seed), damaged);
	tell(name, damaged);
	buf_done(&seed);
}

static void
replay_packed(void *ctx, const char *name, struct bytes seed)
{
	(void)ctx;
	tap_this_failed = false;
	CHECK(seed.len > 0 && seed.len <= SEED_MAX);
	replay_bytes(seed, true);
	tell(name, true);
}

static int
is_seed(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void
replay_corpus(const char *target)
{
	const char *top = getenv("top_srcdir");
	const char *name = strstr(target, "fuzz-");
	char folder[4096];
	snprintf(folder, sizeof(folder), "%s/fuzz/corpus/%s",
	    top != NULL ? top : ".", name != NULL ? name + 5 : target);
	struct dirent **seeds = NULL;
	int count = scandir(folder, &seeds, is_seed, alphasort);
	for (int i = 0; i < count; i++) {
		char path[4096 + 256];
		snprintf(path, sizeof(path), "%s/%s", folder, seeds[i]->d_name);
		replay_as_test(path, seeds[i]->d_name, true);
		free(seeds[i]);
	}
	free(seeds);
	const struct seed_sink to = { NULL, replay_packed };
	if (fuzz_seeds != NULL)
		fuzz_seeds(&to);
	tap_this_failed = tap_count == 0;
	tap_count++;
	tap_failures += tap_this_failed;
	printf("%sok %d - %s has a corpus\n", tap_this_failed ? "not " : "",
	    tap_count, name);
}

int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	if (argc < 2)
		replay_corpus(slash != NULL ? slash + 1 : argv[0]);
	for (int i = 1; i < argc; i++)
		replay_as_test(argv[i], argv[i], false);
	return DONE();
}
