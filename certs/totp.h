/*
 * Codes of an authenticator app (TOTP, RFC 6238 over RFC 4226): HMAC-SHA-1, 30
 * seconds, six digits, which is what all apps know.  HMAC does not need what
 * SHA-1 has lost.
 */
#ifndef SIGND_CERTS_TOTP_H
#define SIGND_CERTS_TOTP_H

#include "base/base.h"

#define TOTP_SECRET 20  /* bytes, RFC 4226 4 R6 */
#define TOTP_SECONDS 30 /* of one step */
#define TOTP_DIGITS 6
#define TOTP_URI_MAX 2048 /* bytes */

/* totp_value is the truncated number of a step (seconds / TOTP_SECONDS); a code
 * is its last decimal digits.  RFC 4226 5.3. */
struct err *totp_value(
    struct bytes secret, int64_t step, uint32_t *out) MUST_USE;

/*
 * totp_match looks for the step of which `code` is: the one of `now` (seconds),
 * the one before or the one after, each only when it is later than `last`, the
 * one whose code was used last.  *step is 0 when there is none.
 */
struct err *totp_match(struct bytes secret, struct bytes code, int64_t now,
    int64_t last, int64_t *step) MUST_USE;

/* Appends otpauth://totp/ISSUER:ACCOUNT?secret=..., which apps take as a link
 * or a picture.  It is a secret: `out` should have room for TOTP_URI_MAX. */
struct err *totp_uri(struct bytes secret, const char *issuer,
    const char *account, struct buf *out) MUST_USE;

#endif
