/* The parsers without memory: whichever allocation fails, they come back, and
 * no chip is better judged than it deserves. */
#include "tests/torture.h"

#include "identity/dg13.h"
#include "identity/masterlist.h"
#include "identity/qr.h"
#include "identity/sod.h"

#define SEED_MAX (64 * 1024) /* bytes */

static struct buf
read_seed(const char *path)
{
	struct buf b = BUF(SEED_MAX);
	char full[4096];
	const char *top = getenv("top_srcdir");
	snprintf(full, sizeof(full), "%s/fuzz/corpus/%s",
	    top != NULL ? top : ".", path);
	FILE *f = fopen(full, "rb");
	CHECK(f != NULL);
	if (f == NULL)
		return b;
	uint8_t part[4096];
	size_t n;
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		CHECK_OK(buf_append(&b, bytes_of(part, n)));
	fclose(f);
	return b;
}

static void
with_seed(
    struct err *(*run)(void *ctx), const char *path, enum torture_mode mode)
{
	struct buf seed = read_seed(path);
	struct bytes in = buf_bytes(&seed);
	CHECK_OK(run(&in));
	TORTURE(run, &in, mode);
	buf_done(&seed);
}

static struct err *
read_card(void *ctx)
{
	struct card_qr q = { 0 };
	TRY(card_qr_parse(*(struct bytes *)ctx, &q));
	card_qr_done(&q);
	return NULL;
}

static struct err *
read_dg13(void *ctx)
{
	struct dg13 d = { 0 };
	TRY(dg13_parse(*(struct bytes *)ctx, &d));
	dg13_done(&d);
	return NULL;
}

static struct err *
read_dg11(void *ctx)
{
	struct dg11 d = { 0 };
	TRY(dg11_parse(*(struct bytes *)ctx, &d));
	dg11_done(&d);
	return NULL;
}

static void
what_fills_in_a_form_survives(void)
{
	with_seed(read_card, "qr/qr8", TORTURE_STRICT);
	with_seed(read_dg13, "mrz/dg13", TORTURE_STRICT);
	with_seed(read_dg11, "mrz/dg11", TORTURE_STRICT);
}

/* Nobody is trusted, and the data group is another: never authentic. */
static struct err *
judge_sod(void *ctx)
{
	CLEANUP(sod_freep) struct sod *s = NULL;
	TRY(sod_parse(*(struct bytes *)ctx, &s));
	const struct data_group group = { 1, BYTES_LIT("another") };
	const struct sod_request r = { .groups = &group, .ngroups = 1 };
	struct sod_verdict v;
	TRY(sod_verify(s, &r, &v));
	bool good = v.state == CHIP_FORGED && v.groups[1] == GROUP_DIFFERS;
	sod_verdict_done(&v);
	return good ? NULL : err_new(ERR_INTERNAL, NULL, "judged better");
}

static struct err *
read_list(void *ctx)
{
	struct cert_list out = { 0 };
	struct masterlist_result r = { 0 };
	struct err *e =
	    masterlist_read(*(struct bytes *)ctx, NULL, 0, &out, &r);
	bool wrong = r.accepted || out.n > 0;
	cert_list_done(&out);
	if (e == NULL && wrong)
		return err_new(ERR_INTERNAL, NULL, "judged better");
	return e;
}

static void
chips_and_master_lists_survive(void)
{
	with_seed(judge_sod, "sod/ec", TORTURE_LIBRARY);
	with_seed(judge_sod, "sod/pss", TORTURE_LIBRARY);
	with_seed(read_list, "sod/list", TORTURE_LIBRARY);
}

int
main(void)
{
	TORTURE_OR_SKIP_ALL();
	RUN(what_fills_in_a_form_survives);
	RUN(chips_and_master_lists_survive);
	return DONE();
}
