/*
 * The report as a page: result, sentence and next step first, then each
 * signature with the seven facts that Circular 15/2025/TT-BKHCN asks for, what
 * to note, and the proof, folded.  No script; results differ by word and sign,
 * not by colour alone.
 */
#include "report/internal.h"

#include <stdio.h>

struct page {
	const struct report_input *in;
	enum lang lang;
	struct buf *out;
};

static const char *
pick(const struct page *p, const char *vi, const char *en)
{
	return p->lang == LANG_VI ? vi : en;
}

static struct err *
put(struct page *p, const char *s)
{
	return buf_str(p->out, s);
}

static struct err *
put_clean(struct page *p, const char *s)
{
	CLEANUP(buf_done) struct buf b = BUF(REPORT_MAX);
	TRY(clean(s == NULL ? "" : s, &b));
	return markup_escape(buf_bytes(&b), p->out);
}

static struct err *
put_buf(struct page *p, struct buf *text)
{
	const char *s;
	TRY(buf_cstr(text, &s));
	return put_clean(p, s);
}

static struct err *
put_time(struct page *p, int64_t t)
{
	char text[64];
	report_time_text(p->lang, t, text);
	return put(p, text);
}

/* By enum result: class and sign. */
static const char *const looks[][2] = {
	[RESULT_VALID] = { "good", "✓" },
	[RESULT_INVALID] = { "bad", "✗" },
	[RESULT_INDETERMINATE] = { "open", "?" },
};

/* What one of several signatures lets somebody do is for the whole to say. */
static struct err *
put_next(struct page *p, enum indication i, enum sub_indication sub,
    const char *code)
{
	CLEANUP(buf_done) struct buf next = BUF(REPORT_NEXT_MAX);
	TRY(report_next(p->in, i, sub, code, p->lang, &next));
	if (next.len == 0)
		return NULL;
	TRY(buf_printf(p->out, "<p class=\"said\"><strong>%s:</strong> ",
	    word(WORD_NEXT, p->lang)));
	TRY(put_buf(p, &next));
	return put(p, "</p>");
}

static struct err *
put_verdict(struct page *p, bool whole, enum indication i,
    enum sub_indication sub, const char *code)
{
	const struct policy *policy = p->in->verdict->policy;
	const char *const *look = looks[result_of(policy, i)];
	TRY(buf_printf(p->out,
	    "<section class=\"verdict %s\"><p class=\"word\"><span "
	    "class=\"sign\" aria-hidden=\"true\">%s</span> %s</p>"
	    "<p class=\"said\">",
	    look[0], look[1], result_text(policy, i, p->lang)));
	TRY(put_clean(p, message_text(code, p->lang)));
	TRY(put(p, "</p>"));
	if (whole || i != TOTAL_PASSED)
		TRY(put_next(p, i, sub, code));
	return put(p, "</section>");
}

/* One row of a signature, under a label of ours. */
static struct err *
put_row(void *ctx, const char *label, const char *value)
{
	struct page *p = ctx;
	TRY(buf_printf(p->out, "<dt>%s</dt><dd>", label));
	TRY(put_clean(p, value));
	return put(p, "</dd>");
}

static struct err *
put_heading(struct page *p, size_t i)
{
	CLEANUP(buf_done) struct buf b = BUF(256);
	TRY(signature_heading(p->in, i, p->lang, &b));
	TRY(put(p, "<h2>"));
	TRY(put_buf(p, &b));
	return put(p, "</h2>");
}

static struct err *
put_counts(struct page *p)
{
	CLEANUP(buf_done) struct buf b = BUF(1024);
	TRY(signature_counts(p->in, p->lang, &b));
	if (b.len == 0)
		return NULL;
	TRY(put(p, "<p>"));
	TRY(put_buf(p, &b));
	return put(p, "</p>");
}

/* Each remark once, and not what was already given as the verdict. */
static struct err *
put_notes(
    struct page *p, const struct findings *f, const char *code, bool *begun)
{
	for (size_t i = 0; i < f->n; i++) {
		if (finding_said(f, i, code))
			continue;
		if (!*begun)
			TRY(buf_printf(p->out,
			    "<h3>%s</h3><ul class=\"notes\">",
			    word(WORD_NOTES, p->lang)));
		*begun = true;
		CLEANUP(buf_done) struct buf line = BUF(REPORT_MAX);
		TRY(finding_line(&f->v[i], p->lang, &line));
		TRY(put(p, "<li>"));
		TRY(put_buf(p, &line));
		TRY(put(p, "</li>"));
	}
	return NULL;
}

