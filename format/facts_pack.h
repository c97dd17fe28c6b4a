/*
 * Facts as bytes (base/pack.h): a document is read once, and what was found may
 * be judged later, by another process, when more is known of certificates.
 */
#ifndef SIGND_FORMAT_FACTS_PACK_H
#define SIGND_FORMAT_FACTS_PACK_H

#include "format/facts.h"

#define FACTS_PACKED_MAX (48 * 1024 * 1024) /* bytes */

/* facts_pack writes all but f->format.  ERR_LIMIT: `out` is too small. */
struct err *facts_pack(const struct facts *f, struct buf *out) MUST_USE;

/*
 * facts_unpack reads them, freed with facts_done(); out->format is NULL.  The
 * bytes may come from a process that a stranger talked round: all is checked
 * against the limits that collectors have.
 * ERR_MALFORMED, ERR_LIMIT.
 */
struct err *facts_unpack(struct bytes packed, struct facts *out) MUST_USE;

#endif
