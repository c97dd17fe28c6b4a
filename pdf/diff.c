#include "pdf/diff-impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_STRICT 0x80000000u
#define CHAIN_MAX 16 /* references that refer to references */

/* ---- reports ---- */

void
diff_at(struct diff *f, uint32_t page, uint32_t object)
{
	f->at_page = page;
	f->at_object = object;
}

/* By its own memory, and leaving no marks: where a thing is said to be may be
 * anything.  A tree that cannot be read has no numbers. */
static struct err *
number_of_page(struct diff *f, size_t *out)
{
	*out = 0;
	if (f->at_page == 0)
		return NULL;
	if (f->at_page != f->told_page) {
		struct err *e = pdf_page_number(
		    f->d, f->view[NEW], f->at_page, &f->told_number);
		if (e != NULL && err_kind(e) == ERR_NOMEM)
			return e;
		err_free(e);
		f->told_page = f->at_page;
	}
	*out = f->told_number;
	return NULL;
}

struct err *
diff_report(struct diff *f, enum change_level level, const char *code,
    const char *fmt, ...)
{
	struct findings *all = &f->out->findings;
	size_t page;
	if (level > f->out->level)
		f->out->level = level;
	if (all->n >= DIFF_FINDINGS_MAX)
		return NULL;
	char text[200];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	TRY(number_of_page(f, &page));
	TRY(findings_add(all, level == CHANGE_SUSPICIOUS, code, "%s", text));
	all->v[all->n - 1].page = (int)page;
	all->v[all->n - 1].object = f->at_object;
	all->v[all->n - 1].revision = (int)f->view[NEW];
	return NULL;
}

/* ---- what is known of numbers ---- */

bool
diff_bit(const struct diff *f, uint32_t num, unsigned bits)
{
	return num <= f->highest && (f->bits[num] & bits) != 0;
}

void
diff_set(struct diff *f, uint32_t num, unsigned bits)
{
	if (num <= f->highest)
		f->bits[num] |= (uint16_t)bits;
}

void
diff_clear(struct diff *f, uint32_t num, unsigned bits)
{
	if (num <= f->highest)
		f->bits[num] &= (uint16_t)~bits;
}

static struct err *
mark_changed(void *ctx, const struct pdf_entry *e)
{
	struct diff *f = ctx;
	if (e->num != 0)
		diff_set(f, e->num, BIT_CHANGED);
	return NULL;
}

/* ---- loading ---- */

static bool
in_use(const struct pdf_entry *e)
{
	return e->kind == PDF_ENTRY_AT || e->kind == PDF_ENTRY_IN;
}

/* References state a generation: with another one an object is gone for
 * readers that look at it, and there for those that do not. */
static struct err *
check_generation(struct diff *f, const struct pdf_entry *now, bool *ok)
{
	struct pdf_entry then;
	*ok = true;
	if (!diff_bit(f, now->num, BIT_CHANGED))
		return NULL;
	TRY(pdf_lookup(pdf_xref(f->d), f->view[OLD], now->num, &then));
	*ok = !in_use(&then) || then.gen == now->gen;
	if (*ok)
		return NULL;
	return diff_report(f, CHANGE_SUSPICIOUS, "pdf-object-deleted",
	    "object %u has another generation", now->num);
}

struct err *
diff_load(
    struct diff *f, enum side side, uint32_t num, const struct pdf_obj **out)
{
	*out = &pdf_null;
	if (num == 0 || num > f->highest)
		return NULL;
	diff_set(f, num, BIT_LOADED);
	struct pdf_entry e;
	TRY(pdf_spend(pdf_document_budget(f->d), 1));
	TRY(pdf_lookup(pdf_xref(f->d), f->view[side], num, &e));
	if (!in_use(&e))
		return NULL;
	bool same = true;
	if (side == NEW)
		TRY(check_generation(f, &e, &same));
	if (!same)
		return NULL;
	/* Replacing an object stream replaces what nobody lists. */
	if (e.kind == PDF_ENTRY_IN && !diff_bit(f, num, BIT_CHANGED) &&
	    diff_bit(f, e.container, BIT_CHANGED))
		TRY(diff_report(f, CHANGE_SUSPICIOUS,
		    "pdf-object-stream-changed",
		    "object stream %u, which holds object %u, was replaced",
		    e.container, num));
	struct pdf_loaded l;
	TRY(pdf_load_entry(f->d, &f->arena[side], &e, &l));
	void *copy;
	TRY(pdf_alloc(&f->arena[side], sizeof(l.obj), &copy));
	*(struct pdf_obj *)copy = l.obj;
	*out = copy;
	return NULL;
}

