#include "pdf/tag.h"

#include "format/format.h"

#define DEPTH_MAX 32 /* of a number tree */
#define KEY_MAX (INT32_MAX - 1)

struct tag {
	struct pdf_increment *inc;
	struct pdf_document *d;
	size_t view;
	struct pdf_ref root_ref;
	const struct pdf_obj *root; /* StructTreeRoot */
	struct pdf_ref element;     /* the new one */
	struct pdf_ref parent;      /* of it */
	const struct pdf_obj *above; /* that one's dictionary */
	int64_t key;
	/* What changes in the root. */
	struct buf kids, tree, next;
	struct pdf_change change[3];
	size_t n;
};

static void
tag_done(struct tag *t)
{
	buf_done(&t->kids);
	buf_done(&t->tree);
	buf_done(&t->next);
}

static struct err *
get(const struct tag *t, const struct pdf_obj *dict, const char *key,
    const struct pdf_obj **out)
{
	return pdf_dict_get(t->d, t->view, dict, key, out);
}

static struct err *
rewrite(struct tag *t, struct pdf_ref ref, const struct pdf_obj *dict,
    const struct pdf_change *c, size_t n)
{
	struct pdf_writer w;
	TRY(pdf_increment_begin(t->inc, ref, &w));
	TRY(pdf_write_changed(&w, dict, c, n));
	return pdf_increment_end(t->inc);
}

/* ---- keys ---- */

static struct err *
highest_key(struct tag *t, const struct pdf_obj *node, int64_t *out)
{
	for (int i = 0; i < DEPTH_MAX; i++) {
		const struct pdf_obj *nums, *kids, *key;
		TRY(get(t, node, "Nums", &nums));
		size_t n = pdf_array_len(nums);
		if (n >= 2) {
			TRY(pdf_array_get(
			    t->d, t->view, nums, n / 2 * 2 - 2, &key));
			(void)pdf_int(key, 0, KEY_MAX, out);
			return NULL;
		}
		TRY(get(t, node, "Kids", &kids));
		n = pdf_array_len(kids);
		if (n == 0)
			return NULL;
		TRY(pdf_array_get(t->d, t->view, kids, n - 1, &node));
	}
	return NULL;
}

static struct err *
find_key(struct tag *t, const struct pdf_obj *tree)
{
	const struct pdf_obj *next;
	int64_t highest = -1, wanted = 0;
	TRY(get(t, t->root, "ParentTreeNextKey", &next));
	(void)pdf_int(next, 0, KEY_MAX, &wanted);
	TRY(highest_key(t, tree, &highest));
	t->key = highest >= wanted ? highest + 1 : wanted;
	TRY(buf_printf(&t->next, "%lld", (long long)t->key + 1));
	t->change[t->n++] =
	    (struct pdf_change){ "ParentTreeNextKey", buf_bytes(&t->next) };
	return NULL;
}

/* ---- the parent tree: ISO 32000-2 7.9.7 ---- */

static struct err *
write_pair(struct tag *t, const struct pdf_writer *w)
{
	TRY(buf_printf(w->out, "%lld ", (long long)t->key));
	return pdf_write_ref(w->out, t->element);
}

/* A leaf of its own, behind the others. */
static struct err *
write_leaf(struct tag *t, struct pdf_ref *out)
{
	struct pdf_writer w;
	TRY(pdf_increment_number(t->inc, out));
	TRY(pdf_increment_begin(t->inc, *out, &w));
	TRY(buf_printf(w.out, "<</Limits[%lld %lld]/Nums[", (long long)t->key,
	    (long long)t->key));
	TRY(write_pair(t, &w));
	TRY(buf_str(w.out, "]>>"));
	return pdf_increment_end(t->inc);
}

static struct err *
write_nums(struct tag *t, const struct pdf_writer *w, const struct pdf_obj *nums)
{
	TRY(buf_byte(w->out, '['));
	for (size_t i = 0; i < pdf_array_len(nums); i++) {
		TRY(pdf_write(w, pdf_array_at(nums, i)));
		TRY(buf_byte(w->out, ' '));
	}
	TRY(write_pair(t, w));
	return buf_byte(w->out, ']');
}

/* The tree's top, with one entry more; its arrays become direct. */
static struct err *
write_tree(struct tag *t, const struct pdf_writer *w, const struct pdf_obj *tree)
{
	const struct pdf_obj *kids, *nums;
	CLEANUP(buf_done) struct buf b = BUF(INSERTION_MAX);
	struct pdf_writer in = *w;
	in.out = &b;
	TRY(get(t, tree, "Kids", &kids));
	TRY(get(t, tree, "Nums", &nums));
	bool inner = pdf_array_len(kids) > 0;
	if (inner) {
		struct pdf_ref leaf;
		TRY(write_leaf(t, &leaf));
		TRY(pdf_write_longer(&in, kids, leaf));
	} else {
		TRY(write_nums(t, &in, nums));
	}
	const struct pdf_change c = { inner ? "Kids" : "Nums", buf_bytes(&b) };
	return pdf_write_changed(w, tree, &c, 1);
}

