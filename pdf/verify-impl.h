/* Shared by the pdf/verify*.c files only. */
#ifndef SIGND_PDF_VERIFY_IMPL_H
#define SIGND_PDF_VERIFY_IMPL_H

#include "pdf/diff.h"
#include "pdf/verify.h"

#define CLAUSE_SIGNATURE "ISO 32000-2 12.8.1"
#define SIG_FIELDS_MAX FACTS_SIGNATURES_MAX

enum lock_kind { LOCK_NONE, LOCK_ALL, LOCK_INCLUDE, LOCK_EXCLUDE };

struct lock {
	enum lock_kind kind;
	const struct pdf_obj *names; /* array of strings, resolved */
};

/* One signature dictionary, and the facts made of it. */
struct sig {
	struct bytes field_name; /* in the arena */
	struct pdf_ref field;
	struct pdf_ref ref;         /* of the dictionary; num 0: direct */
	const struct pdf_obj *dict; /* in the newest view */
	struct bytes contents;      /* decoded, padding and all */
	size_t gap_at, gap_end;     /* what is not signed, in bytes */
	size_t covered;             /* bytes from 0 that are covered */
	size_t view;                /* revision that it covers; 0: none */
	bool ranged;                /* gap and covered are usable */
	bool stamp;                 /* a document time stamp */
	bool certifies;             /* has a DocMDP of its own */
	int64_t mdp;                /* P of DocMDP, 1 to 3; 0: none */
	int64_t lock_mdp;           /* P of FieldMDP or /Lock; 0: none */
	struct lock locks[4];
	size_t nlocks;
	size_t fact, nfacts; /* in facts->signatures */
};

/* One algorithm over the document from its start: signed ranges and the whole
 * document begin alike, so what they share is hashed once. */
struct running {
	struct digest *d; /* NULL: not begun */
	size_t at;        /* bytes taken in */
};

struct verify {
	const struct collect_input *in;
	struct facts *facts;
	struct pdf_document *d;
	struct pdf_arena arena;
	struct cert_list extra; /* given, and those of the DSS */
	struct sig *sigs;
	size_t nsigs;
	struct running running[DIGEST_COUNT];
};

/*
 * Positions (format/facts.h) count revisions by twos: a document time stamp
 * stands behind the rest of its own revision, which it covers too.
 */
#define POSITION_OF(view) ((position)(2 * (view)))
#define POSITION_OF_STAMP(view) ((position)(2 * (view) + 1))

/* A finding for every fact of a signature. */
struct err *sig_finding(struct verify *v, const struct sig *s, bool fatal,
    const char *code, const char *fmt, ...) MUST_USE PRINTF(5, 6);

/* Range, gap and revision: verify-range.c. */
struct err *sig_range(struct verify *v, struct sig *s) MUST_USE;
/* Value and digest; makes the facts: verify-value.c. */
struct err *sig_value(struct verify *v, struct sig *s) MUST_USE;
/* SHA-256 of the whole document into the facts, for the report. */
struct err *document_digest(struct verify *v) MUST_USE;
/* What the signature forbids; only looks at its own revision. */
struct err *sig_permissions(struct verify *v, struct sig *s) MUST_USE;
/* What happened after each signature, against what was allowed: all at once.
 * Both in verify-change.c. */
struct err *sigs_changes(struct verify *v) MUST_USE;
/* Certificates into v->extra, the rest into facts: verify-dss.c. */
struct err *dss_collect(struct verify *v) MUST_USE;
struct err *dss_share(struct verify *v) MUST_USE; /* v->extra into facts */
struct err *dss_levels(struct verify *v) MUST_USE;
/* What is in the document and not shown: verify-hidden.c. */
struct err *hidden_content(struct verify *v) MUST_USE;

#endif
