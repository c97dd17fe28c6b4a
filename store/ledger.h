/*
 * The ledger: all security state, in a database of its own that one process
 * writes.  Officers, enrolments, sealed credentials, PIN counts, used SADs, the
 * register of certificates, CRLs, and the audit chain.
 *
 * Every change below stands inside a transaction that the caller opened with
 * ledger_begin(); it is one step: it happens whole, with its audit record, or
 * not at all.  Nothing is durable, and no answer may leave, before
 * ledger_commit() succeeded.
 *
 * Errors of all calls beside those named: those of store/db.h.
 */
#ifndef SIGND_STORE_LEDGER_H
#define SIGND_STORE_LEDGER_H

#include "base/base.h"
#include "base/record.h"

#define LEDGER_MIGRATIONS 12   /* of its database, so far */
#define LEDGER_PIN_TRIES 5     /* wrong PINs until a credential is locked */
#define LEDGER_PIN_LAPSE 60    /* s: a try that nobody ended counts wrong */
#define LEDGER_SAD_KEEP 86400  /* s: a used SAD is known beyond its expiry */
#define LEDGER_ID_MAX 64       /* bytes of an identifier */
#define LEDGER_SEALED_MAX 8192 /* bytes of a sealed blob */
#define LEDGER_CHAIN_MAX 8     /* certificates of our own chain */
#define LEDGER_AUDIT_LINE_MAX (256 * 1024) /* bytes */
#define LEDGER_DIGESTS_MAX 1000            /* digests of one approval */
#define LEDGER_HASH 32                     /* bytes, SHA-256 */

struct ledger;

/* What the room needs from outside. */
struct ledger_ground {
	const struct clock *clock;
	struct err *(*sha256)(struct bytes what, uint8_t out[LEDGER_HASH]);
};

enum ledger_mode {
	LEDGER_READ,
	LEDGER_WRITE,
};

/* `ground` is kept and must outlive the ledger.  ERR_MISSING: LEDGER_READ, and
 * there is none. */
struct err *ledger_open(const char *path, enum ledger_mode mode,
    const struct ledger_ground *ground, struct ledger **out) MUST_USE;
void ledger_free(struct ledger *l);
DEFINE_FREEP(ledger_free, struct ledger)

struct err *ledger_begin(struct ledger *l) MUST_USE;
struct err *ledger_commit(struct ledger *l) MUST_USE;
void ledger_rollback(struct ledger *l);

/* ---- how the service was set up ---- */

struct ledger_setup {
	struct buf kek_id;    /* CKA_ID of the first that wraps */
	struct buf cover_id;  /* of the first that covers; only to be put */
	struct buf pepper_id; /* CKA_ID of the HMAC key */
	struct buf ca_key_id; /* CKA_ID of the issuing key */
	struct buf chain[LEDGER_CHAIN_MAX]; /* DER: issuer first, anchor last */
	size_t nchain;
};

void ledger_setup_done(struct ledger_setup *s);
/* ERR_USAGE code "set-up-already". */
struct err *ledger_setup_put(
    struct ledger *l, const struct ledger_setup *s) MUST_USE;
/* ERR_MISSING code "not-set-up". */
struct err *ledger_setup_get(
    struct ledger *l, struct ledger_setup *out) MUST_USE;

/* ---- generations of the keys that wrap and cover ---- */

struct ledger_generation {
	int64_t n;           /* from 1; the highest is in use */
	struct buf kek_id;   /* CKA_ID of the key that wraps */
	struct buf cover_id; /* of the key that covers; empty: none does */
	int64_t created;     /* seconds */
	bool kek_ended;      /* destroyed */
	bool cover_ended;    /* destroyed */
};
void ledger_generation_done(struct ledger_generation *g);

/* A new generation, which all that is made from now on is under. */
struct err *ledger_generation_put(
    struct ledger *l, struct bytes kek_id, struct bytes cover_id) MUST_USE;
