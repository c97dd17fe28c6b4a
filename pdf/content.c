#include "pdf/content-impl.h"

#include <stdlib.h>
#include <string.h>

static const struct pdf_box unit_square = { 0, 0, 1, 1 };

/* ---- places ---- */

struct matrix
content_multiply(struct matrix m, struct matrix by)
{
	return (struct matrix){
		.a = m.a * by.a + m.b * by.c,
		.b = m.a * by.b + m.b * by.d,
		.c = m.c * by.a + m.d * by.c,
		.d = m.c * by.b + m.d * by.d,
		.e = m.e * by.a + m.f * by.c + by.e,
		.f = m.e * by.b + m.f * by.d + by.f,
	};
}

void
content_move(const struct matrix *m, double x, double y, double *ox, double *oy)
{
	*ox = m->a * x + m->c * y + m->e;
	*oy = m->b * x + m->d * y + m->f;
}

struct pdf_box
content_around(const struct matrix *m, struct pdf_box b)
{
	const double corner[4][2] = { { b.x0, b.y0 }, { b.x1, b.y0 },
		{ b.x0, b.y1 }, { b.x1, b.y1 } };
	struct pdf_box out = { 0 };
	for (size_t i = 0; i < 4; i++) {
		double x, y;
		content_move(m, corner[i][0], corner[i][1], &x, &y);
		out.x0 = i == 0 || x < out.x0 ? x : out.x0;
		out.x1 = i == 0 || x > out.x1 ? x : out.x1;
		out.y0 = i == 0 || y < out.y0 ? y : out.y0;
		out.y1 = i == 0 || y > out.y1 ? y : out.y1;
	}
	return out;
}

double
content_number(const struct operation *o, size_t i)
{
	return i < o->n ? pdf_number(o->v[i]) : 0;
}

static struct matrix
matrix_of(const struct pdf_obj *array)
{
	if (pdf_array_len(array) != 6)
		return (struct matrix){ 1, 0, 0, 1, 0, 0 };
	double v[6];
	for (size_t i = 0; i < 6; i++)
		v[i] = pdf_number(pdf_array_at(array, i));
	return (struct matrix){ v[0], v[1], v[2], v[3], v[4], v[5] };
}

/* ---- states ---- */

static void
keep_state(struct content *c)
{
	/* Deeper ones are not kept: their Q then gives the last that was. */
	if (c->nkept < CONTENT_STATES)
		c->kept[c->nkept++] = c->now;
}

static void
take_state(struct content *c, size_t least)
{
	if (c->nkept > least)
		c->now = c->kept[--c->nkept];
}

/* g, rg, k, sc, scn: whether fills leave the paper as it is. */
static void
set_colour(struct content *c, const struct operation *o)
{
	bool cmyk = o->n == 4;
	c->now.white = o->n == 1 || o->n == 3 || cmyk;
	for (size_t i = 0; i < o->n; i++)
		c->now.white =
		    c->now.white && !pdf_is(o->v[i], PDF_NAME) &&
		    pdf_number(o->v[i]) == (cmyk ? 0 : 1);
}

/* ---- forms and pictures ---- */

static struct err *run(struct content *c, struct bytes in);

static struct err *
run_form(struct content *c, struct pdf_ref ref, const struct pdf_obj *form)
{
	const struct pdf_obj *resources, *matrix, *box;
	struct pdf_box clip;
	CLEANUP(buf_done) struct buf b = BUF(c->left);
	if (c->depth == PDF_CONTENT_DEPTH || c->nkept == CONTENT_STATES)
		return NULL;
	TRY(pdf_stream_data(c->d, c->view, ref, form, &b));
	c->left -= b.len;
	TRY(pdf_dict_get(c->d, c->view, form, "Resources", &resources));
	TRY(pdf_dict_get(c->d, c->view, form, "Matrix", &matrix));
	TRY(pdf_dict_get(c->d, c->view, form, "BBox", &box));
	const struct pdf_obj *before = c->resources;
	if (pdf_is(resources, PDF_DICT))
		c->resources = resources;
	keep_state(c);
	c->now.ctm = content_multiply(matrix_of(matrix), c->now.ctm);
	if (pdf_box_read(box, &clip)) {
		clip = content_around(&c->now.ctm, clip);
		struct pdf_box *now = &c->now.clip;
		now->x0 = clip.x0 > now->x0 ? clip.x0 : now->x0;
		now->y0 = clip.y0 > now->y0 ? clip.y0 : now->y0;
		now->x1 = clip.x1 < now->x1 ? clip.x1 : now->x1;
		now->y1 = clip.y1 < now->y1 ? clip.y1 : now->y1;
	}
	c->depth++;
	struct err *e = run(c, buf_bytes(&b));
	c->depth--;
	c->resources = before;
	take_state(c, 0);
	return e;
}

