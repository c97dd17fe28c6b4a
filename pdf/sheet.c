#include "pdf/sheet.h"

#include "pdf/content.h"

#define ABOVE_MAX 64          /* nodes above a page */
#define CORNER_MARGIN 20      /* points to the edge of the page */
#define SIDE_MAX 100000.0     /* units: beyond, it is no page */
#define A4_WIDTH 595.0
#define A4_HEIGHT 842.0

struct seek {
	size_t number;   /* the one that is looked for, or 0 */
	struct pdf_ref ref;
	struct pdf_page page;
};

static struct err *
see_page(void *ctx, const struct pdf_page *page, bool *go_on)
{
	struct seek *s = ctx;
	bool it = s->number != 0 ? page->number == s->number
				 : page->ref.num == s->ref.num;
	if (it)
		s->page = *page;
	*go_on = !it;
	return NULL;
}

struct err *
pdf_sheet_inherited(struct pdf_document *d, size_t view, const struct pdf_obj *page,
    const char *key, const struct pdf_obj **out)
{
	const struct pdf_obj *node = page;
	*out = &pdf_null;
	for (int i = 0; i < ABOVE_MAX && pdf_is(node, PDF_DICT); i++) {
		TRY(pdf_dict_get(d, view, node, key, out));
		if (!pdf_is(*out, PDF_NULL))
			return NULL;
		TRY(pdf_dict_get(d, view, node, "Parent", &node));
	}
	return NULL;
}

static void
cut(struct pdf_box *box, const struct pdf_box *by)
{
	if (box->x0 < by->x0)
		box->x0 = by->x0;
	if (box->y0 < by->y0)
		box->y0 = by->y0;
	if (box->x1 > by->x1)
		box->x1 = by->x1;
	if (box->y1 > by->y1)
		box->y1 = by->y1;
}

static bool
is_some(const struct pdf_box *b)
{
	return b->x1 - b->x0 >= 1 && b->y1 - b->y0 >= 1 &&
	       b->x1 - b->x0 <= SIDE_MAX && b->y1 - b->y0 <= SIDE_MAX;
}

static struct err *
measure(struct pdf_document *d, size_t view, struct pdf_sheet *s)
{
	const struct pdf_obj *media, *crop, *turn, *unit;
	TRY(pdf_sheet_inherited(d, view, s->page.dict, "MediaBox", &media));
	TRY(pdf_sheet_inherited(d, view, s->page.dict, "CropBox", &crop));
	TRY(pdf_sheet_inherited(d, view, s->page.dict, "Rotate", &turn));
	TRY(pdf_dict_get(d, view, s->page.dict, "UserUnit", &unit));
	struct pdf_box whole = { 0, 0, A4_WIDTH, A4_HEIGHT };
	if (!pdf_box_read(media, &s->seen) || !is_some(&s->seen))
		s->seen = whole;
	whole = s->seen;
	if (pdf_box_read(crop, &s->seen))
		cut(&s->seen, &whole);
	if (!is_some(&s->seen))
		s->seen = whole;
	s->unit = pdf_number(unit);
	if (s->unit < 0.01 || s->unit > SIDE_MAX)
		s->unit = 1;
	int64_t degrees = 0;
	(void)pdf_int(turn, -36000, 36000, &degrees);
	s->turn = (int)((degrees % 360 + 360) % 360) / 90 * 90;
	s->width = (s->seen.x1 - s->seen.x0) * s->unit;
	s->height = (s->seen.y1 - s->seen.y0) * s->unit;
	if (s->turn % 180 != 0) {
		double w = s->width;
		s->width = s->height;
		s->height = w;
	}
	return NULL;
}

struct err *
pdf_sheet_find(struct pdf_document *d, size_t view, size_t number,
    struct pdf_sheet *out)
{
	struct seek s = { .number = number };
	TRY(pdf_each_page(d, view, see_page, &s));
	if (s.page.dict == NULL)
		return err_coded(err_new(ERR_USAGE, NULL,
				     "there is no page %zu", number),
		    "pdf-place");
	return pdf_sheet_of(d, view, &s.page, out);
}

struct err *
pdf_sheet_of(struct pdf_document *d, size_t view, const struct pdf_page *page,
    struct pdf_sheet *out)
{
	*out = (struct pdf_sheet){ .page = *page };
	return measure(d, view, out);
}

struct err *
pdf_sheet_of_widget(struct pdf_document *d, size_t view,
    const struct pdf_obj *widget, struct pdf_sheet *out)
{
	const struct pdf_obj *p = pdf_dict_raw(widget, "P");
	struct seek s = { .number = pdf_is(p, PDF_REF) ? 0 : 1 };
	if (s.number == 0)
		s.ref = p->ref;
	TRY(pdf_each_page(d, view, see_page, &s));
	if (s.page.dict == NULL)
		return pdf_sheet_find(d, view, 1, out);
	return pdf_sheet_of(d, view, &s.page, out);
}

/* ---- two ways to count ---- */

