/*
 * What the threads of the front share about fetching: who did not answer just
 * now and is not asked again at once; what is being fetched, so that nobody
 * asks for the same beside; how many may wait for the net; what is fetched
 * anew behind an answer that was given already.  Nothing of it outlives the
 * process.
 */
#ifndef SIGND_SIGND_FETCH_MEMORY_H
#define SIGND_SIGND_FETCH_MEMORY_H

#include "certs/source.h"

#define FETCH_FAILURES_MAX 1024 /* addresses; the oldest is forgotten */
#define FETCH_BEHIND_MAX 64     /* waiting to be fetched anew */

struct fetch_memory;

/* How many of so many fetchers may be asked for addresses that strangers name,
 * at least one: of the others one stays for time stamps of another authority,
 * and one brings large lists (`lists`), as slowly as their servers like. */
size_t fetch_at_once(size_t fetchers, bool lists);

/* `at_once` threads may be at the net, as many more may wait for that;
 * `retry_ms`: for how long who did not answer is left alone. */
struct err *fetch_memory_new(
    size_t at_once, int64_t retry_ms, struct fetch_memory **out) MUST_USE;
/* No thread may be inside; ends the one that fetches behind. */
void fetch_memory_free(struct fetch_memory *m);

/*
 * A failure by what was wanted and where: that of a responder counts for all
 * certificates.  NULL: none that is young enough.  That an answer did not come
 * in time counts for those alone who have hardly more time for it (`left_ms`)
 * than was given then: who waits a second silences nobody who would wait
 * longer.  *slow, *ms: as it was then.
 */
const char *fetch_failed_before(struct fetch_memory *m, struct bytes name,
    int64_t left_ms, bool *slow, int64_t *ms);
/* `code` is static; NULL: it answered, and the failure is forgotten.
 * `given_ms`: the time that there was for an answer. */
void fetch_remember(struct fetch_memory *m, struct bytes name, const char *code,
    bool slow, int64_t given_ms, int64_t ms);

/*
 * fetch_enter waits until there is room at the net and nobody else asks for one
 * of `w`, at most *left_ms, which becomes what is left of it.  False: too many
 * wait, or the time is over.  *waited: what is wanted may have come meanwhile.
 */
bool fetch_enter(struct fetch_memory *m, const struct wanted *w, size_t n,
    int64_t *left_ms, bool *waited);
void fetch_leave(struct fetch_memory *m, const struct wanted *w, size_t n);

/* fetch_behind hands a copy to a thread of its own, which calls `fetch`; what
 * is there already, or does not fit, is dropped. */
void fetch_behind(struct fetch_memory *m, const struct wanted *w,
    void (*fetch)(void *ctx, const struct wanted *w), void *ctx);

#endif
