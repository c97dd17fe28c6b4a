#include "pdf/params.h"

#include "base/pack.h"
#include "pdf/appearance.h"

#include <stdlib.h>
#include <string.h>

enum { TAG_CERTIFY = 1, TAG_LOCK, TAG_FIELDS, TAG_FIELD, TAG_CONTACT };

/* What pdf_params_unpack() gives; the parameters come first. */
struct owned {
	struct pdf_params params;
	char **fields;
	char *contact;
};

struct err *
pdf_params_pack(const struct pdf_params *p, struct buf *out)
{
	TRY(pack_u64(out, TAG_CERTIFY, (uint64_t)p->certify));
	TRY(pack_u64(out, TAG_LOCK, (uint64_t)p->lock));
	TRY(pack_u64(out, TAG_FIELDS, p->nlock_fields));
	for (size_t i = 0; i < p->nlock_fields; i++)
		TRY(pack_str(out, TAG_FIELD, p->lock_fields[i]));
	if (p->contact != NULL)
		TRY(pack_str(out, TAG_CONTACT, p->contact));
	return p->look == NULL ? NULL : pdf_appearance_pack(p->look, out);
}

static struct err *
unpack_choice(struct unpack *u, uint16_t tag, unsigned max, unsigned *out)
{
	uint64_t v;
	TRY(unpack_u64(u, tag, &v));
	if (v > max)
		return err_new(ERR_MALFORMED, NULL, "no such choice");
	*out = (unsigned)v;
	return NULL;
}

static struct err *
unpack_fields(struct unpack *u, struct owned *o)
{
	uint64_t n;
	TRY(unpack_u64(u, TAG_FIELDS, &n));
	if (n > PDF_LOCK_FIELDS_MAX)
		return err_new(ERR_LIMIT, NULL, "over %d locked fields",
		    PDF_LOCK_FIELDS_MAX);
	o->fields = calloc((size_t)n + 1, sizeof(*o->fields));
	if (o->fields == NULL)
		return err_new(ERR_NOMEM, NULL, "names of fields");
	o->params.lock_fields = (const char *const *)o->fields;
	for (; o->params.nlock_fields < n; o->params.nlock_fields++)
		TRY(unpack_str(
		    u, TAG_FIELD, &o->fields[o->params.nlock_fields]));
	return NULL;
}

static struct err *
unpack_all(struct unpack *u, struct owned *o)
{
	unsigned certify, lock;
	TRY(unpack_choice(u, TAG_CERTIFY, PDF_CERTIFY_ANNOTATION, &certify));
	TRY(unpack_choice(u, TAG_LOCK, PDF_LOCK_EXCLUDE, &lock));
	o->params.certify = (enum pdf_certify)certify;
	o->params.lock = (enum pdf_lock_kind)lock;
	TRY(unpack_fields(u, o));
	if (unpack_is(u, TAG_CONTACT))
		TRY(unpack_str(u, TAG_CONTACT, &o->contact));
	o->params.contact = o->contact;
	if (pdf_appearance_follows(u))
		TRY(pdf_appearance_unpack(u, &o->params.look));
	return unpack_end(u);
}

struct err *
pdf_params_unpack(struct bytes packed, struct pdf_params **out)
{
	struct unpack u = unpack_of(packed);
	struct owned *o = calloc(1, sizeof(*o));
	if (o == NULL)
		return err_new(ERR_NOMEM, NULL, "struct pdf_params");
	struct err *e = unpack_all(&u, o);
	if (e != NULL) {
		pdf_params_free(&o->params);
		return e;
	}
	*out = &o->params;
	return NULL;
}

void
pdf_params_free(struct pdf_params *p)
{
	struct owned *o = (struct owned *)p;
	if (o == NULL)
		return;
	for (size_t i = 0; i < p->nlock_fields; i++)
		free(o->fields[i]);
	free(o->fields);
	free(o->contact);
	pdf_appearance_free(o->params.look);
	free(o);
}

static struct err *
certify_by_word(const char *word, enum pdf_certify *out)
{
	static const char *const words[] = { [PDF_CERTIFY_NOTHING] = "nothing",
		[PDF_CERTIFY_FORM] = "form",
		[PDF_CERTIFY_ANNOTATION] = "comments" };
	*out = PDF_APPROVAL;
	if (word == NULL)
		return NULL;
	for (int i = PDF_CERTIFY_NOTHING; i <= PDF_CERTIFY_ANNOTATION; i++) {
		if (strcmp(word, words[i]) == 0) {
			*out = (enum pdf_certify)i;
			return NULL;
		}
	}
	return err_new(ERR_USAGE, NULL,
	    "certify wants \"nothing\", \"form\" or \"comments\"");
}

/* Cuts `names` at its commas. */
static struct err *
cut_names(char *names, const char **out, size_t *n)
{
	char *rest = names;
	for (*n = 0; rest != NULL; (*n)++) {
		if (*n == PDF_LOCK_FIELDS_MAX)
			return err_new(ERR_USAGE, NULL, "over %d locked fields",
			    PDF_LOCK_FIELDS_MAX);
		out[*n] = rest;
		rest = strchr(rest, ',');
		if (rest != NULL)
			*rest++ = '\0';
	}
	return NULL;
}

static struct err *
pack_names(struct pdf_params *p, const char *lock, struct buf *out)
{
	char *names = NULL;
	const char **v = calloc(PDF_LOCK_FIELDS_MAX, sizeof(*v));
	struct err *e = v == NULL ? err_new(ERR_NOMEM, NULL, "names of fields")
				  : bytes_dup_str(bytes_str(lock), &names);
	if (e == NULL)
		e = cut_names(names, v, &p->nlock_fields);
	p->lock = PDF_LOCK_INCLUDE;
	p->lock_fields = v;
	if (e == NULL)
		e = pdf_params_pack(p, out);
	free(names);
	free(v);
	return e;
}

static struct err *
pack_locks(const struct pdf_words *w, struct buf *out)
{
	struct pdf_params p = { .lock = PDF_LOCK_NONE };
	TRY(certify_by_word(w->certify, &p.certify));
	if (w->lock != NULL && strcmp(w->lock, "*") != 0)
		return pack_names(&p, w->lock, out);
	if (w->lock != NULL)
		p.lock = PDF_LOCK_ALL;
	return pdf_params_pack(&p, out);
}

struct err *
pdf_params_words(const struct pdf_words *w, struct buf *out)
{
	bool look = pdf_appearance_wanted(w);
	if (w->certify == NULL && w->lock == NULL && !look)
		return NULL;
	TRY(pack_locks(w, out));
	return look ? pdf_appearance_words(w, out) : NULL;
}
