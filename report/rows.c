/*
 * What is told of one signature, row by row: the seven facts that Circular
 * 15/2025/TT-BKHCN article 6 asks for, then what helps to act on them.  Text,
 * page and receipt show the same rows.
 */
#include "report/internal.h"

#include <string.h>

struct rows {
	const struct report_input *in;
	enum lang lang;
	const struct row_sink *sink;
};

static struct err *
row(struct rows *r, enum word label, const char *value)
{
	return r->sink->put(r->sink->ctx, word(label, r->lang), value);
}

/* A value that was put together. */
static struct err *
row_of(struct rows *r, enum word label, struct buf *value)
{
	const char *text;
	TRY(buf_cstr(value, &text));
	return row(r, label, text);
}

static struct err *
time_row(struct rows *r, enum word label, int64_t t)
{
	char text[64];
	report_time_text(r->lang, t, text);
	return row(r, label, text);
}

/* The formats of words are ours, from a table. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static struct err *
validity_row(struct rows *r, const struct cert *c)
{
	CLEANUP(buf_done) struct buf value = BUF(256);
	char from[64], to[64];
	report_time_text(r->lang, cert_not_before(c), from);
	report_time_text(r->lang, cert_not_after(c), to);
	TRY(buf_printf(&value, word(WORD_FROM_TO, r->lang), from, to));
	return row_of(r, WORD_VALIDITY, &value);
}

/* Collectors say it in English, for programs; people read the page's language,
 * and nothing of properties that every signature has. */
static struct err *
put_covers(struct rows *r, const char *covers, struct buf *out)
{
	static const char *const words[][2] = {
		{ "whole document", "toàn bộ tài liệu" },
		{ "parts of element ", "một số phần của phần tử " },
		{ "element ", "phần tử " },
		{ "manifest ", "danh sách " },
		{ "file ", "tệp " },
		{ "by manifest: ", "theo danh sách: " },
		{ "not known", "chưa xác định được" },
	};
	for (size_t i = 0; i < COUNT_OF(words) && r->lang == LANG_VI; i++) {
		size_t len = strlen(words[i][0]);
		if (strncmp(covers, words[i][0], len) != 0)
			continue;
		TRY(buf_str(out, words[i][1]));
		return buf_str(out, covers + len);
	}
	return buf_str(out, covers);
}

static bool
is_own_properties(const char *covers)
{
	const char *own = "the signature's own ";
	return strncmp(covers, own, strlen(own)) == 0;
}

static struct err *
list_covered(struct rows *r, const struct signature_fact *f, struct buf *out)
{
	bool begun = false;
	for (size_t i = 0; i < f->nreferences; i++) {
		const char *covers = f->references[i].covers;
		if (covers == NULL || is_own_properties(covers))
			continue;
		if (begun)
			TRY(buf_str(out, "; "));
		TRY(put_covers(r, covers, out));
		begun = true;
	}
	return NULL;
}

/* What was changed may have been the whole file or a part: nobody knows. */
static struct err *
covers_row(struct rows *r, const struct signature_fact *f)
{
	CLEANUP(buf_done) struct buf list = BUF(REPORT_MAX);
	CLEANUP(buf_done) struct buf value = BUF(REPORT_MAX + 64);
	if (f->unseen)
		return row(r, WORD_COVERS, word(WORD_COVERS_HASH, r->lang));
	if (f->covers_all)
		return row(r, WORD_COVERS, word(WORD_COVERS_ALL, r->lang));
	if (f->revisions > 0) {
		TRY(buf_printf(&value, word(WORD_COVERS_REVISION, r->lang),
		    f->revision, f->revisions));
		return row_of(r, WORD_COVERS, &value);
	}
	TRY(list_covered(r, f, &list));
	if (list.len > 0 && integrity_of(f) == BROKEN)
		return row_of(r, WORD_COVERS, &list);
	TRY(buf_str(&value, word(WORD_COVERS_PART, r->lang)));
	if (list.len > 0) {
		TRY(buf_str(&value, " ("));
		TRY(buf_append(&value, buf_bytes(&list)));
		TRY(buf_byte(&value, ')'));
	}
	return row_of(r, WORD_COVERS, &value);
}

#pragma GCC diagnostic pop

/*
 * The circular asks how the certificate stood at signing.  Only a time stamp
 * tells when that was; without one, what is known is how it stands now, and
 * whether the time that the signer claims lies within its dates.
 */
static struct err *
state_rows(struct rows *r, const struct signature_verdict *v)
{
	const struct cert *c = v->fact->cert;
	int64_t t = v->fact->claimed_time;
	enum cert_state s = cert_state_of(v, r->in->verdict->policy);
	TRY(row(r, v->stamped ? WORD_STATE : WORD_STATE_NOW,
	    cert_state_text(s, r->lang)));
	if (v->stamped || t == TIME_NONE || is_document_stamp(v->fact))
		return NULL;
	bool within = t >= cert_not_before(c) && t <= cert_not_after(c);
	return row(r, WORD_STATE_CLAIMED,
	    word(within ? WORD_WITHIN : WORD_OUTSIDE, r->lang));
}

