/* struct pdf_appearance between processes, and as people write it. */
#include "pdf/appearance.h"

#include "base/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_MAX 20000 /* points: 7 metres */

enum {
	TAG_PROFILE = 32, /* params.c has those before */
	TAG_WHERE,
	TAG_PAGE,
	TAG_X,
	TAG_Y,
	TAG_WIDTH,
	TAG_HEIGHT,
	TAG_LINES,
	TAG_LINE,
	TAG_QR,
	TAG_PICTURE,
	TAG_SEAL,
	TAG_ANCHOR,
};

/* What unpacking gives; the appearance comes first. */
struct owned {
	struct pdf_appearance is;
	char *profile, *qr, *anchor;
	char *lines[PDF_LINES_MAX];
	struct buf picture, seal;
};

struct err *
pdf_appearance_pack(const struct pdf_appearance *a, struct buf *out)
{
	TRY(pack_str(out, TAG_PROFILE, a->profile == NULL ? "" : a->profile));
	TRY(pack_u64(out, TAG_WHERE, (uint64_t)a->where));
	TRY(pack_u64(out, TAG_PAGE, a->page));
	TRY(pack_i64(out, TAG_X, a->x));
	TRY(pack_i64(out, TAG_Y, a->y));
	TRY(pack_i64(out, TAG_WIDTH, a->width));
	TRY(pack_i64(out, TAG_HEIGHT, a->height));
	TRY(pack_u64(out, TAG_LINES, a->nlines));
	for (size_t i = 0; i < a->nlines; i++)
		TRY(pack_str(out, TAG_LINE, a->lines[i]));
	TRY(pack_str(out, TAG_QR, a->qr == NULL ? "" : a->qr));
	TRY(pack_bytes(out, TAG_PICTURE, a->picture));
	TRY(pack_bytes(out, TAG_SEAL, a->seal));
	return pack_str(out, TAG_ANCHOR, a->anchor == NULL ? "" : a->anchor);
}

/* ---- unpacking ---- */

static struct err *
unpack_length(struct unpack *u, uint16_t tag, int32_t *out)
{
	int64_t v;
	TRY(unpack_i64(u, tag, &v));
	if (v < -SIDE_MAX || v > SIDE_MAX)
		return err_new(ERR_LIMIT, NULL, "a box beyond any page");
	*out = (int32_t)v;
	return NULL;
}

static struct err *
unpack_place(struct unpack *u, struct pdf_appearance *a)
{
	uint64_t where, page;
	TRY(unpack_u64(u, TAG_WHERE, &where));
	TRY(unpack_u64(u, TAG_PAGE, &page));
	if (where > PDF_WHERE_WORDS || page > UINT32_MAX)
		return err_new(ERR_MALFORMED, NULL, "no such place");
	a->where = (enum pdf_where)where;
	a->page = (uint32_t)page;
	TRY(unpack_length(u, TAG_X, &a->x));
	TRY(unpack_length(u, TAG_Y, &a->y));
	TRY(unpack_length(u, TAG_WIDTH, &a->width));
	TRY(unpack_length(u, TAG_HEIGHT, &a->height));
	if (a->where != PDF_WHERE_FIELD && (a->width <= 0 || a->height <= 0))
		return err_new(ERR_MALFORMED, NULL, "a box without a size");
	return NULL;
}

/* An empty string is none. */
static struct err *
unpack_text(struct unpack *u, uint16_t tag, char **out)
{
	TRY(unpack_str(u, tag, out));
	if (strlen(*out) > PDF_TEXT_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "a text of over %d bytes", PDF_TEXT_MAX);
	return NULL;
}

