#include "pdf/paper.h"

#include "pdf/font.h"
#include "pdf/increment.h"
#include "pdf/look-text.h"
#include "pdf/qr.h"

#include <stdio.h>
#include <stdlib.h>

/* Points. */
#define SHEET_WIDTH 595.276 /* A4 */
#define SHEET_HEIGHT 841.89
#define MARGIN 52.0
#define FOOT 34.0
#define LABEL_WIDTH 142.0
#define QR_SIDE 112.0
#define BAR 5.0
#define INDENT 14.0 /* of what stands behind a bar */
#define LEADING 1.25
#define SHEETS_MAX 99 /* their numbers are shaped before they are needed */
#define TEXT_MAX 65536 /* bytes of one block */

/* How each kind looks; sizes in points. */
static const struct look {
	double size, before;
	bool bold;
	const char *colour; /* CalRGB, by kind of verdict; NULL: black */
} looks[] = {
	[PAPER_TITLE] = { 16, 0, true, NULL },
	[PAPER_HEADING] = { 12, 12, true, NULL },
	[PAPER_TEXT] = { 10.5, 4, false, NULL },
	[PAPER_SMALL] = { 8.5, 3, false, NULL },
	[PAPER_ROW] = { 10, 2.5, false, NULL },
	[PAPER_GOOD] = { 15, 10, true, "0.004 0.107 0.02" },
	[PAPER_OPEN] = { 15, 10, true, "0.156 0.056 0" },
	[PAPER_BAD] = { 15, 10, true, "0.323 0.005 0.009" },
};

struct writing {
	const struct pdf_paper *paper;
	struct pdf_increment inc;
	struct pdf_line *lines; /* a label and a text of each block, numbers */
	size_t nlines;
	struct buf fonts;   /* members of /Font */
	struct buf content; /* of the sheet that is being written */
	struct buf kids;
	struct pdf_ref tree;
	size_t sheets; /* begun */
	size_t titled; /* which of them has a title, and the QR code beside it */
	double y;      /* of the next line's top */
};

static void
writing_done(struct writing *w)
{
	for (size_t i = 0; i < w->nlines; i++)
		pdf_line_done(&w->lines[i]);
	free(w->lines);
	pdf_increment_done(&w->inc);
	buf_done(&w->fonts);
	buf_done(&w->content);
	buf_done(&w->kids);
}

/* ---- words into glyphs ---- */

static size_t
point_len(uint8_t c)
{
	return c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
}

static bool
is_unknown(const struct err *e)
{
	return err_kind(e) == ERR_UNSUPPORTED;
}

/* What no font has, alone, becomes '?'; with `hard`, all that is not ASCII. */
static struct err *
replace_unknown(struct bytes text, bool hard, struct buf *out)
{
	while (text.len > 0) {
		size_t n = point_len(text.ptr[0]);
		struct bytes c = bytes_slice(text, 0, n);
		struct pdf_line l = { 0 };
		struct err *e = pdf_line_shape(c, &l);
		bool known = e == NULL && (!hard || n == 1);
		pdf_line_done(&l);
		err_free(e);
		if (known)
			TRY(buf_append(out, c));
		else
			TRY(buf_byte(out, '?'));
		text = bytes_from(text, c.len);
	}
	return NULL;
}

static struct err *
shape(struct bytes text, struct pdf_line *out)
{
	struct err *e = pdf_line_shape(text, out);
	for (int hard = 0; hard < 2 && e != NULL && is_unknown(e); hard++) {
		CLEANUP(buf_done) struct buf plain = BUF(TEXT_MAX);
		err_free(e);
		TRY(replace_unknown(text, hard == 1, &plain));
		e = pdf_line_shape(buf_bytes(&plain), out);
	}
	return e;
}

static struct err *
add_line(struct writing *w, const char *text)
{
	struct bytes b = bytes_str(text == NULL ? "" : text);
	if (b.len > TEXT_MAX)
		return err_new(ERR_LIMIT, NULL, "a text of %zu bytes", b.len);
	TRY(shape(b, &w->lines[w->nlines]));
	w->nlines++;
	return NULL;
}