struct err *
diff_resolve(struct diff *f, enum side side, const struct pdf_obj *o,
    uint32_t *num, const struct pdf_obj **out)
{
	uint32_t last = 0;
	for (int i = 0; i < CHAIN_MAX && pdf_is(o, PDF_REF); i++) {
		last = o->ref.num;
		TRY(diff_load(f, side, last, &o));
	}
	if (pdf_is(o, PDF_REF))
		return err_new(ERR_MALFORMED, NULL, "references in a ring");
	if (num != NULL)
		*num = last;
	*out = o == NULL ? &pdf_null : o;
	return NULL;
}

struct err *
diff_member(struct diff *f, enum side side, const struct pdf_obj *dict,
    const char *key, const struct pdf_obj **out)
{
	return diff_resolve(f, side, pdf_dict_raw(dict, key), NULL, out);
}

/* ---- the queue of what must stay as it is ---- */

/* Keys by which the structure of a document hangs together: by these, and only
 * by these, a field or structure element may be reached that was rewritten
 * under its own rule. */
static bool
key_is_structural(const char *key, size_t len)
{
	static const char *const keys[] = { "Annots", "CO", "Data", "Fields",
		"IRT", "K", "Kids", "Nums", "Obj", "P", "Parent", "ParentTree",
		"Popup", "Ref", "StructTreeRoot", "T" };
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		if (strlen(keys[i]) == len && memcmp(keys[i], key, len) == 0)
			return true;
	}
	return false;
}

static struct err *
enqueue(struct diff *f, uint32_t num, bool lax)
{
	unsigned bit = lax ? BIT_SEEN_LAX : BIT_SEEN_STRICT;
	if (num == 0 || num > f->highest ||
	    diff_bit(f, num, bit | BIT_SEEN_STRICT))
		return NULL;
	diff_set(f, num, bit);
	if (f->nqueue == f->queue_cap) {
		size_t cap = f->queue_cap == 0 ? 256 : 2 * f->queue_cap;
		uint32_t *v = realloc(f->queue, cap * sizeof(*v));
		if (v == NULL)
			return err_new(ERR_NOMEM, NULL, "%zu objects", cap);
		f->queue = v;
		f->queue_cap = cap;
	}
	f->queue[f->nqueue++] = num | (lax ? 0 : QUEUE_STRICT);
	return NULL;
}

static struct err *
push(struct diff *f, const struct pdf_obj *o, bool lax)
{
	if (pdf_is(o, PDF_REF))
		return enqueue(f, o->ref.num, lax);
	for (size_t i = 0; pdf_is(o, PDF_ARRAY) && i < pdf_array_len(o); i++)
		TRY(push(f, pdf_array_at(o, i), lax));
	for (size_t i = 0; pdf_is_dict(o) && i < pdf_dict_len(o); i++) {
		struct bytes key = pdf_dict_key(o, i)->text;
		TRY(push(f, pdf_dict_value(o, i),
		    key_is_structural((const char *)key.ptr, key.len)));
	}
	return NULL;
}

struct err *
diff_push(struct diff *f, const struct pdf_obj *o, const char *key)
{
	return push(f, o, key_is_structural(key, strlen(key)));
}

/* A rewritten object that no rule spoke for: it must be the same, or be one
 * that may differ wherever its own kind is meant. */
static struct err *
judge_changed(struct diff *f, uint32_t num, bool lax)
{
	const struct pdf_obj *old, *new;
	TRY(diff_load(f, OLD, num, &old));
	TRY(diff_load(f, NEW, num, &new));
	/* The null object is not the same as no object: some viewers look for
	 * what is missing. */
	bool both = (old == &pdf_null) == (new == &pdf_null);
	if (both && pdf_equal(old, new))
		return push(f, old, false);
	bool handled = false;
	if (lax)
		TRY(diff_struct(f, old, new, &handled));
	if (handled)
		return NULL;
	if (old == &pdf_null)
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-object-filled-in",
		    "object %u was referred to, but is only there since", num);
	if (pdf_is(new, PDF_NULL))
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-object-deleted",
		    "object %u was deleted", num);
	return diff_report(f, CHANGE_SUSPICIOUS, "pdf-object-changed",
	    "object %u was replaced", num);
}

static struct err *
judge_one(struct diff *f, uint32_t num, bool lax)
{
	diff_at(f, 0, num);
	if (diff_bit(f, num, BIT_PAGE))
		return NULL;
	if (lax && diff_bit(f, num, BIT_FIELD | BIT_ANNOT))
		return NULL;
	if (diff_bit(f, num, BIT_CHANGED))
		return judge_changed(f, num, lax);
	const struct pdf_obj *o;
	TRY(diff_load(f, OLD, num, &o));
	return push(f, o, false);
}