static struct err *
unpack_lines(struct unpack *u, struct owned *o)
{
	uint64_t n;
	TRY(unpack_u64(u, TAG_LINES, &n));
	if (n > PDF_LINES_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d lines of text", PDF_LINES_MAX);
	o->is.lines = (const char *const *)o->lines;
	o->is.nlines = (size_t)n;
	for (size_t i = 0; i < n; i++)
		TRY(unpack_text(u, TAG_LINE, &o->lines[i]));
	return NULL;
}

static struct err *
unpack_file(
    struct unpack *u, uint16_t tag, struct buf *keep, struct bytes *out)
{
	struct bytes b;
	TRY(unpack_bytes(u, tag, &b));
	*keep = BUF(PDF_PICTURE_MAX);
	TRY(buf_append(keep, b));
	*out = buf_bytes(keep);
	return NULL;
}

static struct err *
unpack_all(struct unpack *u, struct owned *o)
{
	TRY(unpack_text(u, TAG_PROFILE, &o->profile));
	TRY(unpack_place(u, &o->is));
	TRY(unpack_lines(u, o));
	TRY(unpack_text(u, TAG_QR, &o->qr));
	TRY(unpack_file(u, TAG_PICTURE, &o->picture, &o->is.picture));
	TRY(unpack_file(u, TAG_SEAL, &o->seal, &o->is.seal));
	TRY(unpack_text(u, TAG_ANCHOR, &o->anchor));
	o->is.anchor = o->anchor[0] == '\0' ? NULL : o->anchor;
	if (o->is.where == PDF_WHERE_WORDS && o->is.anchor == NULL)
		return err_new(ERR_MALFORMED, NULL, "no words to find");
	o->is.profile = o->profile[0] == '\0' ? NULL : o->profile;
	o->is.qr = o->qr[0] == '\0' ? NULL : o->qr;
	return NULL;
}

bool
pdf_appearance_follows(const struct unpack *u)
{
	return unpack_is(u, TAG_PROFILE);
}

struct err *
pdf_appearance_unpack(struct unpack *u, const struct pdf_appearance **out)
{
	struct owned *o = calloc(1, sizeof(*o));
	if (o == NULL)
		return err_new(ERR_NOMEM, NULL, "struct pdf_appearance");
	struct err *e = unpack_all(u, o);
	if (e != NULL) {
		pdf_appearance_free(&o->is);
		return e;
	}
	*out = &o->is;
	return NULL;
}

void
pdf_appearance_free(const struct pdf_appearance *a)
{
	struct owned *o = (struct owned *)(uintptr_t)a;
	if (o == NULL)
		return;
	for (size_t i = 0; i < PDF_LINES_MAX; i++)
		free(o->lines[i]);
	free(o->profile);
	free(o->qr);
	free(o->anchor);
	buf_done(&o->picture);
	buf_done(&o->seal);
	free(o);
}

/* ---- words ---- */

static struct err *
no_place(const char *what)
{
	return err_coded(err_new(ERR_USAGE, NULL, "%s", what), "pdf-place");
}

static bool
read_numbers(const char *s, int32_t *const *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *end;
		long v = strtol(s, &end, 10);
		if (end == s || *end != (i + 1 < n ? ',' : '\0') ||
		    v < -SIDE_MAX || v > SIDE_MAX)
			return false;
		*out[i] = (int32_t)v;
		s = end + 1;
	}
	return true;
}

static struct err *
place_by_words(const struct pdf_words *w, struct pdf_appearance *a)
{
	int32_t page = 1;
	int32_t *const box[] = { &a->x, &a->y, &a->width, &a->height };
	int32_t *const pages[] = { &page };
	if ((w->box != NULL) + (w->corner != NULL) > 1)
		return no_place("a box, or a corner");
	if (w->anchor != NULL && w->box == NULL)
		return no_place("an anchor wants a box, counted from it");
	if (w->page != NULL && (!read_numbers(w->page, pages, 1) || page < 1))
		return no_place("page wants a number from 1 on");
	a->page = w->page == NULL && w->anchor != NULL ? 0 : (uint32_t)page;
	a->where = w->anchor != NULL   ? PDF_WHERE_WORDS
		   : w->box != NULL      ? PDF_WHERE_BOX
		   : w->corner != NULL ? PDF_WHERE_CORNER
				       : PDF_WHERE_FIELD;
	if (a->where == PDF_WHERE_FIELD)
		return w->field ? NULL
				: no_place("where?  a box, a corner, a field");
	a->anchor = w->anchor;
	bool ok = w->box != NULL ? read_numbers(w->box, box, 4)
				 : read_numbers(w->corner, box + 2, 2);
	return ok && a->width > 0 && a->height > 0
		   ? NULL
		   : no_place("box wants X,Y,WIDTH,HEIGHT; corner WIDTH,HEIGHT");
}

/* Cuts `text` at line feeds, which may be written as \n. */
static struct err *
cut_lines(char *text, struct pdf_appearance *a, const char **lines)
{
	a->lines = lines;
	for (char *rest = text; rest != NULL;) {
		char *feed = strchr(rest, '\n'), *two = strstr(rest, "\\n");
		bool spelled = two != NULL && (feed == NULL || two < feed);
		char *end = spelled ? two : feed;
		if (a->nlines == PDF_LINES_MAX)
			return err_new(ERR_USAGE, NULL, "over %d lines of text",
			    PDF_LINES_MAX);
		lines[a->nlines++] = rest;
		rest = end == NULL ? NULL : end + (spelled ? 2 : 1);
		if (end != NULL)
			*end = '\0';
	}
	return NULL;
}

struct err *
pdf_appearance_words(const struct pdf_words *w, struct buf *out)
{
	const char *lines[PDF_LINES_MAX];
	char *text = NULL;
	struct pdf_appearance a = { .profile = w->appearance,
		.qr = w->qr,
		.picture = w->picture,
		.seal = w->seal };
	TRY(place_by_words(w, &a));
	struct err *e = NULL;
	if (w->text != NULL)
		e = bytes_dup_str(bytes_str(w->text), &text);
	if (e == NULL && text != NULL)
		e = cut_lines(text, &a, lines);
	if (e == NULL)
		e = pdf_appearance_pack(&a, out);
	free(text);
	return e;
}

bool
pdf_appearance_wanted(const struct pdf_words *w)
{
	return w->appearance != NULL || w->page != NULL || w->box != NULL ||
	       w->corner != NULL || w->anchor != NULL || w->text != NULL || w->qr != NULL ||
	       w->picture.len > 0 || w->seal.len > 0;
}
