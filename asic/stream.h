/*
 * What a program sees that reads a container from front to back and does not
 * wait for the central directory.  Where sizes stand behind the data, it ends
 * an entry where the packed data say so; what follows it takes for the next.
 */
#ifndef SIGND_ASIC_STREAM_H
#define SIGND_ASIC_STREAM_H

#include "asic/layout.h"

/* ERR_MALFORMED with code "asic-zip-ambiguous": the data of an entry end
 * elsewhere than its size says.  ERR_NOMEM. */
struct err *stream_check(
    struct bytes in, const struct layout_entry *e) MUST_USE;

#endif
