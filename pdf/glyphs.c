#include "pdf/glyphs.h"

#include "pdf/box.h"
#include "pdf/glyph-names.h"
#include "pdf/lex.h"

#include <stdlib.h>

#define CODES 65536
#define POOL_MAX 4096              /* texts of several code points */
#define CMAP_MAX ((size_t)2 << 20) /* bytes of /ToUnicode, inflated */
#define WIDTH_DEFAULT 500          /* thousandths, of a font that says none */
#define CID_WIDTH_DEFAULT 1000
#define MANY 0x80000000u           /* in `text`: number of a text in the pool */

struct pdf_glyphs {
	bool wide;       /* codes of two bytes */
	size_t codes;    /* 256 or CODES */
	float *width;    /* by code */
	uint32_t *text;  /* by code: code point, MANY + place, 0: not known */
	uint32_t (*pool)[PDF_GLYPH_TEXT + 1]; /* length first */
	size_t npool;
};

void
pdf_glyphs_free(struct pdf_glyphs *g)
{
	if (g == NULL)
		return;
	free(g->width);
	free(g->text);
	free(g->pool);
	free(g);
}

DEFINE_FREEP(pdf_glyphs_free, struct pdf_glyphs)

/* ---- /ToUnicode (9.10.3) ---- */

struct cmap {
	struct pdf_lex l;
	struct pdf_glyphs *g;
};

static struct bytes
hex_of(const struct cmap *c, const struct pdf_token *t, uint8_t *to, size_t max)
{
	struct bytes in = pdf_token_text(&c->l, t);
	size_t n = 0;
	for (size_t i = 1; i + 1 < in.len && n / 2 < max; i++) {
		uint8_t d = in.ptr[i];
		int v = d >= '0' && d <= '9'   ? d - '0'
			: d >= 'a' && d <= 'f' ? d - 'a' + 10
			: d >= 'A' && d <= 'F' ? d - 'A' + 10
					       : -1;
		if (v < 0)
			continue;
		to[n / 2] = (uint8_t)(n % 2 == 0 ? v << 4 : to[n / 2] | v);
		n++;
	}
	return bytes_of(to, (n + 1) / 2);
}

static uint32_t
code_of(const struct cmap *c, const struct pdf_token *t)
{
	uint8_t raw[4];
	struct bytes b = hex_of(c, t, raw, sizeof(raw));
	uint32_t v = 0;
	for (size_t i = 0; i < b.len; i++)
		v = v << 8 | b.ptr[i];
	return v;
}

/* UTF-16BE. */
static size_t
points_of(const struct cmap *c, const struct pdf_token *t,
    uint32_t out[PDF_GLYPH_TEXT])
{
	uint8_t raw[4 * PDF_GLYPH_TEXT];
	struct bytes b = hex_of(c, t, raw, sizeof(raw));
	size_t n = 0;
	for (size_t i = 0; i + 1 < b.len && n < PDF_GLYPH_TEXT; i += 2) {
		uint32_t u = (uint32_t)b.ptr[i] << 8 | b.ptr[i + 1];
		bool low = u >= 0xDC00 && u < 0xE000;
		if (low && n > 0 && out[n - 1] >= 0xD800 && out[n - 1] < 0xDC00)
			out[n - 1] = 0x10000 + ((out[n - 1] - 0xD800) << 10) +
				     (u - 0xDC00);
		else
			out[n++] = u;
	}
	return n;
}

static struct err *
set_text(struct pdf_glyphs *g, uint32_t code, const uint32_t *text, size_t n)
{
	if (code >= g->codes || n == 0)
		return NULL;
	if (n == 1) {
		g->text[code] = text[0];
		return NULL;
	}
	if (g->npool == POOL_MAX)
		return NULL;
	if (g->pool == NULL)
		g->pool = calloc(POOL_MAX, sizeof(*g->pool));
	if (g->pool == NULL)
		return err_new(ERR_NOMEM, NULL, "texts of glyphs");
	g->pool[g->npool][0] = (uint32_t)n;
	for (size_t i = 0; i < n; i++)
		g->pool[g->npool][i + 1] = text[i];
	g->text[code] = MANY + (uint32_t)g->npool++;
	return NULL;
}

static struct err *
read_chars(struct cmap *c)
{
	for (;;) {
		struct pdf_token from, to;
		uint32_t text[PDF_GLYPH_TEXT];
		TRY(pdf_next(&c->l, &from));
		if (from.kind != PDF_TOKEN_HEX)
			return NULL;
		TRY(pdf_next(&c->l, &to));
		if (to.kind != PDF_TOKEN_HEX)
			return NULL;
		size_t n = points_of(c, &to, text);
		TRY(set_text(c->g, code_of(c, &from), text, n));
	}
}

