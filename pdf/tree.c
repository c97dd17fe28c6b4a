/* Catalog, pages and form. */
#include "pdf/inside.h"
#include "pdf/text.h"

#include <string.h>

#define NODE_STEPS 16 /* a node of a tree costs as much as so many tokens */
#define FIELD_NAME_MAX 4096 /* bytes of a fully qualified name */

static struct err *
damaged(const char *what)
{
	return err_coded(err_new(ERR_MALFORMED, "ISO 32000-2 7.7", "%s", what),
	    "pdf-damaged");
}

static struct err *
too_complex(const char *what)
{
	return err_coded(
	    err_new(ERR_LIMIT, NULL, "%s", what), "pdf-too-complex");
}

struct err *
pdf_catalog(struct pdf_document *d, size_t view, struct pdf_ref *ref,
    const struct pdf_obj **out)
{
	const struct pdf_obj *root =
	    pdf_dict_raw(pdf_trailer(&d->xref, view), "Root");
	if (!pdf_is(root, PDF_REF))
		return damaged("no /Root in the trailer");
	*ref = root->ref;
	TRY(pdf_get(d, view, root->ref, out));
	return pdf_is(*out, PDF_DICT) ? NULL : damaged("no catalog");
}

/* ---- pages ---- */

struct page_walk {
	struct pdf_document *d;
	size_t view;
	struct err *(*each)(void *ctx, const struct pdf_page *p, bool *go_on);
	void *ctx;
	size_t count;
	bool go_on;
	struct pdf_ref above[PDF_DEPTH_MAX];
	size_t depth;
};

static struct err *
enter(struct page_walk *w, struct pdf_ref ref)
{
	TRY(pdf_spend(&w->d->budget, NODE_STEPS));
	if (w->depth == PDF_DEPTH_MAX)
		return too_complex("the page tree is too deep");
	for (size_t i = 0; i < w->depth; i++) {
		if (w->above[i].num == ref.num)
			return damaged("the page tree is a loop");
	}
	w->above[w->depth++] = ref;
	return NULL;
}

static struct err *
walk_page(struct page_walk *w, struct pdf_ref ref, const struct pdf_obj *dict)
{
	struct pdf_page p = { ++w->count, ref, dict };
	if (w->count > PDF_PAGES_MAX)
		return too_complex("too many pages");
	return w->each(w->ctx, &p, &w->go_on);
}

static struct err *
walk_pages(struct page_walk *w, struct pdf_ref ref)
{
	const struct pdf_obj *node, *kids;
	TRY(enter(w, ref));
	TRY(pdf_get(w->d, w->view, ref, &node));
	TRY(pdf_spend(&w->d->budget, pdf_dict_len(node)));
	if (!pdf_is(node, PDF_DICT))
		return damaged("a node of the page tree is no dictionary");
	TRY(pdf_dict_get(w->d, w->view, node, "Kids", &kids));
	const struct pdf_obj *type = pdf_dict_raw(node, "Type");
	if (pdf_is(kids, PDF_NULL) &&
	    (pdf_is_name(type, "Page") || pdf_is(type, PDF_NULL))) {
		TRY(walk_page(w, ref, node));
	} else if (!pdf_is(kids, PDF_ARRAY)) {
		return damaged("pages without /Kids");
	}
	for (size_t i = 0; i < pdf_array_len(kids) && w->go_on; i++) {
		const struct pdf_obj *kid = pdf_array_at(kids, i);
		if (!pdf_is(kid, PDF_REF))
			return damaged("a kid of pages is no reference");
		TRY(walk_pages(w, kid->ref));
	}
	w->depth--;
	return NULL;
}

struct err *
pdf_each_page(struct pdf_document *d, size_t view,
    struct err *(*each)(void *ctx, const struct pdf_page *p, bool *go_on),
    void *ctx)
{
	struct pdf_ref ref;
	const struct pdf_obj *catalog;
	TRY(pdf_catalog(d, view, &ref, &catalog));
	const struct pdf_obj *pages = pdf_dict_raw(catalog, "Pages");
	if (!pdf_is(pages, PDF_REF))
		return damaged("no /Pages in the catalog");
	struct page_walk w = {
		.d = d, .view = view, .each = each, .ctx = ctx, .go_on = true
	};
	return walk_pages(&w, pages->ref);
}

/* ---- the form ---- */

struct err *
pdf_form(struct pdf_document *d, size_t view, struct pdf_ref *ref,
    const struct pdf_obj **out)
{
	const struct pdf_obj *catalog;
	struct pdf_ref root;
	TRY(pdf_catalog(d, view, &root, &catalog));
	const struct pdf_obj *form = pdf_dict_raw(catalog, "AcroForm");
	*ref = (struct pdf_ref){ 0, 0 };
	if (pdf_is(form, PDF_REF))
		*ref = form->ref;
	TRY(pdf_resolve(d, view, form, out));
	if (!pdf_is(*out, PDF_NULL) && !pdf_is(*out, PDF_DICT))
		return damaged("/AcroForm is no dictionary");
	return NULL;
}

