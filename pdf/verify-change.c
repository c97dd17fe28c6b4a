/* What happened after each signature, and whether it was allowed:
 * ISO 32000-2 12.8.2.2 (DocMDP), 12.8.2.4 (FieldMDP). */
#include "pdf/verify-impl.h"

#include "pdf/text.h"

#include <stdlib.h>
#include <string.h>

#define REFERENCES_MAX 32    /* signature references in one dictionary */
#define LOCKED_NAME_MAX 8192 /* bytes of a locked field's name, as UTF-8 */
#define CHANGES_TOLD_MAX 200 /* findings of one signature; levels count all */

/* ---- what a signature forbids ---- */

static enum change_level
level_of(int64_t p)
{
	switch (p) {
	case 1:
		return CHANGE_LTV;
	case 2:
		return CHANGE_FORM;
	default:
		return CHANGE_ANNOTATION;
	}
}

/* /Action and /Fields, of FieldMDP parameters or of a /Lock dictionary. */
static struct err *
read_lock(struct verify *v, struct sig *s, const struct pdf_obj *o)
{
	struct lock l = { .kind = LOCK_ALL };
	const struct pdf_obj *action;
	TRY(pdf_dict_get(v->d, s->view, o, "Action", &action));
	TRY(pdf_dict_get(v->d, s->view, o, "Fields", &l.names));
	if (pdf_is_name(action, "Include"))
		l.kind = LOCK_INCLUDE;
	else if (pdf_is_name(action, "Exclude"))
		l.kind = LOCK_EXCLUDE;
	if (s->nlocks == COUNT_OF(s->locks))
		return err_new(ERR_LIMIT, NULL, "locks of one signature");
	s->locks[s->nlocks++] = l;
	const struct pdf_obj *p;
	TRY(pdf_dict_get(v->d, s->view, o, "P", &p));
	int64_t level;
	if (pdf_int(p, 1, 3, &level) &&
	    (s->lock_mdp == 0 || level < s->lock_mdp))
		s->lock_mdp = level;
	return NULL;
}

static struct err *
read_reference(struct verify *v, struct sig *s, const struct pdf_obj *ref)
{
	const struct pdf_obj *method, *params, *p;
	TRY(pdf_dict_get(v->d, s->view, ref, "TransformMethod", &method));
	TRY(pdf_dict_get(v->d, s->view, ref, "TransformParams", &params));
	if (pdf_is_name(method, "FieldMDP"))
		return read_lock(v, s, params);
	if (!pdf_is_name(method, "DocMDP"))
		return NULL;
	s->certifies = true;
	s->mdp = 2;
	TRY(pdf_dict_get(v->d, s->view, params, "P", &p));
	if (!pdf_is(p, PDF_NULL) && !pdf_int(p, 1, 3, &s->mdp))
		s->mdp = 1;
	return NULL;
}

/* Only a certification that the catalog names may allow more than is usual. */
static struct err *
check_perms(struct verify *v, struct sig *s)
{
	struct pdf_ref root;
	const struct pdf_obj *catalog, *perms;
	TRY(pdf_catalog(v->d, s->view, &root, &catalog));
	TRY(pdf_dict_get(v->d, s->view, catalog, "Perms", &perms));
	const struct pdf_obj *doc = pdf_dict_raw(perms, "DocMDP");
	bool named = pdf_is(doc, PDF_REF) && doc->ref.num == s->ref.num;
	if (!named && s->mdp > 2)
		s->mdp = 2;
	return NULL;
}

struct err *
sig_permissions(struct verify *v, struct sig *s)
{
	const struct pdf_obj *refs, *ref, *field, *lock;
	TRY(pdf_dict_get(v->d, s->view, s->dict, "Reference", &refs));
	if (pdf_array_len(refs) > REFERENCES_MAX)
		return err_new(ERR_LIMIT, NULL, "signature references");
	for (size_t i = 0; i < pdf_array_len(refs); i++) {
		TRY(pdf_array_get(v->d, s->view, refs, i, &ref));
		TRY(read_reference(v, s, ref));
	}
	if (s->certifies)
		TRY(check_perms(v, s));
	if (s->field.num == 0)
		return NULL;
	TRY(pdf_get(v->d, s->view, s->field, &field));
	TRY(pdf_dict_get(v->d, s->view, field, "Lock", &lock));
	return pdf_is(lock, PDF_DICT) ? read_lock(v, s, lock) : NULL;
}

/* ---- steps from one signed revision to the next ---- */

struct step {
	size_t from, to;
	struct pdf_diff diff;
};

struct steps {
	struct step *v;
	size_t n;
};

/* By insertion: they are few, mostly in order, and qsort() asks the system
 * things that a sandbox forbids. */
static void
sort_by_view(struct sig **v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct sig *s = v[i];
		size_t k = i;
		for (; k > 0 && v[k - 1]->view > s->view; k--)
			v[k] = v[k - 1];
		v[k] = s;
	}
}

static struct err *
run_steps(struct verify *v, struct sig **order, size_t n, struct steps *out)
{
	for (size_t i = 0; i < n; i++) {
		size_t from = order[i]->view;
		size_t to = i + 1 < n ? order[i + 1]->view : pdf_views(v->d);
		if (from == to)
			continue;
		struct step *s = &out->v[out->n];
		*s = (struct step){ .from = from, .to = to };
		TRY(pdf_diff(v->d, from, to, &s->diff));
		out->n++;
	}
	return NULL;
}

/* The field itself, or one above it. */
static struct err *
covers_name(struct bytes locked, const char *name, bool *out)
{
	CLEANUP(buf_done) struct buf utf8 = BUF(LOCKED_NAME_MAX);
	TRY(pdf_text_utf8(locked, &utf8));
	struct bytes n = bytes_str(name);
	*out = bytes_starts(n, buf_bytes(&utf8)) &&
	       (n.len == utf8.len || name[utf8.len] == '.');
	return NULL;
}

