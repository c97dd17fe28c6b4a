#include "signd/own-list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "signd/ipc-io.h"
#include "signd/wait.h"

struct own_list {
	pthread_mutex_t lock; /* over all below; never held over indexing */
	pthread_cond_t changed;
	bool making;              /* a thread has a large one indexed */
	int64_t number;           /* of what is kept; 0: nothing */
	struct buf der;           /* a small one, */
	struct index_file *index; /* or a large one */
	uint8_t key[WANTED_KEY];  /* on the shelf */
};

struct err *
own_list_new(struct own_list **out)
{
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, BYTES_LIT("our own list"), hash));
	struct own_list *l = calloc(1, sizeof(*l));
	if (l == NULL || pthread_mutex_init(&l->lock, NULL) != 0 ||
	    pthread_cond_init(&l->changed, NULL) != 0) {
		free(l);
		return err_new(ERR_NOMEM, NULL, "struct own_list");
	}
	memcpy(l->key, hash, sizeof(l->key));
	*out = l;
	return NULL;
}

void
own_list_free(struct own_list *l)
{
	if (l == NULL)
		return;
	buf_done(&l->der);
	index_file_free(l->index);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static void
unlockp(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

#define LOCKED(l)                                                              \
	CLEANUP(unlockp) pthread_mutex_t *locked_ = &(l)->lock;                \
	pthread_mutex_lock(locked_)

int64_t
own_list_number(struct own_list *l)
{
	LOCKED(l);
	return l->number;
}

/* ---- a newer one ---- */

/* One made meanwhile may be newer still, and stays. */
static void
keep(struct own_list *l, int64_t number, struct buf *der,
    struct index_file **index)
{
	if (number <= l->number)
		return;
	buf_done(&l->der);
	index_file_free(l->index);
	l->der = *der;
	*der = BUF(0);
	l->index = TAKE(*index);
	l->number = number;
}

static struct err *
keep_small(struct own_list *l, int64_t number, struct bytes der)
{
	CLEANUP(buf_done) struct buf copy = BUF(OWN_LIST_IN_MESSAGE_MAX);
	struct index_file *none = NULL;
	TRY(buf_append(&copy, der));
	LOCKED(l);
	keep(l, number, &copy, &none);
	return NULL;
}

/* Until it is there, or it is the caller's turn to make it (*mine). */
static struct err *
wait_for(struct own_list *l, int64_t number, int64_t wait_ms, bool *mine)
{
	int64_t end = ipc_now_ms() + wait_ms;
	LOCKED(l);
	while (l->number < number && l->making)
		if (!wait_until(&l->changed, &l->lock, end))
			return err_coded(err_new(ERR_REMOTE, NULL,
					     "our own list is being indexed"),
			    "source-busy");
	*mine = l->number < number;
	l->making = l->making || *mine;
	return NULL;
}

/* The indexer may be busy with others' lists: only those wait for it who
 * cannot do without. */
static struct err *
keep_large(struct own_list *l, struct list_shelf *shelf, int64_t number,
    struct bytes der, int64_t wait_ms)
{
	bool mine = false;
	struct buf none = BUF(0);
	CLEANUP(index_file_freep) struct index_file *index = NULL;
	TRY(wait_for(l, number, wait_ms, &mine));
	if (!mine)
		return NULL;
	struct err *e = list_shelf_put(shelf, l->key, der, &index);
	LOCKED(l);
	if (e == NULL)
		keep(l, number, &none, &index);
	l->making = false;
	pthread_cond_broadcast(&l->changed);
	return e;
}

/* ---- giving it out ---- */

/* Of its own: the kept one may go at any time. */
static struct err *
open_again(const struct index_file *f, struct index_file **out)
{
	int fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(errno, "our own list");
	return index_file_open(fd, out);
}

static struct err *
give(struct own_list *l, int64_t number, struct buf *small,
    struct index_file **large)
{
	LOCKED(l);
	if (number <= 0 || l->number < number)
		return err_new(ERR_REMOTE, NULL, "our own list is not there");
	if (l->index != NULL)
		return open_again(l->index, large);
	return buf_append(small, buf_bytes(&l->der));
}

struct err *
own_list_take(struct own_list *l, struct list_shelf *shelf, int64_t number,
    struct bytes der, int64_t wait_ms, struct buf *small,
    struct index_file **large)
{
	if (der.len > OWN_LIST_IN_MESSAGE_MAX)
		TRY(keep_large(l, shelf, number, der, wait_ms));
	else if (der.len > 0)
		TRY(keep_small(l, number, der));
	return give(l, number, small, large);
}
