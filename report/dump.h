/* Writing JSON.  Not for other rooms. */
#ifndef SIGND_REPORT_DUMP_H
#define SIGND_REPORT_DUMP_H

#include <jansson.h>

#include "base/base.h"

/* dump_json appends `v` as json_dumps(v, JSON_INDENT(1)) has it.  ERR_INTERNAL:
 * there is a number with a fraction in it. */
struct err *dump_json(const json_t *v, struct buf *out) MUST_USE;

#endif
