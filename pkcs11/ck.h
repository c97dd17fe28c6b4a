/* The adapter to PKCS#11's return values: asks what really happened. */
#ifndef SIGND_PKCS11_CK_H
#define SIGND_PKCS11_CK_H

#include <p11-kit/pkcs11.h>

#include "base/base.h"

/*
 * err_ck makes an error of a CK_RV that is not CKR_OK; `what` is the function.
 * ERR_REMOTE code "token-unavailable": the session, a handle or the token is
 * gone or failed; the process that holds it must be replaced.
 * ERR_DENIED code "token-pin": the token's PIN is wrong or expired; code
 * "token-pin-locked", "token-pin-cancelled", "token-read-only".
 * ERR_LIMIT, ERR_UNSUPPORTED, ERR_NOMEM, ERR_INTERNAL as the value says.
 */
#define err_ck(rv, what) err_ck_at(__FILE__, __LINE__, (rv), (what))
struct err *err_ck_at(
    const char *file, int line, CK_RV rv, const char *what) MUST_USE;

/* TRY for calls of Cryptoki. */
#define TRY_CK(call, what)                                                     \
	do {                                                                   \
		CK_RV try_rv_ = (call);                                        \
		if (try_rv_ != CKR_OK)                                         \
			return err_ck(try_rv_, what);                          \
	} while (0)

#endif
