/* pdf/xref.c, pdf/rows.c: sections and views. */
#include "pdf/xref.h"

#include "tests/pdf/build.h"

/* What a test looks at; the sections live in the arena. */
struct seen {
	struct pdf_budget budget;
	struct pdf_arena arena;
	struct pdf_xref x;
};

static struct err *
read_bytes(struct seen *s, struct bytes file)
{
	s->budget = pdf_budget_for(file.len);
	s->arena = PDF_ARENA(&s->budget);
	s->x = (struct pdf_xref){ 0 };
	return pdf_xref_read(file, &s->arena, &s->x);
}

static void
seen_done(struct seen *s)
{
	pdf_arena_done(&s->arena);
}

static enum pdf_entry_kind
kind_of(const struct seen *s, size_t view, uint32_t num)
{
	struct pdf_entry e = { 0 };
	CHECK_OK(pdf_lookup(&s->x, view, num, &e));
	return e.kind;
}

static bool
refuses_bytes(struct bytes file, enum err_kind kind)
{
	CLEANUP(seen_done) struct seen s;
	struct err *e = read_bytes(&s, file);
	bool refused = e != NULL && err_kind(e) == kind;
	if (!refused)
		printf("# %s\n", e == NULL ? "not refused" : err_text(e));
	err_free(e);
	return refused;
}

static bool
refuses(const struct made *m)
{
	return refuses_bytes(buf_bytes(&m->out), ERR_MALFORMED);
}

static void
reads_a_table(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(seen_done) struct seen s;
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(read_bytes(&s, buf_bytes(&m.out)));
	CHECK(s.x.nsections == 1 && s.x.nrevisions == 1);
	CHECK(s.x.highest == 3 && s.budget.odd == 0);
	CHECK(s.x.revisions[0].end == m.out.len);
	CHECK(kind_of(&s, 1, 0) == PDF_ENTRY_FREE);
	CHECK(kind_of(&s, 1, 3) == PDF_ENTRY_AT);
	CHECK(kind_of(&s, 1, 4) == PDF_ENTRY_NONE);
	struct pdf_entry e;
	CHECK_ERR(pdf_lookup(&s.x, 2, 1, &e), ERR_USAGE);
	CHECK_ERR(pdf_lookup(&s.x, 0, 1, &e), ERR_USAGE);
}

static void
reads_a_stream(void)
{
	static const char *const inside[] = { "(a)", "(b)" };
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(seen_done) struct seen s;
	made_objstm(&m, 6, 4, 2, inside);
	made_xref(&m, 7, "/Root 1 0 R");
	CHECK_OK(read_bytes(&s, buf_bytes(&m.out)));
	CHECK(s.x.sections[0].stream && s.x.sections[0].ref.num == 7);
	struct pdf_entry e = { 0 };
	CHECK_OK(pdf_lookup(&s.x, 1, 5, &e));
	CHECK(e.kind == PDF_ENTRY_IN && e.container == 6 && e.index == 1);
	CHECK(kind_of(&s, 1, 7) == PDF_ENTRY_AT);
}

static void
view_k_is_the_document_as_of_revision_k(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(seen_done) struct seen s;
	char trailer[128];
	made_table(&m, "/Root 1 0 R");
	size_t first = m.out.len;
	snprintf(trailer, sizeof(trailer), "/Root 1 0 R/Prev %zu", m.section);
	made_object(&m, 3, "<<>>");
	made_object(&m, 4, "(new)");
	m.rows[2] = (struct made_row){ .kind = 'f', .gen = 1 };
	made_table(&m, trailer);
	CHECK_OK(read_bytes(&s, buf_bytes(&m.out)));
	CHECK(s.x.nrevisions == 2 && s.x.revisions[0].end == first);
	CHECK(s.x.revisions[1].end == m.out.len);
	struct pdf_entry old = { 0 }, new = { 0 };
	CHECK_OK(pdf_lookup(&s.x, 1, 3, &old));
	CHECK_OK(pdf_lookup(&s.x, 2, 3, &new));
	CHECK(old.offset < first && new.offset >= first);
	CHECK(kind_of(&s, 1, 4) == PDF_ENTRY_NONE);
	CHECK(kind_of(&s, 2, 4) == PDF_ENTRY_AT);
	CHECK(kind_of(&s, 1, 2) == PDF_ENTRY_AT);
	CHECK(kind_of(&s, 2, 2) == PDF_ENTRY_FREE);
}

