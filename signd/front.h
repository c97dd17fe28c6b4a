/*
 * Inside the front: what its files share.  The order is
 *
 *	front-http.c    connections, bodies, deadlines; threads of libmicrohttpd
 *	front-check.c   what is refused before a body comes
 *	front-reply.c   how an answer goes out
 *	front-routes.c  the one table of calls
 *	front-verify.c, front-verdict.c, front-receipt.c, front-sign.c,
 *front-hash.c, front-credential.c, front-officer.c, front-pages.c   the calls,
 *in threads that may wait front-backend.c asking the other processes front.c
 *start, TLS, end
 */
#ifndef SIGND_SIGND_FRONT_H
#define SIGND_SIGND_FRONT_H

#include <stdatomic.h>

#include <gnutls/gnutls.h>
#include <microhttpd.h>

#include "base/messages.h"
#include "certs/path.h"
#include "format/format.h"
#include "signd/budget.h"
#include "signd/fetch-source.h"
#include "signd/front-trust.h"
#include "signd/ipc.h"
#include "signd/json.h"
#include "signd/log.h"
#include "signd/own-list.h"
#include "signd/problem.h"
#include "signd/process.h"
#include "signd/queue.h"
#include "signd/settings.h"
#include "signd/spool.h"
#include "store/front.h"
#include "validation/validation.h"
#include "worker/online.h"

#define PARAM_MAX 256     /* bytes of one parameter in the query */
#define CREDENTIAL_MAX 64 /* bytes of an id in the ledger */
#define SECRET_MAX 4096   /* bytes of a SAD or an Authorization header */
#define PIN_MIN 6         /* bytes; characters are the keyholder's matter */
#define CODE_MAX 16       /* bytes: of the second factor */
#define PIN_MAX 256       /* bytes: 64 characters of UTF-8 */
#define HASHES_MAX                                                             \
	1000 /* digests in one request: as many as a keyholder takes */
#define CONTENT_MAX (8 * 1024 * 1024)      /* bytes of detached content */
#define REPORT_BODY_MAX (16 * 1024 * 1024) /* bytes of an answer in memory */

/* The sockets of the others, and how long they may take. */
struct backend {
	char *worker;
	char *fetcher;
	char *indexer;
	char *keyholder;
	char *ledger;
	struct ipc_pool *ledger_pool; /* connections to it */
	int worker_ms;
};

struct front {
	const struct settings *s;
	const struct log *log;
	struct backend backend;
	struct queue *queue;
	struct front_store *store;
	struct fetch_source status; /* what verification is missing */
	struct own_list *own_list;  /* our own CRL */
	char *lists;                /* directory of the shelf */
	struct list_shelf *shelf;
	struct trust_domain *domains; /* of trust-file */
	size_t ndomains;
	struct trust *trust; /* of trust-list */
	struct ocsp_cache *ocsp;
	struct batch *ocsp_batch; /* front-batch.h */
	struct batch *stamp_batch;
	struct ocsp_keep *ocsp_keep;
	struct budget *budget; /* signatures that strangers may have */
	struct watch *watch; /* front-http.c: connections and their deadlines */
	atomic_bool stopping;
	atomic_size_t at_work; /* requests between their first and last call */
};

/* ---- requests and replies ---- */

enum body_kind {
	BODY_NONE,
	BODY_JSON,
	BODY_BINARY, /* a few bytes of route->media, in request->json */
	BODY_DOCUMENT,
	BODY_DOCUMENT_OR_FORM
};

struct request;
struct reply;

enum quick_end {
	QUICK_NOT,
	QUICK_ANSWERED,
	QUICK_TAKEN /* suspended; somebody resumes it with its answer */
};

struct route {
	const char *method;
	const char *path; /* may end in "/{}": one parameter; in "/{*}":
			   * all that follows, slashes too */
	enum body_kind body;
	bool officer;      /* only on the officers' listener */
	bool both;         /* on both listeners */
	bool plain;        /* for citizens, and without TLS too */
	const char *media; /* BODY_BINARY */
	/* Never waits, in the thread of HTTP: *end says whether it answered;
	 * else `handle` is asked.  May be NULL. */
	struct err *(*quick)(
	    struct request *r, struct reply *out, enum quick_end *end);
	bool pictures; /* a form brings pictures of the signature */
	bool secret;   /* the parameter is, and stays out of the log */
	bool now;      /* never waits: runs in the thread of HTTP */
	struct err *(*handle)(struct request *r, struct reply *out);
};

