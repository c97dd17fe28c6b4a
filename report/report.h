/* Verdicts for people and programs. */
#ifndef SIGND_REPORT_REPORT_H
#define SIGND_REPORT_REPORT_H

#include "base/messages.h"
#include "validation/validation.h"

#define REPORT_MAX (4 * 1024 * 1024) /* bytes */

/* report_start readies the JSON library, which reads random numbers from a
 * file when first used: once, before a sandbox closes. */
void report_start(void);

struct report_input {
	const struct verdict *verdict;
	const struct facts *facts;
	const uint8_t *document_sha256; /* 32 bytes, or NULL */
	size_t document_len;            /* bytes */
};

/* One JSON object (schema: doc/report.schema.json): always both languages for
 * sentence and next step, so that a client need not ask again. */
struct err *report_json(
    const struct report_input *in, struct buf *out) MUST_USE;

/* Plain text for a terminal or a clerk: the sentence first, the next step,
 * then who, when, which certificate, what is covered, what changed. */
struct err *report_text(
    const struct report_input *in, enum lang lang, struct buf *out) MUST_USE;

#endif
