/* Shared by the pdf/diff*.c files only. */
#ifndef SIGND_PDF_DIFF_IMPL_H
#define SIGND_PDF_DIFF_IMPL_H

#include "pdf/diff.h"


enum side { OLD, NEW };

/* What is known of an object number. */
enum {
	BIT_CHANGED = 1 << 0,     /* listed by a revision after the old one */
	BIT_FIELD = 1 << 1,       /* a field or its widget, judged as such */
	BIT_ANNOT = 1 << 2,       /* another annotation, judged as such */
	BIT_PAGE = 1 << 3,        /* page tree or catalog, judged as such */
	BIT_NEW_SIG = 1 << 4,     /* widget of a signature that is new */
	BIT_GONE = 1 << 5,        /* widget that its field let go */
	BIT_SEEN_LAX = 1 << 6,    /* queued: reached by a structural key */
	BIT_SEEN_STRICT = 1 << 7, /* queued: reached by any other key */
	BIT_IN_NEW = 1 << 8,      /* while lists are compared */
	BIT_KEPT = 1 << 9,        /* while lists are compared */
	BIT_DSS = 1 << 11,        /* looked at as part of the DSS */
	BIT_LOADED = 1 << 12,     /* met on the walk */
};

struct diff {
	struct pdf_document *d;
	size_t view[2];            /* by enum side */
	struct pdf_arena arena[2]; /* by enum side; emptied now and then */
	uint16_t *bits;            /* by object number */
	uint32_t highest;
	uint32_t *queue; /* object numbers, QUEUE_STRICT or'ed in */
	size_t nqueue, queue_cap, queue_at;
	struct pdf_diff *out;
	/* What is looked at just now, for reports; 0: nothing in particular. */
	uint32_t at_page;   /* object number */
	uint32_t at_object; /* object number */
	uint32_t told_page; /* the page that was looked for last, and ... */
	size_t told_number; /* ... its number; 0: it has none */
};

/* ---- diff.c ---- */

/* What the reports from now on are about; a page by its object, or 0. */
void diff_at(struct diff *f, uint32_t page, uint32_t object);
/* Reports a change of `level`; `code` is static. */
struct err *diff_report(struct diff *f, enum change_level level,
    const char *code, const char *fmt, ...) MUST_USE PRINTF(4, 5);
bool diff_bit(const struct diff *f, uint32_t num, unsigned bits);
void diff_set(struct diff *f, uint32_t num, unsigned bits);
void diff_clear(struct diff *f, uint32_t num, unsigned bits);

/* Loads whatever is under `num`, of any generation, into the side's arena;
 * *out is &pdf_null when nothing is. */
struct err *diff_load(struct diff *f, enum side side, uint32_t num,
    const struct pdf_obj **out) MUST_USE;
/* Follows `o` while it is a reference; *num, which may be NULL, is the last
 * number on the way, 0 for a direct object. */
struct err *diff_resolve(struct diff *f, enum side side,
    const struct pdf_obj *o, uint32_t *num,
    const struct pdf_obj **out) MUST_USE;
/* The member `key` of `dict`, resolved. */
struct err *diff_member(struct diff *f, enum side side,
    const struct pdf_obj *dict, const char *key,
    const struct pdf_obj **out) MUST_USE;

/* Everything that `o`, of the old view, refers to must stay as it is. */
struct err *diff_push(
    struct diff *f, const struct pdf_obj *o, const char *key) MUST_USE;
/* All members must be equal and stay so, except those in `exempt`, a list of
 * names that ends with NULL; returns in *same whether they are. */
struct err *diff_members(struct diff *f, const struct pdf_obj *old,
    const struct pdf_obj *new, const char *const *exempt, const char *code,
    const char *what, bool *same) MUST_USE;
/* Whether an object among the references directly in `o` was rewritten. */
bool diff_touched(struct diff *f, const struct pdf_obj *o);
bool diff_has_refs(const struct pdf_obj *o);

/* What is done with the members of two arrays of references. */
struct diff_list {
	const void *ctx;
	struct err *(*kept)(
	    struct diff *f, const void *ctx, struct pdf_ref ref);
	struct err *(*added)(
	    struct diff *f, const void *ctx, struct pdf_ref ref);
	struct err *(*removed)(
	    struct diff *f, const void *ctx, struct pdf_ref ref);
};
/* Compares two arrays (or nulls), already resolved.  *reordered: what was
 * kept stands in another order, or direct members differ. */
struct err *diff_lists(struct diff *f, const struct pdf_obj *old,
    const struct pdf_obj *new, const struct diff_list *l,
    bool *reordered) MUST_USE;

/* ---- the rules for single places; both sides unresolved, null if absent - */

/* What was appended, apart from what it means.  diff-bytes.c */
struct err *diff_bytes(struct diff *f) MUST_USE;
/* After the walk: old objects that were replaced without being met on it. */
struct err *diff_unreached(struct diff *f) MUST_USE;
struct err *diff_trailer(struct diff *f) MUST_USE; /* diff-catalog.c */
struct err *diff_dss(struct diff *f, const struct pdf_obj *old,
    const struct pdf_obj *new) MUST_USE; /* diff-dss.c */
struct err *diff_form(struct diff *f, const struct pdf_obj *old,
    const struct pdf_obj *new) MUST_USE; /* diff-form.c */
/* A text string as UTF-8, in the old side's arena.  diff-form.c */
struct err *diff_text(
    struct diff *f, const struct pdf_obj *text, struct bytes *out) MUST_USE;
/* A field that was put into /Fields or /Kids, whose old state is `siblings`;
 * and /V of a field that had none: CHANGE_LTV for a document time stamp,
 * CHANGE_FORM for a signature.  diff-newfield.c */
struct err *diff_new_field(struct diff *f, const struct pdf_obj *siblings,
    struct pdf_ref ref) MUST_USE;
struct err *diff_new_signature(
    struct diff *f, const struct pdf_obj *v, enum change_level *out) MUST_USE;
struct err *diff_pages(struct diff *f, const struct pdf_obj *old,
    const struct pdf_obj *new) MUST_USE; /* diff-page.c */
/* A new signature's widget on an old page.  diff-cover.c */
struct err *diff_cover(struct diff *f, const struct pdf_obj *page,
    const struct pdf_obj *widget) MUST_USE;
/* An object of the structure tree that was rewritten and is not the same;
 * *handled is false for what is no such object.  diff-struct.c */
struct err *diff_struct(struct diff *f, const struct pdf_obj *old,
    const struct pdf_obj *new, bool *handled) MUST_USE;
struct err *diff_struct_root(struct diff *f, const struct pdf_obj *old,
    const struct pdf_obj *new) MUST_USE;
#endif
