/* Trailer and catalog: what may differ there, and who judges it. */
#include "pdf/diff-impl.h"

#include <string.h>

/* Free of references and scripts, so of no effect on what is shown: an Info
 * dictionary, developer extensions, MarkInfo. */
static struct err *
plain_value(struct diff *f, const struct pdf_obj *old,
    const struct pdf_obj *new, enum change_level level, const char *code,
    const char *what)
{
	const struct pdf_obj *a, *b;
	uint32_t old_num, new_num;
	TRY(diff_resolve(f, OLD, old, &old_num, &a));
	TRY(diff_resolve(f, NEW, new, &new_num, &b));
	if (old_num == new_num && pdf_equal(a, b))
		return diff_push(f, old, what);
	if (!pdf_is(b, PDF_DICT) && !(pdf_is(b, PDF_NULL) && new_num == 0))
		return diff_report(
		    f, CHANGE_SUSPICIOUS, "pdf-catalog-changed", "/%s", what);
	if (diff_has_refs(b) && !pdf_equal(a, b))
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-catalog-changed",
		    "/%s with references", what);
	return diff_report(f, level, code, "/%s", what);
}

static struct err *
info(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	return plain_value(
	    f, old, new, CHANGE_LTV, "pdf-metadata-changed", "Info");
}

static struct err *
mark_info(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	return plain_value(
	    f, old, new, CHANGE_FORM, "pdf-metadata-changed", "MarkInfo");
}

/* << /ESIC << /BaseVersion /1.7 >> >>: either dictionary may be indirect. */
static struct err *
extensions(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	const struct pdf_obj *a, *b;
	uint32_t num;
	TRY(diff_resolve(f, OLD, old, NULL, &a));
	TRY(diff_resolve(f, NEW, new, &num, &b));
	bool touched = diff_touched(f, old) || diff_touched(f, a);
	if (pdf_equal(old, new) && pdf_equal(a, b) && !touched)
		return diff_push(f, old, "Extensions");
	if (!pdf_is(b, PDF_DICT))
		return diff_report(
		    f, CHANGE_SUSPICIOUS, "pdf-catalog-changed", "/Extensions");
	for (size_t i = 0; i < pdf_dict_len(b); i++) {
		const struct pdf_obj *v;
		TRY(diff_resolve(f, NEW, pdf_dict_value(b, i), NULL, &v));
		if (diff_has_refs(v) || pdf_is(v, PDF_STREAM))
			return diff_report(f, CHANGE_SUSPICIOUS,
			    "pdf-catalog-changed", "/Extensions");
	}
	return diff_report(
	    f, CHANGE_LTV, "pdf-metadata-changed", "/Extensions");
}

static bool
plain_stream(const struct pdf_obj *o)
{
	if (!pdf_is(o, PDF_STREAM))
		return false;
	for (size_t i = 0; i < pdf_dict_len(o); i++) {
		if (!bytes_eq_str(pdf_dict_key(o, i)->text, "Length") &&
		    diff_has_refs(pdf_dict_value(o, i)))
			return false;
	}
	return true;
}

static struct err *
metadata(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	const struct pdf_obj *a, *b;
	if (pdf_equal(old, new) && !diff_touched(f, old))
		return diff_push(f, old, "Metadata");
	TRY(diff_resolve(f, OLD, old, NULL, &a));
	TRY(diff_resolve(f, NEW, new, NULL, &b));
	if (pdf_equal(old, new) && pdf_equal(a, b))
		return diff_push(f, old, "Metadata");
	if (!plain_stream(b) ||
	    !pdf_is_name(pdf_dict_raw(b, "Type"), "Metadata"))
		return diff_report(
		    f, CHANGE_SUSPICIOUS, "pdf-catalog-changed", "/Metadata");
	return diff_report(f, CHANGE_LTV, "pdf-metadata-changed", "/Metadata");
}

static struct err *
version(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	if (pdf_equal(old, new))
		return diff_push(f, old, "Version");
	bool plain = pdf_is(new, PDF_NAME) && new->text.len <= 8 &&
		     (pdf_is(old, PDF_NULL) || pdf_is(old, PDF_NAME));
	if (plain && pdf_is(old, PDF_NAME))
		plain = bytes_cmp(old->text, new->text) < 0;
	return diff_report(f, plain ? CHANGE_LTV : CHANGE_SUSPICIOUS,
	    plain ? "pdf-metadata-changed" : "pdf-catalog-changed", "/Version");
}

static const struct {
	const char *key;
	struct err *(*rule)(struct diff *f, const struct pdf_obj *old,
	    const struct pdf_obj *new);
} catalog_rules[] = {
	/* The form first: pages ask which widgets are new signatures. */
	{ "AcroForm", diff_form },
	{ "Pages", diff_pages },
	{ "DSS", diff_dss },
	{ "Extensions", extensions },
	{ "MarkInfo", mark_info },
	{ "Metadata", metadata },
	{ "StructTreeRoot", diff_struct_root },
	{ "Version", version },
};

static const char *const catalog_exempt[] = { "AcroForm", "Pages", "DSS",
	"Extensions", "MarkInfo", "Metadata", "StructTreeRoot", "Version",
	NULL };

