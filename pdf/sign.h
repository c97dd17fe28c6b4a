/*
 * Signing a PDF in two steps: PAdES B-B (EN 319 142-1), SubFilter
 * ETSI.CAdES.detached.  See format/format.h for what the steps promise.
 */
#ifndef SIGND_PDF_SIGN_H
#define SIGND_PDF_SIGN_H

#include "format/format.h"

/*
 * pdf_prepare never copies the document; what is appended is in the state.
 * Errors as pdf_open(), pdf_survey_document() and pdf_place_field() give them;
 * ERR_UNSUPPORTED: a level other than B.
 */
struct err *pdf_prepare(struct bytes document, const struct sign_params *params,
    struct prepared *out) MUST_USE;
struct err *pdf_embed(struct bytes state, struct bytes value,
    struct bytes token, struct insertion *out) MUST_USE;

#endif
