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

/*
 * ocsp_status asks for one certificate, whose issuer is `issuer`, at `time`;
 * max_age_s as in crl_status.  What it cannot say is STATUS_UNKNOWN.
 */
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
