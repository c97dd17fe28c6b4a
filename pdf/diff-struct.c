/* The structure tree of tagged files may grow: ISO 32000-2 14.7. */
#include "pdf/diff-impl.h"

#include <stdlib.h>
#include <string.h>

#define TREE_DEPTH_MAX 32 /* of a number tree */
#define TREE_ENTRIES_MAX 1000000

static struct err *
wrong(struct diff *f, const char *what)
{
	return diff_report(
	    f, CHANGE_SUSPICIOUS, "pdf-structure-changed", "%s", what);
}

/* ---- kids ---- */

/* /K is one kid or an array of them. */
static size_t
kids_len(const struct pdf_obj *k)
{
	if (pdf_is(k, PDF_ARRAY))
		return pdf_array_len(k);
	return pdf_is(k, PDF_NULL) ? 0 : 1;
}

static const struct pdf_obj *
kids_at(const struct pdf_obj *k, size_t i)
{
	return pdf_is(k, PDF_ARRAY) ? pdf_array_at(k, i) : k;
}

/* /K itself, or the array that it refers to: a reference to one element stays
 * a reference. */
static struct err *
get_kids(struct diff *f, enum side side, const struct pdf_obj *o,
    const struct pdf_obj **out)
{
	const struct pdf_obj *k;
	*out = pdf_dict_raw(o, "K");
	TRY(diff_resolve(f, side, *out, NULL, &k));
	if (pdf_is(k, PDF_ARRAY) || pdf_is(k, PDF_NULL))
		*out = k;
	return NULL;
}

static bool
is_objr(const struct pdf_obj *o)
{
	return pdf_is(o, PDF_DICT) &&
	       pdf_is_name(pdf_dict_raw(o, "Type"), "OBJR");
}

/* The same annotation referred to, with other words around it. */
static bool
same_objr(const struct pdf_obj *a, const struct pdf_obj *b)
{
	return is_objr(a) && is_objr(b) &&
	       pdf_equal(pdf_dict_raw(a, "Obj"), pdf_dict_raw(b, "Obj")) &&
	       pdf_equal(pdf_dict_raw(a, "Pg"), pdf_dict_raw(b, "Pg"));
}

/*
 * A new element may only hold references to annotations, and new elements: old
 * content under new words ("/ActualText") would read differently.
 */
static struct err *
new_element(struct diff *f, const struct pdf_obj *kid, int depth)
{
	const struct pdf_obj *old = &pdf_null, *new, *k;
	uint32_t num;
	TRY(diff_resolve(f, NEW, kid, &num, &new));
	if (is_objr(new))
		return NULL;
	if (num != 0)
		TRY(diff_load(f, OLD, num, &old));
	bool fits =
	    num != 0 && pdf_is(old, PDF_NULL) && pdf_is(new, PDF_DICT) &&
	    pdf_is(pdf_dict_raw(new, "S"), PDF_NAME) &&
	    pdf_is(pdf_dict_raw(new, "P"), PDF_REF) && depth < TREE_DEPTH_MAX;
	if (!fits)
		return wrong(f, "more than comments in a new element");
	TRY(get_kids(f, NEW, new, &k));
	for (size_t i = 0; i < kids_len(k); i++)
		TRY(new_element(f, kids_at(k, i), depth + 1));
	return NULL;
}

static struct err *
added_kid(struct diff *f, const struct pdf_obj *kid)
{
	TRY(new_element(f, kid, 0));
	return diff_report(f, CHANGE_FORM, "pdf-structure-added", "%s",
	    "an element of the structure tree");
}

/* All old kids in their order, new ones anywhere between. */
static struct err *
kids(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	const struct pdf_obj *a, *b;
	TRY(get_kids(f, OLD, old, &a));
	TRY(get_kids(f, NEW, new, &b));
	size_t at = 0, n = kids_len(a);
	for (size_t i = 0; i < kids_len(b); i++) {
		const struct pdf_obj *kid = kids_at(b, i);
		if (at < n && pdf_equal(kids_at(a, at), kid)) {
			TRY(diff_push(f, kids_at(a, at++), "K"));
		} else if (at < n && same_objr(kids_at(a, at), kid)) {
			TRY(diff_push(f, kids_at(a, at++), "K"));
			TRY(diff_report(f, CHANGE_ANNOTATION,
			    "pdf-structure-added", "a reference to a comment"));
		} else {
			TRY(added_kid(f, kid));
		}
	}
	return at == n ? NULL : wrong(f, "an element was removed");
}

