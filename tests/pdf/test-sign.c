/* pdf/sign.c, pdf/allow.c, pdf/place.c: what is signed and what is refused. */
#include "pdf/document.h"
#include "pdf/sign.h"

#include "cms/cms.h"
#include "tests/pdf/build.h"
#include "tests/pdf/signing.h"

static struct person ca, citizen;

static struct sign_params
plain_params(void)
{
	return (struct sign_params){ .level = LEVEL_B, .time = NOON };
}

static struct err *
sign_made(const struct made *m, struct sign_params params, struct buf *out)
{
	*out = BUF(SIGNED_MAX);
	return sign_with(buf_bytes(&m->out), &citizen, params, out);
}

static bool
refuses(const struct made *m, struct sign_params params, const char *code)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	struct err *e = sign_made(m, params, &out);
	bool refused = e != NULL && strcmp(err_code(e), code) == 0;
	if (!refused)
		printf(
		    "# not %s: %s\n", code, e == NULL ? "signed" : err_text(e));
	err_free(e);
	return refused;
}

/* Object `what` of the trailer's catalog, followed along the keys. */
static const struct pdf_obj *
look(struct pdf_document *d, size_t view, const char *const *keys)
{
	struct pdf_ref ref;
	const struct pdf_obj *o = &pdf_null;
	CHECK_OK(pdf_catalog(d, view, &ref, &o));
	for (; *keys != NULL; keys++) {
		if (pdf_is(o, PDF_ARRAY))
			CHECK_OK(
			    pdf_array_get(d, view, o, (size_t)atoi(*keys), &o));
		else
			CHECK_OK(pdf_dict_get(d, view, o, *keys, &o));
	}
	return o;
}
#define LOOK(d, ...)                                                           \
	look((d), pdf_views(d), (const char *const[]){ __VA_ARGS__, NULL })

static size_t
range_at(const struct pdf_obj *signature, size_t i)
{
	int64_t v = -1;
	(void)pdf_int(pdf_array_at(pdf_dict_raw(signature, "ByteRange"), i), 0,
	    INT64_MAX, &v);
	return (size_t)v;
}

/* The signature in the form's field number `field`, judged by cms/. */
static bool
signature_holds(struct bytes file, const char *field)
{
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	CLEANUP(buf_done) struct buf covered = BUF(SIGNED_MAX);
	CLEANUP(cms_freep) struct cms *cms = NULL;
	struct signature_fact fact = { 0 };
	uint8_t digest[DIGEST_MAX];
	size_t len;
	CHECK_OK(pdf_open(file, BYTES_NONE, &d));
	if (d == NULL)
		return false;
	const struct pdf_obj *v = LOOK(d, "AcroForm", "Fields", field, "V");
	const struct pdf_obj *c = pdf_dict_raw(v, "Contents");
	size_t a = range_at(v, 1), b = range_at(v, 2), n = range_at(v, 3);
	bool gap = range_at(v, 0) == 0 && a == c->at && b == c->end;
	CHECK_OK(buf_append(&covered, bytes_slice(file, 0, a)));
	CHECK_OK(buf_append(&covered, bytes_slice(file, b, n)));
	CHECK_OK(digest_of(DIGEST_SHA256, buf_bytes(&covered), digest));
	CHECK_OK(cms_length(c->text, &len));
	CHECK_OK(cms_parse(bytes_slice(c->text, 0, len), &cms));
	CHECK_OK(cms_collect_signer(
	    cms, 0, bytes_of(digest, 32), NULL, "ByteRange", &fact));
	bool ok = gap && fact.signature == CHECK_PASSED &&
		  fact.cert_binding == CHECK_PASSED && fact.nreferences == 1 &&
		  fact.references[0].digest == CHECK_PASSED &&
		  fact.claimed_time == TIME_NONE;
	signature_fact_done(&fact);
	return ok;
}

