/*
 * Whether a document may get another signature, and what a signer must know of
 * it: names that are taken, object numbers that are, fields.
 */
#ifndef SIGND_PDF_ALLOW_H
#define SIGND_PDF_ALLOW_H

#include "pdf/document.h"

struct pdf_survey {
	/* Asked. */
	const char *wanted; /* field name in UTF-8, or NULL */
	/* Answered, all in the newest view. */
	bool found;           /* there is a field called `wanted` */
	struct pdf_ref field; /* it */
	const struct pdf_obj *dict;
	unsigned name_number; /* "Signature<this>" is free */
	bool bare_widgets;    /* a field other than a signature has no /AP */
	bool pdfa;            /* it says that it is PDF/A */
	uint32_t next;        /* the first object number that is free, above
			       * every row and every reference */
};

/*
 * pdf_survey_document looks at every object once.
 * ERR_DENIED: code "pdf-certified" (DocMDP allows no change), "pdf-locked" (a
 * signed field locks the one to be signed), "pdf-field-signed".
 * ERR_UNSUPPORTED: code "pdf-xfa" (a dynamic form), "pdf-field" (what is called
 * `wanted` is no signature field that we could sign), "pdf-ambiguous" (readers
 * may disagree about what it shows).
 * ERR_MALFORMED, ERR_LIMIT: as the reader says.
 */
struct err *pdf_survey_document(struct pdf_document *d, const char *wanted,
    struct pdf_survey *out) MUST_USE;

#endif
