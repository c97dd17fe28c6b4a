#include "asic/rewrite.h"

#include "base/pack.h"

#include <zlib.h>

/* APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16: lengths of headers without their tails. */
#define LOCAL_SIZE 30
#define CENTRAL_SIZE 46
#define END_SIZE 22
#define FLAG_UTF8 0x0800u
#define ZIP_VERSION 20 /* 2.0: deflate (4.4.3.2) */

enum {
	TAG_AT = 1, /* where the entry begins */
	TAG_CUT,    /* its length, to the next */
	TAG_DIR_AT,
	TAG_INDEX, /* its place in the directory */
	TAG_LOCAL, /* its local header, with the name and without more */
	TAG_TAIL,  /* the directory, the end record, the comment */
};

struct plan {
	uint64_t at, cut, dir_at, index;
	struct bytes local, tail;
};

/* What is new in both headers. */
struct fresh {
	uint32_t crc;
	struct bytes packed;
	size_t size; /* bytes unpacked */
};

static uint16_t
le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

static void
set16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v & 0xff);
	p[1] = (uint8_t)(v >> 8);
}

static void
set32(uint8_t *p, uint32_t v)
{
	set16(p, (uint16_t)(v & 0xffff));
	set16(p + 2, (uint16_t)(v >> 16));
}

/* ---- what must be known ---- */

/* Where the next entry begins, or the directory. */
static size_t
end_of(const struct layout *l, size_t file)
{
	size_t end = l->dir_at;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].at > l->v[file].at && l->v[i].at < end)
			end = l->v[i].at;
	return end;
}

struct err *
rewrite_pack(const struct archive *a, size_t file, struct buf *out)
{
	const struct layout *l = archive_layout(a);
	const struct layout_entry *e = &l->v[file];
	struct bytes in = archive_bytes(a);
	TRY(pack_u64(out, TAG_AT, e->at));
	TRY(pack_u64(out, TAG_CUT, end_of(l, file) - e->at));
	TRY(pack_u64(out, TAG_DIR_AT, l->dir_at));
	TRY(pack_u64(out, TAG_INDEX, file));
	TRY(pack_bytes(
	    out, TAG_LOCAL, bytes_slice(in, e->at, LOCAL_SIZE + e->name.len)));
	return pack_bytes(out, TAG_TAIL, bytes_from(in, l->dir_at));
}

static struct err *
damaged(void)
{
	return err_new(ERR_MALFORMED, NULL, "a state of another archive");
}

static struct err *
unpack_plan(struct bytes packed, struct plan *p)
{
	struct unpack u = unpack_of(packed);
	TRY(unpack_u64(&u, TAG_AT, &p->at));
	TRY(unpack_u64(&u, TAG_CUT, &p->cut));
	TRY(unpack_u64(&u, TAG_DIR_AT, &p->dir_at));
	TRY(unpack_u64(&u, TAG_INDEX, &p->index));
	TRY(unpack_bytes(&u, TAG_LOCAL, &p->local));
	TRY(unpack_bytes(&u, TAG_TAIL, &p->tail));
	TRY(unpack_end(&u));
	return p->local.len > LOCAL_SIZE && p->tail.len >= END_SIZE &&
		       p->dir_at <= UINT32_MAX && p->at <= p->dir_at &&
		       p->cut <= p->dir_at - p->at
		   ? NULL
		   : damaged();
}

/* ---- the entry ---- */

static struct err *
deflate_all(z_stream *z, struct bytes data, struct buf *out)
{
	uLong room = deflateBound(z, (uLong)data.len);
	TRY(buf_reserve(out, room));
	z->next_in = (z_const Bytef *)(uintptr_t)data.ptr;
	z->avail_in = (uInt)data.len;
	z->next_out = out->ptr;
	z->avail_out = (uInt)room;
	if (deflate(z, Z_FINISH) != Z_STREAM_END)
		return err_new(ERR_INTERNAL, NULL, "deflate");
	out->len = (size_t)z->total_out;
	return NULL;
}

static struct err *
pack_data(struct bytes data, uint16_t method, struct buf *out)
{
	z_stream z = { 0 };
	if (method == ZIP_STORED)
		return buf_append(out, data);
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8,
		Z_DEFAULT_STRATEGY) != Z_OK)
		return err_new(ERR_NOMEM, NULL, "deflateInit2");
	struct err *e = deflate_all(&z, data, out);
	(void)deflateEnd(&z);
	return e;
}

