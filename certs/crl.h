/* Certificate revocation lists (RFC 5280 5). */
#ifndef SIGND_CERTS_CRL_H
#define SIGND_CERTS_CRL_H

#include <openssl/x509v3.h>

#include "certs/cert.h"
#include "certs/crl_index.h"

/* What a CRL or an OCSP answer says of one certificate. */
enum status {
	STATUS_UNKNOWN, /* it may not be used, or says nothing */
	STATUS_GOOD,    /* not revoked */
	STATUS_REVOKED,
	STATUS_SUSPENDED, /* certificateHold */
};

struct status_answer {
	enum status status;
	int64_t revoked_at;  /* TIME_NONE unless revoked or suspended */
	int reason;          /* RFC 5280 5.3.1; -1: not stated */
	int64_t this_update; /* TIME_NONE when unknown */
	int64_t next_update; /* TIME_NONE when not stated */
	int64_t keeps_since; /* who expired then or later is still spoken of
			      * (archiveCutoff, expiredCertsOnCRL); TIME_NONE:
			      * silence about the expired says nothing */
	char detail[160];    /* one English line: why it is unknown */
};

/* What is known before anything is asked. */
#define STATUS_NOT_KNOWN                                                       \
	((struct status_answer){ .status = STATUS_UNKNOWN,                     \
	    .revoked_at = TIME_NONE,                                           \
	    .reason = -1,                                                      \
	    .this_update = TIME_NONE,                                          \
	    .next_update = TIME_NONE,                                          \
	    .keeps_since = TIME_NONE })

struct crl;

/*
 * crl_parse reads one CRL in DER and nothing after it; `der` is not kept.
 * ERR_MALFORMED: not a CRL, or against the rules of RFC 5280 5.1 that keep it
 * from being understood (versions, extensions twice, an empty
 * issuingDistributionPoint).  ERR_LIMIT: longer than CRL_MAX.
 */
struct err *crl_parse(struct bytes der, struct crl **out) MUST_USE;
/* crl_open does so with an index (certs/crl_index.h), which must outlive the
 * CRL. */
struct err *crl_open(struct bytes index, struct crl **out) MUST_USE;
void crl_free(struct crl *c);
DEFINE_FREEP(crl_free, struct crl)

const X509_NAME *crl_issuer(const struct crl *c);
int64_t crl_this_update(const struct crl *c); /* seconds */
int64_t crl_next_update(const struct crl *c); /* TIME_NONE: not stated */
size_t crl_count(const struct crl *c);        /* revoked certificates */
struct sig_alg crl_alg(const struct crl *c);  /* SIG_NONE: not known */
bool crl_is_delta(const struct crl *c);
/* Certificates that expired since then stay on the list (expiredCertsOnCRL,
 * X.509 9.5.2.8); TIME_NONE: it may drop any that has expired. */
int64_t crl_keeps_expired_since(const struct crl *c);

/* crl_signed_by says whether `issuer` made it: name, key usage, signature. */
struct err *crl_signed_by(
    const struct crl *c, const struct cert *issuer, bool *ok) MUST_USE;

/*
 * crl_status asks for one certificate, whose issuer is `issuer`, at `time`.
 * The CRL must be complete, direct and about such certificates, signed by
 * the issuer's key, and in time; max_age_s bounds its age (0: no bound).
 * What it cannot say is STATUS_UNKNOWN, not an error.
 */
struct err *crl_status(const struct crl *c, const struct cert *cert,
    const struct cert *issuer, int64_t time, int64_t max_age_s,
    struct status_answer *out) MUST_USE;

/* Reasons of revocation as bits of ReasonFlags (RFC 5280 4.2.1.13). */
#define CRL_REASONS_ALL 0x807fu

/*
 * crl_scope says for which reasons the list speaks about `cert` where one of
 * the certificate's distribution points is `point`, or where NULL stands for
 * the issuer itself: RFC 5280 6.3.3 (b) and (d).  0: it does not.
 */
unsigned crl_scope(
    const struct crl *c, const struct cert *cert, const DIST_POINT *point);

/* crl_completes says whether `delta` continues `base` (RFC 5280 5.2.4, 6.3.3
 * (c)). */
bool crl_completes(const struct crl *delta, const struct crl *base);

/* crl_in_time says why it may not be used at `time`, or nothing. */
bool crl_in_time(const struct crl *c, int64_t time, int64_t max_age_s,
    struct status_answer *out);

/* Whether an extension that may change the list's meaning is not known. */
bool crl_understood(const struct crl *c);

/*
 * crl_find looks the certificate up, and nothing more.  *listed: there is an
 * entry, and *out is filled: revoked, suspended, or good where a delta takes it
 * off the list.
 */
struct err *crl_find(const struct crl *c, const struct cert *cert,
    struct status_answer *out, bool *listed) MUST_USE;

/* Whether "good" speaks of `cert` even if it had expired when this was said. */
bool status_speaks_of(const struct status_answer *a, const struct cert *cert);

/* "since 2026-11-22T08:00:00Z, keyCompromise", for people who read English:
 * RFC 5280 5.3.1; "no reason stated". */
#define STATUS_SINCE_MAX 80 /* bytes */
void status_since(const struct status_answer *a, char out[STATUS_SINCE_MAX]);

/* status_unknown forgets what was known, times too, and says why. */
void status_unknown(struct status_answer *out, const char *fmt, ...)
    PRINTF(2, 3);

#endif
