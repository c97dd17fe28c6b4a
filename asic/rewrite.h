/*
 * Other bytes in the place of one file of an archive.  All other entries stay
 * byte for byte, in their order; of the central directory the one header and
 * the offsets behind it change.
 */
#ifndef SIGND_ASIC_REWRITE_H
#define SIGND_ASIC_REWRITE_H

#include "asic/archive.h"
#include "format/format.h"

/* rewrite_pack writes down what rewrite_insertion must know of the archive. */
struct err *rewrite_pack(
    const struct archive *a, size_t file, struct buf *out) MUST_USE;
/*
 * rewrite_insertion yields what puts `data` in the place of the file, packed in
 * the same way (stored, or deflated).  ERR_MALFORMED: `packed` is not of
 * rewrite_pack; ERR_LIMIT with code "asic-limit": over 4 GiB.
 */
struct err *rewrite_insertion(
    struct bytes packed, struct bytes data, struct insertion *out) MUST_USE;

#endif
