/* The interactive form: ISO 32000-2 12.7. */
#include "pdf/diff-impl.h"

#include "pdf/text.h"

#include <stdlib.h>
#include <string.h>

#define FIELD_DEPTH_MAX 32 /* kids of kids */
#define NAME_MAX_LEN 4096  /* bytes of a fully qualified name */

#define FLAG_READ_ONLY 1          /* /Ff, table 227 */
#define FLAG_PUSHBUTTON (1 << 16) /* /Ff, table 229 */

enum field_kind { KIND_NONE, KIND_TEXT, KIND_CHOICE, KIND_BUTTON, KIND_SIG };

/* What a field passes on to its kids. */
struct above {
	struct bytes name; /* fully qualified */
	enum field_kind kind;
	int64_t flags;   /* /Ff */
	bool signed_old; /* a signature that was there already */
	bool filled;     /* its value changed, so its kids' looks may */
	int depth;
	const struct pdf_obj *fields; /* the old /Fields, or /Kids */
};

static const char *const none[] = { NULL };

static enum field_kind
kind_of(const struct pdf_obj *ft, enum field_kind above)
{
	if (pdf_is_name(ft, "Tx"))
		return KIND_TEXT;
	if (pdf_is_name(ft, "Ch"))
		return KIND_CHOICE;
	if (pdf_is_name(ft, "Btn"))
		return KIND_BUTTON;
	if (pdf_is_name(ft, "Sig"))
		return KIND_SIG;
	return above;
}

static struct err *
keep_name(struct diff *f, struct bytes name)
{
	if (f->out->nnames >= DIFF_NAMES_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "%d changed fields", DIFF_NAMES_MAX);
	char **v = realloc(f->out->names, (f->out->nnames + 1) * sizeof(*v));
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "names");
	f->out->names = v;
	char *copy = NULL;
	TRY(bytes_dup_str(name, &copy));
	v[f->out->nnames++] = copy;
	return NULL;
}

/* A text string as UTF-8 in arena memory: the same name may be written in
 * several encodings. */
struct err *
diff_text(struct diff *f, const struct pdf_obj *text, struct bytes *out)
{
	CLEANUP(buf_done) struct buf utf8 = BUF(NAME_MAX_LEN);
	TRY(pdf_text_utf8(text->text, &utf8));
	return pdf_copy(&f->arena[OLD], buf_bytes(&utf8), out);
}

/* Appends /T of `field` to the name above, in arena memory. */
static struct err *
full_name(struct diff *f, const struct pdf_obj *field, struct bytes above,
    struct bytes *out)
{
	const struct pdf_obj *t;
	struct bytes part;
	TRY(diff_member(f, OLD, field, "T", &t));
	if (!pdf_is(t, PDF_STRING)) {
		*out = above;
		return NULL;
	}
	TRY(diff_text(f, t, &part));
	CLEANUP(buf_done) struct buf name = BUF(NAME_MAX_LEN);
	TRY(buf_append(&name, above));
	if (above.len > 0)
		TRY(buf_byte(&name, '.'));
	TRY(buf_append(&name, part));
	return pdf_copy(&f->arena[OLD], buf_bytes(&name), out);
}

/* ---- fields that were there ---- */

static struct err *old_field(
    struct diff *f, const void *ctx, struct pdf_ref ref);

static struct err *
removed_field(struct diff *f, const void *ctx, struct pdf_ref ref)
{
	(void)ctx;
	const struct pdf_obj *o;
	TRY(diff_load(f, OLD, ref.num, &o));
	if (pdf_is(o, PDF_NULL))
		return NULL;
	return diff_report(
	    f, CHANGE_SUSPICIOUS, "pdf-field-removed", "object %u", ref.num);
}

/* A widget without anything of a field may go with its annotation. */
static struct err *
removed_kid(struct diff *f, const void *ctx, struct pdf_ref ref)
{
	static const char *const of_field[] = { "T", "FT", "V", "Ff", "Kids",
		"DV", "TU", "TM" };
	const struct above *above = ctx;
	const struct pdf_obj *o;
	TRY(diff_load(f, OLD, ref.num, &o));
	bool widget = pdf_is(o, PDF_DICT) && above->kind != KIND_SIG &&
		      pdf_is_name(pdf_dict_raw(o, "Subtype"), "Widget");
	for (size_t i = 0; i < COUNT_OF(of_field); i++) {
		if (!pdf_is(pdf_dict_raw(o, of_field[i]), PDF_NULL))
			widget = false;
	}
	if (!widget)
		return removed_field(f, ctx, ref);
	diff_set(f, ref.num, BIT_GONE);
	TRY(keep_name(f, above->name));
	return diff_report(f, CHANGE_ANNOTATION, "pdf-annotation-removed",
	    "widget %u", ref.num);
}

