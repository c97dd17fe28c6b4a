/*
 * A CA that is somebody else's, behind the same interface as our own: asked by
 * CMP (RFC 4210, RFC 9480) with OpenSSL's client.  We are its registration
 * authority: we have seen the proof of possession, and say so (raVerified).
 */
#ifndef SIGND_CERTS_CMP_H
#define SIGND_CERTS_CMP_H

#include "certs/issue.h"

#define CMP_SECONDS 30 /* for one exchange */

/* Who makes certificates out of fields: our own CA, or somebody else's. */
struct cert_issuer {
	void *ctx;
	struct err *(*issue)(
	    void *ctx, const struct cert_fields *f, struct cert **out);
};

/* Our own: the signer is the issuing key.  It must outlive the result. */
struct cert_issuer cert_issuer_own(const struct signer *signer);

struct cmp_ca {
	const char *host; /* "localhost"; without scheme */
	int port;
	const char *path;         /* "/pkix/" */
	const char *reference;    /* who we are to it, RFC 4211 4.4 */
	const char *secret;       /* shared with it; not kept, not logged */
	const struct cert *ca;    /* whose certificates we take */
	const struct cert *trust; /* under which its answers are signed; NULL:
				   * protected by the secret alone */
};

/*
 * An issuer that asks there.  What comes back must be for the key and the
 * subject that were asked for, signed by `ca`, and in time; fields that such a
 * CA decides itself (serial number, addresses, policies) are its own.
 * ERR_REMOTE code "external-ca": it did not answer, or said no; ERR_DENIED
 * code "external-ca": what it made is not what was asked for.
 */
struct cert_issuer cmp_issuer(const struct cmp_ca *ca);

#endif
