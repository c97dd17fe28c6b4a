/*
 * Stream filters: Flate with predictors, ASCIIHex, ASCII85 (ISO 32000-2 7.4).
 * What is only shown and never read (pictures) is not for us.
 */
#ifndef SIGND_PDF_FILTER_H
#define SIGND_PDF_FILTER_H

#include "pdf/object.h"

#define PDF_FILTERS_MAX 8         /* one after the other on one stream */
#define PDF_COLUMNS_MAX (1 << 20) /* samples in a predicted row */

struct pdf_filter {
	enum {
		PDF_FILTER_FLATE,
		PDF_FILTER_HEX,
		PDF_FILTER_ASCII85,
		PDF_FILTER_CRYPT, /* nothing is done here: see crypt.h */
	} kind;
	int predictor; /* 1: none, 2: TIFF, 10 to 15: PNG */
	int colors;
	int bits; /* of one component */
	int columns;
};

/* `name` and `parms` are one entry of /Filter and /DecodeParms, resolved;
 * `parms` may be the null object.  ERR_UNSUPPORTED: another filter. */
struct err *pdf_filter_of(const struct pdf_obj *name,
    const struct pdf_obj *parms, struct pdf_filter *out) MUST_USE;

/* Appends `in` through one filter to `out`.  ERR_MALFORMED, ERR_LIMIT. */
struct err *pdf_unfilter(const struct pdf_filter *f, struct bytes in,
    struct pdf_budget *budget, struct buf *out) MUST_USE;

/* pdf_deflate appends `in`, compressed for /FlateDecode. */
struct err *pdf_deflate(struct bytes in, struct buf *out) MUST_USE;

#endif
