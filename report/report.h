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
};

/* report_start readies the JSON library, which reads random numbers from a
 * file when first used: once, before a sandbox closes. */
void report_start(void);

struct report_input {
	const struct verdict *verdict;
	const struct facts *facts;
	const uint8_t *document_sha256; /* 32 bytes, or NULL */
	size_t document_len;            /* bytes */
	const struct source_seen *sources; /* who was asked beside */
	size_t nsources;
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

/* The validation report of ETSI TS 119 102-2 V1.2.1, in XML. */
struct err *report_etsi(
    const struct report_input *in, struct buf *out) MUST_USE;

#endif
