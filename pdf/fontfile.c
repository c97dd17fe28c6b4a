/* A font with few glyphs in it, as objects of an increment. */
#include "pdf/font.h"

#include <hb-ot.h>
#include <hb-subset.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 64 /* bytes of a PostScript name */
#define CMAP_BLOCK 100  /* entries between begin and end: Adobe TN 5014 */

/* What is written of one font. */
struct cut {
	struct pdf_increment *inc;
	hb_face_t *whole, *face;
	struct bytes file;
	hb_blob_t *blob;
	unsigned nglyphs;
	const struct pdf_glyph **shown; /* by the subset's ids; or NULL */
	char name[NAME_MAX_LEN + 8];    /* with the tag in front */
};

static void
cut_done(struct cut *c)
{
	hb_face_destroy(c->face);
	hb_blob_destroy(c->blob);
	free(c->shown);
}

/* ---- cutting ---- */

static hb_subset_input_t *
input_of(size_t font, const struct pdf_line *lines, size_t n)
{
	/* What no PDF reader needs to draw glyphs by their numbers. */
	static const hb_tag_t extra[] = { HB_TAG('G', 'S', 'U', 'B'),
		HB_TAG('G', 'P', 'O', 'S'), HB_TAG('G', 'D', 'E', 'F'),
		HB_TAG('O', 'S', '/', '2'), HB_TAG('n', 'a', 'm', 'e'),
		HB_TAG('c', 'm', 'a', 'p'), HB_TAG('p', 'o', 's', 't') };
	hb_subset_input_t *in = hb_subset_input_create_or_fail();
	if (in == NULL)
		return NULL;
	hb_set_t *ids = hb_subset_input_glyph_set(in);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; lines[i].font == font && k < lines[i].n; k++)
			hb_set_add(ids, lines[i].v[k].id);
	hb_set_t *drop =
	    hb_subset_input_set(in, HB_SUBSET_SETS_DROP_TABLE_TAG);
	for (size_t i = 0; i < COUNT_OF(extra); i++)
		hb_set_add(drop, extra[i]);
	hb_subset_input_set_flags(in,
	    HB_SUBSET_FLAGS_NO_HINTING | HB_SUBSET_FLAGS_NOTDEF_OUTLINE);
	return in;
}

static struct err *
renumber(struct cut *c, const hb_map_t *map, size_t font,
    struct pdf_line *lines, size_t n)
{
	c->nglyphs = hb_face_get_glyph_count(c->face);
	c->shown = calloc(c->nglyphs + 1, sizeof(*c->shown));
	if (c->shown == NULL)
		return err_new(ERR_NOMEM, NULL, "glyphs");
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; lines[i].font == font && k < lines[i].n;
		     k++) {
			struct pdf_glyph *g = &lines[i].v[k];
			g->id = hb_map_get(map, g->id);
			if (g->id >= c->nglyphs)
				return err_new(
				    ERR_INTERNAL, NULL, "a glyph got lost");
			if (c->shown[g->id] == NULL || g->text[0] != 0)
				c->shown[g->id] = g;
		}
	}
	return NULL;
}

static struct err *
cut_out(struct cut *c, size_t font, struct pdf_line *lines, size_t n)
{
	hb_subset_input_t *in = input_of(font, lines, n);
	hb_subset_plan_t *plan =
	    in == NULL ? NULL : hb_subset_plan_create_or_fail(c->whole, in);
	c->face = plan == NULL ? NULL : hb_subset_plan_execute_or_fail(plan);
	struct err *e = c->face == NULL
			    ? err_new(ERR_NOMEM, NULL, "cutting a font")
			    : renumber(c,
				  hb_subset_plan_old_to_new_glyph_mapping(plan),
				  font, lines, n);
	hb_subset_plan_destroy(plan);
	hb_subset_input_destroy(in);
	if (e != NULL)
		return e;
	c->blob = hb_face_reference_blob(c->face);
	unsigned len;
	const char *p = hb_blob_get_data(c->blob, &len);
	c->file = bytes_of(p, len);
	return NULL;
}

