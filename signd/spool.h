/*
 * The body of a request that is a document.  Small ones lie in a memfd that is
 * sealed before anybody else gets it; larger ones in an unlinked file, so that
 * a gigabyte does not stand in memory.  The digest runs along.
 */
#ifndef SIGND_SIGND_SPOOL_H
#define SIGND_SIGND_SPOOL_H

#include "certs/alg.h"

struct spool {
	int fd; /* owned; -1: nothing yet */
	bool on_disk;
	size_t len;                 /* bytes so far */
	size_t max;                 /* ERR_LIMIT beyond */
	size_t memory_max;          /* bytes up to which it stays in memory */
	const char *dir;            /* of spool files */
	struct digest *sum;         /* running, until spool_finish */
	uint8_t sha256[DIGEST_MAX]; /* after spool_finish: 32 bytes of it */
};

/* `expected` is the Content-Length, 0 when it is not known. */
struct err *spool_init(struct spool *s, const char *dir, size_t memory_max,
    size_t max, size_t expected) MUST_USE;
/* ERR_LIMIT, code "document-too-large" or "disk-full". */
struct err *spool_write(struct spool *s, struct bytes what) MUST_USE;
/* No more is written, by nobody who gets the descriptor: seals it, and ends the
 * digest. */
struct err *spool_finish(struct spool *s) MUST_USE;
void spool_done(struct spool *s); /* may be called again */
/* Takes over what `from` holds. */
struct spool spool_move(struct spool *from);

#endif
