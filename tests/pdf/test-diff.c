/*
 * The rules of pdf/diff.c: one document, and for each rule a second revision
 * that differs from a harmless one in that alone.
 */
#include "pdf/diff.h"

#include "tests/pdf/keep.h"

#define ROOT "/Root 1 0 R/Info 18 0 R"
#define CATALOG                                                                \
	"<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R/Metadata 16 0 R"           \
	"/StructTreeRoot 14 0 R/OCProperties 26 0 R/DSS 27 0 R"
#define PAGE                                                                   \
	"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"       \
	"/Resources<</XObject<</Hole 40 0 R>>/Font<</F 21 0 R>>>>"
#define ANNOTS "6 0 R 8 0 R 11 0 R 12 0 R 13 0 R 17 0 R"
#define FIELDS "6 0 R 8 0 R 11 0 R 12 0 R 13 0 R 23 0 R"
#define FORM "<</SigFlags 3/DR<</Font<</Helv 21 0 R>>>>"
#define TEXT_FIELD "<</FT/Tx/T(total)/Subtype/Widget/Rect[10 10 90 30]/P 3 0 R"
#define SIGNED_FIELD                                                           \
	"<</FT/Sig/T(Sig1)/Subtype/Widget/Rect[10 40 90 70]/P 3 0 R"           \
	"/V 9 0 R/AP<</N 10 0 R>>"
#define EMPTY_FIELD "<</FT/Sig/T(Sig2)/Subtype/Widget/Rect[10 80 90 99]/P 3 0 R"
#define CHECK_BOX                                                              \
	"<</FT/Btn/T(yes)/Subtype/Widget/Rect[10 110 30 130]"                  \
	"/AP<</N<</On 22 0 R/Off 22 0 R>>>>"
#define BUTTON "<</FT/Btn/Ff 65536/T(push)/Subtype/Widget/Rect[40 110 60 130]"
#define NOTE "<</Type/Annot/Subtype/Text/Rect[300 300 320 320]"
#define ROOT_ELEMENT "<</Type/StructTreeRoot/K[15 0 R]/ParentTree 25 0 R"
#define ELEMENT "<</Type/StructElem/S/Document/P 14 0 R"
#define NEW_SIG "<</FT/Sig/T(Sig9)/Subtype/Widget/P 3 0 R/V 31 0 R"
#define SIG_VALUE                                                              \
	"<</Type/Sig/Filter/Adobe.PPKLite/Contents<00>/ByteRange[0 1 2 3]"

static struct made
base(void)
{
	struct made m = made_begin("1.7");
	made_object(&m, 1, CATALOG ">>");
	made_object(&m, 2, "<</Type/Pages/Kids[3 0 R 24 0 R]/Count 2>>");
	made_object(&m, 3, PAGE "/Annots[" ANNOTS "]>>");
	made_stream(&m, 4, "", BYTES_LIT("BT (one million) Tj ET"));
	made_object(&m, 5, FORM "/Fields[" FIELDS "]>>");
	made_object(&m, 6, TEXT_FIELD "/V(1)/AP<</N 7 0 R>>>>");
	made_stream(&m, 7,
	    "/Type/XObject/Subtype/Form/Resources<<"
	    "/Font<</F 21 0 R>>>>",
	    BYTES_LIT("(1) Tj"));
	made_object(&m, 8, SIGNED_FIELD ">>");
	made_object(&m, 9, SIG_VALUE "/Reason(good)>>");
	made_stream(&m, 10, "/Type/XObject/Subtype/Form", BYTES_LIT("q Q"));
	made_object(&m, 11, EMPTY_FIELD ">>");
	made_object(&m, 12, CHECK_BOX "/AS/Off>>");
	made_object(&m, 13, BUTTON "/AP<</N 22 0 R>>>>");
	made_object(&m, 14, ROOT_ELEMENT "/ParentTreeNextKey 1>>");
	made_object(&m, 15, ELEMENT "/K[0 1]/Pg 3 0 R>>");
	made_stream(&m, 16, "/Type/Metadata/Subtype/XML", BYTES_LIT("<x/>"));
	made_object(&m, 17, NOTE "/Contents(a note)>>");
	made_object(&m, 18, "<</Title(old)>>");
	made_object(&m, 21, "<</Type/Font/Subtype/Type1/BaseFont/Times>>");
	made_stream(&m, 22, "/Type/XObject/Subtype/Form", BYTES_LIT("n"));
	made_object(&m, 23, "<</FT/Tx/Ff 1/T(fixed)/V(9)>>");
	made_object(&m, 24, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>");
	made_object(&m, 25, "<</Nums[0 [15 0 R 15 0 R]]>>");
	made_object(&m, 26, "<</OCGs[]/D<<>>>>");
	made_object(&m, 27, "<</Certs[28 0 R]>>");
	made_stream(&m, 28, "", BYTES_LIT("certificate"));
	made_table(&m, ROOT);
	return m;
}

struct put {
	unsigned num;
	const char *body;   /* NULL: the object is deleted */
	const char *stream; /* not NULL: a stream, `body` its dictionary */
};

struct want {
	enum change_level level;
	const char *code; /* NULL: no finding at all */
	const char *name; /* of a field that must be listed, or NULL */
};

static bool
has_code(const struct findings *f, const char *code)
{
	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->v[i].code, code) == 0)
			return true;
	}
	return false;
}

