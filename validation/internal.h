/* What the files of validation/ share.  Not for other rooms. */
#ifndef SIGND_VALIDATION_INTERNAL_H
#define SIGND_VALIDATION_INTERNAL_H

#include "certs/ocsp.h"
#include "validation/validation.h"

/* ---- status data (status.c) ---- */

/* One CRL or OCSP answer, read at most once. */
struct known {
	struct status_data data;
	struct status_place at; /* STATUS_NOWHERE: given from outside */
	bool inside;            /* in the document */
	bool read; /* crl or ocsp is filled, unless it is unreadable */
	struct crl *crl;
	struct ocsp_answer *ocsp;
	int64_t produced; /* seconds; TIME_NONE: unreadable */
	int64_t until;    /* as in struct strength, of its own signature */
	/* The responder that it hangs on, of `ocsp` or the pool; NULL: not
	 * looked for, or none. */
	const struct cert *responder;
	enum {
		RESPONDER_NOT_KNOWN,
		RESPONDER_GOOD,
		RESPONDER_BAD
	} responder_is;
};

/* What one answer says of a certificate. */
struct status_found {
	struct status_answer answer;
	size_t index; /* in judging.known; NO_INDEX: nothing was found */
};

/* ---- paths, looked for once (trust.c) ---- */

struct path_wish {
	struct cert *leaf;
	int64_t time; /* seconds */
	enum status_wanted status;
	const char *purpose; /* NULL: any, "timestamp" */
};

struct remembered {
	struct path_wish wish;
	struct path path;
	const char *domain;
};

/* All that signatures are judged with. */
struct judging {
	const struct validation_request *r;
	struct known *known; /* from outside, then from the facts */
	size_t nstatus;
	/* Of those, what a path may rest on: signed strongly enough for now. */
	struct status_data *strong;
	size_t nstrong;
	struct cert_list pool; /* owned: the document's and those given */
	struct remembered *paths;
	size_t npaths;
	struct verdict *verdict;
};

/* best_path finds the best path to any domain of trust, and remembers it:
 * *out belongs to `j`.  Its domain is NULL unless it is good.  *out is NULL
 * when VALIDATION_PATHS_MAX is used up. */
struct err *best_path(struct judging *j, struct path_wish w,
    const struct remembered **out) MUST_USE;
struct err *path_copy(const struct path *from, struct path *to) MUST_USE;

/* ---- proofs of existence (EN 319 102-1 5.6.2.3) ---- */

/* The time stamps of one signature that are trusted, and what else is known of
 * when things existed. */
struct proofs {
	const struct stamp_verdict *stamps;
	size_t n;
	size_t self; /* index of the signature in the facts */
};

/* Since when something at this place is proven to exist; `now` where no
 * trusted stamp says more. */
int64_t poe_of(const struct proofs *p, struct status_place at, int64_t now);
struct proofs proofs_of(
    const struct judging *j, const struct signature_verdict *v);

/* Says why an answer does not count that is signed by an old algorithm. */
#define STATUS_WEAK "it is signed with an algorithm of the past"
/* EN 319 102-1 5.2.5: recent enough for a signature that existed at `when`. */
bool status_is_fresh(const struct policy *p, const struct status_answer *a,
    bool is_ocsp, int64_t when);
struct err *status_gather(struct judging *j) MUST_USE;
void status_forget(struct judging *j);
/*
 * status_at finds what is best known about `cert` for a signature that existed
 * at `when`: an answer made after it (the newest), or else one that was current
 * then.  Only answers that are proven to be no younger than `control`, and made
 * no later, count.  Revoked or suspended wins over good.
 */
struct err *status_at(struct judging *j, const struct proofs *p,
    const struct cert *cert, const struct cert *issuer, int64_t when,
    int64_t control, struct status_found *out) MUST_USE;

/* ---- what is judged: a signature or a time stamp ---- */

struct conclusion {
	enum indication indication;
	enum sub_indication sub;
	const char *code;
	struct path path; /* owned */
	const char *domain;
	size_t status; /* the answer that it rests on; NO_INDEX */
	size_t shown;  /* the time stamp that shows it; NO_INDEX */
	bool expired_since; /* good then, expired today */
	bool revoked_since; /* good then, revoked today */
};