/* "<0041> <0043> [<...> <...> <...>]": a text for each code. */
static struct err *
read_each(struct cmap *c, uint32_t first, uint32_t last)
{
	for (uint32_t code = first;; code++) {
		struct pdf_token t;
		uint32_t text[PDF_GLYPH_TEXT];
		TRY(pdf_next(&c->l, &t));
		if (t.kind != PDF_TOKEN_HEX)
			return NULL;
		if (code <= last)
			TRY(set_text(c->g, code, text, points_of(c, &t, text)));
	}
}

static struct err *
read_ranges(struct cmap *c)
{
	for (;;) {
		struct pdf_token from, to, what;
		uint32_t text[PDF_GLYPH_TEXT];
		TRY(pdf_next(&c->l, &from));
		if (from.kind != PDF_TOKEN_HEX)
			return NULL;
		TRY(pdf_next(&c->l, &to));
		TRY(pdf_next(&c->l, &what));
		uint32_t first = code_of(c, &from), last = code_of(c, &to);
		if (what.kind == PDF_TOKEN_ARRAY_OPEN) {
			TRY(read_each(c, first, last));
			continue;
		}
		size_t n = points_of(c, &what, text);
		for (uint32_t k = first;
		     n > 0 && k <= last && k < c->g->codes; k++) {
			TRY(set_text(c->g, k, text, n));
			text[n - 1]++;
		}
	}
}

static struct err *
read_cmap(struct cmap *c)
{
	for (;;) {
		struct pdf_token t;
		TRY(pdf_next(&c->l, &t));
		if (t.kind == PDF_TOKEN_END)
			return NULL;
		if (t.kind != PDF_TOKEN_WORD)
			continue;
		struct bytes word = pdf_token_text(&c->l, &t);
		if (bytes_eq_str(word, "beginbfchar"))
			TRY(read_chars(c));
		else if (bytes_eq_str(word, "beginbfrange"))
			TRY(read_ranges(c));
	}
}

static struct err *
read_to_unicode(struct pdf_document *d, size_t view,
    const struct pdf_obj *font, struct pdf_glyphs *g)
{
	const struct pdf_obj *stream;
	const struct pdf_obj *raw = pdf_dict_raw(font, "ToUnicode");
	CLEANUP(buf_done) struct buf b = BUF(CMAP_MAX);
	TRY(pdf_resolve(d, view, raw, &stream));
	if (!pdf_is(raw, PDF_REF) || !pdf_is(stream, PDF_STREAM))
		return NULL;
	TRY(pdf_stream_data(d, view, raw->ref, stream, &b));
	struct cmap c = { .g = g,
		.l = { .in = buf_bytes(&b),
		    .budget = pdf_document_budget(d) } };
	return read_cmap(&c);
}

/* ---- simple fonts (9.6) ---- */

static void
set_latin(struct pdf_glyphs *g)
{
	for (uint32_t i = 0; i < 256; i++)
		g->text[i] = pdf_latin(i);
}

static struct err *
read_encoding(struct pdf_document *d, size_t view, const struct pdf_obj *font,
    struct pdf_glyphs *g)
{
	const struct pdf_obj *encoding, *list, *o;
	int64_t code = 0;
	set_latin(g);
	TRY(pdf_dict_get(d, view, font, "Encoding", &encoding));
	TRY(pdf_dict_get(d, view, encoding, "Differences", &list));
	for (size_t i = 0; i < pdf_array_len(list); i++) {
		TRY(pdf_array_get(d, view, list, i, &o));
		uint32_t text[PDF_GLYPH_TEXT];
		if (pdf_int(o, 0, 255, &code) || !pdf_is(o, PDF_NAME))
			continue;
		if (code > 255)
			break;
		g->text[code] = 0;
		TRY(set_text(g, (uint32_t)code, text,
		    pdf_glyph_name(o->text, text)));
		code++;
	}
	return NULL;
}

static struct err *
read_widths(struct pdf_document *d, size_t view, const struct pdf_obj *font,
    struct pdf_glyphs *g)
{
	const struct pdf_obj *list, *o, *matrix, *descriptor, *missing;
	int64_t first = 0;
	double unit = 0.001;
	TRY(pdf_dict_get(d, view, font, "FontMatrix", &matrix));
	if (pdf_array_len(matrix) == 6)
		unit = pdf_number(pdf_array_at(matrix, 0));
	TRY(pdf_dict_get(d, view, font, "FontDescriptor", &descriptor));
	TRY(pdf_dict_get(d, view, descriptor, "MissingWidth", &missing));
	TRY(pdf_dict_get(d, view, font, "Widths", &list));
	double other = pdf_is(missing, PDF_NULL) ? WIDTH_DEFAULT
						 : pdf_number(missing);
	for (size_t i = 0; i < g->codes; i++)
		g->width[i] = (float)(other * unit);
	TRY(pdf_dict_get(d, view, font, "FirstChar", &o));
	(void)pdf_int(o, 0, 255, &first);
	for (size_t i = 0; i < pdf_array_len(list) &&
			   (size_t)first + i < g->codes; i++) {
		TRY(pdf_array_get(d, view, list, i, &o));
		g->width[(size_t)first + i] = (float)(pdf_number(o) * unit);
	}
	return NULL;
}

