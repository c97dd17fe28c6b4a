#include "fuzz/seeds.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);

void
seed_must(struct err *e)
{
	if (e == NULL)
		return;
	fprintf(stderr, "a seed: %s\n", err_text(e));
	abort();
}

void
seed_file(const char *name, struct buf *out)
{
	char path[4096];
	uint8_t part[4096];
	size_t n;
	const char *top = getenv("top_srcdir");
	snprintf(path, sizeof(path), "%s/fuzz/corpus/%s",
	    top != NULL ? top : ".", name);
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		abort();
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		seed_must(buf_append(out, bytes_of(part, n)));
	fclose(f);
}

static void
write_file(void *ctx, const char *name, struct bytes seed)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/packed-%s", (const char *)ctx, name);
	FILE *f = fopen(path, "wb");
	if (f == NULL || fwrite(seed.ptr, 1, seed.len, f) != seed.len ||
	    fclose(f) != 0)
		abort();
}

/* libFuzzer calls this first, and replay.c never. */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char *folder = getenv("FUZZ_SEEDS");
	const struct seed_sink to = { folder, write_file };
	(void)argc;
	(void)argv;
	if (folder != NULL)
		fuzz_seeds(&to);
	return 0;
}
