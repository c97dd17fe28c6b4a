/* Paths: ISO 32000-2 8.5. */
#include "pdf/content-impl.h"

#include <string.h>

static const struct pdf_box nothing = { 1, 1, 0, 0 };

static void
include(struct pdf_box *b, double x, double y)
{
	if (b->x0 > b->x1) {
		*b = (struct pdf_box){ x, y, x, y };
		return;
	}
	b->x0 = x < b->x0 ? x : b->x0;
	b->x1 = x > b->x1 ? x : b->x1;
	b->y0 = y < b->y0 ? y : b->y0;
	b->y1 = y > b->y1 ? y : b->y1;
}

static void
begin(struct path *p, double x, double y)
{
	if (p->n == 0)
		p->all = nothing;
	p->nfigures++;
	p->x = x;
	p->y = y;
}

/* One more piece, from the current point on. */
static void
add_piece(struct path *p, const double (*to)[2], size_t n)
{
	size_t at = p->n < CONTENT_PIECES ? p->n : CONTENT_PIECES - 1;
	if (at == p->n) {
		p->figure[at] = p->nfigures;
		p->piece[p->n++] = nothing;
	}
	include(&p->piece[at], p->x, p->y);
	for (size_t i = 0; i < n; i++)
		include(&p->piece[at], to[i][0], to[i][1]);
	include(&p->all, p->piece[at].x0, p->piece[at].y0);
	include(&p->all, p->piece[at].x1, p->piece[at].y1);
	p->x = to[n - 1][0];
	p->y = to[n - 1][1];
}

static void
add_points(struct content *c, const struct operation *o, size_t n)
{
	double to[3][2];
	for (size_t i = 0; i < n; i++)
		content_move(&c->now.ctm, content_number(o, 2 * i),
		    content_number(o, 2 * i + 1), &to[i][0], &to[i][1]);
	add_piece(&c->path, to, n);
}

static void
add_rectangle(struct content *c, const struct operation *o)
{
	double x = content_number(o, 0), y = content_number(o, 1);
	double w = content_number(o, 2), h = content_number(o, 3);
	const double corner[5][2] = { { x, y }, { x + w, y },
		{ x + w, y + h }, { x, y + h }, { x, y } };
	double to[1][2];
	content_move(&c->now.ctm, x, y, &to[0][0], &to[0][1]);
	begin(&c->path, to[0][0], to[0][1]);
	for (size_t i = 1; i < 5; i++) {
		content_move(&c->now.ctm, corner[i][0], corner[i][1],
		    &to[0][0], &to[0][1]);
		add_piece(&c->path, to, 1);
	}
}

static void
cut(struct pdf_box *box, const struct pdf_box *by)
{
	box->x0 = box->x0 > by->x0 ? box->x0 : by->x0;
	box->y0 = box->y0 > by->y0 ? box->y0 : by->y0;
	box->x1 = box->x1 < by->x1 ? box->x1 : by->x1;
	box->y1 = box->y1 < by->y1 ? box->y1 : by->y1;
}

struct err *
content_draw(struct content *c, struct pdf_mark m)
{
	cut(&m.box, &c->now.clip);
	if (m.box.x0 > m.box.x1 || m.box.y0 > m.box.y1)
		return NULL;
	return c->each(c->ctx, &m);
}

static struct err *
fill(struct content *c)
{
	const struct path *p = &c->path;
	for (size_t i = 0; i < p->n;) {
		struct pdf_mark m = { .box = p->piece[i] };
		for (size_t figure = p->figure[i];
		     i < p->n && p->figure[i] == figure; i++) {
			include(&m.box, p->piece[i].x0, p->piece[i].y0);
			include(&m.box, p->piece[i].x1, p->piece[i].y1);
		}
		TRY(content_draw(c, m));
	}
	return NULL;
}

static struct err *
paint(struct content *c, bool lines, bool fills)
{
	struct path *p = &c->path;
	if (fills && !c->now.white)
		TRY(fill(c));
	for (size_t i = 0; lines && i < p->n; i++)
		TRY(content_draw(c, (struct pdf_mark){ .box = p->piece[i] }));
	if (p->clips && p->n > 0)
		cut(&c->now.clip, &p->all);
	p->clips = false;
	p->n = 0;
	return NULL;
}

struct err *
content_path(struct content *c, const struct operation *o, bool *done)
{
	static const struct {
		const char *name;
		bool lines, fills;
	} paints[] = { { "S", true, false }, { "s", true, false },
		{ "f", false, true }, { "F", false, true },
		{ "f*", false, true }, { "B", true, true },
		{ "B*", true, true }, { "b", true, true },
		{ "b*", true, true }, { "n", false, false } };
	double x, y;
	*done = true;
	if (bytes_eq_str(o->name, "m")) {
		content_move(&c->now.ctm, content_number(o, 0),
		    content_number(o, 1), &x, &y);
		begin(&c->path, x, y);
	} else if (bytes_eq_str(o->name, "l")) {
		add_points(c, o, 1);
	} else if (bytes_eq_str(o->name, "c")) {
		add_points(c, o, 3);
	} else if (bytes_eq_str(o->name, "v") || bytes_eq_str(o->name, "y")) {
		add_points(c, o, 2);
	} else if (bytes_eq_str(o->name, "re")) {
		add_rectangle(c, o);
	} else if (bytes_eq_str(o->name, "W") || bytes_eq_str(o->name, "W*")) {
		c->path.clips = true;
	} else {
		for (size_t i = 0; i < COUNT_OF(paints); i++)
			if (bytes_eq_str(o->name, paints[i].name))
				return paint(
				    c, paints[i].lines, paints[i].fills);
		*done = false;
	}
	return NULL;
}
