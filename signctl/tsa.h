/* A time-stamp authority over HTTP (RFC 3161 3.4). */
#ifndef SIGND_SIGNCTL_TSA_H
#define SIGND_SIGNCTL_TSA_H

#include "format/format.h"

/* tsa_stamper asks the authority at `url`; `url` must outlive *out.  What it
 * answers is read in a sandbox, and taken only if it fits the request. */
struct stamper tsa_stamper(const char *url);

#endif