static void
compare(struct made *m, struct want want)
{
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	struct pdf_diff diff = { .level = CHANGE_NONE };
	keep_made("diff", m);
	CHECK_OK(pdf_open(buf_bytes(&m->out), BYTES_NONE, &d));
	if (d == NULL)
		return;
	CHECK(pdf_views(d) == 2);
	CHECK_OK(pdf_diff(d, 1, 2, &diff));
	bool fits = diff.level == want.level &&
		    (want.code == NULL ? diff.findings.n == 0
				       : has_code(&diff.findings, want.code));
	if (want.name != NULL)
		fits = fits && diff.nnames == 1 &&
		       strcmp(diff.names[0], want.name) == 0;
	CHECK(fits);
	for (size_t i = 0; !fits && i < diff.findings.n; i++)
		printf("# %s: %s\n", diff.findings.v[i].code,
		    diff.findings.v[i].detail);
	pdf_diff_done(&diff);
}

static void
put_all(struct made *m, const struct put *p)
{
	for (; p->num != 0; p++) {
		if (p->stream != NULL)
			made_stream(m, p->num, p->body, bytes_str(p->stream));
		else if (p->body != NULL)
			made_object(m, p->num, p->body);
		else
			made_row(m, p->num, (struct made_row){ 'f', 1, 0 });
	}
}

static void
revision(const struct put *p, const char *trailer, struct want want)
{
	struct made m = base();
	char text[256];
	snprintf(text, sizeof(text), "%s/Prev %zu", trailer, m.section);
	put_all(&m, p);
	made_table(&m, text);
	compare(&m, want);
	made_done(&m);
}

#define WANT(...) ((struct want){ __VA_ARGS__ })
#define OBJECT(n, text) ((struct put){ .num = n, .body = text })
#define STREAM(n, dict, data)                                                  \
	((struct put){ .num = n, .body = dict, .stream = data })
#define DELETED(n) ((struct put){ .num = n })
#define CASE(name, want, ...)                                                  \
	static void name(void)                                                 \
	{                                                                      \
		revision((const struct put[]){ __VA_ARGS__, OBJECT(0, NULL) }, \
		    ROOT, want);                                               \
	}
#define TRAILER(name, want, trailer, ...)                                      \
	static void name(void)                                                 \
	{                                                                      \
		revision((const struct put[]){ __VA_ARGS__, OBJECT(0, NULL) }, \
		    trailer, want);                                            \
	}
#define FORBIDDEN(c) WANT(.level = CHANGE_SUSPICIOUS, .code = c)
#define ALLOWED(l, c) WANT(.level = l, .code = c)
#define NOTHING WANT(.level = CHANGE_NONE)

/* ---- what was there stays ---- */

CASE(ignores_an_identical_rewrite, NOTHING,
    STREAM(4, "", "BT (one million) Tj ET"))
CASE(ignores_objects_that_nothing_refers_to, NOTHING, OBJECT(33, "<</A 1>>"))
CASE(refuses_another_content_stream, FORBIDDEN("pdf-object-changed"),
    STREAM(4, "", "BT (two million) Tj ET"))
CASE(refuses_another_font, FORBIDDEN("pdf-object-changed"),
    OBJECT(21, "<</Type/Font/Subtype/Type1/BaseFont/Forged>>"))
CASE(refuses_a_deleted_object, FORBIDDEN("pdf-object-deleted"), DELETED(4))
CASE(refuses_to_fill_a_hole, FORBIDDEN("pdf-object-filled-in"),
    STREAM(40, "/Subtype/Form", "overlay"))
CASE(refuses_to_fill_a_hole_with_null, FORBIDDEN("pdf-object-filled-in"),
    OBJECT(40, "null"))
CASE(refuses_another_layer_setting, FORBIDDEN("pdf-object-changed"),
    OBJECT(26, "<</OCGs[]/D<</BaseState/OFF>>>>"))

static void
refuses_another_generation(void)
{
	struct made m = base();
	char text[64];
	snprintf(text, sizeof(text), ROOT "/Prev %zu", m.section);
	made_row(&m, 4, (struct made_row){ 'n', 1, m.out.len });
	made_text(&m, "4 1 obj\n<</Length 22>>\nstream\n"
		      "BT (one million) Tj ET\nendstream\nendobj\n");
	made_table(&m, text);
	compare(&m, FORBIDDEN("pdf-object-deleted"));
	made_done(&m);
}

