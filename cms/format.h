/* CAdES as a signature format: attached files (.p7m) and detached (.p7s). */
#ifndef SIGND_CMS_FORMAT_H
#define SIGND_CMS_FORMAT_H

#include "format/format.h"

extern const struct format format_cms; /* collect only, at first */

#endif
