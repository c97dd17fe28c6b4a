/* Page tree, pages and annotations: ISO 32000-2 7.7.3 and 12.5. */
#include "pdf/diff-impl.h"

#include <stdlib.h>
#include <string.h>

#define TREE_DEPTH_MAX 64

/* What was pushed on the way down the page tree. */
struct pages {
	uint32_t *v;
	size_t n, cap;
	size_t seen;
};

static struct err *
pages_push(struct diff *f, struct pages *p, uint32_t num)
{
	/* A page twice in the tree is judged once. */
	if (num == 0 || num > f->highest || diff_bit(f, num, BIT_PAGE))
		return NULL;
	diff_set(f, num, BIT_PAGE);
	if (++p->seen > PDF_PAGES_MAX)
		return err_new(ERR_LIMIT, NULL, "%d pages", PDF_PAGES_MAX);
	if (p->n == p->cap) {
		size_t cap = p->cap == 0 ? 64 : 2 * p->cap;
		uint32_t *v = realloc(p->v, cap * sizeof(*v));
		if (v == NULL)
			return err_new(ERR_NOMEM, NULL, "pages");
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = num;
	return NULL;
}

/* ---- annotations ---- */

/* Actions that run programs or scripts are no comment. */
static struct err *
has_program(struct diff *f, const struct pdf_obj *o, int depth, bool *out)
{
	static const char *const bad[] = { "JavaScript", "Launch", "ImportData",
		"Rendition", "Movie", "RichMediaExecute", "GoToE", "Hide",
		"SetOCGState" };
	const struct pdf_obj *a;
	TRY(diff_resolve(f, NEW, o, NULL, &a));
	if (depth > 8 || pdf_is_dict(a) == false)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		*out = *out || pdf_is_name(pdf_dict_raw(a, "S"), bad[i]);
	const struct pdf_obj *next;
	TRY(diff_member(f, NEW, a, "Next", &next));
	for (size_t i = 0; !*out && i < pdf_array_len(next) && i < 100; i++)
		TRY(has_program(f, pdf_array_at(next, i), depth + 1, out));
	if (!*out && pdf_is_dict(next))
		TRY(has_program(f, next, depth + 1, out));
	return NULL;
}

/* Kinds that are not made to comment: media, and what is drawn on the page. */
static bool
is_no_comment(const struct pdf_obj *subtype)
{
	static const char *const kinds[] = { "3D", "Movie", "PrinterMark",
		"Redact", "RichMedia", "Screen", "TrapNet", "Watermark" };
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (pdf_is_name(subtype, kinds[i]))
			return true;
	}
	return !pdf_is(subtype, PDF_NAME);
}

/* Whether its picture may be anything, over anything. */
static bool
may_hide(const struct pdf_obj *o)
{
	const struct pdf_obj *kind = pdf_dict_raw(o, "Subtype");
	return pdf_is_name(kind, "FreeText") || pdf_is_name(kind, "Stamp") ||
	       !pdf_is(pdf_dict_raw(o, "AP"), PDF_NULL);
}

static struct err *
free_annotation(
    struct diff *f, const struct pdf_obj *o, const char *code, uint32_t num)
{
	bool program = !pdf_is(pdf_dict_raw(o, "AA"), PDF_NULL);
	TRY(has_program(f, pdf_dict_raw(o, "A"), 0, &program));
	if (program)
		return diff_report(f, CHANGE_SUSPICIOUS, code,
		    "annotation %u with a program", num);
	if (pdf_is_name(pdf_dict_raw(o, "Subtype"), "Widget"))
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-widget-stray",
		    "widget %u belongs to no field", num);
	if (is_no_comment(pdf_dict_raw(o, "Subtype")))
		return diff_report(f, CHANGE_SUSPICIOUS, code,
		    "annotation %u is no comment", num);
	if (may_hide(o))
		TRY(diff_report(f, CHANGE_ANNOTATION, "pdf-annotation-covers",
		    "annotation %u", num));
	return diff_report(f, CHANGE_ANNOTATION, code, "annotation %u", num);
}

