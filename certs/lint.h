/* Our own checks of a certificate that we issue, read from its bytes alone. */
#ifndef SIGND_CERTS_LINT_H
#define SIGND_CERTS_LINT_H

#include "certs/cert.h"
#include "certs/profiles.h"

/*
 * cert_lint checks `c` against its profile and its issuer (NULL: itself), all
 * but the signature's value.  ERR_DENIED names the first rule that is broken,
 * with its clause where there is one.
 */
struct err *cert_lint(const struct cert *c, const struct cert_profile *p,
    const struct cert *issuer) MUST_USE;

#endif
