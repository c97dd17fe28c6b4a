/* Judging one given path; used by certs/path.c alone. */
#ifndef SIGND_CERTS_PATH_CHECK_H
#define SIGND_CERTS_PATH_CHECK_H

#include "certs/path.h"

/* path_check judges p->chain (leaf first, anchor last) and fills the rest. */
struct err *path_check(const struct path_request *r, struct path *p) MUST_USE;

/* path_rules: what OpenSSL leaves out of RFC 5280 (certs/path_rules.c).  Sets
 * p->result when one is broken. */
struct err *path_rules(const struct path_request *r, struct path *p) MUST_USE;

/* path_names: the part of it about alternative names (certs/path_names.c). */
void path_names(const struct path_request *r, struct path *p);

/* path_purpose: the part of it about extended key usage, and whether a purpose
 * has a name or OID that it knows to ask for (certs/path_purpose.c). */
void path_purpose(const struct path_request *r, struct path *p);
bool path_purpose_known(const char *name);

/* path_set_policies: the initial policies and flags of RFC 5280 6.1.1. */
struct err *path_set_policies(
    const struct path_request *r, X509_VERIFY_PARAM *param) MUST_USE;

/* path_anchor_policies: those that the anchor itself states bind as well. */
struct err *path_anchor_policies(
    const struct path_request *r, struct path *p) MUST_USE;

/* path_status: revocation of a path that is otherwise good. */
struct err *path_status(const struct path_request *r, struct path *p) MUST_USE;

/* When CRLs and OCSP answers must be in force, seconds. */
int64_t path_status_time(const struct path_request *r);

/* cert_signed_by says whether `key` made the signature in `c`. */
struct err *cert_signed_by(
    const struct cert *c, EVP_PKEY *key, bool *ok) MUST_USE;

/* How many certificates of the path are judged by what they say: all, or all
 * but the anchor. */
size_t path_judged(const struct path_request *r, const struct path *p);

/* What an anchor's own settings say of the purpose: X509_TRUST_TRUSTED,
 * X509_TRUST_REJECTED, or X509_TRUST_UNTRUSTED: nothing. */
int path_anchor_trust(const struct path_request *r, const struct cert *c);

/* Sets result, place and line of a failure. */
void path_fail(struct path *p, enum path_result result, size_t at,
    const char *fmt, ...) PRINTF(4, 5);

#endif