static struct err *
is_locked(struct verify *v, const struct sig *s, const struct lock *l,
    const char *name, bool *out)
{
	bool listed = false;
	for (size_t i = 0; !listed && i < pdf_array_len(l->names); i++) {
		const struct pdf_obj *o;
		TRY(pdf_array_get(v->d, s->view, l->names, i, &o));
		if (pdf_is(o, PDF_STRING))
			TRY(covers_name(o->text, name, &listed));
	}
	*out = l->kind == LOCK_ALL || (l->kind == LOCK_INCLUDE) == listed;
	return pdf_spend(pdf_document_budget(v->d), pdf_array_len(l->names));
}

static struct err *
check_locks(struct verify *v, const struct sig *s, const struct pdf_diff *d)
{
	for (size_t i = 0; i < s->nlocks; i++) {
		for (size_t k = 0; k < d->nnames; k++) {
			bool locked;
			TRY(is_locked(
			    v, s, &s->locks[i], d->names[k], &locked));
			if (locked)
				return sig_finding(v, s, true,
				    "pdf-field-locked", "field %.100s",
				    d->names[k]);
		}
	}
	return NULL;
}

static bool
is_told(const struct findings *told, const struct finding *new)
{
	for (size_t i = 0; i < told->n; i++) {
		const char *detail = told->v[i].detail;
		if (strcmp(told->v[i].code, new->code) == 0 && detail != NULL &&
		    new->detail != NULL && strcmp(detail, new->detail) == 0)
			return true;
	}
	return false;
}

/* Where it is, for what was just added to every fact. */
static void
place_finding(struct verify *v, const struct sig *s, const struct finding *of)
{
	for (size_t i = 0; i < s->nfacts; i++) {
		struct findings *f =
		    &v->facts->signatures[s->fact + i].findings;
		f->v[f->n - 1].page = of->page;
		f->v[f->n - 1].revision = of->revision;
		f->v[f->n - 1].object = of->object;
	}
}

/* The same thing in many revisions is told once. */
static struct err *
tell_step(struct verify *v, const struct sig *s, const struct step *step)
{
	const struct findings *f = &step->diff.findings;
	const struct findings *told = &v->facts->signatures[s->fact].findings;
	for (size_t i = 0; i < f->n && told->n < CHANGES_TOLD_MAX; i++) {
		if (is_told(told, &f->v[i]))
			continue;
		TRY(sig_finding(v, s, f->v[i].fatal, f->v[i].code, "%s",
		    f->v[i].detail == NULL ? "" : f->v[i].detail));
		place_finding(v, s, &f->v[i]);
	}
	return check_locks(v, s, &step->diff);
}

static struct err *
judge(struct verify *v, const struct sig *s, const struct steps *steps,
    enum change_level allowed)
{
	enum change_level worst = CHANGE_NONE;
	for (size_t i = 0; i < steps->n; i++) {
		if (steps->v[i].from < s->view)
			continue;
		if (steps->v[i].diff.level > worst)
			worst = steps->v[i].diff.level;
		TRY(tell_step(v, s, &steps->v[i]));
	}
	for (size_t i = 0; i < s->nfacts; i++) {
		v->facts->signatures[s->fact + i].changes = worst;
		v->facts->signatures[s->fact + i].allowed = allowed;
	}
	if (worst <= allowed)
		return NULL;
	return sig_finding(v, s, true, "pdf-changed-after-signing",
	    "more was changed than the signature allows");
}

/* What each signature leaves allowed, from the oldest on. */
static struct err *
permissions(
    struct verify *v, struct sig **order, size_t n, const struct steps *steps)
{
	enum change_level allowed = CHANGE_FORM;
	bool stated = false, first = true;
	for (size_t i = 0; i < n; i++) {
		struct sig *s = order[i];
		if (s->certifies && !first)
			TRY(sig_finding(v, s, true, "pdf-docmdp-late",
			    "a certification must be the first signature"));
		int64_t p = s->certifies && first ? s->mdp : 0;
		if (s->lock_mdp != 0 && (p == 0 || s->lock_mdp < p))
			p = s->lock_mdp;
		if (p != 0 && stated && level_of(p) > allowed)
			TRY(sig_finding(v, s, true, "pdf-permissions-raised",
			    "allows more than an earlier signature"));
		if (p != 0 && (!stated || level_of(p) < allowed)) {
			allowed = level_of(p);
			stated = true;
		}
		first = first && s->stamp;
		TRY(judge(v, s, steps, allowed));
	}
	return NULL;
}

static struct err *
in_order(struct verify *v, struct sig **order, struct steps *steps)
{
	size_t n = 0;
	for (size_t i = 0; i < v->nsigs; i++) {
		if (v->sigs[i].view != 0)
			order[n++] = &v->sigs[i];
	}
	sort_by_view(order, n);
	TRY(run_steps(v, order, n, steps));
	return permissions(v, order, n, steps);
}

struct err *
sigs_changes(struct verify *v)
{
	if (v->nsigs == 0)
		return NULL;
	struct sig **order = calloc(v->nsigs, sizeof(*order));
	struct steps steps = { .v = calloc(v->nsigs, sizeof(*steps.v)) };
	struct err *e = order == NULL || steps.v == NULL
			    ? err_new(ERR_NOMEM, NULL, "revisions")
			    : in_order(v, order, &steps);
	for (size_t i = 0; i < steps.n; i++)
		pdf_diff_done(&steps.v[i].diff);
	free(steps.v);
	free(order);
	return e;
}
