/*
 * The keys that wrap and cover, changed beside a service that goes on signing:
 *
 *	kek-rotate	makes a new generation, then kek-rewrap
 *	kek-rewrap	puts every credential under the newest cover key; goes on
 *			where it was interrupted
 *	kek-status	what is under each generation
 *	kek-retire	destroys in the token what nothing needs any more
 *
 * As root they work as signd_init does.  kek-rewrap asks the ledger's process,
 * so signd must run.
 */
#ifndef SIGND_SIGND_ROTATE_H
#define SIGND_SIGND_ROTATE_H

#include <stdio.h>

#include "signd/settings.h"

struct err *signd_kek_rotate(const struct settings *s, FILE *told) MUST_USE;
struct err *signd_kek_rewrap(const struct settings *s, FILE *told) MUST_USE;
struct err *signd_kek_status(const struct settings *s, FILE *told) MUST_USE;
struct err *signd_kek_retire(const struct settings *s, FILE *told) MUST_USE;

#endif
