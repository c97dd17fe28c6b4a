/* Reader and signer without memory: they fail, say so, and keep nothing. */
#include "tests/torture.h"

#include "pdf/document.h"
#include "tests/pdf/build.h"
#include "tests/pdf/signing.h"

static struct made table, stream;
static struct person ca, citizen;

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
	RUN(reading_survives);
	RUN(signing_survives);
	person_done(&citizen);
	person_done(&ca);
	made_done(&table);
	made_done(&stream);
	return DONE();
}
