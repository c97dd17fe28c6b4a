#include "pdf/rows.h"

#include "pdf/filter.h"

#include <stdlib.h>
#include <string.h>

#define ROW_LEN 20 /* bytes of a table's row, ISO 32000-2 7.5.4 */
#define ROWS_FIRST 8

static struct err *
bad(const char *what, size_t at)
{
	return err_coded(
	    err_new(ERR_MALFORMED, "ISO 32000-2 7.5.4", "%s at %zu", what, at),
	    "pdf-damaged");
}

/* ---- subsections ---- */

static int
compare_rows(const void *a, const void *b)
{
	uint32_t x = ((const struct pdf_rows *)a)->first;
	uint32_t y = ((const struct pdf_rows *)b)->first;
	return (x > y) - (x < y);
}

static struct err *
add_rows(
    struct pdf_arena *a, struct pdf_index *x, size_t *cap, struct pdf_rows r)
{
	if (x->n == *cap) {
		size_t more = *cap == 0 ? ROWS_FIRST : *cap * 2;
		void *v;
		TRY(pdf_alloc(a, more * sizeof(r), &v));
		if (x->n > 0)
			memcpy(v, x->v, x->n * sizeof(r));
		x->v = v;
		*cap = more;
	}
	x->v[x->n++] = r;
	return NULL;
}

/* Sorts, and refuses an object that is listed twice. */
static struct err *
settle_rows(struct pdf_index *x, size_t at)
{
	bool sorted = true;
	for (size_t i = 1; i < x->n; i++)
		sorted = sorted && x->v[i - 1].first < x->v[i].first;
	if (!sorted)
		qsort(x->v, x->n, sizeof(*x->v), compare_rows);
	for (size_t i = 1; i < x->n; i++) {
		if (x->v[i].first - x->v[i - 1].first < x->v[i - 1].count)
			return bad("an object listed twice in a section", at);
	}
	return NULL;
}

static struct err *
check_range(uint64_t first, uint64_t count, size_t at)
{
	if (first > PDF_NUMBER_MAX || count > PDF_NUMBER_MAX + 1 - first)
		return err_new(ERR_LIMIT, "ISO 32000-1 annex C",
		    "an object number over %d at %zu", PDF_NUMBER_MAX, at);
	return NULL;
}

/* ---- tables ---- */

static bool
all_digits(const uint8_t *p, size_t n)
{
	bool ok = true;
	for (size_t i = 0; i < n; i++)
		ok = ok && p[i] >= '0' && p[i] <= '9';
	return ok;
}

static bool
row_is_good(const uint8_t *p)
{
	bool end = (p[18] == ' ' && (p[19] == '\r' || p[19] == '\n')) ||
		   (p[18] == '\r' && p[19] == '\n');
	return all_digits(p, 10) && p[10] == ' ' && all_digits(p + 11, 5) &&
	       p[16] == ' ' && (p[17] == 'n' || p[17] == 'f') && end;
}

static uint64_t
decimal(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint64_t)(p[i] - '0');
	return v;
}

static struct err *
check_table_rows(const struct pdf_lex *l, const struct pdf_rows *r,
    struct pdf_rows_seen *seen)
{
	for (uint32_t i = 0; i < r->count; i++) {
		const uint8_t *p = r->rows + (size_t)i * ROW_LEN;
		size_t at = (size_t)(p - l->in.ptr);
		if (!row_is_good(p))
			return bad("a bad cross-reference row", at);
		uint64_t offset = decimal(p, 10);
		if (p[17] == 'f')
			continue;
		if (offset == 0)
			seen->odd |= PDF_ODD_ENTRY;
		if (offset >= l->in.len ||
		    decimal(p + 11, 5) > PDF_GENERATION_MAX)
			return bad("a row that points nowhere", at);
	}
	return NULL;
}

static struct err *
table_part(struct pdf_lex *l, struct pdf_rows *out)
{
	uint64_t first, count;
	if (!pdf_take_number(l, UINT32_MAX, &first) ||
	    !pdf_take_number(l, UINT32_MAX, &count))
		return bad("no subsection header", l->pos);
	TRY(check_range(first, count, l->pos));
	while (l->pos < l->in.len && l->in.ptr[l->pos] == ' ')
		l->pos++;
	if (!pdf_take_eol(l))
		return bad("no end of line behind a subsection header", l->pos);
	if ((l->in.len - l->pos) / ROW_LEN < count)
		return bad("a subsection runs over the end", l->pos);
	*out = (struct pdf_rows){
		.first = (uint32_t)first,
		.count = (uint32_t)count,
		.rows = l->in.ptr + l->pos,
	};
	l->pos += (size_t)count * ROW_LEN;
	return NULL;
}