static struct err *
catalog(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	const struct pdf_obj *a, *b;
	uint32_t old_num, new_num;
	TRY(diff_resolve(f, OLD, old, &old_num, &a));
	TRY(diff_resolve(f, NEW, new, &new_num, &b));
	if (!pdf_is(a, PDF_DICT) || !pdf_is(b, PDF_DICT))
		return err_new(ERR_MALFORMED, NULL, "/Root");
	/* The old catalog may be reached (/Data of a signature refers to it),
	 * and is judged here; where the root moved it must stay as it was. */
	if (old_num == new_num)
		diff_set(f, old_num, BIT_PAGE);
	bool same;
	TRY(diff_members(
	    f, a, b, catalog_exempt, "pdf-catalog-changed", "catalog", &same));
	for (size_t i = 0; i < COUNT_OF(catalog_rules); i++)
		TRY(catalog_rules[i].rule(f,
		    pdf_dict_raw(a, catalog_rules[i].key),
		    pdf_dict_raw(b, catalog_rules[i].key)));
	return NULL;
}

/* ---- trailer ---- */

static bool
trailer_key_known(struct bytes key)
{
	static const char *const known[] = { "Size", "Prev", "Root", "Encrypt",
		"Info", "ID", "XRefStm", "Type", "W", "Index", "Length",
		"Filter", "DecodeParms", "AdditionalStreams", NULL };
	for (size_t i = 0; known[i] != NULL; i++) {
		if (bytes_eq_str(key, known[i]))
			return true;
	}
	return false;
}

/* What an unknown key refers to is used in ways that nobody knows. */
static struct err *
trailer_strangers(struct diff *f, const struct pdf_obj *t)
{
	for (size_t i = 0; i < pdf_dict_len(t); i++) {
		struct bytes key = pdf_dict_key(t, i)->text;
		if (!trailer_key_known(key) &&
		    diff_has_refs(pdf_dict_value(t, i)))
			TRY(diff_report(f, CHANGE_SUSPICIOUS,
			    "pdf-trailer-changed", "/%.*s",
			    (int)(key.len < 40 ? key.len : 40),
			    (const char *)key.ptr));
	}
	return NULL;
}

static bool
has_ref(const struct pdf_obj *list, uint32_t num)
{
	for (size_t i = 0; i < pdf_array_len(list); i++) {
		const struct pdf_obj *o = pdf_array_at(list, i);
		if (pdf_is(o, PDF_REF) && o->ref.num == num)
			return true;
	}
	return false;
}

/*
 * LibreOffice puts the document that a PDF was made from into a stream, and
 * opens that instead.  Other programs let the reference point astray; only
 * another stream matters.
 */
static struct err *
additional_streams(
    struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	if (pdf_array_len(old) > 16 || pdf_array_len(new) > 16)
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-trailer-changed",
		    "/AdditionalStreams");
	if (diff_has_refs(new) && !pdf_is(new, PDF_ARRAY))
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-trailer-changed",
		    "/AdditionalStreams");
	for (size_t i = 0; i < pdf_array_len(new); i++) {
		const struct pdf_obj *s, *o = pdf_array_at(new, i);
		TRY(diff_resolve(f, NEW, o, NULL, &s));
		if (!pdf_is(s, PDF_STREAM))
			continue;
		if (!has_ref(old, o->ref.num))
			return diff_report(f, CHANGE_SUSPICIOUS,
			    "pdf-trailer-changed", "/AdditionalStreams");
		TRY(diff_push(f, o, "AdditionalStreams"));
	}
	return NULL;
}

/* Readers may ignore what is listed beyond /Size: with a smaller one content
 * disappears for some of them. */
static struct err *
size(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	int64_t was = 0, is = 0;
	bool known =
	    pdf_int(old, 0, INT32_MAX, &was) && pdf_int(new, 0, INT32_MAX, &is);
	if (known && is >= was)
		return NULL;
	return diff_report(f, CHANGE_SUSPICIOUS, "pdf-trailer-changed",
	    "/Size is smaller than before");
}

struct err *
diff_trailer(struct diff *f)
{
	const struct pdf_obj *old = pdf_trailer(pdf_xref(f->d), f->view[OLD]);
	const struct pdf_obj *new = pdf_trailer(pdf_xref(f->d), f->view[NEW]);
	TRY(trailer_strangers(f, old));
	TRY(trailer_strangers(f, new));
	TRY(size(f, pdf_dict_raw(old, "Size"), pdf_dict_raw(new, "Size")));
	TRY(additional_streams(f, pdf_dict_raw(old, "AdditionalStreams"),
	    pdf_dict_raw(new, "AdditionalStreams")));
	const struct pdf_obj *encrypt = pdf_dict_raw(old, "Encrypt");
	if (!pdf_equal(encrypt, pdf_dict_raw(new, "Encrypt")))
		TRY(diff_report(
		    f, CHANGE_SUSPICIOUS, "pdf-trailer-changed", "/Encrypt"));
	TRY(diff_push(f, encrypt, "Encrypt"));
	TRY(catalog(f, pdf_dict_raw(old, "Root"), pdf_dict_raw(new, "Root")));
	return info(f, pdf_dict_raw(old, "Info"), pdf_dict_raw(new, "Info"));
}
