/*
 * What differs between makes of tokens: one row each in vendor.c.  A new make
 * is a row there and nothing else; doc/tokens.md tells how to find out what
 * belongs into it.
 */
#ifndef SIGND_PKCS11_VENDOR_H
#define SIGND_PKCS11_VENDOR_H

#include "pkcs11/ck.h"

/* Who pads a digest for RSA: the token's mechanism (CKM_RSA_PKCS over a
 * DigestInfo, CKM_RSA_PKCS_PSS), or we, and the token only exponentiates
 * (CKM_RSA_X_509). */
enum p11_padding { PADDED_THERE, PADDED_HERE };

/* What CKM_ECDSA gives: r || s, as the standard says, or DER. */
enum p11_ecdsa { ECDSA_RAW, ECDSA_DER };

struct p11_vendor {
	const char *name; /* for people: "SoftHSM" */

	/* A row fits when all three are how these begin; "" is any. */
	const char *library; /* CK_INFO.manufacturerID */
	const char *token;   /* CK_TOKEN_INFO.manufacturerID */
	const char *model;   /* CK_TOKEN_INFO.model */

	/* Signing. */
	enum p11_padding pkcs1;
	enum p11_padding pss;
	enum p11_ecdsa ecdsa;

	/* Attributes that it takes in templates. */
	bool allowed_mechanisms; /* CKA_ALLOWED_MECHANISMS */
	bool modifiable;         /* CKA_MODIFIABLE */
	bool unwrap_template;    /* CKA_UNWRAP_TEMPLATE */

	/* RFC 5649 by the make's number for it; 0: it cannot wrap keys, and is
	 * no token for citizens' keys but for a person's own. */
	CK_MECHANISM_TYPE wrap;
	/* It unwraps by the OpenSSL of this process (lean.h). */
	bool openssl;

	/* Limits. */
	bool login_again;      /* a login that failed by CKR_GENERAL_ERROR may
				* be tried again: it cost no try of the PIN */
	size_t sessions_max;   /* of one process; 0: as many as wanted */
	size_t operations_max; /* then replace the process; 0: never */
};

/* Never NULL: the last row fits everything. */
const struct p11_vendor *p11_vendor_find(
    const CK_INFO *library, const CK_TOKEN_INFO *token);

/*
 * Whether the module of that file name wants a string when it starts, in the
 * place that the standard reserves (NSS: "configdir='sql:/path'").  This must
 * be known before it can be asked who made it.
 */
bool p11_takes_arguments(const char *path);

#endif