struct err *ledger_generations(struct ledger *l,
    struct err *(*each)(void *ctx, const struct ledger_generation *g),
    void *ctx) MUST_USE;
/* How many credentials it covers, and how many with a certificate that is not
 * over it has wrapped. */
struct err *ledger_generation_use(
    struct ledger *l, int64_t n, int64_t *covered, int64_t *wrapped) MUST_USE;
/* Its KEK, or its cover key, is given up, to be destroyed in the token; from
 * then on nothing can be recorded under it.  *ended: whether it is, now or
 * before; not while it is the newest, or anything is under it. */
struct err *ledger_generation_end(
    struct ledger *l, int64_t n, bool kek, bool *ended) MUST_USE;

/* Calls `each` with up to `most` credentials under an old cover, in order of
 * their ids, those behind `after`. */
struct err *ledger_cover_next(struct ledger *l, const char *after, int64_t most,
    struct err *(*each)(
	void *ctx, const char *credential, int64_t cover, struct bytes sealed),
    void *ctx) MUST_USE;
/* Calls `each` with one of the credentials under that cover, if there is any.
 */
struct err *ledger_cover_sample(struct ledger *l, int64_t cover,
    struct err *(*each)(
	void *ctx, const char *credential, int64_t cover, struct bytes sealed),
    void *ctx) MUST_USE;
/* Puts a credential under a newer cover, if its blob is `old` still. */
struct err *ledger_cover_put(struct ledger *l, const char *credential,
    struct bytes old, struct bytes sealed, int64_t cover) MUST_USE;

/* ---- officers ---- */

/* `fingerprint` is 64 hex digits, SHA-256 of the certificate.
 * ERR_USAGE: there already. */
struct err *ledger_officer_add(struct ledger *l, const char *fingerprint,
    struct bytes certificate, const char *name) MUST_USE;
/* ERR_DENIED code "officer-unknown": not there, or no longer active. */
struct err *ledger_officer_get(struct ledger *l, const char *fingerprint,
    struct buf *certificate) MUST_USE;
struct err *ledger_officer_end(
    struct ledger *l, const char *fingerprint) MUST_USE;

/* ---- enrolments ---- */

enum enrolment_status {
	ENROLMENT_OPEN,
	ENROLMENT_ACTIVATED,
	ENROLMENT_EXPIRED,
};
const char *enrolment_status_name(enum enrolment_status s);

struct approval {
	struct bytes value;  /* signature over the rendered record */
	struct bytes alg;    /* DER AlgorithmIdentifier */
	struct bytes record; /* the rendered record */
};

struct ledger_enrolment {
	char *id;
	enum enrolment_status status;
	char *credential; /* "" until activated */
	int64_t expires;  /* seconds */
	struct enrolment_record record;
	struct buf waiting; /* ledger_external_wait()'s; empty: none */
};

void ledger_enrolment_done(struct ledger_enrolment *e);

/*
 * ledger_enrol records an approved enrolment; its one-time link lives until
 * `expires`.  ERR_DENIED code "officer-unknown"; code "approval-replayed": the
 * nonce was used before.
 */
struct err *ledger_enrol(struct ledger *l, const char *id,
    const struct enrolment_record *r, const struct approval *approval,
    struct bytes token_hash, int64_t expires) MUST_USE;
/* ERR_MISSING code "enrolment-unknown". */
struct err *ledger_enrolment_by_id(
    struct ledger *l, const char *id, struct ledger_enrolment *out) MUST_USE;
/* ERR_MISSING code "activation-unknown". */
struct err *ledger_enrolment_by_token(struct ledger *l, struct bytes token_hash,
    struct ledger_enrolment *out) MUST_USE;

/* ---- credentials ---- */

