/* Visible signatures: places, words, pictures; what is refused.  How they look
 * is looks.py's. */
#include "pdf/font.h"
#include "pdf/params.h"
#include "pdf/picture.h"
#include "pdf/sheet.h"
#include "pdf/sign.h"

#include "tests/pdf/build.h"
#include "tests/pdf/signing.h"

static struct person ca, citizen;

static struct err *
sign_look(struct bytes in, const struct pdf_appearance *a, struct buf *out)
{
	const struct pdf_params pdf = { .look = a };
	*out = BUF(SIGNED_MAX);
	return sign_with(in, &citizen,
	    (struct sign_params){
		.level = LEVEL_B, .time = NOON, .pdf = &pdf },
	    out);
}

static bool
says(struct err *e, const char *code)
{
	bool same = e != NULL && strcmp(err_code(e), code) == 0;
	if (!same)
		printf("# not %s: %s\n", code,
		    e == NULL ? "signed" : err_text(e));
	err_free(e);
	return same;
}

static bool
refuses(const struct pdf_appearance *a, const char *code)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(buf_done) struct buf out = { 0 };
	made_table(&m, "/Root 1 0 R");
	return says(sign_look(buf_bytes(&m.out), a, &out), code);
}

static struct pdf_appearance
good(void)
{
	return (struct pdf_appearance){
		.x = 50, .y = 50, .width = 200, .height = 60
	};
}

/* ---- places ---- */

static void
a_box_goes_into_the_page_and_back(void)
{
	static const int turns[] = { 0, 90, 180, 270 };
	const struct pdf_box box = { 10, 20, 110, 60 };
	for (size_t i = 0; i < COUNT_OF(turns); i++) {
		const struct pdf_sheet s = { .seen = { -5, 7, 595, 407 },
			.turn = turns[i],
			.unit = 2 };
		struct pdf_box in = pdf_sheet_inside(&s, &box);
		struct pdf_box out = pdf_sheet_seen(&s, &in);
		bool lies = turns[i] % 180 != 0;
		CHECK(out.x0 == 10 && out.y0 == 20 && out.x1 == 110 &&
		      out.y1 == 60);
		CHECK(in.x1 - in.x0 == (lies ? 20 : 50));
		CHECK(in.y1 - in.y0 == (lies ? 50 : 20));
		CHECK(in.x0 >= s.seen.x0 && in.x1 <= s.seen.x1 &&
		      in.y0 >= s.seen.y0 && in.y1 <= s.seen.y1);
	}
}

static void
a_place_that_is_not_on_the_page_is_refused(void)
{
	struct pdf_appearance a = good();
	a.page = 2;
	CHECK(refuses(&a, "pdf-place"));
	a = good();
	a.x = 500;
	CHECK(refuses(&a, "pdf-place"));
	a = good();
	a.y = -1;
	CHECK(refuses(&a, "pdf-place"));
	a = good();
	a.where = PDF_WHERE_FIELD;
	CHECK(refuses(&a, "pdf-place"));
	a = good();
	a.where = PDF_WHERE_CORNER;
	a.width = 600;
	CHECK(refuses(&a, "pdf-place"));
	a = good();
	a.width = a.height = 4;
	CHECK(refuses(&a, "pdf-place"));
}

static struct pdf_box
box_of_field(struct bytes file, const char *number)
{
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	struct pdf_ref ref;
	struct pdf_box box = { 0 };
	const struct pdf_obj *form = NULL, *fields = NULL, *f = NULL;
	CHECK_OK(pdf_open(file, BYTES_NONE, &d));
	CHECK_OK(pdf_form(d, pdf_views(d), &ref, &form));
	CHECK_OK(pdf_dict_get(d, pdf_views(d), form, "Fields", &fields));
	CHECK_OK(pdf_array_get(
	    d, pdf_views(d), fields, (size_t)atoi(number), &f));
	CHECK(pdf_box_read(pdf_dict_raw(f, "Rect"), &box));
	return box;
}

static void
the_second_signature_takes_the_second_corner(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(buf_done) struct buf once = { 0 };
	CLEANUP(buf_done) struct buf twice = { 0 };
	struct pdf_appearance a = good();
	a.where = PDF_WHERE_CORNER;
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(sign_look(buf_bytes(&m.out), &a, &once));
	CHECK_OK(sign_look(buf_bytes(&once), &a, &twice));
	struct pdf_box one = box_of_field(buf_bytes(&twice), "0");
	struct pdf_box two = box_of_field(buf_bytes(&twice), "1");
	CHECK(one.x0 == 612 - 20 - 200 && one.y1 == 792 - 20);
	CHECK(two.x0 == 20 && two.y1 == 792 - 20);
}

