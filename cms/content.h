/*
 * What a SignedData is over, inside it or beside it, and its digests, each
 * computed once.  A content in pieces is never put together.
 */
#ifndef SIGND_CMS_CONTENT_H
#define SIGND_CMS_CONTENT_H

#include "cms/cms.h"

struct content {
	const struct cms *cms; /* it is inside; else it is: */
	struct bytes data;
	bool there; /* false: nobody gave it */
	bool only_known; /* no bytes, only digests that somebody computed */
	bool done[DIGEST_COUNT];
	uint8_t value[DIGEST_COUNT][DIGEST_MAX];
};

struct content content_inside(const struct cms *c);
struct content content_of(struct bytes data);
/* content_digest yields nothing (empty) if the content is not there or `alg`
 * is unknown. */
struct err *content_digest(
    struct content *c, enum digest_alg alg, struct bytes *out) MUST_USE;
/* content_known notes a digest that somebody computed. */
void content_known(
    struct content *c, enum digest_alg alg, struct bytes digest);
/* content_add feeds all of it to `d`. */
struct err *content_add(const struct content *c, struct digest *d) MUST_USE;

#endif
