#include "pdf/allow.h"

#include "pdf/text.h"

#include <stdlib.h>
#include <string.h>

#define METADATA_MAX ((size_t)4 << 20) /* bytes of XMP that we look through */
#define NAME_DIGITS_MAX 6              /* of "Signature123456" */

/* What makes a reader's view of the file depend on the reader. */
#define ODD_TO_SIGN                                                            \
	(PDF_ODD_DUPLICATE_KEY | PDF_ODD_HYBRID_DIFFERS | PDF_ODD_JUNK_AFTER | \
	    PDF_ODD_SIZE)

/* /P, ISO 32000-2 table 22: bits 4, 6 and 9. */
#define MAY_MODIFY (1u << 3)
#define MAY_ANNOTATE (1u << 5)
#define MAY_FILL (1u << 8)

struct survey {
	struct pdf_document *d;
	size_t view;
	const struct pdf_wish *wish;
	struct pdf_survey *out;
	uint32_t highest; /* number in any reference */
};

static struct err *
refuse(enum err_kind kind, const char *code, const char *text)
{
	return err_coded(err_new(kind, NULL, "%s", text), code);
}

/* ---- numbers ---- */

static struct err *
see_ref(void *ctx, struct pdf_ref ref)
{
	struct survey *s = ctx;
	if (ref.num > s->highest)
		s->highest = ref.num;
	return NULL;
}

static struct err *
see_object(void *ctx, const struct pdf_loaded *o)
{
	struct survey *s = ctx;
	if (s->wish->seen != NULL && o->entry.kind == PDF_ENTRY_AT)
		TRY(s->wish->seen(s->wish->ctx, o->end));
	return pdf_each_ref(s->d, &o->obj, see_ref, s);
}

static struct err *
find_numbers(struct survey *s)
{
	const struct pdf_xref *x = pdf_xref(s->d);
	s->highest = x->highest;
	TRY(pdf_scan(s->d, 1, s->view, see_object, s));
	for (size_t i = 0; i < x->nsections; i++)
		TRY(pdf_each_ref(s->d, &x->sections[i].trailer, see_ref, s));
	s->out->next = s->highest + 1;
	return NULL;
}

/* ---- what a signed field forbids ---- */

static struct err *
name_in(
    struct survey *s, const struct pdf_obj *list, const char *name, bool *out)
{
	*out = false;
	for (size_t i = 0; i < pdf_array_len(list) && !*out; i++) {
		const struct pdf_obj *o;
		CLEANUP(buf_done) struct buf b = BUF(64 * 1024);
		TRY(pdf_array_get(s->d, s->view, list, i, &o));
		if (!pdf_is(o, PDF_STRING))
			continue;
		TRY(pdf_text_utf8(o->text, &b));
		/* A name stands for all that is below it, too. */
		struct bytes n = bytes_str(name);
		*out = bytes_starts(n, buf_bytes(&b)) &&
		       (n.len == b.len || n.ptr[b.len] == '.');
	}
	return NULL;
}

/* FieldMDP, ISO 32000-2 12.8.2.4: our field must not be among the locked. */
static struct err *
check_lock(struct survey *s, const struct pdf_obj *parms)
{
	const struct pdf_obj *action, *fields;
	bool named = false;
	TRY(pdf_dict_get(s->d, s->view, parms, "Action", &action));
	TRY(pdf_dict_get(s->d, s->view, parms, "Fields", &fields));
	/* A name that we choose ourselves is not in anybody's list. */
	if (s->out->wanted != NULL)
		TRY(name_in(s, fields, s->out->wanted, &named));
	bool locked = pdf_is_name(action, "All") ||
		      (pdf_is_name(action, "Include") && named) ||
		      (pdf_is_name(action, "Exclude") && !named);
	return locked ? refuse(ERR_DENIED, "pdf-locked",
			    "a signed field locks the field to be signed")
		      : NULL;
}

static struct err *
check_level(const struct pdf_obj *p)
{
	int64_t level = 2;
	(void)pdf_int(p, INT64_MIN, INT64_MAX, &level);
	/* ISO 32000-2 table 257; what is not there is not allowed. */
	return level == 2 || level == 3
		   ? NULL
		   : refuse(ERR_DENIED, "pdf-certified",
			 "the document is certified against every change");
}

static struct err *
check_reference(struct survey *s, const struct pdf_obj *r)
{
	const struct pdf_obj *method, *parms, *p;
	TRY(pdf_dict_get(s->d, s->view, r, "TransformMethod", &method));
	TRY(pdf_dict_get(s->d, s->view, r, "TransformParams", &parms));
	TRY(pdf_dict_get(s->d, s->view, parms, "P", &p));
	if (pdf_is_name(method, "DocMDP"))
		return check_level(p);
	return pdf_is_name(method, "FieldMDP") ? check_lock(s, parms) : NULL;
}

