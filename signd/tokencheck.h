/*
 * `signd token-check`: whether the token has what the ledger needs.  For a backup
 * that is to be believed, and for a token that was moved: neither is changed, and
 * no service must run.
 *
 * Each key that the ledger names must be there and be as it should; each that has
 * a certificate signs under it; each cover key opens a credential that it covers.
 * Whether the pepper is the right one, only a citizen's PIN can show.
 */
#ifndef SIGND_SIGND_TOKENCHECK_H
#define SIGND_SIGND_TOKENCHECK_H

#include <stdio.h>

#include "signd/settings.h"

/* As root it works as signd_init does.  ERR_MISSING code "token-key-missing":
 * something is not there, or not what it should be; `told` has which. */
struct err *signd_token_check(const struct settings *s, FILE *told) MUST_USE;

#endif