/* "ABCDEF+Tinos": the tag differs with the subset (ISO 32000-2 9.9.2). */
static void
name_it(struct cut *c)
{
	unsigned len = NAME_MAX_LEN;
	uint64_t sum = 1469598103934665603u; /* FNV-1a */
	for (size_t i = 0; i < c->file.len; i++)
		sum = (sum ^ c->file.ptr[i]) * 1099511628211u;
	for (int i = 0; i < 6; i++, sum /= 26)
		c->name[i] = (char)('A' + sum % 26);
	c->name[6] = '+';
	hb_ot_name_get_utf8(c->whole, HB_OT_NAME_ID_POSTSCRIPT_NAME,
	    HB_LANGUAGE_INVALID, &len, c->name + 7);
	for (char *s = c->name + 7; *s != '\0'; s++)
		if (!((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') ||
			(*s >= '0' && *s <= '9') || *s == '-'))
			*s = '-';
}

/* ---- writing ---- */

static struct err *
write_unicode(struct cut *c, struct pdf_ref *out)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	size_t open = 0;
	TRY(buf_str(&b, "/CIDInit/ProcSet findresource begin\n12 dict begin\n"
			"begincmap\n/CIDSystemInfo<</Registry(Adobe)"
			"/Ordering(UCS)/Supplement 0>>def\n"
			"/CMapName/Adobe-Identity-UCS def\n/CMapType 2 def\n"
			"1 begincodespacerange\n<0000><FFFF>\n"
			"endcodespacerange\n"));
	unsigned left = 0;
	for (unsigned i = 0; i < c->nglyphs; i++)
		left += c->shown[i] != NULL && c->shown[i]->text[0] != 0;
	for (unsigned i = 0; i < c->nglyphs; i++) {
		const struct pdf_glyph *g = c->shown[i];
		if (g == NULL || g->text[0] == 0)
			continue;
		if (open++ % CMAP_BLOCK == 0)
			TRY(buf_printf(&b, "%u beginbfchar\n",
			    left < CMAP_BLOCK ? left : CMAP_BLOCK));
		TRY(buf_printf(&b, "<%04X><", i));
		for (size_t k = 0; g->text[k] != 0; k++) {
			uint32_t u = g->text[k];
			if (u >= 0x10000)
				TRY(buf_printf(&b, "%04X%04X",
				    0xD7C0 + (u >> 10), 0xDC00 + (u & 0x3FF)));
			else
				TRY(buf_printf(&b, "%04X", u));
		}
		TRY(buf_str(&b, ">\n"));
		if (--left == 0 || open % CMAP_BLOCK == 0)
			TRY(buf_str(&b, "endbfchar\n"));
	}
	TRY(buf_str(&b, "endcmap\nCMapName currentdict/CMap "
			"defineresource pop\nend\nend\n"));
	TRY(pdf_increment_number(c->inc, out));
	return pdf_increment_stream(c->inc, *out, "", buf_bytes(&b), true);
}

static struct err *
write_file(struct cut *c, struct pdf_ref *file, struct pdf_ref *set)
{
	CLEANUP(buf_done) struct buf dict = BUF(64);
	CLEANUP(buf_done) struct buf bits = BUF(8192 + 1);
	const char *text;
	TRY(buf_printf(&dict, "/Length1 %zu", c->file.len));
	TRY(buf_cstr(&dict, &text));
	TRY(pdf_increment_number(c->inc, file));
	TRY(pdf_increment_stream(c->inc, *file, text, c->file, true));
	TRY(buf_fill(&bits, 0xFF, c->nglyphs / 8));
	if (c->nglyphs % 8 != 0)
		TRY(buf_byte(&bits, (uint8_t)(0xFF00 >> c->nglyphs % 8)));
	TRY(pdf_increment_number(c->inc, set));
	return pdf_increment_stream(c->inc, *set, "", buf_bytes(&bits), true);
}

static int
thousandths(const struct cut *c, int v)
{
	return (int)((double)v * 1000.0 / hb_face_get_upem(c->whole));
}

