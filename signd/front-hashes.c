/* Verification by a hash alone, in the place of the content, which stays where
 * it is. */
#include <string.h>
#include <strings.h>

#include "signd/front-hashes.h"

static struct err *
no(const char *why)
{
	return err_coded(err_new(ERR_USAGE, NULL, "hash: %s", why), "parameter");
}

/* "SHA-256:HEX".  Reports name a content by its SHA-256; a hash by another
 * algorithm could be that of something else. */
struct err *
hashes_read(const char *text, struct hashes *out)
{
	const char *name = digest_name(DIGEST_SHA256);
	size_t len = strlen(name);
	CLEANUP(buf_done) struct buf raw = BUF(DIGEST_MAX);
	if (strncasecmp(text, name, len) != 0 || text[len] != ':')
		return no("SHA-256:HEX");
	struct err *e = hex_decode(bytes_str(text + len + 1), &raw);
	if (e != NULL || raw.len != digest_len(DIGEST_SHA256)) {
		err_free(e);
		return no("not of its length");
	}
	memcpy(out->sha256, raw.ptr, raw.len);
	out->content = (struct external){ .alg = DIGEST_SHA256,
		.digest = bytes_of(out->sha256, raw.len) };
	out->given = true;
	return NULL;
}
