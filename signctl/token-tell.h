/* What signctl token probe found, in words. */
#ifndef SIGND_SIGNCTL_TOKEN_TELL_H
#define SIGND_SIGNCTL_TOKEN_TELL_H

#include <stdbool.h>

#include <jansson.h>

#include "base/messages.h"

/* Prints one module's findings, as token-probe.c collects them. */
void token_tell(const json_t *module, enum lang lang);

#endif