static struct err *
grow_tree(struct tag *t, const struct pdf_obj *tree)
{
	const struct pdf_obj *raw = pdf_dict_raw(t->root, "ParentTree");
	bool own = pdf_is(raw, PDF_REF) && pdf_is(tree, PDF_DICT);
	struct pdf_writer w = { .out = &t->tree,
		.crypt = pdf_crypt(t->d),
		.ref = own ? raw->ref : t->root_ref };
	TRY(write_tree(t, &w, tree));
	if (!own) {
		t->change[t->n++] =
		    (struct pdf_change){ "ParentTree", buf_bytes(&t->tree) };
		return NULL;
	}
	TRY(pdf_increment_begin(t->inc, raw->ref, &w));
	TRY(buf_append(w.out, buf_bytes(&t->tree)));
	return pdf_increment_end(t->inc);
}

/* ---- elements ---- */

/* The one element that holds all others, or the root. */
static struct err *
find_parent(struct tag *t)
{
	const struct pdf_obj *kids = pdf_dict_raw(t->root, "K");
	const struct pdf_obj *o;
	t->parent = t->root_ref;
	t->above = t->root;
	TRY(pdf_resolve(t->d, t->view, kids, &o));
	if (pdf_array_len(o) == 1) {
		kids = pdf_array_at(o, 0);
		TRY(pdf_resolve(t->d, t->view, kids, &o));
	}
	if (!pdf_is(kids, PDF_REF) || !pdf_is(o, PDF_DICT) ||
	    kids->ref.num == t->root_ref.num)
		return NULL;
	t->parent = kids->ref;
	t->above = o;
	return NULL;
}

/* The parent's /K with the new element behind the others; direct. */
static struct err *
write_kids(struct tag *t)
{
	const struct pdf_obj *raw = pdf_dict_raw(t->above, "K"), *k;
	struct pdf_writer w = {
		.out = &t->kids, .crypt = pdf_crypt(t->d), .ref = t->parent
	};
	TRY(pdf_resolve(t->d, t->view, raw, &k));
	if (pdf_is(k, PDF_ARRAY) || pdf_is(k, PDF_NULL))
		return pdf_write_longer(&w, k, t->element);
	TRY(buf_byte(&t->kids, '['));
	TRY(pdf_write(&w, raw));
	TRY(buf_byte(&t->kids, ' '));
	TRY(pdf_write_ref(&t->kids, t->element));
	return buf_byte(&t->kids, ']');
}

static struct err *
add_to_parent(struct tag *t)
{
	TRY(write_kids(t));
	const struct pdf_change c = { "K", buf_bytes(&t->kids) };
	if (t->parent.num != t->root_ref.num)
		return rewrite(t, t->parent, t->above, &c, 1);
	t->change[t->n++] = c;
	return NULL;
}

static struct err *
write_element(struct tag *t, struct pdf_ref field, struct pdf_ref page)
{
	struct pdf_writer w;
	TRY(pdf_increment_begin(t->inc, t->element, &w));
	TRY(buf_str(w.out, "<</Type/StructElem/S/Form/P "));
	TRY(pdf_write_ref(w.out, t->parent));
	TRY(buf_str(w.out, "/Pg "));
	TRY(pdf_write_ref(w.out, page));
	TRY(buf_str(w.out, "/K<</Type/OBJR/Obj "));
	TRY(pdf_write_ref(w.out, field));
	TRY(buf_str(w.out, "/Pg "));
	TRY(pdf_write_ref(w.out, page));
	TRY(buf_str(w.out, ">>>>"));
	return pdf_increment_end(t->inc);
}

struct err *
pdf_tag_field(struct pdf_increment *inc, struct pdf_ref field,
    struct pdf_ref page, int64_t *key)
{
	struct pdf_ref ref;
	const struct pdf_obj *catalog, *tree;
	CLEANUP(tag_done)
	struct tag t = { .inc = inc,
		.d = inc->doc,
		.view = pdf_views(inc->doc),
		.kids = BUF(INSERTION_MAX),
		.tree = BUF(INSERTION_MAX),
		.next = BUF(32) };
	*key = -1;
	TRY(pdf_catalog(t.d, t.view, &ref, &catalog));
	const struct pdf_obj *raw = pdf_dict_raw(catalog, "StructTreeRoot");
	TRY(pdf_resolve(t.d, t.view, raw, &t.root));
	TRY(get(&t, t.root, "ParentTree", &tree));
	if (!pdf_is(raw, PDF_REF) || !pdf_is(t.root, PDF_DICT) ||
	    !(pdf_is(tree, PDF_DICT) || pdf_is(tree, PDF_NULL)))
		return NULL;
	t.root_ref = raw->ref;
	TRY(pdf_increment_number(inc, &t.element));
	TRY(find_parent(&t));
	TRY(find_key(&t, tree));
	TRY(write_element(&t, field, page));
	TRY(grow_tree(&t, tree));
	TRY(add_to_parent(&t));
	*key = t.key;
	return rewrite(&t, t.root_ref, t.root, t.change, t.n);
}
