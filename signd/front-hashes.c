/* Verification by hashes alone: "SHA-256:HEX,SHA-512:HEX" in the place of the
 * content, which stays where it is. */
#include <string.h>
#include <strings.h>

#include "signd/front-hashes.h"

static struct err *
no(const char *why)
{
	return err_coded(err_new(ERR_USAGE, NULL, "hash: %s", why), "parameter");
}

static enum digest_alg
alg_named(struct bytes name)
{
	for (int alg = DIGEST_NONE + 1; alg < DIGEST_COUNT; alg++) {
		const char *known = digest_name((enum digest_alg)alg);
		if (strlen(known) == name.len &&
		    strncasecmp(known, (const char *)name.ptr, name.len) == 0)
			return (enum digest_alg)alg;
	}
	return DIGEST_NONE;
}

static struct err *
read_one(struct bytes word, struct hashes *out)
{
	const uint8_t *colon = memchr(word.ptr, ':', word.len);
	if (colon == NULL)
		return no("NAME:HEX");
	size_t len = (size_t)(colon - word.ptr);
	enum digest_alg alg = alg_named(bytes_slice(word, 0, len));
	CLEANUP(buf_done) struct buf raw = BUF(DIGEST_MAX);
	struct err *e = hex_decode(bytes_from(word, len + 1), &raw);
	if (e != NULL || alg == DIGEST_NONE || raw.len != digest_len(alg)) {
		err_free(e);
		return no("no such algorithm, or not of its length");
	}
	if (out->n == HASHES_OF_ONE)
		return no("too many");
	uint8_t *value = out->value[out->n];
	memcpy(value, raw.ptr, raw.len);
	if (alg == DIGEST_SHA256)
		out->sha256 = value;
	out->v[out->n++] = (struct external){ .alg = alg,
		.digest = bytes_of(value, raw.len) };
	return NULL;
}

struct err *
hashes_read(const char *text, struct hashes *out)
{
	struct bytes rest = bytes_str(text);
	while (rest.len > 0) {
		const uint8_t *comma = memchr(rest.ptr, ',', rest.len);
		size_t len = comma == NULL ? rest.len
					   : (size_t)(comma - rest.ptr);
		TRY(read_one(bytes_slice(rest, 0, len), out));
		rest = bytes_from(rest, comma == NULL ? len : len + 1);
	}
	return out->sha256 == NULL ? no("SHA-256 must be among them") : NULL;
}
