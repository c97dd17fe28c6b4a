/*
 * What the signed document holds and a viewer does not show: who signs on
 * paper sees all of it, who signs a PDF may not.  It is told, not judged: forms
 * with layers and helpers' fields are common.
 */
#include "pdf/verify-impl.h"

#define ANNOT_HIDDEN (1 << 1) /* /F, ISO 32000-2 table 167 */
#define ANNOT_NO_VIEW (1 << 5)

struct hidden {
	struct verify *v;
	size_t view;
	size_t fields; /* with a value, and not to be seen */
	size_t groups;
	size_t annotations; /* comments, stamps, not to be seen */
};

static struct err *
is_out_of_sight(struct hidden *h, const struct pdf_obj *widget, bool *out)
{
	const struct pdf_obj *rect, *flags;
	int64_t bits = 0;
	TRY(pdf_dict_get(h->v->d, h->view, widget, "F", &flags));
	TRY(pdf_dict_get(h->v->d, h->view, widget, "Rect", &rect));
	(void)pdf_int(flags, 0, UINT32_MAX, &bits);
	bool flat =
	    pdf_array_len(rect) == 4 &&
	    (pdf_equal(pdf_array_at(rect, 0), pdf_array_at(rect, 2)) ||
		pdf_equal(pdf_array_at(rect, 1), pdf_array_at(rect, 3)));
	*out = flat || (bits & (ANNOT_HIDDEN | ANNOT_NO_VIEW)) != 0;
	return NULL;
}

static struct err *
see_field(void *ctx, const struct pdf_field *f, bool *go_on)
{
	struct hidden *h = ctx;
	bool unseen;
	(void)go_on;
	if (!f->terminal || pdf_is_name(f->type, "Sig") ||
	    pdf_is(f->value, PDF_NULL))
		return NULL;
	TRY(is_out_of_sight(h, f->dict, &unseen));
	h->fields += unseen;
	return NULL;
}

/* ISO 32000-2 8.11.4: the default configuration says what is shown. */
static struct err *
see_groups(struct hidden *h, const struct pdf_obj *catalog)
{
	const struct pdf_obj *all, *d, *off, *groups, *base, *on;
	struct pdf_document *doc = h->v->d;
	TRY(pdf_dict_get(doc, h->view, catalog, "OCProperties", &all));
	TRY(pdf_dict_get(doc, h->view, all, "D", &d));
	TRY(pdf_dict_get(doc, h->view, d, "OFF", &off));
	TRY(pdf_dict_get(doc, h->view, d, "ON", &on));
	TRY(pdf_dict_get(doc, h->view, d, "BaseState", &base));
	TRY(pdf_dict_get(doc, h->view, all, "OCGs", &groups));
	h->groups = pdf_array_len(off);
	if (pdf_is_name(base, "OFF") &&
	    pdf_array_len(groups) > pdf_array_len(on))
		h->groups = pdf_array_len(groups) - pdf_array_len(on);
	return NULL;
}

/* Pages that are looked at: each one takes memory. */
#define PAGES_MAX 5000

/* Pop-ups are closed as a rule, links have no look; widgets are fields. */
static bool
may_be_seen(const struct pdf_obj *annotation)
{
	static const char *const no[] = { "Widget", "Popup", "Link",
		"PrinterMark", "TrapNet" };
	const struct pdf_obj *kind = pdf_dict_raw(annotation, "Subtype");
	for (size_t i = 0; i < COUNT_OF(no); i++)
		if (pdf_is_name(kind, no[i]))
			return false;
	return pdf_is(annotation, PDF_DICT);
}

static struct err *
see_page(void *ctx, const struct pdf_page *page, bool *go_on)
{
	struct hidden *h = ctx;
	const struct pdf_obj *annots, *a;
	bool unseen;
	*go_on = page->number < PAGES_MAX;
	TRY(pdf_dict_get(h->v->d, h->view, page->dict, "Annots", &annots));
	for (size_t i = 0; i < pdf_array_len(annots); i++) {
		TRY(pdf_array_get(h->v->d, h->view, annots, i, &a));
		if (!may_be_seen(a))
			continue;
		TRY(is_out_of_sight(h, a, &unseen));
		h->annotations += unseen;
	}
	return NULL;
}

struct err *
hidden_content(struct verify *v)
{
	struct hidden h = { .v = v, .view = pdf_views(v->d) };
	struct pdf_ref root;
	const struct pdf_obj *catalog;
	TRY(pdf_catalog(v->d, h.view, &root, &catalog));
	TRY(see_groups(&h, catalog));
	TRY(pdf_each_field(v->d, h.view, see_field, &h));
	/* Pages that cannot be read are the verifier's matter elsewhere. */
	struct err *e = pdf_each_page(v->d, h.view, see_page, &h);
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	err_free(e);
	if (h.annotations > 0)
		TRY(findings_add(&v->facts->findings, false,
		    "pdf-hidden-annotations", "%zu annotations",
		    h.annotations));
	if (h.groups > 0)
		TRY(findings_add(&v->facts->findings, false,
		    "pdf-hidden-layers", "%zu optional content groups are off",
		    h.groups));
	if (h.fields > 0)
		TRY(findings_add(&v->facts->findings, false,
		    "pdf-hidden-fields", "%zu fields with values", h.fields));
	return NULL;
}