struct subject {
	struct cert *cert;
	const char *purpose; /* as in path_wish */
	int64_t best;        /* since when it is proven to exist */
	bool stamped;        /* `best` is that of a time stamp */
	int64_t not_before;  /* a trusted content time stamp; TIME_NONE */
	size_t younger_by;   /* its index; NO_INDEX */
	size_t older_by;     /* of the one that `best` is of; NO_INDEX */
	struct proofs proofs;
	const struct signature_fact *fact; /* one of these two */
	const struct timestamp_fact *stamp;
	size_t index; /* of the stamp; NO_INDEX: the signature itself */
	struct proof *proof;
};

/* judge_subject looks at path, status and algorithms: now, with time, and in
 * the past. */
struct err *judge_subject(struct judging *j, const struct subject *s,
    struct conclusion *out) MUST_USE;
/* As of a time at which it is proven to have existed (EN 319 102-1 5.5.4):
 * *good if path and status were right then. */
struct err *judge_with_time(struct judging *j, const struct subject *s,
    struct conclusion *c, bool *good) MUST_USE;
/* By sliding the time of validation back (EN 319 102-1 5.6.2). */
struct err *judge_past(struct judging *j, const struct subject *s,
    struct conclusion *c, bool *good) MUST_USE;

/* A conclusion, as one expression. */
struct conclusion concluded(
    enum indication i, enum sub_indication sub, const char *code);
/* Steps with what all of one subject have in common. */
struct proof_step step_of(
    const struct subject *s, enum rule rule, const char *clause);

/* ---- algorithms (algorithms.c) ---- */

/* The weakest of what a signature, a certificate or a status answer rests on.
 */
struct strength {
	int64_t until;    /* NEVER_ENDS; TIME_NONE: the policy knows it not */
	enum rule rule;   /* which kind of weakness */
	const char *code; /* "algorithm-weak-digest", "algorithm-weak-key" */
	char what[96];    /* "SHA-1", "RSA 1024" */
};

struct strength strength_of_signature(
    const struct policy *p, const struct signature_fact *f);
struct strength strength_of_stamp(
    const struct policy *p, const struct timestamp_fact *t);
/* Until when the signature of a list or an answer may be believed; its key is
 * that of an authority, which is looked at with the path. */
int64_t strength_of_status(const struct policy *p, struct sig_alg alg);
/* Of the signature in a certificate, made by `issuer`. */
struct strength strength_of_cert(
    const struct policy *p, const struct cert *c, const struct cert *issuer);

/* ---- what it is called (calling.c) ---- */

/* Whether it was found, fatal or not. */
bool has_finding(const struct findings *f, const char *code);
/* Whether only a part of the file is signed. */
bool covers_part(const struct signature_fact *f);
/* The code of a signature that passed. */
void call_stamp(struct signature_verdict *v);
const char *passed_code(const struct policy *p, const struct signature_fact *f);
/* That of one that ended or was revoked, by what is known of its stamps. */
const char *with_open_stamp(
    const struct signature_verdict *v, const char *code, size_t *stamp);
/* Whether this one, rather than what was found so far, stands for the whole. */
bool says_more(const struct judging *j, const struct signature_verdict *v,
    const struct verdict *out);

/* ---- what a step rests on (evidence.c) ---- */

#define EVIDENCE_MAX 512 /* bytes of one line */
/* Of a basic check that did not hold; v->code is what it decided. */
void evidence_of(const struct judging *j, const struct signature_verdict *v,
    enum rule rule, char out[EVIDENCE_MAX]);

/* ---- time stamps (stamps.c) ---- */

/* judge_stamps fills v->stamps, later ones first so that they speak for the
 * earlier ones, and sets best_time.  *late: content, signature and archive time
 * stamps follow one another, but for this one; NO_INDEX: all do. */
struct err *judge_stamps(
    struct judging *j, struct signature_verdict *v, size_t *late) MUST_USE;
enum stamp_kind stamp_kind_of(const struct timestamp_fact *t);
bool covers_signature(const struct timestamp_fact *t);

#endif
