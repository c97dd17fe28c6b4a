/* Raising signatures in a container: what lies in META-INF is raised as its own
 * format raises it, and every other file stays as it is, byte for byte. */
#ifndef SIGND_ASIC_EXTEND_H
#define SIGND_ASIC_EXTEND_H

#include "format/format.h"

/*
 * asic_extend: see struct format.  r->id is as in facts: the name of the file,
 * "#" and what the signature is called inside.
 * ERR_UNSUPPORTED with code "level-unsupported": LTA of CAdES over a manifest;
 * "asic-would-break": another signature or manifest holds the digest of the
 * file that would be changed.
 */
struct err *asic_extend(
    const struct extend_request *r, struct prepared *out) MUST_USE;
struct err *asic_embed(struct bytes state, struct bytes value,
    struct bytes token, struct insertion *out) MUST_USE;

#endif
