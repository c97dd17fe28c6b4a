/* Path building and validation (RFC 5280 6), over a pool, without a network. */
#ifndef SIGND_CERTS_PATH_H
#define SIGND_CERTS_PATH_H

#include "certs/missing.h"

/* What comes out, in the words of EN 319 102-1 5.2.6. */
enum path_result {
	PATH_OK,
	PATH_NO_CHAIN,    /* NO_CERTIFICATE_CHAIN_FOUND */
	PATH_EXPIRED,     /* OUT_OF_BOUNDS: expired at that time */
	PATH_NOT_YET,     /* OUT_OF_BOUNDS: not yet valid */
	PATH_CONSTRAINTS, /* CHAIN_CONSTRAINTS_FAILURE */
	PATH_REVOKED,     /* REVOKED */
	PATH_SUSPENDED,   /* on hold: TRY_LATER */
	PATH_NO_STATUS,   /* revocation wanted, and not known */
	PATH_BAD,         /* CERTIFICATE_CHAIN_GENERAL_FAILURE, bad signature */
};

enum status_wanted {
	STATUS_IGNORE,   /* path-only: revocation is not looked at */
	STATUS_IF_KNOWN, /* revoked counts; not knowing is said, no more */
	STATUS_REQUIRED, /* every certificate below the anchor */
};

/* A CRL or OCSP answer, as found or fetched. */
struct status_data {
	struct bytes der;
	bool is_ocsp;  /* else a CRL */
	bool is_index; /* `der` is an index of a CRL (certs/crl_index.h) */
};

/* How old an answer may be, whatever it says itself; a policy's rows. */
struct freshness {
	int64_t crl_max_age_s;  /* since thisUpdate; 0: no bound */
	int64_t ocsp_max_age_s; /* likewise */
};

/* A path longer than this is nobody's; RFC 5280 sets no bound. */
#define PATH_DEPTH_MAX 16
/* Signatures tried while looking for a path, so that a pool made by an enemy
 * costs a bounded time. */
#define PATH_TRIES_MAX 400

/* Who must name the purpose itself, so that neither silence nor
 * anyExtendedKeyUsage is enough, and nothing beside it that wants a key of its
 * own (time stamps, OCSP answers, code). */
enum purpose_named {
	PURPOSE_OPEN, /* nobody: RFC 5280 4.2.1.12 */
	PURPOSE_NAMED_BY_LEAF,
	PURPOSE_NAMED_BY_ALL, /* below the anchor */
};

/* Zero in every member but leaf, anchors and time is the ordinary request. */
struct path_request {
	struct cert *leaf;
	const struct cert_list *pool;    /* untrusted, may be NULL */
	const struct cert_list *anchors; /* trusted; need not be self-signed */
	int64_t time;                    /* of the path, seconds */
	/* When CRLs and OCSP answers are looked at: they must be in force then.
	 * 0: at `time`.  A path in the past may be judged by today's status. */
	int64_t status_time;
	struct freshness freshness;
	enum status_wanted status;
	const struct status_data *status_data;
	size_t nstatus_data;
	/* An OCSP responder whose certificate neither says nocheck nor where
	 * to ask about it is believed; else nobody's word counts whose status
	 * is not known (RFC 6960 4.2.2.2.1). */
	bool responders_unasked;
	/* NULL (any), "server", "client", "email", "timestamp", "ocsp", or the
	 * OID of an extended key usage, dotted. */
	const char *purpose;
	enum purpose_named purpose_named;
	const char *const *policies; /* initial policy set: dotted, or NULL */
	size_t npolicies;
	bool explicit_policy; /* RFC 5280 6.1.1 (e) */
	bool inhibit_mapping; /* RFC 5280 6.1.1 (f) */
	bool inhibit_any;     /* RFC 5280 6.1.1 (g) */
	/* Rules of RFC 5280 for issuers that say nothing about trust: key
	 * identifiers present, criticality, serial numbers.  Certificates in
	 * the field break some of them. */
	bool strict;
	/* Keys on a curve given by its parameters: forbidden by RFC 5480 2.1.1,
	 * required by ICAO 9303-12 for travel documents. */
	bool explicit_curves;
	bool roots_only; /* an anchor must be self-signed, or trusted for the
			  * purpose by settings of its own (cert.h) */
	/* RFC 5280 6.1.1 (d): of an anchor only name and key count, and not
	 * what its certificate allows.  Else RFC 5937: it binds like any other.
	 */
	bool anchor_bare;
	bool anchor_says_ca;  /* it must have basicConstraints */
	bool anchor_any_time; /* an anchor's own dates do not count */
	int depth_max;        /* certificates between leaf and anchor;
			       * 0: as many as PATH_DEPTH_MAX lets, -1: none */
	bool issuers_only;    /* an anchor vouches for others, not for itself */
	bool pinned_only;     /* an anchor vouches for itself and nobody else */
	bool anchor_signed; /* a self-signed anchor's own signature must fit */
	/* 0: which algorithms are good enough is the policy's question (but
	 * RSA under 1024 and EC under 160 bits never are).  Else keys and
	 * digests of the path must reach OpenSSL's level: 1: 80 bits of
	 * security, 2: 112, 3: 128, 4: 192, 5: 256. */
	int security_level;
};

struct path {
	enum path_result result;
	struct cert_list chain; /* leaf first, anchor last; the best found */
	size_t failed_at;       /* index in chain of what the result is about */
	int64_t revoked_at;     /* TIME_NONE unless revoked */
	int revocation_reason;  /* RFC 5280 5.3.1; -1: not stated */
	bool status_known;      /* of every certificate below the anchor */
	uint32_t unknown;       /* bit i: the status of chain.v[i] is not */
	/* What would tell more: status of the chain and of who issues its
	 * lists; issuers, where no path was found. */
	struct missing_list missing;
	char detail[256]; /* one English line */
};

/* path_build always fills *out (a bad path is an answer), which path_done()
 * frees.  Errors are only of memory and of the library. */
struct err *path_build(const struct path_request *r, struct path *out) MUST_USE;
void path_done(struct path *p);
const char *path_result_name(enum path_result r);

#endif
