/*
 * What a receipt says, block by block, first in Vietnamese and then in English;
 * how that lies on paper is for who draws it.
 */
#include "report/internal.h"

#include <stdlib.h>

/* A document may have more; the page and the JSON have them all. */
#define RECEIPT_SIGNATURES 50

struct receipt {
	const struct report_input *in;
	enum lang lang;
	struct report_blocks *out;
};

void
report_blocks_done(struct report_blocks *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->v[i].label);
		free(b->v[i].text);
	}
	free(b->v);
	*b = (struct report_blocks){ 0 };
}

/* A stranger's text, cleaned, as a string of its own. */
static struct err *
dup_clean(const char *s, char **out)
{
	CLEANUP(buf_done) struct buf b = BUF(REPORT_MAX);
	TRY(clean(s == NULL ? "" : s, &b));
	return bytes_dup_str(buf_bytes(&b), out);
}

static struct err *
make_room(struct report_blocks *b)
{
	if (b->n < b->cap)
		return NULL;
	size_t cap = b->cap == 0 ? 64 : 2 * b->cap;
	struct report_block *v = realloc(b->v, cap * sizeof(*v));
	if (v == NULL)
		return err_new(ERR_NOMEM, NULL, "%zu blocks", cap);
	b->v = v;
	b->cap = cap;
	return NULL;
}

static struct err *
add(struct receipt *r, enum report_block_kind kind, const char *label,
    const char *text)
{
	struct report_blocks *b = r->out;
	TRY(make_room(b));
	b->v[b->n] = (struct report_block){ .kind = kind };
	b->n++;
	TRY(dup_clean(label, &b->v[b->n - 1].label));
	return dup_clean(text, &b->v[b->n - 1].text);
}

static struct err *
add_buf(struct receipt *r, enum report_block_kind kind, const char *label,
    struct buf *text)
{
	const char *s;
	TRY(buf_cstr(text, &s));
	return add(r, kind, label, s);
}

static struct err *
add_row(void *ctx, const char *label, const char *value)
{
	return add(ctx, BLOCK_ROW, label, value);
}

static struct err *
add_time(struct receipt *r, enum word label, int64_t t)
{
	char text[64];
	report_time_text(r->lang, t, text);
	return add(r, BLOCK_ROW, word(label, r->lang), text);
}

/* The formats of words are ours, from a table. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static struct err *
add_heading(struct receipt *r, size_t i)
{
	CLEANUP(buf_done) struct buf b = BUF(256);
	TRY(signature_heading(r->in, i, r->lang, &b));
	return add_buf(r, BLOCK_HEADING, NULL, &b);
}

static struct err *
add_rest(struct receipt *r)
{
	CLEANUP(buf_done) struct buf b = BUF(256);
	size_t n = r->in->verdict->nsignatures;
	if (n <= RECEIPT_SIGNATURES)
		return NULL;
	TRY(buf_printf(
	    &b, word(WORD_MORE_SIGNATURES, r->lang), n - RECEIPT_SIGNATURES));
	return add_buf(r, BLOCK_TEXT, NULL, &b);
}

#pragma GCC diagnostic pop

/* The sentence, and what to do. */
static struct err *
add_verdict(struct receipt *r)
{
	static const enum report_block_kind kinds[] = {
		[RESULT_VALID] = BLOCK_GOOD,
		[RESULT_INVALID] = BLOCK_BAD,
		[RESULT_INDETERMINATE] = BLOCK_OPEN,
	};
	const struct verdict *v = r->in->verdict;
	CLEANUP(buf_done) struct buf b = BUF(16 * 1024);
	TRY(add(r, kinds[result_of(v->policy, v->indication)],
	    result_text(v->policy, v->indication, r->lang),
	    message_text(v->code, r->lang)));
	CLEANUP(buf_done) struct buf next = BUF(REPORT_NEXT_MAX);
	const char *text;
	TRY(report_next(r->in, v->indication, v->sub, v->code, r->lang, &next));
	TRY(buf_cstr(&next, &text));
	if (text[0] == '\0')
		return NULL;
	TRY(buf_printf(&b, "%s: %s", word(WORD_NEXT, r->lang), text));
	return add_buf(r, BLOCK_TEXT, NULL, &b);
}

