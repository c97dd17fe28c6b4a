/*
 * Large revocation lists, as the front keeps them: each is fetched into a file,
 * made an index by a process that does nothing else (indexer), and lies in
 * state-dir from then on.  Workers get it as a descriptor and map it, so that
 * no verification reads the list again and all share one copy; its signature
 * is judged each time, over the digest in the index.
 *
 * Lists are fetched one at a time, by a thread of the shelf.  Files are never
 * changed: a newer index takes the place of an older one by a rename, and who
 * has the older one open keeps it.
 */
#ifndef SIGND_SIGND_LIST_SHELF_H
#define SIGND_SIGND_LIST_SHELF_H

#include "certs/source.h"
#include "signd/settings.h"

#define LISTS_WAITING_MAX 32 /* to be fetched */

struct list_shelf;

struct list_shelf_place {
	const char *dir;     /* of the indexes; made if it is not there */
	const char *spool;   /* of lists while they are read */
	const char *fetcher; /* paths of sockets */
	const char *indexer;
	size_t max;      /* bytes of a list; 0: none is fetched */
	int64_t seconds; /* for fetching one */
	int64_t room;    /* bytes of all indexes */
	const struct clock *clock;
};

/* What `p` points to must outlive the shelf. */
struct err *list_shelf_new(
    const struct list_shelf_place *p, struct list_shelf **out) MUST_USE;
/* No thread may be inside. */
void list_shelf_free(struct list_shelf *s);

/* The index under that key and its age in seconds; *out NULL: there is none.
 * A file that is no whole index is removed, and counts as none. */
struct err *list_shelf_get(struct list_shelf *s, const uint8_t key[WANTED_KEY],
    struct index_file **out, int64_t *age) MUST_USE;

/* Has the list at that address fetched behind, unless it is being fetched.
 * False: too many wait, and it is not going to be. */
bool list_shelf_want(
    struct list_shelf *s, const uint8_t key[WANTED_KEY], const char *url);

/* Waits until nobody fetches it any more.  False: the time was over first.
 * *error: how it ended, owned by the caller; NULL: it is there. */
bool list_shelf_wait(struct list_shelf *s, const uint8_t key[WANTED_KEY],
    int64_t timeout_ms, struct err **error);

/* Makes an index of a list at hand, in place of the one under that key.  The
 * caller's *out stays usable when others take its place on the shelf. */
struct err *list_shelf_put(struct list_shelf *s, const uint8_t key[WANTED_KEY],
    struct bytes der, struct index_file **out) MUST_USE;

#endif