static struct err *
check_signature(struct survey *s, const struct pdf_obj *signature)
{
	const struct pdf_obj *list, *r;
	TRY(pdf_dict_get(s->d, s->view, signature, "Reference", &list));
	for (size_t i = 0; i < pdf_array_len(list); i++) {
		TRY(pdf_array_get(s->d, s->view, list, i, &r));
		TRY(check_reference(s, r));
	}
	return NULL;
}

/* /Lock of a signed field, where its signature has no transform of it. */
static struct err *
check_signed_field(struct survey *s, const struct pdf_field *f)
{
	const struct pdf_obj *value, *lock, *p;
	TRY(pdf_resolve(s->d, s->view, f->value, &value));
	if (!pdf_is_dict(value))
		return NULL;
	if (pdf_is_name(pdf_dict_raw(value, "SubFilter"), "ETSI.RFC3161"))
		s->out->stamps++;
	else
		s->out->signatures++;
	if (s->wish->evidence)
		return NULL;
	TRY(check_signature(s, value));
	TRY(pdf_dict_get(s->d, s->view, f->dict, "Lock", &lock));
	if (pdf_is(lock, PDF_NULL))
		return NULL;
	TRY(pdf_dict_get(s->d, s->view, lock, "P", &p));
	if (!pdf_is(p, PDF_NULL))
		TRY(check_level(p));
	return check_lock(s, lock);
}

static struct err *
check_permissions(struct survey *s)
{
	struct pdf_ref ref;
	const struct pdf_obj *catalog, *perms, *signature, *rendering;
	TRY(pdf_catalog(s->d, s->view, &ref, &catalog));
	TRY(pdf_dict_get(s->d, s->view, catalog, "Perms", &perms));
	TRY(pdf_dict_get(s->d, s->view, perms, "DocMDP", &signature));
	if (!s->wish->evidence)
		TRY(check_signature(s, signature));
	TRY(pdf_dict_get(s->d, s->view, catalog, "NeedsRendering", &rendering));
	if (pdf_is(rendering, PDF_BOOL) && rendering->boolean)
		return refuse(ERR_UNSUPPORTED, "pdf-xfa",
		    "a dynamic XFA form cannot be signed");
	return NULL;
}

/* ---- fields ---- */

/* "Signature12" and what is below it take the number 12. */
static unsigned
number_in_name(struct bytes name)
{
	const struct bytes prefix = BYTES_LIT("Signature");
	unsigned v = 0;
	size_t i = prefix.len;
	if (!bytes_starts(name, prefix))
		return 0;
	for (; i < name.len && name.ptr[i] >= '0' && name.ptr[i] <= '9'; i++) {
		if (i - prefix.len == NAME_DIGITS_MAX)
			return 0;
		v = v * 10 + (unsigned)(name.ptr[i] - '0');
	}
	return i == name.len || name.ptr[i] == '.' ? v : 0;
}

static struct err *
all_widgets_look(struct survey *s, const struct pdf_obj *dict, bool *out)
{
	const struct pdf_obj *kids, *kid;
	TRY(pdf_dict_get(s->d, s->view, dict, "Kids", &kids));
	*out = !pdf_is(pdf_dict_raw(dict, "AP"), PDF_NULL);
	if (pdf_array_len(kids) == 0)
		return NULL;
	*out = true;
	for (size_t i = 0; i < pdf_array_len(kids) && *out; i++) {
		TRY(pdf_array_get(s->d, s->view, kids, i, &kid));
		*out = !pdf_is(pdf_dict_raw(kid, "AP"), PDF_NULL);
	}
	return NULL;
}

/* The picture of an invisible signature: one is enough for all. */
static struct err *
find_empty_look(struct survey *s, const struct pdf_field *f)
{
	const struct pdf_obj *ap, *look;
	TRY(pdf_dict_get(s->d, s->view, f->dict, "AP", &ap));
	const struct pdf_obj *n = pdf_dict_raw(ap, "N");
	if (!pdf_is(n, PDF_REF))
		return NULL;
	TRY(pdf_get(s->d, s->view, n->ref, &look));
	const struct pdf_obj *box = pdf_dict_raw(look, "BBox");
	bool empty = pdf_is(look, PDF_STREAM) && pdf_array_len(box) == 4 &&
		     pdf_dict_len(pdf_dict_raw(look, "Resources")) == 0;
	for (size_t i = 0; empty && i < 4; i++) {
		int64_t zero;
		empty = pdf_int(pdf_array_at(box, i), 0, 0, &zero);
	}
	if (empty)
		s->out->empty_look = n->ref;
	return NULL;
}

static struct err *
check_wanted(struct survey *s, const struct pdf_field *f)
{
	const struct pdf_obj *value;
	TRY(pdf_resolve(s->d, s->view, f->value, &value));
	if (!pdf_is_name(f->type, "Sig") || !f->terminal || f->ref.num == 0)
		return refuse(ERR_UNSUPPORTED, "pdf-field",
		    "the field of that name is no signature field");
	if (!pdf_is(value, PDF_NULL))
		return refuse(ERR_DENIED, "pdf-field-signed",
		    "the field of that name is signed already");
	if (s->out->found)
		return refuse(ERR_UNSUPPORTED, "pdf-ambiguous",
		    "there are two fields of that name");
	s->out->found = true;
	s->out->field = f->ref;
	s->out->dict = f->dict;
	return NULL;
}

