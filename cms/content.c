/* The content and its digests: hashed piece by piece, however it came. */
#include "cms/content.h"

#include <string.h>

#include "cms/internal.h"

static struct err *
add_octets(struct digest *d, struct tlv t, int depth)
{
	if (t.tag == BER_OCTETS)
		return digest_add(d, t.body);
	if (t.tag != BER_OCTETS_CONSTRUCTED)
		return err_new(ERR_MALFORMED, "X.690 8.7",
		    "tag 0x%02x in an OCTET STRING", t.tag);
	if (depth > BER_DEPTH_MAX)
		return err_new(ERR_LIMIT, NULL, "pieces within pieces");
	while (t.body.len > 0) {
		struct tlv piece;
		TRY(ber_next(&t.body, &piece));
		TRY(add_octets(d, piece, depth + 1));
	}
	return NULL;
}

static struct err *
add_inside(struct digest *d, const struct cms *c)
{
	struct bytes rest = c->octets;
	struct tlv t;
	TRY(ber_next(&rest, &t));
	return add_octets(d, t, 0);
}

struct err *
content_add(const struct content *c, struct digest *d)
{
	if (c->cms != NULL)
		return add_inside(d, c->cms);
	return digest_add(d, c->data);
}

struct err *
content_digest(struct content *c, enum digest_alg alg, struct bytes *out)
{
	*out = BYTES_NONE;
	if (!c->there || alg == DIGEST_NONE ||
	    (c->only_known && !c->done[alg]))
		return NULL;
	if (!c->done[alg]) {
		CLEANUP(digest_freep) struct digest *d = NULL;
		TRY(digest_new(alg, &d));
		TRY(content_add(c, d));
		TRY(digest_final(d, c->value[alg]));
	}
	c->done[alg] = true;
	*out = bytes_of(c->value[alg], digest_len(alg));
	return NULL;
}

void
content_known(struct content *c, enum digest_alg alg, struct bytes digest)
{
	if (alg == DIGEST_NONE || digest.len != digest_len(alg))
		return;
	c->done[alg] = true;
	c->there = true;
	memcpy(c->value[alg], digest.ptr, digest.len);
}

struct content
content_inside(const struct cms *c)
{
	return (struct content){ .cms = c, .there = true };
}

struct content
content_of(struct bytes data)
{
	return (struct content){ .data = data, .there = true };
}
