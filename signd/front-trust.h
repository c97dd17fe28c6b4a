/*
 * The trust list that the front uses.  A new one takes the place of the old
 * when it changes or on SIGHUP, and never unless it is good; the last good one
 * is kept in the state directory, so that it is there after a restart, too, and
 * an older one cannot come back.
 */
#ifndef SIGND_SIGND_FRONT_TRUST_H
#define SIGND_SIGND_FRONT_TRUST_H

#include "signd/json.h"
#include "signd/log.h"
#include "signd/settings.h"
#include "trust/list.h"

struct trust;

/*
 * trust_start reads the list of the settings; without such a setting there are
 * no domains.  Errors: neither it nor the one kept is good (codes of
 * trust/list.h), "settings".
 */
struct err *trust_start(const struct settings *s, const struct log *log,
    struct trust **out) MUST_USE;
void trust_free(struct trust *t);

/* trust_look reads the list again if the file is another one than before, or
 * if `anyway`.  What is refused is logged. */
void trust_look(struct trust *t, bool anyway);

/* The domains as they are now, until trust_release; any thread may ask. */
struct trust_snapshot;
struct trust_snapshot *trust_hold(struct trust *t);
const struct trust_domains *trust_held(const struct trust_snapshot *s);
void trust_release(struct trust_snapshot *s);

/* Adds "trust_list" to a report of readiness, if there is a list. */
struct err *trust_tell(struct trust *t, json_t *out) MUST_USE;

#endif
