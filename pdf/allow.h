/*
 * Whether a document may get another signature, and what a signer must know of
 * it: names that are taken, object numbers that are, fields.
 */
#ifndef SIGND_PDF_ALLOW_H
#define SIGND_PDF_ALLOW_H

#include "format/format.h"
#include "pdf/document.h"
#include "pdf/params.h"

/* What is to be done with the document. */
struct pdf_wish {
	const char *field; /* its name in UTF-8, or NULL: a new one */
	enum pdf_certify certify;
	/* A document time stamp or validation data: no change by
	 * ISO 32000-2 12.8.2.2.2, so no signature forbids it. */
	bool evidence;
	/* Called after each object with where it ends in the file; may be
	 * NULL. */
	struct err *(*seen)(void *ctx, size_t end);
	void *ctx;
};

/* All in the newest view. */
struct pdf_survey {
	const char *wanted;   /* field name that was asked for, or NULL */
	bool found;           /* there is a field called `wanted` */
	struct pdf_ref field; /* it */
	const struct pdf_obj *dict;
	unsigned name_number; /* "Signature<this>" is free */
	size_t signatures;    /* fields that are signed, without ... */
	size_t stamps;        /* ... document time stamps */
	bool bare_widgets;    /* a field other than a signature has no /AP */
	/* It says that it is PDF/A-1, or PDF/A of no part that can be read:
	 * there a field without a size has an appearance, too (ISO 19005-1
	 * 6.9; from part 2 on, 6.3.3, not). */
	bool pdfa1;
	bool pdfa; /* it says that it is PDF/A, of any part */
	struct pdf_ref empty_look; /* one that is there; num 0: none */
	bool tagged;               /* it has a structure tree */
	uint32_t next; /* the first object number that is free, above
			* every row and every reference */
};

/*
 * pdf_survey_document looks at every object once.
 * ERR_DENIED: code "pdf-certified" (DocMDP allows no change), "pdf-locked" (a
 * signed field locks the one to be signed), "pdf-field-signed",
 * "pdf-certify-late" (a certification must come first), "pdf-permission" (an
 * encrypted file, opened as user, whose /P forbids it: table 22).
 * ERR_UNSUPPORTED: code "pdf-xfa" (a dynamic form), "pdf-field" (what is called
 * `wanted` is no signature field that we could sign), "pdf-ambiguous" (readers
 * may disagree about what it shows).
 * ERR_MALFORMED, ERR_LIMIT: as the reader says.
 */
struct err *pdf_survey_document(struct pdf_document *d,
    const struct pdf_wish *wish, struct pdf_survey *out) MUST_USE;

#endif
