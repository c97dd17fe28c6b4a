/* How kinds of visible signatures look, as a table. */
#ifndef SIGND_PDF_PROFILE_H
#define SIGND_PDF_PROFILE_H

#include "base/base.h"

#define PDF_PROFILE_LINES 4

enum pdf_beside { PDF_TEXT_BESIDE, PDF_TEXT_BELOW };

struct pdf_profile {
	const char *name;
	/* %n signer's name, %t time, %r reason, %l location, %* the lines that
	 * were given.  A line without its value is left out. */
	const char *lines[PDF_PROFILE_LINES]; /* when no lines were given */
	const char *given[PDF_PROFILE_LINES]; /* when some were */
	double size, least;                   /* points; shrinks to fit */
	enum pdf_beside text;                 /* where, seen from pictures */
	bool words_only; /* pictures are not for this kind */
};

/* ERR_USAGE, code "pdf-profile", for a name that is not there. */
struct err *pdf_profile_find(
    const char *name, const struct pdf_profile **out) MUST_USE;

#endif
