/* Signature fields that are new: ISO 32000-2 12.7.5.5. */
#include "pdf/diff-impl.h"

#define FIELD_DEPTH_MAX 32 /* kids of kids */

#define ANNOT_HIDDEN (1 << 1) /* /F, table 167 */
#define ANNOT_NO_VIEW (1 << 5)

static bool
rect_is_empty(const struct pdf_obj *rect)
{
	if (pdf_array_len(rect) != 4)
		return true;
	const struct pdf_obj *x0 = pdf_array_at(rect, 0);
	const struct pdf_obj *y0 = pdf_array_at(rect, 1);
	return pdf_equal(x0, pdf_array_at(rect, 2)) ||
	       pdf_equal(y0, pdf_array_at(rect, 3));
}

static struct err *
is_visible(struct diff *f, const struct pdf_obj *widget, bool *out)
{
	const struct pdf_obj *rect, *flags;
	TRY(diff_member(f, NEW, widget, "Rect", &rect));
	TRY(diff_member(f, NEW, widget, "F", &flags));
	int64_t bits = 0;
	pdf_int(flags, 0, UINT32_MAX, &bits);
	*out = !rect_is_empty(rect) &&
	       (bits & (ANNOT_HIDDEN | ANNOT_NO_VIEW)) == 0;
	return NULL;
}

/* Judges /V of a signature field that had none: CHANGE_LTV for a document time
 * stamp, CHANGE_FORM for a signature. */
struct err *
diff_new_signature(
    struct diff *f, const struct pdf_obj *v, enum change_level *out)
{
	const struct pdf_obj *sig, *old = &pdf_null;
	uint32_t num;
	TRY(diff_resolve(f, NEW, v, &num, &sig));
	*out = CHANGE_FORM;
	/* An old signature under a new picture would say what it did not. */
	if (num != 0)
		TRY(diff_load(f, OLD, num, &old));
	bool whole = pdf_is(sig, PDF_DICT) && pdf_is(old, PDF_NULL) &&
		     pdf_is(pdf_dict_raw(sig, "ByteRange"), PDF_ARRAY) &&
		     pdf_is(pdf_dict_raw(sig, "Contents"), PDF_STRING);
	if (!whole)
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-field-added",
		    "a signature field whose value is no new signature");
	if (pdf_is_name(pdf_dict_raw(sig, "SubFilter"), "ETSI.RFC3161"))
		*out = CHANGE_LTV;
	return NULL;
}

/* A widget that comes with a new signature, or a field and widget in one. */
static struct err *
new_widget(struct diff *f, const struct pdf_obj *w, bool has_value,
    enum change_level level)
{
	const struct pdf_obj *page = pdf_dict_raw(w, "P");
	diff_at(f, pdf_is(page, PDF_REF) ? page->ref.num : 0, f->at_object);
	if (!pdf_is(pdf_dict_raw(w, "A"), PDF_NULL) ||
	    !pdf_is(pdf_dict_raw(w, "AA"), PDF_NULL))
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-field-added",
		    "a signature field with an action");
	bool visible;
	TRY(is_visible(f, w, &visible));
	const struct pdf_obj *ap, *mk;
	TRY(diff_member(f, NEW, w, "AP", &ap));
	TRY(diff_member(f, NEW, w, "MK", &mk));
	bool drawn = !pdf_is(ap, PDF_NULL) || pdf_dict_len(mk) > 0;
	if (visible && !has_value && drawn)
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-field-added",
		    "an unsigned signature field with a picture");
	if (!visible)
		return diff_report(f, level,
		    level == CHANGE_LTV ? "pdf-validation-data-added"
					: "pdf-signature-added",
		    "an invisible signature field");
	return diff_report(
	    f, CHANGE_FORM, "pdf-signature-added", "a visible signature field");
}

static struct err *
is_new_object(struct diff *f, uint32_t num, bool *out)
{
	const struct pdf_obj *old;
	TRY(diff_load(f, OLD, num, &old));
	*out = pdf_is(old, PDF_NULL) && diff_bit(f, num, BIT_CHANGED);
	return NULL;
}

