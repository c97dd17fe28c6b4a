/* What a chip says of its holder, for signctl sod verify --show. */
#ifndef SIGND_SIGNCTL_SOD_SHOW_H
#define SIGND_SIGNCTL_SOD_SHOW_H

#include "base/messages.h"
#include "identity/sod.h"

/*
 * sod_show appends lines out of those of the groups 1, 11, 12 and 13 that fit
 * the chip's signature; of what does not fit, nothing.  `now`: seconds, for the
 * century of a birth.  Ethnicity and religion are never read.
 */
struct err *sod_show(const struct sod_request *r, const struct sod_verdict *v,
    int64_t now, enum lang lang, struct buf *out) MUST_USE;

#endif
