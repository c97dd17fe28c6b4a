/*
 * Out of memory at every place between a CMS file and its report: what comes
 * back is an error or an answer, and a forged file never passes.
 */
#include "tests/torture.h"

#include "cms/cms.h"
#include "worker/job.h"

#include "tests/validation/facts.h"

static struct world world;

struct input {
	struct buf file;
	struct buf crl;
	bool good;
	size_t wrong; /* runs that found the good file bad */
};

static void
make_file(struct buf *out, struct bytes content)
{
	uint8_t hash[DIGEST_MAX];
	CHECK_OK(digest_of(DIGEST_SHA256, content, hash));
	struct cms_request r = { .cert = world.citizen.cert,
		.alg = world.citizen.alg,
		.content_digest = bytes_of(hash, 32),
		.signing_time = NOON,
		.content = BYTES_LIT("Biên bản") };
	struct buf attrs = BUF(4096), value = BUF(4096);
	*out = BUF(65536);
	CHECK_OK(cms_signed_attributes(&r, &attrs));
	person_sign(&world.citizen, buf_bytes(&attrs), &value);
	CHECK_OK(cms_assemble(&r, buf_bytes(&attrs), buf_bytes(&value), out));
	buf_done(&attrs);
	buf_done(&value);
}

static struct err *
verify(void *ctx)
{
	struct input *in = ctx;
	const struct status_data crl = { .der = buf_bytes(&in->crl) };
	const struct verify_request r = { .document = buf_bytes(&in->file),
		.policy = "basic",
		.time = NOON,
		.now = NOON,
		.domains = &world.domain,
		.ndomains = 1,
		.status_data = &crl,
		.nstatus_data = 1 };
	struct verify_answer a = { 0 };
	TRY(job_verify(&r, &a));
	bool passed = a.indication == TOTAL_PASSED;
	/* Not to know is allowed; to condemn is not. */
	if (a.indication == TOTAL_FAILED && in->good)
		CHECK(false && "a good file was condemned");
	verify_answer_done(&a);
	if (passed && !in->good)
		CHECK(false && "a forged file passed");
	in->wrong += !passed && in->good;
	return NULL;
}

static void
a_good_file_is_judged_or_not_at_all(void)
{
	struct input in = { .good = true };
	make_file(&in.file, BYTES_LIT("Biên bản"));
	in.crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	TORTURE(verify, &in, TORTURE_LIBRARY);
	printf("# %zu runs could not tell that it was good\n", in.wrong);
	buf_done(&in.file);
	buf_done(&in.crl);
}

static void
a_forged_file_never_passes(void)
{
	struct input in = { .good = false };
	make_file(&in.file, BYTES_LIT("Biên bản khác"));
	in.crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	TORTURE(verify, &in, TORTURE_LIBRARY);
	buf_done(&in.file);
	buf_done(&in.crl);
}

static void
a_revoked_one_never_passes(void)
{
	struct input in = { .good = false };
	make_file(&in.file, BYTES_LIT("Biên bản"));
	in.crl = make_crl(&world.ca, NOON - 100, &world.citizen, NOON - DAY);
	TORTURE(verify, &in, TORTURE_LIBRARY);
	buf_done(&in.file);
	buf_done(&in.crl);
}

int
main(void)
{
	TORTURE_OR_SKIP_ALL();
	CHECK_OK(worker_start());
	world = make_world();
	RUN(a_good_file_is_judged_or_not_at_all);
	RUN(a_forged_file_never_passes);
	RUN(a_revoked_one_never_passes);
	world_done(&world);
	worker_stop();
	return DONE();
}
