/*
 * Viewers that miss an object, or find a table damaged, look through the whole
 * file for "12 0 obj" and "trailer" and believe what they find, the last one
 * first.  So what was appended may hold nothing of that kind that its sections
 * do not list, may delete nothing, and may not refer to what is not there.
 */
#include "pdf/diff-impl.h"

#include <stdlib.h>
#include <string.h>

/* The rows of the later revisions. */
struct listed {
	struct diff *f;
	struct pdf_entry *v;
	size_t n, cap;
	size_t revision;
};

static struct err *
keep_row(struct listed *l, const struct pdf_entry *e)
{
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
		struct pdf_entry *v = realloc(l->v, cap * sizeof(*v));
		if (v == NULL)
			return err_new(ERR_NOMEM, NULL, "%zu rows", cap);
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = *e;
	return NULL;
}

static bool
in_use(const struct pdf_entry *e)
{
	return e->kind == PDF_ENTRY_AT || e->kind == PDF_ENTRY_IN;
}

static struct err *
see_row(void *ctx, const struct pdf_entry *e)
{
	struct listed *l = ctx;
	struct pdf_entry before;
	TRY(pdf_spend(pdf_document_budget(l->f->d), 1));
	if (e->kind != PDF_ENTRY_FREE)
		TRY(keep_row(l, e));
	if (e->num == 0)
		return NULL;
	TRY(pdf_lookup(pdf_xref(l->f->d), l->revision - 1, e->num, &before));
	/* A freed number in use again: what was deleted may still be there. */
	if (in_use(e) && before.kind == PDF_ENTRY_FREE)
		return diff_report(l->f, CHANGE_SUSPICIOUS,
		    "pdf-object-filled-in", "object %u was free", e->num);
	if (!in_use(&before) || (in_use(e) && before.gen == e->gen))
		return NULL;
	return diff_report(l->f, CHANGE_SUSPICIOUS, "pdf-object-deleted",
	    "object %u was deleted", e->num);
}

/* ---- bytes ---- */

static uint64_t
key_of(const struct pdf_entry *e)
{
	return e->kind == PDF_ENTRY_AT ? e->offset : UINT64_MAX;
}

static void
sift_down(struct pdf_entry *v, size_t at, size_t n)
{
	while (2 * at + 1 < n) {
		size_t kid = 2 * at + 1;
		if (kid + 1 < n && key_of(&v[kid + 1]) > key_of(&v[kid]))
			kid++;
		if (key_of(&v[at]) >= key_of(&v[kid]))
			return;
		struct pdf_entry t = v[at];
		v[at] = v[kid];
		v[kid] = t;
		at = kid;
	}
}

/* Heap sort: qsort() asks the system for the size of its memory, which a
 * sandbox without files forbids. */
static void
sort_rows(struct pdf_entry *v, size_t n)
{
	for (size_t i = n / 2; i > 0; i--)
		sift_down(v, i - 1, n);
	for (size_t i = n; i > 1; i--) {
		struct pdf_entry t = v[0];
		v[0] = v[i - 1];
		v[i - 1] = t;
		sift_down(v, 0, i - 1);
	}
}

static bool
is_row(const struct listed *l, size_t offset)
{
	size_t from = 0, to = l->n;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		if (key_of(&l->v[mid]) < offset)
			from = mid + 1;
		else
			to = mid;
	}
	return from < l->n && key_of(&l->v[from]) == offset;
}

/* Some rows point at the end of line before their object. */
static bool
is_listed(const struct listed *l, size_t at)
{
	const struct pdf_xref *x = pdf_xref(l->f->d);
	size_t offset = at;
	for (int i = 0; i < 3; i++, offset--) {
		if (is_row(l, offset))
			return true;
		if (offset == 0 || !pdf_is_space(x->file.ptr[offset - 1]))
			break;
	}
	for (size_t i = 0; i < x->nsections; i++) {
		const struct pdf_section *s = &x->sections[i];
		if ((s->stream && s->at == at) ||
		    (s->hybrid && s->hidden_at == at))
			return true;
	}
	return false;
}

static size_t
back_over(struct bytes b, size_t at, bool (*is)(uint8_t c))
{
	while (at > 0 && is(b.ptr[at - 1]))
		at--;
	return at;
}

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Where "12 0 obj" begins whose last word stands at `at`; SIZE_MAX if there is
 * no such thing. */
static size_t
header_start(struct bytes file, size_t at)
{
	size_t gen_end = back_over(file, at, pdf_is_space);
	size_t gen = back_over(file, gen_end, is_digit);
	size_t num_end = back_over(file, gen, pdf_is_space);
	size_t num = back_over(file, num_end, is_digit);
	bool whole = gen < gen_end && num_end < gen && num < num_end;
	return whole ? num : SIZE_MAX;
}

static bool
in_section(const struct pdf_xref *x, size_t at)
{
	for (size_t i = 0; i < x->nsections; i++) {
		if (at >= x->sections[i].at && at < x->sections[i].end)
			return true;
	}
	return false;
}

static struct err *
unlisted(struct diff *f, size_t at)
{
	return diff_report(
	    f, CHANGE_SUSPICIOUS, "pdf-object-unlisted", "at byte %zu", at);
}