/* Below a name, as at the top; never below a field. */
static struct err *
added_kid(struct diff *f, const void *ctx, struct pdf_ref ref)
{
	const struct above *above = ctx;
	const struct pdf_obj *o;
	if (above->kind == KIND_NONE)
		return diff_new_field(f, above->fields, ref);
	TRY(diff_load(f, NEW, ref.num, &o));
	if (pdf_is(o, PDF_NULL))
		return NULL;
	return diff_report(f, CHANGE_SUSPICIOUS, "pdf-field-added",
	    "object %u under an old field", ref.num);
}

static struct err *
kids(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new,
    struct above *above)
{
	const struct pdf_obj *a, *b;
	bool reordered;
	if (++above->depth > FIELD_DEPTH_MAX)
		return err_new(ERR_LIMIT, NULL, "fields nested too deep");
	TRY(diff_member(f, OLD, old, "Kids", &a));
	TRY(diff_member(f, NEW, new, "Kids", &b));
	above->fields = a;
	struct diff_list l = { .ctx = above,
		.kept = old_field,
		.added = added_kid,
		.removed = removed_kid };
	TRY(diff_lists(f, a, b, &l, &reordered));
	if (reordered)
		TRY(diff_report(f, CHANGE_SUSPICIOUS, "pdf-field-changed",
		    "kids in another order"));
	return NULL;
}

/* Whether the appearances of a widget were replaced: the dictionary, or a
 * stream of it.  What lies deeper must then be new, or the same. */
static struct err *
looks_touched(struct diff *f, const struct pdf_obj *old, bool *out)
{
	const struct pdf_obj *ap, *raw = pdf_dict_raw(old, "AP");
	*out = diff_touched(f, raw);
	if (pdf_is(raw, PDF_NULL))
		return NULL;
	TRY(diff_resolve(f, OLD, raw, NULL, &ap));
	for (size_t i = 0; i < pdf_dict_len(ap); i++) {
		const struct pdf_obj *states, *v = pdf_dict_value(ap, i);
		*out = diff_touched(f, v) || *out;
		TRY(diff_resolve(f, OLD, v, NULL, &states));
		if (pdf_is(states, PDF_DICT))
			*out = diff_touched(f, states) || *out;
	}
	return NULL;
}

static const char *const value_keys[] = { "V", "I", "RV", NULL };
static const char *const filled_keys[] = { "V", "I", "RV", "AP", "AS", "M",
	"TI", "Ff", "Kids", NULL };
static const char *const signed_keys[] = { "V", "AP", "AS", "M", "F", "MK",
	"Lock", "DA", "Kids", NULL };
static const char *const look_keys[] = { "AP", "AS", NULL };
static const char *const kids_only[] = { "Kids", NULL };

static bool
differs(
    const struct pdf_obj *a, const struct pdf_obj *b, const char *const *keys)
{
	for (; *keys != NULL; keys++) {
		if (strcmp(*keys, "Kids") != 0 &&
		    !pdf_equal(pdf_dict_raw(a, *keys), pdf_dict_raw(b, *keys)))
			return true;
	}
	return false;
}

static struct err *
push_keys(struct diff *f, const struct pdf_obj *o, const char *const *keys)
{
	for (; *keys != NULL; keys++) {
		if (strcmp(*keys, "Kids") != 0)
			TRY(diff_push(f, pdf_dict_raw(o, *keys), *keys));
	}
	return NULL;
}

/* A signature field that was empty. */
static struct err *
empty_signature(struct diff *f, uint32_t num, const struct pdf_obj *old,
    const struct pdf_obj *new, const struct above *above)
{
	const struct pdf_obj *v;
	bool same, looks;
	TRY(diff_member(f, NEW, new, "V", &v));
	TRY(looks_touched(f, old, &looks));
	if (pdf_is(v, PDF_NULL)) {
		TRY(diff_members(f, old, new, kids_only, "pdf-field-changed",
		    "an unsigned signature field", &same));
		return NULL;
	}
	enum change_level level;
	TRY(diff_members(f, old, new, signed_keys, "pdf-field-changed",
	    "a signature field, when it was signed", &same));
	TRY(diff_new_signature(f, pdf_dict_raw(new, "V"), &level));
	diff_set(f, num, BIT_NEW_SIG);
	if (!looks && !differs(old, new, look_keys))
		TRY(diff_push(f, pdf_dict_raw(old, "AP"), "AP"));
	TRY(keep_name(f, above->name));
	return diff_report(f, CHANGE_FORM, "pdf-signature-added",
	    "in field %.*s", (int)(above->name.len < 80 ? above->name.len : 80),
	    (const char *)above->name.ptr);
}

