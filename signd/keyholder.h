/*
 * The keyholder's process: the only one that uses a key.  One session with the
 * token, logged in once.  A few threads, of which one works and the others wait
 * for the ledger's disk: the token shall not.  It trusts the ledger, and
 * nothing that the front says: what it signs it builds from typed fields, and
 * each thing it does stands in the ledger before its answer leaves.
 */
#ifndef SIGND_SIGND_KEYHOLDER_H
#define SIGND_SIGND_KEYHOLDER_H

#include "base/pack.h"
#include "base/record.h"
#include "certs/cmp.h"
#include "certs/issue.h"
#include "certs/profile_file.h"
#include "certs/pin_message.h"
#include "pkcs11/sad.h"
#include "pkcs11/seal.h"
#include "pkcs11/kind.h"
#include "pkcs11/wrap.h"
#include "signd/clockwatch.h"
#include "signd/ipc.h"
#include "signd/lanes.h"
#include "signd/roles.h"
#include "signd/tokenwatch.h"
#include "store/ledger.h"

#define KEY_BODY_MAX (256 * 1024)         /* bytes: 1,000 digests of 64 */
#define KEY_ANSWER_MAX (16 * 1024 * 1024) /* bytes: a CRL */
#define KEY_DIGESTS_MAX LEDGER_DIGESTS_MAX
#define APPROVAL_SECONDS 600 /* how far an approval's time may be off */

/* A permanent key of the service with a certificate of our own CA. */
struct operator_key {
	CK_OBJECT_HANDLE key;
	struct cert *cert; /* NULL: there is none */
};

/* One generation of the keys that wrap and cover. */
struct generation {
	int64_t n;
	struct buf kek_id;
	struct buf cover_id; /* empty: blobs lie bare */
	int64_t kek_ended;   /* whether it was destroyed */
	int64_t cover_ended; /* likewise */
	CK_OBJECT_HANDLE kek, cover;
	bool has_kek, has_cover; /* found in the token, and checked */
};
#define GENERATIONS_MAX 64

/* Pairs that were made beforehand. */
struct pool_pair {
	enum key_kind kind;
	int64_t generation; /* whose KEK wrapped it, */
	struct buf kek_id;  /* and its CKA_ID */
	struct buf wrapped;
	struct buf spki;
};
#define POOL_MAX 64

/* Who makes them: one at a time. */
struct pair_maker {
	bool ready;
	pthread_mutex_t lock;       /* of the session; before `lanes` */
	struct p11_session session; /* not open: the keyholder's is used */
	struct tokenwatch watch;
	_Atomic unsigned waiting;    /* requests for a pair */
	_Atomic int64_t rests_until; /* ms: after making while others asked */
};

/* A CA of somebody else that makes the citizens' certificates. */
struct external_ca {
	struct cert_list chain; /* issuer first; empty: there is none */
	struct buf packed;      /* the same, as LW_ACTIVATE wants it */
	struct secret secret;
	char *fetcher;            /* path of its socket */
	_Atomic unsigned waiting; /* activations that ask it */
};

struct keyholder {
	const struct settings *settings;
	const struct clock *clock;
	/* Who is inside has the token, the generations, the pool and the keys
	 * that are read again (pin_seal, seal, audit) to itself, so that no
	 * call of the token that needs another after it (C_SignInit, C_Sign)
	 * is torn apart; but keyholder_tell() lets another thread in.
	 * Requests are inside only for what the token does: neither Argon2id
	 * nor verification nor building what is signed keeps it waiting. */
	struct lanes lanes;
	char *ledger_read;       /* path of the ledger's socket */
	char *ledger_write;      /* likewise */
	struct ipc_pool reading; /* connections to them */
	struct ipc_pool writing;
	int pin_fd; /* the token's PIN file, opened while still root;
		     * -1: open it by its path */
	struct p11_module *module;
	struct p11_token token;
	struct p11_session session;
	struct generation generations[GENERATIONS_MAX];
	size_t ngenerations; /* the last is in use */
	CK_OBJECT_HANDLE pepper;
	struct sad_keys sad_keys; /* out of the pepper */
	CK_OBJECT_HANDLE ca_key;
	struct operator_key tsa;
	struct operator_key ocsp;
	struct operator_key audit;
	struct operator_key seal;     /* receipts */
	struct operator_key pin_seal; /* PINs come sealed to it */
	struct clockwatch watch;      /* time stamps */
	_Atomic uint64_t ocsp_made;   /* answers so far */
	struct own_profiles profiles; /* of profile-file */
	struct cert_list chain;       /* issuer first, anchor last */
	struct external_ca external;
	_Atomic uint64_t operations; /* unwrappings so far */
	struct pool_pair pool[POOL_MAX];
	size_t npool;
	struct pair_maker maker;
	_Atomic int64_t asked; /* ms: when the last request came */
	_Atomic bool
	    broken; /* the token failed: this process must be replaced */
	struct tokenwatch hangs; /* how long the token has been at it */
};

