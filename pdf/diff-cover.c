/*
 * Whether the picture of a new signature hides what was signed.  No honest
 * signature takes half of a page; lying over signed fields and comments, or
 * over what the page draws, is told.
 */
#include "pdf/content.h"
#include "pdf/diff-impl.h"

#define COVER_MAX 0.5     /* of the page's area */
#define PAGE_DEPTH_MAX 64 /* nodes above a page */
#define BACKGROUND 0.8    /* of the page's area: what is larger is its paper */
#define CONTENT_STEPS ((uint64_t)2 << 20) /* for what one page draws */

/* The area that two boxes share. */
static double
shared(const struct pdf_box *a, const struct pdf_box *b)
{
	double x0 = a->x0 > b->x0 ? a->x0 : b->x0;
	double x1 = a->x1 < b->x1 ? a->x1 : b->x1;
	double y0 = a->y0 > b->y0 ? a->y0 : b->y0;
	double y1 = a->y1 < b->y1 ? a->y1 : b->y1;
	return x1 > x0 && y1 > y0 ? (x1 - x0) * (y1 - y0) : 0;
}

/* What of the page is seen: inherited, the crop box before the media box. */
static struct err *
visible_box(
    struct diff *f, const struct pdf_obj *page, struct pdf_box *out, bool *found)
{
	static const char *const keys[] = { "CropBox", "MediaBox" };
	*found = false;
	for (size_t k = 0; !*found && k < COUNT_OF(keys); k++) {
		const struct pdf_obj *o, *node = page;
		for (int i = 0;
		     !*found && i < PAGE_DEPTH_MAX && pdf_is(node, PDF_DICT);
		     i++) {
			TRY(diff_member(f, OLD, node, keys[k], &o));
			*found = pdf_box_read(o, out);
			TRY(diff_member(f, OLD, node, "Parent", &node));
		}
	}
	return NULL;
}

static struct err *
lies_over_annotation(struct diff *f, const struct pdf_obj *annots,
    const struct pdf_box *box, bool *out)
{
	*out = false;
	for (size_t i = 0; !*out && i < pdf_array_len(annots); i++) {
		const struct pdf_obj *a, *rect;
		struct pdf_box other;
		TRY(diff_resolve(f, OLD, pdf_array_at(annots, i), NULL, &a));
		TRY(diff_member(f, OLD, a, "Rect", &rect));
		*out = pdf_box_read(rect, &other) && shared(box, &other) > 0;
	}
	return NULL;
}

/* ---- what the page draws ---- */

struct under {
	const struct pdf_box *box, *page;
	bool found;
};

static struct err *
see_mark(void *ctx, const struct pdf_mark *m)
{
	struct under *u = ctx;
	bool paper = shared(&m->box, u->page) >=
		     BACKGROUND * shared(u->page, u->page);
	u->found = u->found || (!paper && shared(u->box, &m->box) > 0);
	return NULL;
}

/* Pages that cannot be read, or not in that time, are left aside. */
static struct err *
lies_over_content(struct diff *f, const struct pdf_obj *page,
    const struct pdf_box *box, bool *out)
{
	struct pdf_budget *b = pdf_document_budget(f->d);
	uint64_t all = b->steps;
	uint64_t some = all < CONTENT_STEPS ? all : CONTENT_STEPS;
	struct pdf_sheet s;
	const struct pdf_page p = { .number = 1, .dict = page };
	struct under u = { .box = box, .page = &s.seen };
	b->steps = some;
	struct err *e = pdf_sheet_of(f->d, f->view[OLD], &p, &s);
	if (e == NULL)
		e = pdf_content_read(f->d, f->view[OLD], &s, see_mark, &u);
	b->steps = all - (some - b->steps);
	*out = u.found;
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	err_free(e);
	return NULL;
}

struct err *
diff_cover(
    struct diff *f, const struct pdf_obj *page, const struct pdf_obj *widget)
{
	const struct pdf_obj *rect, *annots;
	struct pdf_box box, seen;
	bool found, over;
	TRY(diff_member(f, NEW, widget, "Rect", &rect));
	if (!pdf_box_read(rect, &box))
		return NULL;
	TRY(visible_box(f, page, &seen, &found));
	double area = found ? shared(&seen, &seen) : 0;
	if (area > 0 && shared(&box, &seen) > COVER_MAX * area)
		return diff_report(f, CHANGE_SUSPICIOUS,
		    "pdf-signature-overlaps", "more than half of a page");
	TRY(diff_member(f, OLD, page, "Annots", &annots));
	TRY(lies_over_annotation(f, annots, &box, &over));
	if (over)
		return diff_report(f, CHANGE_FORM, "pdf-signature-overlaps",
		    "a signed field or comment");
	if (shared(&box, &box) > 0)
		TRY(lies_over_content(f, page, &box, &over));
	return over ? diff_report(f, CHANGE_FORM, "pdf-signature-overlaps",
			  "text, lines or pictures of the page")
		    : NULL;
}