static void
refuses_a_replaced_object_stream(void)
{
	static const char *const old[] = { "<</Type/Font/BaseFont/A>>" };
	static const char *const new[] = { "<</Type/Font/BaseFont/B>>" };
	struct made m = made_page();
	made_object(&m, 3,
	    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]"
	    "/Resources<</Font<</F 5 0 R>>>>>>");
	made_objstm(&m, 6, 5, 1, old);
	made_xref(&m, 7, "/Root 1 0 R");
	char text[64];
	snprintf(text, sizeof(text), "/Root 1 0 R/Prev %zu", m.section);
	made_objstm(&m, 6, 5, 1, new);
	m.rows[5].kind = 0; /* nobody lists the object itself */
	made_xref(&m, 8, text);
	compare(&m, FORBIDDEN("pdf-object-stream-changed"));
	made_done(&m);
}

/* The table says nothing; what it hides replaces the content. */
static void
refuses_what_a_hybrid_section_hides(void)
{
	struct made m = base();
	size_t prev = m.section;
	char text[128];
	made_stream(&m, 4, "", BYTES_LIT("BT (two million) Tj ET"));
	made_xref_stream(&m, 41, ROOT);
	snprintf(
	    text, sizeof(text), ROOT "/XRefStm %zu/Prev %zu", m.section, prev);
	memset(m.rows, 0, sizeof(m.rows));
	made_row(&m, 0, (struct made_row){ 'f', 65535, 0 });
	made_table(&m, text);
	compare(&m, FORBIDDEN("pdf-object-changed"));
	made_done(&m);
}

/* ---- what viewers find when they look for themselves ---- */

CASE(refuses_objects_inside_a_new_stream, FORBIDDEN("pdf-object-unlisted"),
    STREAM(33, "", "\n4 0 obj\n<</Length 3>>\nstream\n(x)\nendstream"))
CASE(refuses_trailers_inside_a_new_stream, FORBIDDEN("pdf-object-unlisted"),
    STREAM(33, "", "\ntrailer\n<</Root 2 0 R>>\n"))
CASE(refuses_to_delete_what_matters_to_no_page, FORBIDDEN("pdf-object-deleted"),
    DELETED(18))
CASE(refuses_new_references_to_nothing, FORBIDDEN("pdf-reference-dangling"),
    OBJECT(33, "<</A 39 0 R>>"))

static void
refuses_unlisted_objects_between_others(void)
{
	struct made m = base();
	char text[64];
	snprintf(text, sizeof(text), ROOT "/Prev %zu", m.section);
	made_object(&m, 4, "<</A 1>>");
	m.rows[4].kind = 0;
	made_object(&m, 18, "<</Title(new)>>");
	made_table(&m, text);
	compare(&m, FORBIDDEN("pdf-object-unlisted"));
	made_done(&m);
}

static void
refuses_to_replace_what_nothing_refers_to(void)
{
	struct made m = base();
	char text[64];
	made_object(&m, 34, "<</A 1>>");
	snprintf(text, sizeof(text), ROOT "/Prev %zu", m.section);
	made_table(&m, text);
	snprintf(text, sizeof(text), ROOT "/Prev %zu", m.section);
	made_object(&m, 34, "<</A 2>>");
	made_table(&m, text);
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	struct pdf_diff diff = { .level = CHANGE_NONE };
	CHECK_OK(pdf_open(buf_bytes(&m.out), BYTES_NONE, &d));
	CHECK_OK(pdf_diff(d, 2, 3, &diff));
	CHECK(diff.level == CHANGE_SUSPICIOUS);
	CHECK(has_code(&diff.findings, "pdf-object-changed"));
	pdf_diff_done(&diff);
	made_done(&m);
}

CASE(refuses_an_info_that_is_not_there, FORBIDDEN("pdf-reference-dangling"),
    OBJECT(18, "<</Title 39 0 R>>"))

/* ---- trailer and catalog ---- */

CASE(takes_another_info, ALLOWED(CHANGE_LTV, "pdf-metadata-changed"),
    OBJECT(18, "<</Title(new)>>"))
CASE(refuses_an_info_with_references, FORBIDDEN("pdf-catalog-changed"),
    OBJECT(18, "<</Title 4 0 R>>"))
CASE(takes_other_metadata, ALLOWED(CHANGE_LTV, "pdf-metadata-changed"),
    STREAM(16, "/Type/Metadata/Subtype/XML", "<y/>"))
CASE(refuses_metadata_of_another_type, FORBIDDEN("pdf-catalog-changed"),
    STREAM(16, "/Type/XObject/Subtype/Form", "<y/>"))
CASE(takes_extensions, ALLOWED(CHANGE_LTV, "pdf-metadata-changed"),
    OBJECT(1, CATALOG "/Extensions<</ESIC<</BaseVersion/1.7>>>>>>"))
CASE(takes_a_higher_version, ALLOWED(CHANGE_LTV, "pdf-metadata-changed"),
    OBJECT(1, CATALOG "/Version/2.0>>"))
CASE(refuses_an_open_action, FORBIDDEN("pdf-catalog-changed"),
    OBJECT(1, CATALOG "/OpenAction<</S/JavaScript/JS(x)>>>>"))
