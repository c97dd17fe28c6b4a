/* pdf/increment.c, pdf/write.c: what is appended, read again. */
#include "pdf/increment.h"

#include "tests/pdf/build.h"

#define OUT_MAX 65536

/* Appends object 3 anew and one new object; the whole file is in `out`. */
static struct err *
append_two(const struct made *m, struct buf *out)
{
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	CLEANUP(pdf_increment_done) struct pdf_increment i = { 0 };
	struct pdf_writer w;
	struct pdf_ref ref;
	const struct pdf_obj *o;
	TRY(pdf_open(buf_bytes(&m->out), BYTES_NONE, &d));
	TRY(pdf_increment_init(&i, d, 20, OUT_MAX));
	TRY(pdf_increment_number(&i, &ref));
	TRY(pdf_increment_begin(&i, ref, &w));
	TRY(pdf_write_string(&w, BYTES_LIT("new"), false));
	TRY(pdf_increment_end(&i));
	ref = (struct pdf_ref){ 3, 0 };
	TRY(pdf_get(d, pdf_views(d), ref, &o));
	const struct pdf_change c[] = {
		{ "Annots", BYTES_LIT("[20 0 R]") },
		{ "MediaBox", BYTES_NONE },
	};
	TRY(pdf_increment_begin(&i, ref, &w));
	TRY(pdf_write_changed(&w, o, c, COUNT_OF(c)));
	TRY(pdf_increment_end(&i));
	TRY(pdf_increment_finish(&i));
	TRY(buf_append(out, buf_bytes(&m->out)));
	return buf_append(out, buf_bytes(&i.out));
}

static void
check_appended(const struct made *m, bool stream, unsigned size)
{
	CLEANUP(buf_done) struct buf out = BUF(OUT_MAX);
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	const struct pdf_obj *o = &pdf_null;
	CHECK_OK(append_two(m, &out));
	CHECK_OK(pdf_open(buf_bytes(&out), BYTES_NONE, &d));
	if (d == NULL)
		return;
	CHECK(pdf_views(d) == 2 && pdf_odd(d) == 0);
	CHECK(pdf_xref(d)->sections[0].stream == stream);
	CHECK(pdf_xref(d)->revisions[0].end <= m->out.len + 1);
	CHECK_OK(pdf_get(d, 2, (struct pdf_ref){ 20, 0 }, &o));
	CHECK(bytes_eq_str(o->text, "new"));
	CHECK_OK(pdf_get(d, 2, (struct pdf_ref){ 3, 0 }, &o));
	CHECK(pdf_is(pdf_dict_raw(o, "MediaBox"), PDF_NULL));
	CHECK(pdf_array_len(pdf_dict_raw(o, "Annots")) == 1);
	CHECK_OK(pdf_get(d, 1, (struct pdf_ref){ 3, 0 }, &o));
	CHECK(!pdf_is(pdf_dict_raw(o, "MediaBox"), PDF_NULL));
	const struct pdf_obj *t = pdf_trailer(pdf_xref(d), 2);
	CHECK(pdf_dict_raw(t, "Size")->integer == size);
	CHECK(pdf_dict_raw(t, "Root")->ref.num == 1);
	CHECK(pdf_array_len(pdf_dict_raw(t, "ID")) == 2);
}

static void
appends_a_table_to_a_table(void)
{
	CLEANUP(made_done) struct made m = made_page();
	made_table(&m, "/Root 1 0 R");
	check_appended(&m, false, 21);
}

static void
appends_a_stream_to_a_stream(void)
{
	CLEANUP(made_done) struct made m = made_page();
	made_xref(&m, 4, "/Root 1 0 R");
	check_appended(&m, true, 22);
}

static void
ends_the_last_line_first(void)
{
	CLEANUP(made_done) struct made m = made_page();
	made_table(&m, "/Root 1 0 R");
	m.out.len--;
	check_appended(&m, false, 21);
}

static void
size_never_shrinks(void)
{
	CLEANUP(made_done) struct made m = made_page();
	m.size = 40;
	made_table(&m, "/Root 1 0 R");
	check_appended(&m, false, 40);
}

static void
keeps_the_first_half_of_the_id(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(buf_done) struct buf out = BUF(OUT_MAX);
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	made_table(&m, "/Root 1 0 R/ID[(first)(second)]");
	CHECK_OK(append_two(&m, &out));
	CHECK_OK(pdf_open(buf_bytes(&out), BYTES_NONE, &d));
	const struct pdf_obj *id =
	    pdf_dict_raw(pdf_trailer(pdf_xref(d), 2), "ID");
	CHECK(bytes_eq_str(pdf_array_at(id, 0)->text, "first"));
	CHECK(pdf_array_at(id, 1)->text.len == 16);
}

static void
numbers_end_at_the_limit(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	CLEANUP(pdf_increment_done) struct pdf_increment i = { 0 };
	struct pdf_ref ref;
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(pdf_open(buf_bytes(&m.out), BYTES_NONE, &d));
	CHECK_OK(pdf_increment_init(&i, d, PDF_NUMBER_MAX, OUT_MAX));
	CHECK_OK(pdf_increment_number(&i, &ref));
	CHECK(ref.num == PDF_NUMBER_MAX);
	CHECK_ERR(pdf_increment_number(&i, &ref), ERR_LIMIT);
}

/* What is written must be read as what it was. */
static void
writes_every_kind_of_object(void)
{
	static const char *const texts[] = { "null", "true", "-7", "1.50",
		"(a(b)c\\)\\\\\\r\n)", "<00FF>", "/A#20#2F#23",
		"[1 2(x)/N 3 0 R]", "[1 0 R null 2 0 R true[]<<>>]",
		"<</A/B/C[/D 1]/E<</F 1.5>>>>", "[/ 5/ true/ (x)]",
		"<</ 2/A/ >>" };
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		CLEANUP(buf_done) struct buf out = BUF(OUT_MAX);
		CLEANUP(pdf_arena_done) struct pdf_arena a = { 0 };
		struct pdf_writer w = { .out = &out };
		struct pdf_obj before = { 0 }, after = { 0 };
		struct pdf_lex l = { .in = bytes_str(texts[i]) };
		CHECK_OK(pdf_parse(&l, &a, false, &before));
		CHECK_OK(pdf_write(&w, &before));
		l = (struct pdf_lex){ .in = buf_bytes(&out) };
		CHECK_OK(pdf_parse(&l, &a, false, &after));
		CHECK(l.pos == out.len && pdf_equal(&before, &after));
	}
}

int
main(void)
{
	RUN(appends_a_table_to_a_table);
	RUN(appends_a_stream_to_a_stream);
	RUN(ends_the_last_line_first);
	RUN(size_never_shrinks);
	RUN(keeps_the_first_half_of_the_id);
	RUN(numbers_end_at_the_limit);
	RUN(writes_every_kind_of_object);
	return DONE();
}