/* What the log says of a path: an id that nobody else may know is left out,
 * also of an address that is nearly one of ours. */
const char *route_log_path(const char *path);
/* NULL with *allow set: the path is there, the method is not. */
enum listener_kind { LISTEN_CITIZENS, LISTEN_OFFICERS, LISTEN_PLAIN };
const struct route *route_find(const char *method, const char *path,
    enum listener_kind kind, const char **param, const char **allow);

#define REPLY_ETAG 40 /* bytes */

/* The answer.  Either `body`, or a document with one insertion. */
struct reply {
	unsigned status;  /* of HTTP */
	const char *type; /* media type; static */
	struct buf body;
	const void *constant; /* page built into the program, or NULL */
	size_t constant_len;
	bool streamed; /* document and insertion, not body */
	struct spool document;
	struct insertion insertion;
	const char *code;  /* of the error, for the log; static, may be NULL */
	int retry_after;   /* seconds; 0: no header */
	const char *allow; /* for 405; static */
	char *disposition; /* Content-Disposition; owned, may be NULL */
	char place[64];    /* Content-Location; "": none */
	int64_t made;      /* seconds; 0: caches may not keep the answer */
	int64_t until;     /* seconds: then it is out of date */
	char etag[REPLY_ETAG]; /* with its quotes; "": none */
};
void reply_done(struct reply *r);
/* Bytes of its body. */
size_t reply_size(const struct reply *r);

enum request_state {
	REQUEST_READING,
	REQUEST_REFUSED,    /* the answer is known; the body is read away */
	REQUEST_SWALLOWING, /* the answer went out of turn */
	REQUEST_QUEUED,
	REQUEST_DONE
};

struct request {
	struct front *front;
	struct MHD_Connection *connection;
	const struct route *route;
	const char *path;  /* libmicrohttpd's */
	const char *param; /* what stood for {}; part of path */
	const char *method;
	bool officer;
	bool plain; /* came without TLS */
	bool quick; /* too many of these come for a line each in the log */
	struct payer address; /* whose */
	char id[17];          /* tells this request in log and answer */
	_Atomic enum request_state state; /* the sweeper looks at it, too */
	int64_t started_ms;
	_Atomic int64_t sending_ms; /* since when the answer goes out; 0: not */
	size_t received;            /* bytes of body */
	char media[64];  /* of the body, lower case, without parameters */
	struct buf json; /* BODY_JSON: wiped at the end */
	struct spool document;
	struct form *form; /* multipart, front-form.c; NULL */
	struct cert *peer; /* officer: verified client certificate */
	struct reply reply;
	struct connection *watched; /* front-http.c */
};

/* Parameters of the query, NULL when absent.  ERR_USAGE, code "parameter":
 * too long, or not printable UTF-8, or given more than once. */
struct err *request_param(
    const struct request *r, const char *name, const char **out) MUST_USE;
/* The query has none but these, which end with NULL, and "lang".  One that is
 * misspelt would be left out quietly, and its default taken.  ERR_USAGE, code
 * "parameter". */
struct err *request_params_are(
    const struct request *r, const char *const *names) MUST_USE;
const char *request_header(const struct request *r, const char *name);
/* Whether the client asked for that media type, by Accept. */
bool request_accepts(const struct request *r, const char *type);
enum lang request_lang(const struct request *r);
/* The JSON body, parsed; freed by the caller. */
struct err *request_json(const struct request *r, json_t **out) MUST_USE;

/* ---- multipart/form-data (front-form.c) ---- */

struct form {
	struct MHD_PostProcessor *post;
	struct request *request;
	bool has_document;
	bool has_content;
	struct buf content; /* detached content */
	struct buf picture; /* of the signature, of the seal: only where */
	struct buf seal;    /* the route has pictures */
	char media[64];     /* type of "document", as its part says */
	char policy[64];
	char lang[8];
	char time[64];
	char vietnam_time[32]; /* without a zone: as a field of a page has it */
	char keep[16];
	char hash[512];
	char of[8];
	char password[128];   /* of the document; wiped */
	char name[PARAM_MAX]; /* of the document, as the browser told it */
	struct err *error;
};
struct err *form_new(struct request *r, struct form **out) MUST_USE;
struct err *form_add(struct form *f, struct bytes what) MUST_USE;
/* The body is over. */
struct err *form_finish(struct form *f) MUST_USE;
void form_free(struct form *f);

/* ---- replies ---- */

struct err *reply_json(
    struct reply *r, unsigned status, const json_t *doc) MUST_USE;
