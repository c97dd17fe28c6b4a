#include "pdf/xref.h"

#include "pdf/rows.h"

#include <string.h>

#define TAIL_MAX 2048 /* startxref is looked for in so many last bytes */

#define SECTIONS_PER_STEP 4 /* looked through in the time of a token */

/* Reading on the way: sections newest first. */
struct reader {
	struct bytes file;
	struct pdf_arena *a;
	struct pdf_xref *x;
	size_t cap;
	unsigned odd;
	size_t eof; /* of the last %%EOF */
};

static struct err *
damaged(const char *what, size_t at)
{
	return err_coded(
	    err_new(ERR_MALFORMED, "ISO 32000-2 7.5", "%s at %zu", what, at),
	    "pdf-damaged");
}

/* ---- both ends of the file ---- */

static struct err *
check_header(struct bytes file)
{
	struct bytes h = bytes_slice(file, 0, 8);
	if (bytes_starts(h, BYTES_LIT("%PDF-")) && h.len == 8 &&
	    (h.ptr[5] == '1' || h.ptr[5] == '2') && h.ptr[6] == '.' &&
	    h.ptr[7] >= '0' && h.ptr[7] <= '9')
		return NULL;
	if (bytes_find(bytes_slice(file, 0, 1024), BYTES_LIT("%PDF-")) !=
	    SIZE_MAX)
		return damaged("bytes before the header", 0);
	return err_coded(
	    err_new(ERR_MALFORMED, "ISO 32000-2 7.5.2", "no PDF header"),
	    "not-pdf");
}

static void
skip_white(struct pdf_lex *l)
{
	while (l->pos < l->in.len && pdf_is_space(l->in.ptr[l->pos]))
		l->pos++;
}

/* What stands behind the last %%EOF. */
static unsigned
judge_rest(struct bytes file, size_t at)
{
	struct pdf_lex l = { .in = file, .pos = at };
	(void)pdf_take_eol(&l);
	if (l.pos == file.len)
		return 0;
	skip_white(&l);
	return l.pos == file.len ? PDF_ODD_SPACE_AFTER : PDF_ODD_JUNK_AFTER;
}

/* "startxref 1234 %%EOF": comments do not count as space here. */
static bool
take_end(struct pdf_lex *l, uint64_t *startxref)
{
	skip_white(l);
	if (!pdf_take_word(l, "startxref"))
		return false;
	skip_white(l);
	if (!pdf_take_number(l, SIZE_MAX, startxref))
		return false;
	skip_white(l);
	if (!bytes_starts(bytes_from(l->in, l->pos), BYTES_LIT("%%EOF")))
		return false;
	l->pos += 5;
	return true;
}

static struct err *
read_tail(struct reader *r, uint64_t *startxref)
{
	size_t from = r->file.len > TAIL_MAX ? r->file.len - TAIL_MAX : 0;
	struct bytes tail = bytes_from(r->file, from);
	size_t eof = bytes_rfind(tail, BYTES_LIT("%%EOF"));
	if (eof == SIZE_MAX)
		return damaged("no %%EOF", r->file.len);
	size_t start =
	    bytes_rfind(bytes_slice(tail, 0, eof), BYTES_LIT("startxref"));
	if (start == SIZE_MAX)
		return damaged("no startxref", r->file.len);
	struct pdf_lex l = { .in = r->file, .pos = from + start };
	if (!take_end(&l, startxref) || l.pos != from + eof + 5)
		return damaged("a bad startxref", from + start);
	r->eof = from + eof;
	r->odd |= judge_rest(r->file, from + eof + 5);
	return NULL;
}

/* ---- one section ---- */