/* Signing may lock fields: then they become read only. */
static struct err *
flags(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	const struct pdf_obj *a = pdf_dict_raw(old, "Ff");
	const struct pdf_obj *b = pdf_dict_raw(new, "Ff");
	int64_t was = 0, is = 0;
	pdf_int(a, INT32_MIN, UINT32_MAX, &was);
	pdf_int(b, INT32_MIN, UINT32_MAX, &is);
	if (pdf_equal(a, b) || is == (was | FLAG_READ_ONLY))
		return NULL;
	return diff_report(f, CHANGE_SUSPICIOUS, "pdf-field-changed", "/Ff");
}

/* Text, choice, check box, radio button. */
static struct err *
fillable(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new,
    struct above *above)
{
	bool same, looks;
	TRY(looks_touched(f, old, &looks));
	bool value = diff_touched(f, pdf_dict_raw(old, "V")) ||
		     differs(old, new, value_keys);
	bool rest = looks || differs(old, new, filled_keys);
	TRY(diff_members(
	    f, old, new, filled_keys, "pdf-field-changed", "a field", &same));
	TRY(flags(f, old, new));
	if (!value && !rest)
		return push_keys(f, old, filled_keys);
	/* What nobody may type into is filled by a script, or by a forger. */
	if (value && (above->flags & FLAG_READ_ONLY) != 0 &&
	    pdf_is(pdf_dict_raw(old, "AA"), PDF_NULL))
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-field-changed",
		    "a read-only field: %.*s",
		    (int)(above->name.len < 80 ? above->name.len : 80),
		    (const char *)above->name.ptr);
	above->filled = above->filled || value;
	/* Another look for the same value shows what was not signed. */
	if (!above->filled && (looks || differs(old, new, look_keys)))
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-field-changed",
		    "a field looks different with the same value: %.*s",
		    (int)(above->name.len < 80 ? above->name.len : 80),
		    (const char *)above->name.ptr);
	TRY(keep_name(f, above->name));
	return diff_report(f, CHANGE_FORM, "pdf-form-filled", "%.*s",
	    (int)(above->name.len < 80 ? above->name.len : 80),
	    (const char *)above->name.ptr);
}

static struct err *
by_kind(struct diff *f, uint32_t num, const struct pdf_obj *old,
    const struct pdf_obj *new, struct above *above)
{
	bool same;
	if (above->signed_old)
		return diff_members(f, old, new, none,
		    "pdf-signed-field-changed", "a signed field", &same);
	if (above->kind == KIND_SIG)
		return empty_signature(f, num, old, new, above);
	bool push_button =
	    above->kind == KIND_BUTTON && (above->flags & FLAG_PUSHBUTTON) != 0;
	if (above->kind == KIND_NONE || push_button)
		return diff_members(f, old, new, kids_only, "pdf-field-changed",
		    "a field", &same);
	return fillable(f, old, new, above);
}

/* Where a widget says that it is; only told. */
static uint32_t
page_of(const struct pdf_obj *field)
{
	const struct pdf_obj *p = pdf_dict_raw(field, "P");
	return pdf_is(p, PDF_REF) ? p->ref.num : 0;
}

static struct err *
old_field(struct diff *f, const void *ctx, struct pdf_ref ref)
{
	struct above above = *(const struct above *)ctx;
	if (diff_bit(f, ref.num, BIT_FIELD))
		return NULL;
	diff_set(f, ref.num, BIT_FIELD);
	const struct pdf_obj *old, *new, *v;
	TRY(diff_load(f, OLD, ref.num, &old));
	TRY(diff_load(f, NEW, ref.num, &new));
	if (pdf_is(old, PDF_NULL) && pdf_is(new, PDF_NULL))
		return NULL;
	if (!pdf_is(old, PDF_DICT) || !pdf_is(new, PDF_DICT))
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-field-changed",
		    "object %u", ref.num);
	diff_at(f, page_of(new), ref.num);
	TRY(full_name(f, old, above.name, &above.name));
	above.kind = kind_of(pdf_dict_raw(old, "FT"), above.kind);
	pdf_int(pdf_dict_raw(old, "Ff"), INT32_MIN, UINT32_MAX, &above.flags);
	TRY(diff_member(f, OLD, old, "V", &v));
	if (above.kind == KIND_SIG && !pdf_is(v, PDF_NULL))
		above.signed_old = true;
	TRY(by_kind(f, ref.num, old, new, &above));
	return kids(f, old, new, &above);
}

