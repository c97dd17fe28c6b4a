/*
 * Cross-reference sections: tables, streams, hybrid ones.  A file is a list
 * of revisions; view k is the document as it was at revision k.
 * ISO 32000-2 7.5.4 to 7.5.8, annex F.
 */
#ifndef SIGND_PDF_XREF_H
#define SIGND_PDF_XREF_H

#include "pdf/lex.h"

#define PDF_SECTIONS_MAX 4096 /* in one file */

enum pdf_entry_kind {
	PDF_ENTRY_NONE, /* not listed */
	PDF_ENTRY_FREE,
	PDF_ENTRY_AT, /* in the file, at an offset */
	PDF_ENTRY_IN, /* in an object stream */
};

struct pdf_entry {
	enum pdf_entry_kind kind;
	uint32_t num;       /* object number */
	uint32_t gen;       /* 0 for PDF_ENTRY_IN */
	uint64_t offset;    /* PDF_ENTRY_AT: in bytes */
	uint32_t container; /* PDF_ENTRY_IN: number of the object stream */
	uint32_t index;     /* PDF_ENTRY_IN: place in it */
	size_t section;     /* index in xref->sections of who lists it */
	bool hidden;        /* listed by the /XRefStm of a hybrid section */
};

/* Consecutive rows; they stay where they are (in the map, or inflated). */
struct pdf_rows {
	uint32_t first;      /* object number of the first row */
	uint32_t count;      /* rows */
	const uint8_t *rows; /* 20 bytes each, or by the widths */
};

/* The rows of one table or one stream, sorted, without overlaps. */
struct pdf_index {
	bool stream;      /* widths count; else rows of 20 bytes */
	uint8_t width[3]; /* bytes of each field */
	struct pdf_rows *v;
	size_t n;
};

struct pdf_section {
	size_t at;          /* of "xref" or of the stream's object */
	size_t end;         /* behind the trailer dictionary or endobj */
	bool stream;        /* an xref stream, else a table */
	struct pdf_ref ref; /* of the xref stream */
	struct pdf_index index;
	bool hybrid;      /* a table with /XRefStm */
	size_t hidden_at; /* the hidden stream: offset, end, rows */
	size_t hidden_end;
	struct pdf_ref hidden_ref;
	struct pdf_index hidden;
	struct pdf_obj trailer; /* PDF_DICT (of a stream: its dictionary) */
	size_t revision;        /* 1 is the oldest */
};

/* Sections that were written together: one, or the linearized pair. */
struct pdf_revision {
	size_t section; /* index of its newest section, whose trailer counts */
	size_t nsections; /* 1; 2 for the linearized pair */
	size_t end; /* behind %%EOF and the one end of line after it: where a
		     * signature over this revision ends; 0: there is no
		     * "startxref N %%EOF" behind the section */
	size_t eof_end; /* the same without the end of line */
};

struct pdf_xref {
	struct bytes file;            /* borrowed: the map of the whole file */
	struct pdf_section *sections; /* newest first */
	size_t nsections;
	struct pdf_revision *revisions; /* [0] is revision 1, the oldest */
	size_t nrevisions;
	size_t startxref; /* the offset that the file ends with */
	uint32_t highest; /* number listed anywhere, in use or free */
	bool linearized;
	struct pdf_budget
	    *budget; /* of the arena, borrowed: looking up costs */
};

/*
 * pdf_xref_read reads all sections into `a`, which must outlive *out.
 * ERR_MALFORMED (code "pdf-damaged"): no PDF, header not at 0, no %%EOF, wrong
 * offsets or rows, loops.  ERR_LIMIT.
 */
struct err *pdf_xref_read(
    struct bytes file, struct pdf_arena *a, struct pdf_xref *out) MUST_USE;

/* pdf_lookup says where object `num` is in view `view` (1..nrevisions).
 * A row that points behind the end of the view's bytes is ERR_MALFORMED. */
struct err *pdf_lookup(const struct pdf_xref *x, size_t view, uint32_t num,
    struct pdf_entry *out) MUST_USE;
/* The same without what hybrid sections hide. */
struct err *pdf_lookup_visible(const struct pdf_xref *x, size_t view,
    uint32_t num, struct pdf_entry *out) MUST_USE;

/* Whether any section lists object `num` in the file at `offset`. */
struct err *pdf_listed_at(const struct pdf_xref *x, uint32_t num,
    uint64_t offset, bool *out) MUST_USE;

/* Where the bytes of view `view` end: an object of it must end before. */
size_t pdf_view_end(const struct pdf_xref *x, size_t view);

/* Calls `each` for every row of every section of one revision, free ones too;
 * an object may come twice (pair, hybrid). Stops at the first error. */
struct err *pdf_each_entry(const struct pdf_xref *x, size_t revision,
    struct err *(*each)(void *ctx, const struct pdf_entry *e),
    void *ctx) MUST_USE;

const struct pdf_obj *pdf_trailer(const struct pdf_xref *x, size_t view);

#endif
