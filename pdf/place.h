/* Where a new signature goes: field, page, form, catalog. */
#ifndef SIGND_PDF_PLACE_H
#define SIGND_PDF_PLACE_H

#include "pdf/allow.h"
#include "pdf/increment.h"
#include "pdf/sheet.h"

#define PDF_FIELD_NAME_MAX 512 /* bytes of UTF-8 */

struct pdf_placing {
	const struct pdf_survey *survey;
	struct pdf_ref signature; /* the dictionary, already numbered */
	bool certifies;           /* the catalog's /Perms is to name it */
	bool evidence;            /* a document time stamp */
	/* What is seen; look.num 0: nothing, on the first page. */
	struct pdf_ref look;
	struct pdf_box box; /* of a new field, in user space */
	size_t page;        /* number of the page; 1 is the first */
};

/*
 * pdf_place_field appends to `inc` what makes the signature the value of a
 * field: of the one that was found, or of a new one, called `survey->wanted`
 * or after us.
 * ERR_USAGE (code "pdf-field"): that is no name for a new field.
 */
struct err *pdf_place_field(
    struct pdf_increment *inc, const struct pdf_placing *what) MUST_USE;

#endif