static void
refuses_an_offset_behind_its_revision(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(seen_done) struct seen s;
	char trailer[128], row[16];
	made_row(&m, 4, (struct made_row){ 'n', 0, 9999 });
	made_table(&m, "/Root 1 0 R");
	snprintf(trailer, sizeof(trailer), "/Root 1 0 R/Prev %zu", m.section);
	size_t at = m.out.len;
	made_object(&m, 5, "(new)");
	made_table(&m, trailer);
	snprintf(row, sizeof(row), "%010zu", at);
	made_patch(&m, "0000009999", row);
	CHECK_OK(read_bytes(&s, buf_bytes(&m.out)));
	struct pdf_entry e;
	CHECK_ERR(pdf_lookup(&s.x, 1, 4, &e), ERR_MALFORMED);
	CHECK_OK(pdf_lookup(&s.x, 2, 4, &e));
}

static void
refuses_what_is_no_pdf(void)
{
	CHECK(refuses_bytes(BYTES_LIT(""), ERR_MALFORMED));
	CHECK(refuses_bytes(BYTES_LIT("%PDF-1.7"), ERR_MALFORMED));
	CHECK(refuses_bytes(BYTES_LIT("<html>"), ERR_MALFORMED));
	CHECK(refuses_bytes(
	    BYTES_LIT("%PDF-1.7\nstartxref\n0\n%%EOF"), ERR_MALFORMED));
}

static void
refuses_damage(void)
{
	static const struct {
		const char *was, *now;
	} damages[] = {
		{ "%PDF-1.7", " %PDF-1." },
		{ "startxref", "startxxxx" },
		{ "%%EOF", "%%EOX" },
		{ "xref\n0 1", "xrfe\n0 1" },
		{ " 00000 n \n2 1", " 0000  n \n2 1" },
		{ " 00000 n \n", " 00000 x \n" },
		{ " 00000 n \n", " 00000 n\n\n" },
		{ "1 1\n00000", "1 2\n00000" },
		{ "2 1\n00000", "1 1\n00000" },
		{ "/Size 4", "/Sise 4" },
		{ "trailer\n<<", "trailer\n[[" },
		{ "65535 f", "6553  f" },
	};
	for (size_t i = 0; i < COUNT_OF(damages); i++) {
		CLEANUP(made_done) struct made m = made_page();
		m.rows[0] = (struct made_row){ .kind = 'f', .gen = 65535 };
		made_table(&m, "/Root 1 0 R");
		made_patch(&m, damages[i].was, damages[i].now);
		CHECK(refuses(&m));
	}
}

static void
refuses_loops_and_forward_steps(void)
{
	CLEANUP(made_done) struct made m = made_page();
	char prev[16];
	made_table(&m, "/Root 1 0 R/Prev 9999999");
	snprintf(prev, sizeof(prev), "%07zu", m.section);
	made_patch(&m, "9999999", prev);
	CHECK(refuses(&m));

	CLEANUP(made_done) struct made a = made_page();
	made_table(&a, "/Root 1 0 R/Prev 9999999");
	char trailer[64];
	snprintf(trailer, sizeof(trailer), "/Root 1 0 R/Prev %zu", a.section);
	made_object(&a, 4, "1");
	made_table(&a, trailer);
	snprintf(prev, sizeof(prev), "%07zu", a.section);
	made_patch(&a, "9999999", prev);
	CHECK(refuses(&a));
}

