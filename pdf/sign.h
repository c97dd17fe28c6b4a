/*
 * Signing a PDF in two steps, and extending what was signed: PAdES B-B to
 * B-LTA (EN 319 142-1), SubFilter ETSI.CAdES.detached and ETSI.RFC3161.  See
 * format/format.h for what the steps promise.
 */
#ifndef SIGND_PDF_SIGN_H
#define SIGND_PDF_SIGN_H

#include "format/format.h"

/*
 * pdf_prepare never copies the document; what is appended is in the state.
 * Errors as pdf_open(), pdf_survey_document(), pdf_seed_check() and
 * pdf_place_field() give them; ERR_UNSUPPORTED: a level above T.
 */
struct err *pdf_prepare(struct bytes document, const struct sign_params *params,
    struct prepared *out) MUST_USE;
/* ERR_USAGE: a state of extend. */
struct err *pdf_stamp(struct bytes state, struct bytes value,
    enum digest_alg alg, uint8_t digest[DIGEST_MAX]) MUST_USE;
/* A state of prepare whose token is too large, or never came, may be embedded
 * without one: that is level B, and pdf_extend() makes T of it.  ERR_MALFORMED
 * also for a token that is over something else. */
struct err *pdf_embed(struct bytes state, struct bytes value,
    struct bytes token, struct insertion *out) MUST_USE;
/*
 * LEVEL_T and LEVEL_LTA append a document time stamp, which covers all there
 * is; LEVEL_LT puts the evidence into the document security store.  Neither is
 * forbidden by a certification (ISO 32000-2 12.8.2.2.2).
 */
struct err *pdf_extend(
    const struct extend_request *r, struct prepared *out) MUST_USE;

#endif
