/* The inside of a document: for document.c, cache.c, objstm.c and scan.c. */
#ifndef SIGND_PDF_INSIDE_H
#define SIGND_PDF_INSIDE_H

#include "pdf/document.h"

/* Objects that stay, by their place in the file. */
struct pdf_cached {
	uint64_t at;    /* offset of the object, or of its object stream */
	uint32_t index; /* place in the stream + 1; 0: in the file itself */
	uint32_t view;  /* 0: the same in each view */
	const struct pdf_obj *obj; /* NULL: an empty slot */
};

struct pdf_cache {
	struct pdf_cached *v;
	size_t n, cap; /* cap is a power of two, or 0 */
};

const struct pdf_obj *pdf_cache_find(
    const struct pdf_cache *c, uint64_t at, uint32_t index, uint32_t view);
struct err *pdf_cache_add(struct pdf_cache *c, struct pdf_cached what) MUST_USE;
void pdf_cache_done(struct pdf_cache *c);

/* An object stream, inflated (ISO 32000-2 7.5.7). */
struct pdf_objstm {
	uint64_t at;          /* offset of its object in the file; 0: empty */
	size_t view;          /* in which it was read; 0: the same in each */
	uint64_t used;        /* when, in ticks */
	struct buf data;      /* inflated */
	uint32_t (*pairs)[2]; /* object number, offset from the start */
	uint32_t n;
};

struct pdf_document {
	struct bytes file;
	struct pdf_budget budget;
	struct pdf_arena arena;
	struct pdf_xref xref;
	struct crypt *crypt;
	struct pdf_ref encrypt; /* num 0: direct or none */
	struct pdf_cache cache;
	struct pdf_objstm objstm[PDF_OBJSTM_KEPT];
	uint64_t tick;
	unsigned depth; /* of loads that need other loads */
};

/* pdf_objstm_open finds object stream `num` of `view`; *out is good until the
 * next call.  `carrier` is where it was listed. */
struct err *pdf_objstm_open(struct pdf_document *d, size_t view, uint32_t num,
    struct pdf_objstm **out, struct pdf_entry *carrier) MUST_USE;
/* Object `index` of the stream, which must be `num`. */
struct err *pdf_objstm_object(struct pdf_document *d,
    const struct pdf_objstm *s, uint32_t index, uint32_t num,
    struct pdf_arena *a, struct pdf_obj *out) MUST_USE;
void pdf_objstm_done(struct pdf_objstm *s);

/* pdf_load_entry, with /Length and object streams looked up in `view`. */
struct err *pdf_load_at(struct pdf_document *d, struct pdf_arena *a,
    size_t view, const struct pdf_entry *e, struct pdf_loaded *out) MUST_USE;

#endif
