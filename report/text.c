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

static struct err *
label(struct page *p, enum word w)
{
	const char *s = word(w, p->lang);
	int pad = LABEL_WIDTH - columns(s) - 1;
	return buf_printf(p->out, "  %s:%*s", s, pad > 0 ? pad : 1, "");
}

static struct err *
row(struct page *p, enum word w, const char *value)
{
	TRY(label(p, w));
	TRY(clean(value, p->out));
	return buf_str(p->out, "\n");
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

static struct err *
put_validity(struct page *p, const struct cert *c)
{
	char from[64], to[64];
	report_time_text(p->lang, cert_not_before(c), from);
	report_time_text(p->lang, cert_not_after(c), to);
	TRY(label(p, WORD_VALIDITY));
	TRY(buf_printf(p->out, word(WORD_FROM_TO, p->lang), from, to));
	return buf_str(p->out, "\n");
}

static struct err *
put_covers(struct page *p, const struct signature_fact *f)
{
	TRY(label(p, WORD_COVERS));
	if (f->covers_all)
		return buf_printf(
		    p->out, "%s\n", word(WORD_COVERS_ALL, p->lang));
	if (f->revisions > 0) {
		TRY(buf_printf(p->out, word(WORD_COVERS_REVISION, p->lang),
		    f->revision, f->revisions));
		return buf_str(p->out, "\n");
	}
	TRY(buf_str(p->out, word(WORD_COVERS_PART, p->lang)));
	for (size_t i = 0; i < f->nreferences; i++) {
		const char *what = f->references[i].covers;
		if (what == NULL)
			continue;
		TRY(buf_str(p->out, i == 0 ? " (" : "; "));
		TRY(clean(what, p->out));
		if (i + 1 == f->nreferences)
			TRY(buf_str(p->out, ")"));
	}
	return buf_str(p->out, "\n");
}

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
	TRY(report_next(p->in, v->sub, v->code, p->lang, &next));
	TRY(buf_cstr(&next, &text));
	if (text[0] != '\0')
		TRY(buf_printf(
		    p->out, "%s: %s\n", word(WORD_NEXT, p->lang), text));
	return v->nsignatures < 2 ? NULL : put_counts(p);
}

#pragma GCC diagnostic pop

/*
 * Circular 15/2025 asks how the certificate stood at signing.  Only a time
 * stamp tells when that was; without one, what is known is how it stands now,
 * and whether the time that the signer claims lies within its dates.
 */
static struct err *
put_state(struct page *p, const struct signature_verdict *v)
{
	const struct cert *c = v->fact->cert;
	int64_t t = v->fact->claimed_time;
	enum cert_state s = cert_state_of(v, p->in->verdict->policy);
	TRY(row(p, v->stamped ? WORD_STATE : WORD_STATE_NOW,
	    cert_state_text(s, p->lang)));
	if (v->stamped || t == TIME_NONE || is_document_stamp(v->fact))
		return NULL;
	bool within = t >= cert_not_before(c) && t <= cert_not_after(c);
	return row(p, WORD_STATE_CLAIMED,
	    word(within ? WORD_WITHIN : WORD_OUTSIDE, p->lang));
}

static struct err *
put_certificate(struct page *p, const struct signature_verdict *v)
{
	const struct cert *c = v->fact->cert;
	if (c == NULL)
		return row(p, WORD_SIGNER, word(WORD_NOT_FOUND, p->lang));
	TRY(row(p, is_document_stamp(v->fact) ? WORD_STAMPER : WORD_SIGNER,
	    cert_common_name(c)));
	TRY(row(p, WORD_SUBJECT, cert_subject(c)));
	TRY(row(p, WORD_ISSUER, cert_issuer(c)));
	TRY(put_validity(p, c));
	TRY(put_state(p, v));
	if (v->domain != NULL)
		TRY(row(p, WORD_DOMAIN, domain_text(v->domain, p->lang)));
	return NULL;
}

static struct err *
put_signing_time(struct page *p, const struct signature_verdict *v)
{
	int64_t t = v->stamped ? v->best_time : v->fact->claimed_time;
	enum word how = v->stamped ? WORD_TIME_STAMPED : WORD_TIME_CLAIMED;
	if (is_document_stamp(v->fact)) {
		t = v->fact->timestamps[0].time;
		how = WORD_STAMP_OWN;
	}
	if (t == TIME_NONE)
		return row(p, WORD_SIGNING_TIME, word(WORD_TIME_NONE, p->lang));
	char when[64];
	report_time_text(p->lang, t, when);
	TRY(label(p, WORD_SIGNING_TIME));
	return buf_printf(p->out, "%s (%s)\n", when, word(how, p->lang));
}

static struct err *
put_details(struct page *p, const struct signature_verdict *v)
{
	const struct signature_fact *f = v->fact;
	char alg[64];
	sig_alg_name(f->alg, alg, sizeof(alg));
	TRY(put_signing_time(p, v));
	TRY(row(p, WORD_INTEGRITY, integrity_text(integrity_of(f), p->lang)));
	TRY(put_covers(p, f));
	if (f->revisions > 0 || f->changes != CHANGE_NONE)
		TRY(row(p, WORD_CHANGES, change_text(f, p->lang)));
	TRY(row(p, WORD_ALGORITHM, alg));
	if (v->holds_until != TIME_NONE) {
		char until[64];
		report_time_text(p->lang, v->holds_until, until);
		TRY(row(p, WORD_HOLDS_UNTIL, until));
	}
	if (f->reason != NULL && f->reason[0] != '\0')
		TRY(row(p, WORD_REASON, f->reason));
	if (f->location != NULL && f->location[0] != '\0')
		TRY(row(p, WORD_LOCATION, f->location));
	return NULL;
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
	bool begun = false;
	TRY(put_heading(p, i, all->nsignatures, v));
	TRY(put_certificate(p, v));
	TRY(put_details(p, v));
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
