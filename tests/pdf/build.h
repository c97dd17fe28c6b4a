/*
 * A small builder of PDFs for tests: objects are given as text, offsets are
 * kept, sections written from them.
 *
 *	struct made m = made_begin("1.7");
 *	made_object(&m, 1, "<</Type/Catalog/Pages 2 0 R>>");
 *	made_table(&m, "/Root 1 0 R");
 *	... buf_bytes(&m.out) ...
 *	made_done(&m);
 */
#ifndef SIGND_TESTS_PDF_BUILD_H
#define SIGND_TESTS_PDF_BUILD_H

#include <stdarg.h>

#include "tests/tap.h"

#define MADE_OBJECTS 64
#define MADE_MAX ((size_t)16 << 20)

struct made_row {
	char kind;     /* 'n', 'f', 's' (in a stream), or 0: not listed */
	unsigned gen;  /* or the place in the stream */
	size_t offset; /* or the number of the stream */
};

struct made {
	struct buf out;
	struct made_row rows[MADE_OBJECTS]; /* since the last section */
	unsigned size;                      /* highest number so far + 1 */
	size_t section;                     /* offset of the last section */
};

static inline PRINTF(2, 3) void made_text(struct made *m, const char *fmt, ...)
{
	char text[8192];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	CHECK_OK(buf_str(&m->out, text));
}

static inline struct made
made_begin(const char *version)
{
	struct made m = { .out = BUF(MADE_MAX) };
	made_text(&m, "%%PDF-%s\n%%\xE2\xE3\xCF\xD3\n", version);
	m.rows[0] = (struct made_row){ .kind = 'f', .gen = 65535 };
	m.size = 1;
	return m;
}

static inline void
made_done(struct made *m)
{
	buf_done(&m->out);
}

static inline void
made_row(struct made *m, unsigned num, struct made_row row)
{
	m->rows[num] = row;
	if (num >= m->size)
		m->size = num + 1;
}

static inline void
made_object(struct made *m, unsigned num, const char *body)
{
	made_row(m, num, (struct made_row){ 'n', 0, m->out.len });
	made_text(m, "%u 0 obj\n", num);
	CHECK_OK(buf_str(&m->out, body));
	made_text(m, "\nendobj\n");
}

/* A stream; /Length is added to `dict`, which is without its brackets. */
static inline void
made_stream(struct made *m, unsigned num, const char *dict, struct bytes data)
{
	made_row(m, num, (struct made_row){ 'n', 0, m->out.len });
	made_text(
	    m, "%u 0 obj\n<<%s/Length %zu>>\nstream\n", num, dict, data.len);
	CHECK_OK(buf_append(&m->out, data));
	made_text(m, "\nendstream\nendobj\n");
}

/* Object stream `num` with `n` objects from `first` on. */
static inline void
made_objstm(struct made *m, unsigned num, unsigned first, unsigned n,
    const char *const *bodies)
{
	CLEANUP(buf_done) struct buf index = BUF(65536);
	CLEANUP(buf_done) struct buf data = BUF(65536);
	char dict[128];
	for (unsigned i = 0; i < n; i++) {
		CHECK_OK(buf_printf(&index, "%u %zu ", first + i, data.len));
		CHECK_OK(buf_printf(&data, "%s ", bodies[i]));
		made_row(m, first + i, (struct made_row){ 's', i, num });
	}
	snprintf(
	    dict, sizeof(dict), "/Type/ObjStm/N %u/First %zu", n, index.len);
	CHECK_OK(buf_append(&index, buf_bytes(&data)));
	made_stream(m, num, dict, buf_bytes(&index));
}

static inline void
made_end(struct made *m)
{
	made_text(m, "startxref\n%zu\n%%%%EOF\n", m->section);
	memset(m->rows, 0, sizeof(m->rows));
}

/* All that was made since the last section, as a table; each row a part. */
static inline void
made_table_only(struct made *m, const char *trailer)
{
	m->section = m->out.len;
	made_text(m, "xref\n");
	bool any = false;
	for (unsigned i = 0; i < m->size; i++) {
		struct made_row r = m->rows[i];
		bool row = r.kind == 'n' || r.kind == 'f';
		any = any || row;
		if (row)
			made_text(m, "%u 1\n%010zu %05u %c \n", i, r.offset,
			    r.gen, r.kind);
	}
	if (!any)
		made_text(m, "0 0\n");
	made_text(m, "trailer\n<</Size %u%s>>\n", m->size, trailer);
}

static inline void
made_table(struct made *m, const char *trailer)
{
	made_table_only(m, trailer);
	made_end(m);
}

/* The same as a stream, object `num`, which lists itself. */
static inline void
made_xref_stream(struct made *m, unsigned num, const char *trailer)
{
	CLEANUP(buf_done) struct buf rows = BUF(65536);
	CLEANUP(buf_done) struct buf dict = BUF(65536);
	m->section = m->out.len;
	made_row(m, num, (struct made_row){ 'n', 0, m->out.len });
	CHECK_OK(buf_printf(
	    &dict, "/Type/XRef/W[1 4 2]/Size %u%s/Index[", m->size, trailer));
	for (unsigned i = 0; i < m->size; i++) {
		struct made_row r = m->rows[i];
		if (r.kind == 0)
			continue;
		CHECK_OK(buf_printf(&dict, "%u 1 ", i));
		uint8_t b[7] = { r.kind == 'n'   ? 1
				 : r.kind == 's' ? 2
						 : 0,
			(uint8_t)(r.offset >> 24), (uint8_t)(r.offset >> 16),
			(uint8_t)(r.offset >> 8), (uint8_t)r.offset,
			(uint8_t)(r.gen >> 8), (uint8_t)r.gen };
		CHECK_OK(buf_append(&rows, bytes_of(b, sizeof(b))));
	}
	CHECK_OK(buf_str(&dict, "]"));
	const char *text;
	CHECK_OK(buf_cstr(&dict, &text));
	made_stream(m, num, text, buf_bytes(&rows));
}

static inline void
made_xref(struct made *m, unsigned num, const char *trailer)
{
	made_xref_stream(m, num, trailer);
	made_end(m);
}

/* One page, nothing on it: objects 1 to 3. */
static inline struct made
made_page(void)
{
	struct made m = made_begin("1.7");
	made_object(&m, 1, "<</Type/Catalog/Pages 2 0 R>>");
	made_object(&m, 2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
	made_object(&m, 3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>");
	return m;
}

/* Where `what` stands; the test is over when it does not. */
static inline size_t
made_find(const struct made *m, const char *what)
{
	size_t at = bytes_find(buf_bytes(&m->out), bytes_str(what));
	CHECK(at != SIZE_MAX);
	return at;
}

/* Puts `now` in the place of `was`, of the same length. */
static inline void
made_patch(struct made *m, const char *was, const char *now)
{
	size_t at = made_find(m, was);
	CHECK(strlen(was) == strlen(now));
	if (at != SIZE_MAX)
		memcpy(m->out.ptr + at, now, strlen(now));
}

#endif
