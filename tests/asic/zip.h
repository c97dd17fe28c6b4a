/* ZIP files for tests, made byte by byte, so that they can lie. */
#ifndef SIGND_TESTS_ASIC_ZIP_H
#define SIGND_TESTS_ASIC_ZIP_H

#include "tests/tap.h"

#define ZIP_TEST_MAX (64 * 1024 * 1024)
#define ZIP_FILES_MAX 16

struct zip_file {
	const char *name;
	struct bytes data;
	/* Each of these, when set, is said instead of the truth. */
	const char *local_name;
	const char *second_name; /* Info-ZIP's Unicode path, in the directory */
	uint16_t flags;          /* in both headers */
	uint16_t method;         /* in both headers */
	uint32_t size;           /* inflated, in the central directory */
	uint32_t local_size;
	uint32_t attributes; /* external ones, in the central directory */
	bool descriptor; /* sizes and checksum stand behind the data */
	bool hidden;     /* not in the central directory */
	bool at_first;   /* the directory leads to the first entry's bytes */
};

struct zip_wish {
	struct zip_file files[ZIP_FILES_MAX];
	const char *before, *between, *after; /* bytes that do not belong */
	struct bytes comment;
	bool zip64; /* a locator in front of the end record */
};

static inline uint32_t
zip_crc(struct bytes b)
{
	uint32_t c = 0xffffffffu;
	for (size_t i = 0; i < b.len; i++) {
		c ^= b.ptr[i];
		for (int k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
	}
	return ~c;
}

static inline void
put16(struct buf *b, size_t v)
{
	CHECK_OK(buf_byte(b, (uint8_t)(v & 0xff)));
	CHECK_OK(buf_byte(b, (uint8_t)(v >> 8 & 0xff)));
}

static inline void
put32(struct buf *b, size_t v)
{
	put16(b, v & 0xffff);
	put16(b, v >> 16 & 0xffff);
}

static inline void
put_text(struct buf *b, const char *s)
{
	if (s != NULL)
		CHECK_OK(buf_str(b, s));
}

static inline uint16_t
zip_flags(const struct zip_file *f)
{
	return (uint16_t)(0x800 | f->flags | (f->descriptor ? 8 : 0));
}

static inline void
put_local(struct buf *b, const struct zip_file *f)
{
	const char *name = f->local_name != NULL ? f->local_name : f->name;
	bool later = f->descriptor;
	CHECK_OK(buf_append(b, BYTES_LIT("PK\003\004\024\000")));
	put16(b, zip_flags(f));
	put16(b, f->method);
	put32(b, 0x54f97931);
	put32(b, later ? 0 : zip_crc(f->data));
	put32(b, later ? 0 : f->data.len);
	put32(b, later                ? 0
		 : f->local_size != 0 ? f->local_size
		 : f->size != 0       ? f->size
				      : f->data.len);
	put16(b, strlen(name));
	put16(b, 0);
	put_text(b, name);
	CHECK_OK(buf_append(b, f->data));
	if (!later)
		return;
	CHECK_OK(buf_append(b, BYTES_LIT("PK\007\010")));
	put32(b, zip_crc(f->data));
	put32(b, f->data.len);
	put32(b, f->size != 0 ? f->size : f->data.len);
}

static inline void
put_central(struct buf *b, const struct zip_file *f, size_t at)
{
	size_t extra = f->second_name == NULL ? 0 : strlen(f->second_name) + 9;
	CHECK_OK(buf_append(b, BYTES_LIT("PK\001\002\024\003\024\000")));
	put16(b, zip_flags(f));
	put16(b, f->method);
	put32(b, 0x54f97931);
	put32(b, zip_crc(f->data));
	put32(b, f->data.len);
	put32(b, f->size != 0 ? f->size : f->data.len);
	put16(b, strlen(f->name));
	put16(b, extra);
	put16(b, 0);
	put32(b, 0);
	put32(b, f->attributes);
	put32(b, f->at_first ? 0 : at);
	put_text(b, f->name);
	if (extra == 0)
		return;
	put16(b, 0x7075);
	put16(b, extra - 4);
	CHECK_OK(buf_byte(b, 1));
	put32(b, zip_crc(bytes_str(f->name)));
	put_text(b, f->second_name);
}

static inline struct buf
zip_make(const struct zip_wish *w)
{
	struct buf b = BUF(ZIP_TEST_MAX);
	size_t at[ZIP_FILES_MAX] = { 0 }, n = 0, listed = 0;
	put_text(&b, w->before);
	for (; n < ZIP_FILES_MAX && w->files[n].name != NULL; n++) {
		if (n > 0)
			put_text(&b, w->between);
		at[n] = b.len;
		put_local(&b, &w->files[n]);
	}
	size_t start = b.len;
	for (size_t i = 0; i < n; i++) {
		if (w->files[i].hidden)
			continue;
		put_central(&b, &w->files[i], at[i]);
		listed++;
	}
	size_t size = b.len - start;
	if (w->zip64) {
		CHECK_OK(buf_append(&b, BYTES_LIT("PK\006\007")));
		CHECK_OK(buf_fill(&b, 0, 16));
	}
	CHECK_OK(buf_append(&b, BYTES_LIT("PK\005\006\000\000\000\000")));
	put16(&b, listed);
	put16(&b, listed);
	put32(&b, size + (w->zip64 ? 20 : 0));
	put32(&b, start);
	put16(&b, w->comment.len);
	CHECK_OK(buf_append(&b, w->comment));
	put_text(&b, w->after);
	return b;
}

#endif