static struct err *
drain(struct diff *f)
{
	while (f->queue_at < f->nqueue) {
		uint32_t q = f->queue[f->queue_at++];
		TRY(judge_one(f, q & ~QUEUE_STRICT, (q & QUEUE_STRICT) == 0));
		pdf_arena_reset(&f->arena[OLD]);
		pdf_arena_reset(&f->arena[NEW]);
	}
	return NULL;
}

/* ---- dictionaries and lists ---- */

static bool
is_exempt(struct bytes key, const char *const *exempt)
{
	for (; *exempt != NULL; exempt++) {
		if (bytes_eq_str(key, *exempt))
			return true;
	}
	return false;
}

/* A member by a key that may hold any bytes. */
static const struct pdf_obj *
member(const struct pdf_obj *dict, struct bytes key)
{
	for (size_t i = pdf_dict_len(dict); i > 0; i--) {
		if (bytes_eq(pdf_dict_key(dict, i - 1)->text, key))
			return pdf_dict_value(dict, i - 1);
	}
	return &pdf_null;
}

static struct err *
one_side(struct diff *f, const struct pdf_obj *a, const struct pdf_obj *b,
    const char *const *exempt, const char *code, const char *what, bool *same)
{
	for (size_t i = 0; i < pdf_dict_len(a); i++) {
		struct bytes key = pdf_dict_key(a, i)->text;
		TRY(pdf_spend(pdf_document_budget(f->d), pdf_dict_len(b)));
		if (is_exempt(key, exempt) ||
		    pdf_equal(pdf_dict_value(a, i), member(b, key)))
			continue;
		*same = false;
		TRY(diff_report(f, CHANGE_SUSPICIOUS, code, "%s: /%.*s", what,
		    (int)(key.len < 40 ? key.len : 40), (const char *)key.ptr));
	}
	return NULL;
}

struct err *
diff_members(struct diff *f, const struct pdf_obj *old,
    const struct pdf_obj *new, const char *const *exempt, const char *code,
    const char *what, bool *same)
{
	*same = true;
	TRY(one_side(f, old, new, exempt, code, what, same));
	if (*same)
		TRY(one_side(f, new, old, exempt, code, what, same));
	for (size_t i = 0; i < pdf_dict_len(old); i++) {
		struct bytes key = pdf_dict_key(old, i)->text;
		if (is_exempt(key, exempt))
			continue;
		TRY(push(f, pdf_dict_value(old, i),
		    key_is_structural((const char *)key.ptr, key.len)));
	}
	return NULL;
}

bool
diff_touched(struct diff *f, const struct pdf_obj *o)
{
	bool touched = false;
	if (pdf_is(o, PDF_REF)) {
		diff_set(f, o->ref.num, BIT_LOADED);
		return diff_bit(f, o->ref.num, BIT_CHANGED);
	}
	for (size_t i = 0; pdf_is(o, PDF_ARRAY) && i < pdf_array_len(o); i++)
		touched = diff_touched(f, pdf_array_at(o, i)) || touched;
	for (size_t i = 0; pdf_is_dict(o) && i < pdf_dict_len(o); i++)
		touched = diff_touched(f, pdf_dict_value(o, i)) || touched;
	return touched;
}

bool
diff_has_refs(const struct pdf_obj *o)
{
	if (pdf_is(o, PDF_REF))
		return true;
	for (size_t i = 0; pdf_is(o, PDF_ARRAY) && i < pdf_array_len(o); i++) {
		if (diff_has_refs(pdf_array_at(o, i)))
			return true;
	}
	for (size_t i = 0; pdf_is_dict(o) && i < pdf_dict_len(o); i++) {
		if (diff_has_refs(pdf_dict_value(o, i)))
			return true;
	}
	return false;
}

static void
set_all(struct diff *f, const struct pdf_obj *list, unsigned bits, bool on)
{
	for (size_t i = 0; i < pdf_array_len(list); i++) {
		const struct pdf_obj *o = pdf_array_at(list, i);
		if (!pdf_is(o, PDF_REF))
			continue;
		if (on)
			diff_set(f, o->ref.num, bits);
		else
			diff_clear(f, o->ref.num, bits);
	}
}

/* The next item from *i on that was kept, or is direct. */
static const struct pdf_obj *
next_kept(const struct diff *f, const struct pdf_obj *list, size_t *i)
{
	while (*i < pdf_array_len(list)) {
		const struct pdf_obj *o = pdf_array_at(list, (*i)++);
		if (!pdf_is(o, PDF_REF) || diff_bit(f, o->ref.num, BIT_KEPT))
			return o;
	}
	return NULL;
}

