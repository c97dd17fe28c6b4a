/*
 * Making certificates and CRLs (RFC 5280 4, 5) in two steps, because the
 * issuer's key is somewhere else:
 *
 *	cert_build_tbs(fields) -> bytes; sign their digest; cert_assemble(...)
 *
 * What comes out has passed cert_lint() and verifies under the issuer's key.
 */
#ifndef SIGND_CERTS_ISSUE_H
#define SIGND_CERTS_ISSUE_H

#include "certs/spki.h"
#include "certs/cert.h"
#include "certs/profiles.h"
#include "certs/signer.h"

#define CERT_SERIAL_LEN 16     /* bytes; RFC 5280 4.1.2.2 allows 20 */
#define CRL_ENTRIES_MAX 200000 /* in one CRL made in memory */

/* One attribute of the subject: "CN" and UTF-8. */
struct subject_field {
	const char *type;
	const char *value;
};

struct cert_fields {
	const struct cert_profile *profile;
	/* In any order; the profile's order is what is written. */
	const struct subject_field *subject;
	size_t nsubject;
	EVP_PKEY *key;               /* the subject's public key */
	const struct cert *issuer;   /* NULL: self-signed (roots) */
	int64_t not_before;          /* seconds */
	int64_t not_after;           /* seconds */
	struct bytes serial;         /* empty: CERT_SERIAL_LEN random bytes */
	struct sig_alg alg;          /* what the issuer's key will sign with */
	const char *const *policies; /* dotted, ended by NULL; may be NULL */
	const char *crl_url;         /* http; may be NULL */
	const char *ocsp_url;        /* http; may be NULL */
	const char *issuer_url;      /* of the issuer's certificate; or NULL */
	const char *const *names;    /* DNS names and IP addresses for
				      * subjectAltName; ended by NULL, or NULL */
};

/*
 * cert_build_tbs appends the TBSCertificate in DER, whose digest under
 * f->alg.digest is to be signed.
 * ERR_USAGE: the fields do not fit the profile.  ERR_DENIED: cert_lint().
 */
struct err *cert_build_tbs(
    const struct cert_fields *f, struct buf *tbs) MUST_USE;

/*
 * cert_assemble puts the signature (DER for ECDSA) behind the TBSCertificate.
 * `issuer` NULL: self-signed.  The caller frees *out with cert_free().
 * ERR_DENIED: the signature does not verify under the issuer's key, or
 * cert_lint() objects.
 */
struct err *cert_assemble(struct bytes tbs, struct sig_alg alg,
    struct bytes signature, const struct cert_profile *profile,
    const struct cert *issuer, struct cert **out) MUST_USE;

/* Both steps, where the key is at hand. */
struct err *cert_issue(const struct cert_fields *f, const struct signer *signer,
    struct cert **out) MUST_USE;


/* ---- CRLs ---- */

/* RFC 5280 5.3.1; numbers as there. */
enum revoke_reason {
	REVOKE_UNSPECIFIED = 0,
	REVOKE_KEY_COMPROMISE = 1,
	REVOKE_CA_COMPROMISE = 2,
	REVOKE_AFFILIATION = 3,
	REVOKE_SUPERSEDED = 4,
	REVOKE_CESSATION = 5,
	REVOKE_HOLD = 6,
	REVOKE_RELEASE = 8, /* removeFromCRL: never in a complete list */
	REVOKE_PRIVILEGE = 9,
	REVOKE_AA_COMPROMISE = 10,
};

struct crl_entry {
	struct bytes serial; /* big endian, no sign byte, as cert_serial */
	int64_t time;        /* of revocation, seconds */
	enum revoke_reason reason; /* unspecified is not written */
};

struct crl_fields {
	const struct cert *issuer;
	int64_t this_update; /* seconds */
	int64_t next_update; /* seconds; required (RFC 5280 5.1.2.5) */
	uint64_t number;     /* RFC 5280 5.2.3: grows with each CRL */
	struct sig_alg alg;
	const struct crl_entry *entries; /* in any order */
	size_t nentries;
};

/* ERR_USAGE: times out of order, a serial twice, an unknown reason.
 * ERR_DENIED: the issuer may not sign CRLs.  ERR_LIMIT: CRL_ENTRIES_MAX. */
struct err *crl_build_tbs(const struct crl_fields *f, struct buf *tbs) MUST_USE;
/* Appends the CRL in DER.  ERR_DENIED: the signature does not verify. */
struct err *crl_assemble(struct bytes tbs, struct sig_alg alg,
    struct bytes signature, const struct cert *issuer,
    struct buf *out) MUST_USE;
struct err *crl_issue(const struct crl_fields *f, const struct signer *signer,
    struct buf *out) MUST_USE;

#endif
