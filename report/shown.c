/*
 * The lines that people read, in both languages, for a page that shows them
 * itself: the same headings, rows and remarks as on ours, in the same order.
 */
#include "report/shown.h"

#include "report/internal.h"

static struct err *
check(int failed)
{
	return failed == 0 ? NULL : err_new(ERR_NOMEM, NULL, "JSON");
}

static struct err *
add_line(json_t *lines, const char *s)
{
	CLEANUP(buf_done) struct buf b = BUF(REPORT_MAX);
	TRY(clean(s == NULL ? "" : s, &b));
	return check(json_array_append_new(lines,
	    json_stringn(b.ptr == NULL ? "" : (const char *)b.ptr, b.len)));
}

/* Label and value, in turns. */
static struct err *
add_row(void *ctx, const char *label, const char *value)
{
	TRY(add_line(ctx, label));
	return add_line(ctx, value);
}

static struct err *
add_remarks(
    json_t *lines, const struct findings *f, const char *code, enum lang lang)
{
	for (size_t i = 0; i < f->n; i++) {
		CLEANUP(buf_done) struct buf b = BUF(REPORT_MAX);
		const char *line;
		if (finding_said(f, i, code))
			continue;
		TRY(finding_line(&f->v[i], lang, &b));
		TRY(buf_cstr(&b, &line));
		TRY(add_line(lines, line));
	}
	return NULL;
}

static struct err *
put(json_t *o, const char *key, json_t *value)
{
	return check(json_object_set_new(o, key, value));
}

/* What one language has of signature `i`. */
static struct err *
signature_in(const struct report_input *in, size_t i, enum lang lang, json_t *o)
{
	const struct signature_verdict *v = &in->verdict->signatures[i];
	CLEANUP(buf_done) struct buf heading = BUF(256);
	const char *text;
	json_t *rows = json_array();
	TRY(put(o, "rows", rows));
	json_t *notes = json_array();
	TRY(put(o, "notes", notes));
	TRY(signature_heading(in, i, lang, &heading));
	TRY(buf_cstr(&heading, &text));
	TRY(put(o, "heading", json_string(text)));
	const struct row_sink sink = { .ctx = rows, .put = add_row };
	TRY(signature_rows(in, i, lang, &sink));
	TRY(add_remarks(notes, &v->notes, v->code, lang));
	return add_remarks(notes, &v->fact->findings, v->code, lang);
}

static struct err *
whole_in(const struct report_input *in, enum lang lang, json_t *o)
{
	CLEANUP(buf_done) struct buf counts = BUF(1024);
	const char *text;
	json_t *notes = json_array();
	TRY(put(o, "notes", notes));
	TRY(signature_counts(in, lang, &counts));
	TRY(buf_cstr(&counts, &text));
	TRY(put(o, "counts", json_string(text)));
	return add_remarks(
	    notes, &in->facts->findings, in->verdict->code, lang);
}

static struct err *
two_languages(json_t *o, json_t **vi, json_t **en)
{
	json_t *shown = json_object();
	TRY(put(o, "shown", shown));
	*vi = json_object();
	TRY(put(shown, "vi", *vi));
	*en = json_object();
	return put(shown, "en", *en);
}

struct err *
shown_signature(const struct report_input *in, size_t i, json_t *o)
{
	json_t *vi, *en;
	TRY(two_languages(o, &vi, &en));
	TRY(signature_in(in, i, LANG_VI, vi));
	return signature_in(in, i, LANG_EN, en);
}

struct err *
shown_whole(const struct report_input *in, json_t *o)
{
	json_t *vi, *en;
	TRY(two_languages(o, &vi, &en));
	TRY(whole_in(in, LANG_VI, vi));
	return whole_in(in, LANG_EN, en);
}
