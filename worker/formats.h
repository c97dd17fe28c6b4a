/* The signature formats that jobs know, in the order in which they are asked
 * whether a document is theirs. */
#ifndef SIGND_WORKER_FORMATS_H
#define SIGND_WORKER_FORMATS_H

#include "format/format.h"

/* All formats; *count of them.  Static storage. */
const struct format *const *formats_all(size_t *count);

/* formats_start and formats_stop are what worker_start and worker_stop do for
 * the libraries under the formats. */
struct err *formats_start(void) MUST_USE;
void formats_stop(void);

#endif