/* keyholder_open loads the module, logs in and finds the keys that the ledger
 * names.  `k` must stay where it is.  keyholder_done() in any case. */
struct err *keyholder_open(struct keyholder *k, const struct settings *s,
    int pin_fd, const struct clock *clock) MUST_USE;
void keyholder_done(struct keyholder *k);

/* keyholder_token is its first half: module, token, session, login.  For the
 * ceremony too; `k->settings` must be set. */
struct err *keyholder_token(struct keyholder *k, bool writable) MUST_USE;

/* Who uses the token holds the lock, and is watched (tokenwatch.h); may be
 * nested. */
void keyholder_lock(struct keyholder *k);
void keyholder_unlock(struct keyholder *k);
/* `run` with the token and without a pause: what is done often, and by several
 * threads at once.  Not from inside. */
typedef struct err *keyholder_work(struct keyholder *k, void *ctx);
struct err *keyholder_do(
    struct keyholder *k, keyholder_work *run, void *ctx) MUST_USE;
/* Gives it up for a while, however often it was taken (also not at all). */
unsigned keyholder_pause(struct keyholder *k);
void keyholder_resume(struct keyholder *k, unsigned depth);

/* One request; for ipc_service.handle, with `ctx` a keyholder. */
struct err *keyholder_handle(void *ctx, const struct ipc_message *request,
    struct ipc_message *answer) MUST_USE;

/* ---- parts, each in a file of its own ---- */

/* keyholder-ledger.c: asking the ledger's writing side.  The answer is the
 * caller's, ended with ipc_message_done(). */
struct err *keyholder_tell(struct keyholder *k, uint16_t op,
    const struct buf *body, struct ipc_message *answer) MUST_USE;

/* The same of its reading side. */
struct err *keyholder_ask(struct keyholder *k, uint16_t op,
    const struct buf *body, struct ipc_message *answer) MUST_USE;

/* A credential as the ledger has it; strings and bytes live in `answer`. */
struct held {
	struct ipc_message answer;
	EVP_PKEY *key;           /* of the certificate */
	struct secret uncovered; /* what `sealed` points into */
	struct sealed sealed;
	struct seal_owner owner;
	int64_t version;
	int64_t tries_left;
	int64_t code_step; /* of the last code that was used */
	int64_t sad_used;  /* whether that SAD was */
};
void held_done(struct held *h);
/* LW_CREDENTIAL for the SAD of that id, or LW_PIN_TRY where there is none.
 * `credential` must outlive the result; `pass` as in keyholder_uncover(). */
struct err *keyholder_fetch(struct keyholder *k, struct bytes credential,
    struct bytes sad, struct cover_pass *pass, struct held *out) MUST_USE;
struct err *keyholder_pin_end(struct keyholder *k, struct bytes credential,
    enum pin_outcome outcome, int64_t *tries_left) MUST_USE;

/* keyholder-generation.c */
struct cover_key {
	const struct p11_session *session;
	CK_OBJECT_HANDLE handle;
	struct bytes id; /* empty: this generation covers nothing */
};
/* Reads from the ledger which there are.  What was found before is forgotten:
 * no pointer to a generation outlives a call of keyholder_tell(). */