static struct err *
shape_all(struct writing *w)
{
	const struct pdf_paper *p = w->paper;
	char number[16];
	w->lines = calloc(2 * p->n + SHEETS_MAX, sizeof(*w->lines));
	if (w->lines == NULL)
		return err_new(ERR_NOMEM, NULL, "lines");
	for (size_t i = 0; i < p->n; i++) {
		TRY(add_line(w, p->v[i].label));
		TRY(add_line(w, p->v[i].text));
	}
	for (int i = 1; i <= SHEETS_MAX; i++) {
		snprintf(number, sizeof(number), "%d", i);
		TRY(add_line(w, number));
	}
	return NULL;
}

static struct err *
embed_fonts(struct writing *w)
{
	for (size_t font = 0; font < PDF_FONTS_MAX; font++) {
		bool used = false;
		struct pdf_ref ref;
		for (size_t i = 0; i < w->nlines; i++)
			used = used ||
			       (w->lines[i].font == font && w->lines[i].n > 0);
		if (!used)
			continue;
		TRY(pdf_font_embed(&w->inc, font, w->lines, w->nlines, &ref));
		TRY(buf_printf(&w->fonts, "/F%zu ", font));
		TRY(pdf_write_ref(&w->fonts, ref));
	}
	return NULL;
}

/* ---- sheets ---- */

/* Colours of no device: nothing has to be said of the printer. */
#define COLOURS                                                                \
	"/ColorSpace<</DefaultGray[/CalGray<</WhitePoint[0.9642 1 0.8249]"      \
	"/Gamma 2.2>>]/Rgb[/CalRGB<</WhitePoint[0.9642 1 0.8249]/Matrix"        \
	"[0.4361 0.2225 0.0139 0.3851 0.7169 0.0971 0.1431 0.0606 0.7141]"      \
	">>]>>"

static struct err *
put_line(struct writing *w, const struct pdf_line *l, size_t from, size_t to,
    double x, const struct look *look)
{
	TRY(buf_str(&w->content, "q "));
	if (look->colour != NULL)
		TRY(buf_printf(&w->content, "/Rgb cs %s sc /Rgb CS %s SC ",
		    look->colour, look->colour));
	TRY(buf_printf(&w->content, "BT %s %.2f %.2f Td ",
	    look->bold ? "2 Tr 0.3 w" : "0 Tr", x, w->y - look->size));
	TRY(pdf_line_draw(l, from, to, look->size, &w->content));
	return buf_str(&w->content, "ET Q\n");
}

static struct err *
write_page(struct writing *w, struct pdf_ref content)
{
	struct pdf_writer o;
	struct pdf_ref page;
	TRY(pdf_increment_number(&w->inc, &page));
	TRY(pdf_increment_begin(&w->inc, page, &o));
	TRY(buf_printf(o.out,
	    "<</Type/Page/MediaBox[0 0 %.3f %.3f]/Resources<<" COLOURS
	    "/Font<<",
	    SHEET_WIDTH, SHEET_HEIGHT));
	TRY(buf_append(o.out, buf_bytes(&w->fonts)));
	TRY(buf_str(o.out, ">>>>/Contents "));
	TRY(pdf_write_ref(o.out, content));
	TRY(buf_str(o.out, "/Parent "));
	TRY(pdf_write_ref(o.out, w->tree));
	TRY(buf_str(o.out, ">>"));
	TRY(pdf_increment_end(&w->inc));
	TRY(buf_str(&w->kids, " "));
	return pdf_write_ref(&w->kids, page);
}

static struct err *
end_sheet(struct writing *w)
{
	static const struct look small = { 8.5, 0, false, NULL };
	const struct pdf_line *number =
	    &w->lines[2 * w->paper->n + w->sheets - 1];
	struct pdf_ref content;
	w->y = FOOT + small.size;
	TRY(put_line(w, number, 0, number->n, SHEET_WIDTH / 2, &small));
	TRY(pdf_increment_number(&w->inc, &content));
	TRY(pdf_increment_stream(
	    &w->inc, content, "", buf_bytes(&w->content), true));
	buf_done(&w->content);
	w->content = BUF(PDF_PAPER_MAX);
	return write_page(w, content);
}

static struct err *
begin_sheet(struct writing *w)
{
	if (w->sheets > 0)
		TRY(end_sheet(w));
	if (w->sheets == SHEETS_MAX)
		return err_new(ERR_LIMIT, NULL, "over %d sheets", SHEETS_MAX);
	w->sheets++;
	w->y = SHEET_HEIGHT - MARGIN;
	TRY(buf_str(&w->content, "0 g 0 G\n"));
	return NULL;
}