static struct err *
put_step(struct page *p, const struct proof_step *s)
{
	const struct policy *policy = p->in->verdict->policy;
	TRY(buf_printf(p->out, "<tr><td>%s %s</td><td>",
	    s->indication == TOTAL_PASSED ? "✓" : "✗",
	    s->indication == TOTAL_PASSED ? pick(p, "đạt", "holds")
	    : s->sub != SUB_NONE          ? sub_indication_name(s->sub)
					  : indication_name(s->indication)));
	if (s->code != NULL) {
		TRY(put_clean(p, message_text(s->code, p->lang)));
		TRY(put(p, " "));
	}
	TRY(put_clean(p, s->detail));
	if (s->cert != NULL) {
		TRY(put(p, " — "));
		TRY(put_clean(p, cert_common_name(s->cert)));
	}
	if (s->time != TIME_NONE && s->time != NEVER_ENDS) {
		TRY(put(p, " — "));
		TRY(put_time(p, s->time));
	}
	TRY(put(p, "</td><td>"));
	TRY(put_clean(p, policy->cite[s->rule]));
	return buf_printf(p->out, "<br>EN 319 102-1 %s</td></tr>", s->clause);
}

static struct err *
put_proof(struct page *p, const struct proof *proof)
{
	TRY(buf_printf(p->out,
	    "<details><summary>%s</summary><table class=\"proof\"><thead><tr>"
	    "<th scope=\"col\">%s</th><th scope=\"col\">%s</th>"
	    "<th scope=\"col\">%s</th></tr></thead><tbody>",
	    pick(p, "Các bước kiểm tra và căn cứ",
		"Every step, and what it rests on"),
	    pick(p, "Kết quả", "Outcome"), pick(p, "Nội dung", "What"),
	    pick(p, "Căn cứ", "By which rule")));
	for (size_t i = 0; i < proof->n; i++)
		TRY(put_step(p, &proof->v[i]));
	return put(p, "</tbody></table></details>");
}

static struct err *
put_signature(struct page *p, size_t i)
{
	const struct signature_verdict *v = &p->in->verdict->signatures[i];
	const struct row_sink rows = { .ctx = p, .put = put_row };
	bool begun = false;
	TRY(put(p, "<article class=\"signature\">"));
	TRY(put_heading(p, i));
	if (p->in->verdict->nsignatures > 1)
		TRY(put_verdict(p, false, v->indication, v->sub, v->code));
	TRY(put(p, "<dl>"));
	TRY(signature_rows(p->in, i, p->lang, &rows));
	TRY(put(p, "</dl>"));
	TRY(put_notes(p, &v->notes, v->code, &begun));
	TRY(put_notes(p, &v->fact->findings, v->code, &begun));
	if (begun)
		TRY(put(p, "</ul>"));
	TRY(put_proof(p, &v->proof));
	return put(p, "</article>");
}

static struct err *
put_top(struct page *p, const char *result, const char *style)
{
	TRY(buf_printf(p->out,
	    "<!DOCTYPE html><html lang=\"%s\"><head><meta charset=\"utf-8\">"
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\"><title>%s — %s</title>",
	    pick(p, "vi", "en"), result,
	    pick(p, "Kết quả kiểm tra chữ ký", "Result of the verification")));
	if (style != NULL)
		TRY(buf_printf(
		    p->out, "<link rel=\"stylesheet\" href=\"%s\">", style));
	else
		TRY(buf_printf(p->out, "<style>%s</style>", report_css));
	return buf_printf(p->out, "</head><body><main><h1>%s</h1>",
	    pick(p, "Kết quả kiểm tra chữ ký", "Result of the verification"));
}

/* ---- where it is seen again ---- */

/* A file is hashed where it is, by web/check.js; without scripts there is
 * nothing to see of it. */
static struct err *
put_same_file(struct page *p)
{
	TRY(buf_printf(p->out,
	    "<section class=\"same only-js\" id=\"same\" data-yes=\"%s\" "
	    "data-no=\"%s\" data-busy=\"%s\" data-failed=\"%s\" "
	    "data-sha256=\"",
	    word(WORD_SAME_YES, p->lang), word(WORD_SAME_NO, p->lang),
	    word(WORD_SAME_BUSY, p->lang), word(WORD_SAME_FAILED, p->lang)));
	TRY(hex_encode(bytes_of(p->in->document_sha256, 32), p->out));
	return buf_printf(p->out,
	    "\"><h2><label for=\"same-file\">%s</label></h2>"
	    "<p id=\"same-hint\">%s</p><input type=\"file\" "
	    "id=\"same-file\" aria-describedby=\"same-hint\">"
	    "<p id=\"same-said\" role=\"status\"></p></section>"
	    "<script src=\"/check.js\" defer></script>",
	    word(WORD_SAME_FILE, p->lang), word(WORD_SAME_FILE_HINT, p->lang));
}

static struct err *
put_links(struct page *p)
{
	const struct report_place *at = p->in->place;
	TRY(put(p, "<p class=\"links\">"));
	if (at->report) {
		TRY(put(p, "<a href=\"/receipts/"));
		TRY(put_clean(p, at->id));
		TRY(buf_printf(
		    p->out, "\">%s</a> ", word(WORD_GET_RECEIPT, p->lang)));
	}
	TRY(put(p, "<a href=\"/v/"));
	TRY(put_clean(p, at->id));
	return buf_printf(p->out,
	    "?lang=%s\" lang=\"%s\" hreflang=\"%s\">%s</a></p>",
	    pick(p, "en", "vi"), pick(p, "en", "vi"), pick(p, "en", "vi"),
	    pick(p, "English", "Tiếng Việt"));
}

