/* What signd --help prints. */
#ifndef SIGND_SIGND_HELP_H
#define SIGND_SIGND_HELP_H

#include "base/messages.h"

const char *help_text(enum lang lang); /* static */

#endif
