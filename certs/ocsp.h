/* OCSP answers (RFC 6960), as found or fetched: read and judged, not asked. */
#ifndef SIGND_CERTS_OCSP_H
#define SIGND_CERTS_OCSP_H

#include "certs/crl.h"

#define OCSP_MAX (1024 * 1024) /* bytes of one answer; real ones have 2 KB */
#define OCSP_SINGLES_MAX 256   /* single answers in it */

struct ocsp_answer;

/*
 * ocsp_parse reads one OCSPResponse in DER and nothing after it; not kept.
 * ERR_MALFORMED; ERR_UNSUPPORTED: the responder refused (tryLater ...) or it
 * is no basic response; ERR_LIMIT.
 */
struct err *ocsp_parse(struct bytes der, struct ocsp_answer **out) MUST_USE;
void ocsp_free(struct ocsp_answer *a);
DEFINE_FREEP(ocsp_free, struct ocsp_answer)

int64_t ocsp_produced_at(const struct ocsp_answer *a); /* seconds */
struct sig_alg ocsp_alg(const struct ocsp_answer *a);  /* SIG_NONE: not known */
/* The certificates that came along. */
const struct cert_list *ocsp_certs(const struct ocsp_answer *a);

/*
 * ocsp_signed_for says whether the answer is signed by `issuer` itself or by
 * a responder that it authorised: a certificate of the issuer's with
 * id-kp-OCSPSigning, in time at `time` (RFC 6960 4.2.2.2).  `extra` are further
 * places to look for the responder (may be NULL).
 */
struct err *ocsp_signed_for(const struct ocsp_answer *a,
    const struct cert *issuer, const struct cert_list *extra, int64_t time,
    bool *ok) MUST_USE;

/* What is asked of an answer. */
struct ocsp_question {
	const struct cert *cert, *issuer;
	const struct cert_list *extra; /* as above; may be NULL */
	int64_t time;                  /* seconds; as in crl_status */
	int64_t max_age_s;             /* likewise */
	struct bytes nonce; /* of our request: it must be the answer's; none:
			     * we sent none */
};

/* Says why an answer does not count that hangs on a responder like below. */
#define RESPONDER_UNKNOWN "the status of its responder is not known"

/*
 * ocsp_ask asks for one certificate.  What it cannot say is STATUS_UNKNOWN.
 *
 * *responder: the answer is signed by this responder, whose own certificate
 * may be revoked: it does not say id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1).
 * Whoever relies on the answer must know its status too.  NULL: nothing more
 * to ask.  It belongs to the answer or to `extra`.
 */
struct err *ocsp_ask(const struct ocsp_answer *a, const struct ocsp_question *q,
    struct status_answer *out, struct cert **responder) MUST_USE;

/* Whether the issuer wants nobody to ask for a responder's status. */
bool ocsp_responder_exempt(const struct cert *responder);
/* Whether its certificate says where to ask: else it is up to whoever relies
 * on it (RFC 6960 4.2.2.2.1, third case). */
bool ocsp_responder_states_status(const struct cert *responder);

/* ocsp_status is ocsp_ask for who knows nothing of responders: an answer that
 * hangs on one's status is STATUS_UNKNOWN. */
struct err *ocsp_status(const struct ocsp_answer *a, const struct cert *cert,
    const struct cert *issuer, const struct cert_list *extra, int64_t time,
    int64_t max_age_s, struct status_answer *out) MUST_USE;

/*
 * ocsp_covers says whether some single answer names a certificate of this
 * issuer by hash of name and key; for judging an answer by itself.
 */
struct err *ocsp_covers(
    const struct ocsp_answer *a, const struct cert *issuer, bool *ok) MUST_USE;

#endif
