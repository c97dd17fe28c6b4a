/*
 * An incremental update: objects appended behind the end of a file, then a
 * cross-reference section of the kind that the newest one has.
 * ISO 32000-2 7.5.6.
 */
#ifndef SIGND_PDF_INCREMENT_H
#define SIGND_PDF_INCREMENT_H

#include "pdf/document.h"
#include "pdf/write.h"

#define PDF_INCREMENT_OBJECTS 8192 /* objects in one update */

struct pdf_increment_entry {
	struct pdf_ref ref;
	size_t offset; /* in the file that comes out */
};

struct pdf_increment {
	struct pdf_document *doc; /* borrowed; NULL: there was none before */
	struct buf out;                      /* what is appended */
	uint32_t next;                       /* the next new object number */
	struct pdf_increment_entry *entries; /* owned */
	size_t n, cap;
};

/*
 * pdf_increment_init: new objects get numbers from `next` on, which the caller
 * knows to be unlisted and not referred to.  End with pdf_increment_done().
 */
struct err *pdf_increment_init(struct pdf_increment *i,
    struct pdf_document *doc, uint32_t next, size_t max) MUST_USE;
/* pdf_increment_fresh begins a new document instead, PDF 1.7, which
 * pdf_increment_finish_fresh() ends. */
struct err *pdf_increment_fresh(struct pdf_increment *i, size_t max) MUST_USE;
void pdf_increment_done(struct pdf_increment *i);

/* ERR_LIMIT (code "pdf-too-complex"): no numbers are left. */
struct err *pdf_increment_number(
    struct pdf_increment *i, struct pdf_ref *out) MUST_USE;

/* "12 0 obj", and a writer for what comes between; then "endobj". */
struct err *pdf_increment_begin(struct pdf_increment *i, struct pdf_ref ref,
    struct pdf_writer *out) MUST_USE;
struct err *pdf_increment_end(struct pdf_increment *i) MUST_USE;

/* A whole stream: `dict` is what its dictionary has besides /Length and
 * /Filter.  With `flate` it is compressed. */
struct err *pdf_increment_stream(struct pdf_increment *i, struct pdf_ref ref,
    const char *dict, struct bytes data, bool flate) MUST_USE;

/* Cross-reference section, trailer, startxref.  The new half of /ID is made
 * out of what was appended. */
struct err *pdf_increment_finish(struct pdf_increment *i) MUST_USE;
/* Of a new document: every number that was given must have been written. */
struct err *pdf_increment_finish_fresh(
    struct pdf_increment *i, struct pdf_ref catalog) MUST_USE;

#endif
