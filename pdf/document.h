/*
 * A document: objects by reference in the view of any revision, streams,
 * pages, form.  Read only, never repaired.
 */
#ifndef SIGND_PDF_DOCUMENT_H
#define SIGND_PDF_DOCUMENT_H

#include "pdf/crypt.h"
#include "pdf/xref.h"

#define PDF_OBJSTM_KEPT 8 /* inflated object streams kept at a time */
#define PDF_OBJSTM_KEPT_MAX                                                    \
	((size_t)16 << 20)                /* bytes of them, but for one        \
					   */
#define PDF_OBJSTM_MAX ((size_t)64 << 20) /* bytes of one, inflated */
#define PDF_PAGES_MAX 1000000             /* pages visited in one walk */
#define PDF_FIELDS_MAX 100000             /* fields visited in one walk */

struct pdf_document;

/*
 * pdf_open reads the structure of `file`, which must stay mapped and
 * unchanged until pdf_close().  `password` is empty as a rule.
 * Errors as pdf_xref_read() and crypt_open() give them.
 */
struct err *pdf_open(struct bytes file, struct bytes password,
    struct pdf_document **out) MUST_USE;
void pdf_close(struct pdf_document *d);
DEFINE_FREEP(pdf_close, struct pdf_document)

const struct pdf_xref *pdf_xref(const struct pdf_document *d);
size_t pdf_views(const struct pdf_document *d); /* how many revisions */
struct pdf_budget *pdf_document_budget(struct pdf_document *d);
unsigned pdf_odd(const struct pdf_document *d); /* bits of enum pdf_odd */
const struct crypt *pdf_crypt(const struct pdf_document *d); /* NULL: plain */

/* An object that was loaded, and where it came from. */
struct pdf_loaded {
	struct pdf_ref ref;
	struct pdf_obj obj;
	struct pdf_entry entry;   /* who lists it */
	size_t at, end;           /* "12 0 obj" to "endobj"; in an object
				   * stream: in its inflated bytes */
	struct pdf_entry carrier; /* of the object stream, kind NONE if none */
};

/*
 * pdf_load reads the object `ref` of view `view` into the caller's arena.
 * *found is false for one that is absent, free, or of another generation: by
 * ISO 32000-2 7.3.10 that is the null object.  Strings are decrypted.
 * ERR_MALFORMED: its header does not match, or it cannot be read.
 */
struct err *pdf_load(struct pdf_document *d, struct pdf_arena *a, size_t view,
    struct pdf_ref ref, bool *found, struct pdf_loaded *out) MUST_USE;

/* The same for one row of a section, whoever overrides it later. */
struct err *pdf_load_entry(struct pdf_document *d, struct pdf_arena *a,
    const struct pdf_entry *e, struct pdf_loaded *out) MUST_USE;

/*
 * pdf_resolve follows `o` while it is a reference (at most PDF_DEPTH_MAX
 * steps).  What it loads stays in the document, by place in the file, and
 * lives until pdf_close().  *out is never NULL.
 */
struct err *pdf_resolve(struct pdf_document *d, size_t view,
    const struct pdf_obj *o, const struct pdf_obj **out) MUST_USE;
/* The same by number; *out is &pdf_null when it is not there. */
struct err *pdf_get(struct pdf_document *d, size_t view, struct pdf_ref ref,
    const struct pdf_obj **out) MUST_USE;
/* The member `key` of dictionary `o`, resolved. */
struct err *pdf_dict_get(struct pdf_document *d, size_t view,
    const struct pdf_obj *o, const char *key,
    const struct pdf_obj **out) MUST_USE;
struct err *pdf_array_get(struct pdf_document *d, size_t view,
    const struct pdf_obj *o, size_t i, const struct pdf_obj **out) MUST_USE;

/*
 * pdf_stream_data appends a stream's bytes to `out`, decrypted and decoded.
 * `ref` is the stream's own.  Limits: out->max, and the budget.
 * ERR_UNSUPPORTED: a filter other than Flate (with predictors), ASCIIHex and
 * ASCII85.
 */
struct err *pdf_stream_data(struct pdf_document *d, size_t view,
    struct pdf_ref ref, const struct pdf_obj *stream, struct buf *out) MUST_USE;

/* The document's parts, in a view. ERR_MALFORMED when missing or senseless. */
struct err *pdf_catalog(struct pdf_document *d, size_t view,
    struct pdf_ref *ref, const struct pdf_obj **out) MUST_USE;

/* One page, from first to last; return false to stop. */
struct pdf_page {
	size_t number; /* 1 is the first */
	struct pdf_ref ref;
	const struct pdf_obj *dict; /* without what it inherits */
};
struct err *pdf_each_page(struct pdf_document *d, size_t view,
    struct err *(*each)(void *ctx, const struct pdf_page *p, bool *go_on),
    void *ctx) MUST_USE;

/*
 * pdf_page_number counts up from page object `num`, through its parents, in
 * memory that is given back: 1 is the first; 0 for what hangs in no tree, or
 * in too large a one.
 */
struct err *pdf_page_number(struct pdf_document *d, size_t view, uint32_t num,
    size_t *out) MUST_USE;

/* One terminal or inner field of the form, from the top. */
struct pdf_field {
	struct pdf_ref ref;          /* num 0: a direct object */
	const struct pdf_obj *dict;  /* a merged widget too */
	struct bytes name;           /* fully qualified, in UTF-8, parts joined
				      * by '.'; good during the call */
	const struct pdf_obj *type;  /* /FT, inherited; &pdf_null if none */
	const struct pdf_obj *value; /* /V, inherited, not resolved */
	const struct pdf_obj *flags; /* /Ff, inherited */
	bool terminal;               /* no kid of it is a field */
};
struct err *pdf_each_field(struct pdf_document *d, size_t view,
    struct err *(*each)(void *ctx, const struct pdf_field *f, bool *go_on),
    void *ctx) MUST_USE;

/* The /AcroForm dictionary, &pdf_null without; ref.num 0 when direct. */
struct err *pdf_form(struct pdf_document *d, size_t view, struct pdf_ref *ref,
    const struct pdf_obj **out) MUST_USE;

/* Calls `each` for every reference inside `o` (not inside what it refers to).
 */
struct err *pdf_each_ref(struct pdf_document *d, const struct pdf_obj *o,
    struct err *(*each)(void *ctx, struct pdf_ref ref), void *ctx) MUST_USE;

/*
 * pdf_scan loads every object that revisions `from` to `to` list as in use,
 * one after the other, into an arena that is emptied in between: a million
 * objects in little memory.  An object may come twice.  Also sets
 * PDF_ODD_UNLISTED.
 */
struct err *pdf_scan(struct pdf_document *d, size_t from, size_t to,
    struct err *(*each)(void *ctx, const struct pdf_loaded *o),
    void *ctx) MUST_USE;

#endif