/* A title begins a sheet. */
static struct err *
begin_titled(struct writing *w)
{
	TRY(begin_sheet(w));
	w->titled = w->sheets;
	if (w->paper->qr == NULL)
		return NULL;
	return pdf_qr_draw(w->paper->qr, SHEET_WIDTH - MARGIN - QR_SIDE,
	    SHEET_HEIGHT - MARGIN - QR_SIDE + 8, QR_SIDE, &w->content);
}

/* Where a line that begins here must end: beside the QR code sooner. */
static double
right_edge(const struct writing *w)
{
	bool beside = w->sheets == w->titled && w->paper->qr != NULL &&
		      w->y > SHEET_HEIGHT - MARGIN - QR_SIDE;
	return SHEET_WIDTH - MARGIN - (beside ? QR_SIDE + 8 : 0);
}

static struct err *
need(struct writing *w, double height)
{
	return w->y - height < FOOT + 2 * 8.5 ? begin_sheet(w) : NULL;
}

/* ---- blocks ---- */

/* One text, broken into lines from `x` on.  `bar`: a coloured bar beside. */
static struct err *
flow(struct writing *w, const struct pdf_line *l, double x,
    const struct look *look, const char *bar)
{
	double height = LEADING * look->size;
	for (size_t at = 0; at < l->n;) {
		TRY(need(w, height));
		size_t to = pdf_line_end(l, at,
		    (right_edge(w) - x) * 1000 / look->size, true);
		if (to == 0)
			return err_new(ERR_INTERNAL, NULL, "no glyph fits");
		if (bar != NULL)
			TRY(buf_printf(&w->content,
			    "q /Rgb cs %s sc %.2f %.2f %.2f %.2f re f Q\n", bar,
			    MARGIN, w->y - height, BAR, height + 0.5));
		TRY(put_line(w, l, at, to, x, look));
		w->y -= height;
		at = to;
	}
	return NULL;
}

/* The word of a verdict in its colour, its sentence below, a bar beside. */
static struct err *
put_verdict(struct writing *w, const struct pdf_line lines[2],
    const struct look *look)
{
	static const struct look said = { 11.5, 0, false, NULL };
	TRY(flow(w, &lines[0], MARGIN + INDENT, look, look->colour));
	return flow(w, &lines[1], MARGIN + INDENT, &said, look->colour);
}

/* Label and text begin at the same height; the row ends with the longer. */
static struct err *
put_row(struct writing *w, const struct pdf_line lines[2],
    const struct look *look)
{
	double labels = LABEL_WIDTH * 1000 / look->size, top;
	size_t at = 0;
	TRY(need(w, 2 * LEADING * look->size));
	top = w->y;
	while (at < lines[0].n) {
		size_t to = pdf_line_end(&lines[0], at, labels, true);
		TRY(put_line(w, &lines[0], at, to, MARGIN, look));
		w->y -= LEADING * look->size;
		at = to;
	}
	double below = w->y;
	size_t sheet = w->sheets;
	w->y = top;
	TRY(flow(w, &lines[1], MARGIN + LABEL_WIDTH + 8, look, NULL));
	if (sheet == w->sheets && below < w->y)
		w->y = below;
	return NULL;
}

static struct err *
put_rule(struct writing *w)
{
	return buf_printf(&w->content, "q 0.5 w %.2f %.2f m %.2f %.2f l S Q\n",
	    MARGIN, w->y + 5, right_edge(w), w->y + 5);
}

static struct err *
put_block(struct writing *w, size_t i)
{
	const struct pdf_paper_block *b = &w->paper->v[i];
	const struct pdf_line *lines = &w->lines[2 * i];
	const struct look *look = &looks[b->kind];
	w->y -= look->before;
	switch (b->kind) {
	case PAPER_GOOD:
	case PAPER_OPEN:
	case PAPER_BAD:
		return put_verdict(w, lines, look);
	case PAPER_ROW:
		return put_row(w, lines, look);
	case PAPER_HEADING:
		/* Not alone at the foot of a sheet. */
		TRY(need(w, 6 * look->size));
		TRY(put_rule(w));
		break;
	case PAPER_TITLE:
		TRY(begin_titled(w));
		break;
	case PAPER_TEXT:
	case PAPER_SMALL:
		break;
	}
	return flow(w, &lines[1], MARGIN, look, NULL);
}

