/*
 * EN 319 102-1: facts in, verdict out.  Nothing is fetched here and no document
 * is parsed: what the formats found is judged under a policy, which is data.
 */
#ifndef SIGND_VALIDATION_VALIDATION_H
#define SIGND_VALIDATION_VALIDATION_H

#include "certs/path.h"
#include "format/facts.h"
#include "validation/proof.h"

/*
 * What people are told: three words (Circular 15/2025/TT-BKHCN, appendix II).
 * "valid" is said only where trust and revocation were looked at and found
 * good; what passes under a policy that leaves them out is not more than
 * "indeterminate" to a reader.
 */
enum result { RESULT_VALID, RESULT_INVALID, RESULT_INDETERMINATE };
enum result result_of(const struct policy *p, enum indication i);

/* is_document_stamp: the "signature" is a time stamp on the document, so its
 * signer is a time-stamp authority. */
bool is_document_stamp(const struct signature_fact *f);

/* What somebody is trusted for. */
enum trust_service {
	TRUST_SIGNATURE, /* issuing certificates of signers */
	TRUST_TIMESTAMP, /* time stamps, and certificates of who makes them */
	TRUST_OCSP,      /* answers about status */
	TRUST_SERVICES,
};

/* A time during which an anchor is trusted for one service. */
struct anchor_use {
	size_t anchor; /* index in the domain's anchors */
	enum trust_service service;
	int64_t from;  /* seconds */
	int64_t until; /* seconds, not included; NEVER_ENDS */
};

/* Anchors of one domain of trust; the report says which domain applied. */
struct trust_domain {
	const char *name; /* "city", "neac", "government", "given" */
	struct cert_list anchors;
	struct anchor_use *uses; /* NULL: all of them, for all, at any time */
	size_t nuses;
};

struct validation_request {
	const struct facts *facts;
	const struct policy *policy; /* must outlive the verdict */
	const struct trust_domain *domains;
	size_t ndomains;
	const struct status_data *status_data; /* beside those in the facts */
	size_t nstatus_data;
	const struct cert_list *extra; /* given, not trusted; may be NULL */
	int64_t time;                  /* of validation, seconds */
	/* What it is really, where `time` lies in the past: document time stamps
	 * from in between came later and do not count.  0: no matter. */
	int64_t now;
};

/* A CRL or OCSP answer that was at hand. */
struct status_seen {
	uint8_t sha256[32]; /* of its DER */
	bool is_ocsp;
	bool embedded;    /* in the document, else given or fetched */
	int64_t produced; /* seconds; TIME_NONE: it could not be read */
	bool used;        /* a step rests on it */
};

/* What became of one time stamp: judged as a signature of its own. */
struct stamp_verdict {
	const struct timestamp_fact *fact;
	enum indication indication;
	enum sub_indication sub;
	const char *code; /* what decided; in base/messages.def */
	int64_t poe;      /* the time since when the stamp itself is proven to
			   * exist: that of a later stamp, or of validation */
	struct path path;
	const char *domain;
};

struct signature_verdict {
	const struct signature_fact *fact; /* belongs to the facts */
	enum indication indication;
	enum sub_indication sub;
	const char *code;    /* what decided, in base/messages.def */
	const char *domain;  /* of trust; NULL: none */
	int64_t best_time;   /* best-signature-time, seconds */
	bool stamped;        /* best_time is that of a time stamp */
	int64_t holds_until; /* until when this verdict needs nothing more;
			      * TIME_NONE unless passed */
	struct path path;    /* zeroed unless policy->check_path */
	struct stamp_verdict *stamps; /* of fact->timestamps, then of later
				       * ones that cover them */
	size_t nstamps;
	struct findings notes; /* said beside the verdict */
	struct proof proof;    /* every step, in the order taken */
};

struct verdict {
	enum indication indication; /* the worst of all */
	enum sub_indication sub;
	const char *code; /* "valid", "no-signature", "hash-failure", ... */
	const struct policy *policy;
	int64_t time;
	struct signature_verdict *signatures; /* one for each in the facts */
	size_t nsignatures;
	size_t decisive; /* which signature made the whole what it is */
	struct status_seen *status; /* those given first, then the facts' */
	size_t nstatus;
	struct missing_list missing; /* what might change it, if it were known */
};

/*
 * validate judges each signature: format, certificate, digests and value,
 * changes, binding, then path, status and algorithms as of now (EN 319 102-1
 * 5.3); with the proofs of existence that time stamps give (5.5); and, where
 * that does not do, in the past (5.6.2).  CHECK_NOT_DONE is never passed.
 *
 * The work is bounded: each time stamp is judged once, later ones first, and
 * no more than VALIDATION_PATHS_MAX paths are looked for; time stamps beyond
 * that prove nothing.
 *
 * It always fills *out, freed by verdict_done(); errors are of memory
 * only.  A document without signatures is INDETERMINATE, code
 * "no-signature", or what kept it from being read (facts->unreadable).  The
 * facts must outlive the verdict.
 */
#define VALIDATION_PATHS_MAX 2000
struct err *validate(
    const struct validation_request *r, struct verdict *out) MUST_USE;
void verdict_done(struct verdict *v);

#endif