/* ---- number trees ---- */

struct row {
	int64_t key;
	const struct pdf_obj *value;
};

struct rows {
	struct row *v;
	size_t n, cap;
};

static struct err *
add_row(struct rows *r, int64_t key, const struct pdf_obj *value)
{
	if (r->n == TREE_ENTRIES_MAX)
		return err_new(ERR_LIMIT, NULL, "entries of a number tree");
	if (r->n == r->cap) {
		size_t cap = r->cap == 0 ? 64 : 2 * r->cap;
		struct row *v = realloc(r->v, cap * sizeof(*v));
		if (v == NULL)
			return err_new(ERR_NOMEM, NULL, "number tree");
		r->v = v;
		r->cap = cap;
	}
	r->v[r->n++] = (struct row){ key, value };
	return NULL;
}

static struct err *
flatten(struct diff *f, enum side side, const struct pdf_obj *o, int depth,
    struct rows *r)
{
	const struct pdf_obj *node, *nums, *list;
	if (depth > TREE_DEPTH_MAX)
		return err_new(ERR_LIMIT, NULL, "depth of a number tree");
	TRY(diff_resolve(f, side, o, NULL, &node));
	TRY(diff_member(f, side, node, "Nums", &nums));
	TRY(diff_member(f, side, node, "Kids", &list));
	for (size_t i = 0; i + 1 < pdf_array_len(nums); i += 2) {
		int64_t key;
		if (!pdf_int(
			pdf_array_at(nums, i), INT64_MIN, INT64_MAX, &key) ||
		    (r->n > 0 && key <= r->v[r->n - 1].key))
			return err_new(ERR_MALFORMED, NULL, "a number tree");
		TRY(add_row(r, key, pdf_array_at(nums, i + 1)));
	}
	for (size_t i = 0; i < pdf_array_len(list); i++)
		TRY(flatten(f, side, pdf_array_at(list, i), depth + 1, r));
	return NULL;
}

/* An element, or an array of elements by marked-content number. */
static struct err *
same_row(struct diff *f, const struct row *a, const struct row *b)
{
	const struct pdf_obj *x, *y;
	if (pdf_equal(a->value, b->value))
		return diff_push(f, a->value, "Nums");
	TRY(diff_resolve(f, OLD, a->value, NULL, &x));
	TRY(diff_resolve(f, NEW, b->value, NULL, &y));
	bool grown =
	    pdf_is(x, PDF_ARRAY) && pdf_array_len(x) <= pdf_array_len(y);
	for (size_t i = 0; grown && i < pdf_array_len(x); i++)
		grown = pdf_equal(pdf_array_at(x, i), pdf_array_at(y, i));
	if (!grown)
		return wrong(f, "parent tree");
	return diff_push(f, x, "Nums");
}

static struct err *
compare_rows(struct diff *f, const struct rows *a, const struct rows *b)
{
	size_t j = 0;
	for (size_t i = 0; i < a->n; i++) {
		while (j < b->n && b->v[j].key < a->v[i].key)
			j++;
		if (j == b->n || b->v[j].key != a->v[i].key)
			return wrong(f, "parent tree");
		TRY(same_row(f, &a->v[i], &b->v[j]));
	}
	return NULL;
}

static struct err *
parent_tree(
    struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	struct rows a = { .n = 0 }, b = { .n = 0 };
	struct err *e = flatten(f, OLD, pdf_dict_raw(old, "ParentTree"), 0, &a);
	if (e == NULL)
		e = flatten(f, NEW, pdf_dict_raw(new, "ParentTree"), 0, &b);
	if (e == NULL)
		e = compare_rows(f, &a, &b);
	free(a.v);
	free(b.v);
	return e;
}

