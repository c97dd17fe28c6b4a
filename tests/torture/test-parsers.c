/*
 * The parsers without memory: whichever allocation fails, ours or a library's,
 * they come back, and nothing is better judged than it deserves.  The inputs
 * are the seeds of fuzzing.
 */
#include "tests/torture.h"

#include "certs/crl.h"
#include "certs/ocsp.h"
#include "cms/tsp.h"
#include "format/format.h"
#include "worker/formats.h"
#include "worker/job.h"

#define SEED_MAX (1024 * 1024) /* bytes */

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

/* tortures `run` with a seed, once as it is to warm the libraries up. */
static void
with_seed(struct err *(*run)(void *ctx), const char *path)
{
	struct buf seed = read_seed(path);
	struct bytes in = buf_bytes(&seed);
	CHECK_OK(run(&in));
	TORTURE(run, &in, TORTURE_LIBRARY);
	buf_done(&seed);
}

static struct err *
parse_cert(void *ctx)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	return cert_parse(*(struct bytes *)ctx, &c);
}

static void
certificates_survive(void)
{
	with_seed(parse_cert, "cert/ec");
	with_seed(parse_cert, "cert/rsa");
	with_seed(parse_cert, "cert/sub");
}

static struct err *
parse_crl(void *ctx)
{
	CLEANUP(crl_freep) struct crl *c = NULL;
	TRY(crl_parse(*(struct bytes *)ctx, &c));
	return crl_count(c) == 2
		   ? NULL
		   : err_new(ERR_INTERNAL, NULL, "%zu entries", crl_count(c));
}

static void
revocation_lists_survive(void)
{
	with_seed(parse_crl, "crl/two");
}

static struct err *
parse_ocsp(void *ctx)
{
	CLEANUP(ocsp_freep) struct ocsp_answer *a = NULL;
	return ocsp_parse(*(struct bytes *)ctx, &a);
}

static void
ocsp_answers_survive(void)
{
	with_seed(parse_ocsp, "ocsp/revoked");
}

static struct err *
parse_token(void *ctx)
{
	CLEANUP(tst_freep) struct tst *t = NULL;
	return tst_parse(*(struct bytes *)ctx, &t);
}

static void
time_stamps_survive(void)
{
	with_seed(parse_token, "tsp/token");
}

/* A signature that fails somewhere must not be said to be good with less
 * looked at than before: all of it holds, or it is an error, or it fails. */
static struct err *
collect(void *ctx)
{
	const struct format *format = NULL;
	struct collect_input in = { .document = *(struct bytes *)ctx };
	CLEANUP(facts_done) struct facts f = { 0 };
	TRY(job_format(in.document, NULL, &format));
	TRY(format->collect(&in, &f));
	for (size_t i = 0; i < f.nsignatures; i++) {
		const struct signature_fact *s = &f.signatures[i];
		if (s->signature != CHECK_PASSED)
			continue;
		if (s->cert == NULL || s->nreferences == 0)
			return err_new(ERR_INTERNAL, NULL, "half judged");
	}
	return f.nsignatures > 0
		   ? NULL
		   : err_new(ERR_INTERNAL, NULL, "a signature is overlooked");
}

static void
cms_survives(void)
{
	with_seed(collect, "cms/ec-enveloping");
	with_seed(collect, "cms/no-attributes");
}

static void
xml_survives(void)
{
	with_seed(collect, "xml-verify/enveloped");
}

static void
containers_survive(void)
{
	with_seed(collect, "asic/simple");
	with_seed(collect, "asic/manifest");
	with_seed(collect, "asic/xml");
}

int
main(void)
{
	TORTURE_OR_SKIP_ALL();
	struct err *e = worker_start();
	if (e != NULL) {
		printf("Bail out! %s\n", err_text(e));
		return 1;
	}
	RUN(certificates_survive);
	RUN(revocation_lists_survive);
	RUN(ocsp_answers_survive);
	RUN(time_stamps_survive);
	RUN(cms_survives);
	RUN(xml_survives);
	RUN(containers_survive);
	worker_stop();
	return DONE();
}
