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