/* The formats of words are ours, from a table. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static struct err *
put_bare(struct page *p)
{
	const struct report_place *at = p->in->place;
	if (at == NULL || !at->bare || at->signatures == 0)
		return NULL;
	TRY(put(p, "<p>"));
	TRY(buf_printf(p->out, word(WORD_BARE, p->lang), at->signatures));
	return put(p, "</p>");
}

#pragma GCC diagnostic pop

static struct err *
put_place(struct page *p)
{
	const struct report_place *at = p->in->place;
	if (at == NULL)
		return NULL;
	TRY(buf_printf(
	    p->out, "<p>%s: <a href=\"/v/", word(WORD_AGAIN, p->lang)));
	TRY(put_clean(p, at->id));
	TRY(put(p, "\">"));
	TRY(put_clean(p, at->page));
	TRY(buf_printf(p->out, "</a>. %s ", word(WORD_KEPT_UNTIL, p->lang)));
	TRY(put_time(p, at->until));
	return put(p, ".</p>");
}

/* What whoever made the file may want to know. */
static struct err *
put_unreadable(struct page *p)
{
	const struct facts *f = p->in->facts;
	if (f->unreadable == NULL)
		return NULL;
	TRY(buf_printf(
	    p->out, "<p class=\"code\">%s: ", word(WORD_UNREADABLE, p->lang)));
	TRY(put_clean(p, f->findings.v[0].code));
	TRY(put(p, ": "));
	TRY(put_clean(p, f->findings.v[0].detail));
	return put(p, "</p>");
}

static struct err *
put_foot(struct page *p, const char *style)
{
	const struct verdict *v = p->in->verdict;
	TRY(buf_printf(p->out, "</main><footer><p>%s ",
	    pick(p, "Kiểm tra lúc", "Checked at")));
	TRY(put_time(p, v->time));
	TRY(buf_printf(
	    p->out, " — %s <strong>", pick(p, "chính sách", "policy")));
	TRY(put_clean(p, v->policy->name));
	TRY(put(p, "</strong>. "));
	TRY(put_clean(p, v->policy->sentence[p->lang]));
	TRY(put(p, "</p>"));
	TRY(put_unreadable(p));
	if (p->in->document_sha256 != NULL) {
		if (p->in->name != NULL) {
			TRY(buf_printf(
			    p->out, "<p>%s: ", word(WORD_FILE_NAME, p->lang)));
			TRY(put_clean(p, p->in->name));
			TRY(put(p, "</p>"));
		}
		TRY(put(p, "<p class=\"code\">SHA-256: "));
		TRY(hex_encode(bytes_of(p->in->document_sha256, 32), p->out));
		TRY(put(p, "</p>"));
	}
	TRY(put_place(p));
	if (style != NULL)
		TRY(buf_printf(p->out,
		    "<p class=\"links\"><a href=\"/\">%s</a></p>",
		    pick(p, "Kiểm tra tệp khác", "Verify another file")));
	return put(p, "</footer></body></html>\n");
}

struct err *
report_html(const struct report_input *in, enum lang lang, const char *style,
    struct buf *out)
{
	struct page p = { .in = in, .lang = lang, .out = out };
	const struct verdict *v = in->verdict;
	bool begun = false;
	TRY(put_top(&p, result_text(v->policy, v->indication, lang), style));
	TRY(put_verdict(&p, true, v->indication, v->sub, v->code));
	TRY(put_counts(&p));
	TRY(put_bare(&p));
	if (in->place != NULL)
		TRY(put_links(&p));
	TRY(put_notes(&p, &in->facts->findings, v->code, &begun));
	if (begun)
		TRY(put(&p, "</ul>"));
	for (size_t i = 0; i < v->nsignatures; i++)
		TRY(put_signature(&p, i));
	if (in->place != NULL && in->document_sha256 != NULL)
		TRY(put_same_file(&p));
	return put_foot(&p, style);
}

struct err *
report_html_error(
    const char *code, enum lang lang, const char *style, struct buf *out)
{
	struct page p = { .lang = lang, .out = out };
	CLEANUP(buf_done) struct buf next = BUF(REPORT_NEXT_MAX);
	TRY(report_use(INDETERMINATE, message_next(code, lang), lang, &next));
	TRY(buf_str(&next, message_next(code, lang)));
	TRY(put_top(&p, word(WORD_RESULT_INDETERMINATE, lang), style));
	TRY(buf_printf(out,
	    "<section class=\"verdict open\"><p class=\"word\"><span "
	    "class=\"sign\" aria-hidden=\"true\">?</span> %s</p>"
	    "<p class=\"said\">%s</p><p class=\"said\"><strong>%s:</strong> ",
	    word(WORD_RESULT_INDETERMINATE, lang), message_text(code, lang),
	    word(WORD_NEXT, lang)));
	TRY(put_buf(&p, &next));
	return buf_printf(out,
	    "</p><p class=\"code\">%s</p></section><p class=\"links\">"
	    "<a href=\"/\">%s</a></p>"
	    "</main></body></html>\n",
	    code, pick(&p, "Kiểm tra tệp khác", "Verify another file"));
}
