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

/* path_status: revocation of a path that is otherwise good. */
struct err *path_status(const struct path_request *r, struct path *p) MUST_USE;

/* When CRLs and OCSP answers must be in force, seconds. */
int64_t path_status_time(const struct path_request *r);

/* cert_signed_by says whether `key` made the signature in `c`. */
struct err *cert_signed_by(
    const struct cert *c, EVP_PKEY *key, bool *ok) MUST_USE;

/* Sets result, place and line of a failure. */
void path_fail(struct path *p, enum path_result result, size_t at,
    const char *fmt, ...) PRINTF(4, 5);

#endif