static void
signs_twice_in_a_row(const struct made *m)
{
	CLEANUP(buf_done) struct buf once = { 0 };
	CLEANUP(buf_done) struct buf twice = BUF(SIGNED_MAX);
	CHECK_OK(sign_made(m, plain_params(), &once));
	CHECK_OK(sign_with(buf_bytes(&once), &citizen, plain_params(), &twice));
	CHECK(bytes_starts(buf_bytes(&once), buf_bytes(&m->out)));
	CHECK(bytes_starts(buf_bytes(&twice), buf_bytes(&once)));
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	CHECK_OK(pdf_open(buf_bytes(&twice), BYTES_NONE, &d));
	if (d == NULL)
		return;
	size_t n = pdf_array_len(LOOK(d, "AcroForm", "Fields"));
	CHECK(n >= 2);
	char first[16], second[16];
	snprintf(first, sizeof(first), "%zu", n - 2);
	snprintf(second, sizeof(second), "%zu", n - 1);
	CHECK(signature_holds(buf_bytes(&once), first));
	CHECK(signature_holds(buf_bytes(&twice), first));
	CHECK(signature_holds(buf_bytes(&twice), second));
	const struct pdf_obj *flags = LOOK(d, "AcroForm", "SigFlags");
	CHECK(pdf_is(flags, PDF_INT) && (flags->integer & 3) == 3);
	CHECK(pdf_array_len(LOOK(d, "Pages", "Kids", "0", "Annots")) >= 2);
}

static void
signs_a_plain_page(void)
{
	CLEANUP(made_done) struct made m = made_page();
	made_table(&m, "/Root 1 0 R");
	signs_twice_in_a_row(&m);
}

static void
signs_what_lives_in_object_streams(void)
{
	static const char *const inside[] = {
		"<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 9 9]>>",
		"<</Type/Page/Parent 2 0 R/Annots 4 0 R>>",
		"[6 0 R]",
		"<</Fields 7 0 R/DA(/Helv 0 Tf)>>",
		"<</Subtype/Widget/FT/Tx/T(x)/Rect[0 0 1 1]>>",
		"[6 0 R]",
	};
	CLEANUP(made_done) struct made m = made_begin("1.5");
	made_objstm(&m, 8, 1, COUNT_OF(inside), inside);
	made_xref(&m, 9, "/Root 1 0 R");
	signs_twice_in_a_row(&m);
}

