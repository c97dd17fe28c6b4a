/* The picture of a visible signature: one form XObject. */
#ifndef SIGND_PDF_LOOK_H
#define SIGND_PDF_LOOK_H

#include "pdf/increment.h"
#include "pdf/params.h"

struct pdf_look {
	const struct pdf_appearance *is;
	double width, height; /* points */
	int turn;             /* of the page, clockwise, in degrees */
	bool pdfa;            /* nothing half transparent */
	const char *name, *reason, *location; /* or NULL */
	int64_t time;
};

/* ERR_LIMIT, code "pdf-place": the box is too small for the words. */
struct err *pdf_look_write(struct pdf_increment *inc,
    const struct pdf_look *look, struct pdf_ref *out) MUST_USE;

#endif