/* A page that draws in some corners. */
static struct made
page_that_draws(const char *content)
{
	struct made m = made_begin("1.7");
	made_object(&m, 1, "<</Type/Catalog/Pages 2 0 R>>");
	made_object(&m, 2,
	    "<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2/MediaBox[0 0 612 792]"
	    "/Resources<</Font<</F 4 0 R>>/XObject<</X 7 0 R>>>>>>");
	made_object(&m, 3, "<</Type/Page/Parent 2 0 R/Contents[5 0 R]>>");
	made_object(&m, 4,
	    "<</Type/Font/Subtype/Type1/BaseFont/Courier/FirstChar 0/Widths"
	    "[600]/FontDescriptor<</MissingWidth 600>>"
	    "/Encoding<</Differences[1/K/yacute/t/ecircumflex/n]>>>>");
	made_stream(&m, 5, "", bytes_str(content));
	made_object(&m, 6, "<</Type/Page/Parent 2 0 R/Contents 5 0 R>>");
	made_stream(&m, 7,
	    "/Type/XObject/Subtype/Form/BBox[0 0 100 100]"
	    "/Matrix[1 0 0 1 20 700]",
	    BYTES_LIT("0 0 m 300 50 l S"));
	made_table(&m, "/Root 1 0 R");
	return m;
}

static struct pdf_box
box_on(const char *content, const struct pdf_appearance *a)
{
	CLEANUP(made_done) struct made m = page_that_draws(content);
	CLEANUP(buf_done) struct buf out = { 0 };
	struct err *e = sign_look(buf_bytes(&m.out), a, &out);
	if (e != NULL) {
		CHECK(strcmp(err_code(e), "pdf-place") == 0);
		err_free(e);
		return (struct pdf_box){ 0 };
	}
	return box_of_field(buf_bytes(&out), "0");
}

static void
a_corner_where_the_page_draws_is_not_free(void)
{
	static const struct {
		const char *content;
		double x, y; /* of the box; 0: none */
	} rows[] = {
		{ "", 392, 712 },
		{ "500 750 50 20 re f", 20, 712 },
		{ "500 750 m 550 760 l S", 20, 712 },
		{ "BT /F 12 Tf 450 740 Td (\1\2) Tj ET", 20, 712 },
		/* a frame is not all that it is around */
		{ "5 5 602 782 re S", 392, 712 },
		/* paper, and what is not seen */
		{ "0 0 612 792 re f", 392, 712 },
		{ "1 g 500 750 50 20 re f", 392, 712 },
		{ "0 0 100 100 re W n 500 750 50 20 re f", 392, 712 },
		{ "q 0 0 100 100 re W n Q 500 750 50 20 re f", 20, 712 },
		{ "q 150 0 0 80 450 700 cm BI /W 1 /H 1 /BPC 8 /CS /G ID x\n"
		  "EI Q",
		    20, 712 },
		/* a form: turned, clipped */
		{ "500 750 50 20 re f /X Do", 392, 20 },
		{ "500 750 9 9 re 20 750 9 9 re 500 30 9 9 re B", 20, 20 },
		{ "500 750 9 9 re S 20 750 9 9 re S 500 30 9 9 re S "
		  "30 30 9 9 re S",
		    0, 0 },
		/* what cannot be read does not count, what was before does */
		{ "500 750 50 20 re f ) 20 750 9 9 re f", 20, 712 },
	};
	struct pdf_appearance a = good();
	a.where = PDF_WHERE_CORNER;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pdf_box b = box_on(rows[i].content, &a);
		CHECK(b.x0 == rows[i].x && b.y0 == rows[i].y);
		if (b.x0 != rows[i].x || b.y0 != rows[i].y)
			printf("# %s: %.1f %.1f\n", rows[i].content, b.x0, b.y0);
	}
}

#define SIGN_HERE "\1\2 \3\4\5" /* "Ký tên" */

