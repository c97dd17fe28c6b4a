/* Reader and signer without memory: they fail, say so, and keep nothing. */
#include "tests/torture.h"

#include "pdf/document.h"
#include "tests/pdf/build.h"
#include "tests/pdf/levels.h"
#include "tests/pdf/signing.h"

static struct made table, stream;
static struct person ca, citizen;
static struct levels people;
static struct buf signed_once;

static struct err *
see_object(void *ctx, const struct pdf_loaded *o)
{
	(void)ctx;
	(void)o;
	return NULL;
}

static struct err *
see_field(void *ctx, const struct pdf_field *f, bool *go_on)
{
	(void)ctx;
	(void)f;
	(void)go_on;
	return NULL;
}

static struct err *
read_all(void *ctx)
{
	struct made *m = ctx;
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	TRY(pdf_open(buf_bytes(&m->out), BYTES_NONE, &d));
	TRY(pdf_scan(d, 1, 1, see_object, NULL));
	return pdf_each_field(d, 1, see_field, NULL);
}

static struct err *
sign_it(void *ctx)
{
	struct made *m = ctx;
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	struct sign_params params = {
		.cert = citizen.cert, .alg = citizen.alg, .time = NOON
	};
	TRY(format_pdf.prepare(buf_bytes(&m->out), &params, &p));
	return format_pdf.embed(buf_bytes(&p.state), BYTES_LIT("value"), BYTES_NONE, &i);
}

static void
reading_survives(void)
{
	TORTURE(read_all, &table, TORTURE_STRICT);
	TORTURE(read_all, &stream, TORTURE_STRICT);
}

static void
signing_survives(void)
{
	TORTURE(sign_it, &table, TORTURE_LIBRARY);
	TORTURE(sign_it, &stream, TORTURE_LIBRARY);
}

/* ---- extending ---- */

struct extending {
	struct bytes document;
	enum level level;
	struct buf token; /* over what it asks for; it asks the same always */
};

static struct err *
extend_prepare(const struct extending *x, struct prepared *out)
{
	struct cert *certs[] = { people.ca.cert, people.citizen.cert };
	struct cert_list list = { .v = certs, .n = 2 };
	struct bytes crl = buf_bytes(&people.crl);
	const struct extend_request r = { .document = x->document,
		.level = x->level,
		.evidence = { .certs = &list, .crls = &crl, .ncrls = 1 },
		.stamp_alg = DIGEST_SHA256,
		.time = stamp_clock };
	return format_pdf.extend(&r, out);
}

static struct err *
extend_it(void *ctx)
{
	struct extending *x = ctx;
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	TRY(extend_prepare(x, &p));
	return format_pdf.embed(
	    buf_bytes(&p.state), BYTES_NONE, buf_bytes(&x->token), &i);
}

static void
extending_survives(void)
{
	static const enum level levels[] = { LEVEL_T, LEVEL_LT, LEVEL_LTA };
	for (size_t i = 0; i < COUNT_OF(levels); i++) {
		CLEANUP(prepared_done) struct prepared p = { 0 };
		struct extending x = { buf_bytes(&signed_once), levels[i],
			BUF(65536) };
		CHECK_OK(extend_prepare(&x, &p));
		if (p.digest_alg != DIGEST_NONE)
			stamp_token(&people.tsa, p.digest, &x.token);
		TORTURE(extend_it, &x, TORTURE_LIBRARY);
		buf_done(&x.token);
	}
}

/* Damaged, it is refused, or what comes out can be opened. */
static void
extend_damaged(struct bytes in, enum level level)
{
	struct extending x = { .document = in, .level = level };
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	CLEANUP(buf_done) struct buf token = BUF(65536);
	CLEANUP(buf_done) struct buf out = BUF(LEVELS_MAX);
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	struct err *e = extend_prepare(&x, &p);
	if (e == NULL) {
		if (p.digest_alg != DIGEST_NONE)
			stamp_token(&people.tsa, p.digest, &token);
		CHECK_OK(format_pdf.embed(buf_bytes(&p.state), BYTES_NONE,
		    buf_bytes(&token), &i));
		CHECK_OK(levels_put(in, &i, &out));
		CHECK_OK(pdf_open(buf_bytes(&out), BYTES_NONE, &d));
	}
	err_free(e);
}

#define DAMAGES 400

static void
extending_what_is_damaged_does_no_harm(void)
{
	uint32_t x = 1;
	CLEANUP(buf_done) struct buf b = BUF(LEVELS_MAX);
	struct bytes whole = buf_bytes(&signed_once);
	for (size_t i = 0; i < DAMAGES; i++) {
		enum level level = i % 3 == 0	? LEVEL_T
				   : i % 3 == 1 ? LEVEL_LT
						: LEVEL_LTA;
		extend_damaged(
		    bytes_slice(whole, 0, whole.len * i / DAMAGES), level);
		buf_clear(&b);
		CHECK_OK(buf_append(&b, whole));
		for (int k = 0; k < 3; k++) {
			x = x * 1664525 + 1013904223;
			b.ptr[(x >> 8) % b.len] ^= (uint8_t)(1u << (x & 7));
		}
		extend_damaged(buf_bytes(&b), level);
	}
}

static void
make_files(void)
{
	static const char *const inside[] = { "<</FT/Tx/T(a)>>", "[4 0 R]" };
	table = made_page();
	made_table(&table, "/Root 1 0 R");
	stream = made_page();
	made_object(&stream, 1,
	    "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields 5 0 R>>>>");
	made_objstm(&stream, 6, 4, COUNT_OF(inside), inside);
	made_xref(&stream, 7, "/Root 1 0 R");
}

int
main(void)
{
	TORTURE_OR_SKIP_ALL();
	make_files();
	ca = make_authority();
	citizen = make_citizen(&ca, "P-256", ALG_P256);
	people = levels_begin(NOON);
	CHECK_OK(levels_sign(buf_bytes(&stream.out), &people,
	    (struct sign_params){ .level = LEVEL_B }, &signed_once));
	RUN(reading_survives);
	RUN(signing_survives);
	RUN(extending_survives);
	RUN(extending_what_is_damaged_does_no_harm);
	buf_done(&signed_once);
	levels_end(&people);
	person_done(&citizen);
	person_done(&ca);
	made_done(&table);
	made_done(&stream);
	return DONE();
}
