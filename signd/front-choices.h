/* What a request says of how to sign (doc/api.md). */
#ifndef SIGND_SIGND_FRONT_CHOICES_H
#define SIGND_SIGND_FRONT_CHOICES_H

#include "signd/front.h"

#define CHOICES_MAX (4 * 1024 * 1024) /* bytes of them, packed */

/* choices_pack appends the prepare_request (worker/job.h) that the parameters
 * of `r` ask for.  A time stamp on the content is got here.  ERR_USAGE, code
 * "parameter". */
struct err *choices_pack(const struct request *r, const struct credential *c,
    struct sig_alg alg, struct buf *out) MUST_USE;

/* choices_known: the query has no other parameters than a signature's.  Errors
 * of request_params_are. */
struct err *choices_known(const struct request *r) MUST_USE;
/* choices_material appends what of them makes two requests the same. */
struct err *choices_material(const struct request *r, struct buf *out) MUST_USE;

#endif
