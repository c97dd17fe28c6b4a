/* pdf/document.c and its neighbours: objects, streams, pages, form. */
#include "pdf/document.h"

#include <zlib.h>

#include "tests/pdf/build.h"

static struct err *
open_made(const struct made *m, struct pdf_document **out)
{
	return pdf_open(buf_bytes(&m->out), BYTES_NONE, out);
}

static void
resolves_in_each_view(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	const struct pdf_obj *o = NULL;
	char trailer[64];
	made_object(&m, 4, "(old)");
	made_object(&m, 5, "4 0 R");
	made_table(&m, "/Root 1 0 R");
	snprintf(trailer, sizeof(trailer), "/Root 1 0 R/Prev %zu", m.section);
	made_object(&m, 4, "(new)");
	made_table(&m, trailer);
	CHECK_OK(open_made(&m, &d));
	struct pdf_obj ref = { .type = PDF_REF, .ref = { 5, 0 } };
	CHECK_OK(pdf_resolve(d, 1, &ref, &o));
	CHECK(bytes_eq_str(o->text, "old"));
	CHECK_OK(pdf_resolve(d, 2, &ref, &o));
	CHECK(bytes_eq_str(o->text, "new"));
}

static void
what_is_absent_is_null(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	const struct pdf_obj *o = NULL;
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(open_made(&m, &d));
	CHECK_OK(pdf_get(d, 1, (struct pdf_ref){ 77, 0 }, &o));
	CHECK(o == &pdf_null);
	CHECK_OK(pdf_get(d, 1, (struct pdf_ref){ 0, 0 }, &o));
	CHECK(o == &pdf_null);
	CHECK(pdf_odd(d) == 0);
	CHECK_OK(pdf_get(d, 1, (struct pdf_ref){ 3, 1 }, &o));
	CHECK(o == &pdf_null);
	CHECK(pdf_odd(d) == PDF_ODD_GENERATION);
}

static void
refuses_references_in_a_circle(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	const struct pdf_obj *o;
	made_object(&m, 4, "5 0 R");
	made_object(&m, 5, "4 0 R");
	made_object(&m, 6, "<</Length 6 0 R>>\nstream\n\nendstream");
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(open_made(&m, &d));
	struct pdf_obj ref = { .type = PDF_REF, .ref = { 4, 0 } };
	CHECK_ERR(pdf_resolve(d, 1, &ref, &o), ERR_MALFORMED);
	CHECK_ERR(pdf_get(d, 1, (struct pdf_ref){ 6, 0 }, &o), ERR_MALFORMED);
}

static void
refuses_rows_that_point_elsewhere(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	const struct pdf_obj *o;
	made_object(&m, 4, "(four)");
	made_object(&m, 5, "(five)");
	m.rows[5].offset = m.rows[4].offset;
	m.rows[4].offset += 3;
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(open_made(&m, &d));
	CHECK_ERR(pdf_get(d, 1, (struct pdf_ref){ 4, 0 }, &o), ERR_MALFORMED);
	CHECK_ERR(pdf_get(d, 1, (struct pdf_ref){ 5, 0 }, &o), ERR_MALFORMED);
}

static void
reads_object_streams(void)
{
	static const char *const inside[] = { "<</A(x)/B 5 0 R>>", "[1 2]" };
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	CLEANUP(pdf_arena_done) struct pdf_arena a = { 0 };
	struct pdf_loaded o = { 0 };
	bool found = false;
	made_objstm(&m, 6, 4, 2, inside);
	made_xref(&m, 7, "/Root 1 0 R");
	CHECK_OK(open_made(&m, &d));
	CHECK_OK(pdf_load(d, &a, 1, (struct pdf_ref){ 4, 0 }, &found, &o));
	CHECK(found && o.carrier.num == 6 && o.entry.kind == PDF_ENTRY_IN);
	const struct pdf_obj *b = NULL;
	CHECK_OK(pdf_dict_get(d, 1, &o.obj, "B", &b));
	CHECK(pdf_array_len(b) == 2);
}

static void
refuses_a_wrong_place_in_an_object_stream(void)
{
	static const char *const inside[] = { "(a)", "(b)" };
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	const struct pdf_obj *o;
	made_objstm(&m, 6, 4, 2, inside);
	m.rows[4].gen = 1;
	m.rows[5].gen = 7;
	made_row(&m, 8, (struct made_row){ 's', 0, 3 });
	made_row(&m, 9, (struct made_row){ 's', 0, 8 });
	made_xref(&m, 7, "/Root 1 0 R");
	CHECK_OK(open_made(&m, &d));
	for (uint32_t i = 4; i <= 9; i++) {
		if (i != 6 && i != 7)
			CHECK_ERR(pdf_get(d, 1, (struct pdf_ref){ i, 0 }, &o),
			    ERR_MALFORMED);
	}
}