struct err *
pdf_table_rows(struct pdf_lex *l, struct pdf_arena *a, struct pdf_index *out,
    struct pdf_rows_seen *seen)
{
	size_t cap = 0, at = l->pos;
	struct pdf_index x = { .stream = false };
	for (;;) {
		size_t before = l->pos;
		if (pdf_take_word(l, "trailer")) {
			l->pos = before;
			break;
		}
		struct pdf_rows r;
		TRY(table_part(l, &r));
		TRY(pdf_spend(l->budget, 1 + (uint64_t)r.count));
		if (r.count == 0)
			continue;
		TRY(check_table_rows(l, &r, seen));
		if (seen->highest < r.first + r.count - 1)
			seen->highest = r.first + r.count - 1;
		TRY(add_rows(a, &x, &cap, r));
	}
	TRY(settle_rows(&x, at));
	*out = x;
	return NULL;
}

/* ---- streams ---- */

static uint64_t
field(const uint8_t *p, uint8_t width)
{
	uint64_t v = 0;
	for (uint8_t i = 0; i < width; i++)
		v = v << 8 | p[i];
	return v;
}

static struct err *
read_widths(const struct pdf_obj *stream, struct pdf_index *x)
{
	const struct pdf_obj *w = pdf_dict_raw(stream, "W");
	if (pdf_array_len(w) != 3)
		return bad("no /W", stream->at);
	for (size_t i = 0; i < 3; i++) {
		int64_t v;
		if (!pdf_int(pdf_array_at(w, i), 0, 8, &v))
			return bad("a bad /W", stream->at);
		x->width[i] = (uint8_t)v;
	}
	if (x->width[1] == 0)
		return bad("a bad /W", stream->at);
	return NULL;
}

/* Subsections with no rows yet. */
static struct err *
read_ranges(
    const struct pdf_obj *stream, struct pdf_arena *a, struct pdf_index *x)
{
	size_t cap = 0;
	int64_t size, first, count;
	const struct pdf_obj *index = pdf_dict_raw(stream, "Index");
	if (!pdf_int(pdf_dict_raw(stream, "Size"), 0, UINT32_MAX, &size))
		return bad("no /Size", stream->at);
	if (pdf_is(index, PDF_NULL)) {
		TRY(check_range(0, (uint64_t)size, stream->at));
		return add_rows(
		    a, x, &cap, (struct pdf_rows){ .count = (uint32_t)size });
	}
	if (!pdf_is(index, PDF_ARRAY) || pdf_array_len(index) % 2 != 0)
		return bad("a bad /Index", stream->at);
	for (size_t i = 0; i < pdf_array_len(index); i += 2) {
		if (!pdf_int(pdf_array_at(index, i), 0, UINT32_MAX, &first) ||
		    !pdf_int(pdf_array_at(index, i + 1), 0, UINT32_MAX, &count))
			return bad("a bad /Index", stream->at);
		TRY(check_range((uint64_t)first, (uint64_t)count, stream->at));
		if (count == 0)
			continue;
		TRY(add_rows(a, x, &cap,
		    (struct pdf_rows){
			.first = (uint32_t)first, .count = (uint32_t)count }));
	}
	return NULL;
}

static struct err *
inflate_rows(const struct pdf_obj *stream, size_t need, struct pdf_arena *a,
    struct bytes *out)
{
	struct bytes raw = stream->stream->raw;
	const struct pdf_obj *filter = pdf_dict_raw(stream, "Filter");
	const struct pdf_obj *parms = pdf_dict_raw(stream, "DecodeParms");
	*out = raw;
	/* Some put one of the two into an array, and not the other. */
	if (pdf_array_len(filter) == 1)
		filter = pdf_array_at(filter, 0);
	if (pdf_array_len(parms) == 1)
		parms = pdf_array_at(parms, 0);
	if (pdf_is(filter, PDF_NULL) ||
	    (pdf_is(filter, PDF_ARRAY) && pdf_array_len(filter) == 0))
		return NULL;
	struct pdf_filter f;
	TRY(pdf_filter_of(filter, parms, &f));
	/* A predictor adds a byte to each row; some add a row or two. */
	CLEANUP(buf_done) struct buf b = BUF(need * 2 + 4096);
	TRY(pdf_unfilter(&f, raw, a->budget, &b));
	return pdf_copy(a, buf_bytes(&b), out);
}

