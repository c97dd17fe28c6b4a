#include "base/pack.h"

#include "base/encoding.h"
#include "base/messages.h"

#define PACK_HEAD 6              /* bytes: a 16-bit tag and a 32-bit length */
#define ERR_PACKED_TEXT_MAX 1024 /* bytes: a text, and a clause's name */

struct err *
pack_bytes(struct buf *b, uint16_t tag, struct bytes v)
{
	if (v.len > UINT32_MAX)
		return err_new(ERR_LIMIT, NULL, "a field of %zu bytes", v.len);
	TRY(buf_reserve(b, v.len + PACK_HEAD));
	const uint8_t head[PACK_HEAD] = { (uint8_t)(tag >> 8), (uint8_t)tag,
		(uint8_t)(v.len >> 24), (uint8_t)(v.len >> 16),
		(uint8_t)(v.len >> 8), (uint8_t)v.len };
	TRY(buf_append(b, bytes_of(head, sizeof(head))));
	return buf_append(b, v);
}

struct err *
pack_str(struct buf *b, uint16_t tag, const char *v)
{
	return pack_bytes(b, tag, bytes_str(v));
}

struct err *
pack_u64(struct buf *b, uint16_t tag, uint64_t v)
{
	uint8_t raw[8];
	for (int i = 0; i < 8; i++)
		raw[i] = (uint8_t)(v >> (56 - 8 * i));
	return pack_bytes(b, tag, bytes_of(raw, sizeof(raw)));
}

struct err *
pack_i64(struct buf *b, uint16_t tag, int64_t v)
{
	return pack_u64(b, tag, (uint64_t)v);
}

struct unpack
unpack_of(struct bytes b)
{
	return (struct unpack){ .rest = b };
}

static uint16_t
next_tag(const struct unpack *u)
{
	return (uint16_t)(u->rest.ptr[0] << 8 | u->rest.ptr[1]);
}

bool
unpack_is(const struct unpack *u, uint16_t tag)
{
	return u->rest.len >= PACK_HEAD && next_tag(u) == tag;
}

struct err *
unpack_bytes(struct unpack *u, uint16_t tag, struct bytes *out)
{
	if (u->rest.len < PACK_HEAD)
		return err_new(ERR_MALFORMED, NULL, "field %u is missing", tag);
	if (next_tag(u) != tag)
		return err_new(ERR_MALFORMED, NULL, "field %u where %u belongs",
		    next_tag(u), tag);
	const uint8_t *p = u->rest.ptr;
	size_t len = (size_t)p[2] << 24 | (size_t)p[3] << 16 |
		     (size_t)p[4] << 8 | (size_t)p[5];
	struct bytes value = bytes_from(u->rest, PACK_HEAD);
	if (value.len < len)
		return err_new(
		    ERR_MALFORMED, NULL, "field %u runs over the end", tag);
	*out = bytes_slice(value, 0, len);
	u->rest = bytes_from(value, len);
	return NULL;
}

struct err *
unpack_str(struct unpack *u, uint16_t tag, char **out)
{
	struct unpack next = *u;
	struct bytes b;
	TRY(unpack_bytes(&next, tag, &b));
	if (!utf8_valid(b))
		return err_new(ERR_MALFORMED, NULL, "field %u: no UTF-8", tag);
	TRY(bytes_dup_str(b, out));
	*u = next;
	return NULL;
}

struct err *
unpack_u64(struct unpack *u, uint16_t tag, uint64_t *out)
{
	struct unpack next = *u;
	struct bytes b;
	TRY(unpack_bytes(&next, tag, &b));
	if (b.len != 8)
		return err_new(ERR_MALFORMED, NULL, "field %u: no number", tag);
	uint64_t v = 0;
	for (size_t i = 0; i < 8; i++)
		v = v << 8 | b.ptr[i];
	*out = v;
	*u = next;
	return NULL;
}

struct err *
unpack_i64(struct unpack *u, uint16_t tag, int64_t *out)
{
	uint64_t v;
	TRY(unpack_u64(u, tag, &v));
	*out = (int64_t)v;
	return NULL;
}

struct err *
unpack_end(const struct unpack *u)
{
	if (u->rest.len > 0)
		return err_new(ERR_MALFORMED, NULL,
		    "%zu bytes follow the fields", u->rest.len);
	return NULL;
}

enum { ERR_TAG_KIND = 1, ERR_TAG_CODE, ERR_TAG_TEXT };

struct err *
err_pack(const struct err *e, struct buf *out)
{
	TRY(pack_u64(out, ERR_TAG_KIND, (uint64_t)err_kind(e)));
	TRY(pack_str(out, ERR_TAG_CODE, err_code(e)));
	const char *clause = err_clause(e);
	if (clause == NULL)
		return pack_str(out, ERR_TAG_TEXT, err_text(e));
	/* A clause is static text and cannot travel as such. */
	struct buf text = BUF(ERR_PACKED_TEXT_MAX);
	struct err *failed = buf_printf(&text, "%s (%s)", err_text(e), clause);
	if (failed == NULL)
		failed = pack_bytes(out, ERR_TAG_TEXT, buf_bytes(&text));
	buf_done(&text);
	return failed;
}

static struct err *
unpack_fields(struct bytes packed, uint64_t *kind, char **code, char **text)
{
	struct unpack u = unpack_of(packed);
	TRY(unpack_u64(&u, ERR_TAG_KIND, kind));
	TRY(unpack_str(&u, ERR_TAG_CODE, code));
	TRY(unpack_str(&u, ERR_TAG_TEXT, text));
	TRY(unpack_end(&u));
	if (*kind < ERR_USAGE || *kind > ERR_INTERNAL)
		return err_new(ERR_MALFORMED, NULL, "no such kind of error");
	return NULL;
}

struct err *
err_unpack(struct bytes packed)
{
	uint64_t kind = 0;
	CLEANUP(free_charp) char *code = NULL;
	CLEANUP(free_charp) char *text = NULL;
	TRY(unpack_fields(packed, &kind, &code, &text));
	struct err *e = err_new((enum err_kind)kind, NULL, "%s", text);
	/* Codes are static: take the catalogue's own copy. */
	const struct message *m = message_find(code);
	return m == NULL ? e : err_coded(e, m->code);
}
