/*
 * What validation is missing (certs/source.h), as the front brings it: from its
 * store if it is fresh there, else through the fetcher, all at once.  What
 * the net does not give anew is given as it was last time, and said to be
 * stale. Nothing is judged here: signatures and dates are for whoever asks.
 */
#ifndef SIGND_SIGND_FETCH_SOURCE_H
#define SIGND_SIGND_FETCH_SOURCE_H

#include "certs/source.h"
#include "store/front.h"

struct fetch_source {
	const char *socket; /* of the fetcher */
	struct front_store *store;
	const struct clock *clock;
	size_t max; /* bytes of one answer */
};

/* `s` must outlive what comes out; it may be used by several threads. */
struct source fetch_source(struct fetch_source *s);

#endif