CASE(refuses_new_names, FORBIDDEN("pdf-catalog-changed"),
    OBJECT(1, CATALOG "/Names<<>>>>"))
CASE(refuses_new_permissions, FORBIDDEN("pdf-catalog-changed"),
    OBJECT(1, CATALOG "/Perms<</DocMDP 9 0 R>>>>"))
TRAILER(takes_a_root_that_moved, NOTHING, "/Root 30 0 R/Info 18 0 R",
    OBJECT(30, CATALOG ">>"))
TRAILER(refuses_a_moved_root_with_other_pages, FORBIDDEN("pdf-pages-changed"),
    "/Root 30 0 R/Info 18 0 R",
    OBJECT(30, "<</Type/Catalog/Pages 31 0 R/AcroForm 5 0 R/Metadata 16 0 R"
	       "/StructTreeRoot 14 0 R/OCProperties 26 0 R/DSS 27 0 R>>"),
    OBJECT(31, "<</Type/Pages/Kids[3 0 R]/Count 1>>"))
TRAILER(refuses_references_from_unknown_trailer_keys,
    FORBIDDEN("pdf-trailer-changed"), ROOT "/FooBar 4 0 R", OBJECT(33, "null"))

static void
refuses_a_smaller_size(void)
{
	struct made m = base();
	char text[64];
	snprintf(text, sizeof(text), ROOT "/Prev %zu", m.section);
	made_object(&m, 18, "<</Title(new)>>");
	m.size = 20;
	made_table(&m, text);
	compare(&m, FORBIDDEN("pdf-trailer-changed"));
	made_done(&m);
}

/* ---- validation data ---- */

CASE(takes_a_grown_dss, ALLOWED(CHANGE_LTV, "pdf-validation-data-added"),
    OBJECT(27,
	"<</Certs[28 0 R 30 0 R]/CRLs[30 0 R]/VRI<<"
	"/0123456789ABCDEF0123456789ABCDEF01234567<</Cert[30 0 R]>>>>>>"),
    STREAM(30, "", "crl"))
CASE(refuses_a_dss_with_strange_keys, FORBIDDEN("pdf-dss-changed"),
    OBJECT(27, "<</Certs[28 0 R]/Pages 3 0 R>>"))
CASE(refuses_a_dss_with_dictionaries, FORBIDDEN("pdf-dss-changed"),
    OBJECT(27, "<</Certs[28 0 R 30 0 R]>>"), OBJECT(30, "<</A 1>>"))
CASE(refuses_a_dss_that_fills_a_hole, FORBIDDEN("pdf-object-filled-in"),
    OBJECT(27, "<</Certs[28 0 R 40 0 R]>>"), STREAM(40, "", "overlay"))
CASE(refuses_a_dss_that_replaces_content, FORBIDDEN("pdf-object-changed"),
    OBJECT(27, "<</Certs[28 0 R 4 0 R]>>"), STREAM(4, "", "overlay"))

/* ---- pages ---- */

