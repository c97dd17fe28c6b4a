/*
 * Our own CRL as the front keeps it, so that the ledger tells it once: a small
 * one as it is, a large one as an index that stays open here, whatever the
 * shelf drops for want of room.  For threads.
 */
#ifndef SIGND_SIGND_OWN_LIST_H
#define SIGND_SIGND_OWN_LIST_H

#include "signd/list-shelf.h"

/* Up to this size it goes in a message; beyond, as an index. */
#define OWN_LIST_IN_MESSAGE_MAX (256 * 1024) /* bytes */

struct own_list;
struct err *own_list_new(struct own_list **out) MUST_USE;
void own_list_free(struct own_list *l);

/* Of the one that is kept; 0: none yet.  It never becomes less. */
int64_t own_list_number(struct own_list *l);

/*
 * own_list_take gives out the list of `number` or a newer one.  `der` is what
 * the ledger told with that number; empty: "you have it".  A large one is made
 * an index by the first thread that brings it; others who want that one wait
 * for it at most `wait_ms`, and nobody who wants one that is there already.
 *
 * Exactly one of *small (of at least OWN_LIST_IN_MESSAGE_MAX) and *large is
 * filled.  ERR_REMOTE, and never nothing, when there is no such list: code
 * "source-busy" when it is still being made.
 */
struct err *own_list_take(struct own_list *l, struct list_shelf *shelf,
    int64_t number, struct bytes der, int64_t wait_ms, struct buf *small,
    struct index_file **large) MUST_USE;

#endif
