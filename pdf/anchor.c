#include "pdf/anchor.h"

#include "pdf/content.h"

#include <hb.h>
#include <stdlib.h>

#define LETTERS_FIRST 1024
#define LETTERS_MAX 400000 /* on one page */
#define LETTERS_PER_STEP 16

struct letter {
	uint32_t point; /* decomposed, marks in canonical order */
	struct pdf_mark mark; /* without its text */
};

struct letters {
	struct letter *v; /* owned */
	size_t n, cap;
	const struct pdf_sheet *sheet;
};

static void
letters_done(struct letters *l)
{
	free(l->v);
}

static bool
is_white(uint32_t c)
{
	return c <= 0x20 || c == 0xA0 || c == 0xAD ||
	       (c >= 0x2000 && c <= 0x200F) || c == 0x202F || c == 0x3000 ||
	       c == 0xFEFF;
}

/* ---- canonical order: Unicode 3.11 ---- */

static struct err *
add_letter(struct letters *l, uint32_t point, const struct pdf_mark *mark)
{
	hb_unicode_funcs_t *u = hb_unicode_funcs_get_default();
	if (l->n == LETTERS_MAX)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "a page with too much text"),
		    "pdf-too-complex");
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? LETTERS_FIRST : 2 * l->cap;
		struct letter *v = realloc(l->v, cap * sizeof(*v));
		if (v == NULL)
			return err_new(ERR_NOMEM, NULL, "text of a page");
		l->v = v;
		l->cap = cap;
	}
	size_t at = l->n++;
	int class = (int)hb_unicode_combining_class(u, point);
	for (; class > 0 && at > 0 && (int)hb_unicode_combining_class(u,
					  l->v[at - 1].point) > class;
	     at--)
		l->v[at] = l->v[at - 1];
	l->v[at] = (struct letter){ point, *mark };
	return NULL;
}

#define PARTS_MAX 8 /* a letter and its marks */

static struct err *
add_point(struct letters *l, uint32_t point, const struct pdf_mark *mark)
{
	hb_unicode_funcs_t *u = hb_unicode_funcs_get_default();
	uint32_t part[PARTS_MAX];
	size_t n = 0;
	hb_codepoint_t a = point, first, second;
	if (is_white(point))
		return NULL;
	while (n < PARTS_MAX && hb_unicode_decompose(u, a, &first, &second)) {
		if (second != 0)
			part[n++] = second;
		a = first;
	}
	TRY(add_letter(l, a, mark));
	while (n > 0)
		TRY(add_letter(l, part[--n], mark));
	return NULL;
}

static struct err *
add_words(struct letters *l, const char *words)
{
	static const struct pdf_mark nowhere;
	struct bytes in = bytes_str(words);
	for (size_t at = 0; at < in.len;) {
		uint32_t c = in.ptr[at++];
		int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
		if (more > 0)
			c &= 0x3Fu >> more;
		while (more-- > 0 && at < in.len)
			c = c << 6 | (in.ptr[at++] & 0x3F);
		TRY(add_point(l, c, &nowhere));
	}
	return NULL;
}

/* ---- looking ---- */

static struct err *
see_mark(void *ctx, const struct pdf_mark *m)
{
	struct letters *l = ctx;
	if (!m->glyph)
		return NULL;
	struct pdf_mark mark = *m;
	mark.box = pdf_sheet_seen(l->sheet, &m->box);
	for (size_t i = 0; i < m->n; i++)
		TRY(add_point(l, m->text[i], &mark));
	return NULL;
}

/* Half a line beside it is not on it. */
static bool
same_line(const struct pdf_mark *a, const struct pdf_mark *b)
{
	double away = (b->x - a->x) * a->dy - (b->y - a->y) * a->dx;
	return away * away <=
	       a->size2 / 4 * (a->dx * a->dx + a->dy * a->dy);
}

static bool
match(const struct letter *v, const struct letters *words, struct pdf_box *out)
{
	*out = v[0].mark.box;
	for (size_t i = 0; i < words->n; i++) {
		const struct pdf_box *b = &v[i].mark.box;
		if (v[i].point != words->v[i].point ||
		    !same_line(&v[0].mark, &v[i].mark))
			return false;
		out->x0 = b->x0 < out->x0 ? b->x0 : out->x0;
		out->y0 = b->y0 < out->y0 ? b->y0 : out->y0;
		out->x1 = b->x1 > out->x1 ? b->x1 : out->x1;
		out->y1 = b->y1 > out->y1 ? b->y1 : out->y1;
	}
	return true;
}

struct err *
pdf_anchor_find(struct pdf_document *d, size_t view, const struct pdf_sheet *s,
    const char *words, bool *found, struct pdf_box *out)
{
	CLEANUP(letters_done) struct letters page = { .sheet = s };
	CLEANUP(letters_done) struct letters wanted = { .sheet = s };
	TRY(add_words(&wanted, words));
	*found = false;
	if (wanted.n == 0)
		return err_coded(err_new(ERR_USAGE, NULL, "no words to find"),
		    "pdf-place");
	struct err *e = pdf_content_read(d, view, s, see_mark, &page);
	/* What was read before is there. */
	if (e != NULL &&
	    (err_kind(e) == ERR_NOMEM || err_kind(e) == ERR_LIMIT))
		return e;
	err_free(e);
	TRY(pdf_spend(pdf_document_budget(d),
	    page.n / LETTERS_PER_STEP * wanted.n));
	for (size_t i = 0; !*found && i + wanted.n <= page.n; i++)
		*found = match(&page.v[i], &wanted, out);
	return NULL;
}