/* ---- streams ---- */

static struct err *
stream_of(const char *dict, struct bytes data, size_t max, struct buf *out)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	const struct pdf_obj *o;
	made_stream(&m, 4, dict, data);
	made_table(&m, "/Root 1 0 R");
	TRY(open_made(&m, &d));
	TRY(pdf_get(d, 1, (struct pdf_ref){ 4, 0 }, &o));
	*out = BUF(max);
	return pdf_stream_data(d, 1, (struct pdf_ref){ 4, 0 }, o, out);
}

static bool
stream_is(const char *dict, struct bytes data, struct bytes want)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	CHECK_OK(stream_of(dict, data, 65536, &out));
	return bytes_eq(buf_bytes(&out), want);
}

static struct bytes
deflated(struct bytes in, uint8_t *to, size_t size)
{
	uLongf n = size;
	CHECK(compress(to, &n, in.ptr, in.len) == Z_OK);
	return bytes_of(to, n);
}

static void
decodes_streams(void)
{
	uint8_t z[256];
	struct bytes abc = BYTES_LIT("abc");
	CHECK(stream_is("", abc, abc));
	CHECK(
	    stream_is("/Filter/FlateDecode", deflated(abc, z, sizeof(z)), abc));
	CHECK(stream_is("/Filter[/ASCIIHexDecode]", BYTES_LIT("61 62\n633>"),
	    BYTES_LIT("abc0")));
	CHECK(stream_is("/Filter/ASCII85Decode", BYTES_LIT("87cURD]i*~>"),
	    BYTES_LIT("Hello W")));
	CHECK(
	    stream_is("/Filter/A85", BYTES_LIT("z~>"), BYTES_LIT("\0\0\0\0")));
	CHECK(stream_is("/Filter[/FlateDecode]/DecodeParms<</Predictor 1>>",
	    deflated(abc, z, sizeof(z)), abc));
	CHECK(stream_is("/Filter/FlateDecode/DecodeParms[null]",
	    deflated(abc, z, sizeof(z)), abc));
	struct bytes rows =
	    BYTES_LIT("\x02\x01\x02\x03\x02\x01\x01\x01\x01\x05\x01\x01");
	CHECK(stream_is("/Filter/FlateDecode/DecodeParms<</Predictor 12"
			"/Columns 3>>",
	    deflated(rows, z, sizeof(z)),
	    BYTES_LIT("\x01\x02\x03\x02\x03\x04\x05\x06\x07")));
	CHECK(stream_is("/Filter/FlateDecode/DecodeParms<</Predictor 2"
			"/Columns 3>>",
	    deflated(BYTES_LIT("\x01\x01\x01\x02\x01\x01"), z, sizeof(z)),
	    BYTES_LIT("\x01\x02\x03\x02\x03\x04")));
}

static void
refuses_damaged_and_endless_streams(void)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	uint8_t z[4096];
	static uint8_t zeros[1 << 20];
	struct bytes bomb =
	    deflated(bytes_of(zeros, sizeof(zeros)), z, sizeof(z));
	CHECK_ERR(
	    stream_of("/Filter/FlateDecode", bomb, 65536, &out), ERR_LIMIT);
	buf_done(&out);
	CHECK_OK(stream_of("/Filter/FlateDecode", bomb, 1 << 20, &out));
	buf_done(&out);
	CHECK_ERR(stream_of("/Filter/FlateDecode",
		      bytes_slice(bomb, 0, bomb.len - 9), 1 << 20, &out),
	    ERR_MALFORMED);
	buf_done(&out);
	CHECK_ERR(stream_of("/Filter/FlateDecode", BYTES_LIT("xx"), 100, &out),
	    ERR_MALFORMED);
	buf_done(&out);
	CHECK_ERR(stream_of("/Filter/DCTDecode", BYTES_LIT("xx"), 100, &out),
	    ERR_UNSUPPORTED);
	CHECK_ERR(stream_of("/F(other)", BYTES_LIT("xx"), 100, &out),
	    ERR_UNSUPPORTED);
}

/* ---- trees ---- */

static struct err *
count_page(void *ctx, const struct pdf_page *p, bool *go_on)
{
	size_t *n = ctx;
	*go_on = true;
	*n = p->number;
	return NULL;
}

