/* What the files of report/ share.  Not for other rooms. */
#ifndef SIGND_REPORT_INTERNAL_H
#define SIGND_REPORT_INTERNAL_H

#include "report/report.h"

/* clean appends `s` with everything that is not printable UTF-8 replaced by
 * U+FFFD: documents bring their own strings, and a terminal obeys some. */
struct err *clean(const char *s, struct buf *out) MUST_USE;

/* markup_escape appends text so that it is text in XML and HTML. */
struct err *markup_escape(struct bytes text, struct buf *out) MUST_USE;

/* dd/mm/yyyy hh:mm +07:00 for Vietnamese readers, yyyy-mm-dd for others. */
void report_time_text(enum lang lang, int64_t t, char out[64]);

/* How the signer's certificate stood at best-signature-time. */
enum cert_state {
	STATE_IN_FORCE,
	STATE_IN_FORCE_UNKNOWN, /* but revocation is not known */
	STATE_DATES_ONLY,       /* within its dates; nothing else looked at */
	STATE_EXPIRED,
	STATE_NOT_YET,
	STATE_REVOKED,
	STATE_SUSPENDED,
	STATE_NOT_TRUSTED, /* no good path, so nobody vouches for it */
	STATE_COUNT,
};

enum cert_state cert_state_of(
    const struct signature_verdict *v, const struct policy *p);

/* Whether finding `i` need not be said: it was, or it is the verdict's code. */
bool finding_said(const struct findings *f, size_t i, const char *code);
/* finding_line: place, sentence and name of what is meant, as they are read. */
struct err *finding_line(
    const struct finding *f, enum lang lang, struct buf *out) MUST_USE;

/* "Signature 1 of 2"; time stamps on a document are counted apart. */
struct err *signature_heading(const struct report_input *in, size_t i,
    enum lang lang, struct buf *out) MUST_USE;
/* How many signatures there are, with which results, and which one decided for
 * the whole; nothing of a single one. */
struct err *signature_counts(const struct report_input *in, enum lang lang,
    struct buf *out) MUST_USE;

/* What is told of signature `i`, row by row; labels are ours, values may be a
 * stranger's and are not cleaned. */
struct row_sink {
	void *ctx;
	struct err *(*put)(void *ctx, const char *label, const char *value);
};
struct err *signature_rows(const struct report_input *in, size_t i,
    enum lang lang, const struct row_sink *sink) MUST_USE;

/* How what was signed stands, in one word. */
enum integrity {
	INTACT,
	BROKEN,
	CHANGED_SINCE, /* the values hold; the file is not as it was */
	INTEGRITY_UNKNOWN,
	INTEGRITY_COUNT,
};
enum integrity integrity_of(const struct signature_fact *f);

/* Stable names for programs. */
const char *cert_state_name(enum cert_state s);
const char *integrity_name(enum integrity i);
const char *check_name(enum check c);
const char *change_name(enum change_level c);
const char *level_name(enum level_fact l);
const char *result_name(enum result r);

/* ---- who was asked (sources.c) ---- */

#define SOURCES_TOLD_MAX 3 /* in a sentence; the JSON has all */
const char *source_kind_name(enum wanted_kind k); /* "crl", ... */
/* What kept one from answering (s->code is not NULL), with its name. */
struct err *source_sentence(const struct source_seen *s, enum lang lang,
    struct buf *out) MUST_USE;
/* Whether such a verdict may change when a server answers. */
bool report_waits_for_source(enum sub_indication s);
/* The next step: whether the file may be used as it is, then about the servers
 * that did not answer, where a verdict hangs on them, else what the code says.
 * It is empty only where a signature passed and there is nothing to do. */
struct err *report_next(const struct report_input *in, enum indication i,
    enum sub_indication s, const char *code, enum lang lang,
    struct buf *out) MUST_USE;
#define REPORT_NEXT_MAX 8192 /* bytes */
/* Whether the file may be used comes first, unless `next` says that. */
struct err *report_use(enum indication i, const char *next, enum lang lang,
    struct buf *out) MUST_USE;

