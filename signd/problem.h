/*
 * Errors as people and programs outside see them: RFC 9457 problem documents.
 * One table turns codes, and kinds where there is no row, into HTTP statuses.
 */
#ifndef SIGND_SIGND_PROBLEM_H
#define SIGND_SIGND_PROBLEM_H

#include "base/base.h"

#define PROBLEM_MAX 16384 /* bytes */
#define PROBLEM_TYPE "application/problem+json; charset=utf-8"

struct problem {
	unsigned status;  /* of HTTP */
	int retry_after;  /* seconds; 0: no header */
	bool tell_detail; /* false where the text speaks of our insides */
};

struct problem problem_of(const struct err *e);

/* problem_render appends the document.  `tries_left` is -1 where it does not
 * belong. */
struct err *problem_render(const struct err *e, const char *request_id,
    int tries_left, struct buf *out) MUST_USE;

#endif