static struct err *
read_stream(struct reader *r, size_t at, struct pdf_indirect *obj,
    struct pdf_index *index)
{
	TRY(pdf_parse_indirect(r->file, at, r->a, NULL, obj));
	if (!pdf_is(&obj->obj, PDF_STREAM) ||
	    !pdf_is_name(pdf_dict_raw(&obj->obj, "Type"), "XRef"))
		return damaged("no cross-reference stream", at);
	struct pdf_rows_seen seen = { 0 };
	TRY(pdf_stream_rows(&obj->obj, r->file.len, r->a, index, &seen));
	if (seen.highest > r->x->highest)
		r->x->highest = seen.highest;
	if (obj->ref.num > r->x->highest)
		r->x->highest = obj->ref.num;
	r->odd |= seen.odd;
	return NULL;
}

static struct err *
read_stream_section(struct reader *r, size_t at, struct pdf_section *s)
{
	struct pdf_indirect obj;
	TRY(read_stream(r, at, &obj, &s->index));
	s->at = obj.at;
	s->end = obj.end;
	s->stream = true;
	s->ref = obj.ref;
	s->trailer = obj.obj.stream->dict;
	return NULL;
}

static struct err *
read_hidden(
    struct reader *r, const struct pdf_obj *where, struct pdf_section *s)
{
	int64_t at;
	struct pdf_indirect obj;
	if (!pdf_int(where, 1, (int64_t)r->file.len, &at))
		return damaged("a bad /XRefStm", s->at);
	TRY(read_stream(r, (size_t)at, &obj, &s->hidden));
	s->hybrid = true;
	s->hidden_at = obj.at;
	s->hidden_end = obj.end;
	s->hidden_ref = obj.ref;
	r->odd |= PDF_ODD_HYBRID;
	return NULL;
}

static struct err *
read_table_section(struct reader *r, struct pdf_lex *l, struct pdf_section *s)
{
	struct pdf_rows_seen seen = { 0 };
	s->at = l->pos;
	l->pos += 4;
	if (l->pos >= r->file.len || !pdf_is_space(r->file.ptr[l->pos]))
		return damaged("no cross-reference table", s->at);
	TRY(pdf_table_rows(l, r->a, &s->index, &seen));
	if (!pdf_take_word(l, "trailer"))
		return damaged("no trailer", l->pos);
	TRY(pdf_parse(l, r->a, false, &s->trailer));
	s->end = l->pos;
	if (!pdf_is(&s->trailer, PDF_DICT))
		return damaged("a trailer that is no dictionary", s->at);
	if (seen.highest > r->x->highest)
		r->x->highest = seen.highest;
	r->odd |= seen.odd;
	const struct pdf_obj *hidden = pdf_dict_raw(&s->trailer, "XRefStm");
	return pdf_is(hidden, PDF_NULL) ? NULL : read_hidden(r, hidden, s);
}

/*
 * /Size must be above all that is listed; some say less.  Readers that believe
 * it then see less than others, unless even the catalog lies beyond it, as in
 * what pdfunite writes: they see nothing.
 */
static struct err *
check_size(struct reader *r, const struct pdf_section *s)
{
	int64_t size;
	if (!pdf_int(pdf_dict_raw(&s->trailer, "Size"), 0, INT64_MAX, &size))
		return damaged("no /Size", s->at);
	const struct pdf_index *x = &s->index;
	if (x->n > 0) {
		const struct pdf_rows *last = &x->v[x->n - 1];
		const struct pdf_obj *root = pdf_dict_raw(&s->trailer, "Root");
		bool shows =
		    !pdf_is(root, PDF_REF) || (int64_t)root->ref.num < size;
		if ((int64_t)last->first + last->count > size && shows)
			r->odd |= PDF_ODD_SIZE;
	}
	return NULL;
}

static struct err *
read_section(struct reader *r, uint64_t at, struct pdf_section *out)
{
	if (at >= r->file.len)
		return damaged(
		    "a cross-reference offset points nowhere", r->file.len);
	struct pdf_lex l = {
		.in = r->file, .pos = (size_t)at, .budget = r->a->budget
	};
	/* Some writers point at the end of the line before. */
	(void)pdf_take_eol(&l);
	struct pdf_section s = { 0 };
	struct err *e =
	    bytes_starts(bytes_from(r->file, l.pos), BYTES_LIT("xref"))
		? read_table_section(r, &l, &s)
		: read_stream_section(r, l.pos, &s);
	if (e != NULL && err_kind(e) == ERR_MALFORMED)
		e = err_coded(
		    err_while(e, "the cross-reference section at %zu", l.pos),
		    "pdf-damaged");
	TRY(e);
	TRY(check_size(r, &s));
	*out = s;
	return NULL;
}

