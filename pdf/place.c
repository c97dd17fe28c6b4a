#include "pdf/place.h"

#include "format/format.h"
#include "pdf/tag.h"
#include "pdf/text.h"

#include <string.h>

#define SIG_FLAGS 3 /* SignaturesExist, AppendOnly: ISO 32000-2 table 225 */
#define WIDGET_FLAGS 132 /* Print, Locked: table 167; PDF/A wants Print */

struct place {
	struct pdf_increment *inc;
	struct pdf_document *d;
	size_t view;
	const struct pdf_placing *what;
	const struct pdf_survey *survey;
	struct pdf_ref field;
	struct pdf_page page;
	struct pdf_ref annots; /* the array that was written anew, or num 0 */
};

static struct err *
damaged(const char *what)
{
	return err_coded(err_new(ERR_MALFORMED, "ISO 32000-2 12.7", "%s", what),
	    "pdf-damaged");
}

/* ---- the field ---- */

static struct err *
field_name(const struct place *p, struct buf *out)
{
	const char *wanted = p->survey->wanted;
	if (wanted == NULL)
		return buf_printf(out, "Signature%u", p->survey->name_number);
	/* A point would make it a field below another one. */
	if (wanted[0] == '\0' || strchr(wanted, '.') != NULL ||
	    strlen(wanted) > PDF_FIELD_NAME_MAX)
		return err_coded(err_new(ERR_USAGE, "ISO 32000-2 12.7.4.2",
				     "no name for a new field"),
		    "pdf-field");
	return pdf_text_encode(bytes_str(wanted), out);
}

/* The picture; of a field without a size, where there must be one. */
static struct err *
find_look(struct place *p, struct pdf_ref *out)
{
	*out = p->what->look;
	if (out->num != 0)
		return NULL;
	*out = p->survey->empty_look;
	if (!p->survey->pdfa1 || out->num != 0)
		return NULL;
	TRY(pdf_increment_number(p->inc, out));
	return pdf_increment_stream(p->inc, *out,
	    "/Type/XObject/Subtype/Form/BBox[0 0 0 0]/Resources<<>>",
	    BYTES_NONE, false);
}

/* PDF/UA-1 7.18.1 wants a name that can be read out. */
static struct err *
write_spoken_name(struct place *p, const struct pdf_writer *w)
{
	if (!p->survey->tagged)
		return NULL;
	CLEANUP(buf_done) struct buf text = BUF(256);
	TRY(pdf_text_encode(
	    bytes_str(p->what->evidence ? "Dấu thời gian" : "Chữ ký số"),
	    &text));
	TRY(buf_str(w->out, "/TU"));
	return pdf_write_string(w, buf_bytes(&text), false);
}

/* For signatures that are there the tree stays as it is. */
static bool
is_first_of_tagged(const struct place *p)
{
	return p->survey->tagged && p->survey->signatures == 0 &&
	       p->survey->stamps == 0;
}

static struct err *
write_field(struct place *p, struct pdf_ref look)
{
	struct pdf_writer w;
	int64_t tag = -1;
	CLEANUP(buf_done) struct buf name = BUF(PDF_FIELD_NAME_MAX * 4);
	if (is_first_of_tagged(p))
		TRY(pdf_tag_field(p->inc, p->field, p->page.ref, &tag));
	TRY(field_name(p, &name));
	TRY(pdf_increment_begin(p->inc, p->field, &w));
	TRY(buf_str(w.out, "<</Type/Annot/Subtype/Widget/FT/Sig/T"));
	TRY(pdf_write_string(&w, buf_bytes(&name), false));
	TRY(write_spoken_name(p, &w));
	if (tag >= 0)
		TRY(buf_printf(w.out, "/StructParent %lld", (long long)tag));
	TRY(buf_str(w.out, "/V "));
	TRY(pdf_write_ref(w.out, p->what->signature));
	TRY(buf_str(w.out, "/P "));
	TRY(pdf_write_ref(w.out, p->page.ref));
	const struct pdf_box *b = &p->what->box;
	TRY(buf_printf(w.out, "/F %d/Rect[%.3f %.3f %.3f %.3f]", WIDGET_FLAGS,
	    b->x0, b->y0, b->x1, b->y1));
	if (look.num != 0) {
		TRY(buf_str(w.out, "/AP<</N "));
		TRY(pdf_write_ref(w.out, look));
		TRY(buf_str(w.out, ">>"));
	}
	TRY(buf_str(w.out, ">>"));
	return pdf_increment_end(p->inc);
}

