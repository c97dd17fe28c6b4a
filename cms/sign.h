/* Signing and extending, in two steps: what format/format.h promises. */
#ifndef SIGND_CMS_SIGN_H
#define SIGND_CMS_SIGN_H

#include "format/format.h"

struct err *cms_prepare(struct bytes document,
    const struct sign_params *params, struct prepared *out) MUST_USE;
struct err *cms_stamp(struct bytes state, struct bytes value,
    enum digest_alg alg, uint8_t digest[DIGEST_MAX]) MUST_USE;
struct err *cms_extend(
    const struct extend_request *r, struct prepared *out) MUST_USE;
struct err *cms_embed(struct bytes state, struct bytes value,
    struct bytes token, struct insertion *out) MUST_USE;

/* A state begins with the word for what made it (tag 1). */
enum cms_state { CMS_STATE_SIGN = 1, CMS_STATE_EXTEND };
struct err *cms_embed_signature(struct bytes state, struct bytes value,
    struct bytes token, struct insertion *out) MUST_USE;
struct err *cms_embed_extension(
    struct bytes state, struct bytes token, struct insertion *out) MUST_USE;

#endif