/* ---- the chain ---- */

static struct err *
add_section(struct reader *r, const struct pdf_section *s)
{
	struct pdf_xref *x = r->x;
	if (x->nsections == PDF_SECTIONS_MAX)
		return err_coded(
		    err_new(ERR_LIMIT, NULL, "over %d cross-reference sections",
			PDF_SECTIONS_MAX),
		    "pdf-too-complex");
	if (x->nsections == r->cap) {
		size_t cap = r->cap == 0 ? 4 : r->cap * 2;
		void *v;
		TRY(pdf_alloc(r->a, cap * sizeof(*s), &v));
		if (r->cap > 0)
			memcpy(v, x->sections, r->cap * sizeof(*s));
		x->sections = v;
		r->cap = cap;
	}
	x->sections[x->nsections++] = *s;
	return NULL;
}

static struct err *
read_linearized(struct reader *r)
{
	struct pdf_lex l = { .in = r->file, .budget = r->a->budget };
	struct pdf_indirect first;
	pdf_skip_space(&l);
	struct err *e = pdf_parse_indirect(r->file, l.pos, r->a, NULL, &first);
	if (e != NULL && err_kind(e) != ERR_MALFORMED)
		return e;
	r->x->linearized =
	    e == NULL &&
	    !pdf_is(pdf_dict_raw(&first.obj, "Linearized"), PDF_NULL);
	err_free(e);
	return NULL;
}

/*
 * /Prev goes backwards, but for one step: from the first page's section of a
 * linearized file to the main one, which stands at its end and is the last
 * (ISO 32000-2 annex F).  So no chain is a loop.
 */
static struct err *
check_step(struct reader *r, const struct pdf_section *newer,
    const struct pdf_section *s)
{
	if (s->at < newer->at) {
		if (s->end > newer->at)
			return damaged("overlapping sections", s->at);
		return NULL;
	}
	if (!r->x->linearized || newer->end > s->at ||
	    !pdf_is(pdf_dict_raw(&s->trailer, "Prev"), PDF_NULL))
		return damaged("/Prev does not go backwards", newer->at);
	size_t n = r->x->nsections;
	if (n >= 2 && s->end > r->x->sections[n - 2].at)
		return damaged("/Prev does not go backwards", newer->at);
	return NULL;
}

static struct err *
read_chain(struct reader *r, uint64_t at)
{
	for (;;) {
		struct pdf_section s;
		TRY(read_section(r, at, &s));
		size_t n = r->x->nsections;
		if (n > 0)
			TRY(check_step(r, &r->x->sections[n - 1], &s));
		TRY(add_section(r, &s));
		const struct pdf_obj *prev = pdf_dict_raw(&s.trailer, "Prev");
		int64_t v;
		if (pdf_is(prev, PDF_NULL))
			return NULL;
		if (!pdf_int(prev, 1, INT64_MAX, &v))
			return damaged("a bad /Prev", s.at);
		at = (uint64_t)v;
	}
}

/* ---- revisions ---- */

static bool
points_at(struct bytes file, uint64_t offset, size_t section)
{
	if (offset > section)
		return false;
	struct pdf_lex l = { .in = file, .pos = (size_t)offset };
	(void)pdf_take_eol(&l);
	return l.pos == section || offset == section;
}