static struct err *
add_counts(struct receipt *r)
{
	CLEANUP(buf_done) struct buf b = BUF(1024);
	TRY(signature_counts(r->in, r->lang, &b));
	return b.len == 0 ? NULL : add_buf(r, BLOCK_TEXT, NULL, &b);
}

static struct err *
add_document(struct receipt *r)
{
	const struct report_input *in = r->in;
	const struct policy *p = in->verdict->policy;
	CLEANUP(buf_done) struct buf hash = BUF(80);
	CLEANUP(buf_done) struct buf size = BUF(80);
	CLEANUP(buf_done) struct buf policy = BUF(16 * 1024);
	TRY(add(r, BLOCK_HEADING, NULL, word(WORD_DOCUMENT, r->lang)));
	if (in->name != NULL)
		TRY(add(r, BLOCK_ROW, word(WORD_FILE_NAME, r->lang), in->name));
	if (in->document_sha256 != NULL) {
		TRY(hex_encode(bytes_of(in->document_sha256, 32), &hash));
		TRY(add_buf(r, BLOCK_ROW, "SHA-256", &hash));
	}
	TRY(buf_printf(&size, "%zu B", in->document_len));
	TRY(add_buf(r, BLOCK_ROW, word(WORD_SIZE, r->lang), &size));
	TRY(add_time(r, WORD_CHECKED, in->verdict->time));
	TRY(buf_printf(&policy, "%s. %s", p->name, p->sentence[r->lang]));
	TRY(add_buf(r, BLOCK_ROW, word(WORD_POLICY, r->lang), &policy));
	return in->place == NULL ? NULL
				 : add(r, BLOCK_ROW, word(WORD_AGAIN, r->lang),
				       in->place->page);
}

static struct err *
add_notes(struct receipt *r, const struct findings *f, const char *code)
{
	for (size_t i = 0; i < f->n; i++) {
		CLEANUP(buf_done) struct buf b = BUF(REPORT_MAX);
		if (finding_said(f, i, code))
			continue;
		TRY(buf_str(&b, "• "));
		TRY(finding_line(&f->v[i], r->lang, &b));
		TRY(add_buf(r, BLOCK_SMALL, NULL, &b));
	}
	return NULL;
}

static struct err *
add_signature(struct receipt *r, size_t i)
{
	const struct verdict *all = r->in->verdict;
	const struct signature_verdict *v = &all->signatures[i];
	const struct row_sink rows = { .ctx = r, .put = add_row };
	CLEANUP(buf_done) struct buf said = BUF(16 * 1024);
	TRY(add_heading(r, i));
	if (all->nsignatures > 1) {
		TRY(buf_printf(&said, "%s. %s",
		    result_text(all->policy, v->indication, r->lang),
		    message_text(v->code, r->lang)));
		TRY(add_buf(r, BLOCK_TEXT, NULL, &said));
	}
	TRY(signature_rows(r->in, i, r->lang, &rows));
	TRY(add_notes(r, &v->notes, v->code));
	return add_notes(r, &v->fact->findings, v->code);
}

static struct err *
add_language(struct receipt *r, enum lang lang)
{
	const struct verdict *v = r->in->verdict;
	r->lang = lang;
	TRY(add(r, BLOCK_TITLE, NULL, word(WORD_RECEIPT, lang)));
	TRY(add_verdict(r));
	TRY(add_counts(r));
	TRY(add_document(r));
	TRY(add_notes(r, &r->in->facts->findings, v->code));
	for (size_t i = 0; i < v->nsignatures && i < RECEIPT_SIGNATURES; i++)
		TRY(add_signature(r, i));
	TRY(add_rest(r));
	/* Where no service keeps the result, none seals it either. */
	return add(r, BLOCK_SMALL, NULL,
	    word(r->in->place != NULL ? WORD_RECEIPT_MEANS
				      : WORD_RECEIPT_UNSEALED,
		lang));
}

struct err *
report_receipt(const struct report_input *in, struct report_blocks *out)
{
	struct report_blocks b = { 0 };
	struct receipt r = { .in = in, .out = &b };
	struct err *e = add_language(&r, LANG_VI);
	if (e == NULL)
		e = add_language(&r, LANG_EN);
	if (e != NULL) {
		report_blocks_done(&b);
		return e;
	}
	*out = b;
	return NULL;
}
