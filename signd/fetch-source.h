/*
 * What validation is missing (certs/source.h), as the front brings it: from its
 * store if it is fresh there; from there too if it is older but may still do,
 * while a newer one is fetched behind; else through the fetcher, all at once.
 * What the net does not give anew is given as it was last time, and said to be
 * stale.  Who did not answer is left alone for a while.  Nothing is judged
 * here: signatures and dates are for whoever asks, and so is `again`.
 */
#ifndef SIGND_SIGND_FETCH_SOURCE_H
#define SIGND_SIGND_FETCH_SOURCE_H

#include "certs/source.h"
#include "signd/fetch-memory.h"
#include "signd/list-shelf.h"
#include "signd/settings.h"
#include "store/front.h"

struct fetch_source {
	const char *socket; /* of the fetcher */
	struct front_store *store;
	const struct clock *clock;
	struct fetch_memory *memory;
	size_t max;            /* bytes of one answer */
	struct list_shelf *shelf; /* of larger lists; NULL: there is none */
	int64_t behind_ms;     /* for what is fetched behind */
};

/* `s` must outlive what comes out, and its memory; several threads may use it.
 */
struct source fetch_source(struct fetch_source *s);

#endif
