/* What the files of worker/ share.  Not for other rooms. */
#ifndef SIGND_WORKER_INTERNAL_H
#define SIGND_WORKER_INTERNAL_H

#include "format/format.h"

/* The format of that name; NULL: there is none. */
const struct format *job_format_named(struct bytes name);

/* The code of what it is to people, though no format reads it ("format-picture");
 * NULL: nothing is known of it.  By magic: before formats are asked, as a PDF may
 * stand within a ZIP.  By look: when none of them took it. */
const char *other_by_magic(struct bytes document);
const char *other_by_look(struct bytes document);

#endif