static struct err *
kept_annot(struct diff *f, const void *ctx, struct pdf_ref ref)
{
	(void)ctx;
	const struct pdf_obj *a, *b;
	diff_at(f, f->at_page, ref.num);
	if (diff_bit(f, ref.num, BIT_FIELD | BIT_ANNOT | BIT_NEW_SIG))
		return NULL;
	TRY(diff_load(f, OLD, ref.num, &a));
	TRY(diff_load(f, NEW, ref.num, &b));
	/* The same, or a page or something else listed as annotation: it must
	 * stay, and so must what it refers to. */
	bool plain =
	    pdf_is(a, PDF_DICT) && pdf_is(pdf_dict_raw(a, "Subtype"), PDF_NAME);
	if (pdf_equal(a, b) || !plain)
		return diff_push(f,
		    &(struct pdf_obj){ .type = PDF_REF, .ref = ref }, "Annots");
	diff_set(f, ref.num, BIT_ANNOT);
	if (!pdf_is(b, PDF_DICT) ||
	    !pdf_equal(pdf_dict_raw(a, "Subtype"), pdf_dict_raw(b, "Subtype")))
		return diff_report(f, CHANGE_SUSPICIOUS,
		    "pdf-annotation-changed", "annotation %u", ref.num);
	return free_annotation(f, b, "pdf-annotation-changed", ref.num);
}

static struct err *
added_annot(struct diff *f, const void *ctx, struct pdf_ref ref)
{
	const struct pdf_obj *old, *new, *page = ctx;
	diff_at(f, f->at_page, ref.num);
	TRY(diff_load(f, OLD, ref.num, &old));
	TRY(diff_load(f, NEW, ref.num, &new));
	if (diff_bit(f, ref.num, BIT_NEW_SIG))
		return diff_cover(f, page, new);
	if (pdf_is(new, PDF_NULL))
		return NULL;
	if (!pdf_is(old, PDF_NULL) || !pdf_is(new, PDF_DICT))
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-annotation-added",
		    "old object %u", ref.num);
	return free_annotation(f, new, "pdf-annotation-added", ref.num);
}

static struct err *
removed_annot(struct diff *f, const void *ctx, struct pdf_ref ref)
{
	(void)ctx;
	const struct pdf_obj *old;
	diff_at(f, f->at_page, ref.num);
	TRY(diff_load(f, OLD, ref.num, &old));
	if (pdf_is(old, PDF_NULL))
		return NULL;
	bool widget = pdf_is_name(pdf_dict_raw(old, "Subtype"), "Widget");
	if (widget && !diff_bit(f, ref.num, BIT_GONE))
		return diff_report(f, CHANGE_SUSPICIOUS,
		    "pdf-annotation-removed", "widget %u", ref.num);
	return diff_report(f, CHANGE_ANNOTATION, "pdf-annotation-removed",
	    "annotation %u", ref.num);
}

static struct err *
annotations(struct diff *f, const struct pdf_obj *old_page,
    const struct pdf_obj *new_page)
{
	const struct pdf_obj *old, *new;
	TRY(diff_member(f, OLD, old_page, "Annots", &old));
	TRY(diff_member(f, NEW, new_page, "Annots", &new));
	bool fits = (pdf_is(old, PDF_NULL) || pdf_is(old, PDF_ARRAY)) &&
		    (pdf_is(new, PDF_NULL) || pdf_is(new, PDF_ARRAY));
	if (!fits)
		return diff_report(
		    f, CHANGE_SUSPICIOUS, "pdf-page-changed", "/Annots");
	struct diff_list l = { .ctx = old_page,
		.kept = kept_annot,
		.added = added_annot,
		.removed = removed_annot };
	bool reordered;
	TRY(diff_lists(f, old, new, &l, &reordered));
	if (reordered)
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-page-changed",
		    "annotations in another order");
	return NULL;
}

/* ---- pages ---- */

/* The order of tabbing belongs to the annotations; S is what everyone takes
 * when nothing is said, and written by signers of tagged files. */
static struct err *
tabs(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	if (pdf_equal(old, new))
		return NULL;
	if (pdf_is(old, PDF_NULL) && pdf_is_name(new, "S"))
		return diff_report(
		    f, CHANGE_FORM, "pdf-metadata-changed", "/Tabs");
	bool plain = pdf_is(new, PDF_NULL) || pdf_is(new, PDF_NAME);
	return diff_report(f, plain ? CHANGE_ANNOTATION : CHANGE_SUSPICIOUS,
	    "pdf-page-changed", "/Tabs");
}

