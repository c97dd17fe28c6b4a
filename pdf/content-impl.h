/* Inside pdf/content*.c: the state of who reads a page's content. */
#ifndef SIGND_PDF_CONTENT_IMPL_H
#define SIGND_PDF_CONTENT_IMPL_H

#include "pdf/content.h"
#include "pdf/glyphs.h"
#include "pdf/lex.h"

#define CONTENT_STATES 64    /* q in q */
#define CONTENT_FONTS 16     /* fonts kept at a time */
#define CONTENT_OPERANDS 8   /* the last ones count */
#define CONTENT_PIECES 1024  /* of one path; what comes then is one piece */

struct matrix {
	double a, b, c, d, e, f; /* ISO 32000-2 8.3.4 */
};

/* The graphics state, as far as it says where something is. */
struct graphics {
	struct matrix ctm;
	struct pdf_box clip;
	bool white; /* fills are */
	double char_space, word_space, scale, leading, size, rise;
	const struct pdf_glyphs *font; /* NULL: nothing is shown */
};

struct content_font {
	const struct pdf_obj *dict;
	struct pdf_glyphs *glyphs; /* owned */
};

/* Parts of the path: lines and curves for what is drawn, whole figures for
 * what is filled. */
struct path {
	struct pdf_box piece[CONTENT_PIECES];
	size_t figure[CONTENT_PIECES]; /* to which each piece belongs */
	size_t n, nfigures;
	struct pdf_box all; /* in user space; x0 > x1: empty */
	double x, y;        /* current point, in user space */
	bool clips;         /* W came */
};

struct content {
	struct pdf_document *d;
	size_t view;
	struct err *(*each)(void *ctx, const struct pdf_mark *m);
	void *ctx;
	struct graphics now, kept[CONTENT_STATES];
	size_t nkept;
	struct matrix text, line; /* Tm, Tlm */
	struct path path;
	struct content_font fonts[CONTENT_FONTS]; /* a ring */
	size_t nfonts;
	const struct pdf_obj *resources;
	size_t left; /* bytes of content */
	unsigned depth;
};

/* One operator and what stood before it. */
struct operation {
	struct bytes name;
	const struct pdf_obj *v[CONTENT_OPERANDS];
	size_t n;
};

struct matrix content_multiply(struct matrix m, struct matrix by);
void content_move(
    const struct matrix *m, double x, double y, double *ox, double *oy);
/* The box around a box that is moved. */
struct pdf_box content_around(const struct matrix *m, struct pdf_box b);
double content_number(const struct operation *o, size_t i);
/* Cuts by the clip; calls `each` if something is left. */
struct err *content_draw(struct content *c, struct pdf_mark m) MUST_USE;

/* content-text.c: *done tells that the operator was one of text. */
struct err *content_text(
    struct content *c, const struct operation *o, bool *done) MUST_USE;
/* content-path.c: the same for paths and clips. */
struct err *content_path(
    struct content *c, const struct operation *o, bool *done) MUST_USE;

#endif
