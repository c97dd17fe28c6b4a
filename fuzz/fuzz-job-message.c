/* Any bytes as a message to or from a worker; a request that can be read can
 * be written. */
#include "fuzz/seeds.h"
#include "worker/job.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
other_messages(struct bytes in)
{
	const char *format;
	struct extend_request x;
	struct extend_hold *h = NULL;
	struct levels l = { 0 };
	err_free(extend_request_unpack(in, &format, &x, &h));
	err_free(levels_unpack(in, &l));
	extend_hold_free(h);
	levels_done(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct verify_request v;
	struct verify_hold *vh = NULL;
	struct prepare_request p;
	struct prepare_hold *ph = NULL;
	struct verify_answer a = { 0 };
	struct prepared prepared = { 0 };
	struct insertion i = { 0 };
	struct buf out = BUF(VERIFY_REQUEST_MAX);
	struct err *e = verify_request_unpack(in, &v, &vh);
	if (e == NULL && verify_request_pack(&v, &out) != NULL)
		abort();
	if (e == NULL)
		e = verify_request_attach(vh, &in, 1);
	err_free(e);
	err_free(prepare_request_unpack(in, &p, &ph));
	err_free(verify_answer_unpack(in, &a));
	err_free(prepared_unpack(in, &prepared));
	err_free(insertion_unpack(in, &i));
	other_messages(in);
	verify_hold_free(vh);
	prepare_hold_free(ph);
	verify_answer_done(&a);
	prepared_done(&prepared);
	insertion_done(&i);
	buf_done(&out);
	return 0;
}

/* ---- seeds ---- */

static void
give(const struct seed_sink *to, const char *name, struct buf *packed)
{
	to->give(to->ctx, name, buf_bytes(packed));
	buf_clear(packed);
}

static void
give_verify(const struct seed_sink *to, const char *name,
    const struct verify_request *r, struct buf *out)
{
	struct verify_request again;
	struct verify_hold *hold = NULL;
	seed_must(verify_request_pack(r, out));
	seed_must(verify_request_unpack(buf_bytes(out), &again, &hold));
	verify_hold_free(hold);
	give(to, name, out);
}

static void
give_requests(const struct seed_sink *to, struct cert *c, struct buf *out)
{
	const uint8_t zeros[32] = { 0 };
	struct bytes hash = bytes_of(zeros, 32);
	struct trust_domain city = { .name = "city" };
	struct cert_list extra = { 0 };
	seed_must(cert_list_add(&city.anchors, c));
	seed_must(cert_list_add(&extra, c));
	const struct status_data crl = { .der = BYTES_LIT("crl") };
	const struct external data[] = { { .data = BYTES_LIT("content") },
		{ .uri = "a.xml", .data = BYTES_LIT("<a/>") } };
	const struct external hashed = { .alg = DIGEST_SHA256, .digest = hash };
	const struct report_place place = { .id = "0",
		.page = "https://localhost/v/0",
		.until = 1900000000,
		.report = true };
	const struct source_seen seen[] = { { .kind = WANTED_CRL,
						.url = "http://c.example/1",
						.body = BYTES_LIT("crl"),
						.stale = true },
		{ .kind = WANTED_OCSP,
		    .url = "http://o.example/",
		    .code = "source-slow",
		    .ms = 5000 } };
	struct verify_request r = { .format = "cms",
		.policy = "basic",
		.time = TIME_NONE,
		.now = 1800000000,
		.domains = &city,
		.ndomains = 1,
		.status_data = &crl,
		.nstatus_data = 1,
		.external = data,
		.nexternal = 2,
		.extra = &extra };
	give_verify(to, "verify", &r, out);
	r.ask = r.evidence = true;
	r.sources = seen;
	r.nsources = 2;
	give_verify(to, "verify-online", &r, out);
	r.external = &hashed;
	r.nexternal = 1;
	r.reports = 127;
	r.name = "đơn.pdf";
	r.place = &place;
	r.out_of_pdf = true;
	give_verify(to, "verify-hash", &r, out);
	cert_list_done(&city.anchors);
	cert_list_done(&extra);
}

static void
give_signing(const struct seed_sink *to, struct cert *c, struct buf *out)
{
	struct bytes der = cert_der(c);
	const struct prepare_request p = { .format = "pdf",
		.cert = der,
		.chain = &der,
		.nchain = 1,
		.digest = DIGEST_SHA256,
		.form = SIG_ECDSA,
		.level = LEVEL_T,
		.time = 1800000000,
		.reason = "Đồng ý",
		.field = "ChuKy1",
		.commitment = "1.2.840.113549.1.9.16.6.1" };
	struct prepare_request p2;
	struct prepare_hold *ph = NULL;
	const struct extend_request x = { .level = LEVEL_LT,
		.id = "1",
		.stamp_alg = DIGEST_SHA256,
		.time = 1800000000 };
	struct extend_request x2;
	struct extend_hold *xh = NULL;
	const char *format;
	seed_must(prepare_request_pack(&p, out));
	seed_must(prepare_request_unpack(buf_bytes(out), &p2, &ph));
	prepare_hold_free(ph);
	give(to, "prepare", out);
	seed_must(extend_request_pack("cms", &x, out));
	seed_must(extend_request_unpack(buf_bytes(out), &format, &x2, &xh));
	extend_hold_free(xh);
	give(to, "extend", out);
}

static struct buf
of(const char *text)
{
	struct buf b = BUF(64);
	seed_must(buf_append(&b, bytes_str(text)));
	return b;
}

static void
give_answer(const struct seed_sink *to, const char *name,
    struct verify_answer *a, struct buf *out)
{
	struct verify_answer again = { 0 };
	seed_must(verify_answer_pack(a, out));
	seed_must(verify_answer_unpack(buf_bytes(out), &again));
	verify_answer_done(&again);
	verify_answer_done(a);
	give(to, name, out);
}

static void
give_answers(const struct seed_sink *to, struct buf *out)
{
	struct verify_answer done = { .code = "valid",
		.signatures = 1,
		.time = 1800000000,
		.json = of("{}"),
		.text = { of("HỢP LỆ"), of("VALID") },
		.html = { of("<p>"), of("<p>") },
		.etsi = of("<a/>"),
		.receipt = of("%PDF") };
	give_answer(to, "answer", &done, out);
	struct verify_answer wants = { .indication = INDETERMINATE,
		.sub = SUB_TRY_LATER,
		.code = "revocation-unknown",
		.facts = of("facts") };
	struct wanted *w = &wants.wanted.v[wants.wanted.n++];
	*w = (struct wanted){ .kind = WANTED_OCSP, .request = of("request") };
	seed_must(bytes_dup_str(BYTES_LIT("http://o.example/"), &w->url));
	give_answer(to, "answer-wants", &wants, out);
}

static void
give_outcomes(const struct seed_sink *to, struct buf *out)
{
	struct prepared p = { .digest_alg = DIGEST_SHA256,
		.content_len = 32,
		.to_be_signed = of("attributes"),
		.state = of("state") };
	struct prepared p2 = { 0 };
	struct insertion i = { .at = 1234, .bytes = of("inserted") }, i2 = { 0 };
	struct level_of one = { .id = (char *)(uintptr_t)"1",
		.level = LEVEL_T };
	const struct levels l = { &one, 1 };
	struct levels l2 = { 0 };
	seed_must(prepared_pack(&p, out));
	seed_must(prepared_unpack(buf_bytes(out), &p2));
	give(to, "prepared", out);
	seed_must(insertion_pack(&i, out));
	seed_must(insertion_unpack(buf_bytes(out), &i2));
	give(to, "insertion", out);
	seed_must(levels_pack(&l, out));
	seed_must(levels_unpack(buf_bytes(out), &l2));
	give(to, "levels", out);
	prepared_done(&p);
	prepared_done(&p2);
	insertion_done(&i);
	insertion_done(&i2);
	levels_done(&l2);
}

void
fuzz_seeds(const struct seed_sink *to)
{
	struct buf der = BUF(65536), out = BUF(VERIFY_REQUEST_MAX);
	struct cert *c;
	seed_file("cert/ec", &der);
	seed_must(cert_parse(buf_bytes(&der), &c));
	give_requests(to, c, &out);
	give_signing(to, c, &out);
	give_answers(to, &out);
	give_outcomes(to, &out);
	cert_free(c);
	buf_done(&der);
	buf_done(&out);
}
