/*
 * Seed values: how the author of a signature field wants it signed.  What is
 * required is obeyed or refused; what is only proposed does not matter.
 * ISO 32000-2 12.7.5.5, tables 237 and 238.
 */
#ifndef SIGND_PDF_SEED_H
#define SIGND_PDF_SEED_H

#include "pdf/allow.h"

/*
 * pdf_seed_check compares the seed values of the field that was found, if any,
 * with what is asked for; a certification that they want is put into `pdf`.
 * ERR_DENIED, code "pdf-seed": one of them forbids it; the text says which.
 */
struct err *pdf_seed_check(struct pdf_document *d,
    const struct pdf_survey *survey, const struct sign_params *params,
    struct pdf_params *pdf) MUST_USE;

#endif