static void
turn_in(const struct pdf_sheet *s, double u, double v, double *x, double *y)
{
	u /= s->unit;
	v /= s->unit;
	switch (s->turn) {
	case 90:
		*x = s->seen.x1 - v;
		*y = s->seen.y0 + u;
		break;
	case 180:
		*x = s->seen.x1 - u;
		*y = s->seen.y1 - v;
		break;
	case 270:
		*x = s->seen.x0 + v;
		*y = s->seen.y1 - u;
		break;
	default:
		*x = s->seen.x0 + u;
		*y = s->seen.y0 + v;
	}
}

static void
turn_out(const struct pdf_sheet *s, double x, double y, double *u, double *v)
{
	double l = x - s->seen.x0, r = s->seen.x1 - x;
	double b = y - s->seen.y0, t = s->seen.y1 - y;
	*u = s->unit * (s->turn == 90    ? b
			   : s->turn == 180 ? r
			   : s->turn == 270 ? t
					    : l);
	*v = s->unit * (s->turn == 90    ? r
			   : s->turn == 180 ? t
			   : s->turn == 270 ? l
					    : b);
}

static void
order(double *a, double *b)
{
	if (*a > *b) {
		double t = *a;
		*a = *b;
		*b = t;
	}
}

struct pdf_box
pdf_sheet_inside(const struct pdf_sheet *s, const struct pdf_box *seen)
{
	struct pdf_box o;
	turn_in(s, seen->x0, seen->y0, &o.x0, &o.y0);
	turn_in(s, seen->x1, seen->y1, &o.x1, &o.y1);
	order(&o.x0, &o.x1);
	order(&o.y0, &o.y1);
	return o;
}

struct pdf_box
pdf_sheet_seen(const struct pdf_sheet *s, const struct pdf_box *inside)
{
	struct pdf_box o;
	turn_out(s, inside->x0, inside->y0, &o.x0, &o.y0);
	turn_out(s, inside->x1, inside->y1, &o.x1, &o.y1);
	order(&o.x0, &o.x1);
	order(&o.y0, &o.y1);
	return o;
}

/* ---- corners ---- */

#define CORNERS 4
#define BACKGROUND 0.8 /* of the page: what is larger is its paper */

struct corners {
	const struct pdf_sheet *s;
	struct pdf_box box[CORNERS];
	bool taken[CORNERS];
};

static void
take(struct corners *c, const struct pdf_box *inside)
{
	struct pdf_box o = pdf_sheet_seen(c->s, inside);
	for (size_t i = 0; i < CORNERS; i++) {
		const struct pdf_box *box = &c->box[i];
		bool apart = o.x1 <= box->x0 || o.x0 >= box->x1 ||
			     o.y1 <= box->y0 || o.y0 >= box->y1;
		c->taken[i] = c->taken[i] || !apart;
	}
}

static struct err *
see_mark(void *ctx, const struct pdf_mark *m)
{
	struct corners *c = ctx;
	const struct pdf_box *page = &c->s->seen;
	double area = (m->box.x1 - m->box.x0) * (m->box.y1 - m->box.y0);
	double all = (page->x1 - page->x0) * (page->y1 - page->y0);
	if (area < BACKGROUND * all)
		take(c, &m->box);
	return NULL;
}

static struct err *
see_annotations(struct pdf_document *d, size_t view, struct corners *c)
{
	const struct pdf_obj *annots;
	TRY(pdf_dict_get(d, view, c->s->page.dict, "Annots", &annots));
	for (size_t i = 0; i < pdf_array_len(annots); i++) {
		const struct pdf_obj *a, *rect;
		struct pdf_box o;
		TRY(pdf_array_get(d, view, annots, i, &a));
		TRY(pdf_dict_get(d, view, a, "Rect", &rect));
		if (pdf_box_read(rect, &o))
			take(c, &o);
	}
	return NULL;
}

static struct err *
see_content(struct pdf_document *d, size_t view, struct corners *c)
{
	struct err *e = pdf_content_read(d, view, c->s, see_mark, c);
	if (e != NULL &&
	    (err_kind(e) == ERR_NOMEM || err_kind(e) == ERR_LIMIT))
		return e;
	err_free(e);
	return NULL;
}

struct err *
pdf_sheet_corner(struct pdf_document *d, size_t view,
    const struct pdf_sheet *s, struct pdf_box *box, bool *found)
{
	double w = box->x1 - box->x0, h = box->y1 - box->y0;
	double right = s->width - CORNER_MARGIN - w;
	double top = s->height - CORNER_MARGIN - h;
	const double at[CORNERS][2] = { { right, top }, { CORNER_MARGIN, top },
		{ right, CORNER_MARGIN }, { CORNER_MARGIN, CORNER_MARGIN } };
	struct corners c = { .s = s };
	for (size_t i = 0; i < CORNERS; i++)
		c.box[i] = (struct pdf_box){ at[i][0], at[i][1],
			at[i][0] + w, at[i][1] + h };
	TRY(see_annotations(d, view, &c));
	TRY(see_content(d, view, &c));
	*found = false;
	for (size_t i = 0; !*found && i < CORNERS; i++) {
		*box = c.box[i];
		*found = !c.taken[i];
	}
	return NULL;
}
