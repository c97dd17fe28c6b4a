/* Names as they compare on systems that do not keep apart what looks alike. */
#include "base/encoding.h"
#include "base/fold_rows.h"

#define MARKS_MAX 8 /* on one letter; further ones stay where they are */

static bool
is_mark(uint32_t c)
{
	return c >= 0x300 && c <= 0x36f;
}

static const struct fold_row *
find(uint32_t c)
{
	size_t low = 0, high = COUNT_OF(fold_rows);
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (fold_rows[middle].from == c)
			return &fold_rows[middle];
		if (fold_rows[middle].from < c)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Marks that wait for the next letter, in the order of their numbers. */
struct marks {
	uint32_t v[MARKS_MAX];
	size_t n;
};

/* Up to U+FFFF, which is all that the table and marks have. */
static struct err *
put(uint32_t c, struct buf *out)
{
	const uint8_t three[] = { (uint8_t)(0xe0 | c >> 12),
		(uint8_t)(0x80 | (c >> 6 & 0x3f)),
		(uint8_t)(0x80 | (c & 0x3f)) };
	const uint8_t two[] = { (uint8_t)(0xc0 | c >> 6),
		(uint8_t)(0x80 | (c & 0x3f)) };
	if (c < 0x80)
		return buf_byte(out, (uint8_t)c);
	return buf_append(out, c < 0x800 ? bytes_of(two, sizeof(two))
					 : bytes_of(three, sizeof(three)));
}

static struct err *
flush(struct marks *m, struct buf *out)
{
	for (size_t i = 0; i < m->n; i++)
		TRY(put(m->v[i], out));
	m->n = 0;
	return NULL;
}

static struct err *
add_mark(struct marks *m, uint32_t c, struct buf *out)
{
	size_t at = m->n;
	if (m->n == MARKS_MAX)
		TRY(flush(m, out));
	for (at = m->n++; at > 0 && m->v[at - 1] > c; at--)
		m->v[at] = m->v[at - 1];
	m->v[at] = c;
	return NULL;
}

static struct err *
add_letter(struct marks *m, uint32_t c, struct buf *out)
{
	if (is_mark(c))
		return add_mark(m, c, out);
	TRY(flush(m, out));
	return put(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c, out);
}

struct err *
utf8_fold(struct bytes in, struct buf *out)
{
	struct marks m = { .n = 0 };
	uint32_t c = 0;
	for (size_t at = 0; at < in.len;) {
		size_t n = utf8_next(in, at, &c);
		const struct fold_row *row = n == 0 ? NULL : find(c);
		for (size_t i = 0; row != NULL && i < COUNT_OF(row->to); i++)
			if (row->to[i] != 0)
				TRY(add_letter(&m, row->to[i], out));
		if (row == NULL && n != 0 && c <= 0xffff) {
			TRY(add_letter(&m, c, out));
		} else if (row == NULL) {
			TRY(flush(&m, out));
			TRY(buf_append(
			    out, bytes_slice(in, at, n == 0 ? 1 : n)));
		}
		at += n == 0 ? 1 : n;
	}
	return flush(&m, out);
}