/* ---- composite fonts (9.7.4.3): codes count as glyphs, as in Identity-H ---- */

static void
set_width(struct pdf_glyphs *g, int64_t from, int64_t to, double width)
{
	for (int64_t i = from; i <= to && i < CODES; i++)
		g->width[i] = (float)(width / 1000);
}

static struct err *
read_cid_widths(struct pdf_document *d, size_t view,
    const struct pdf_obj *font, struct pdf_glyphs *g)
{
	const struct pdf_obj *kids, *cid, *o, *w, *next, *third;
	int64_t from, to;
	TRY(pdf_dict_get(d, view, font, "DescendantFonts", &kids));
	TRY(pdf_array_get(d, view, kids, 0, &cid));
	TRY(pdf_dict_get(d, view, cid, "DW", &o));
	set_width(g, 0, CODES - 1,
	    pdf_is(o, PDF_NULL) ? CID_WIDTH_DEFAULT : pdf_number(o));
	TRY(pdf_dict_get(d, view, cid, "W", &w));
	for (size_t i = 0; i + 1 < pdf_array_len(w);) {
		TRY(pdf_array_get(d, view, w, i, &o));
		TRY(pdf_array_get(d, view, w, i + 1, &next));
		if (!pdf_int(o, 0, CODES - 1, &from))
			return NULL;
		if (pdf_is(next, PDF_ARRAY)) {
			for (size_t k = 0; k < pdf_array_len(next); k++) {
				TRY(pdf_array_get(d, view, next, k, &o));
				set_width(g, from + (int64_t)k,
				    from + (int64_t)k, pdf_number(o));
			}
			i += 2;
			continue;
		}
		TRY(pdf_array_get(d, view, w, i + 2, &third));
		if (!pdf_int(next, from, CODES - 1, &to))
			return NULL;
		set_width(g, from, to, pdf_number(third));
		i += 3;
	}
	return NULL;
}

/* ---- both ---- */

static struct err *
read_font(struct pdf_document *d, size_t view, const struct pdf_obj *font,
    struct pdf_glyphs *g)
{
	if (g->wide) {
		TRY(read_cid_widths(d, view, font, g));
	} else {
		TRY(read_encoding(d, view, font, g));
		TRY(read_widths(d, view, font, g));
	}
	return read_to_unicode(d, view, font, g);
}

struct err *
pdf_glyphs_read(struct pdf_document *d, size_t view,
    const struct pdf_obj *font, struct pdf_glyphs **out)
{
	CLEANUP(pdf_glyphs_freep) struct pdf_glyphs *g = calloc(1, sizeof(*g));
	if (g == NULL)
		return err_new(ERR_NOMEM, NULL, "a font");
	g->wide = pdf_is_name(pdf_dict_raw(font, "Subtype"), "Type0");
	g->codes = g->wide ? CODES : 256;
	g->width = calloc(g->codes, sizeof(*g->width));
	g->text = calloc(g->codes, sizeof(*g->text));
	if (g->width == NULL || g->text == NULL)
		return err_new(ERR_NOMEM, NULL, "a font");
	struct err *e = read_font(d, view, font, g);
	if (e != NULL &&
	    (err_kind(e) == ERR_NOMEM || err_kind(e) == ERR_LIMIT))
		return e;
	err_free(e);
	*out = TAKE(g);
	return NULL;
}

void
pdf_glyphs_next(const struct pdf_glyphs *g, struct bytes *string,
    struct pdf_shown *out)
{
	uint32_t code = string->ptr[0];
	size_t len = 1;
	if (g->wide && string->len > 1) {
		code = code << 8 | string->ptr[1];
		len = 2;
	}
	*string = bytes_from(*string, len);
	*out = (struct pdf_shown){ .width = (double)g->width[code],
		.space = !g->wide && code == ' ' };
	uint32_t text = g->text[code];
	if (text >= MANY) {
		const uint32_t *many = g->pool[text - MANY];
		out->n = many[0];
		for (size_t i = 0; i < out->n; i++)
			out->text[i] = many[i + 1];
	} else if (text != 0) {
		out->n = 1;
		out->text[0] = text;
	}
}
