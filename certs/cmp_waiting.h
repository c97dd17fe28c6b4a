/*
 * A transaction of CMP that waits for its CA's decision, and is gone on with
 * later, by another process (RFC 4210 5.3.22).  OpenSSL's client keeps such a
 * one in its context and can neither store nor read it.  What it needs is
 * little: the transaction's id, and the nonce that the CA said last.  A new
 * context is brought to where the old one stood by an answer "waiting" of our
 * own; the first message that leaves it then gets the CA's nonce, and is
 * protected anew.
 */
#ifndef SIGND_CERTS_CMP_WAITING_H
#define SIGND_CERTS_CMP_WAITING_H

#include "base/base.h"

#include <openssl/cmp.h>

#define CMP_WAITING_MAX 128 /* bytes of a state */

/* Writes the state after an answer of the CA, in place of what is in `out`,
 * BUF(CMP_WAITING_MAX).  ERR_MALFORMED. */
struct err *cmp_waiting_note(struct bytes answer, struct buf *out) MUST_USE;

/* Prepares a new context for that transaction.  ERR_MALFORMED: no state. */
struct err *cmp_waiting_resume(struct bytes state, OSSL_CMP_CTX *ctx) MUST_USE;

/* The answer to `request`, its first: that its CA has not decided.  `reference`
 * and `secret` are what both share. */
struct err *cmp_waiting_answer(const OSSL_CMP_MSG *request,
    const char *reference, struct bytes secret, OSSL_CMP_MSG **out) MUST_USE;

/* Appends `request` with the CA's nonce of that state, protected by `secret`.
 * ERR_UNSUPPORTED: protected in another way than by a shared secret. */
struct err *cmp_waiting_renew(struct bytes request, struct bytes state,
    struct bytes secret, struct buf *out) MUST_USE;

#endif
