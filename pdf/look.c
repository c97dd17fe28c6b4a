#include "pdf/look.h"

#include "pdf/look-text.h"
#include "pdf/picture.h"
#include "pdf/profile.h"
#include "pdf/qr.h"

#include <stdlib.h>
#include <string.h>

#define CONTENT_MAX (1 << 20) /* bytes */
#define INSET 2               /* points around the text */
#define VIETNAM 420           /* minutes to UTC */
#define BESIDE 0.4            /* of the width, for pictures beside text */
#define WORDS_HEIGHT 0.4      /* of the height, at most, below pictures */
#define SEAL_OVER (1.0 / 3)   /* of the signature, on its left */

struct drawing {
	struct pdf_increment *inc;
	const struct pdf_look *look;
	const struct pdf_profile *profile;
	struct pdf_text text;
	struct pdf_picture picture, seal;
	struct buf content;
	struct buf objects; /* members of /XObject */
};

static void
drawing_done(struct drawing *d)
{
	pdf_text_done(&d->text);
	pdf_picture_done(&d->picture);
	pdf_picture_done(&d->seal);
	buf_done(&d->content);
	buf_done(&d->objects);
}

/* ---- words ---- */

static struct err *
add_line(struct drawing *d, struct bytes utf8)
{
	struct pdf_text *t = &d->text;
	if (t->n == COUNT_OF(t->lines))
		return err_new(ERR_LIMIT, NULL, "too many lines");
	TRY(pdf_line_shape(utf8, &t->lines[t->n]));
	t->n++;
	return NULL;
}

static struct err *
value_of(const struct pdf_look *l, char what, struct buf *out)
{
	if (what == 't')
		return l->time == TIME_NONE
			   ? NULL
			   : time_format_iso(l->time, VIETNAM, out);
	const char *v = what == 'n'   ? l->name
			: what == 'r' ? l->reason
				      : l->location;
	return buf_str(out, v == NULL ? "" : v);
}

/* One line of a profile; without its value it is left out. */
static struct err *
add_template(struct drawing *d, const char *line)
{
	const struct pdf_appearance *a = d->look->is;
	CLEANUP(buf_done) struct buf text = BUF(16 * 1024);
	const char *hole = strchr(line, '%');
	if (hole == NULL)
		return add_line(d, bytes_str(line));
	for (size_t i = 0; hole[1] == '*' && i < a->nlines; i++)
		TRY(add_line(d, bytes_str(a->lines[i])));
	if (hole[1] == '*')
		return NULL;
	TRY(buf_append(&text, bytes_of(line, (size_t)(hole - line))));
	size_t before = text.len;
	TRY(value_of(d->look, hole[1], &text));
	return text.len == before ? NULL : add_line(d, buf_bytes(&text));
}

static struct err *
take_words(struct drawing *d)
{
	const char *const *v = d->look->is->nlines > 0 ? d->profile->given
						       : d->profile->lines;
	for (size_t i = 0; i < PDF_PROFILE_LINES && v[i] != NULL; i++)
		TRY(add_template(d, v[i]));
	return NULL;
}

/* A square at the right end of the box, which gets shorter. */
static struct err *
draw_qr(struct drawing *d, struct pdf_box *box)
{
	const char *text = d->look->is->qr;
	double w = box->x1 - box->x0, h = box->y1 - box->y0;
	double side = w < h ? w : h;
	if (text == NULL)
		return NULL;
	box->x1 -= side;
	return pdf_qr_draw(text, box->x1, box->y1 - side, side, &d->content);
}

/* ---- pictures ---- */

static struct err *
draw_picture(struct drawing *d, const struct pdf_picture *p, const char *name,
    const struct pdf_box *at)
{
	struct pdf_ref ref;
	TRY(pdf_picture_write(d->inc, p, d->look->pdfa, &ref));
	TRY(buf_printf(&d->objects, "/%s ", name));
	TRY(pdf_write_ref(&d->objects, ref));
	return buf_printf(&d->content, "q %.3f 0 0 %.3f %.3f %.3f cm/%s Do Q\n",
	    at->x1 - at->x0, at->y1 - at->y0, at->x0, at->y0, name);
}

/* As large as fits into w and h. */
static void
scale(const struct pdf_picture *p, double w, double h, double *pw, double *ph)
{
	double s = w / p->width < h / p->height ? w / p->width : h / p->height;
	*pw = p->width * s;
	*ph = p->height * s;
}

/* Decree 30/2020, article 33: the seal lies over about a third of the
 * signature, on its left. */
static struct err *
draw_pictures(struct drawing *d, const struct pdf_box *box)
{
	double w = box->x1 - box->x0, h = box->y1 - box->y0;
	double y = box->y0 + h / 2;
	double sw = 0, sh = 0, pw = 0, ph = 0;
	bool both = d->picture.width > 0 && d->seal.width > 0;
	if (d->seal.width > 0)
		scale(&d->seal, both ? w / 2 : w, h, &sw, &sh);
	if (d->picture.width > 0)
		scale(&d->picture, both ? (w - sw) / (1 - SEAL_OVER) : w, h,
		    &pw, &ph);
	double over = both ? pw * SEAL_OVER : 0;
	double x = box->x0 + (w - sw - pw + over) / 2;
	struct pdf_box at = { x + sw - over, y - ph / 2, x + sw - over + pw,
		y + ph / 2 };
	if (d->picture.width > 0)
		TRY(draw_picture(d, &d->picture, "Picture", &at));
	at = (struct pdf_box){ x, y - sh / 2, x + sw, y + sh / 2 };
	if (d->seal.width > 0)
		TRY(draw_picture(d, &d->seal, "Seal", &at));
	return NULL;
}