static struct err *
scan_for_objects(const struct listed *l, size_t from, size_t to)
{
	struct bytes file = bytes_slice(pdf_xref(l->f->d)->file, 0, to);
	for (;;) {
		size_t found =
		    bytes_find(bytes_from(file, from), BYTES_LIT("obj"));
		if (found == SIZE_MAX)
			return NULL;
		size_t at = header_start(file, from + found);
		TRY(pdf_spend(pdf_document_budget(l->f->d), 16));
		if (at != SIZE_MAX && !is_listed(l, at))
			return unlisted(l->f, at);
		from += found + 3;
	}
}

static struct err *
scan_for_trailers(const struct listed *l, size_t from, size_t to)
{
	const struct pdf_xref *x = pdf_xref(l->f->d);
	struct bytes file = bytes_slice(x->file, 0, to);
	for (;;) {
		size_t found =
		    bytes_find(bytes_from(file, from), BYTES_LIT("trailer"));
		if (found == SIZE_MAX)
			return NULL;
		TRY(pdf_spend(pdf_document_budget(l->f->d), x->nsections));
		if (!in_section(x, from + found))
			return unlisted(l->f, from + found);
		from += found + 7;
	}
}

/* ---- references ---- */

struct dangling {
	struct diff *f;
	enum side side;
	uint32_t found; /* the first number that is not there; 0: none */
};

static struct err *
see_ref(void *ctx, struct pdf_ref ref)
{
	struct dangling *d = ctx;
	struct pdf_entry e;
	if (d->found != 0)
		return NULL;
	TRY(pdf_lookup(pdf_xref(d->f->d), d->f->view[d->side], ref.num, &e));
	if (ref.num != 0 && (!in_use(&e) || e.gen != ref.gen))
		d->found = ref.num;
	return NULL;
}

static struct err *
find_dangling(
    struct diff *f, enum side side, const struct pdf_obj *o, uint32_t *out)
{
	struct dangling d = { .f = f, .side = side };
	TRY(pdf_each_ref(f->d, o, see_ref, &d));
	*out = d.found;
	return NULL;
}

static bool
same_place(const struct pdf_entry *a, const struct pdf_entry *b)
{
	return a->kind == b->kind && a->offset == b->offset &&
	       a->container == b->container && a->index == b->index;
}

/* New objects only refer to what is there; rewritten ones may keep a hole. */
static struct err *
check_object(struct diff *f, const struct pdf_entry *e)
{
	const struct pdf_obj *old, *new;
	struct pdf_entry now;
	uint32_t hole, before;
	TRY(pdf_lookup(pdf_xref(f->d), f->view[NEW], e->num, &now));
	if (!same_place(&now, e))
		return NULL; /* overridden by a still later revision */
	bool seen = diff_bit(f, e->num, BIT_LOADED);
	TRY(diff_load(f, NEW, e->num, &new));
	if (!seen)
		diff_clear(f, e->num, BIT_LOADED);
	TRY(find_dangling(f, NEW, new, &hole));
	if (hole == 0)
		return NULL;
	TRY(diff_load(f, OLD, e->num, &old));
	if (!seen)
		diff_clear(f, e->num, BIT_LOADED);
	TRY(find_dangling(f, OLD, old, &before));
	if (before == hole)
		return NULL;
	diff_at(f, 0, e->num);
	return diff_report(f, CHANGE_SUSPICIOUS, "pdf-reference-dangling",
	    "object %u refers to %u, which is not there", e->num, hole);
}

static struct err *
check_objects(const struct listed *l)
{
	for (size_t i = 0; i < l->n; i++) {
		TRY(check_object(l->f, &l->v[i]));
		pdf_arena_reset(&l->f->arena[OLD]);
		pdf_arena_reset(&l->f->arena[NEW]);
	}
	return NULL;
}

static struct err *
check_all(struct listed *l)
{
	struct diff *f = l->f;
	const struct pdf_xref *x = pdf_xref(f->d);
	for (size_t r = f->view[OLD] + 1; r <= f->view[NEW]; r++) {
		l->revision = r;
		TRY(pdf_each_entry(x, r, see_row, l));
	}
	sort_rows(l->v, l->n);
	size_t from = pdf_view_end(x, f->view[OLD]);
	size_t to = pdf_view_end(x, f->view[NEW]);
	TRY(scan_for_objects(l, from, to));
	TRY(scan_for_trailers(l, from, to));
	return check_objects(l);
}

/* ---- afterwards ---- */

static struct err *
check_reached(void *ctx, const struct pdf_entry *e)
{
	struct diff *f = ctx;
	const struct pdf_obj *old, *new;
	if (!in_use(e) || diff_bit(f, e->num, BIT_LOADED))
		return NULL;
	TRY(diff_load(f, OLD, e->num, &old));
	TRY(diff_load(f, NEW, e->num, &new));
	bool same = pdf_is(old, PDF_NULL) || pdf_equal(old, new);
	pdf_arena_reset(&f->arena[OLD]);
	pdf_arena_reset(&f->arena[NEW]);
	if (same)
		return NULL;
	diff_at(f, 0, e->num);
	return diff_report(f, CHANGE_SUSPICIOUS, "pdf-object-changed",
	    "object %u, which no rule explains, was replaced", e->num);
}

struct err *
diff_unreached(struct diff *f)
{
	for (size_t r = f->view[OLD] + 1; r <= f->view[NEW]; r++)
		TRY(pdf_each_entry(pdf_xref(f->d), r, check_reached, f));
	return NULL;
}

struct err *
diff_bytes(struct diff *f)
{
	struct listed l = { .f = f };
	struct err *e = check_all(&l);
	free(l.v);
	diff_at(f, 0, 0);
	return e;
}
