/* The lines that people read, as JSON.  Not for other rooms. */
#ifndef SIGND_REPORT_SHOWN_H
#define SIGND_REPORT_SHOWN_H

#include <jansson.h>

#include "report/report.h"

/* Both put a member "shown" into `o`, of one signature and of the whole. */
struct err *shown_signature(
    const struct report_input *in, size_t i, json_t *o) MUST_USE;
struct err *shown_whole(const struct report_input *in, json_t *o) MUST_USE;

#endif