struct field_walk {
	struct pdf_document *d;
	size_t view;
	struct err *(*each)(void *ctx, const struct pdf_field *f, bool *go_on);
	void *ctx;
	size_t count;
	bool go_on;
	struct pdf_ref above[PDF_DEPTH_MAX];
	size_t depth;
	struct buf name;
};

static struct err *
enter_field(struct field_walk *w, const struct pdf_obj *o)
{
	TRY(pdf_spend(&w->d->budget, NODE_STEPS));
	struct pdf_ref ref = { 0, 0 };
	if (pdf_is(o, PDF_REF))
		ref = o->ref;
	if (w->depth == PDF_DEPTH_MAX || ++w->count > PDF_FIELDS_MAX)
		return too_complex("too many fields");
	for (size_t i = 0; i < w->depth; i++) {
		if (ref.num != 0 && w->above[i].num == ref.num)
			return damaged("the fields are a loop");
	}
	w->above[w->depth++] = ref;
	return NULL;
}

static struct err *
add_name(struct field_walk *w, const struct pdf_obj *dict)
{
	const struct pdf_obj *t;
	TRY(pdf_dict_get(w->d, w->view, dict, "T", &t));
	if (!pdf_is(t, PDF_STRING))
		return NULL;
	if (w->name.len > 0)
		TRY(buf_byte(&w->name, '.'));
	return pdf_text_utf8(t->text, &w->name);
}

/* A kid with a name of its own is a field, one without is a widget. */
static struct err *
has_field_kids(struct field_walk *w, const struct pdf_obj *kids, bool *out)
{
	*out = false;
	for (size_t i = 0; i < pdf_array_len(kids) && !*out; i++) {
		const struct pdf_obj *kid;
		TRY(pdf_array_get(w->d, w->view, kids, i, &kid));
		TRY(pdf_spend(&w->d->budget, pdf_dict_len(kid)));
		*out = !pdf_is(pdf_dict_raw(kid, "T"), PDF_NULL);
	}
	return NULL;
}

static struct err *
inherit(struct field_walk *w, const struct pdf_obj *dict, const char *key,
    const struct pdf_obj **slot)
{
	const struct pdf_obj *v;
	TRY(pdf_dict_get(w->d, w->view, dict, key, &v));
	if (!pdf_is(v, PDF_NULL))
		*slot = v;
	return NULL;
}

static struct err *
walk_field(struct field_walk *w, const struct pdf_obj *o, struct pdf_field from)
{
	const struct pdf_obj *kids;
	size_t name_len = w->name.len;
	TRY(enter_field(w, o));
	struct pdf_field f = from;
	f.ref = w->above[w->depth - 1];
	TRY(pdf_resolve(w->d, w->view, o, &f.dict));
	/* A field that was deleted leaves a reference to nothing behind. */
	if (pdf_is(f.dict, PDF_NULL)) {
		w->depth--;
		return NULL;
	}
	if (!pdf_is(f.dict, PDF_DICT))
		return damaged("a field is no dictionary");
	TRY(pdf_spend(&w->d->budget, pdf_dict_len(f.dict)));
	TRY(add_name(w, f.dict));
	TRY(inherit(w, f.dict, "FT", &f.type));
	TRY(inherit(w, f.dict, "Ff", &f.flags));
	const struct pdf_obj *v = pdf_dict_raw(f.dict, "V");
	if (!pdf_is(v, PDF_NULL))
		f.value = v;
	TRY(pdf_dict_get(w->d, w->view, f.dict, "Kids", &kids));
	bool inner;
	TRY(has_field_kids(w, kids, &inner));
	f.terminal = !inner;
	f.name = buf_bytes(&w->name);
	TRY(w->each(w->ctx, &f, &w->go_on));
	for (size_t i = 0; inner && i < pdf_array_len(kids) && w->go_on; i++)
		TRY(walk_field(w, pdf_array_at(kids, i), f));
	w->depth--;
	w->name.len = name_len;
	return NULL;
}

static void
field_walk_done(struct field_walk *w)
{
	buf_done(&w->name);
}

struct err *
pdf_each_field(struct pdf_document *d, size_t view,
    struct err *(*each)(void *ctx, const struct pdf_field *f, bool *go_on),
    void *ctx)
{
	struct pdf_ref ref;
	const struct pdf_obj *form, *fields;
	TRY(pdf_form(d, view, &ref, &form));
	TRY(pdf_dict_get(d, view, form, "Fields", &fields));
	CLEANUP(field_walk_done)
	struct field_walk w = {
		.d = d,
		.view = view,
		.each = each,
		.ctx = ctx,
		.go_on = true,
		.name = BUF(FIELD_NAME_MAX),
	};
	struct pdf_field top = {
		.type = &pdf_null, .value = &pdf_null, .flags = &pdf_null
	};
	for (size_t i = 0; i < pdf_array_len(fields) && w.go_on; i++)
		TRY(walk_field(&w, pdf_array_at(fields, i), top));
	return NULL;
}