/* ---- the file ---- */

static struct err *
escape(const char *s, struct buf *out)
{
	for (; *s != '\0'; s++) {
		if (*s == '&')
			TRY(buf_str(out, "&amp;"));
		else if (*s == '<')
			TRY(buf_str(out, "&lt;"));
		else
			TRY(buf_byte(out, (uint8_t)*s));
	}
	return NULL;
}

/* ISO 19005-2 6.6: what the file says of itself. */
static struct err *
write_metadata(struct writing *w, struct pdf_ref *out)
{
	CLEANUP(buf_done) struct buf x = BUF(TEXT_MAX);
	TRY(buf_str(&x,
	    "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
	    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf="
	    "\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
	    "<rdf:Description rdf:about=\"\" "
	    "xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\" "
	    "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
	    "xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\">"
	    "<pdfaid:part>2</pdfaid:part>"
	    "<pdfaid:conformance>B</pdfaid:conformance>"
	    "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">"));
	TRY(escape(w->paper->title, &x));
	TRY(buf_str(&x, "</rdf:li></rdf:Alt></dc:title><xmp:CreatorTool>signd"
			"</xmp:CreatorTool><xmp:CreateDate>"));
	TRY(time_format_iso(w->paper->time, TIME_VIETNAM_OFFSET_MIN, &x));
	TRY(buf_str(&x, "</xmp:CreateDate></rdf:Description></rdf:RDF>"
			"</x:xmpmeta><?xpacket end=\"w\"?>"));
	TRY(pdf_increment_number(&w->inc, out));
	return pdf_increment_stream(&w->inc, *out,
	    "/Type/Metadata/Subtype/XML", buf_bytes(&x), false);
}

static struct err *
write_tree(struct writing *w)
{
	struct pdf_writer o;
	TRY(pdf_increment_begin(&w->inc, w->tree, &o));
	TRY(buf_printf(o.out, "<</Type/Pages/Count %zu/Kids[", w->sheets));
	TRY(buf_append(o.out, buf_bytes(&w->kids)));
	TRY(buf_str(o.out, "]>>"));
	return pdf_increment_end(&w->inc);
}

static struct err *
write_catalog(struct writing *w, struct pdf_ref *out)
{
	struct pdf_writer o;
	struct pdf_ref metadata;
	TRY(write_metadata(w, &metadata));
	TRY(pdf_increment_number(&w->inc, out));
	TRY(pdf_increment_begin(&w->inc, *out, &o));
	TRY(buf_str(o.out, "<</Type/Catalog/Pages "));
	TRY(pdf_write_ref(o.out, w->tree));
	TRY(buf_str(o.out, "/Metadata "));
	TRY(pdf_write_ref(o.out, metadata));
	TRY(buf_str(o.out, "/Lang"));
	TRY(pdf_write_string(&o, bytes_str(w->paper->lang), false));
	TRY(buf_str(o.out, "/ViewerPreferences<</DisplayDocTitle true>>>>"));
	return pdf_increment_end(&w->inc);
}

struct err *
pdf_paper_write(const struct pdf_paper *p, struct buf *out)
{
	CLEANUP(writing_done)
	struct writing w = { .paper = p,
		.fonts = BUF(1024),
		.content = BUF(PDF_PAPER_MAX),
		.kids = BUF(TEXT_MAX) };
	struct pdf_ref catalog;
	if (p->n > PDF_PAPER_BLOCKS)
		return err_new(ERR_LIMIT, NULL, "%zu blocks", p->n);
	TRY(pdf_increment_fresh(&w.inc, PDF_PAPER_MAX));
	TRY(pdf_increment_number(&w.inc, &w.tree));
	TRY(shape_all(&w));
	TRY(embed_fonts(&w));
	if (p->n == 0 || p->v[0].kind != PAPER_TITLE)
		TRY(begin_sheet(&w));
	for (size_t i = 0; i < p->n; i++)
		TRY(put_block(&w, i));
	TRY(end_sheet(&w));
	TRY(write_tree(&w));
	TRY(write_catalog(&w, &catalog));
	TRY(pdf_increment_finish_fresh(&w.inc, catalog));
	return buf_append(out, buf_bytes(&w.inc.out));
}
