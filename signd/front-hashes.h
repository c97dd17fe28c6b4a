/* The hash of a content that is not sent. */
#ifndef SIGND_SIGND_FRONT_HASHES_H
#define SIGND_SIGND_FRONT_HASHES_H

#include "format/format.h"

struct hashes {
	bool given;
	uint8_t sha256[DIGEST_MAX];
	struct external content; /* borrows from sha256 */
};

/* hashes_read reads "SHA-256:HEX"; *out begins as zeros and stays where it is.
 * ERR_USAGE, code "parameter". */
struct err *hashes_read(const char *text, struct hashes *out) MUST_USE;

#endif