static void
signs_where_form_and_page_share_an_array(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(buf_done) struct buf out = { 0 };
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	made_object(
	    &m, 1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields 4 0 R>>>>");
	made_object(&m, 3, "<</Type/Page/Parent 2 0 R/Annots 4 0 R>>");
	made_object(&m, 4, "[5 0 R]");
	made_object(&m, 5, "<</Subtype/Widget/FT/Tx/T(x)/Rect[0 0 1 1]>>");
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(sign_made(&m, plain_params(), &out));
	CHECK_OK(pdf_open(buf_bytes(&out), BYTES_NONE, &d));
	CHECK(pdf_array_len(LOOK(d, "AcroForm", "Fields")) == 2);
	signs_twice_in_a_row(&m);
}

static void
signs_without_id_with_dangling_annots_and_empty_form(void)
{
	CLEANUP(made_done) struct made m = made_page();
	made_object(&m, 1, "<</Type/Catalog/Pages 2 0 R/AcroForm null>>");
	made_object(&m, 3, "<</Type/Page/Parent 2 0 R/Annots 30 0 R>>");
	made_table(&m, "/Root 1 0 R");
	signs_twice_in_a_row(&m);
}

static void
new_objects_stay_clear_of_rows_and_references(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(buf_done) struct buf out = { 0 };
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	made_object(&m, 4, "[500 0 R]");
	made_row(&m, 20, (struct made_row){ .kind = 'f', .gen = 1 });
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(sign_made(&m, plain_params(), &out));
	CHECK_OK(pdf_open(buf_bytes(&out), BYTES_NONE, &d));
	for (uint32_t i = 4; i <= 500; i++) {
		struct pdf_entry e = { 0 };
		CHECK_OK(pdf_lookup(pdf_xref(d), 2, i, &e));
		CHECK(i == 4 || e.kind == PDF_ENTRY_NONE ||
		      e.kind == PDF_ENTRY_FREE);
	}
}

static void
names_never_meet(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(buf_done) struct buf out = { 0 };
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	made_object(&m, 1,
	    "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R 5 0 R]>>>>");
	made_object(&m, 4, "<</FT/Tx/T(Signature1)>>");
	made_object(&m, 5,
	    "<</FT/Tx/T<FEFF005300690067006E00610074007500720065003700"
	    "2E0078>>>");
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(sign_made(&m, plain_params(), &out));
	CHECK_OK(pdf_open(buf_bytes(&out), BYTES_NONE, &d));
	const struct pdf_obj *t = LOOK(d, "AcroForm", "Fields", "2", "T");
	CHECK(pdf_is(t, PDF_STRING) && bytes_eq_str(t->text, "Signature8"));
}

/* An empty signature field "Ký" and a text field, with `more` in the first. */
static struct made
made_form(const char *more)
{
	struct made m = made_page();
	char field[512];
	made_object(&m, 1, "<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R>>");
	made_object(&m, 3, "<</Type/Page/Parent 2 0 R/Annots[4 0 R 5 0 R]>>");
	snprintf(field, sizeof(field),
	    "<</Subtype/Widget/FT/Sig/T<FEFF004B00FD>/Rect[1 1 9 9]%s>>", more);
	made_object(&m, 4, field);
	made_object(&m, 5,
	    "<</Subtype/Widget/FT/Tx/T(x)/Rect[0 0 1 1]/AP<</N 8 0 R>>>>");
	made_object(
	    &m, 6, "<</Fields[4 0 R 5 0 R]/NeedAppearances true/SigFlags 1>>");
	return m;
}

static void
signs_an_existing_field(void)
{
	CLEANUP(made_done) struct made m = made_form("");
	CLEANUP(buf_done) struct buf out = { 0 };
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	struct sign_params p = plain_params();
	p.field = "Ký";
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(sign_made(&m, p, &out));
	CHECK(signature_holds(buf_bytes(&out), "0"));
	CHECK_OK(pdf_open(buf_bytes(&out), BYTES_NONE, &d));
	CHECK(pdf_array_len(LOOK(d, "AcroForm", "Fields")) == 2);
	CHECK(pdf_is(LOOK(d, "AcroForm", "NeedAppearances"), PDF_NULL));
	CHECK(LOOK(d, "AcroForm", "SigFlags")->integer == 3);
}

static void
makes_a_field_of_the_name_that_was_asked_for(void)
{
	CLEANUP(made_done) struct made m = made_form("");
	CLEANUP(buf_done) struct buf out = { 0 };
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	struct sign_params p = plain_params();
	p.field = "Mới";
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(sign_made(&m, p, &out));
	CHECK_OK(pdf_open(buf_bytes(&out), BYTES_NONE, &d));
	const struct pdf_obj *t = LOOK(d, "AcroForm", "Fields", "2", "T");
	CHECK(bytes_eq(t->text, BYTES_LIT("\xFE\xFF\0M\x1E\xDB\0i")));
	p.field = "a.b";
	CHECK(refuses(&m, p, "pdf-field"));
	p.field = "x";
	CHECK(refuses(&m, p, "pdf-field"));
}

static void
states_the_lock_of_its_field(void)
{
	CLEANUP(made_done)
	struct made m = made_form("/Lock<</Type/SigFieldLock/Action/All>>");
	CLEANUP(buf_done) struct buf out = { 0 };
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	struct sign_params p = plain_params();
	p.field = "Ký";
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(sign_made(&m, p, &out));
	CHECK_OK(pdf_open(buf_bytes(&out), BYTES_NONE, &d));
	const struct pdf_obj *r =
	    LOOK(d, "AcroForm", "Fields", "0", "V", "Reference", "0");
	CHECK(pdf_is_name(pdf_dict_raw(r, "TransformMethod"), "FieldMDP"));
	/* And so nobody can sign after it. */
	CLEANUP(buf_done) struct buf again = BUF(SIGNED_MAX);
	CHECK_ERR(sign_with(buf_bytes(&out), &citizen, plain_params(), &again),
	    ERR_DENIED);
}

static void
refuses_fields_that_cannot_be_signed(void)
{
	struct sign_params p = plain_params();
	p.field = "Ký";
	static const struct {
		const char *more, *code;
	} cases[] = {
		{ "/V<</Type/Sig>>", "pdf-field-signed" },
		{ "/SV<</Ff 1>>", "pdf-seed" },
		{ "/Kids[<</T(k)>>]", "pdf-field" },
		{ "/T(x)", "pdf-ambiguous" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP(made_done) struct made m = made_form(cases[i].more);
		made_table(&m, "/Root 1 0 R");
		CHECK(refuses(&m, p, cases[i].code));
	}
}

static struct made
made_signed(const char *transform)
{
	struct made m = made_form("/V 7 0 R");
	char v[512];
	snprintf(v, sizeof(v), "<</Type/Sig/Reference[<<%s>>]>>", transform);
	made_object(&m, 7, v);
	made_table(&m, "/Root 1 0 R");
	return m;
}

static void
obeys_earlier_signatures(void)
{
	static const struct {
		const char *transform, *code;
	} cases[] = {
		{ "/TransformMethod/DocMDP/TransformParams<</P 1>>",
		    "pdf-certified" },
		{ "/TransformMethod/DocMDP/TransformParams<</P 7>>",
		    "pdf-certified" },
		{ "/TransformMethod/FieldMDP/TransformParams<</Action/All>>",
		    "pdf-locked" },
		{ "/TransformMethod/FieldMDP/TransformParams<</Action/Exclude"
		  "/Fields[(x)]>>",
		    "pdf-locked" },
		{ "/TransformMethod/FieldMDP/TransformParams<</Action/Include"
		  "/Fields[(y)]>>",
		    NULL },
		{ "/TransformMethod/DocMDP/TransformParams<</P 2>>", NULL },
		{ "/TransformMethod/DocMDP", NULL },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP(made_done)
		struct made m = made_signed(cases[i].transform);
		CLEANUP(buf_done) struct buf out = { 0 };
		if (cases[i].code != NULL)
			CHECK(refuses(&m, plain_params(), cases[i].code));
		else
			CHECK_OK(sign_made(&m, plain_params(), &out));
	}
	CLEANUP(made_done)
	struct made m = made_signed("/TransformMethod/FieldMDP/TransformParams"
				    "<</Action/Include/Fields[(y)]>>");
	struct sign_params p = plain_params();
	p.field = "y";
	CHECK(refuses(&m, p, "pdf-locked"));
}

static void
refuses_documents_that_readers_see_differently(void)
{
	CLEANUP(made_done) struct made twice = made_page();
	made_object(&twice, 4, "<</A 1/A 2>>");
	made_table(&twice, "/Root 1 0 R");
	CHECK(refuses(&twice, plain_params(), "pdf-ambiguous"));

	CLEANUP(made_done) struct made junk = made_page();
	made_table(&junk, "/Root 1 0 R");
	made_text(&junk, "more");
	CHECK(refuses(&junk, plain_params(), "pdf-ambiguous"));

	CLEANUP(made_done) struct made size = made_page();
	made_table(&size, "/Root 1 0 R");
	made_patch(&size, "/Size 4", "/Size 2");
	CHECK(refuses(&size, plain_params(), "pdf-ambiguous"));

	CLEANUP(made_done) struct made xfa = made_page();
	made_object(
	    &xfa, 1, "<</Type/Catalog/Pages 2 0 R/NeedsRendering true>>");
	made_table(&xfa, "/Root 1 0 R");
	CHECK(refuses(&xfa, plain_params(), "pdf-xfa"));
}

static void
refuses_what_is_damaged(void)
{
	CLEANUP(made_done) struct made nopage = made_begin("1.7");
	made_object(&nopage, 1, "<</Type/Catalog/Pages 2 0 R>>");
	made_object(&nopage, 2, "<</Type/Pages/Kids[]/Count 0>>");
	made_table(&nopage, "/Root 1 0 R");
	CHECK(refuses(&nopage, plain_params(), "pdf-damaged"));

	CLEANUP(made_done) struct made both = made_page();
	made_object(&both, 2, "<</Kids[1 0 R]>>");
	made_object(&both, 1, "<</Pages 2 0 R>>");
	made_table(&both, "/Root 1 0 R");
	CHECK(refuses(&both, plain_params(), "pdf-damaged"));

	/* An object that nobody refers to is part of it, too. */
	CLEANUP(made_done) struct made row = made_page();
	made_row(&row, 4, (struct made_row){ 'n', 0, 30 });
	made_table(&row, "/Root 1 0 R");
	CHECK(refuses(&row, plain_params(), "pdf-damaged"));

	struct sign_params lt = plain_params();
	lt.level = LEVEL_LT;
	CHECK(refuses(&row, lt, "unsupported"));
}

static void
texts_of_the_signer_are_in_the_signature(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(buf_done) struct buf out = { 0 };
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	struct sign_params p = plain_params();
	p.reason = "Đồng ý";
	p.location = "Ha Noi (HN)";
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(sign_made(&m, p, &out));
	CHECK_OK(pdf_open(buf_bytes(&out), BYTES_NONE, &d));
	const struct pdf_obj *v = LOOK(d, "AcroForm", "Fields", "0", "V");
	CHECK(bytes_eq_str(pdf_dict_raw(v, "Location")->text, "Ha Noi (HN)"));
	CHECK(bytes_starts(
	    pdf_dict_raw(v, "Reason")->text, BYTES_LIT("\xFE\xFF\x01\x10")));
	CHECK(bytes_eq_str(
	    pdf_dict_raw(v, "M")->text, "D:20270115150000+07'00'"));
	CHECK(pdf_is_name(pdf_dict_raw(v, "SubFilter"), "ETSI.CAdES.detached"));
}

static void
embed_refuses_a_damaged_state(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(insertion_done) struct insertion out = { 0 };
	struct sign_params params = plain_params();
	params.cert = citizen.cert;
	params.alg = citizen.alg;
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(pdf_prepare(buf_bytes(&m.out), &params, &p));
	struct bytes state = buf_bytes(&p.state);
	for (size_t len = 0; len < state.len; len += 7)
		CHECK_ERR(
		    pdf_embed(bytes_slice(state, 0, len), BYTES_LIT("x"), BYTES_NONE, &out),
		    ERR_MALFORMED);
}

int
main(void)
{
	ca = make_authority();
	citizen = make_citizen(&ca, "P-256", ALG_P256);
	RUN(signs_a_plain_page);
	RUN(signs_what_lives_in_object_streams);
	RUN(signs_where_form_and_page_share_an_array);
	RUN(signs_without_id_with_dangling_annots_and_empty_form);
	RUN(new_objects_stay_clear_of_rows_and_references);
	RUN(names_never_meet);
	RUN(signs_an_existing_field);
	RUN(makes_a_field_of_the_name_that_was_asked_for);
	RUN(states_the_lock_of_its_field);
	RUN(refuses_fields_that_cannot_be_signed);
	RUN(obeys_earlier_signatures);
	RUN(refuses_documents_that_readers_see_differently);
	RUN(refuses_what_is_damaged);
	RUN(texts_of_the_signer_are_in_the_signature);
	RUN(embed_refuses_a_damaged_state);
	person_done(&citizen);
	person_done(&ca);
	return DONE();
}
