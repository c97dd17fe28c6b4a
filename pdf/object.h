/*
 * PDF objects as read: a tree of nodes in an arena, each with its byte span.
 * Nothing here is ever changed after parsing, and nothing is repaired.
 * ISO 32000-2 7.3.
 */
#ifndef SIGND_PDF_OBJECT_H
#define SIGND_PDF_OBJECT_H

#include "base/base.h"

#define PDF_DEPTH_MAX 64         /* nesting of arrays and dictionaries */
#define PDF_NUMBER_MAX 8388607   /* object numbers, ISO 32000-1 annex C */
#define PDF_GENERATION_MAX 65535 /* ISO 32000-2 7.5.4 */
#define PDF_MEMORY_MAX ((size_t)256 << 20) /* bytes in all arenas together */
#define PDF_INFLATED_MAX                                                       \
	((uint64_t)1 << 30)                 /* bytes through filters in all    \
					     */
#define PDF_STREAM_MAX ((size_t)256 << 20)  /* bytes of one inflated stream */
#define PDF_STEPS_BASE ((uint64_t)64 << 20) /* tokens and visits, and ... */
#define PDF_STEPS_PER_BYTE 2                /* ... so many more for each byte */

/* What is odd about a file without being wrong enough to refuse it.  Each
 * reader of a file decides by its own policy. */
enum pdf_odd {
	PDF_ODD_DUPLICATE_KEY = 1 << 0,  /* in some dictionary that was read */
	PDF_ODD_HYBRID = 1 << 1,         /* /XRefStm, as Word writes it */
	PDF_ODD_HYBRID_DIFFERS = 1 << 2, /* and the two views disagree */
	PDF_ODD_JUNK_AFTER = 1 << 3,     /* bytes after the last %%EOF */
	PDF_ODD_SPACE_AFTER = 1 << 4,    /* more than one end of line there */
	PDF_ODD_UNLISTED = 1 << 5,       /* an object that no section lists */
	PDF_ODD_ENTRY = 1 << 6,      /* "in use" at offset 0: taken as free */
	PDF_ODD_GENERATION = 1 << 7, /* a reference with a wrong generation */
	PDF_ODD_SIZE = 1 << 8,       /* /Size is below a listed number */
	PDF_ODD_BETWEEN = 1 << 9, /* bytes between trailer and %%EOF, or so */
};

/* What all work on one document may use up, and what was odd on the way. */
struct pdf_budget {
	uint64_t steps;    /* left */
	size_t memory;     /* left in arenas, in bytes */
	uint64_t inflated; /* left, in bytes */
	unsigned odd;      /* bits of enum pdf_odd */
};

struct pdf_budget pdf_budget_for(size_t file_len);
struct err *pdf_spent(struct pdf_budget *b) MUST_USE; /* the error of below */

/* ERR_LIMIT (code "pdf-too-complex") when it is used up. */
MUST_USE static inline struct err *
pdf_spend(struct pdf_budget *b, uint64_t steps)
{
	if (b == NULL)
		return NULL;
	if (b->steps < steps)
		return pdf_spent(b);
	b->steps -= steps;
	return NULL;
}

struct err *pdf_spend_bytes(struct pdf_budget *b, uint64_t inflated) MUST_USE;

/* For what cannot fail itself: the next pdf_spend() will. */
static inline void
pdf_waste(struct pdf_budget *b, uint64_t steps)
{
	if (b != NULL)
		b->steps = b->steps < steps ? 0 : b->steps - steps;
}

/* An arena: freed as a whole.  Its memory counts against the budget. */
struct pdf_chunk;
struct pdf_arena {
	struct pdf_budget *budget; /* borrowed, may be NULL: no limit */
	struct pdf_chunk *chunks;  /* newest first */
};

#define PDF_ARENA(b) ((struct pdf_arena){ .budget = (b) })

/* ERR_LIMIT, ERR_NOMEM.  Aligned for any node, not zeroed. */
struct err *pdf_alloc(struct pdf_arena *a, size_t len, void **out) MUST_USE;
struct err *pdf_copy(
    struct pdf_arena *a, struct bytes in, struct bytes *out) MUST_USE;
/* Forgets all that was allocated, keeps one chunk for the next round. */
void pdf_arena_reset(struct pdf_arena *a);
void pdf_arena_done(struct pdf_arena *a);

enum pdf_type {
	PDF_NULL,
	PDF_BOOL,
	PDF_INT,
	PDF_REAL,
	PDF_STRING,
	PDF_NAME,
	PDF_ARRAY,
	PDF_DICT,
	PDF_STREAM, /* its dictionary is read with the pdf_dict functions */
	PDF_REF,
};

struct pdf_ref {
	uint32_t num;
	uint32_t gen;
};

struct pdf_obj {
	enum pdf_type type;
	bool hex;       /* a string that was written <...> */
	bool duplicate; /* a dictionary with a key twice */
	/* Where it stands, delimiters included, in bytes: in the file, or in
	 * the inflated object stream that it came from. */
	size_t at, end;
	union {
		bool boolean;
		int64_t integer;
		struct bytes text; /* PDF_REAL as written; PDF_STRING
				    * decoded (and decrypted); PDF_NAME
				    * decoded, without the slash */
		struct pdf_ref ref;
		struct {
			const struct pdf_obj *v; /* array: items; dictionary:
						  * key, value, key, ... */
			size_t n;                /* nodes in v */
		} items;
		const struct pdf_stream *stream;
	};
};

struct pdf_stream {
	struct pdf_obj dict;
	size_t at;        /* of the first raw byte, in the file */
	struct bytes raw; /* as in the file: encrypted, encoded */
};

/* The null object, for what is not there. */
extern const struct pdf_obj pdf_null;

/* Questions; each accepts NULL as the null object. */
bool pdf_is(const struct pdf_obj *o, enum pdf_type type);
bool pdf_is_dict(const struct pdf_obj *o); /* or a stream */
bool pdf_is_name(const struct pdf_obj *o, const char *name);
/* An integer within [min, max]; false leaves *out alone. */
bool pdf_int(const struct pdf_obj *o, int64_t min, int64_t max, int64_t *out);

/* Number of items; 0 for what is not an array. */
size_t pdf_array_len(const struct pdf_obj *o);
const struct pdf_obj *pdf_array_at(const struct pdf_obj *o, size_t i);

/* Members of a dictionary or stream; never NULL, &pdf_null for absent ones.
 * Where a key stands twice the last wins; `duplicate` is then set. References
 * are not followed: see pdf_dict_get in document.h. */
size_t pdf_dict_len(const struct pdf_obj *o);
const struct pdf_obj *pdf_dict_key(const struct pdf_obj *o, size_t i);
const struct pdf_obj *pdf_dict_value(const struct pdf_obj *o, size_t i);
const struct pdf_obj *pdf_dict_raw(const struct pdf_obj *o, const char *key);

/* Same value: types, texts, references by number, members in any order.
 * Spans do not count; raw bytes of streams do. */
bool pdf_equal(const struct pdf_obj *a, const struct pdf_obj *b);

#endif
