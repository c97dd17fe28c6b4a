/*
 * What changed between two revisions of a document, and of which kind it is.
 * Deny by default: the old and the new revision are walked side by side from
 * the trailer; whatever the old one refers to must be the same in the new
 * one, unless a rule for that very place allows it to differ.  An object that
 * is reached in two ways must satisfy both.  ISO 32000-2 12.8.2.
 */
#ifndef SIGND_PDF_DIFF_H
#define SIGND_PDF_DIFF_H

#include "format/facts.h"
#include "pdf/document.h"

#define DIFF_FINDINGS_MAX 32 /* told for one step; the level counts all */
#define DIFF_NAMES_MAX 10000 /* changed fields that are listed in one step */

struct pdf_diff {
	enum change_level level;  /* the worst that was found */
	struct findings findings; /* fatal ones are CHANGE_SUSPICIOUS */
	/* Fully qualified names, in UTF-8, of fields of the old revision that
	 * were filled, signed or removed; for FieldMDP. */
	char **names;
	size_t nnames;
};

/*
 * pdf_diff compares view `from` with view `to`, from < to.  What cannot be
 * read, or would take too long, is a finding and CHANGE_SUSPICIOUS.  Errors
 * are only ERR_NOMEM and ERR_INTERNAL.  *out is freed with pdf_diff_done().
 */
struct err *pdf_diff(struct pdf_document *d, size_t from, size_t to,
    struct pdf_diff *out) MUST_USE;
void pdf_diff_done(struct pdf_diff *diff);

#endif