static void
takes_the_linearized_pair_as_one_revision(void)
{
	CLEANUP(made_done) struct made m = made_begin("1.4");
	CLEANUP(seen_done) struct seen s;
	char patch[16];
	memset(m.rows, 0, sizeof(m.rows));
	made_object(&m, 4, "<</Linearized 1/L 9999>>");
	made_object(&m, 1, "<</Type/Catalog/Pages 2 0 R>>");
	made_table_only(&m, "/Root 1 0 R/Prev 8888888");
	size_t first = m.section;
	made_text(&m, "startxref\n0\n%%%%EOF\n");
	memset(m.rows, 0, sizeof(m.rows));
	m.rows[0] = (struct made_row){ .kind = 'f', .gen = 65535 };
	made_object(&m, 2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
	made_object(&m, 3, "<</Type/Page/Parent 2 0 R>>");
	made_table_only(&m, "");
	snprintf(patch, sizeof(patch), "%07zu", m.section);
	made_patch(&m, "8888888", patch);
	m.section = first;
	made_end(&m);
	CHECK_OK(read_bytes(&s, buf_bytes(&m.out)));
	CHECK(s.x.linearized && s.x.nsections == 2 && s.x.nrevisions == 1);
	CHECK(s.x.revisions[0].end == m.out.len);
	CHECK(kind_of(&s, 1, 1) == PDF_ENTRY_AT);
	CHECK(kind_of(&s, 1, 3) == PDF_ENTRY_AT);

	/* The same step in a file that is not linearized. */
	made_patch(&m, "/Linearized", "/Linearised");
	CHECK(refuses(&m));
}

/* Object 5 is in the hidden stream; the table says `row` of it. */
static struct made
made_hybrid(struct made_row row)
{
	struct made m = made_page();
	struct made_row rows[MADE_OBJECTS];
	char trailer[64];
	memcpy(rows, m.rows, sizeof(rows));
	memset(m.rows, 0, sizeof(m.rows));
	made_object(&m, 5, "(hidden)");
	size_t hidden = m.out.len;
	made_xref_stream(&m, 6, "/Root 1 0 R");
	memcpy(m.rows, rows, sizeof(rows));
	m.rows[5] = row;
	snprintf(trailer, sizeof(trailer), "/Root 1 0 R/XRefStm %zu", hidden);
	made_table(&m, trailer);
	return m;
}

static void
reads_hybrid_files(void)
{
	CLEANUP(made_done)
	struct made m = made_hybrid((struct made_row){ .kind = 'f' });
	CLEANUP(seen_done) struct seen s;
	struct pdf_entry e = { 0 };
	CHECK_OK(read_bytes(&s, buf_bytes(&m.out)));
	CHECK(s.budget.odd == PDF_ODD_HYBRID);
	CHECK_OK(pdf_lookup(&s.x, 1, 5, &e));
	CHECK(e.kind == PDF_ENTRY_AT && e.hidden);
	CHECK_OK(pdf_lookup_visible(&s.x, 1, 5, &e));
	CHECK(e.kind == PDF_ENTRY_FREE);
}

static void
notes_hybrid_files_that_show_two_documents(void)
{
	CLEANUP(made_done)
	struct made m = made_hybrid((struct made_row){ 'n', 0, 15 });
	CLEANUP(seen_done) struct seen s;
	CHECK_OK(read_bytes(&s, buf_bytes(&m.out)));
	CHECK(s.budget.odd & PDF_ODD_HYBRID_DIFFERS);
}

static void
bears_what_real_files_have(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(seen_done) struct seen s;
	/* startxref one byte early, at the end of the line before. */
	made_table_only(&m, "/Root 1 0 R");
	made_text(&m, "startxref\n%zu\n%%%%EOF\r\n", m.section - 1);
	CHECK_OK(read_bytes(&s, buf_bytes(&m.out)));
	CHECK(s.budget.odd == 0 && s.x.revisions[0].end == m.out.len);
	/* /Size of the first file only, as pdfunite leaves it. */
	CLEANUP(made_done) struct made united = made_page();
	CLEANUP(seen_done) struct seen t;
	made_table(&united, "/Root 1 0 R");
	made_patch(&united, "/Size 4", "/Size 1");
	CHECK_OK(read_bytes(&t, buf_bytes(&united.out)));
	CHECK(t.budget.odd == 0);
}

static void
notes_what_is_odd(void)
{
	static const struct {
		const char *trailer, *after;
		unsigned odd;
	} cases[] = {
		{ "/Root 1 0 R", "\n\n", PDF_ODD_SPACE_AFTER },
		{ "/Root 1 0 R", "junk", PDF_ODD_JUNK_AFTER },
		{ "/Root 1 0 R/Root 1 0 R", "", PDF_ODD_DUPLICATE_KEY },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP(made_done) struct made m = made_page();
		CLEANUP(seen_done) struct seen s;
		made_table(&m, cases[i].trailer);
		made_text(&m, "%s", cases[i].after);
		CHECK_OK(read_bytes(&s, buf_bytes(&m.out)));
		CHECK(s.budget.odd == cases[i].odd);
	}
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(seen_done) struct seen s;
	made_table(&m, "/Root 1 0 R");
	made_patch(&m, "/Size 4", "/Size 2");
	CHECK_OK(read_bytes(&s, buf_bytes(&m.out)));
	CHECK(s.budget.odd == PDF_ODD_SIZE);
}

static void
refuses_more_sections_than_the_limit(void)
{
	CLEANUP(made_done) struct made m = made_page();
	char trailer[64];
	made_table(&m, "/Root 1 0 R");
	for (int i = 0; i < PDF_SECTIONS_MAX; i++) {
		snprintf(trailer, sizeof(trailer), "/Root 1 0 R/Prev %zu",
		    m.section);
		made_table(&m, trailer);
	}
	CHECK(refuses_bytes(buf_bytes(&m.out), ERR_LIMIT));
}

int
main(void)
{
	RUN(reads_a_table);
	RUN(reads_a_stream);
	RUN(view_k_is_the_document_as_of_revision_k);
	RUN(refuses_an_offset_behind_its_revision);
	RUN(refuses_what_is_no_pdf);
	RUN(refuses_damage);
	RUN(refuses_loops_and_forward_steps);
	RUN(takes_the_linearized_pair_as_one_revision);
	RUN(reads_hybrid_files);
	RUN(notes_hybrid_files_that_show_two_documents);
	RUN(bears_what_real_files_have);
	RUN(notes_what_is_odd);
	RUN(refuses_more_sections_than_the_limit);
	return DONE();
}