static struct err *
certificate_rows(struct rows *r, const struct signature_verdict *v)
{
	const struct cert *c = v->fact->cert;
	if (c == NULL)
		return row(r, WORD_SIGNER, word(WORD_NOT_FOUND, r->lang));
	TRY(row(r, is_document_stamp(v->fact) ? WORD_STAMPER : WORD_SIGNER,
	    cert_common_name(c)));
	TRY(row(r, WORD_SUBJECT, cert_subject(c)));
	TRY(row(r, WORD_ISSUER, cert_issuer(c)));
	if (v->domain != NULL)
		TRY(row(r, WORD_DOMAIN, domain_text(v->domain, r->lang)));
	TRY(validity_row(r, c));
	return state_rows(r, v);
}

static struct err *
signing_time_row(struct rows *r, const struct signature_verdict *v)
{
	CLEANUP(buf_done) struct buf value = BUF(1024);
	int64_t t = v->stamped ? v->best_time : v->fact->claimed_time;
	enum word how = v->stamped ? WORD_TIME_STAMPED : WORD_TIME_CLAIMED;
	if (is_document_stamp(v->fact)) {
		t = v->fact->timestamps[0].time;
		how = WORD_STAMP_OWN;
	}
	if (t == TIME_NONE)
		return row(r, WORD_SIGNING_TIME, word(WORD_TIME_NONE, r->lang));
	char when[64];
	report_time_text(r->lang, t, when);
	TRY(buf_printf(&value, "%s (%s)", when, word(how, r->lang)));
	return row_of(r, WORD_SIGNING_TIME, &value);
}

static struct err *
detail_rows(struct rows *r, const struct signature_verdict *v)
{
	const struct signature_fact *f = v->fact;
	char alg[64];
	sig_alg_name(f->alg, alg, sizeof(alg));
	TRY(signing_time_row(r, v));
	TRY(row(r, WORD_INTEGRITY, integrity_text(integrity_of(f), r->lang)));
	TRY(covers_row(r, f));
	if (f->revisions > 0 || f->changes != CHANGE_NONE)
		TRY(row(r, WORD_CHANGES, change_text(f, r->lang)));
	TRY(row(r, WORD_ALGORITHM, alg));
	if (v->holds_until != TIME_NONE)
		TRY(time_row(r, WORD_HOLDS_UNTIL, v->holds_until));
	if (f->reason != NULL && f->reason[0] != '\0')
		TRY(row(r, WORD_REASON, f->reason));
	if (f->location != NULL && f->location[0] != '\0')
		TRY(row(r, WORD_LOCATION, f->location));
	return NULL;
}

struct err *
signature_rows(const struct report_input *in, size_t i, enum lang lang,
    const struct row_sink *sink)
{
	struct rows r = { .in = in, .lang = lang, .sink = sink };
	const struct signature_verdict *v = &in->verdict->signatures[i];
	TRY(certificate_rows(&r, v));
	return detail_rows(&r, v);
}

/* ---- above the rows ---- */

struct place_among {
	size_t nth, all; /* of its kind */
};

static struct place_among
among(const struct verdict *v, size_t i)
{
	bool stamp = v->signatures[i].fact->stamp;
	struct place_among p = { 0 };
	for (size_t k = 0; k < v->nsignatures; k++)
		if (v->signatures[k].fact->stamp == stamp) {
			p.all++;
			p.nth += k <= i;
		}
	return p;
}

/* The formats of words are ours, from a table. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

struct err *
signature_heading(
    const struct report_input *in, size_t i, enum lang lang, struct buf *out)
{
	struct place_among p = among(in->verdict, i);
	bool stamp = in->verdict->signatures[i].fact->stamp;
	return buf_printf(out,
	    word(stamp ? WORD_STAMP_OF : WORD_SIGNATURE_OF, lang), p.nth,
	    p.all);
}

struct err *
signature_counts(const struct report_input *in, enum lang lang, struct buf *out)
{
	const struct verdict *v = in->verdict;
	CLEANUP(buf_done) struct buf which = BUF(256);
	const char *decisive;
	size_t n[3] = { 0 }; /* by enum result */
	size_t stamps = 0;
	if (v->nsignatures < 2)
		return NULL;
	for (size_t i = 0; i < v->nsignatures; i++) {
		n[result_of(v->policy, v->signatures[i].indication)]++;
		stamps += v->signatures[i].fact->stamp;
	}
	TRY(buf_printf(
	    out, word(WORD_COUNT_SIGNATURES, lang), v->nsignatures - stamps));
	if (stamps > 0)
		TRY(buf_printf(out, word(WORD_COUNT_STAMPS, lang), stamps));
	TRY(buf_printf(out, word(WORD_COUNT_RESULTS, lang), n[RESULT_VALID],
	    n[RESULT_INVALID], n[RESULT_INDETERMINATE]));
	if (n[RESULT_VALID] == v->nsignatures)
		return NULL;
	TRY(signature_heading(in, v->decisive, lang, &which));
	TRY(buf_cstr(&which, &decisive));
	bool signed_too = stamps > 0 && stamps < v->nsignatures;
	return buf_printf(out,
	    word(signed_too ? WORD_DECISIVE_SIGNED : WORD_DECISIVE, lang),
	    decisive);
}

#pragma GCC diagnostic pop
