/*
 * The proof under a verdict: each step that was taken, by which rule of the
 * policy and clause of EN 319 102-1, what came out, and what it rests on.
 */
#ifndef SIGND_VALIDATION_PROOF_H
#define SIGND_VALIDATION_PROOF_H

#include "certs/crl.h"
#include "validation/policy.h"

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
	SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
	SUB_POLICY_PROCESSING_ERROR,
	SUB_SIGNATURE_POLICY_NOT_AVAILABLE,
	SUB_TIMESTAMP_ORDER_FAILURE,
	SUB_NO_SIGNING_CERTIFICATE_FOUND,
	SUB_NO_CERTIFICATE_CHAIN_FOUND,
	SUB_REVOKED_NO_POE,
	SUB_REVOKED_CA_NO_POE,
	SUB_OUT_OF_BOUNDS_NO_POE,
	SUB_OUT_OF_BOUNDS_NOT_REVOKED,
	SUB_NO_POE,
	SUB_TRY_LATER,
	SUB_SIGNED_DATA_NOT_FOUND,
	SUB_GENERIC,
	SUB_COUNT,
};

const char *indication_name(enum indication i);         /* "TOTAL-PASSED" */
const char *sub_indication_name(enum sub_indication s); /* "HASH_FAILURE", "" */

#define NO_INDEX SIZE_MAX

/* One step; index members point at what it rests on. */
struct proof_step {
	enum rule rule;
	const char *clause;         /* of EN 319 102-1, static */
	enum indication indication; /* TOTAL_PASSED: this much holds */
	enum sub_indication sub;
	const char *code;  /* in base/messages.def; NULL: nothing to say */
	char *detail;      /* one English line, owned; may be NULL */
	struct cert *cert; /* which one it is about; owned, may be NULL */
	size_t status;     /* in verdict.status; NO_INDEX: none */
	size_t stamp;      /* in the signature's time stamps; NO_INDEX: none */
	int64_t time;      /* as of when, seconds; TIME_NONE: no matter */
};

struct proof {
	struct proof_step *v;
	size_t n;
};

#define PROOF_STEPS_MAX                                                        \
	512 /* of one signature; what goes beyond is dropped                   \
	     */

/* proof_add takes a reference to s.cert; `fmt` may be NULL. */
struct err *proof_add(struct proof *p, struct proof_step s, const char *fmt,
    ...) MUST_USE PRINTF(3, 4);
void proof_done(struct proof *p);

#endif
