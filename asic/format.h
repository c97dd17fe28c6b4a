/* ASiC containers (EN 319 162-1): ASiC-S and ASiC-E with XAdES or CAdES.
 * Judged and raised, not made. */
#ifndef SIGND_ASIC_FORMAT_H
#define SIGND_ASIC_FORMAT_H

#include "format/format.h"

extern const struct format format_asic;

#endif