struct ledger_credential {
	char *id;
	char *serial; /* of its certificate: hex, lower case */
	bool revoked;
	int64_t revoked_at;     /* seconds */
	int64_t reason;         /* RFC 5280 5.3.1, when revoked */
	int64_t tries_left;     /* of the PIN, those being used not counted */
	bool locked;            /* as many wrong PINs as there are tries */
	int64_t version;        /* of the sealed blob */
	int64_t created;        /* seconds */
	struct buf certificate; /* DER */
	int64_t cover;          /* generation that covers it */
	int64_t issuer;         /* 0: our own CA; else ledger_external_chain */
	bool second_factor;     /* a code is asked for with the PIN */
	int64_t code_step;      /* of the last code that was used */
	struct buf sealed;      /* opaque here; never told to the front */
};

void ledger_credential_done(struct ledger_credential *c);

struct ledger_new_credential {
	const char *enrolment;
	struct bytes token_hash;
	const char *id;
	const char *serial;
	struct bytes certificate;
	int64_t not_after;
	struct bytes sealed;
	int64_t version;
	int64_t generation; /* that wrapped and covers it */
	bool second_factor;
	/* Of an external CA (its certificate was told by
	 * ledger_external_got()): its chain, packed, tag 1 repeated.  Empty:
	 * our own. */
	struct bytes issuer_chain;
};

/*
 * ledger_activate turns an open enrolment into a credential.
 * ERR_DENIED code "activation-used", "activation-expired";
 * ERR_MISSING code "activation-unknown"; ERR_REMOTE code "generation-ended":
 * the keys of that generation were given up; make it again under the newest.
 */
struct err *ledger_activate(
    struct ledger *l, const struct ledger_new_credential *c) MUST_USE;
/* ERR_MISSING code "credential-unknown". */
struct err *ledger_credential_get(
    struct ledger *l, const char *id, struct ledger_credential *out) MUST_USE;

/*
 * A PIN is counted before it is tried: ledger_pin_try takes one of the tries
 * and gives the sealed blob; ledger_pin_end says how it went.  A try that was
 * never ended counts as wrong after LEDGER_PIN_LAPSE.
 * ERR_DENIED code "pin-locked", "credential-revoked", "credential-expired";
 * ERR_LIMIT code "pin-busy": every try left is being used just now.
 */
struct err *ledger_pin_try(
    struct ledger *l, const char *id, struct ledger_credential *out) MUST_USE;

enum pin_outcome {
	PIN_RIGHT = 1, /* the count starts again */
	PIN_WRONG,     /* recorded */
	PIN_UNTRIED,   /* the token failed before the PIN could be judged */
};

struct err *ledger_pin_end(struct ledger *l, const char *id,
    enum pin_outcome outcome, int64_t *tries_left) MUST_USE;

/* ---- certificates of an external CA ---- */

#define LEDGER_ORPHAN_SECONDS 600 /* until what nobody uses is taken back */
#define LEDGER_EXTERNAL_CHAIN_MAX 65536 /* bytes of a chain, packed */

/*
 * One at a time asks for an enrolment's certificate: ledger_external_ask leases
 * it to `who` for so many seconds, and again if it is theirs;
 * ledger_external_end gives it up, if it is.  ERR_DENIED code
 * "activation-busy": it is somebody else's.
 */
struct err *ledger_external_ask(struct ledger *l, const char *enrolment,
    const char *who, int64_t seconds) MUST_USE;
/* Keeps what is to be gone on with when the link is used again; BYTES_NONE:
 * nothing is.  Only of who has asked. */
#define LEDGER_WAITING_MAX 8192 /* bytes */
struct err *ledger_external_wait(struct ledger *l, const char *enrolment,
    const char *who, struct bytes state) MUST_USE;
struct err *ledger_external_end(
    struct ledger *l, const char *enrolment, const char *who) MUST_USE;

/*
 * ledger_external_got records a certificate that an external CA has made,
 * before it is confirmed: unless ledger_activate() follows, it becomes a task
 * to have it revoked there.  So none is left behind, whoever dies meanwhile.
 */
struct err *ledger_external_got(struct ledger *l, const char *serial,
    struct bytes certificate, const char *enrolment) MUST_USE;