/* ---- the whole ---- */

static struct err *
fit_words(struct drawing *d, const struct pdf_box *box, double height)
{
	return pdf_text_fit(&d->text, box->x1 - box->x0 - 2 * INSET,
	    height - 2 * INSET, d->profile->size, d->profile->least);
}

/* Divides the box: pictures and words beside or above each other. */
static struct err *
divide(struct drawing *d, struct pdf_box *box, struct pdf_box *words)
{
	bool pictures = d->picture.width > 0 || d->seal.width > 0;
	double h = box->y1 - box->y0;
	*words = *box;
	if (d->text.n == 0)
		return NULL;
	if (!pictures)
		return fit_words(d, words, h);
	if (d->profile->text == PDF_TEXT_BESIDE) {
		box->x1 = box->x0 + BESIDE * (box->x1 - box->x0);
		words->x0 = box->x1;
		return fit_words(d, words, h);
	}
	TRY(fit_words(d, words, h * WORDS_HEIGHT));
	words->y1 = words->y0 + d->text.height + 2 * INSET;
	box->y0 = words->y1;
	return NULL;
}

static struct err *
draw(struct drawing *d)
{
	struct pdf_box words,
	    box = { 0, 0, d->look->width, d->look->height };
	TRY(draw_qr(d, &box));
	TRY(divide(d, &box, &words));
	TRY(draw_pictures(d, &box));
	words.x0 += INSET;
	words.y1 -= INSET;
	return d->text.n == 0 ? NULL
			      : pdf_text_draw(&d->text, &words, &d->content);
}

static struct err *
write_fonts(struct drawing *d, struct buf *out)
{
	TRY(buf_str(out, "/Font<<"));
	for (size_t font = 0; font < PDF_FONTS_MAX; font++) {
		bool used = false;
		struct pdf_ref ref;
		for (size_t i = 0; i < d->text.n; i++)
			used = used || d->text.lines[i].font == font;
		if (!used)
			continue;
		TRY(pdf_font_embed(
		    d->inc, font, d->text.lines, d->text.n, &ref));
		TRY(buf_printf(out, "/F%zu ", font));
		TRY(pdf_write_ref(out, ref));
	}
	return buf_str(out, ">>");
}

static const char *
matrix(int turn)
{
	return turn == 90    ? "0 1 -1 0 0 0"
	       : turn == 180 ? "-1 0 0 -1 0 0"
	       : turn == 270 ? "0 -1 1 0 0 0"
			     : "1 0 0 1 0 0";
}

/* Grey is of no device, so that PDF/A takes it without an output intent. */
#define GREY                                                                   \
	"/ColorSpace<</DefaultGray[/CalGray<</WhitePoint[0.9642 1 0.8249]"      \
	"/Gamma 2.2>>]>>"

static struct err *
write_form(struct drawing *d, struct pdf_ref *out)
{
	CLEANUP(buf_done) struct buf dict = BUF(64 * 1024);
	const char *text;
	TRY(buf_printf(&dict,
	    "/Type/XObject/Subtype/Form/BBox[0 0 %.3f %.3f]/Matrix[%s]"
	    "/Resources<<%s",
	    d->look->width, d->look->height, matrix(d->look->turn),
	    d->look->pdfa ? GREY : ""));
	TRY(write_fonts(d, &dict));
	TRY(draw(d));
	if (d->objects.len > 0) {
		TRY(buf_str(&dict, "/XObject<<"));
		TRY(buf_append(&dict, buf_bytes(&d->objects)));
		TRY(buf_str(&dict, ">>"));
	}
	TRY(buf_str(&dict, ">>"));
	TRY(buf_cstr(&dict, &text));
	TRY(pdf_increment_number(d->inc, out));
	return pdf_increment_stream(
	    d->inc, *out, text, buf_bytes(&d->content), true);
}

static struct err *
take_pictures(struct drawing *d)
{
	const struct pdf_appearance *a = d->look->is;
	if (d->profile->words_only && (a->picture.len > 0 || a->seal.len > 0))
		return err_coded(
		    err_new(ERR_USAGE, "Decree 30/2020, appendix I",
			"this profile has no pictures"),
		    "pdf-profile");
	if (a->picture.len > 0)
		TRY(pdf_picture_read(a->picture, &d->picture));
	return a->seal.len > 0 ? pdf_picture_read(a->seal, &d->seal) : NULL;
}

struct err *
pdf_look_write(struct pdf_increment *inc, const struct pdf_look *look,
    struct pdf_ref *out)
{
	CLEANUP(drawing_done)
	struct drawing d = { .inc = inc,
		.look = look,
		.content = BUF(CONTENT_MAX),
		.objects = BUF(1024) };
	TRY(pdf_profile_find(look->is->profile, &d.profile));
	TRY(take_words(&d));
	TRY(take_pictures(&d));
	return write_form(&d, out);
}