/* Sizes stand in front of the data, whoever streamed them behind before. */
static void
set_sizes(uint8_t *version, const struct fresh *f)
{
	set16(version, ZIP_VERSION);
	set16(version + 2, le16(version + 2) & FLAG_UTF8);
	set32(version + 10, f->crc);
	set32(version + 14, (uint32_t)f->packed.len);
	set32(version + 18, (uint32_t)f->size);
}

static struct err *
put_local(const struct plan *p, const struct fresh *f, struct buf *out)
{
	size_t at = out->len;
	TRY(buf_append(out, p->local));
	set_sizes(out->ptr + at + 4, f);
	set16(out->ptr + at + 28, 0); /* no extra field */
	return buf_append(out, f->packed);
}

/* ---- the directory ---- */

/* The header of the file itself loses its extra fields, which may say sizes. */
static struct err *
put_own(struct bytes header, const struct fresh *f, struct buf *out)
{
	size_t at = out->len, name = le16(header.ptr + 28),
	       extra = le16(header.ptr + 30);
	TRY(buf_append(out, bytes_slice(header, 0, CENTRAL_SIZE + name)));
	set_sizes(out->ptr + at + 6, f);
	set16(out->ptr + at + 30, 0);
	return buf_append(out, bytes_from(header, CENTRAL_SIZE + name + extra));
}

static struct err *
put_header(const struct plan *p, size_t index, struct bytes header,
    const struct fresh *f, int64_t moved, struct buf *out)
{
	uint32_t at = le32(header.ptr + 42);
	size_t start = out->len;
	TRY(index == p->index ? put_own(header, f, out)
			      : buf_append(out, header));
	if (at > p->at)
		set32(out->ptr + start + 42, (uint32_t)(at + moved));
	return NULL;
}

static struct err *
next_header(struct bytes *rest, struct bytes *out)
{
	if (rest->len < CENTRAL_SIZE)
		return damaged();
	size_t len = CENTRAL_SIZE + (size_t)le16(rest->ptr + 28) +
		     le16(rest->ptr + 30) + le16(rest->ptr + 32);
	if (rest->len < len)
		return damaged();
	*out = bytes_slice(*rest, 0, len);
	*rest = bytes_from(*rest, len);
	return NULL;
}

static struct err *
put_directory(
    const struct plan *p, const struct fresh *f, int64_t moved, struct buf *out)
{
	struct bytes rest = p->tail, header;
	for (size_t i = 0; bytes_starts(rest, BYTES_LIT("PK\001\002")); i++) {
		TRY(next_header(&rest, &header));
		TRY(put_header(p, i, header, f, moved, out));
	}
	size_t end = out->len;
	if (rest.len < END_SIZE)
		return damaged();
	TRY(buf_append(out, rest));
	set32(out->ptr + end + 12, (uint32_t)end);
	set32(out->ptr + end + 16, (uint32_t)((int64_t)p->dir_at + moved));
	return NULL;
}

static struct err *
rewrite(const struct plan *p, struct bytes data, struct insertion *i)
{
	CLEANUP(buf_done) struct buf packed = BUF(INSERTION_MAX);
	TRY(pack_data(data, le16(p->local.ptr + 8), &packed));
	const struct fresh f = {
		.crc = (uint32_t)crc32(0, data.ptr, (uInt)data.len),
		.packed = buf_bytes(&packed),
		.size = data.len,
	};
	TRY(put_local(p, &f, &i->head));
	int64_t moved = (int64_t)i->head.len - (int64_t)p->cut;
	if ((int64_t)p->dir_at + moved + (int64_t)p->tail.len > UINT32_MAX)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "over 4 GiB"), "asic-limit");
	return put_directory(p, &f, moved, &i->bytes);
}

struct err *
rewrite_insertion(struct bytes packed, struct bytes data, struct insertion *out)
{
	struct plan p;
	TRY(unpack_plan(packed, &p));
	CLEANUP(insertion_done)
	struct insertion i = { .at = (size_t)p.dir_at,
		.cut = p.tail.len,
		.bytes = BUF(INSERTION_MAX),
		.head_at = (size_t)p.at,
		.head_cut = (size_t)p.cut,
		.head = BUF(INSERTION_MAX) };
	TRY(rewrite(&p, data, &i));
	*out = i;
	i = (struct insertion){ 0 };
	return NULL;
}
