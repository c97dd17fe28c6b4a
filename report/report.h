/* Verdicts for people and programs. */
#ifndef SIGND_REPORT_REPORT_H
#define SIGND_REPORT_REPORT_H

#include "base/messages.h"
#include "certs/source.h"
#include "validation/validation.h"

#define REPORT_MAX (16 * 1024 * 1024) /* bytes */

/* Which reports are wanted, as bits. */
enum report_kind {
	REPORT_JSON = 1,
	REPORT_TEXT = 2, /* both languages */
	REPORT_HTML_VI = 4,
	REPORT_HTML_EN = 8,
	REPORT_HTML_ALONE = 16, /* with its style sheet inside */
	REPORT_ETSI = 32,
	REPORT_RECEIPT = 64,
	REPORT_SHOWN = 128, /* with JSON: the lines that people read, too */
	REPORT_NONE = 256,  /* the verdict alone */
};

/* report_start readies the JSON library, which reads random numbers from a
 * file when first used: once, before a sandbox closes. */
void report_start(void);

/* Where a service shows the verdict again. */
struct report_place {
	const char *id;   /* whoever knows it may see the verdict */
	const char *page; /* URL, for people */
	int64_t until;    /* seconds: then it is forgotten */
	bool report;      /* the whole report is kept, not the verdict alone */
	/* This is what was kept of the verdict alone: of `signatures` signatures
	 * nothing is known any more, and the verdict here has none. */
	bool bare;
	size_t signatures;
};

struct report_input {
	const struct verdict *verdict;
	const struct facts *facts;
	const uint8_t *document_sha256; /* 32 bytes, or NULL */
	size_t document_len;            /* bytes */
	const struct source_seen *sources; /* who was asked beside */
	size_t nsources;
	const char *name;               /* of the file, as given; or NULL */
	const struct report_place *place; /* NULL: it is not kept */
	bool shown;                       /* REPORT_SHOWN */
};

/* One JSON object (schema: doc/report.schema.json): always both languages for
 * sentence and next step, so that a client need not ask again. */
struct err *report_json(
    const struct report_input *in, struct buf *out) MUST_USE;

/* Plain text for a terminal or a clerk: the sentence first, the next step,
 * then who, when, which certificate, what is covered, what changed. */
struct err *report_text(
    const struct report_input *in, enum lang lang, struct buf *out) MUST_USE;

/*
 * A page in one language, for a phone, a screen and paper.  `style` is the
 * address of the style sheet; NULL: report_css is put into the page, which then
 * stands alone.
 */
struct err *report_html(const struct report_input *in, enum lang lang,
    const char *style, struct buf *out) MUST_USE;
extern const char report_css[];

/* The page of a verification that did not come about, of which nothing is known
 * but an error's code: the third word, why, and what to do. */
struct err *report_html_error(const char *code, enum lang lang,
    const char *style, struct buf *out) MUST_USE;

/* The validation report of ETSI TS 119 102-2 V1.2.1, in XML. */
struct err *report_etsi(
    const struct report_input *in, struct buf *out) MUST_USE;

/* ---- receipts ---- */

enum report_block_kind {
	BLOCK_TITLE,
	BLOCK_HEADING,
	BLOCK_TEXT,
	BLOCK_SMALL,
	BLOCK_ROW,
	BLOCK_GOOD, /* by result: its word is the label, its sentence the text */
	BLOCK_OPEN,
	BLOCK_BAD,
};

struct report_block {
	enum report_block_kind kind;
	char *label, *text; /* owned; printable UTF-8 */
};

struct report_blocks {
	struct report_block *v; /* owned */
	size_t n, cap;
};

/* What a receipt says, in both languages, from top to bottom; *out is ended by
 * report_blocks_done(). */
struct err *report_receipt(
    const struct report_input *in, struct report_blocks *out) MUST_USE;
void report_blocks_done(struct report_blocks *b);

#endif
