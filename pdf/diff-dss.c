/* The document security store: ISO 32000-2 12.8.4.3, EN 319 142-1 5.4.2. */
#include "pdf/diff-impl.h"

#include <string.h>

static struct err *
wrong(struct diff *f, const char *what)
{
	return diff_report(f, CHANGE_SUSPICIOUS, "pdf-dss-changed", "%s", what);
}

static bool
is_one_of(struct bytes key, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (bytes_eq_str(key, *list))
			return true;
	}
	return false;
}

/* A certificate, CRL or answer: a stream and nothing but. */
static struct err *
check_stream(struct diff *f, const struct pdf_obj *v)
{
	static const char *const keys[] = { "Length", "Filter", "DecodeParms",
		"Type", "Length1", "DL", NULL };
	if (!pdf_is(v, PDF_REF))
		return wrong(f, "a direct object among certificates or CRLs");
	if (diff_bit(f, v->ref.num, BIT_DSS))
		return NULL;
	diff_set(f, v->ref.num, BIT_DSS);
	const struct pdf_obj *s;
	TRY(diff_load(f, NEW, v->ref.num, &s));
	if (pdf_is(s, PDF_NULL))
		return NULL;
	if (!pdf_is(s, PDF_STREAM))
		return wrong(f, "not a stream");
	for (size_t i = 0; i < pdf_dict_len(s); i++) {
		struct bytes key = pdf_dict_key(s, i)->text;
		if (!is_one_of(key, keys) ||
		    (!bytes_eq_str(key, "Length") &&
			diff_has_refs(pdf_dict_value(s, i))))
			return wrong(f, "a stream with more than data");
	}
	return NULL;
}

static struct err *
check_array(struct diff *f, const struct pdf_obj *o)
{
	const struct pdf_obj *a;
	TRY(diff_resolve(f, NEW, o, NULL, &a));
	if (pdf_is(a, PDF_NULL))
		return NULL;
	if (!pdf_is(a, PDF_ARRAY))
		return wrong(f, "not an array");
	for (size_t i = 0; i < pdf_array_len(a); i++)
		TRY(check_stream(f, pdf_array_at(a, i)));
	return NULL;
}

static struct err *
check_vri_entry(struct diff *f, const struct pdf_obj *o)
{
	static const char *const arrays[] = { "Cert", "CRL", "OCSP", NULL };
	static const char *const plain[] = { "Type", "TU", NULL };
	const struct pdf_obj *d;
	TRY(diff_resolve(f, NEW, o, NULL, &d));
	if (!pdf_is(d, PDF_DICT))
		return wrong(f, "VRI entry");
	for (size_t i = 0; i < pdf_dict_len(d); i++) {
		struct bytes key = pdf_dict_key(d, i)->text;
		const struct pdf_obj *v = pdf_dict_value(d, i);
		if (is_one_of(key, arrays))
			TRY(check_array(f, v));
		else if (bytes_eq_str(key, "TS"))
			TRY(check_stream(f, v));
		else if (!is_one_of(key, plain) || diff_has_refs(v))
			TRY(wrong(f, "key in a VRI entry"));
	}
	return NULL;
}

/* SHA-1 in upper-case hex by the standard; other digests and lower case are
 * in use, and nothing depends on it. */
static bool
is_vri_key(struct bytes key)
{
	if (key.len != 40 && key.len != 64 && key.len != 96 && key.len != 128)
		return false;
	for (size_t i = 0; i < key.len; i++) {
		uint8_t c = key.ptr[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'F') &&
		    !(c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

static struct err *
check_vri(struct diff *f, const struct pdf_obj *o)
{
	const struct pdf_obj *d;
	TRY(diff_resolve(f, NEW, o, NULL, &d));
	if (pdf_is(d, PDF_NULL))
		return NULL;
	if (!pdf_is(d, PDF_DICT))
		return wrong(f, "/VRI");
	for (size_t i = 0; i < pdf_dict_len(d); i++) {
		struct bytes key = pdf_dict_key(d, i)->text;
		if (bytes_eq_str(key, "Type"))
			continue;
		if (!is_vri_key(key))
			return wrong(f, "key in /VRI");
		TRY(check_vri_entry(f, pdf_dict_value(d, i)));
	}
	return NULL;
}

/*
 * The old DSS may be replaced in part or whole: only the shape of the new one
 * counts.  Whatever else of the old revision used an object of it has asked
 * for it to stay as it is.
 */
struct err *
diff_dss(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	static const char *const arrays[] = { "Certs", "CRLs", "OCSPs", NULL };
	const struct pdf_obj *d;
	if (pdf_is(old, PDF_NULL) && pdf_is(new, PDF_NULL))
		return NULL;
	TRY(diff_resolve(f, NEW, new, NULL, &d));
	if (!pdf_is(d, PDF_DICT))
		return wrong(f, "/DSS");
	for (size_t i = 0; i < pdf_dict_len(d); i++) {
		struct bytes key = pdf_dict_key(d, i)->text;
		const struct pdf_obj *v = pdf_dict_value(d, i);
		if (is_one_of(key, arrays))
			TRY(check_array(f, v));
		else if (bytes_eq_str(key, "VRI"))
			TRY(check_vri(f, v));
		else if (!bytes_eq_str(key, "Type"))
			TRY(wrong(f, "key in /DSS"));
	}
	if (pdf_equal(old, new) && !diff_touched(f, old))
		return NULL;
	return diff_report(f, CHANGE_LTV, "pdf-validation-data-added", "/DSS");
}
