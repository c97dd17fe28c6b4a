/*
 * What a signature covers.  The byte range starts at 0, leaves out exactly the
 * token of this signature's own /Contents, and ends where a revision ends; the
 * dictionary itself lies inside, and is what that revision shows.
 * ISO 32000-2 12.8.1, EN 319 142-1 5.3 (e).
 */
#include "pdf/verify-impl.h"

#define KIDS_DEPTH_MAX 32 /* parents above a field */

static struct err *
refuse(struct verify *v, struct sig *s, const char *code, const char *why)
{
	return sig_finding(v, s, true, code, "%s", why);
}

static bool
read_numbers(const struct pdf_obj *range, size_t len, int64_t n[4])
{
	if (pdf_array_len(range) != 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		if (!pdf_int(pdf_array_at(range, i), 0, (int64_t)len, &n[i]))
			return false;
	}
	return n[0] == 0 && n[1] <= n[2] && n[3] <= (int64_t)len - n[2];
}

static bool
is_space(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (!pdf_is_space(b.ptr[i]))
			return false;
	}
	return true;
}

/* The newest revision that ends at or before `end`, with nothing between but
 * white space; 0: none. */
static size_t
revision_ending(const struct pdf_xref *x, size_t end)
{
	for (size_t k = x->nrevisions; k > 0; k--) {
		size_t eof = x->revisions[k - 1].eof_end;
		if (eof == 0 || eof > end)
			continue;
		return is_space(bytes_slice(x->file, eof, end - eof)) ? k : 0;
	}
	return 0;
}

/*
 * Whether nothing but white space follows the newest revision, or what is
 * signed.  Bytes there belong to no revision, so no comparison sees them; but
 * an offset that was wrong when the document was signed may point there.
 */
static bool
nothing_follows(const struct pdf_xref *x, size_t covered)
{
	size_t end = x->revisions[x->nrevisions - 1].eof_end;
	if (end < covered)
		end = covered;
	return is_space(bytes_from(x->file, end));
}

/* Every section of revisions up to `view` lies inside. */
static bool
sections_inside(const struct pdf_xref *x, size_t view, size_t end)
{
	for (size_t i = 0; i < x->nsections; i++) {
		const struct pdf_section *s = &x->sections[i];
		if (s->revision <= view &&
		    (s->end > end || (s->hybrid && s->hidden_end > end)))
			return false;
	}
	return true;
}

/* The object around the signature dictionary, as one view lists it. */
static struct err *
entry_in(
    struct verify *v, const struct sig *s, size_t view, struct pdf_entry *out)
{
	uint32_t num = s->ref.num != 0 ? s->ref.num : s->field.num;
	return pdf_lookup(pdf_xref(v->d), view, num, out);
}

/* /V of the field in a view, perhaps inherited. */
static struct err *
value_in(struct verify *v, struct pdf_ref field, size_t view,
    const struct pdf_obj **out)
{
	const struct pdf_obj *f;
	TRY(pdf_get(v->d, view, field, &f));
	for (int i = 0; i < KIDS_DEPTH_MAX && pdf_is(f, PDF_DICT); i++) {
		*out = pdf_dict_raw(f, "V");
		if (!pdf_is(*out, PDF_NULL))
			return NULL;
		TRY(pdf_dict_get(v->d, view, f, "Parent", &f));
	}
	*out = &pdf_null;
	return NULL;
}

/* The same dictionary, at the same place, under the same field. */
static struct err *
check_view(struct verify *v, struct sig *s, size_t view, bool *ok)
{
	struct pdf_entry then, now;
	const struct pdf_obj *value;
	TRY(entry_in(v, s, view, &then));
	TRY(entry_in(v, s, pdf_views(v->d), &now));
	*ok = then.kind == PDF_ENTRY_AT && now.kind == PDF_ENTRY_AT &&
	      (s->ref.num == 0 || then.offset == now.offset);
	if (!*ok || s->field.num == 0)
		return NULL;
	TRY(value_in(v, s->field, view, &value));
	if (s->ref.num != 0)
		*ok = pdf_is(value, PDF_REF) && value->ref.num == s->ref.num;
	else
		*ok = pdf_is(value, PDF_DICT) && value->at == s->dict->at;
	return NULL;
}

static struct err *
check_gap(struct verify *v, struct sig *s, const int64_t n[4], bool *ok)
{
	const struct pdf_obj *c = pdf_dict_raw(s->dict, "Contents");
	struct bytes gap =
	    bytes_slice(v->in->document, (size_t)n[1], (size_t)(n[2] - n[1]));
	*ok = pdf_is(c, PDF_STRING) && c->hex && c->at == (size_t)n[1] &&
	      c->end == (size_t)n[2] && gap.len >= 2 && gap.ptr[0] == '<' &&
	      gap.ptr[gap.len - 1] == '>' && s->dict->at < c->at &&
	      s->dict->end > c->end;
	return NULL;
}

static struct err *
find_revision(struct verify *v, struct sig *s)
{
	const struct pdf_xref *x = pdf_xref(v->d);
	size_t view = revision_ending(x, s->covered);
	if (view == 0 || !sections_inside(x, view, s->covered) ||
	    s->dict->end > s->covered)
		return refuse(v, s, "pdf-coverage",
		    "the signed bytes do not end where a revision ends");
	if (!nothing_follows(x, s->covered))
		return refuse(v, s, "pdf-junk-after-end",
		    "bytes that belong to no revision follow");
	bool ok;
	TRY(check_view(v, s, view, &ok));
	if (!ok)
		return refuse(v, s, "pdf-signature-not-in-revision",
		    "the signed revision has no such signature");
	s->view = view;
	return NULL;
}

struct err *
sig_range(struct verify *v, struct sig *s)
{
	int64_t n[4];
	const struct pdf_obj *c = pdf_dict_raw(s->dict, "Contents");
	if (!pdf_is(s->dict, PDF_DICT) || !pdf_is(c, PDF_STRING) ||
	    c->text.len == 0)
		return refuse(v, s, "pdf-contents",
		    "the signature field holds no signature");
	s->contents = c->text;
	const struct pdf_obj *range = pdf_dict_raw(s->dict, "ByteRange");
	if (!read_numbers(range, v->in->document.len, n))
		return refuse(v, s, "pdf-byterange", "no usable /ByteRange");
	bool ok;
	TRY(check_gap(v, s, n, &ok));
	if (!ok)
		return refuse(v, s, "pdf-byterange-gap",
		    "more or other bytes than /Contents are left out");
	s->gap_at = (size_t)n[1];
	s->gap_end = (size_t)n[2];
	s->covered = (size_t)(n[2] + n[3]);
	s->ranged = true;
	return find_revision(v, s);
}