struct err *keyholder_generations(struct keyholder *k) MUST_USE;
void keyholder_generations_done(struct keyholder *k);
/* The newest, as the ledger has it now, with its KEK; stays the keyholder's. */
struct err *keyholder_current(
    struct keyholder *k, struct generation **out) MUST_USE;
/* ERR_MISSING code "token-key-missing": destroyed, or never there. */
struct err *keyholder_cover(
    struct keyholder *k, int64_t n, struct cover_key *out) MUST_USE;
struct err *keyholder_kek(
    struct keyholder *k, struct bytes id, struct p11_kek *out) MUST_USE;
/* A blob out from under the cover of generation `n`, and under it.  The token
 * is not asked when `pass` opens that generation's cover, and else makes it do
 * so; ended with cover_pass_done(). */
struct err *keyholder_uncover(struct keyholder *k, int64_t n,
    struct bytes owner, struct bytes covered, struct cover_pass *pass,
    struct secret *out) MUST_USE;
struct err *keyholder_put_cover(struct keyholder *k, int64_t n,
    struct bytes owner, struct bytes plain, struct buf *out) MUST_USE;

/* keyholder-officer.c */
struct officer_proof {
	struct bytes approval;    /* signature over the rendered record */
	struct bytes certificate; /* DER */
	struct bytes alg;         /* DER AlgorithmIdentifier */
};
struct err *officer_proof_unpack(
    struct unpack *u, struct officer_proof *out) MUST_USE;
/* ERR_DENIED code "officer-unknown", "approval-wrong", "approval-time". */
struct err *keyholder_check_proof(struct keyholder *k,
    const struct officer_proof *p, struct bytes record, const char *officer,
    const char *time) MUST_USE;
struct err *keyholder_enrol(
    struct keyholder *k, struct unpack *u, struct buf *out) MUST_USE;
struct err *keyholder_revoke(
    struct keyholder *k, struct unpack *u, struct buf *out) MUST_USE;

/* keyholder-citizen.c */
struct err *keyholder_activate(
    struct keyholder *k, struct unpack *u, struct buf *out) MUST_USE;
struct err *keyholder_authorize(
    struct keyholder *k, struct unpack *u, struct buf *out) MUST_USE;

/* keyholder-pool.c: pairs of a kind that takes long, made beforehand.
 * They lie in this process's memory alone: in the ledger each would be a key
 * that wants no PIN, in every backup from before it had an owner.  A pair that
 * was taken is in the pool no more. */
void pool_pair_done(struct pool_pair *p);
/* After the login; keyholder_pool_done() in any case. */
struct err *keyholder_pool_init(struct keyholder *k) MUST_USE;
/* Begins to watch how long a pair takes. */
struct err *keyholder_pool_watch(struct keyholder *k) MUST_USE;
/* One of the pool under the newest KEK, or one that is made now.  Not with the
 * token.  ERR_REMOTE code "busy": many wait for one already. */
struct err *keyholder_pair(
    struct keyholder *k, enum key_kind kind, struct pool_pair *out) MUST_USE;
/* Makes one pair, if one is wanted.  Not with the token. */
struct err *keyholder_pool_fill(struct keyholder *k) MUST_USE;
void keyholder_pool_done(struct keyholder *k);

/* keyholder-sign.c */
struct err *keyholder_sign(
    struct keyholder *k, struct unpack *u, struct buf *out) MUST_USE;
/* Tries a PIN that the ledger counted (h came from keyholder_fetch with `try`).
 * On success the try is still open: LW_AUTHORIZED, LW_SIGNED or
 * keyholder_end_try() ends it.  ERR_DENIED code "pin-wrong", "pin-locked",
 * for a wrong PIN and for a wrong code alike; code "code-missing", and
 * ERR_REMOTE code "clock-behind", without trying either. */
struct unsealed {
	struct secret key;     /* that unseals */
	struct secret content; /* what was sealed: pkcs11/seal.h */
	int64_t code_step;     /* of the code that was right; 0: none asked */
};
void unsealed_done(struct unsealed *u);
struct err *keyholder_unseal(struct keyholder *k, struct bytes credential,
    const struct held *h, const struct pin_message *m,
    struct unsealed *out) MUST_USE;
