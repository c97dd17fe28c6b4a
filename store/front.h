/*
 * The front's own store: what is not security state.  Nothing here decides
 * whether a key may be used; the ledger does that (store/ledger.h).
 *
 * Calls may come from several threads: there is one lock inside, held for one
 * short statement.  Rows past their time are never returned.
 *
 * All calls: ERR_LIMIT code "disk-full"; ERR_REMOTE: the database failed.
 */
#ifndef SIGND_STORE_FRONT_H
#define SIGND_STORE_FRONT_H

#include "base/base.h"

#define FRONT_ID_MAX 128                   /* bytes of an id, a key, a scope */
#define FRONT_DRAFT_MAX (1024 * 1024)      /* bytes of a prepared state */
#define FRONT_ANSWER_MAX (4 * 1024 * 1024) /* bytes of a remembered answer */
#define FRONT_VERDICT_MAX 64               /* bytes */
#define FRONT_REPORT_MAX (8 * 1024 * 1024) /* bytes of a report that is kept */

struct front_store;

/*
 * front_store_open opens or creates `path` (mode 0600) and brings its tables up
 * to date.  `clock` is kept and must outlive the store.
 * ERR_UNSUPPORTED: made by a newer version.
 */
struct err *front_store_open(const char *path, const struct clock *clock,
    struct front_store **out) MUST_USE;
void front_store_free(struct front_store *s);
DEFINE_FREEP(front_store_free, struct front_store)

/* ---- drafts: a signature between prepare and complete ---- */

/*
 * front_draft_put keeps `state` (whatever the front packed: credential, the
 * worker's state, document's length) under the caller's unguessable `id` until
 * `expires` (seconds).  ERR_USAGE: the id is taken.
 */
struct err *front_draft_put(struct front_store *s, const char *id,
    struct bytes state, int64_t expires) MUST_USE;
/* front_draft_get appends the state to `out`; the draft stays.
 * ERR_MISSING code "draft-unknown": not there, or expired. */
struct err *front_draft_get(
    struct front_store *s, const char *id, struct buf *out) MUST_USE;
/* front_draft_drop forgets a draft that was completed.  Absence is no error;
 * *dropped (may be NULL) says whether this call did it, so that of two
 * completions at once one can be refused. */
struct err *front_draft_drop(
    struct front_store *s, const char *id, bool *dropped) MUST_USE;

/* ---- idempotency: the first answer, given again ---- */

enum idem_state {
	IDEM_NEW,      /* ours now: do the work, then finish or drop */
	IDEM_DONE,     /* done before: `answer` is what was said */
	IDEM_BUSY,     /* somebody is at it just now: 409, Retry-After */
	IDEM_CONFLICT, /* the key was used with another body: 422 */
};

/*
 * front_idem_claim takes `key` for one request.  `scope` is whatever keeps
 * callers and calls apart ("POST /v1/enrolments <fingerprint>").  A claim that
 * is neither finished nor dropped is open to the next caller after
 * lease_seconds.  A remembered answer is appended to `answer`.
 */
struct err *front_idem_claim(struct front_store *s, const char *scope,
    const char *key, const uint8_t body_sha256[32], int64_t lease_seconds,
    enum idem_state *out, struct buf *answer) MUST_USE;
/* Remembers the answer (as the front packed it) until `expires` (seconds). */
struct err *front_idem_finish(struct front_store *s, const char *scope,
    const char *key, struct bytes answer, int64_t expires) MUST_USE;
/* Gives the key back: the work failed in a way that may be tried again. */
struct err *front_idem_drop(
    struct front_store *s, const char *scope, const char *key) MUST_USE;

/* ---- verifications: hash and verdict, never the document ---- */

struct verification {
	uint8_t sha256[32];                  /* of the document */
	int64_t bytes;                       /* of the document */
	char verdict[FRONT_VERDICT_MAX + 1]; /* "TOTAL-PASSED", ... */
	char sub[FRONT_VERDICT_MAX + 1];     /* sub-indication, or "" */
	char code[FRONT_VERDICT_MAX + 1];    /* of the sentence */
	char policy[FRONT_ID_MAX + 1];
	int64_t signatures; /* how many */
	int64_t time;       /* seconds: when it was judged */
	int64_t expires;    /* seconds: then it is forgotten */
};

/* front_verification_put keeps also `report`, as the front sealed it, or
 * nothing.  ERR_USAGE: the id is taken; ERR_LIMIT: the report is too large. */
struct err *front_verification_put(struct front_store *s, const char *id,
    const struct verification *v, struct bytes report) MUST_USE;
/* Appends the report, which may be empty.  ERR_MISSING, code
 * "verification-unknown": no such id, or forgotten. */
struct err *front_verification_get(struct front_store *s, const char *id,
    struct verification *out, struct buf *report) MUST_USE;

/* ---- what was fetched: CRLs, OCSP answers, certificates of issuers ---- */

#define FRONT_FETCHED_MAX (64 * 1024 * 1024)   /* bytes of one */
#define FRONT_FETCHED_ALL (1024 * 1024 * 1024) /* bytes of all */
#define FRONT_FETCHED_DAYS 30                  /* unless it is fetched again */

/* front_fetched_put keeps `body` under a hash of what was asked, in place of an
 * older one; the oldest of all make room.  ERR_LIMIT: too large. */
struct err *front_fetched_put(
    struct front_store *s, const uint8_t key[32], struct bytes body) MUST_USE;
/* front_fetched_get appends it; *got: when it came, seconds.
 * ERR_MISSING: never fetched, or too long ago. */
struct err *front_fetched_get(struct front_store *s, const uint8_t key[32],
    struct buf *out, int64_t *got) MUST_USE;

/* front_store_expire deletes what is past its time, at most a few hundred rows
 * of each kind a call; *more (may be NULL) says whether to call again soon. */
struct err *front_store_expire(struct front_store *s, bool *more) MUST_USE;

#endif
