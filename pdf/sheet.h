/*
 * A page as it lies before the reader: cropped, turned, in points.  (0, 0) is
 * the lower left corner of what is seen.
 */
#ifndef SIGND_PDF_SHEET_H
#define SIGND_PDF_SHEET_H

#include "pdf/box.h"
#include "pdf/document.h"

struct pdf_sheet {
	struct pdf_page page;
	struct pdf_box seen; /* in user space */
	int turn;            /* clockwise: 0, 90, 180, 270 degrees */
	double unit;         /* points in a unit of user space */
	double width, height;
};

/* pdf_sheet_find: page `number` (1 is the first); ERR_USAGE, code "pdf-place",
 * where there is none. */
struct err *pdf_sheet_find(struct pdf_document *d, size_t view, size_t number,
    struct pdf_sheet *out) MUST_USE;
/* The same for one that pdf_each_page() gave. */
struct err *pdf_sheet_of(struct pdf_document *d, size_t view,
    const struct pdf_page *page, struct pdf_sheet *out) MUST_USE;
/* The page that the widget says it is on, or the first. */
struct err *pdf_sheet_of_widget(struct pdf_document *d, size_t view,
    const struct pdf_obj *widget, struct pdf_sheet *out) MUST_USE;

/* A member of the page, or of a node above it (ISO 32000-2 7.7.3.4). */
struct err *pdf_sheet_inherited(struct pdf_document *d, size_t view,
    const struct pdf_obj *page, const char *key,
    const struct pdf_obj **out) MUST_USE;

/* From the reader's points to user space, and back. */
struct pdf_box pdf_sheet_inside(
    const struct pdf_sheet *s, const struct pdf_box *seen);
struct pdf_box pdf_sheet_seen(
    const struct pdf_sheet *s, const struct pdf_box *inside);

/* pdf_sheet_corner puts a box of that size into the first corner, from the upper
 * right one on, where no annotation is and the page draws nothing (backgrounds
 * aside); *found false: in none.  Of a page whose content cannot be read only
 * the annotations count. */
struct err *pdf_sheet_corner(struct pdf_document *d, size_t view,
    const struct pdf_sheet *s, struct pdf_box *box, bool *found) MUST_USE;

#endif