/* What an external CA is to be told. */
struct ledger_external_task {
	char *serial; /* NULL: there is nothing */
	struct buf certificate;
	int64_t reason; /* RFC 5280 5.3.1; removeFromCRL: in force again */
};
void ledger_external_task_done(struct ledger_external_task *t);
/* The next that is due; it is due again after a while that grows. */
struct err *ledger_external_next(
    struct ledger *l, struct ledger_external_task *out) MUST_USE;
/* It was told: recorded, and no task any more, unless there is a newer
 * reason. */
struct err *ledger_external_told(
    struct ledger *l, const char *serial, int64_t reason) MUST_USE;
/* The chain of such an issuer, packed; appended.  ERR_MISSING. */
struct err *ledger_external_chain(
    struct ledger *l, int64_t issuer, struct buf *out) MUST_USE;

/* ---- approvals of citizens, and signatures ---- */

struct ledger_authorization {
	const char *credential;
	struct bytes sad_id;
	int64_t expires;           /* seconds */
	int64_t count;             /* signatures allowed */
	struct bytes digests_hash; /* over the list; empty: not bound */
	struct bytes pin_once;     /* id of a sealed PIN; empty: it was plain */
	int64_t pin_expires; /* seconds: until when it can be sent again */
	int64_t code_step;   /* of the second factor's code; 0: none */
};

/* Records that a right PIN made a SAD, and ends the try.
 * ERR_DENIED code "pin-replayed": that sealed PIN was used before; code
 * "pin-wrong": that code was.  ERR_REMOTE code "clock-behind": the clock was
 * set back by more than LEDGER_SAD_KEEP, and it may have been. */
struct err *ledger_authorized(
    struct ledger *l, const struct ledger_authorization *a) MUST_USE;

struct ledger_signature {
	const char *credential;
	int64_t version;     /* of the sealed blob that was opened */
	struct bytes sad_id; /* empty: by PIN, whose try this ends */
	int64_t sad_expires; /* seconds */
	int64_t code_step;   /* without a SAD, as above */
	const char *alg;     /* dotted OID */
	const struct bytes *digests;
	size_t ndigests;
	/* With a SAD: who asks again with the same LEDGER_REPEAT bytes (a
	 * keyholder died before it answered) is told `values` again.  Empty:
	 * nobody may. */
	struct bytes repeat;
	struct bytes values; /* what was signed, opaque here */
};
#define LEDGER_REPEAT 32                /* bytes */
#define LEDGER_VALUES_MAX (1024 * 1024) /* bytes */

/* Whether a SAD was used, as far as is known now: so that nothing is made for
 * one that was.  ledger_signed() decides. */
struct err *ledger_sad_used(
    struct ledger *l, struct bytes id, bool *used) MUST_USE;

/*
 * ledger_signed records signatures that were made and have not left yet, and
 * the use of their SAD.  If they were recorded before, under the same `repeat`,
 * nothing is recorded, and the values of then are appended to `earlier`.
 * ERR_DENIED code "sad-used", "credential-revoked",
 * "credential-expired"; code "credential-changed": another version of the blob
 * is current.
 */
struct err *ledger_signed(struct ledger *l, const struct ledger_signature *s,
    struct buf *earlier) MUST_USE;

/* ---- revocation ---- */

#define LEDGER_HOLD 6    /* certificateHold, RFC 5280 5.3.1: suspends */
#define LEDGER_RELEASE 8 /* removeFromCRL: takes a suspension back */
#define LEDGER_UNLOCK 11 /* ours, of no CRL: starts the count of PINs anew */

/*
 * ledger_revoke ends a certificate, suspends it, or takes that back: of a
 * credential, or one without (then the record's credential is its serial).  The
 * same record again gives the same answer (its CRL may have failed the first
 * time). ERR_DENIED code "officer-unknown", "approval-replayed"; code
 * "credential-revoked", "credential-suspended": it is already, by another
 * record; code "credential-not-suspended"; ERR_MISSING code
 * "credential-unknown", also when the serial is not its own.
 */