/* Ends a try that was right when something else went wrong: `e`, which it
 * gives back, or what follows from it. */
struct err *keyholder_end_try(
    struct keyholder *k, struct bytes credential, struct err *e) MUST_USE;

/* keyholder-pin.c: a PIN as it comes. */
struct pin_given {
	struct bytes plain;  /* either this, */
	struct bytes code;   /* with the code of the second factor, or "", */
	struct bytes sealed; /* or this: certs/pin_message.h */
};
struct pin_taken {
	struct secret opened; /* what m points into, when it was sealed */
	struct pin_message m;
	struct secret exporter; /* for an answer; empty when it came plain */
	uint8_t once[SAD_ID];   /* a sealed PIN's id: it is used once */
	bool sealed;
};
void pin_taken_done(struct pin_taken *p);
/*
 * Opens a sealed PIN; takes a plain one where the settings allow it.
 * ERR_DENIED code "pin-plain"; code "pin-seal-unknown": sealed to a key that
 * is not ours; "pin-seal-wrong": for something else, or changed;
 * "pin-seal-time".  What pin_form() says.
 */
struct err *keyholder_take_pin(struct keyholder *k,
    const struct pin_purpose *purpose, const struct pin_given *given,
    struct pin_taken *out) MUST_USE;
/* The id to record, or nothing. */
struct bytes pin_taken_once(const struct pin_taken *p);

/* keyholder-issue.c: certificates and CRLs. */
/* Reads profile-file; nothing when there is none. */
struct err *keyholder_profiles(struct keyholder *k) MUST_USE;
/* Whether the certificate that an enrolment asks for could be made; nothing is
 * signed. */
struct err *keyholder_certificate_try(struct keyholder *k,
    const struct enrolment_record *r, EVP_PKEY *key) MUST_USE;
/* The certificate for a key in somebody's token or server, signed by our CA.
 * Beyond citizens' profiles those that issue-profile names; else ERR_DENIED,
 * code "profile-not-issued". */
struct err *keyholder_certificate_elsewhere(struct keyholder *k,
    const struct enrolment_record *r, EVP_PKEY *key,
    struct cert **out) MUST_USE;
/* The one of an enrolment, by the external CA, if there is one, which takes as
 * long as that CA does: other threads have the token meanwhile, and no
 * generation's pointer outlives it.  `enrolment`: its id; `waiting`: cmp_ca's.
 */
struct err *keyholder_certificate_of(struct keyholder *k,
    const struct enrolment_record *r, const char *enrolment, EVP_PKEY *key,
    struct buf *waiting, struct cert **out) MUST_USE;
/* Makes and stores a fresh CRL.  Appends it to `der` (may be NULL). */
struct err *keyholder_new_crl(
    struct keyholder *k, int64_t *number, struct buf *der) MUST_USE;
/* The number of a list that has everybody who is revoked; makes one only when
 * the current one has not. */
struct err *keyholder_current_crl(
    struct keyholder *k, int64_t *number) MUST_USE;
struct err *keyholder_crl(struct keyholder *k, struct buf *out) MUST_USE;

/* keyholder-external.c */
/* Reads the settings of an external CA; nothing when there is none.
 * ERR_USAGE code "settings"; ERR_DENIED code "secret-file". */
struct err *keyholder_external_open(struct keyholder *k) MUST_USE;
void keyholder_external_done(struct keyholder *k);
bool keyholder_has_external(const struct keyholder *k);
/* Around an activation, when there is an external CA: keyholder_external_enter
 * before each time that it is asked, keyholder_external_leave when it came to
 * nothing.  `who`: an id of this activation.  ERR_DENIED code
 * "activation-busy": another one asks for the same enrolment. */
struct err *keyholder_external_enter(
    struct keyholder *k, const char *enrolment, const char *who) MUST_USE;
void keyholder_external_leave(
    struct keyholder *k, const char *enrolment, const char *who);
/* Few threads may wait for that CA.  False: they do already; else ended with
 * keyholder_external_waited(). */
bool keyholder_external_wait(struct keyholder *k);
void keyholder_external_waited(struct keyholder *k);
/* Errors of certs/cmp.h. */
struct err *keyholder_external_issue(struct keyholder *k, const char *enrolment,
    const struct cert_fields *f, struct buf *waiting,
    struct cert **out) MUST_USE;