/* Makes the reply a problem document; frees `e`. */
/* An error as a page, for who came by a form or a link; frees `e`. */
struct err *reply_error_page(
    struct request *r, struct err *e, struct reply *out) MUST_USE;
void reply_problem(
    struct reply *r, const char *request_id, struct err *e, int tries_left);

/* ---- HTTP (front-http.c) ---- */

struct http;

/* Before the body (front-check.c): who calls, what, and with which body. */
struct err *request_check(struct request *q, gnutls_session_t session,
    const char *method, const char *path) MUST_USE;
size_t request_body_max(const struct request *q); /* bytes */
struct err *request_too_large(const struct request *q) MUST_USE;
/* How long caches may keep the answer, in headers (front-reply.c). */
void reply_add_caching(const struct reply *r, struct MHD_Response *response);
/* An entity tag of these bytes; "" if there is none to be had. */
void reply_make_etag(struct bytes der, char out[REPLY_ETAG]);
/* Queues the reply (front-reply.c). */
enum MHD_Result request_send(struct request *q);

struct tls {
	struct buf key; /* PEM; wiped at the end */
	struct buf cert;
	struct buf officer_ca;
};

struct err *http_start(struct front *f, const struct tls *tls,
    const struct process_args *sockets, struct http **out) MUST_USE;
/* No new connections; waits until nobody is at work, at most `grace_ms`. */
void http_drain(struct http *h, int64_t grace_ms);
void http_free(struct http *h);

/* ---- asking the others (front-backend.c) ---- */

struct err *backend_init(struct backend *b, const struct settings *s) MUST_USE;
void backend_done(struct backend *b);

/* With indexes behind the document: `fds` in that order. */
struct err *ask_worker_fds(const struct front *f, uint16_t op,
    struct bytes body, const int *fds, size_t nfds,
    struct ipc_message *out) MUST_USE;
struct err *ask_worker(const struct front *f, uint16_t op, struct bytes body,
    int fd, struct ipc_message *out) MUST_USE;
/* `ms`: how long the fetch itself may take. */
struct err *ask_fetcher(const struct front *f, uint16_t op, struct bytes body,
    size_t answer_max, int ms, struct ipc_message *out) MUST_USE;
struct err *ask_keyholder(const struct front *f, uint16_t op, struct bytes body,
    struct ipc_message *out) MUST_USE;
struct err *ask_ledger(const struct front *f, uint16_t op, struct bytes body,
    struct ipc_message *out) MUST_USE;
/* ---- verification (front-online.c) ---- */

/* What it rests on: all domains of trust, among them our own issuer, and that
 * one's list. */
struct trusted {
	struct trust_domain *domains;
	size_t ndomains;
	struct status_data crls[2]; /* our CA's, the root's; those there are */
	size_t ncrls;
	/* What these borrow from. */
	struct ipc_message ca, root_list;
	struct buf list;          /* our own CRL, when it is a small one */
	struct index_file *index; /* of it, when it is a large one */
	int index_fds[1];         /* what a verify_request wants of that */
	size_t nindexes;
	struct cert_list anchors;
	struct cert_list ended; /* our own CAs that their root has revoked */
	struct trust_snapshot *snapshot;
};
struct err *trusted_get(const struct front *f, struct trusted *out) MUST_USE;
void trusted_done(struct trusted *t);

/* A verification by workers, which asks outside for what is missing, at most
 * `wait_ms`; `keep` as in online_verify. */
struct err *ask_verification(const struct front *f,
    const struct verify_request *q, int fd, int64_t wait_ms,
    struct online_kept *keep, struct verify_answer *out) MUST_USE;
/* The request's parameter "wait", in seconds, or the setting. */
struct err *wait_param(const struct request *r, int64_t *ms) MUST_USE;
/* "ok", "busy", ... for one of the processes; static. */
const char *ask_alive(const struct front *f, const char *process);
/* Whether all of them answer. */
bool ask_all_alive(const struct front *f);

#define CREDENTIAL_CHAIN_MAX 8

/* A credential as the ledger tells it. */
struct credential {
	char id[CREDENTIAL_MAX + 1];
	char *status; /* "active", "locked", "revoked" */
	struct cert *cert;
	/* Issuers in DER, anchor last: as it came, for nobody reads it here. */
	struct bytes chain[CREDENTIAL_CHAIN_MAX];
	size_t nchain;
	struct ipc_message answer; /* what chain borrows from */
	int64_t tries_left;
	int64_t second_factor; /* whether a code is asked for with the PIN */
	int64_t created;
};
struct err *credential_get(
    const struct front *f, const char *id, struct credential *out) MUST_USE;
