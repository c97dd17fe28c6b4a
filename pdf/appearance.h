/* For params.c: an appearance, packed behind the other parameters. */
#ifndef SIGND_PDF_APPEARANCE_H
#define SIGND_PDF_APPEARANCE_H

#include "base/pack.h"
#include "pdf/params.h"

struct err *pdf_appearance_pack(
    const struct pdf_appearance *a, struct buf *out) MUST_USE;
bool pdf_appearance_follows(const struct unpack *u);
/* *out is owned, for pdf_appearance_free(), which takes only such ones.
 * ERR_MALFORMED, ERR_LIMIT. */
struct err *pdf_appearance_unpack(
    struct unpack *u, const struct pdf_appearance **out) MUST_USE;
void pdf_appearance_free(const struct pdf_appearance *a);

/* Whether one of the words is about an appearance; then they are packed. */
bool pdf_appearance_wanted(const struct pdf_words *w);
struct err *pdf_appearance_words(
    const struct pdf_words *w, struct buf *out) MUST_USE;

#endif