struct err *ledger_revoke(struct ledger *l, const struct revocation_record *r,
    const struct approval *approval, int reason, int64_t *revoked_at) MUST_USE;

/* What a new CRL is made of. */
struct ledger_crl_state {
	int64_t number;      /* of the current one; 0: none yet */
	int64_t this_update; /* of the current one, seconds */
	int64_t next_update;
	int64_t revoked;         /* entries that the register has now */
	int64_t covered;         /* entries that the current one has */
	int64_t changes;         /* how often the register was changed */
	int64_t covered_changes; /* when the current one was made */
};

struct err *ledger_crl_state(
    struct ledger *l, struct ledger_crl_state *out) MUST_USE;
/* Calls `each` for revoked certificates in order of serial, from the place
 * `from` (0 is the first) on, `count` at most. */
struct err *ledger_revoked_each(struct ledger *l, int64_t from, int64_t count,
    struct err *(*each)(
	void *ctx, const char *serial, int64_t revoked_at, int reason),
    void *ctx) MUST_USE;

struct ledger_crl {
	int64_t number; /* must be one more than the current one */
	int64_t this_update;
	int64_t next_update;
	int64_t entries;
	int64_t changes; /* of the register, when it was read */
	struct bytes der;
};

/* ERR_LIMIT code "crl-overtaken": another is current already, or the register
 * has changed since: make it again. */
struct err *ledger_crl_put(
    struct ledger *l, const struct ledger_crl *c) MUST_USE;
/* Its number alone; 0 when there is none. */
struct err *ledger_crl_newest(struct ledger *l, int64_t *number) MUST_USE;
/* Appends the current CRL; nothing, and number 0, when there is none. */
struct err *ledger_crl_get(
    struct ledger *l, struct buf *der, int64_t *number) MUST_USE;

/* ---- certificates without a sealed key, and the register ---- */

struct ledger_issued {
	const char *serial; /* hex */
	const char *profile;
	struct bytes certificate;
	struct bytes key_sha256; /* of the SubjectPublicKeyInfo */
	const char *subject_id;  /* "" for our own keys */
	const char *replaces;    /* serial of what it renews, or "" */
	int64_t not_after;
	const char *officer; /* fingerprint; NULL for our own keys */
	const char *nonce;   /* of the record; NULL for our own keys */
	const struct approval *approval; /* likewise */
};

/*
 * ledger_issued_put records a certificate before it leaves.  What it replaces
 * is revoked (superseded) when the key is another one, and runs out by itself
 * when it is the same.
 * ERR_DENIED code "officer-unknown", "approval-replayed"; code "key-taken":
 * the key is certified for somebody else, or again without a renewal; code
 * "renewal-wrong": what it replaces is not that person's, or is revoked.
 */
struct err *ledger_issued_put(
    struct ledger *l, const struct ledger_issued *c) MUST_USE;

/* A permanent key of the service with a certificate of our own CA. */
struct ledger_operator {
	struct buf key_id;
	struct buf certificate;
};
void ledger_operator_done(struct ledger_operator *o);
/* Becomes the current one of its purpose; the certificate must have been
 * recorded with ledger_issued_put().  `purpose`: "time-stamp", "ocsp", ...
 * (signd/operator.h). */
struct err *ledger_operator_put(struct ledger *l, const char *purpose,
    struct bytes key_id, const char *serial) MUST_USE;
/* ERR_MISSING: there is none. */
struct err *ledger_operator_get(struct ledger *l, const char *purpose,
    struct ledger_operator *out) MUST_USE;

/* A receipt that is sealed and has not left yet. */
struct ledger_seal {
	const char *kind;    /* "receipt" */
	struct bytes digest; /* SHA-256 of what is sealed */
	struct bytes about;  /* SHA-256 of the document that it is about */
	const char *says;    /* of it: "TOTAL-PASSED" */
	const char *serial;  /* of the seal's certificate: hex */
};
/* ledger_sealed writes the audit record "sealed". */
struct err *ledger_sealed(
    struct ledger *l, const struct ledger_seal *s) MUST_USE;