/* Finds "startxref N %%EOF" behind the last section of a revision. */
static void
find_end(struct reader *r, struct pdf_revision *v)
{
	const struct pdf_section *s = &r->x->sections[v->section];
	const struct pdf_section *last = s;
	if (v->nsections == 2 && s[1].end > s->end)
		last = &s[1];
	struct pdf_lex l = { .in = r->file, .pos = last->end };
	uint64_t offset;
	if (!take_end(&l, &offset) || !points_at(r->file, offset, s->at)) {
		r->odd |= PDF_ODD_BETWEEN;
		return;
	}
	v->eof_end = l.pos;
	(void)pdf_take_eol(&l);
	v->end = l.pos;
}

static struct err *
make_revisions(struct reader *r)
{
	struct pdf_xref *x = r->x;
	void *v;
	TRY(pdf_alloc(r->a, x->nsections * sizeof(*x->revisions), &v));
	x->revisions = v;
	size_t oldest = x->nsections - 1;
	bool pair =
	    oldest > 0 && x->sections[oldest].at > x->sections[oldest - 1].at;
	x->nrevisions = x->nsections - pair;
	for (size_t i = 0; i < x->nrevisions; i++) {
		struct pdf_revision *rev = &x->revisions[i];
		*rev = (struct pdf_revision){
			.section = x->nrevisions - 1 - i,
			.nsections = 1 + (size_t)(pair && i == 0),
		};
		for (size_t k = 0; k < rev->nsections; k++)
			x->sections[rev->section + k].revision = i + 1;
		find_end(r, rev);
	}
	return NULL;
}

/* ---- hybrid files ---- */

/*
 * What /XRefStm lists is meant to be free or absent for older readers.  If it
 * is not, two readers see two documents.
 */
static struct err *
compare_views(void *ctx, const struct pdf_entry *e)
{
	struct reader *r = ctx;
	struct pdf_entry other;
	if (!e->hidden || e->kind == PDF_ENTRY_FREE)
		return NULL;
	TRY(pdf_lookup_visible(
	    r->x, r->x->sections[e->section].revision, e->num, &other));
	/* The stream itself may be listed in both. */
	if (other.kind != PDF_ENTRY_NONE && other.kind != PDF_ENTRY_FREE &&
	    (other.kind != e->kind || other.offset != e->offset))
		r->odd |= PDF_ODD_HYBRID_DIFFERS;
	return NULL;
}

static struct err *
check_hybrid(struct reader *r)
{
	for (size_t i = 1; i <= r->x->nrevisions; i++) {
		const struct pdf_section *s =
		    &r->x->sections[r->x->revisions[i - 1].section];
		if (s->hybrid)
			TRY(pdf_each_entry(r->x, i, compare_views, r));
	}
	return NULL;
}

struct err *
pdf_xref_read(struct bytes file, struct pdf_arena *a, struct pdf_xref *out)
{
	struct pdf_xref x = { .file = file, .budget = a->budget };
	struct reader r = { .file = file, .a = a, .x = &x };
	uint64_t startxref;
	TRY(check_header(file));
	TRY(read_tail(&r, &startxref));
	TRY(read_linearized(&r));
	TRY(read_chain(&r, startxref));
	x.startxref = (size_t)startxref;
	TRY(make_revisions(&r));
	if (r.odd & PDF_ODD_HYBRID)
		TRY(check_hybrid(&r));
	if (a->budget != NULL)
		a->budget->odd |= r.odd;
	*out = x;
	return NULL;
}

/* ---- looking up ---- */

size_t
pdf_view_end(const struct pdf_xref *x, size_t view)
{
	const struct pdf_revision *r = &x->revisions[view - 1];
	if (r->end != 0)
		return r->end;
	if (view == x->nrevisions)
		return x->file.len;
	size_t end = x->sections[r->section].end;
	if (r->nsections == 2 && x->sections[r->section + 1].end > end)
		end = x->sections[r->section + 1].end;
	return end;
}

static bool
in_use(const struct pdf_entry *e)
{
	return e->kind == PDF_ENTRY_AT || e->kind == PDF_ENTRY_IN;
}