/* Writes the object `ref` again with some members changed. */
static struct err *
rewrite_with(struct place *p, struct pdf_ref ref, const struct pdf_obj *dict,
    const struct pdf_change *c, size_t n)
{
	struct pdf_writer w;
	TRY(pdf_increment_begin(p->inc, ref, &w));
	TRY(pdf_write_changed(&w, dict, c, n));
	return pdf_increment_end(p->inc);
}

static struct err *
fill_field(struct place *p)
{
	CLEANUP(buf_done) struct buf v = BUF(64);
	CLEANUP(buf_done) struct buf look = BUF(64);
	TRY(pdf_write_ref(&v, p->what->signature));
	TRY(buf_str(&look, "<</N "));
	TRY(pdf_write_ref(&look, p->what->look));
	TRY(buf_str(&look, ">>"));
	const struct pdf_change c[] = { { "V", buf_bytes(&v) },
		{ "AP", buf_bytes(&look) } };
	return rewrite_with(p, p->field, p->survey->dict, c,
	    p->what->look.num != 0 ? 2 : 1);
}

/* ---- arrays that grow ---- */

/*
 * Adds the field to the array at `raw`.  Where that is an object of its own,
 * only it is written again, *out stays empty; else *out is the new array, to be
 * put into the object `around`.
 */
static struct err *
lengthen(struct place *p, const struct pdf_obj *raw, struct pdf_ref around,
    struct pdf_ref *written, struct buf *out)
{
	const struct pdf_obj *array;
	TRY(pdf_resolve(p->d, p->view, raw, &array));
	if (!pdf_is(array, PDF_ARRAY) && !pdf_is(array, PDF_NULL))
		return damaged("/Annots or /Fields is no array");
	struct pdf_writer w = {
		.out = out, .crypt = pdf_crypt(p->d), .ref = around
	};
	*written = (struct pdf_ref){ 0, 0 };
	/* A reference to nothing must not come to life. */
	if (!pdf_is(raw, PDF_REF) || pdf_is(array, PDF_NULL))
		return pdf_write_longer(&w, array, p->field);
	*written = raw->ref;
	/* Some files use one array for both. */
	if (p->annots.num == raw->ref.num)
		return NULL;
	TRY(pdf_increment_begin(p->inc, raw->ref, &w));
	TRY(pdf_write_longer(&w, array, p->field));
	return pdf_increment_end(p->inc);
}

static struct err *
see_page(void *ctx, const struct pdf_page *page, bool *go_on)
{
	struct place *p = ctx;
	*go_on = page->number < p->what->page;
	p->page = *page;
	return NULL;
}

static struct err *
place_on_page(struct place *p)
{
	CLEANUP(buf_done) struct buf annots = BUF(INSERTION_MAX);
	struct pdf_ref written;
	TRY(lengthen(p, pdf_dict_raw(p->page.dict, "Annots"), p->page.ref,
	    &written, &annots));
	p->annots = written;
	struct pdf_change c[2];
	size_t n = 0;
	if (written.num == 0)
		c[n++] = (struct pdf_change){ "Annots", buf_bytes(&annots) };
	/* PDF/UA-1 7.18.3.  For what was signed before it is another page. */
	if (is_first_of_tagged(p) &&
	    pdf_is(pdf_dict_raw(p->page.dict, "Tabs"), PDF_NULL))
		c[n++] = (struct pdf_change){ "Tabs", BYTES_LIT("/S") };
	return n == 0 ? NULL : rewrite_with(p, p->page.ref, p->page.dict, c, n);
}

/* ---- the form ---- */

struct form_changes {
	struct pdf_change v[3];
	size_t n;
	struct buf fields;
	struct buf flags;
};

static void
form_changes_done(struct form_changes *c)
{
	buf_done(&c->fields);
	buf_done(&c->flags);
}

static void
change(struct form_changes *c, const char *key, struct bytes value)
{
	c->v[c->n++] = (struct pdf_change){ key, value };
}

