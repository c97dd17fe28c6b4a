/*
 * OCSP inside the front: answers made beforehand and kept (front-ocsp-cache.c),
 * the thread that makes and renews them (front-ocsp-keep.c), requests with a
 * nonce collected for the token (front-ocsp-batch.c), and the calls
 * (front-ocsp.c).
 */
#ifndef SIGND_SIGND_FRONT_OCSP_H
#define SIGND_SIGND_FRONT_OCSP_H

#include "certs/ocsp_make.h"
#include "signd/front.h"

#define OCSP_TYPE "application/ocsp-response"
#define OCSP_KEY_MAX 24 /* bytes: algorithm and serial number */

/* What is asked, as answers are kept by it. */
struct ocsp_key {
	uint8_t bytes[OCSP_KEY_MAX];
	size_t len; /* 0: an answer to this is not kept */
};
/* Requests for one certificate, as nearly all are. */
struct ocsp_key ocsp_key_of(const struct ocsp_request *q);
struct ocsp_key ocsp_key_make(enum digest_alg alg, struct bytes serial);
enum digest_alg ocsp_key_alg(const struct ocsp_key *k);
struct bytes ocsp_key_serial(const struct ocsp_key *k);

/* What the register says of a certificate: LEDGER_STATUS. */
struct ocsp_said {
	uint64_t state; /* enum ledger_state */
	int64_t since;
	uint64_t reason;
};

/* An answer as the keyholder gives it. */
struct ocsp_made {
	struct bytes der; /* borrowed */
	struct ocsp_said said;
	int64_t made, until; /* seconds */
	int64_t changes;     /* of the register, when it was asked */
};

/* ---- what is kept (front-ocsp-cache.c) ---- */

/* `kept`: how many answers at most, about 1.5 KB each. */
struct err *ocsp_cache_new(size_t kept, struct ocsp_cache **out) MUST_USE;
void ocsp_cache_free(struct ocsp_cache *c);

/* The issuer is asked for once.  *ours: all CertIDs are of it. */
struct err *ocsp_all_ours(
    const struct front *f, const struct ocsp_request *q, bool *ours) MUST_USE;
/* The same without waiting: false as well while nobody has asked yet. */
bool ocsp_known_ours(const struct front *f, const struct ocsp_request *q);

/* Fills `out` with a kept answer; false: there is none in force. */
bool ocsp_cache_copy(
    struct ocsp_cache *c, const struct ocsp_key *k, struct reply *out);
/* Queues it with its headers, without a copy. */
bool ocsp_cache_queue(struct ocsp_cache *c, const struct ocsp_key *k,
    struct MHD_Connection *connection);
/* Keeps it, unless the register is known to have changed since.  What cannot
 * be kept is made again the next time. */
void ocsp_cache_keep(struct ocsp_cache *c, const struct ocsp_key *k,
    const struct ocsp_made *made);
/* The register has changed so often: what was made before waits for
 * ocsp_cache_confirm() or to be replaced. */
void ocsp_cache_changed(struct ocsp_cache *c, int64_t changes);
/* The register still says the same.  False: another thing; the answer is
 * forgotten. */
bool ocsp_cache_confirm(struct ocsp_cache *c, const struct ocsp_key *k,
    const struct ocsp_said *said, int64_t changes);
bool ocsp_cache_has(struct ocsp_cache *c, const struct ocsp_key *k);
bool ocsp_cache_full(struct ocsp_cache *c);

enum ocsp_due { OCSP_UNCONFIRMED, OCSP_OLD };
/* Goes on from *at through what is kept, to the next that is due: false at the
 * end. */
bool ocsp_cache_due(
    struct ocsp_cache *c, enum ocsp_due what, size_t *at, struct ocsp_key *out);

/* ---- asking the keyholder (front-ocsp-batch.c) ---- */

struct ocsp_wish {
	struct ocsp_key key;
	struct bytes nonce;
};
/* Several answers at once.  out[i].der borrows from *m, which the caller
 * ends. */
struct err *ocsp_make_many(const struct front *f,
    const struct ocsp_wish *wishes, size_t n, struct ipc_message *m,
    struct ocsp_made *out) MUST_USE;

/* Makes `out` the answer that says why there is none. */
void ocsp_not_made(
    const struct front *f, const struct err *e, struct reply *out);

struct err *ocsp_batch_start(struct front *f, struct batch **out) MUST_USE;
/* Takes the request, which is suspended, and resumes it with its answer.
 * False: too many wait; nothing happened. */
bool ocsp_batch_take(struct request *r, struct bytes der);

/* ---- making beforehand (front-ocsp-keep.c) ---- */

struct err *ocsp_keep_start(struct front *f, struct ocsp_keep **out) MUST_USE;
void ocsp_keep_stop(struct ocsp_keep *k);

#endif