static bool
find_in_section(
    const struct pdf_section *s, uint32_t num, bool hidden, struct pdf_entry *e)
{
	bool listed = pdf_index_find(&s->index, num, e);
	if (listed && in_use(e))
		return true;
	/* A row of the table that says "free" hides nothing. */
	struct pdf_entry h;
	if (hidden && s->hybrid && pdf_index_find(&s->hidden, num, &h)) {
		*e = h;
		e->hidden = true;
		return true;
	}
	return listed;
}

static struct err *
lookup(const struct pdf_xref *x, size_t view, uint32_t num, bool hidden,
    struct pdf_entry *out)
{
	struct pdf_entry e;
	if (view == 0 || view > x->nrevisions)
		return err_new(ERR_USAGE, NULL, "no view %zu", view);
	size_t first = x->revisions[view - 1].section;
	for (size_t i = first; i < x->nsections; i++) {
		if (!find_in_section(&x->sections[i], num, hidden, &e))
			continue;
		e.section = i;
		TRY(pdf_spend(x->budget, (i - first) / SECTIONS_PER_STEP));
		if (e.kind == PDF_ENTRY_AT && e.offset >= pdf_view_end(x, view))
			return damaged("a row points behind its revision",
			    x->sections[i].at);
		*out = e;
		return NULL;
	}
	*out = (struct pdf_entry){ .kind = PDF_ENTRY_NONE, .num = num };
	return pdf_spend(x->budget, (x->nsections - first) / SECTIONS_PER_STEP);
}

struct err *
pdf_lookup(
    const struct pdf_xref *x, size_t view, uint32_t num, struct pdf_entry *out)
{
	return lookup(x, view, num, true, out);
}

struct err *
pdf_lookup_visible(
    const struct pdf_xref *x, size_t view, uint32_t num, struct pdf_entry *out)
{
	return lookup(x, view, num, false, out);
}

struct err *
pdf_listed_at(
    const struct pdf_xref *x, uint32_t num, uint64_t offset, bool *out)
{
	struct pdf_entry e;
	*out = false;
	for (size_t i = 0; i < x->nsections && !*out; i++) {
		const struct pdf_section *s = &x->sections[i];
		*out = (pdf_index_find(&s->index, num, &e) &&
			   e.kind == PDF_ENTRY_AT && e.offset == offset) ||
		       (s->hybrid && pdf_index_find(&s->hidden, num, &e) &&
			   e.kind == PDF_ENTRY_AT && e.offset == offset);
	}
	return pdf_spend(x->budget, x->nsections / SECTIONS_PER_STEP);
}

static struct err *
each_row(const struct pdf_xref *xref, const struct pdf_index *x, size_t section,
    bool hidden, struct err *(*each)(void *ctx, const struct pdf_entry *e),
    void *ctx)
{
	for (size_t i = 0; i < x->n; i++) {
		TRY(pdf_spend(xref->budget, x->v[i].count));
		for (uint32_t k = 0; k < x->v[i].count; k++) {
			struct pdf_entry e;
			pdf_row(x, &x->v[i], k, &e);
			e.section = section;
			e.hidden = hidden;
			TRY(each(ctx, &e));
		}
	}
	return NULL;
}

struct err *
pdf_each_entry(const struct pdf_xref *x, size_t revision,
    struct err *(*each)(void *ctx, const struct pdf_entry *e), void *ctx)
{
	if (revision == 0 || revision > x->nrevisions)
		return err_new(ERR_USAGE, NULL, "no revision %zu", revision);
	const struct pdf_revision *r = &x->revisions[revision - 1];
	for (size_t i = 0; i < r->nsections; i++) {
		const struct pdf_section *s = &x->sections[r->section + i];
		TRY(each_row(x, &s->index, r->section + i, false, each, ctx));
		if (s->hybrid)
			TRY(each_row(
			    x, &s->hidden, r->section + i, true, each, ctx));
	}
	return NULL;
}

const struct pdf_obj *
pdf_trailer(const struct pdf_xref *x, size_t view)
{
	if (view == 0 || view > x->nrevisions)
		return &pdf_null;
	return &x->sections[x->revisions[view - 1].section].trailer;
}
