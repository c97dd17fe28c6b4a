/* Numbers and rectangles: ISO 32000-2 7.3.3, 7.9.5. */
#ifndef SIGND_PDF_BOX_H
#define SIGND_PDF_BOX_H

#include "pdf/object.h"

struct pdf_box {
	double x0, y0, x1, y1; /* in user space; x0 <= x1, y0 <= y1 */
};

/* 0 for what is no number. */
double pdf_number(const struct pdf_obj *o);
/* False for what is no array of four.  Direct members only. */
bool pdf_box_read(const struct pdf_obj *o, struct pdf_box *out);

#endif
