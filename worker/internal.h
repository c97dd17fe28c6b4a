/* What the files of worker/ share.  Not for other rooms. */
#ifndef SIGND_WORKER_INTERNAL_H
#define SIGND_WORKER_INTERNAL_H

#include "format/format.h"

/* The format of that name; NULL: there is none. */
const struct format *job_format_named(struct bytes name);

#endif