static struct err *
see_field(void *ctx, const struct pdf_field *f, bool *go_on)
{
	struct survey *s = ctx;
	(void)go_on;
	unsigned n = number_in_name(f->name);
	if (n >= s->out->name_number)
		s->out->name_number = n + 1;
	if (s->out->wanted != NULL && bytes_eq_str(f->name, s->out->wanted))
		TRY(check_wanted(s, f));
	if (!f->terminal)
		return NULL;
	if (pdf_is_name(f->type, "Sig")) {
		TRY(find_empty_look(s, f));
		return check_signed_field(s, f);
	}
	bool looks;
	TRY(all_widgets_look(s, f->dict, &looks));
	s->out->bare_widgets = s->out->bare_widgets || !looks;
	return NULL;
}

/* ---- PDF/A ---- */

static bool
says(struct bytes xmp, const char *words)
{
	return bytes_find(xmp, bytes_str(words)) != SIZE_MAX;
}

static struct err *
find_pdfa(struct survey *s)
{
	struct pdf_ref ref;
	const struct pdf_obj *catalog, *metadata;
	TRY(pdf_catalog(s->d, s->view, &ref, &catalog));
	TRY(pdf_dict_get(s->d, s->view, catalog, "Metadata", &metadata));
	const struct pdf_obj *at = pdf_dict_raw(catalog, "Metadata");
	if (!pdf_is(metadata, PDF_STREAM) || !pdf_is(at, PDF_REF))
		return NULL;
	CLEANUP(buf_done) struct buf b = BUF(METADATA_MAX);
	struct err *e = pdf_stream_data(s->d, s->view, at->ref, metadata, &b);
	/* Metadata that we cannot read make no promise that we could break. */
	if (e != NULL && err_kind(e) == ERR_NOMEM)
		return e;
	struct bytes xmp = buf_bytes(&b);
	s->out->pdfa = e == NULL && says(xmp, "pdfaid");
	s->out->pdfa1 =
	    s->out->pdfa && !says(xmp, "pdfaid:part>2") &&
	    !says(xmp, "pdfaid:part>3") && !says(xmp, "pdfaid:part>4") &&
	    !says(xmp, "pdfaid:part=\"2") && !says(xmp, "pdfaid:part=\"3") &&
	    !says(xmp, "pdfaid:part=\"4");
	err_free(e);
	return NULL;
}

/* ---- the whole ---- */

static struct err *
find_tags(struct survey *s)
{
	struct pdf_ref ref;
	const struct pdf_obj *catalog, *tree;
	TRY(pdf_catalog(s->d, s->view, &ref, &catalog));
	TRY(pdf_dict_get(s->d, s->view, catalog, "StructTreeRoot", &tree));
	s->out->tagged = pdf_is(tree, PDF_DICT);
	return NULL;
}

/* A new field wants more than filling one that is there; the owner may do
 * all. */
static struct err *
check_bits(const struct survey *s)
{
	const struct crypt *c = pdf_crypt(s->d);
	if (c == NULL || crypt_is_owner(c) || s->wish->evidence)
		return NULL;
	uint32_t p = crypt_permissions(c);
	bool may = s->out->found
		       ? (p & (MAY_ANNOTATE | MAY_FILL)) != 0
		       : (p & MAY_MODIFY) != 0 && (p & MAY_ANNOTATE) != 0;
	return may ? NULL
		   : refuse(ERR_DENIED, "pdf-permission",
			 "the permissions of the encrypted file forbid it");
}

static struct err *
check_wish(const struct survey *s)
{
	if (s->wish->certify != PDF_APPROVAL && s->out->signatures > 0)
		return refuse(ERR_DENIED, "pdf-certify-late",
		    "a certification must be the first signature");
	return check_bits(s);
}

struct err *
pdf_survey_document(
    struct pdf_document *d, const struct pdf_wish *wish, struct pdf_survey *out)
{
	struct pdf_survey result = { .wanted = wish->field, .name_number = 1 };
	struct survey s = {
		.d = d, .view = pdf_views(d), .wish = wish, .out = &result
	};
	TRY(find_numbers(&s));
	TRY(check_permissions(&s));
	TRY(pdf_each_field(d, s.view, see_field, &s));
	TRY(find_pdfa(&s));
	TRY(find_tags(&s));
	TRY(check_wish(&s));
	if (pdf_odd(d) & ODD_TO_SIGN)
		return refuse(ERR_UNSUPPORTED, "pdf-ambiguous",
		    "readers may disagree about what the document shows");
	*out = result;
	return NULL;
}