/* Labels and phrases of the text, in both languages. */
enum word {
	WORD_RESULT_VALID,
	WORD_RESULT_INVALID,
	WORD_RESULT_INDETERMINATE,
	WORD_RESULT_PARTIAL,
	WORD_NEXT,
	WORD_SIGNATURE_OF, /* printf: which, of how many */
	WORD_SIGNER,
	WORD_SUBJECT,
	WORD_ISSUER,
	WORD_VALIDITY,
	WORD_FROM_TO, /* printf: two times */
	WORD_STATE,
	WORD_STATE_NOW,
	WORD_STATE_CLAIMED,
	WORD_WITHIN,
	WORD_OUTSIDE,
	WORD_SIGNING_TIME,
	WORD_TIME_STAMPED,
	WORD_TIME_CLAIMED,
	WORD_TIME_NONE,
	WORD_INTEGRITY,
	WORD_COVERS,
	WORD_COVERS_ALL,
	WORD_COVERS_HASH,
	WORD_COVERS_PART,
	WORD_COVERS_REVISION, /* printf: which, of how many */
	WORD_CHANGES,
	WORD_DOMAIN,
	WORD_ALGORITHM,
	WORD_REASON,
	WORD_LOCATION,
	WORD_NOTES,
	WORD_PAGE,
	WORD_REVISION,
	WORD_REVISION_INSIDE, /* within a sentence */
	WORD_CHECKED_AT,      /* printf: time, policy */
	WORD_NOT_FOUND,
	WORD_FILE,   /* printf: SHA-256 */
	WORD_STAMP_OF, /* printf: which, of how many */
	WORD_COUNT_SIGNATURES, /* printf: how many */
	WORD_COUNT_STAMPS,     /* printf: how many */
	WORD_COUNT_RESULTS,    /* printf: valid, invalid, indeterminate */
	WORD_STAMPER,
	WORD_STAMP_OWN,
	WORD_HOLDS_UNTIL,
	WORD_DECISIVE, /* printf: its heading */
	WORD_DECISIVE_SIGNED, /* printf: the same, where time stamps do not count */
	WORD_UNREADABLE,
	/* printf: kind of source, host, seconds. */
	WORD_SOURCE_SLOW,
	WORD_SOURCE_UNREACHABLE,
	WORD_SOURCE_REFUSED,
	WORD_SOURCE_GARBAGE,
	WORD_SOURCE_BUSY,
	WORD_SOURCE_NOT_ALLOWED,
	WORD_SOURCE_PRIVATE,
	WORD_SOURCE_TOO_LARGE,
	WORD_SOURCE_NEXT,
	WORD_SOURCE_NONE,
	WORD_NEXT_WAIT,
	WORD_NEXT_REFUSE,
	WORD_RECEIPT,
	WORD_RECEIPT_MEANS,
	WORD_RECEIPT_UNSEALED,
	WORD_DOCUMENT,
	WORD_FILE_NAME,
	WORD_SIZE,
	WORD_CHECKED,
	WORD_POLICY,
	WORD_AGAIN,
	WORD_KEPT_UNTIL,
	WORD_BARE,            /* printf: how many signatures */
	WORD_MORE_SIGNATURES, /* printf: how many */
	WORD_SAME_FILE,
	WORD_SAME_FILE_HINT,
	WORD_GET_RECEIPT,
	WORD_SAME_YES,
	WORD_SAME_NO,
	WORD_SAME_BUSY,
	WORD_SAME_FAILED,
	WORD_COUNT,
};

const char *word(enum word w, enum lang lang);
const char *cert_state_text(enum cert_state s, enum lang lang);
const char *integrity_text(enum integrity i, enum lang lang);
const char *change_text(const struct signature_fact *f, enum lang lang);
/* The headline of a result; a policy that leaves questions out passes without
 * being "valid". */
const char *result_text(
    const struct policy *p, enum indication i, enum lang lang);
/* The name of a domain of trust, for people; unknown ones stay as they are. */
const char *domain_text(const char *domain, enum lang lang);

#endif