static bool
same_order(
    const struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	size_t i = 0, j = 0;
	for (;;) {
		const struct pdf_obj *a = next_kept(f, old, &i);
		const struct pdf_obj *b = next_kept(f, new, &j);
		if (a == NULL || b == NULL)
			return a == b;
		if (!pdf_equal(a, b))
			return false;
	}
}

static struct err *
lists_callbacks(struct diff *f, const struct pdf_obj *old,
    const struct pdf_obj *new, const struct diff_list *l)
{
	for (size_t i = 0; i < pdf_array_len(old); i++) {
		const struct pdf_obj *o = pdf_array_at(old, i);
		if (!pdf_is(o, PDF_REF))
			TRY(push(f, o, true));
		else if (diff_bit(f, o->ref.num, BIT_KEPT))
			TRY(l->kept(f, l->ctx, o->ref));
		else if (o->ref.num <= f->highest)
			TRY(l->removed(f, l->ctx, o->ref));
	}
	for (size_t i = 0; i < pdf_array_len(new); i++) {
		const struct pdf_obj *o = pdf_array_at(new, i);
		if (pdf_is(o, PDF_REF) && o->ref.num <= f->highest &&
		    !diff_bit(f, o->ref.num, BIT_KEPT))
			TRY(l->added(f, l->ctx, o->ref));
	}
	return NULL;
}

struct err *
diff_lists(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new,
    const struct diff_list *l, bool *reordered)
{
	TRY(pdf_spend(pdf_document_budget(f->d),
	    pdf_array_len(old) + pdf_array_len(new)));
	/* Lists nest and share the marks.  Where they overlap, which honest
	 * ones do not, something that was kept may look removed and added. */
	set_all(f, new, BIT_IN_NEW, true);
	for (size_t i = 0; i < pdf_array_len(old); i++) {
		const struct pdf_obj *o = pdf_array_at(old, i);
		if (pdf_is(o, PDF_REF) && diff_bit(f, o->ref.num, BIT_IN_NEW))
			diff_set(f, o->ref.num, BIT_KEPT);
	}
	*reordered = !same_order(f, old, new);
	set_all(f, new, BIT_IN_NEW, false);
	struct err *e = lists_callbacks(f, old, new, l);
	set_all(f, old, BIT_KEPT, false);
	return e;
}

/* ---- the whole ---- */

static struct err *
compare(struct diff *f)
{
	for (size_t r = f->view[OLD] + 1; r <= f->view[NEW]; r++)
		TRY(pdf_each_entry(pdf_xref(f->d), r, mark_changed, f));
	TRY(diff_bytes(f));
	TRY(diff_trailer(f));
	TRY(drain(f));
	diff_at(f, 0, 0);
	return diff_unreached(f);
}

/* What a hostile file can cause is a finding, the rest an error. */
static struct err *
as_finding(struct diff *f, struct err *e)
{
	if (e == NULL || err_kind(e) == ERR_NOMEM ||
	    err_kind(e) == ERR_INTERNAL)
		return e;
	struct err *again = diff_report(f, CHANGE_SUSPICIOUS,
	    err_kind(e) == ERR_LIMIT ? "pdf-too-complex" : "pdf-unreadable",
	    "comparing revisions: %s", err_text(e));
	err_free(e);
	return again;
}

struct err *
pdf_diff(struct pdf_document *d, size_t from, size_t to, struct pdf_diff *out)
{
	*out = (struct pdf_diff){ .level = CHANGE_NONE };
	struct pdf_budget *b = pdf_document_budget(d);
	struct diff f = { .d = d,
		.view = { from, to },
		.arena = { PDF_ARENA(b), PDF_ARENA(b) },
		.highest = pdf_xref(d)->highest,
		.out = out };
	f.bits = calloc((size_t)f.highest + 1, sizeof(*f.bits));
	struct err *e = f.bits == NULL
			    ? err_new(ERR_NOMEM, NULL, "%u objects", f.highest)
			    : as_finding(&f, compare(&f));
	free(f.bits);
	free(f.queue);
	pdf_arena_done(&f.arena[OLD]);
	pdf_arena_done(&f.arena[NEW]);
	if (e != NULL)
		pdf_diff_done(out);
	return e;
}

void
pdf_diff_done(struct pdf_diff *diff)
{
	for (size_t i = 0; i < diff->findings.n; i++)
		free(diff->findings.v[i].detail);
	free(diff->findings.v);
	for (size_t i = 0; i < diff->nnames; i++)
		free(diff->names[i]);
	free(diff->names);
	*diff = (struct pdf_diff){ .level = CHANGE_NONE };
}