static void
walks_pages_in_order(void)
{
	CLEANUP(made_done) struct made m = made_begin("1.7");
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	size_t n = 0;
	made_object(&m, 1, "<</Type/Catalog/Pages 2 0 R>>");
	made_object(&m, 2, "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 3>>");
	made_object(&m, 3, "<</Type/Page/Parent 2 0 R>>");
	made_object(&m, 4, "<</Type/Pages/Kids 7 0 R/Parent 2 0 R/Count 2>>");
	made_object(&m, 5, "<</Type/Page/Parent 4 0 R>>");
	made_object(&m, 6, "<</Type/Page/Parent 4 0 R>>");
	made_object(&m, 7, "[5 0 R 6 0 R]");
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(open_made(&m, &d));
	CHECK_OK(pdf_each_page(d, 1, count_page, &n));
	CHECK(n == 3);
}

static void
stops_at_page_trees_without_end(void)
{
	CLEANUP(made_done) struct made m = made_begin("1.7");
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	char node[128];
	size_t n = 0;
	made_object(&m, 1, "<</Type/Catalog/Pages 2 0 R>>");
	/* Each node has the next one twice: 2^40 pages. */
	for (unsigned i = 2; i < 42; i++) {
		snprintf(node, sizeof(node),
		    "<</Type/Pages/Kids[%u 0 R %u 0 R"
		    "]>>",
		    i + 1, i + 1);
		made_object(&m, i, node);
	}
	made_object(&m, 42, "<</Type/Pages/Kids[]>>");
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(open_made(&m, &d));
	CHECK_ERR(pdf_each_page(d, 1, count_page, &n), ERR_LIMIT);

	CLEANUP(made_done) struct made loop = made_begin("1.7");
	CLEANUP(pdf_closep) struct pdf_document *e = NULL;
	made_object(&loop, 1, "<</Type/Catalog/Pages 2 0 R>>");
	made_object(&loop, 2, "<</Type/Pages/Kids[2 0 R]>>");
	made_table(&loop, "/Root 1 0 R");
	CHECK_OK(open_made(&loop, &e));
	CHECK_ERR(pdf_each_page(e, 1, count_page, &n), ERR_MALFORMED);
}

static struct err *
list_field(void *ctx, const struct pdf_field *f, bool *go_on)
{
	*go_on = true;
	if (!f->terminal)
		return NULL;
	TRY(buf_append(ctx, f->name));
	return buf_str(ctx, pdf_is_name(f->type, "Sig") ? "! " : " ");
}

static void
names_fields_in_full(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	CLEANUP(buf_done) struct buf names = BUF(1000);
	made_object(&m, 1,
	    "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R 99 0 R 7 0 "
	    "R]>>>>");
	made_object(&m, 4, "<</T(a)/FT/Sig/Kids[5 0 R 6 0 R]>>");
	made_object(&m, 5, "<</T(b)/Parent 4 0 R>>");
	made_object(&m, 6, "<</T<FEFF01B0>/Parent 4 0 R/FT/Tx>>");
	made_object(&m, 7, "<</T(w)/FT/Tx/Kids[8 0 R]>>");
	made_object(&m, 8, "<</Subtype/Widget/Parent 7 0 R>>");
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(open_made(&m, &d));
	CHECK_OK(pdf_each_field(d, 1, list_field, &names));
	CHECK(bytes_eq_str(buf_bytes(&names), "a.b! a.\xC6\xB0 w "));
}

/* ---- scanning ---- */

static struct err *
count_object(void *ctx, const struct pdf_loaded *o)
{
	size_t *n = ctx;
	*n += o->ref.num;
	return NULL;
}

static void
scans_every_object_once(void)
{
	static const char *const inside[] = { "(a)", "(b)" };
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	size_t sum = 0;
	made_objstm(&m, 6, 4, 2, inside);
	made_xref(&m, 7, "/Root 1 0 R");
	CHECK_OK(open_made(&m, &d));
	CHECK_OK(pdf_scan(d, 1, 1, count_object, &sum));
	CHECK(sum == 1 + 2 + 3 + 4 + 5 + 6 + 7);
	CHECK(pdf_odd(d) == 0);
}

static void
notes_objects_that_nobody_lists(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	size_t sum = 0;
	made_object(&m, 9, "(stray)");
	m.rows[9].kind = 0;
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(open_made(&m, &d));
	CHECK_OK(pdf_scan(d, 1, 1, count_object, &sum));
	CHECK(pdf_odd(d) == PDF_ODD_UNLISTED);
}

int
main(void)
{
	RUN(resolves_in_each_view);
	RUN(what_is_absent_is_null);
	RUN(refuses_references_in_a_circle);
	RUN(refuses_rows_that_point_elsewhere);
	RUN(reads_object_streams);
	RUN(refuses_a_wrong_place_in_an_object_stream);
	RUN(decodes_streams);
	RUN(refuses_damaged_and_endless_streams);
	RUN(walks_pages_in_order);
	RUN(stops_at_page_trees_without_end);
	RUN(names_fields_in_full);
	RUN(scans_every_object_once);
	RUN(notes_objects_that_nobody_lists);
	return DONE();
}