/* keyholder-waiting.c: a key pair about which an external CA has not decided.
 */
struct waiting_for {
	const char *enrolment;
	const char *who;   /* keyholder_external_enter's */
	struct bytes link; /* the activation token, */
	struct bytes pin;  /* and the PIN: both open what was kept */
	struct buf kept;   /* as the ledger told it; empty: nothing */
	struct buf state;  /* of CMP, for cmp_ca.waiting */
	int64_t tries;     /* without a word of that CA */
};
void waiting_for_done(struct waiting_for *w);
/* Fills *out and w->state with what was kept, where there is anything, of that
 * kind, that these open and that is of use still; else *out stays as it is. */
struct err *keyholder_waiting_take(struct keyholder *k, struct waiting_for *w,
    enum key_kind kind, struct pool_pair *out) MUST_USE;
/* Keeps the pair with w->state, or has the ledger forget what it kept when
 * there is no state any more.  While the lease lasts. */
struct err *keyholder_waiting_keep(struct keyholder *k,
    const struct waiting_for *w, const struct pool_pair *pair) MUST_USE;

/* Tells that CA of one revocation, if there is any; *more: there was. */
struct err *keyholder_external_chore(struct keyholder *k, bool *more) MUST_USE;

/* keyholder-csr.c */
struct err *keyholder_issue(
    struct keyholder *k, struct unpack *u, struct buf *out) MUST_USE;

/* keyholder-operator.c: the TSA's and the OCSP responder's keys. */
struct err *keyholder_operators(struct keyholder *k) MUST_USE;
/* Reads again which key PINs are sealed to. */
struct err *keyholder_pin_key(struct keyholder *k) MUST_USE;
struct err *keyholder_timestamp(
    struct keyholder *k, struct unpack *u, struct buf *out) MUST_USE;
struct err *keyholder_timestamps(
    struct keyholder *k, struct unpack *u, struct buf *out) MUST_USE;
struct err *keyholder_ocsp(
    struct keyholder *k, struct unpack *u, struct buf *out) MUST_USE;
struct err *keyholder_ocsp_many(
    struct keyholder *k, struct unpack *u, struct buf *out) MUST_USE;

/* How the key of that certificate signs: with SHA-256. */
struct sig_alg operator_alg(const struct cert *c);
struct p11_signer operator_signer(
    const struct keyholder *k, const struct operator_key *o);
/* A key as the rest of the program signs with it, which takes the token for
 * the signature alone: what is built around it keeps nobody waiting.  `s` must
 * stay where it is as long as the signer is used. */
struct token_signer {
	struct keyholder *k;
	struct p11_signer by;
};
struct signer token_signer(struct token_signer *s);
/* Reads again which key of that purpose there is, with `check` of its flags.
 * Without one, out->cert is NULL. */
typedef struct err *check_key(
    const struct p11_session *s, CK_OBJECT_HANDLE key);
struct err *keyholder_operator(struct keyholder *k, const char *purpose,
    check_key *check, struct operator_key *out) MUST_USE;
/* In time, by `now`: what is signed after its end convinces nobody.
 * ERR_MISSING with that code. */
struct err *operator_check(
    const struct operator_key *o, int64_t now, const char *code) MUST_USE;

/* keyholder-seal.c: the service's word on what it judged. */
struct err *keyholder_seal(
    struct keyholder *k, struct unpack *u, struct buf *out) MUST_USE;

/* keyholder-audit.c: signs the audit chain as it is now, if it is time. */
struct err *keyholder_checkpoint(struct keyholder *k) MUST_USE;

/* The token's HMAC key, as seal.h and sad.h want it.  Not from inside:
 * ERR_INTERNAL, so that no Argon2id ever keeps the token. */
struct pepper keyholder_pepper(struct keyholder *k);
/* An id of 16 random bytes in hex. */
struct err *keyholder_random_id(char out[33]) MUST_USE;
/* Lower-case hex into `out` of 2 * len + 1 bytes. */
void hex_text(struct bytes in, char *out);

#endif