static struct err *
check_stream_rows(const struct pdf_index *x, const struct pdf_rows *r,
    size_t file_len, size_t at, struct pdf_rows_seen *seen)
{
	for (uint32_t i = 0; i < r->count; i++) {
		size_t len = (size_t)x->width[0] + x->width[1] + x->width[2];
		const uint8_t *p = r->rows + len * i;
		uint64_t kind = x->width[0] == 0 ? 1 : field(p, x->width[0]);
		uint64_t second = field(p + x->width[0], x->width[1]);
		uint64_t third =
		    field(p + x->width[0] + x->width[1], x->width[2]);
		if (kind == 1 && second == 0)
			seen->odd |= PDF_ODD_ENTRY;
		if ((kind == 1 &&
			(second >= file_len || third > PDF_GENERATION_MAX)) ||
		    (kind == 2 &&
			(second > PDF_NUMBER_MAX || third > UINT32_MAX)))
			return bad("a row that points nowhere", at);
	}
	return NULL;
}

struct err *
pdf_stream_rows(const struct pdf_obj *stream, size_t file_len,
    struct pdf_arena *a, struct pdf_index *out, struct pdf_rows_seen *seen)
{
	struct pdf_index x = { .stream = true };
	TRY(read_widths(stream, &x));
	TRY(read_ranges(stream, a, &x));
	size_t len = (size_t)x.width[0] + x.width[1] + x.width[2];
	uint64_t rows = 0;
	for (size_t i = 0; i < x.n; i++)
		rows += x.v[i].count;
	if (rows > (uint64_t)PDF_NUMBER_MAX + 1)
		return bad("an object listed twice in a section", stream->at);
	struct bytes data;
	TRY(pdf_spend(a->budget, rows));
	TRY(inflate_rows(stream, (size_t)rows * len, a, &data));
	if (data.len < (size_t)rows * len)
		return bad("too few rows in an xref stream", stream->at);
	const uint8_t *p = data.ptr;
	for (size_t i = 0; i < x.n; i++) {
		struct pdf_rows *r = &x.v[i];
		r->rows = p;
		p += r->count * len;
		TRY(check_stream_rows(&x, r, file_len, stream->at, seen));
		if (r->count > 0 && seen->highest < r->first + r->count - 1)
			seen->highest = r->first + r->count - 1;
	}
	TRY(settle_rows(&x, stream->at));
	*out = x;
	return NULL;
}

/* ---- looking up ---- */

static void
table_row(const struct pdf_rows *r, uint32_t i, struct pdf_entry *e)
{
	const uint8_t *p = r->rows + (size_t)i * ROW_LEN;
	e->gen = (uint32_t)decimal(p + 11, 5);
	e->offset = decimal(p, 10);
	e->kind =
	    p[17] == 'n' && e->offset != 0 ? PDF_ENTRY_AT : PDF_ENTRY_FREE;
}

static void
stream_row(const struct pdf_index *x, const struct pdf_rows *r, uint32_t i,
    struct pdf_entry *e)
{
	size_t len = (size_t)x->width[0] + x->width[1] + x->width[2];
	const uint8_t *p = r->rows + len * i;
	uint64_t kind = x->width[0] == 0 ? 1 : field(p, x->width[0]);
	uint64_t second = field(p + x->width[0], x->width[1]);
	uint64_t third = field(p + x->width[0] + x->width[1], x->width[2]);
	switch (kind) {
	case 1:
		e->kind = second == 0 ? PDF_ENTRY_FREE : PDF_ENTRY_AT;
		e->offset = second;
		e->gen = (uint32_t)third;
		return;
	case 2:
		e->kind = PDF_ENTRY_IN;
		e->container = (uint32_t)second;
		e->index = (uint32_t)third;
		return;
	default: /* other kinds are null objects, ISO 32000-2 7.5.8.3 */
		e->kind = PDF_ENTRY_FREE;
		return;
	}
}

void
pdf_row(const struct pdf_index *x, const struct pdf_rows *r, uint32_t i,
    struct pdf_entry *out)
{
	*out = (struct pdf_entry){ .num = r->first + i };
	if (x->stream)
		stream_row(x, r, i, out);
	else
		table_row(r, i, out);
}

bool
pdf_index_find(const struct pdf_index *x, uint32_t num, struct pdf_entry *out)
{
	size_t lo = 0, hi = x->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct pdf_rows *r = &x->v[mid];
		if (num < r->first) {
			hi = mid;
		} else if (num - r->first >= r->count) {
			lo = mid + 1;
		} else {
			pdf_row(x, r, num - r->first, out);
			return true;
		}
	}
	return false;
}