static void
a_box_counts_from_words(void)
{
	static const struct {
		const char *content;
		double x, y; /* of the box; 0: none */
	} rows[] = {
		{ "BT /F 10 Tf 100 400 Td (" SIGN_HERE ") Tj ET", 105, 357.8 },
		{ "BT /F 10 Tf 100 400 Td [(\1\2) -300 (\3) 40 (\4\5)] TJ ET",
		    105, 357.8 },
		{ "2 0 0 2 0 0 cm BT /F 5 Tf 1 0 0 1 50 200 Tm (\1\2) Tj "
		  "(\3\4\5) Tj ET",
		    105, 357.8 },
		{ "BT /F 10 Tf 12 TL 100 412 Td (x) Tj (" SIGN_HERE ") ' ET",
		    105, 357.8 },
		{ "BT /F 10 Tf 12 TL 100 400 Td (\1\2) Tj (\3\4\5) ' ET", 0,
		    0 },
		{ "BT /F 10 Tf 100 400 Td (\1 \3\4\5) Tj ET", 0, 0 },
	};
	static const char *const ways[] = { "Ký tên", "Kýtên",
		"Ky\xCC\x81 te\xCC\x82n" };
	struct pdf_appearance a = good();
	a.where = PDF_WHERE_WORDS;
	a.x = 5;
	a.y = -40;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		for (size_t k = 0; k < COUNT_OF(ways); k++) {
			a.anchor = ways[k];
			struct pdf_box b = box_on(rows[i].content, &a);
			CHECK(b.x0 == rows[i].x && b.y0 == rows[i].y);
			if (b.x0 != rows[i].x || b.y0 != rows[i].y)
				printf("# %s: %.1f %.1f\n", rows[i].content,
				    b.x0, b.y0);
		}
	}
	a.anchor = "  ";
	CHECK(box_on(rows[0].content, &a).x1 == 0);
	a.anchor = "Ký tên";
	a.page = 2;
	CHECK(box_on(rows[0].content, &a).x0 == 105);
	a.page = 3;
	CHECK(box_on(rows[0].content, &a).x1 == 0);
}

/* ---- words ---- */

static void
marks_are_composed_before_they_are_drawn(void)
{
	struct pdf_line one = { 0 }, two = { 0 };
	CHECK_OK(pdf_line_shape(BYTES_LIT("ế"), &one));
	CHECK_OK(pdf_line_shape(BYTES_LIT("e\xCC\x82\xCC\x81"), &two));
	CHECK(one.n == 1 && two.n == 1 && one.v[0].id == two.v[0].id);
	CHECK(two.v[0].text[0] == 0x1EBF && two.v[0].text[1] == 0);
	pdf_line_done(&one);
	pdf_line_done(&two);
}

static void
what_no_font_has_is_refused(void)
{
	static const char *const lines[] = { "\xF0\x93\x80\x80" };
	static const char *const bell[] = { "a\ab" };
	struct pdf_appearance a = good();
	a.lines = lines;
	a.nlines = 1;
	CHECK(refuses(&a, "pdf-font"));
	a.lines = bell;
	CHECK(refuses(&a, "malformed"));
}

static void
a_profile_must_be_one_that_there_is(void)
{
	struct pdf_appearance a = good();
	a.profile = "baroque";
	CHECK(refuses(&a, "pdf-profile"));
	a.profile = "decree-30-sao-y";
	a.picture = BYTES_LIT("x");
	CHECK(refuses(&a, "pdf-profile"));
}

/* ---- pictures ---- */

#define FRAME(h, w, n)                                                         \
	"\xFF\xD8\xFF\xE0\0\4ab\xFF\xC0\0\x11\x08" h w n "123456789"

static void
a_picture_that_cannot_be_used_is_refused(void)
{
	static const struct bytes bad[] = {
		BYTES_LIT("GIF89a"),
		BYTES_LIT("\xFF\xD8\xFF"),
		BYTES_LIT("\xFF\xD8\xFF\xE0\xFF\xFF"),
		BYTES_LIT(FRAME("\0\1", "\0\1", "\4")), /* CMYK */
		BYTES_LIT(FRAME("\0\0", "\0\1", "\3")),
		BYTES_LIT(FRAME("\x20\0", "\0\1", "\3")), /* 8192 high */
		BYTES_LIT(FRAME("\x10\0", "\x10\0", "\3")),
		BYTES_LIT("\x89PNG\r\n\x1a\n"),
		BYTES_LIT("\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR\x7F\xFF\xFF\xFF"
			  "\x7F\xFF\xFF\xFF\x08\6\0\0\0abcd"),
	};
	struct pdf_picture p;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct pdf_appearance a = good();
		a.picture = bad[i];
		CHECK(says(pdf_picture_read(bad[i], &p), "pdf-picture"));
		CHECK(refuses(&a, "pdf-picture"));
	}
	CHECK_OK(
	    pdf_picture_read(BYTES_LIT(FRAME("\0\2", "\0\3", "\1")), &p));
	CHECK(p.height == 2 && p.width == 3 && p.colours == 1);
}