void credential_done(struct credential *c);
/* ERR_DENIED unless it is active. */
struct err *credential_usable(const struct credential *c) MUST_USE;
/* The algorithm that its key signs with. */
struct err *credential_alg(
    const struct credential *c, struct sig_alg *out) MUST_USE;

/* ---- PIN or SAD ---- */

struct secret_of {
	const char *pin;  /* plain; NULL when it is one of the others */
	const char *code; /* of the second factor with a plain one, or NULL */
	struct bytes sad;
	struct bytes sealed; /* a PIN that only keyholders open */
	bool unbound; /* it was sealed without the digests: the client could
		       * not know them */
};

/* The body of KEY_AUTHORIZE. */
struct err *pack_authorize(const char *credential,
    const struct secret_of *secret, int64_t count, enum digest_alg alg,
    const struct bytes *digests, size_t n, struct buf *body) MUST_USE;
/* Asks for signatures over `digests`: the answer of KEY_SIGN.  `alg` may be a
 * digest without a form: the key says which. */
struct err *sign_digests(const struct front *f, const char *credential,
    struct sig_alg alg, const struct secret_of *secret,
    const struct bytes *digests, size_t n, struct ipc_message *out) MUST_USE;

/* ---- the same answer again (front-idempotency.c) ---- */

/*
 * once_claim looks for an Idempotency-Key.  *replayed: `out` is the answer of
 * the first call, and there is nothing to do.  `material` is what makes two
 * calls the same; it has something that nobody can guess (a link, a SAD, an
 * approval), for the answer is kept sealed under it.  Else the caller works,
 * and then once_end tells how it went.
 */
struct once {
	bool claimed;
	char scope[FRONT_ID_MAX];
	char key[FRONT_ID_MAX];
	uint8_t secret[32]; /* out of the material: seals the answer */
};
struct err *once_claim(struct request *r, struct bytes material,
    struct once *once, struct reply *out, bool *replayed) MUST_USE;
void once_end(
    struct request *r, struct once *once, const struct reply *out, bool worked);

/* ---- what everybody may ask (front-public.c, front-tsa.c, front-ocsp.c) ----
 */

struct err *quick_get_ocsp(
    struct request *r, struct reply *out, enum quick_end *end) MUST_USE;
struct err *quick_post_ocsp(
    struct request *r, struct reply *out, enum quick_end *end) MUST_USE;
struct err *quick_post_tsa(
    struct request *r, struct reply *out, enum quick_end *end) MUST_USE;
struct err *stamp_batch_start(struct front *f, struct batch **out) MUST_USE;
bool ocsp_is_get(const char *path);
/* Such a GET whose answer is kept: queued before anything else is looked at. */
bool ocsp_at_once(
    const struct front *f, const char *path, struct MHD_Connection *connection);
/* A certificate was issued: its answer is made before anybody asks. */
void ocsp_issued(struct front *f, struct bytes cert_der);
/* The register was changed by us: what was made before is not given any more
 * until it is looked at. */
void ocsp_register_changed(struct front *f);

/* ---- calls ---- */
#define HANDLER(name) struct err *name(struct request *r, struct reply *out)
HANDLER(page_index);
HANDLER(page_activate);
HANDLER(page_script);
HANDLER(page_activate_script);
HANDLER(page_style);
HANDLER(get_info);
HANDLER(get_health);
HANDLER(get_ca);
HANDLER(get_pin_key);
HANDLER(page_seal_script);
HANDLER(get_crl);
HANDLER(post_verification);
HANDLER(get_verification);
HANDLER(page_verdict);
HANDLER(get_receipt);
HANDLER(page_check_script);
HANDLER(post_activation_check);
HANDLER(post_activation);
HANDLER(post_credential_info);
HANDLER(post_authorize);
HANDLER(post_sign_hash);
HANDLER(post_sign_doc);
HANDLER(post_extension);
HANDLER(post_sign_prepare);
HANDLER(post_sign_complete);
HANDLER(post_enrolment);
HANDLER(get_enrolment);
HANDLER(post_certificate);
HANDLER(post_revoke);
HANDLER(get_audit);
HANDLER(get_public_crl);
HANDLER(get_public_root_crl);
HANDLER(get_public_ca);
HANDLER(get_ocsp);
HANDLER(post_ocsp);
HANDLER(post_tsa);
#undef HANDLER

#endif
