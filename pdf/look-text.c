#include "pdf/look-text.h"

#define LEADING 1.2 /* stacked marks on capitals have room in it */
#define ASCENT 0.95
#define SIZE_STEP 0.5 /* points */

void
pdf_text_done(struct pdf_text *t)
{
	for (size_t i = 0; i < t->n; i++)
		pdf_line_done(&t->lines[i]);
	t->n = 0;
}

/* ---- breaking ---- */

size_t
pdf_line_end(const struct pdf_line *l, size_t from, double width, bool cut)
{
	double used = 0;
	size_t last = 0;
	for (size_t i = from; i < l->n; i++) {
		used += l->v[i].advance;
		if (used > width && !l->v[i].space && last > from)
			return last;
		if (used > width && !l->v[i].space)
			return cut && i > from ? i : 0;
		if (l->v[i].space)
			last = i + 1;
	}
	return l->n;
}

static bool
break_all(struct pdf_text *t, double width, bool cut)
{
	t->npieces = 0;
	for (size_t i = 0; i < t->n; i++) {
		for (size_t at = 0; at < t->lines[i].n;) {
			size_t to =
			    pdf_line_end(&t->lines[i], at, width, cut);
			if (to == 0 || t->npieces == PDF_PIECES_MAX)
				return false;
			t->pieces[t->npieces++] =
			    (struct pdf_piece){ i, at, to };
			at = to;
		}
	}
	return true;
}

static bool
fits(struct pdf_text *t, double width, double height, bool cut)
{
	bool all = break_all(t, width * 1000 / t->size, cut);
	t->height = (double)t->npieces * LEADING * t->size;
	return all && t->height <= height + 0.01;
}

struct err *
pdf_text_fit(struct pdf_text *t, double width, double height, double size,
    double least)
{
	for (t->size = size; t->size >= least; t->size -= SIZE_STEP)
		if (fits(t, width, height, false))
			return NULL;
	t->size = least;
	if (fits(t, width, height, true))
		return NULL;
	return err_coded(err_new(ERR_LIMIT, NULL,
			     "the box is too small for its words"),
	    "pdf-place");
}

/* ---- drawing ---- */

/* Glyphs are shown in one array; what the font's own width is not is moved. */
static struct err *
draw_glyph(const struct pdf_glyph *g, struct buf *out)
{
	if (g->dx != 0)
		TRY(buf_printf(out, "%.1f", -g->dx));
	TRY(buf_printf(out, "<%04X>", (unsigned)g->id));
	double back = g->width - g->advance + g->dx;
	if (back > 0.05 || back < -0.05)
		TRY(buf_printf(out, "%.1f", back));
	return NULL;
}

struct err *
pdf_line_draw(const struct pdf_line *l, size_t from, size_t to, double size,
    struct buf *out)
{
	double rise = 0;
	TRY(buf_printf(out, "/F%zu %.1f Tf[", l->font, size));
	for (size_t i = from; i < to; i++) {
		if (l->v[i].dy != rise) {
			rise = l->v[i].dy;
			TRY(buf_printf(
			    out, "]TJ %.2f Ts[", rise * size / 1000));
		}
		TRY(draw_glyph(&l->v[i], out));
	}
	return buf_str(out, rise != 0 ? "]TJ 0 Ts\n" : "]TJ\n");
}

struct err *
pdf_text_draw(
    const struct pdf_text *t, const struct pdf_box *box, struct buf *out)
{
	if (t->npieces == 0)
		return NULL;
	TRY(buf_printf(out, "BT 0 g %.2f TL %.2f %.2f Td\n", LEADING * t->size,
	    box->x0, box->y1 - ASCENT * t->size));
	for (size_t i = 0; i < t->npieces; i++) {
		if (i > 0)
			TRY(buf_str(out, "T* "));
		const struct pdf_piece *p = &t->pieces[i];
		TRY(pdf_line_draw(
		    &t->lines[p->line], p->from, p->to, t->size, out));
	}
	return buf_str(out, "ET\n");
}