/* A number by which annotations find their place in the structure tree. */
static struct err *
struct_parents(
    struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	if (pdf_equal(old, new))
		return NULL;
	bool fits = pdf_is(old, PDF_NULL) && pdf_is(new, PDF_INT);
	return diff_report(f, fits ? CHANGE_FORM : CHANGE_SUSPICIOUS,
	    "pdf-page-changed", "/StructParents");
}

static struct err *
page(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	static const char *const exempt[] = { "Annots", "Tabs", "StructParents",
		NULL };
	bool same;
	TRY(diff_members(
	    f, old, new, exempt, "pdf-page-changed", "page", &same));
	TRY(tabs(f, pdf_dict_raw(old, "Tabs"), pdf_dict_raw(new, "Tabs")));
	TRY(struct_parents(f, pdf_dict_raw(old, "StructParents"),
	    pdf_dict_raw(new, "StructParents")));
	return annotations(f, old, new);
}

/* ---- the tree ---- */

static struct err *
node(struct diff *f, struct pages *p, const struct pdf_obj *old,
    const struct pdf_obj *new)
{
	static const char *const exempt[] = { "Kids", NULL };
	const struct pdf_obj *a, *b;
	bool same;
	TRY(diff_members(
	    f, old, new, exempt, "pdf-pages-changed", "page tree", &same));
	TRY(diff_member(f, OLD, old, "Kids", &a));
	TRY(diff_member(f, NEW, new, "Kids", &b));
	/* An array of its own must stay when something else uses it. */
	if (pdf_is(pdf_dict_raw(old, "Kids"), PDF_REF))
		TRY(diff_push(f, pdf_dict_raw(old, "Kids"), "Kids"));
	if (!pdf_equal(a, b))
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-pages-changed",
		    "pages were added, removed or moved");
	for (size_t i = 0; i < pdf_array_len(a); i++) {
		const struct pdf_obj *kid = pdf_array_at(a, i);
		if (pdf_is(kid, PDF_REF))
			TRY(pages_push(f, p, kid->ref.num));
		else
			TRY(diff_push(f, kid, "Kids"));
	}
	return NULL;
}

static struct err *
one(struct diff *f, struct pages *p, uint32_t num)
{
	const struct pdf_obj *a, *b;
	TRY(diff_load(f, OLD, num, &a));
	TRY(diff_load(f, NEW, num, &b));
	if (pdf_is(a, PDF_NULL) && pdf_is(b, PDF_NULL))
		return NULL;
	if (!pdf_is(a, PDF_DICT) || !pdf_is(b, PDF_DICT))
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-pages-changed",
		    "object %u of the page tree", num);
	bool inner = !pdf_is(pdf_dict_raw(a, "Kids"), PDF_NULL);
	diff_at(f, inner ? 0 : num, num);
	return inner ? node(f, p, a, b) : page(f, a, b);
}

/* Pages come and go in arenas of their own. */
static struct err *
walk(struct diff *f, struct pages *p)
{
	while (p->n > 0) {
		TRY(one(f, p, p->v[--p->n]));
		diff_at(f, 0, 0);
		pdf_arena_reset(&f->arena[OLD]);
		pdf_arena_reset(&f->arena[NEW]);
	}
	return NULL;
}

struct err *
diff_pages(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	if (!pdf_is(old, PDF_REF) || !pdf_equal(old, new))
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-pages-changed",
		    "another page tree");
	struct pages p = { .n = 0 };
	TRY(pages_push(f, &p, old->ref.num));
	struct pdf_arena above[2] = { f->arena[OLD], f->arena[NEW] };
	struct pdf_budget *b = pdf_document_budget(f->d);
	f->arena[OLD] = PDF_ARENA(b);
	f->arena[NEW] = PDF_ARENA(b);
	struct err *e = walk(f, &p);
	free(p.v);
	pdf_arena_done(&f->arena[OLD]);
	pdf_arena_done(&f->arena[NEW]);
	f->arena[OLD] = above[OLD];
	f->arena[NEW] = above[NEW];
	return e;
}