/* Signed 16 bits of the table "head" (OpenType). */
static int
head_value(const struct cut *c, size_t at)
{
	unsigned len;
	hb_blob_t *head =
	    hb_face_reference_table(c->whole, HB_TAG('h', 'e', 'a', 'd'));
	const char *p = hb_blob_get_data(head, &len);
	int v = at + 2 <= len ? (int16_t)(uint16_t)((uint8_t)p[at] << 8 |
						    (uint8_t)p[at + 1])
			      : 0;
	hb_blob_destroy(head);
	return thousandths(c, v);
}

#define SYMBOLIC 4 /* /Flags, ISO 32000-2 table 121 */

static struct err *
write_descriptor(struct cut *c, struct pdf_ref *out)
{
	struct pdf_writer w;
	struct pdf_ref file, set;
	int x0 = head_value(c, 36), y0 = head_value(c, 38);
	int x1 = head_value(c, 40), y1 = head_value(c, 42);
	TRY(write_file(c, &file, &set));
	TRY(pdf_increment_number(c->inc, out));
	TRY(pdf_increment_begin(c->inc, *out, &w));
	TRY(buf_printf(w.out,
	    "<</Type/FontDescriptor/FontName/%s/Flags %d"
	    "/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent %d/Descent %d"
	    "/CapHeight %d/StemV 80/FontFile2 ",
	    c->name, SYMBOLIC, x0, y0, x1, y1, y1, y0, y1));
	TRY(pdf_write_ref(w.out, file));
	TRY(buf_str(w.out, "/CIDSet "));
	TRY(pdf_write_ref(w.out, set));
	TRY(buf_str(w.out, ">>"));
	return pdf_increment_end(c->inc);
}

static struct err *
write_widths(struct cut *c, struct buf *out)
{
	hb_font_t *f = hb_font_create(c->face);
	double em = hb_face_get_upem(c->face) / 1000.0;
	struct err *e = buf_str(out, "/W[0[");
	for (unsigned i = 0; e == NULL && i < c->nglyphs; i++)
		e = buf_printf(out, "%s%.2f", i == 0 ? "" : " ",
		    hb_font_get_glyph_h_advance(f, i) / em);
	hb_font_destroy(f);
	TRY(e);
	return buf_str(out, "]]");
}

static struct err *
write_cid_font(struct cut *c, struct pdf_ref *out)
{
	struct pdf_writer w;
	struct pdf_ref descriptor;
	TRY(write_descriptor(c, &descriptor));
	TRY(pdf_increment_number(c->inc, out));
	TRY(pdf_increment_begin(c->inc, *out, &w));
	TRY(buf_printf(w.out,
	    "<</Type/Font/Subtype/CIDFontType2/BaseFont/%s"
	    "/CIDToGIDMap/Identity/CIDSystemInfo<</Registry",
	    c->name));
	TRY(pdf_write_string(&w, BYTES_LIT("Adobe"), false));
	TRY(buf_str(w.out, "/Ordering"));
	TRY(pdf_write_string(&w, BYTES_LIT("Identity"), false));
	TRY(buf_str(w.out, "/Supplement 0>>"));
	TRY(write_widths(c, w.out));
	TRY(buf_str(w.out, "/FontDescriptor "));
	TRY(pdf_write_ref(w.out, descriptor));
	TRY(buf_str(w.out, ">>"));
	return pdf_increment_end(c->inc);
}

struct err *
pdf_font_embed(struct pdf_increment *inc, size_t font, struct pdf_line *lines,
    size_t n, struct pdf_ref *out)
{
	CLEANUP(cut_done)
	struct cut c = { .inc = inc, .whole = pdf_font_face(font) };
	struct pdf_writer w;
	struct pdf_ref unicode, below;
	TRY(cut_out(&c, font, lines, n));
	name_it(&c);
	TRY(write_unicode(&c, &unicode));
	TRY(write_cid_font(&c, &below));
	TRY(pdf_increment_number(inc, out));
	TRY(pdf_increment_begin(inc, *out, &w));
	TRY(buf_printf(w.out,
	    "<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H"
	    "/DescendantFonts[",
	    c.name));
	TRY(pdf_write_ref(w.out, below));
	TRY(buf_str(w.out, "]/ToUnicode "));
	TRY(pdf_write_ref(w.out, unicode));
	TRY(buf_str(w.out, ">>"));
	return pdf_increment_end(inc);
}
