#include "certs/crl.h"
#include "certs/often.h"
#include "certs/judge.h"
#include "certs/lint.h"
#include "tests/certs/ca.h"
#include "tests/tap.h"
#include "tests/torture.h"

/* Made once, whole, before memory runs short. */
struct fixture {
	struct test_ca t;
	struct buf crl;
	struct cert_list pool, anchors;
	struct buf value, wrong; /* of the CA over a digest, and not */
};

static struct err *
fixture_make(struct fixture *f)
{
	TRY(test_ca_make(&f->t, "P-256"));
	struct signer signer = softkey_signer(f->t.ca_key);
	struct crl_entry e = { cert_serial(f->t.leaf), TEST_NOW - 9,
		REVOKE_CESSATION };
	struct crl_fields c = { .issuer = f->t.ca,
		.this_update = TEST_NOW,
		.next_update = TEST_NOW + DAY,
		.number = 1,
		.alg = softkey_alg(f->t.ca_key),
		.entries = &e,
		.nentries = 1 };
	static const uint8_t digest[32] = { 7 };
	f->value = BUF(256);
	TRY(signer.sign(signer.ctx, softkey_alg(f->t.ca_key),
	    bytes_of(digest, sizeof(digest)), &f->value));
	f->wrong = BUF(256);
	TRY(buf_append(&f->wrong, buf_bytes(&f->value)));
	f->wrong.ptr[f->wrong.len - 1] ^= 1;
	f->crl = BUF(65536);
	TRY(cert_list_add(&f->pool, f->t.ca));
	TRY(cert_list_add(&f->anchors, f->t.root));
	return crl_issue(&c, &signer, &f->crl);
}

static void
fixture_done(struct fixture *f)
{
	test_ca_done(&f->t);
	buf_done(&f->crl);
	buf_done(&f->value);
	buf_done(&f->wrong);
	cert_list_done(&f->pool);
	cert_list_done(&f->anchors);
}

static struct err *
parse_cert(void *ctx)
{
	struct fixture *f = ctx;
	CLEANUP(cert_freep) struct cert *c = NULL;
	TRY(cert_parse(cert_der(f->t.leaf), &c));
	CHECK(strcmp(cert_subject(c), cert_subject(f->t.leaf)) == 0);
	CHECK(strcmp(cert_common_name(c), cert_common_name(f->t.leaf)) == 0);
	return NULL;
}

static struct err *
ask_crl(void *ctx)
{
	struct fixture *f = ctx;
	CLEANUP(crl_freep) struct crl *c = NULL;
	TRY(crl_parse(buf_bytes(&f->crl), &c));
	struct status_answer a = { 0 };
	TRY(crl_status(c, f->t.leaf, f->t.ca, TEST_NOW, 0, &a));
	CHECK(a.status != STATUS_GOOD); /* never by running out of memory */
	return NULL;
}

static struct err *
build_path(void *ctx)
{
	struct fixture *f = ctx;
	CLEANUP(path_done) struct path p = { 0 };
	struct status_data data = { .der = buf_bytes(&f->crl) };
	struct path_request r = { .leaf = f->t.leaf,
		.pool = &f->pool,
		.anchors = &f->anchors,
		.time = TEST_NOW,
		.status = STATUS_REQUIRED,
		.status_data = &data,
		.nstatus_data = 1 };
	TRY(path_build(&r, &p));
	CHECK(p.result != PATH_OK);
	return NULL;
}

static struct err *
verify(void *ctx)
{
	struct fixture *f = ctx;
	bool ok = false;
	struct sig_alg alg = { .form = SIG_ECDSA, .digest = DIGEST_SHA256 };
	TRY(cert_verify(f->t.leaf, alg, BYTES_LIT("x"),
	    BYTES_LIT("\x30\x06\x02\x01\x01\x02\x01\x01"), &ok));
	CHECK(!ok);
	return NULL;
}

static struct err *
build_cert(void *ctx)
{
	struct fixture *f = ctx;
	CLEANUP(buf_done) struct buf tbs = BUF(CERT_MAX);
	struct cert_fields c =
	    test_fields("citizen", person_name, 5, f->t.key, f->t.ca, 100);
	c.alg = softkey_alg(f->t.ca_key);
	c.crl_url = "http://crl.example.vn/demo.crl";
	TRY(cert_build_tbs(&c, &tbs));
	CHECK(tbs.len > 100);
	return NULL;
}

static struct fixture fixture;

static void
reading_a_certificate_survives(void)
{
	TORTURE(parse_cert, &fixture, TORTURE_LIBRARY);
}

static void
reading_a_revocation_list_survives_and_never_clears(void)
{
	TORTURE(ask_crl, &fixture, TORTURE_LIBRARY);
}

static void
building_a_path_survives_and_never_passes_what_is_revoked(void)
{
	TORTURE(build_path, &fixture, TORTURE_LIBRARY);
}

static void
verifying_survives_and_never_accepts(void)
{
	TORTURE(verify, &fixture, TORTURE_LIBRARY);
}

/* The tables too, and each of them must say what is right. */
static struct err *
verify_often(void *ctx)
{
	struct fixture *f = ctx;
	bool ok = false;
	static const uint8_t digest[32] = { 7 };
	const struct bytes d = bytes_of(digest, sizeof(digest));
	CLEANUP(often_key_freep) struct often_key *k = NULL;
	TRY(often_key_new(cert_key(f->t.ca), &k));
	if (k == NULL)
		return NULL; /* it verifies as all keys do */
	TRY(often_verify(k, d, buf_bytes(&f->value), &ok));
	CHECK(ok);
	TRY(often_verify(k, d, buf_bytes(&f->wrong), &ok));
	CHECK(!ok);
	return NULL;
}

static void
verifying_often_survives_and_is_right(void)
{
	TORTURE(verify_often, &fixture, TORTURE_LIBRARY);
}

static void
issuing_survives(void)
{
	TORTURE(build_cert, &fixture, TORTURE_LIBRARY);
}

int
main(void)
{
	TORTURE_OR_SKIP_ALL();
	struct err *e = fixture_make(&fixture);
	if (e != NULL)
		return 99;
	RUN(reading_a_certificate_survives);
	RUN(reading_a_revocation_list_survives_and_never_clears);
	RUN(building_a_path_survives_and_never_passes_what_is_revoked);
	RUN(verifying_survives_and_never_accepts);
	RUN(verifying_often_survives_and_is_right);
	RUN(issuing_survives);
	fixture_done(&fixture);
	return DONE();
}
