/*
 * The root's own list of revoked authorities (ARL): `signd root-crl`, by an
 * operator with the root's token, as often as the policy of the CA wants it
 * and when an issuing CA ends.
 */
#ifndef SIGND_SIGND_ROOT_CRL_H
#define SIGND_SIGND_ROOT_CRL_H

#include <stdio.h>

#include "signd/settings.h"

#define ROOT_REVOKED_MAX 32 /* in one call */
#define ROOT_ENTRIES_MAX 512 /* in one list */
#define ROOT_CRL_DAYS 180 /* of its life, unless told otherwise */

struct root_crl_options {
	const char *file;   /* the CRL is written here, DER, readable by all */
	const char *key_id; /* CKA_ID of the root's key, hex: in the protocol */
	/* As in init.h. */
	const char *root_token_uri;
	const char *root_pin_file;
	/* "FILE,REASON,TIME" each: the certificate in PEM, RFC 5280's name of
	 * the reason, ISO 8601.  What the ledger has of lists before is on this
	 * one without being named. */
	const char *const *revoked;
	size_t nrevoked;
	int64_t days; /* 0: ROOT_CRL_DAYS */
};

/*
 * signd_root_crl makes the list and records it in the ledger; its number is the
 * time in seconds, or one more than the last.  ERR_USAGE: an option, or a
 * certificate that is on the list already with another time or reason;
 * ERR_MISSING code "not-set-up"; ERR_DENIED: the key is not the root's, or a
 * certificate is not by it; ERR_REMOTE code "token-unavailable"; ERR_LIMIT code
 * "crl-overtaken": somebody else made one meanwhile.
 */
struct err *signd_root_crl(const struct settings *s,
    const struct root_crl_options *o, FILE *told) MUST_USE;

#endif