CASE(refuses_a_new_page, FORBIDDEN("pdf-pages-changed"),
    OBJECT(2, "<</Type/Pages/Kids[3 0 R 24 0 R 30 0 R]/Count 3>>"),
    OBJECT(30, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"))
CASE(refuses_pages_in_another_order, FORBIDDEN("pdf-pages-changed"),
    OBJECT(2, "<</Type/Pages/Kids[24 0 R 3 0 R]/Count 2>>"))
CASE(refuses_a_rotated_page, FORBIDDEN("pdf-page-changed"),
    OBJECT(3, PAGE "/Annots[" ANNOTS "]/Rotate 180>>"))
CASE(refuses_other_contents_of_a_page, FORBIDDEN("pdf-page-changed"),
    OBJECT(24, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]"
	       "/Contents 30 0 R>>"),
    STREAM(30, "", "x"))
CASE(counts_a_comment, ALLOWED(CHANGE_ANNOTATION, "pdf-annotation-added"),
    OBJECT(3, PAGE "/Annots[" ANNOTS " 30 0 R]>>"), OBJECT(30, NOTE ">>"))
CASE(counts_a_changed_comment,
    ALLOWED(CHANGE_ANNOTATION, "pdf-annotation-changed"),
    OBJECT(17, NOTE "/Contents(other)>>"))
CASE(counts_a_removed_comment,
    ALLOWED(CHANGE_ANNOTATION, "pdf-annotation-removed"),
    OBJECT(3, PAGE "/Annots[6 0 R 8 0 R 11 0 R 12 0 R 13 0 R]>>"))
CASE(refuses_a_comment_with_a_script, FORBIDDEN("pdf-annotation-added"),
    OBJECT(3, PAGE "/Annots[" ANNOTS " 30 0 R]>>"),
    OBJECT(30, NOTE "/A<</S/JavaScript/JS(x)>>>>"))
CASE(refuses_a_watermark, FORBIDDEN("pdf-annotation-added"),
    OBJECT(3, PAGE "/Annots[" ANNOTS " 30 0 R]>>"),
    OBJECT(30, "<</Subtype/Watermark/Rect[0 0 600 800]>>"))
CASE(warns_of_a_comment_that_may_hide_something,
    ALLOWED(CHANGE_ANNOTATION, "pdf-annotation-covers"),
    OBJECT(3, PAGE "/Annots[" ANNOTS " 30 0 R]>>"),
    OBJECT(30, "<</Subtype/Stamp/Rect[0 0 600 800]>>"))
CASE(refuses_a_widget_of_no_field, FORBIDDEN("pdf-widget-stray"),
    OBJECT(3, PAGE "/Annots[" ANNOTS " 30 0 R]>>"),
    OBJECT(30, "<</Subtype/Widget/Rect[0 0 9 9]>>"))
CASE(refuses_a_removed_widget, FORBIDDEN("pdf-annotation-removed"),
    OBJECT(3, PAGE "/Annots[6 0 R 11 0 R 12 0 R 13 0 R 17 0 R]>>"))
CASE(refuses_annotations_in_another_order, FORBIDDEN("pdf-page-changed"),
    OBJECT(3, PAGE "/Annots[17 0 R 6 0 R 8 0 R 11 0 R 12 0 R 13 0 R]>>"))
CASE(takes_tabs_in_structure_order,
    ALLOWED(CHANGE_FORM, "pdf-metadata-changed"),
    OBJECT(3, PAGE "/Tabs/S/Annots[" ANNOTS "]>>"))
CASE(counts_other_tabs_as_comments,
    ALLOWED(CHANGE_ANNOTATION, "pdf-page-changed"),
    OBJECT(3, PAGE "/Tabs/R/Annots[" ANNOTS "]>>"))

/* ---- the form ---- */

CASE(lists_a_filled_field,
    WANT(.level = CHANGE_FORM, .code = "pdf-form-filled", .name = "total"),
    OBJECT(6, TEXT_FIELD "/V(2)/AP<</N 30 0 R>>>>"),
    STREAM(30, "/Subtype/Form", "(2) Tj"))
CASE(takes_a_new_look_in_the_old_stream,
    ALLOWED(CHANGE_FORM, "pdf-form-filled"),
    OBJECT(6, TEXT_FIELD "/V(2)/AP<</N 7 0 R>>>>"),
    STREAM(7, "/Subtype/Form", "(2) Tj"))
CASE(refuses_another_look_of_the_same_value, FORBIDDEN("pdf-field-changed"),
    OBJECT(6, TEXT_FIELD "/V(1)/AP<</N 30 0 R>>>>"),
    STREAM(30, "/Subtype/Form", "(1000000) Tj"))
CASE(refuses_another_look_by_its_stream, FORBIDDEN("pdf-field-changed"),
    STREAM(7, "/Subtype/Form", "(1000000) Tj"))
CASE(refuses_a_field_that_moves, FORBIDDEN("pdf-field-changed"),
    OBJECT(6, "<</FT/Tx/T(total)/Subtype/Widget/Rect[10 10 590 790]/P 3 0 R"
	      "/V(2)/AP<</N 7 0 R>>>>"))
CASE(refuses_a_filled_read_only_field, FORBIDDEN("pdf-field-changed"),
    OBJECT(23, "<</FT/Tx/Ff 1/T(fixed)/V(10)>>"))
CASE(takes_a_field_that_becomes_read_only,
    ALLOWED(CHANGE_FORM, "pdf-form-filled"),
    OBJECT(6, TEXT_FIELD "/Ff 1/V(1)/AP<</N 7 0 R>>>>"))
CASE(takes_a_checked_box, ALLOWED(CHANGE_FORM, "pdf-form-filled"),
    OBJECT(12, CHECK_BOX "/V/On/AS/On>>"))
CASE(refuses_another_picture_on_a_button, FORBIDDEN("pdf-field-changed"),
    OBJECT(13, BUTTON "/AP<</N 30 0 R>>>>"), STREAM(30, "/Subtype/Form", "x"))
CASE(refuses_a_removed_field, FORBIDDEN("pdf-field-removed"),
    OBJECT(5, FORM "/Fields[6 0 R 8 0 R 11 0 R 12 0 R 13 0 R]>>"))
CASE(refuses_a_new_text_field, FORBIDDEN("pdf-field-added"),
    OBJECT(5, FORM "/Fields[" FIELDS " 30 0 R]>>"),
    OBJECT(30, "<</FT/Tx/T(new)/V(x)>>"))
CASE(refuses_drawing_fields_anew, FORBIDDEN("pdf-form-changed"),
    OBJECT(5, FORM "/NeedAppearances true/Fields[" FIELDS "]>>"))
CASE(takes_more_default_resources, NOTHING,
    OBJECT(5, "<</SigFlags 3/DR<</Font<</Helv 21 0 R/New 30 0 R>>>>"
	      "/Fields[" FIELDS "]>>"),
    OBJECT(30, "<</Type/Font>>"))
CASE(refuses_other_default_fonts, FORBIDDEN("pdf-form-changed"),
    OBJECT(5, "<</SigFlags 3/DR<</Font<</Helv 30 0 R>>>>"
	      "/Fields[" FIELDS "]>>"),
    OBJECT(30, "<</Type/Font>>"))
CASE(refuses_xfa, FORBIDDEN("pdf-form-changed"),
    OBJECT(5, FORM "/XFA 30 0 R/Fields[" FIELDS "]>>"), STREAM(30, "", "x"))

/* ---- signatures ---- */

CASE(refuses_another_reason, FORBIDDEN("pdf-object-changed"),
    OBJECT(9, SIG_VALUE "/Reason(bad)>>"))
CASE(refuses_another_look_of_a_signature, FORBIDDEN("pdf-object-changed"),
    STREAM(10, "/Type/XObject/Subtype/Form", "other"))
CASE(refuses_a_signed_field_that_changes, FORBIDDEN("pdf-signed-field-changed"),
    OBJECT(8, SIGNED_FIELD "/TU(other)>>"))
CASE(takes_a_signature_in_an_empty_field,
    WANT(.level = CHANGE_FORM, .code = "pdf-signature-added", .name = "Sig2"),
    OBJECT(11, EMPTY_FIELD "/V 31 0 R/AP<</N 30 0 R>>>>"),
    STREAM(30, "/Subtype/Form", "q Q"), OBJECT(31, SIG_VALUE ">>"))
CASE(refuses_a_picture_without_a_signature, FORBIDDEN("pdf-field-changed"),
    OBJECT(11, EMPTY_FIELD "/AP<</N 30 0 R>>>>"),
    STREAM(30, "/Subtype/Form", "q Q"))

#define WITH_FIELD                                                             \
	OBJECT(5, FORM "/Fields[" FIELDS " 30 0 R]>>"),                        \
	    OBJECT(3, PAGE "/Annots[" ANNOTS " 30 0 R]>>")

CASE(takes_a_new_signature, ALLOWED(CHANGE_FORM, "pdf-signature-added"),
    WITH_FIELD, OBJECT(30, NEW_SIG "/Rect[100 100 200 150]>>"),
    OBJECT(31, SIG_VALUE ">>"))
CASE(counts_a_time_stamp_as_validation_data,
    ALLOWED(CHANGE_LTV, "pdf-validation-data-added"), WITH_FIELD,
    OBJECT(30, NEW_SIG "/Rect[0 0 0 0]>>"),
    OBJECT(31, SIG_VALUE "/SubFilter/ETSI.RFC3161>>"))
CASE(counts_a_visible_time_stamp_as_a_signature,
    ALLOWED(CHANGE_FORM, "pdf-signature-added"), WITH_FIELD,
    OBJECT(30, NEW_SIG "/Rect[100 100 200 150]>>"),
    OBJECT(31, SIG_VALUE "/SubFilter/ETSI.RFC3161>>"))
CASE(tells_a_signature_over_a_field,
    ALLOWED(CHANGE_FORM, "pdf-signature-overlaps"), WITH_FIELD,
    OBJECT(30, NEW_SIG "/Rect[20 20 200 60]>>"), OBJECT(31, SIG_VALUE ">>"))
CASE(refuses_a_signature_over_half_the_page,
    FORBIDDEN("pdf-signature-overlaps"), WITH_FIELD,
    OBJECT(30, NEW_SIG "/Rect[0 200 600 800.0]>>"), OBJECT(31, SIG_VALUE ">>"))
CASE(refuses_a_picture_in_an_unsigned_field, FORBIDDEN("pdf-field-added"),
    WITH_FIELD,
    OBJECT(30, "<</FT/Sig/T(Sig9)/Subtype/Widget/P 3 0 R"
	       "/Rect[100 100 200 150]/AP<</N 10 0 R>>>>"))
CASE(takes_an_empty_signature_field,
    ALLOWED(CHANGE_FORM, "pdf-signature-added"), WITH_FIELD,
    OBJECT(30, "<</FT/Sig/T(Sig9)/Subtype/Widget/P 3 0 R"
	       "/Rect[100 100 200 150]>>"))
CASE(refuses_a_background_in_an_unsigned_field, FORBIDDEN("pdf-field-added"),
    WITH_FIELD,
    OBJECT(30, "<</FT/Sig/T(Sig9)/Subtype/Widget/P 3 0 R"
	       "/Rect[100 100 200 150]/MK<</BG[1 1 1]>>>>"))
CASE(refuses_a_new_field_with_an_old_signature, FORBIDDEN("pdf-field-added"),
    WITH_FIELD,
    OBJECT(30, "<</FT/Sig/T(Sig9)/Subtype/Widget/P 3 0 R/V 9 0 R"
	       "/Rect[100 100 200 150]>>"))
CASE(refuses_a_new_field_with_an_old_name, FORBIDDEN("pdf-field-added"),
    WITH_FIELD,
    OBJECT(30, "<</FT/Sig/T(total)/Subtype/Widget/P 3 0 R/V 31 0 R"
	       "/Rect[100 100 200 150]>>"),
    OBJECT(31, SIG_VALUE ">>"))
CASE(takes_a_new_signature_below_a_name,
    ALLOWED(CHANGE_FORM, "pdf-signature-added"),
    OBJECT(5, FORM "/Fields[" FIELDS " 32 0 R]>>"),
    OBJECT(32, "<</T(group)/Kids[30 0 R]>>"),
    OBJECT(30, NEW_SIG "/Rect[0 0 0 0]>>"), OBJECT(31, SIG_VALUE ">>"))
CASE(refuses_a_new_text_field_below_a_name, FORBIDDEN("pdf-field-added"),
    OBJECT(5, FORM "/Fields[" FIELDS " 32 0 R]>>"),
    OBJECT(32, "<</T(group)/Kids[30 0 R]>>"),
    OBJECT(30, "<</FT/Tx/T(new)/V(x)>>"))
CASE(refuses_a_new_kid_of_a_field, FORBIDDEN("pdf-field-added"),
    OBJECT(6, TEXT_FIELD "/V(1)/AP<</N 7 0 R>>/Kids[30 0 R]>>"),
    OBJECT(30, NEW_SIG "/Rect[0 0 0 0]>>"), OBJECT(31, SIG_VALUE ">>"))
CASE(refuses_an_old_name_in_another_encoding, FORBIDDEN("pdf-field-added"),
    WITH_FIELD,
    OBJECT(30, "<</FT/Sig/T<FEFF0074006F00740061006C>/Subtype/Widget"
	       "/P 3 0 R/V 31 0 R/Rect[100 100 200 150]>>"),
    OBJECT(31, SIG_VALUE ">>"))
CASE(refuses_a_signature_with_an_action, FORBIDDEN("pdf-field-added"),
    WITH_FIELD,
    OBJECT(30, NEW_SIG "/Rect[0 0 0 0]/AA<</E<</S/JavaScript/JS(x)>>>>>>"),
    OBJECT(31, SIG_VALUE ">>"))
CASE(refuses_a_signature_that_fills_a_hole, FORBIDDEN("pdf-object-filled-in"),
    WITH_FIELD,
    OBJECT(30, "<</FT/Sig/T(Sig9)/Subtype/Widget/P 3 0 R/V 40 0 R"
	       "/Rect[0 0 0 0]>>"),
    OBJECT(40, SIG_VALUE ">>"))

/* ---- the structure tree ---- */

CASE(takes_a_new_element_for_a_widget,
    ALLOWED(CHANGE_FORM, "pdf-structure-added"),
    OBJECT(14, "<</Type/StructTreeRoot/K[15 0 R 30 0 R]/ParentTree 25 0 R"
	       "/ParentTreeNextKey 2>>"),
    OBJECT(25, "<</Nums[0 [15 0 R 15 0 R] 1 30 0 R]>>"),
    OBJECT(30, "<</Type/StructElem/S/Form/P 14 0 R"
	       "/K<</Type/OBJR/Obj 17 0 R>>>>"))
CASE(refuses_a_removed_element, FORBIDDEN("pdf-structure-changed"),
    OBJECT(15, ELEMENT "/K[0]/Pg 3 0 R>>"))
CASE(refuses_other_words_for_an_element, FORBIDDEN("pdf-structure-changed"),
    OBJECT(15, ELEMENT "/K[0 1]/Pg 3 0 R/ActualText(two million)>>"))
CASE(refuses_old_content_in_a_new_element, FORBIDDEN("pdf-structure-changed"),
    OBJECT(15, ELEMENT "/K[0 1 30 0 R]/Pg 3 0 R>>"),
    OBJECT(30, "<</Type/StructElem/S/P/P 15 0 R/K[0]/ActualText(x)>>"))
CASE(refuses_another_parent_tree, FORBIDDEN("pdf-structure-changed"),
    OBJECT(25, "<</Nums[0 [15 0 R]]>>"))

static void
tells_what_is_too_broken_to_compare(void)
{
	struct made m = base();
	char text[64];
	snprintf(text, sizeof(text), ROOT "/Prev %zu", m.section);
	made_object(&m, 26, "<</OCGs[");
	made_table(&m, text);
	compare(&m, FORBIDDEN("pdf-unreadable"));
	made_done(&m);
}

/* ---- where a change is ---- */

static void
tells_page_object_and_revision_of_a_change(void)
{
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	struct pdf_diff diff = { .level = CHANGE_NONE };
	CLEANUP(made_done) struct made m = base();
	char trailer[64];
	snprintf(trailer, sizeof(trailer), ROOT "/Prev %zu", m.section);
	made_object(&m, 24,
	    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[30 0 R]>>");
	made_object(&m, 30, NOTE "/Contents(new)>>");
	made_table(&m, trailer);
	CHECK_OK(pdf_open(buf_bytes(&m.out), BYTES_NONE, &d));
	CHECK_OK(pdf_diff(d, 1, 2, &diff));
	CHECK(diff.findings.n == 1 && diff.level == CHANGE_ANNOTATION);
	const struct finding *f = &diff.findings.v[0];
	CHECK(f->page == 2 && f->object == 30 && f->revision == 2);
	pdf_diff_done(&diff);
}

int
main(void)
{
	RUN(tells_page_object_and_revision_of_a_change);
	RUN(ignores_an_identical_rewrite);
	RUN(ignores_objects_that_nothing_refers_to);
	RUN(refuses_another_content_stream);
	RUN(refuses_another_font);
	RUN(refuses_a_deleted_object);
	RUN(refuses_to_fill_a_hole);
	RUN(refuses_to_fill_a_hole_with_null);
	RUN(refuses_another_layer_setting);
	RUN(refuses_another_generation);
	RUN(refuses_a_replaced_object_stream);
	RUN(refuses_what_a_hybrid_section_hides);
	RUN(refuses_objects_inside_a_new_stream);
	RUN(refuses_trailers_inside_a_new_stream);
	RUN(refuses_to_delete_what_matters_to_no_page);
	RUN(refuses_new_references_to_nothing);
	RUN(refuses_unlisted_objects_between_others);
	RUN(refuses_to_replace_what_nothing_refers_to);
	RUN(refuses_an_info_that_is_not_there);
	RUN(takes_another_info);
	RUN(refuses_an_info_with_references);
	RUN(takes_other_metadata);
	RUN(refuses_metadata_of_another_type);
	RUN(takes_extensions);
	RUN(takes_a_higher_version);
	RUN(refuses_an_open_action);
	RUN(refuses_new_names);
	RUN(refuses_new_permissions);
	RUN(takes_a_root_that_moved);
	RUN(refuses_a_moved_root_with_other_pages);
	RUN(refuses_references_from_unknown_trailer_keys);
	RUN(refuses_a_smaller_size);
	RUN(takes_a_grown_dss);
	RUN(refuses_a_dss_with_strange_keys);
	RUN(refuses_a_dss_with_dictionaries);
	RUN(refuses_a_dss_that_fills_a_hole);
	RUN(refuses_a_dss_that_replaces_content);
	RUN(refuses_a_new_page);
	RUN(refuses_pages_in_another_order);
	RUN(refuses_a_rotated_page);
	RUN(refuses_other_contents_of_a_page);
	RUN(counts_a_comment);
	RUN(counts_a_changed_comment);
	RUN(counts_a_removed_comment);
	RUN(refuses_a_comment_with_a_script);
	RUN(refuses_a_watermark);
	RUN(warns_of_a_comment_that_may_hide_something);
	RUN(refuses_a_widget_of_no_field);
	RUN(refuses_a_removed_widget);
	RUN(refuses_annotations_in_another_order);
	RUN(takes_tabs_in_structure_order);
	RUN(counts_other_tabs_as_comments);
	RUN(lists_a_filled_field);
	RUN(takes_a_new_look_in_the_old_stream);
	RUN(refuses_another_look_of_the_same_value);
	RUN(refuses_another_look_by_its_stream);
	RUN(refuses_a_field_that_moves);
	RUN(refuses_a_filled_read_only_field);
	RUN(takes_a_field_that_becomes_read_only);
	RUN(takes_a_checked_box);
	RUN(refuses_another_picture_on_a_button);
	RUN(refuses_a_removed_field);
	RUN(refuses_a_new_text_field);
	RUN(refuses_drawing_fields_anew);
	RUN(takes_more_default_resources);
	RUN(refuses_other_default_fonts);
	RUN(refuses_xfa);
	RUN(refuses_another_reason);
	RUN(refuses_another_look_of_a_signature);
	RUN(refuses_a_signed_field_that_changes);
	RUN(takes_a_signature_in_an_empty_field);
	RUN(refuses_a_picture_without_a_signature);
	RUN(takes_a_new_signature);
	RUN(counts_a_time_stamp_as_validation_data);
	RUN(counts_a_visible_time_stamp_as_a_signature);
	RUN(tells_a_signature_over_a_field);
	RUN(refuses_a_signature_over_half_the_page);
	RUN(refuses_a_picture_in_an_unsigned_field);
	RUN(takes_an_empty_signature_field);
	RUN(refuses_a_background_in_an_unsigned_field);
	RUN(refuses_a_new_field_with_an_old_signature);
	RUN(refuses_a_new_field_with_an_old_name);
	RUN(takes_a_new_signature_below_a_name);
	RUN(refuses_a_new_text_field_below_a_name);
	RUN(refuses_a_new_kid_of_a_field);
	RUN(refuses_an_old_name_in_another_encoding);
	RUN(refuses_a_signature_with_an_action);
	RUN(refuses_a_signature_that_fills_a_hole);
	RUN(takes_a_new_element_for_a_widget);
	RUN(refuses_a_removed_element);
	RUN(refuses_other_words_for_an_element);
	RUN(refuses_old_content_in_a_new_element);
	RUN(refuses_another_parent_tree);
	RUN(tells_what_is_too_broken_to_compare);
	return DONE();
}