/* `around`: the object that the form's dictionary stands in. */
static struct err *
find_changes(struct place *p, const struct pdf_obj *form, struct pdf_ref around,
    struct form_changes *c)
{
	const struct pdf_obj *flags, *need;
	struct pdf_ref written;
	int64_t old = 0;
	if (!p->survey->found) {
		TRY(lengthen(p, pdf_dict_raw(form, "Fields"), around, &written,
		    &c->fields));
		if (written.num == 0)
			change(c, "Fields", buf_bytes(&c->fields));
	}
	TRY(pdf_dict_get(p->d, p->view, form, "SigFlags", &flags));
	(void)pdf_int(flags, 0, INT32_MAX, &old);
	if ((old & SIG_FLAGS) != SIG_FLAGS) {
		TRY(buf_printf(
		    &c->flags, "%lld", (long long)(old | SIG_FLAGS)));
		change(c, "SigFlags", buf_bytes(&c->flags));
	}
	/* With it, readers draw all fields anew, and hide signatures. */
	TRY(pdf_dict_get(p->d, p->view, form, "NeedAppearances", &need));
	if (pdf_is(need, PDF_BOOL) && need->boolean && !p->survey->bare_widgets)
		change(c, "NeedAppearances", BYTES_NONE);
	return NULL;
}

/* What the catalog gets: a form, and the name of who certifies. */
struct catalog_changes {
	struct pdf_change v[2];
	size_t n;
	struct buf form;
	struct buf perms;
};

static void
catalog_changes_done(struct catalog_changes *c)
{
	buf_done(&c->form);
	buf_done(&c->perms);
}

static struct err *
place_in_form(struct place *p, struct pdf_ref root, struct catalog_changes *cat)
{
	struct pdf_ref ref;
	const struct pdf_obj *form;
	CLEANUP(form_changes_done)
	struct form_changes c = { .fields = BUF(INSERTION_MAX),
		.flags = BUF(32) };
	TRY(pdf_form(p->d, p->view, &ref, &form));
	bool fresh = pdf_is(form, PDF_NULL);
	if (fresh)
		TRY(pdf_increment_number(p->inc, &ref));
	bool direct = ref.num == 0;
	TRY(find_changes(p, form, direct ? root : ref, &c));
	if (c.n == 0)
		return NULL;
	if (!direct)
		TRY(rewrite_with(p, ref, form, c.v, c.n));
	if (!direct && !fresh)
		return NULL;
	struct pdf_writer w = {
		.out = &cat->form, .crypt = pdf_crypt(p->d), .ref = root
	};
	TRY(fresh ? pdf_write_ref(&cat->form, ref)
		  : pdf_write_changed(&w, form, c.v, c.n));
	cat->v[cat->n++] =
	    (struct pdf_change){ "AcroForm", buf_bytes(&cat->form) };
	return NULL;
}

/* ISO 32000-2 table 263. */
static struct err *
place_in_perms(struct place *p, struct pdf_ref root,
    const struct pdf_obj *catalog, struct catalog_changes *cat)
{
	const struct pdf_obj *perms;
	CLEANUP(buf_done) struct buf v = BUF(64);
	if (!p->what->certifies)
		return NULL;
	TRY(pdf_dict_get(p->d, p->view, catalog, "Perms", &perms));
	TRY(pdf_write_ref(&v, p->what->signature));
	const struct pdf_change c = { "DocMDP", buf_bytes(&v) };
	struct pdf_writer w = {
		.out = &cat->perms, .crypt = pdf_crypt(p->d), .ref = root
	};
	TRY(pdf_write_changed(&w, perms, &c, 1));
	cat->v[cat->n++] =
	    (struct pdf_change){ "Perms", buf_bytes(&cat->perms) };
	return NULL;
}

static struct err *
place_in_catalog(struct place *p)
{
	struct pdf_ref root;
	const struct pdf_obj *catalog;
	CLEANUP(catalog_changes_done)
	struct catalog_changes c = { .form = BUF(INSERTION_MAX),
		.perms = BUF(INSERTION_MAX) };
	TRY(pdf_catalog(p->d, p->view, &root, &catalog));
	TRY(place_in_form(p, root, &c));
	TRY(place_in_perms(p, root, catalog, &c));
	return c.n == 0 ? NULL : rewrite_with(p, root, catalog, c.v, c.n);
}

struct err *
pdf_place_field(struct pdf_increment *inc, const struct pdf_placing *what)
{
	struct place p = {
		.inc = inc,
		.d = inc->doc,
		.view = pdf_views(inc->doc),
		.what = what,
		.survey = what->survey,
		.field = what->survey->field,
	};
	if (p.survey->found) {
		TRY(fill_field(&p));
		return place_in_catalog(&p);
	}
	struct pdf_ref look = { 0, 0 };
	TRY(pdf_each_page(p.d, p.view, see_page, &p));
	if (p.page.dict == NULL)
		return damaged("the document has no page");
	TRY(pdf_increment_number(inc, &p.field));
	TRY(find_look(&p, &look));
	TRY(write_field(&p, look));
	TRY(place_on_page(&p));
	return place_in_catalog(&p);
}