static struct err *
draw_picture(struct content *c)
{
	return content_draw(c,
	    (struct pdf_mark){
		.box = content_around(&c->now.ctm, unit_square) });
}

static struct err *
run_object(struct content *c, const struct operation *o)
{
	const struct pdf_obj *objects, *stream;
	CLEANUP(free_charp) char *name = NULL;
	if (o->n != 1 || !pdf_is(o->v[0], PDF_NAME) ||
	    memchr(o->v[0]->text.ptr, 0, o->v[0]->text.len) != NULL)
		return NULL;
	TRY(bytes_dup_str(o->v[0]->text, &name));
	TRY(pdf_dict_get(c->d, c->view, c->resources, "XObject", &objects));
	const struct pdf_obj *raw = pdf_dict_raw(objects, name);
	TRY(pdf_resolve(c->d, c->view, raw, &stream));
	if (!pdf_is(raw, PDF_REF) || !pdf_is(stream, PDF_STREAM))
		return NULL;
	const struct pdf_obj *kind = pdf_dict_raw(stream, "Subtype");
	if (pdf_is_name(kind, "Form"))
		return run_form(c, raw->ref, stream);
	return pdf_is_name(kind, "Image") ? draw_picture(c) : NULL;
}

/* Moves behind the EI of an inline picture (8.9.7): its bytes are not tokens. */
static void
skip_picture(struct pdf_lex *l)
{
	for (size_t at = l->pos; at + 3 <= l->in.len; at++) {
		const uint8_t *p = l->in.ptr + at;
		bool ends = at + 3 == l->in.len || pdf_is_space(p[3]);
		if (pdf_is_space(p[0]) && p[1] == 'E' && p[2] == 'I' && ends) {
			pdf_waste(l->budget, at - l->pos);
			l->pos = at + 3;
			return;
		}
	}
	l->pos = l->in.len;
}

/* ---- operators ---- */

static struct err *
run_operation(struct content *c, const struct operation *o, struct pdf_lex *l,
    size_t least)
{
	bool done;
	TRY(content_text(c, o, &done));
	if (!done)
		TRY(content_path(c, o, &done));
	if (done)
		return NULL;
	if (bytes_eq_str(o->name, "q")) {
		keep_state(c);
	} else if (bytes_eq_str(o->name, "Q")) {
		take_state(c, least);
	} else if (bytes_eq_str(o->name, "cm")) {
		struct matrix m = { content_number(o, 0), content_number(o, 1),
			content_number(o, 2), content_number(o, 3),
			content_number(o, 4), content_number(o, 5) };
		c->now.ctm = content_multiply(m, c->now.ctm);
	} else if (bytes_eq_str(o->name, "Do")) {
		return run_object(c, o);
	} else if (bytes_eq_str(o->name, "ID")) {
		skip_picture(l);
		return draw_picture(c);
	} else if (bytes_eq_str(o->name, "sh")) {
		return content_draw(
		    c, (struct pdf_mark){ .box = c->now.clip });
	} else if (bytes_eq_str(o->name, "g") || bytes_eq_str(o->name, "rg") ||
		   bytes_eq_str(o->name, "k") || bytes_eq_str(o->name, "sc") ||
		   bytes_eq_str(o->name, "scn")) {
		set_colour(c, o);
	} else if (bytes_eq_str(o->name, "cs")) {
		c->now.white = false;
	}
	return NULL;
}

