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
	TRY(signature_heading(p->in, i, p->lang, p->out));
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
	size_t before = p->out->len;
	TRY(signature_counts(p->in, p->lang, p->out));
	return p->out->len == before ? NULL : buf_str(p->out, "\n");
}

/* What whoever made the file may want to know. */
static struct err *
put_unreadable(struct page *p)
{
	const struct facts *f = p->in->facts;
	if (f->unreadable == NULL)
		return NULL;
	TRY(buf_printf(p->out, "%s: %s: ", word(WORD_UNREADABLE, p->lang),
	    f->findings.v[0].code));
	TRY(clean(f->findings.v[0].detail, p->out));
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
	TRY(put_unreadable(p));
	return put_counts(p);
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
		TRY(buf_str(p->out, "  - "));
		TRY(finding_line(&f->v[i], p->lang, p->out));
		TRY(buf_str(p->out, "\n"));
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
