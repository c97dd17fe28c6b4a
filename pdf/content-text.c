/* Text: ISO 32000-2 9.3 and 9.4. */
#include "pdf/content-impl.h"

#define ASCENT 0.9 /* of the size: fonts say it in too many ways */
#define DESCENT 0.22

/* ---- fonts ---- */

static struct err *
font_of(struct content *c, const struct pdf_obj *dict,
    const struct pdf_glyphs **out)
{
	for (size_t i = 0; i < CONTENT_FONTS; i++) {
		*out = c->fonts[i].glyphs;
		if (*out != NULL && c->fonts[i].dict == dict)
			return NULL;
	}
	struct pdf_glyphs *g;
	TRY(pdf_glyphs_read(c->d, c->view, dict, &g));
	struct content_font *slot = &c->fonts[c->nfonts++ % CONTENT_FONTS];
	/* What is thrown out may still be in a state that was kept. */
	for (size_t i = 0; i < c->nkept; i++)
		if (c->kept[i].font == slot->glyphs)
			c->kept[i].font = NULL;
	pdf_glyphs_free(slot->glyphs);
	*slot = (struct content_font){ dict, g };
	*out = g;
	return NULL;
}

static struct err *
set_font(struct content *c, const struct operation *o)
{
	const struct pdf_obj *fonts, *font;
	c->now.font = NULL;
	if (o->n < 2 || !pdf_is(o->v[o->n - 2], PDF_NAME))
		return NULL;
	c->now.size = pdf_number(o->v[o->n - 1]);
	TRY(pdf_dict_get(c->d, c->view, c->resources, "Font", &fonts));
	CLEANUP(free_charp) char *name = NULL;
	struct err *e = bytes_dup_str(o->v[o->n - 2]->text, &name);
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	err_free(e);
	if (name == NULL)
		return NULL;
	TRY(pdf_dict_get(c->d, c->view, fonts, name, &font));
	return pdf_is(font, PDF_DICT) ? font_of(c, font, &c->now.font) : NULL;
}

/* ---- showing ---- */

static struct err *
show_glyph(struct content *c, const struct pdf_shown *g)
{
	const struct graphics *s = &c->now;
	/* 9.4.4: from glyphs to the page. */
	struct matrix m = { s->size * s->scale, 0, 0, s->size, 0, s->rise };
	m = content_multiply(content_multiply(m, c->text), s->ctm);
	struct pdf_mark mark = { .glyph = true,
		.text = g->text,
		.n = g->n,
		.box = content_around(
		    &m, (struct pdf_box){ 0, -DESCENT, g->width, ASCENT }) };
	content_move(&m, 0, 0, &mark.x, &mark.y);
	mark.dx = m.a;
	mark.dy = m.b;
	mark.size2 = m.c * m.c + m.d * m.d;
	double by = (g->width * s->size + s->char_space +
			(g->space ? s->word_space : 0)) *
		    s->scale;
	const struct matrix on = { 1, 0, 0, 1, by, 0 };
	c->text = content_multiply(on, c->text);
	return content_draw(c, mark);
}

static struct err *
show(struct content *c, const struct pdf_obj *string)
{
	if (!pdf_is(string, PDF_STRING) || c->now.font == NULL)
		return NULL;
	struct bytes rest = string->text;
	while (rest.len > 0) {
		struct pdf_shown g;
		TRY(pdf_spend(pdf_document_budget(c->d), 1));
		pdf_glyphs_next(c->now.font, &rest, &g);
		TRY(show_glyph(c, &g));
	}
	return NULL;
}

static struct err *
show_array(struct content *c, const struct pdf_obj *array)
{
	for (size_t i = 0; i < pdf_array_len(array); i++) {
		const struct pdf_obj *o = pdf_array_at(array, i);
		double by = -pdf_number(o) / 1000 * c->now.size * c->now.scale;
		const struct matrix on = { 1, 0, 0, 1, by, 0 };
		if (pdf_is(o, PDF_STRING))
			TRY(show(c, o));
		else
			c->text = content_multiply(on, c->text);
	}
	return NULL;
}

static void
next_line(struct content *c, double x, double y)
{
	const struct matrix on = { 1, 0, 0, 1, x, y };
	c->line = content_multiply(on, c->line);
	c->text = c->line;
}

static void
set_matrix(struct content *c, const struct operation *o)
{
	c->line = (struct matrix){ content_number(o, 0), content_number(o, 1),
		content_number(o, 2), content_number(o, 3),
		content_number(o, 4), content_number(o, 5) };
	c->text = c->line;
}

/* Numbers that are only kept. */
static bool
set_number(struct content *c, const struct operation *o)
{
	struct {
		const char *name;
		double *to;
		double unit;
	} const numbers[] = { { "Tc", &c->now.char_space, 1 },
		{ "Tw", &c->now.word_space, 1 }, { "Tz", &c->now.scale, 0.01 },
		{ "TL", &c->now.leading, 1 }, { "Ts", &c->now.rise, 1 } };
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		if (!bytes_eq_str(o->name, numbers[i].name))
			continue;
		*numbers[i].to = content_number(o, 0) * numbers[i].unit;
		return true;
	}
	return false;
}

static struct err *
show_on_next_line(struct content *c, const struct operation *o)
{
	if (o->n == 3) { /* '"': word and character spacing first */
		c->now.word_space = content_number(o, 0);
		c->now.char_space = content_number(o, 1);
	}
	next_line(c, 0, -c->now.leading);
	return o->n == 0 ? NULL : show(c, o->v[o->n - 1]);
}

struct err *
content_text(struct content *c, const struct operation *o, bool *done)
{
	*done = true;
	if (bytes_eq_str(o->name, "Tj"))
		return o->n == 0 ? NULL : show(c, o->v[o->n - 1]);
	if (bytes_eq_str(o->name, "TJ"))
		return o->n == 0 ? NULL : show_array(c, o->v[o->n - 1]);
	if (bytes_eq_str(o->name, "'") || bytes_eq_str(o->name, "\""))
		return show_on_next_line(c, o);
	if (bytes_eq_str(o->name, "Tf"))
		return set_font(c, o);
	if (bytes_eq_str(o->name, "BT")) {
		c->line = c->text = (struct matrix){ 1, 0, 0, 1, 0, 0 };
	} else if (bytes_eq_str(o->name, "Td")) {
		next_line(c, content_number(o, 0), content_number(o, 1));
	} else if (bytes_eq_str(o->name, "TD")) {
		c->now.leading = -content_number(o, 1);
		next_line(c, content_number(o, 0), content_number(o, 1));
	} else if (bytes_eq_str(o->name, "T*")) {
		next_line(c, 0, -c->now.leading);
	} else if (bytes_eq_str(o->name, "Tm")) {
		set_matrix(c, o);
	} else {
		*done = set_number(c, o);
	}
	return NULL;
}
