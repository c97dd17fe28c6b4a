/* The number of one page, without going through all of them. */
#include "pdf/document.h"

#define TREE_DEPTH_MAX 64
#define SIBLINGS_MAX 10000 /* looked at before one page */

struct count {
	struct pdf_document *d;
	size_t view;
	struct pdf_arena arena;
	size_t siblings; /* looked at so far */
};

static struct err *
load(struct count *c, struct pdf_ref ref, struct pdf_obj *out)
{
	struct pdf_loaded l;
	bool found;
	*out = pdf_null;
	TRY(pdf_load(c->d, &c->arena, c->view, ref, &found, &l));
	if (found)
		*out = l.obj;
	return NULL;
}

/* How many pages a kid is or has. */
static struct err *
pages_in(struct count *c, const struct pdf_obj *kid, size_t *out)
{
	struct pdf_obj o;
	int64_t n = 1;
	*out = 0;
	if (!pdf_is(kid, PDF_REF))
		return NULL;
	TRY(load(c, kid->ref, &o));
	if (!pdf_is(&o, PDF_DICT))
		return NULL;
	if (!pdf_is(pdf_dict_raw(&o, "Kids"), PDF_NULL) &&
	    !pdf_int(pdf_dict_raw(&o, "Count"), 0, PDF_PAGES_MAX, &n))
		n = 0;
	*out = (size_t)n;
	return NULL;
}

/* The pages of `parent` before its kid `num`; *found: that is one of them. */
static struct err *
pages_before(struct count *c, const struct pdf_obj *parent, uint32_t num,
    bool *found, size_t *out)
{
	struct pdf_obj array = pdf_null;
	const struct pdf_obj *kids = pdf_dict_raw(parent, "Kids");
	if (pdf_is(kids, PDF_REF)) {
		TRY(load(c, kids->ref, &array));
		kids = &array;
	}
	*found = false;
	for (size_t i = 0; !*found && i < pdf_array_len(kids); i++) {
		const struct pdf_obj *kid = pdf_array_at(kids, i);
		size_t n;
		*found = pdf_is(kid, PDF_REF) && kid->ref.num == num;
		if (*found || c->siblings++ >= SIBLINGS_MAX)
			return NULL;
		TRY(pages_in(c, kid, &n));
		*out += n;
	}
	return NULL;
}

static struct err *
climb(struct count *c, uint32_t num, size_t *out)
{
	struct pdf_obj node, parent;
	size_t before = 0;
	TRY(load(c, (struct pdf_ref){ num, 0 }, &node));
	for (int i = 0; i < TREE_DEPTH_MAX; i++) {
		const struct pdf_obj *up = pdf_dict_raw(&node, "Parent");
		bool found;
		if (!pdf_is(up, PDF_REF)) {
			/* The root of the tree; or of nothing. */
			*out = i == 0 ? 0 : before + 1;
			return NULL;
		}
		TRY(load(c, up->ref, &parent));
		TRY(pages_before(c, &parent, num, &found, &before));
		if (!found)
			return NULL;
		num = up->ref.num;
		node = parent;
	}
	return NULL;
}

struct err *
pdf_page_number(struct pdf_document *d, size_t view, uint32_t num, size_t *out)
{
	struct count c = {
		.d = d, .view = view, .arena = PDF_ARENA(pdf_document_budget(d))
	};
	*out = 0;
	struct err *e = climb(&c, num, out);
	pdf_arena_done(&c.arena);
	return e;
}