/* ---- /AcroForm ---- */

/* /DR and its dictionaries may gain names; what was there stays.  Only its
 * pictures, which no field's own text is drawn with, may change. */
static struct err *
resources(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new,
    int depth)
{
	const struct pdf_obj *a, *b;
	TRY(diff_resolve(f, OLD, old, NULL, &a));
	TRY(diff_resolve(f, NEW, new, NULL, &b));
	if (pdf_is(a, PDF_NULL))
		return NULL;
	if (pdf_equal(old, new) && !diff_touched(f, old) && pdf_equal(a, b) &&
	    depth > 0)
		return diff_push(f, a, "DR");
	if (!pdf_is(a, PDF_DICT) || !pdf_is(b, PDF_DICT) || depth > 1)
		return pdf_equal(old, new) ? diff_push(f, old, "DR")
					   : diff_report(f, CHANGE_SUSPICIOUS,
						 "pdf-form-changed", "/DR");
	for (size_t i = 0; i < pdf_dict_len(a); i++) {
		if (depth == 0 &&
		    bytes_eq_str(pdf_dict_key(a, i)->text, "XObject"))
			continue;
		const char *key;
		struct buf k = BUF(256);
		struct err *e = buf_append(&k, pdf_dict_key(a, i)->text);
		if (e == NULL)
			e = buf_cstr(&k, &key);
		if (e == NULL)
			e = resources(f, pdf_dict_value(a, i),
			    pdf_dict_raw(b, key), depth + 1);
		buf_done(&k);
		TRY(e);
	}
	return NULL;
}

/* Absent, or false, for what would make viewers draw fields anew. */
static struct err *
need_appearances(
    struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	bool was = pdf_is(old, PDF_BOOL) && old->boolean;
	bool is =
	    !pdf_is(new, PDF_NULL) && !(pdf_is(new, PDF_BOOL) && !new->boolean);
	if (is && !was)
		return diff_report(f, CHANGE_SUSPICIOUS, "pdf-form-changed",
		    "/NeedAppearances");
	return NULL;
}

static struct err *
new_field(struct diff *f, const void *ctx, struct pdf_ref ref)
{
	const struct above *above = ctx;
	return diff_new_field(f, above->fields, ref);
}

static struct err *
fields(struct diff *f, const struct pdf_obj *a, const struct pdf_obj *b)
{
	const struct pdf_obj *old, *new;
	TRY(diff_member(f, OLD, a, "Fields", &old));
	TRY(diff_member(f, NEW, b, "Fields", &new));
	struct above above = { .kind = KIND_NONE, .fields = old };
	struct diff_list l = { .ctx = &above,
		.kept = old_field,
		.added = new_field,
		.removed = removed_field };
	bool reordered;
	TRY(diff_lists(f, old, new, &l, &reordered));
	if (reordered)
		TRY(diff_report(f, CHANGE_SUSPICIOUS, "pdf-form-changed",
		    "fields in another order"));
	return NULL;
}

struct err *
diff_form(struct diff *f, const struct pdf_obj *old, const struct pdf_obj *new)
{
	static const char *const exempt[] = { "Fields", "SigFlags", "DR", "DA",
		"NeedAppearances", NULL };
	const struct pdf_obj *a, *b;
	bool same;
	TRY(diff_resolve(f, OLD, old, NULL, &a));
	TRY(diff_resolve(f, NEW, new, NULL, &b));
	if (pdf_is(a, PDF_NULL) && pdf_is(b, PDF_NULL))
		return NULL;
	if (!pdf_is(b, PDF_DICT))
		return diff_report(
		    f, CHANGE_SUSPICIOUS, "pdf-form-changed", "/AcroForm");
	TRY(diff_members(f, a, b, exempt, "pdf-form-changed", "form", &same));
	const struct pdf_obj *da = pdf_dict_raw(a, "DA");
	if (!pdf_is(da, PDF_NULL) && !pdf_equal(da, pdf_dict_raw(b, "DA")))
		TRY(diff_report(
		    f, CHANGE_SUSPICIOUS, "pdf-form-changed", "/DA"));
	TRY(need_appearances(f, pdf_dict_raw(a, "NeedAppearances"),
	    pdf_dict_raw(b, "NeedAppearances")));
	TRY(resources(f, pdf_dict_raw(a, "DR"), pdf_dict_raw(b, "DR"), 0));
	TRY(fields(f, a, b));
	diff_at(f, 0, 0);
	return NULL;
}