/* ---- parameters ---- */

static void
an_appearance_comes_back_as_it_was(void)
{
	static const char *const lines[] = { "Người ký", "hai" };
	CLEANUP(buf_done) struct buf b = BUF(4096);
	CLEANUP(pdf_params_freep) struct pdf_params *p = NULL;
	struct pdf_appearance a = good();
	a.profile = "decree-30-seal";
	a.page = 7;
	a.lines = lines;
	a.nlines = 2;
	a.qr = "q";
	a.where = PDF_WHERE_WORDS;
	a.anchor = "Ký tên";
	a.seal = BYTES_LIT("s\0s");
	const struct pdf_params is = { .contact = "c", .look = &a };
	CHECK_OK(pdf_params_pack(&is, &b));
	CHECK_OK(pdf_params_unpack(buf_bytes(&b), &p));
	if (p == NULL || p->look == NULL)
		return;
	const struct pdf_appearance *o = p->look;
	CHECK(strcmp(o->profile, a.profile) == 0 && strcmp(o->qr, "q") == 0);
	CHECK(o->page == 7 && o->x == 50 && o->height == 60);
	CHECK(o->nlines == 2 && strcmp(o->lines[0], lines[0]) == 0);
	CHECK(o->where == PDF_WHERE_WORDS && strcmp(o->anchor, a.anchor) == 0);
	CHECK(bytes_eq(o->seal, a.seal) && o->picture.len == 0);
	for (size_t n = 0; n < b.len; n++) {
		struct pdf_params *half = NULL;
		struct err *e = pdf_params_unpack(
		    bytes_slice(buf_bytes(&b), 0, n), &half);
		CHECK(e != NULL || half->look == NULL);
		err_free(e);
		pdf_params_free(half);
	}
}

static void
words_about_places_are_read(void)
{
	static const struct pdf_words bad[] = {
		{ .appearance = "plain" },
		{ .box = "1,2,3" },
		{ .box = "1,2,3,4,5" },
		{ .box = "1,2,3,x" },
		{ .box = "1,2,0,4" },
		{ .box = "1,2,99999,4" },
		{ .corner = "1,-2" },
		{ .box = "1,2,3,4", .corner = "3,4" },
		{ .box = "1,2,3,4", .page = "0" },
		{ .anchor = "a" },
		{ .anchor = "a", .corner = "3,4" },
	};
	CLEANUP(buf_done) struct buf b = BUF(4096);
	CLEANUP(pdf_params_freep) struct pdf_params *p = NULL;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CHECK(says(pdf_params_words(&bad[i], &b), "pdf-place"));
		buf_clear(&b);
	}
	CHECK_OK(pdf_params_words(
	    &(struct pdf_words){
		.box = "1,2,30,40", .page = "3", .text = "a\\nb\nc" },
	    &b));
	CHECK_OK(pdf_params_unpack(buf_bytes(&b), &p));
	CHECK(p != NULL && p->look != NULL && p->look->nlines == 3 &&
	      strcmp(p->look->lines[2], "c") == 0 && p->look->page == 3 &&
	      p->look->width == 30);
}

int
main(void)
{
	ca = make_authority();
	citizen = make_citizen(&ca, "P-256", ALG_P256);
	pdf_fonts_start(NULL);
	RUN(a_box_goes_into_the_page_and_back);
	RUN(a_place_that_is_not_on_the_page_is_refused);
	RUN(the_second_signature_takes_the_second_corner);
	RUN(a_corner_where_the_page_draws_is_not_free);
	RUN(a_box_counts_from_words);
	RUN(marks_are_composed_before_they_are_drawn);
	RUN(what_no_font_has_is_refused);
	RUN(a_profile_must_be_one_that_there_is);
	RUN(a_picture_that_cannot_be_used_is_refused);
	RUN(an_appearance_comes_back_as_it_was);
	RUN(words_about_places_are_read);
	pdf_fonts_stop();
	person_done(&ca);
	person_done(&citizen);
	return DONE();
}
