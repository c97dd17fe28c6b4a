/* Hashes of a content that is not sent. */
#ifndef SIGND_SIGND_FRONT_HASHES_H
#define SIGND_SIGND_FRONT_HASHES_H

#include "format/format.h"

#define HASHES_OF_ONE 8 /* algorithms for one content */

struct hashes {
	struct external v[HASHES_OF_ONE]; /* borrow from value */
	uint8_t value[HASHES_OF_ONE][DIGEST_MAX];
	size_t n;
	const uint8_t *sha256; /* names the content; in value */
};

/* hashes_read reads "SHA-256:HEX,SHA-512:HEX"; *out begins as zeros and stays
 * where it is.  ERR_USAGE, code "parameter": an unknown algorithm, a wrong
 * length, or no SHA-256, by which reports name a content. */
struct err *hashes_read(const char *text, struct hashes *out) MUST_USE;

#endif
