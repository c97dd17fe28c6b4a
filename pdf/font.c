#include "pdf/font.h"

#include <hb-ot.h>
#include <stdlib.h>
#include <string.h>

#define LINE_GLYPHS_MAX 4096
#define FONT_FILE_MAX (32u << 20) /* bytes */

/* Tinos has the metrics of Times New Roman, and all of Vietnamese. */
#define TIMES "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf"
#define ANY "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

static hb_font_t *fonts[PDF_FONTS_MAX];
static size_t nfonts;

static void
load(const char *file)
{
	hb_blob_t *blob = hb_blob_create_from_file_or_fail(file);
	if (blob == NULL)
		return;
	hb_face_t *face = hb_face_create(blob, 0);
	bool fits = hb_blob_get_length(blob) <= FONT_FILE_MAX &&
		    hb_face_get_glyph_count(face) > 0;
	hb_face_make_immutable(face);
	if (fits)
		fonts[nfonts++] = hb_font_create(face);
	hb_face_destroy(face);
	hb_blob_destroy(blob);
}

/* HarfBuzz builds its tables on first use. */
static void
warm(void)
{
	struct pdf_line l;
	struct err *e = pdf_line_shape(BYTES_LIT("Việt"), &l);
	if (e == NULL)
		pdf_line_done(&l);
	err_free(e);
}

void
pdf_fonts_start(const char *file)
{
	if (nfonts > 0)
		return;
	load(file != NULL ? file : TIMES);
	load(ANY);
	warm();
}

void
pdf_fonts_stop(void)
{
	while (nfonts > 0)
		hb_font_destroy(fonts[--nfonts]);
}

struct hb_face_t *
pdf_font_face(size_t font)
{
	return hb_font_get_face(fonts[font]);
}

void
pdf_line_done(struct pdf_line *l)
{
	free(l->v);
	*l = (struct pdf_line){ 0 };
}

/* ---- text ---- */

struct points {
	uint32_t v[LINE_GLYPHS_MAX];
	size_t n;
};

/* Composed: a font has "ế", but not always e and two marks well placed. */
static struct err *
read_points(struct bytes utf8, struct points *out)
{
	hb_unicode_funcs_t *u = hb_unicode_funcs_get_default();
	size_t at = 0;
	out->n = 0;
	while (at < utf8.len) {
		uint32_t c = utf8.ptr[at++], both;
		int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
		if (more > 0)
			c &= 0x3Fu >> more;
		while (more-- > 0 && at < utf8.len)
			c = c << 6 | (utf8.ptr[at++] & 0x3F);
		if (c < 0x20 || (c >= 0x7F && c < 0xA0))
			return err_new(ERR_MALFORMED, NULL,
			    "control characters in a visible signature");
		if (out->n > 0 &&
		    hb_unicode_compose(u, out->v[out->n - 1], c, &both))
			out->v[out->n - 1] = both;
		else if (out->n == LINE_GLYPHS_MAX)
			return err_new(ERR_LIMIT, NULL, "a line is too long");
		else
			out->v[out->n++] = c;
	}
	return NULL;
}

/* ---- shaping ---- */

static bool
is_whole(const hb_glyph_info_t *info, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (info[i].codepoint == 0)
			return false;
	return true;
}

static void
take_text(struct pdf_glyph *g, const struct points *p,
    const hb_glyph_info_t *info, unsigned i, unsigned n)
{
	size_t from = info[i].cluster, to = p->n, k = 0;
	if (i > 0 && info[i - 1].cluster == from)
		return; /* the first of a cluster has its text */
	for (unsigned j = i + 1; j < n && to == p->n; j++)
		if (info[j].cluster != from)
			to = info[j].cluster;
	for (; from < to && k < COUNT_OF(g->text) - 1; from++)
		g->text[k++] = p->v[from];
	g->space = g->text[0] == ' ';
}

static struct err *
take_glyphs(hb_buffer_t *b, size_t font, const struct points *p,
    struct pdf_line *out)
{
	unsigned n;
	hb_font_t *f = fonts[font];
	const hb_glyph_info_t *info = hb_buffer_get_glyph_infos(b, &n);
	const hb_glyph_position_t *at = hb_buffer_get_glyph_positions(b, &n);
	double em = hb_face_get_upem(hb_font_get_face(f)) / 1000.0;
	*out = (struct pdf_line){ .font = font,
		.v = calloc(n + 1, sizeof(*out->v)),
		.n = n };
	if (out->v == NULL)
		return err_new(ERR_NOMEM, NULL, "glyphs");
	for (unsigned i = 0; i < n; i++) {
		struct pdf_glyph *g = &out->v[i];
		g->id = info[i].codepoint;
		g->width = hb_font_get_glyph_h_advance(f, g->id) / em;
		g->advance = at[i].x_advance / em;
		g->dx = at[i].x_offset / em;
		g->dy = at[i].y_offset / em;
		take_text(g, p, info, i, n);
	}
	return NULL;
}

/* Ligatures would have to be taken apart again by who copies the text. */
static struct err *
shape_in(size_t font, const struct points *p, bool *whole, struct pdf_line *out)
{
	static const hb_feature_t plain[] = {
		{ HB_TAG('l', 'i', 'g', 'a'), 0, 0, (unsigned)-1 },
		{ HB_TAG('c', 'l', 'i', 'g'), 0, 0, (unsigned)-1 },
	};
	hb_buffer_t *b = hb_buffer_create();
	hb_buffer_set_cluster_level(
	    b, HB_BUFFER_CLUSTER_LEVEL_MONOTONE_CHARACTERS);
	hb_buffer_add_codepoints(b, p->v, (int)p->n, 0, (int)p->n);
	hb_buffer_guess_segment_properties(b);
	hb_buffer_set_direction(b, HB_DIRECTION_LTR);
	hb_shape(fonts[font], b, plain, COUNT_OF(plain));
	unsigned n;
	const hb_glyph_info_t *info = hb_buffer_get_glyph_infos(b, &n);
	*whole = hb_buffer_allocation_successful(b) && is_whole(info, n);
	struct err *e = *whole ? take_glyphs(b, font, p, out) : NULL;
	hb_buffer_destroy(b);
	return e;
}

struct err *
pdf_line_shape(struct bytes utf8, struct pdf_line *out)
{
	struct points *p = malloc(sizeof(*p));
	bool whole = false;
	struct err *e =
	    p == NULL ? err_new(ERR_NOMEM, NULL, "a line") : NULL;
	if (e == NULL)
		e = read_points(utf8, p);
	for (size_t i = 0; e == NULL && !whole && i < nfonts; i++)
		e = shape_in(i, p, &whole, out);
	free(p);
	if (e != NULL || whole)
		return e;
	return err_coded(err_new(ERR_UNSUPPORTED, NULL,
			     nfonts == 0 ? "no font could be read"
					 : "no font has all characters"),
	    "pdf-font");
}
