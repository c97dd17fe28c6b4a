/*
 * Answering OCSP (RFC 6960, RFC 5019): requests are read into fields, answers
 * are built out of fields.  Who is revoked, the caller says.
 */
#ifndef SIGND_CERTS_OCSP_MAKE_H
#define SIGND_CERTS_OCSP_MAKE_H

#include "certs/cert.h"
#include "certs/signer.h"

#define OCSP_REQUEST_MAX 16384 /* bytes; real ones have about 100 */
#define OCSP_QUERIES_MAX 64    /* certificates in one request */
#define OCSP_NONCE_MAX 128     /* bytes, RFC 9654 */

/* One CertID; everything borrows. */
struct ocsp_query {
	enum digest_alg alg; /* DIGEST_NONE: unknown to us */
	struct bytes name_hash;
	struct bytes key_hash;
	struct bytes serial; /* big endian, no sign byte */
};

struct ocsp_request {
	struct ocsp_query v[OCSP_QUERIES_MAX];
	size_t n;           /* 1 and more */
	struct bytes nonce; /* empty: none */
};

/*
 * ocsp_request_parse reads one OCSPRequest in DER and nothing after it; *out
 * borrows from it.  A signature on it is passed over (RFC 5019 2.1.2).
 * ERR_MALFORMED: also a critical extension that is not known, and a nonce that
 * is longer than OCSP_NONCE_MAX; ERR_LIMIT.
 */
struct err *ocsp_request_parse(
    struct bytes der, struct ocsp_request *out) MUST_USE;

/* Name and key of an issuer as CertIDs have them. */
struct ocsp_issuer_id {
	enum digest_alg alg;
	uint8_t name[DIGEST_MAX], key[DIGEST_MAX];
	size_t len;
};
struct err *ocsp_issuer_id_of(enum digest_alg alg, const struct cert *issuer,
    struct ocsp_issuer_id *out) MUST_USE;
bool ocsp_query_fits(
    const struct ocsp_query *q, const struct ocsp_issuer_id *id);
/* Whether the CertID's hashes are of that issuer's name and key. */
struct err *ocsp_query_is_of(
    const struct ocsp_query *q, const struct cert *issuer, bool *ok) MUST_USE;

enum ocsp_state { OCSP_IS_UNKNOWN, OCSP_IS_GOOD, OCSP_IS_REVOKED };

/* What is said of one certificate. */
struct ocsp_single {
	enum digest_alg alg; /* of the CertID: SHA-1 names, and protects not */
	struct bytes serial; /* as above */
	enum ocsp_state state;
	int64_t since; /* revoked: seconds */
	int reason;    /* revoked: RFC 5280 5.3.1; 0 is not written */
};

/* What is the same in all answers of a responder. */
struct ocsp_names {
	struct ocsp_issuer_id issuer[2]; /* by SHA-1 and by SHA-256 */
	struct ocsp_issuer_id responder; /* by SHA-1: byKey */
};
struct err *ocsp_names_of(const struct cert *issuer,
    const struct cert *responder, struct ocsp_names *out) MUST_USE;

struct ocsp_fields {
	const struct cert *issuer;
	const struct cert *responder; /* goes along; issued by `issuer` */
	const struct ocsp_names *names; /* theirs; NULL: found out each time */
	struct sig_alg alg;
	int64_t this_update; /* seconds; producedAt too */
	int64_t next_update;
	struct bytes nonce; /* empty: none */
	const struct ocsp_single *singles;
	size_t nsingles;
	bool verify; /* whether the signer's value is checked */
};

/*
 * ocsp_make appends an OCSPResponse with responderID byKey.
 * ERR_USAGE: a field that cannot be; ERR_DENIED: the signer's value is wrong.
 */
struct err *ocsp_make(const struct ocsp_fields *f, const struct signer *signer,
    struct buf *out) MUST_USE;

/* Its two halves, for who has several signed at once: the ResponseData, whose
 * digest by alg.digest is to be signed, and the answer. */
struct err *ocsp_make_tbs(
    const struct ocsp_fields *f, struct buf *tbs) MUST_USE;
struct err *ocsp_make_answer(const struct ocsp_fields *f, struct bytes tbs,
    struct bytes signature, struct buf *out) MUST_USE;

/* OCSPResponseStatus, RFC 6960 4.2.1. */
enum ocsp_failure {
	OCSP_MALFORMED_REQUEST = 1,
	OCSP_INTERNAL_ERROR = 2,
	OCSP_TRY_LATER = 3,
	OCSP_UNAUTHORIZED = 6, /* not our certificate, RFC 5019 2.2.3 */
};
/* Appends an answer that says so and is not signed. */
struct err *ocsp_refused(enum ocsp_failure why, struct buf *out) MUST_USE;

#endif