/* Operands up to an operator; o->name is empty at the end. */
static struct err *
read_operation(struct pdf_lex *l, struct pdf_arena *a,
    struct pdf_obj v[CONTENT_OPERANDS], struct operation *o)
{
	size_t n = 0;
	o->name = BYTES_NONE;
	for (;;) {
		struct pdf_token t;
		size_t before = l->pos;
		TRY(pdf_next(l, &t));
		if (t.kind == PDF_TOKEN_END)
			return NULL;
		if (t.kind == PDF_TOKEN_WORD) {
			o->name = pdf_token_text(l, &t);
			bool value = bytes_eq_str(o->name, "true") ||
				     bytes_eq_str(o->name, "false") ||
				     bytes_eq_str(o->name, "null");
			if (!value)
				break;
		}
		l->pos = before;
		TRY(pdf_parse(l, a, false, &v[n++ % CONTENT_OPERANDS]));
	}
	o->n = n < CONTENT_OPERANDS ? n : CONTENT_OPERANDS;
	for (size_t i = 0; i < o->n; i++)
		o->v[i] = &v[(n - o->n + i) % CONTENT_OPERANDS];
	return NULL;
}

static struct err *
run_with(struct content *c, struct bytes in, struct pdf_arena *a)
{
	struct pdf_lex l = { .in = in, .budget = pdf_document_budget(c->d) };
	size_t least = c->nkept;
	for (;;) {
		struct pdf_obj v[CONTENT_OPERANDS];
		struct operation o = { .n = 0 };
		pdf_arena_reset(a);
		TRY(read_operation(&l, a, v, &o));
		if (o.name.len == 0)
			break;
		TRY(run_operation(c, &o, &l, least));
	}
	while (c->nkept > least)
		take_state(c, least);
	return NULL;
}

static struct err *
run(struct content *c, struct bytes in)
{
	struct pdf_arena a = PDF_ARENA(pdf_document_budget(c->d));
	struct err *e = run_with(c, in, &a);
	pdf_arena_done(&a);
	return e;
}

/* ---- the page ---- */

static struct err *
add_stream(struct content *c, const struct pdf_obj *raw, struct buf *out)
{
	const struct pdf_obj *stream;
	TRY(pdf_resolve(c->d, c->view, raw, &stream));
	if (!pdf_is(raw, PDF_REF) || !pdf_is(stream, PDF_STREAM))
		return NULL;
	TRY(pdf_stream_data(c->d, c->view, raw->ref, stream, out));
	return buf_byte(out, '\n');
}

static struct err *
read_page(struct content *c, const struct pdf_sheet *s)
{
	const struct pdf_obj *raw = pdf_dict_raw(s->page.dict, "Contents");
	const struct pdf_obj *list;
	CLEANUP(buf_done) struct buf b = BUF(PDF_CONTENT_MAX);
	TRY(pdf_resolve(c->d, c->view, raw, &list));
	if (pdf_is(list, PDF_STREAM))
		TRY(add_stream(c, raw, &b));
	for (size_t i = 0; i < pdf_array_len(list); i++)
		TRY(add_stream(c, pdf_array_at(list, i), &b));
	TRY(pdf_sheet_inherited(
	    c->d, c->view, s->page.dict, "Resources", &c->resources));
	c->left = PDF_CONTENT_MAX - b.len;
	return run(c, buf_bytes(&b));
}

struct err *
pdf_content_read(struct pdf_document *d, size_t view, const struct pdf_sheet *s,
    struct err *(*each)(void *ctx, const struct pdf_mark *m), void *ctx)
{
	struct content *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return err_new(ERR_NOMEM, NULL, "struct content");
	c->d = d;
	c->view = view;
	c->each = each;
	c->ctx = ctx;
	c->now = (struct graphics){ .ctm = { 1, 0, 0, 1, 0, 0 },
		.clip = s->seen,
		.scale = 1 };
	c->text = c->line = c->now.ctm;
	struct err *e = read_page(c, s);
	for (size_t i = 0; i < CONTENT_FONTS; i++)
		pdf_glyphs_free(c->fonts[i].glyphs);
	free(c);
	return e;
}