enum ledger_state { LEDGER_UNKNOWN, LEDGER_GOOD, LEDGER_REVOKED };
struct ledger_status {
	enum ledger_state state;
	int64_t since; /* seconds, when revoked or suspended */
	int reason;    /* RFC 5280 5.3.1 */
};
/* What the register says of a serial number (hex, lower case). */
struct err *ledger_status(
    struct ledger *l, const char *serial, struct ledger_status *out) MUST_USE;
/* Serial numbers behind `after` ("": from the first), in order, `most` at most,
 * of certificates that have not expired. */
struct err *ledger_serials(struct ledger *l, const char *after, int most,
    struct err *(*each)(void *ctx, const char *serial), void *ctx) MUST_USE;
/* How often the register was changed. */
struct err *ledger_changes(struct ledger *l, int64_t *out) MUST_USE;

/* ---- the root's own lists ---- */

/* Calls `each` for what the root's lists have named so far, by serial number
 * (hex, lower case); none is ever taken off. */
struct err *ledger_root_revoked_each(struct ledger *l,
    struct err *(*each)(
	void *ctx, const char *serial, int64_t revoked_at, int reason),
    void *ctx) MUST_USE;
/* Nothing when it is there: the first time and reason stay. */
struct err *ledger_root_revoked_put(struct ledger *l, const char *serial,
    int64_t revoked_at, int reason) MUST_USE;
/* Whether one of them is this. */
struct err *ledger_root_has_revoked(
    struct ledger *l, const char *serial, bool *out) MUST_USE;
/* Of the newest list; 0: there is none. */
struct err *ledger_root_crl_number(struct ledger *l, int64_t *out) MUST_USE;
/* Records a list that was made.  ERR_LIMIT code "crl-overtaken": its number is
 * not higher than the last one's. */
struct err *ledger_root_crl_put(struct ledger *l, int64_t number,
    int64_t entries, struct bytes der) MUST_USE;
/* Appends the newest; nothing, and number 0, when there is none. */
struct err *ledger_root_crl_get(
    struct ledger *l, struct buf *der, int64_t *number) MUST_USE;

/* ---- keeping ---- */

/* Deletes used SADs that are past their time (they would be refused for that
 * alone), a few hundred a call. */
struct err *ledger_tidy(struct ledger *l) MUST_USE;

/* ---- the audit chain: store/audit.h ---- */

struct err *ledger_audit_count(struct ledger *l, int64_t *out) MUST_USE;
/* Calls `each` with the records from number `from` on, `count` at most. */
struct err *ledger_audit_each(struct ledger *l, int64_t from, int64_t count,
    struct err *(*each)(void *ctx, struct bytes line), void *ctx) MUST_USE;
/* Walks the whole chain.  *bad is the number of the first record that does not
 * fit, 0 when all do. */
struct err *ledger_audit_check(struct ledger *l, int64_t *bad) MUST_USE;

/* What a checkpoint is made of: everything up to record `n`. */
struct ledger_checkpoint_state {
	int64_t n; /* of the newest record; 0: none yet */
	uint8_t hash[LEDGER_HASH];
	int64_t records;   /* since the newest checkpoint */
	int64_t last_time; /* of that one, seconds; 0: none */
};
struct err *ledger_checkpoint_state(
    struct ledger *l, struct ledger_checkpoint_state *out) MUST_USE;

struct ledger_checkpoint {
	int64_t covers;           /* number of a record */
	const char *hash;         /* that record's, 64 hex digits */
	const char *time;         /* ISO 8601 */
	struct bytes certificate; /* of the signer, DER */
	struct bytes signature;   /* over the rendered checkpoint_record */
};
/* ERR_DENIED code "checkpoint-wrong": that record has another hash; ERR_LIMIT
 * code "checkpoint-overtaken": one that covers more is there. */
struct err *ledger_checkpoint_put(
    struct ledger *l, const struct ledger_checkpoint *c) MUST_USE;

#endif
