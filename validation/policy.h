/*
 * A policy of verification is data: a JSON text (doc/policy.schema.json), of
 * which some are built in (validation/policies/).  doc/policies.md has the
 * page.
 */
#ifndef SIGND_VALIDATION_POLICY_H
#define SIGND_VALIDATION_POLICY_H

#include "certs/path.h"

#include <stdatomic.h>

#define POLICY_MAX (256 * 1024) /* bytes of its JSON text */
#define POLICY_ROWS_MAX 64      /* rows of one table in it */

/* What a rule is about; a policy says for each where it comes from. */
enum rule {
	RULE_FORMAT,
	RULE_CERTIFICATE,
	RULE_VALUE,
	RULE_DIGEST,
	RULE_CHANGES,
	RULE_BINDING,
	RULE_SIGNATURE_POLICY,
	RULE_PATH,
	RULE_DOMAIN,
	RULE_SCOPE,
	RULE_REVOCATION,
	RULE_FRESHNESS,
	RULE_DIGEST_ALG,
	RULE_KEY_SIZE,
	RULE_SIG_ALG,
	RULE_STAMP,
	RULE_PAST,
	RULE_CONSTRAINTS,
	RULE_COUNT,
};

const char *rule_name(enum rule r); /* "path", as in the JSON text */

#define NEVER_ENDS INT64_MAX

struct digest_row {
	enum digest_alg alg;
	int64_t until; /* seconds; NEVER_ENDS */
};

struct key_row {
	enum key_alg type;
	int bits;      /* at least */
	int64_t until; /* seconds; NEVER_ENDS */
};

struct form_row {
	enum sig_form form;
	int64_t until;
	const char *note; /* code told when it is met; NULL: none */
};

/* A signature policy that counts (EN 319 102-1 5.2.4). */
struct known_policy {
	char *id; /* as in struct policy_fact */
	uint8_t digest[DIGEST_MAX];
	enum digest_alg alg; /* DIGEST_NONE: any document of this name */
};

enum signature_policy_wanted {
	SIGNATURE_POLICY_TOLD,     /* which one is told, no more */
	SIGNATURE_POLICY_KNOWN,    /* one that is named must be known */
	SIGNATURE_POLICY_REQUIRED, /* and one must be named */
};

enum binding_wanted {
	BINDING_TOLD,       /* whether it fits is told, no more */
	BINDING_IF_PRESENT, /* one that is there must fit */
	BINDING_REQUIRED,
};

struct policy {
	atomic_int refs; /* of policy_load and policy_parse */
	char *name;
	char *sentence[2];         /* by enum lang: what it means */
	const char *passed;        /* code that passing is told with */
	bool check_path;           /* else trust is not looked at */
	enum status_wanted status; /* of certificates */
	int64_t crl_max_age_s;     /* of status data, before the time that
				    * counts; 0: until its nextUpdate */
	int64_t ocsp_max_age_s;    /* likewise */
	bool responders_unasked;   /* path_request */
	bool status_after;         /* status data must be from after the
				    * best-signature-time */
	enum binding_wanted binding;
	enum signature_policy_wanted signature_policy;
	struct known_policy *known; /* signature policies */
	size_t nknown;
	bool need_stamp;
	bool simple_is_one; /* ASiC-S with more than its one file has no valid
			     * signature (EN 319 162-1 4.3.3.2); else told */
	char **domains;     /* whose anchors count; NULL: all */
	size_t ndomains;
	/* Certificate policies (dotted OIDs), one of which must hold all along
	 * a signer's path (RFC 5280 6.1.1 c and e); NULL: any, or none. */
	char **certificate_policies;
	size_t ncertificate_policies;
	bool check_algorithms; /* by these rows; what has none is refused */
	struct digest_row *digests;
	size_t ndigests;
	struct key_row *keys;
	size_t nkeys;
	struct form_row *forms;
	size_t nforms;
	char *cite[RULE_COUNT]; /* where a rule comes from; never NULL */
};

/* policy_parse reads the JSON text of one policy, freed with policy_free().
 * ERR_MALFORMED, ERR_LIMIT, both with the code "policy-malformed". */
struct err *policy_parse(struct bytes json, struct policy **out) MUST_USE;
/* policy_own does so with one that somebody brings: it may not have the name of
 * one that is built in, which a report would be taken for, unless it is that. */
struct err *policy_own(struct bytes json, struct policy **out) MUST_USE;
/* policy_load finds one that is built in: the same for all, read once by each
 * process and not to be changed.  ERR_USAGE, code "policy-unknown". */
struct err *policy_load(const char *name, struct policy **out) MUST_USE;
/* policy_free lets go of it. */
void policy_free(struct policy *p);
DEFINE_FREEP(policy_free, struct policy)

/* Names and JSON texts of those built in. */
struct policy_text {
	const char *name;
	const unsigned char *json;
	size_t len; /* bytes */
};
extern const struct policy_text policy_texts[];
extern const size_t policy_texts_count;

/* Until when these may be believed: NEVER_ENDS, or TIME_NONE where the policy
 * does not know them at all. */
int64_t policy_digest_until(const struct policy *p, enum digest_alg alg);
int64_t policy_key_until(const struct policy *p, enum key_alg type, int bits);
int64_t policy_form_until(const struct policy *p, enum sig_form form);
/* The code to tell when this form is met; NULL: none. */
const char *policy_form_note(const struct policy *p, enum sig_form form);
/* Whether anchors of this domain of trust count. */
bool policy_trusts(const struct policy *p, const char *domain);

#endif
