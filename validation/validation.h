/*
 * EN 319 102-1: facts in, verdict out.  Nothing is fetched and nothing is
 * parsed here: what the formats found is judged under a policy, which is data.
 */
#ifndef SIGND_VALIDATION_VALIDATION_H
#define SIGND_VALIDATION_VALIDATION_H

#include "certs/path.h"
#include "format/facts.h"

/* EN 319 102-1 5.1.3, worst last. */
enum indication {
	TOTAL_PASSED,
	INDETERMINATE,
	TOTAL_FAILED,
};

enum sub_indication {
	SUB_NONE,
	/* with TOTAL_FAILED */
	SUB_FORMAT_FAILURE,
	SUB_HASH_FAILURE,
	SUB_SIG_CRYPTO_FAILURE,
	SUB_REVOKED,
	SUB_EXPIRED,
	SUB_NOT_YET_VALID,
	/* with INDETERMINATE */
	SUB_SIG_CONSTRAINTS_FAILURE,
	SUB_CHAIN_CONSTRAINTS_FAILURE,
	SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE,
	SUB_CRYPTO_CONSTRAINTS_FAILURE,
	SUB_POLICY_PROCESSING_ERROR,
	SUB_NO_SIGNING_CERTIFICATE_FOUND,
	SUB_NO_CERTIFICATE_CHAIN_FOUND,
	SUB_REVOKED_NO_POE,
	SUB_OUT_OF_BOUNDS_NO_POE,
	SUB_TRY_LATER,
	SUB_SIGNED_DATA_NOT_FOUND,
	SUB_GENERIC,
};

const char *indication_name(enum indication i);         /* "TOTAL-PASSED" */
const char *sub_indication_name(enum sub_indication s); /* "HASH_FAILURE", "" */

/*
 * A policy.  Shipped ones stand in one table: `crypto-only` (values, digests,
 * coverage, changes; no trust, no dates of algorithms), `path-only` (the same
 * and a path to an anchor, no revocation), `basic` (what the service uses by
 * default until vn-2025 comes: path, revocation if known, SHA-1 and short
 * keys are never green).  doc/policies.md has the page.
 */
struct policy {
	const char *name;
	bool check_path;           /* else trust is not looked at */
	enum status_wanted status; /* of certificates */
	bool check_algorithms;     /* refuse SHA-1, RSA under 2048 ... */
	bool need_binding;       /* a signing-certificate attribute must fit */
	const char *passed;      /* code that passing is told with */
	const char *sentence[2]; /* by enum lang: what it means */
};

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

const struct policy *policy_find(const char *name); /* NULL: no such */
const struct policy *policy_all(size_t *count);

/* Anchors of one domain of trust; the report says which domain applied. */
struct trust_domain {
	const char *name; /* "city", "neac", "government", "given" */
	struct cert_list anchors;
};

struct validation_request {
	const struct facts *facts;
	const struct policy *policy;
	const struct trust_domain *domains;
	size_t ndomains;
	const struct status_data *status_data; /* beside those in the facts */
	size_t nstatus_data;
	const struct cert_list *extra; /* given, not trusted; may be NULL */
	int64_t time;                  /* of validation, seconds */
};

struct signature_verdict {
	const struct signature_fact *fact; /* belongs to the facts */
	enum indication indication;
	enum sub_indication sub;
	const char *code;      /* what decided, in base/messages.def */
	const char *domain;    /* of trust; NULL: none */
	int64_t best_time;     /* best-signature-time, seconds */
	bool stamped;          /* best_time is that of a time stamp */
	struct path path;      /* zeroed unless policy->check_path */
	struct findings notes; /* said beside the verdict */
};

struct verdict {
	enum indication indication; /* the worst of all */
	enum sub_indication sub;
	const char *code; /* "valid", "no-signature", "hash-failure", ... */
	const struct policy *policy;
	int64_t time;
	struct signature_verdict *signatures; /* one for each in the facts */
	size_t nsignatures;
};

/*
 * validate judges each signature in the order of EN 319 102-1 5.3, and stops at
 * the first thing that decides: format and fatal findings, the signing
 * certificate, digests, the value, changes after signing, binding of the
 * certificate, its path and status at best-signature-time, algorithms.
 * CHECK_NOT_DONE is never passed.
 *
 * It always fills *out, freed by verdict_done(); errors are of memory
 * only.  A document without signatures is INDETERMINATE, code
 * "no-signature".  The facts must outlive the verdict.
 */
struct err *validate(
    const struct validation_request *r, struct verdict *out) MUST_USE;
void verdict_done(struct verdict *v);

#endif