static struct err *
number_node(
    struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	struct rows a = { .n = 0 }, b = { .n = 0 };
	struct err *e = flatten(f, OLD, old, 0, &a);
	if (e == NULL)
		e = flatten(f, NEW, new, 0, &b);
	if (e == NULL)
		e = compare_rows(f, &a, &b);
	free(a.v);
	free(b.v);
	return e;
}

/* ---- the objects ---- */

static struct err *
root(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	static const char *const exempt[] = { "K", "ParentTree",
		"ParentTreeNextKey", NULL };
	bool same;
	TRY(diff_members(f, old, new, exempt, "pdf-structure-changed",
	    "structure tree", &same));
	int64_t was = 0, is = 0;
	pdf_int(pdf_dict_raw(old, "ParentTreeNextKey"), 0, INT32_MAX, &was);
	pdf_int(pdf_dict_raw(new, "ParentTreeNextKey"), 0, INT32_MAX, &is);
	if (is < was)
		TRY(wrong(f, "/ParentTreeNextKey"));
	TRY(diff_report(
	    f, CHANGE_FORM, "pdf-structure-added", "structure tree"));
	TRY(kids(f, old, new));
	return parent_tree(f, old, new);
}

static struct err *
element(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	static const char *const exempt[] = { "K", NULL };
	bool same;
	TRY(diff_members(f, old, new, exempt, "pdf-structure-changed",
	    "an element of the structure tree", &same));
	return kids(f, old, new);
}

static bool
is_element(const struct pdf_obj *o)
{
	const struct pdf_obj *type = pdf_dict_raw(o, "Type");
	return pdf_is(o, PDF_DICT) &&
	       (pdf_is(type, PDF_NULL) || pdf_is_name(type, "StructElem")) &&
	       pdf_is(pdf_dict_raw(o, "S"), PDF_NAME) &&
	       pdf_is(pdf_dict_raw(o, "P"), PDF_REF);
}

static bool
is_number_node(const struct pdf_obj *o)
{
	return pdf_is(o, PDF_DICT) &&
	       pdf_is(pdf_dict_raw(o, "Type"), PDF_NULL) &&
	       (pdf_is(pdf_dict_raw(o, "Nums"), PDF_ARRAY) ||
		   pdf_is(pdf_dict_raw(o, "Limits"), PDF_ARRAY));
}

struct err *
diff_struct(struct diff *f, const struct pdf_obj *old,
    const struct pdf_obj *new, bool *handled)
{
	bool is_root = pdf_is(old, PDF_DICT) && pdf_is(new, PDF_DICT) &&
		       pdf_is_name(pdf_dict_raw(old, "Type"), "StructTreeRoot");
	*handled = true;
	if (is_root)
		return root(f, old, new);
	if (is_element(old) && is_element(new))
		return element(f, old, new);
	if (is_number_node(old) && is_number_node(new))
		return number_node(f, old, new);
	*handled = false;
	return NULL;
}

/* A tree where there was none: some signers make it for their widget. */
static struct err *
new_tree(struct diff *f, const struct pdf_obj *new)
{
	const struct pdf_obj *root_obj, *k;
	TRY(diff_resolve(f, NEW, new, NULL, &root_obj));
	if (!pdf_is(root_obj, PDF_DICT))
		return wrong(f, "/StructTreeRoot");
	TRY(get_kids(f, NEW, root_obj, &k));
	for (size_t i = 0; i < kids_len(k); i++)
		TRY(new_element(f, kids_at(k, i), 0));
	return diff_report(
	    f, CHANGE_FORM, "pdf-structure-added", "structure tree");
}

struct err *
diff_struct_root(
    struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	/* Some writers put an empty dictionary where there is no tree. */
	bool none =
	    pdf_is(old, PDF_NULL) ||
	    (pdf_is(old, PDF_DICT) && pdf_is(pdf_dict_raw(old, "K"), PDF_NULL));
	if (none && !pdf_equal(old, new) && !pdf_is(new, PDF_NULL))
		return new_tree(f, new);
	if (!pdf_equal(old, new))
		return wrong(f, "another structure tree");
	return diff_push(f, old, "StructTreeRoot");
}
