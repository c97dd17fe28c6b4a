#include "report/internal.h"

#include <stdio.h>

#define LABEL_WIDTH 24 /* columns */

/* One text being written. */
struct page {
	const struct report_input *in;
	enum lang lang;
	struct buf *out;
};

/* How many columns a label takes: code points, as ours have no wide ones. */
static int
columns(const char *s)
{
	int n = 0;
	for (; *s != '\0'; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

void
report_time_text(enum lang lang, int64_t t, char out[64])
{
	struct time_fields f = time_split(t + TIME_VIETNAM_OFFSET_MIN * 60);
	if (lang == LANG_VI)
		snprintf(out, 64, "%02d/%02d/%04d %02d:%02d +07:00", f.day,
		    f.month, f.year, f.hour, f.minute);
	else
		snprintf(out, 64, "%04d-%02d-%02d %02d:%02d +07:00", f.year,
		    f.month, f.day, f.hour, f.minute);
}

/* The formats of words are ours, from a table. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* Where there is but one signature, its sentence stands above already. */
static struct err *
put_heading(
    struct page *p, size_t i, size_t n, const struct signature_verdict *v)
{
	TRY(buf_str(p->out, "\n"));
	TRY(buf_printf(p->out, word(WORD_SIGNATURE_OF, p->lang), i + 1, n));
	if (n == 1)
		return buf_str(p->out, "\n");
	return buf_printf(p->out, ": %s. %s\n",
	    result_text(p->in->verdict->policy, v->indication, p->lang),
	    message_text(v->code, p->lang));
}

static struct err *
put_footer(struct page *p)
{
	const struct verdict *v = p->in->verdict;
	char when[64];
	report_time_text(p->lang, v->time, when);
	TRY(buf_str(p->out, "\n"));
	TRY(buf_printf(
	    p->out, word(WORD_CHECKED_AT, p->lang), when, v->policy->name));
	TRY(buf_printf(p->out, " %s\n", v->policy->sentence[p->lang]));
	if (p->in->document_sha256 == NULL)
		return NULL;
	CLEANUP(buf_done) struct buf hex = BUF(65);
	const char *s;
	TRY(hex_encode(bytes_of(p->in->document_sha256, 32), &hex));
	TRY(buf_cstr(&hex, &s));
	TRY(buf_printf(p->out, word(WORD_FILE, p->lang), s));
	return buf_str(p->out, "\n");
}

static struct err *
put_counts(struct page *p)
{
	const struct verdict *v = p->in->verdict;
	size_t n[3] = { 0 }; /* by enum result */
	for (size_t i = 0; i < v->nsignatures; i++)
		n[result_of(v->policy, v->signatures[i].indication)]++;
	TRY(buf_printf(p->out, word(WORD_COUNTS, p->lang), v->nsignatures,
	    n[RESULT_VALID], n[RESULT_INVALID], n[RESULT_INDETERMINATE]));
	return buf_str(p->out, "\n");
}

static struct err *
put_head(struct page *p)
{
	const struct verdict *v = p->in->verdict;
	TRY(buf_printf(p->out, "%s. %s\n",
	    result_text(v->policy, v->indication, p->lang),
	    message_text(v->code, p->lang)));
	CLEANUP(buf_done) struct buf next = BUF(REPORT_NEXT_MAX);
	const char *text;
	TRY(report_next(p->in, v->indication, v->sub, v->code, p->lang, &next));
	TRY(buf_cstr(&next, &text));
	if (text[0] != '\0')
		TRY(buf_printf(
		    p->out, "%s: %s\n", word(WORD_NEXT, p->lang), text));
	return v->nsignatures < 2 ? NULL : put_counts(p);
}

#pragma GCC diagnostic pop

/* One row of a signature, under a label of ours. */
static struct err *
put_row(void *ctx, const char *label, const char *value)
{
	struct page *p = ctx;
	int pad = LABEL_WIDTH - columns(label) - 1;
	TRY(buf_printf(p->out, "  %s:%*s", label, pad > 0 ? pad : 1, ""));
	TRY(clean(value, p->out));
	return buf_str(p->out, "\n");
}

static struct err *
put_remark(struct page *p, const struct finding *f)
{
	TRY(buf_str(p->out, "  - "));
	TRY(finding_place(f, p->lang, p->out));
	TRY(buf_str(p->out, message_text(f->code, p->lang)));
	if (finding_is_of_a_file(f)) {
		TRY(buf_str(p->out, " ("));
		TRY(clean(f->detail, p->out));
		TRY(buf_str(p->out, ")"));
	}
	return buf_str(p->out, "\n");
}

/* Each remark once, and not what was already given as the verdict. */
static struct err *
put_remarks(
    struct page *p, const struct findings *f, const char *code, bool *begun)
{
	for (size_t i = 0; i < f->n; i++) {
		if (finding_said(f, i, code))
			continue;
		if (!*begun)
			TRY(buf_printf(
			    p->out, "  %s:\n", word(WORD_NOTES, p->lang)));
		*begun = true;
		TRY(put_remark(p, &f->v[i]));
	}
	return NULL;
}

static struct err *
put_signature(struct page *p, size_t i)
{
	const struct verdict *all = p->in->verdict;
	const struct signature_verdict *v = &all->signatures[i];
	const struct row_sink rows = { .ctx = p, .put = put_row };
	bool begun = false;
	TRY(put_heading(p, i, all->nsignatures, v));
	TRY(signature_rows(p->in, i, p->lang, &rows));
	TRY(put_remarks(p, &v->notes, v->code, &begun));
	return put_remarks(p, &v->fact->findings, v->code, &begun);
}

struct err *
report_text(const struct report_input *in, enum lang lang, struct buf *out)
{
	struct page p = { .in = in, .lang = lang, .out = out };
	bool begun = false;
	TRY(put_head(&p));
	TRY(put_remarks(&p, &in->facts->findings, in->verdict->code, &begun));
	for (size_t i = 0; i < in->verdict->nsignatures; i++)
		TRY(put_signature(&p, i));
	return put_footer(&p);
}
