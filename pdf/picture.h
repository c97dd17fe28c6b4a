/*
 * Pictures of signatures and seals, which strangers give: JPEG goes into the
 * document as it is (DCTDecode), PNG is decoded here.
 */
#ifndef SIGND_PDF_PICTURE_H
#define SIGND_PDF_PICTURE_H

#include "pdf/increment.h"

#define PDF_PICTURE_SIDE_MAX 4096            /* pixels */
#define PDF_PICTURE_AREA_MAX (4 * 1024 * 1024) /* pixels */

struct pdf_picture {
	unsigned width, height; /* pixels */
	unsigned colours;       /* 1: grey, 3: red, green, blue */
	struct bytes jpeg;      /* borrowed; else: */
	struct buf pixels;      /* colours * width * height bytes */
	struct buf alpha;       /* width * height bytes; empty: opaque */
};

/* ERR_MALFORMED, ERR_LIMIT, ERR_UNSUPPORTED: code "pdf-picture". */
struct err *pdf_picture_read(
    struct bytes file, struct pdf_picture *out) MUST_USE;
void pdf_picture_done(struct pdf_picture *p);

/* pdf_picture_write: with `hard` what is half transparent becomes all or
 * nothing, by a mask of one bit: PDF/A-1 has no other (ISO 19005-1 6.4). */
struct err *pdf_picture_write(struct pdf_increment *inc,
    const struct pdf_picture *p, bool hard, struct pdf_ref *out) MUST_USE;

#endif
