/*
 * A CA that is somebody else's, behind the same interface as our own: asked by
 * CMP (RFC 4210, RFC 9480) with OpenSSL's client.  We are its registration
 * authority: we have seen the proof of possession, and say so (raVerified).
 */
#ifndef SIGND_CERTS_CMP_H
#define SIGND_CERTS_CMP_H

#include "certs/cmp_waiting.h"
#include "certs/issue.h"

#define CMP_SECONDS 30

/* Who makes certificates out of fields: our own CA, or somebody else's. */
struct cert_issuer {
	void *ctx;
	struct err *(*issue)(
	    void *ctx, const struct cert_fields *f, struct cert **out);
};

/* How a message gets there: in the service another process carries it. */
struct cmp_way {
	void *ctx;
	/* Appends the answer to `answer`, BUF(CMP_ANSWER_MAX).  May be called
	 * again with the same request: CMP tells by its transactionID that it
	 * is the same (RFC 4210 5.1.1). */
	struct err *(*carry)(void *ctx, struct bytes request, int timeout_ms,
	    struct buf *answer);
	/* May be NULL.  True: nobody waits for this CA's decision any more;
	 * asked now and then. */
	bool (*ended)(void *ctx);
};
#define CMP_ANSWER_MAX (256 * 1024) /* bytes: a certificate and its chain */

struct cmp_ca {
	struct cmp_way way; /* carry NULL: by ourselves, to host, port, path */
	const char *host;   /* "localhost"; without scheme */
	int port;
	const char *path;         /* "/pkix/" */
	const char *reference;    /* who we are to it, RFC 4211 4.4 */
	struct bytes secret;      /* shared with it; not kept, not logged */
	const struct cert *ca;    /* whose certificates we take */
	const struct cert *trust; /* under which its answers are signed; NULL:
				   * protected by the secret alone */
	int seconds; /* for all messages together, waiting for the CA to decide
		      * among them; 0: CMP_SECONDS */
	/* May be NULL, or BUF(CMP_WAITING_MAX).  In: a transaction to go on
	 * with instead of a new one; the fields must be what was asked for
	 * then. Out: the one that waits for its CA's decision, as far as it
	 * got; empty once that is known, whatever it was. */
	struct buf *waiting;
	/* May be NULL.  Told of a certificate that is what was asked for,
	 * before the CA hears that we accept it; an error rejects it there,
	 * and what is never confirmed the CA takes back (RFC 4210 5.3.18). */
	struct err *(*keep)(void *ctx, const struct cert *c);
	void *keep_ctx;
};

/*
 * An issuer that asks there.  What comes back must be for the key and the
 * subject that were asked for, signed by `ca`, and in time; fields that such a
 * CA decides itself (serial number, addresses, policies) are its own.
 * ERR_REMOTE code "external-ca": it did not answer, or not in a way that can be
 * believed; code "external-ca-refused": it said no; code "external-ca-waiting":
 * it has not decided within `seconds`; ERR_DENIED code "external-ca-wrong":
 * what it made is not what was asked for; it was told so.  Errors of `keep`.
 */
struct cert_issuer cmp_issuer(const struct cmp_ca *ca);

/*
 * cmp_revoke asks for the end of a certificate that it issued (RFC 4210 5.3.9):
 * `reason` by RFC 5280 5.3.1, certificateHold and removeFromCRL too.  That it
 * was revoked before is no error.  As cmp_issuer().
 */
struct err *cmp_revoke(
    const struct cmp_ca *ca, const struct cert *c, int reason) MUST_USE;

#endif