static struct err *
new_kids(struct diff *f, const struct pdf_obj *kids, bool has_value,
    enum change_level level)
{
	for (size_t i = 0; i < pdf_array_len(kids); i++) {
		const struct pdf_obj *w, *ref = pdf_array_at(kids, i);
		bool is_new = false;
		if (pdf_is(ref, PDF_REF))
			TRY(is_new_object(f, ref->ref.num, &is_new));
		if (!is_new)
			return diff_report(f, CHANGE_SUSPICIOUS,
			    "pdf-field-added", "an old object as widget");
		TRY(diff_load(f, NEW, ref->ref.num, &w));
		if (!pdf_is(w, PDF_DICT) ||
		    !pdf_is(pdf_dict_raw(w, "T"), PDF_NULL) ||
		    !pdf_is(pdf_dict_raw(w, "Kids"), PDF_NULL))
			return diff_report(f, CHANGE_SUSPICIOUS,
			    "pdf-field-added", "fields under a new field");
		diff_set(f, ref->ref.num, BIT_NEW_SIG);
		TRY(new_widget(f, w, has_value, level));
	}
	return NULL;
}

/* Two fields of one name are one field to most readers. */
static struct err *
name_is_free(struct diff *f, const struct pdf_obj *fields,
    const struct pdf_obj *name, bool *out)
{
	size_t n = pdf_array_len(fields);
	TRY(pdf_spend(pdf_document_budget(f->d), 4 * n));
	struct bytes wanted, taken;
	*out = false;
	if (!pdf_is(name, PDF_STRING))
		return NULL;
	TRY(diff_text(f, name, &wanted));
	*out = bytes_find(wanted, BYTES_LIT(".")) == SIZE_MAX;
	for (size_t i = 0; *out && i < n; i++) {
		const struct pdf_obj *field, *t;
		TRY(diff_resolve(
		    f, OLD, pdf_array_at(fields, i), NULL, &field));
		TRY(diff_member(f, OLD, field, "T", &t));
		if (!pdf_is(t, PDF_STRING))
			continue;
		TRY(diff_text(f, t, &taken));
		*out = !bytes_eq(taken, wanted);
	}
	return NULL;
}

/* A signature field, its widget in it or below it. */
static struct err *
new_sig_field(struct diff *f, uint32_t num, const struct pdf_obj *field)
{
	const struct pdf_obj *v, *list;
	enum change_level level = CHANGE_FORM;
	TRY(diff_member(f, NEW, field, "V", &v));
	TRY(diff_member(f, NEW, field, "Kids", &list));
	bool has_value = !pdf_is(v, PDF_NULL);
	if (has_value)
		TRY(diff_new_signature(f, pdf_dict_raw(field, "V"), &level));
	diff_set(f, num, BIT_NEW_SIG);
	if (!pdf_is(list, PDF_NULL))
		return new_kids(f, list, has_value, level);
	return new_widget(f, field, has_value, level);
}

/* A new field is a signature field, or a name above new signature fields. */
static struct err *
new_subtree(struct diff *f, uint32_t num, int depth)
{
	static const char *const of_a_name[] = { "T", "Kids", "Parent" };
	const struct pdf_obj *field, *list;
	bool is_new;
	TRY(is_new_object(f, num, &is_new));
	TRY(diff_load(f, NEW, num, &field));
	bool fits = is_new && pdf_is(field, PDF_DICT) &&
		    pdf_is(pdf_dict_raw(field, "T"), PDF_STRING) &&
		    depth < FIELD_DEPTH_MAX;
	if (fits && pdf_is_name(pdf_dict_raw(field, "FT"), "Sig"))
		return new_sig_field(f, num, field);
	size_t known = 0;
	for (size_t i = 0; i < COUNT_OF(of_a_name); i++)
		known += !pdf_is(pdf_dict_raw(field, of_a_name[i]), PDF_NULL);
	TRY(diff_member(f, NEW, field, "Kids", &list));
	fits = fits && known == pdf_dict_len(field) && pdf_array_len(list) > 0;
	for (size_t i = 0; fits && i < pdf_array_len(list); i++) {
		const struct pdf_obj *kid = pdf_array_at(list, i);
		fits = pdf_is(kid, PDF_REF);
		if (fits)
			TRY(new_subtree(f, kid->ref.num, depth + 1));
	}
	if (fits)
		return NULL;
	return diff_report(f, CHANGE_SUSPICIOUS, "pdf-field-added",
	    "object %u is no new signature field", num);
}

struct err *
diff_new_field(
    struct diff *f, const struct pdf_obj *siblings, struct pdf_ref ref)
{
	const struct pdf_obj *field, *name;
	bool is_free;
	diff_at(f, 0, ref.num);
	TRY(diff_load(f, NEW, ref.num, &field));
	if (pdf_is(field, PDF_NULL))
		return NULL;
	TRY(diff_member(f, NEW, field, "T", &name));
	TRY(name_is_free(f, siblings, name, &is_free));
	if (!is_free)
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-field-added",
		    "object %u has a name that is taken, or none", ref.num);
	return new_subtree(f, ref.num, 0);
}
