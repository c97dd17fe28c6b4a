/*
 * `signd operator-key PURPOSE`: makes a key inside the token for time stamps, OCSP
 * answers, checkpoints, seals or sealed PINs, and a certificate for it by the issuing CA.  Once more: a new
 * key and certificate, which keyholders use when they start again.
 */
#ifndef SIGND_SIGND_OPERATOR_H
#define SIGND_SIGND_OPERATOR_H

#include <stdio.h>

#include "signd/settings.h"

/* `purpose`: "time-stamp", "ocsp", "audit", "seal" or "pin-seal"; as root it works as signd_init does.
 * ERR_USAGE: another purpose; ERR_MISSING code "not-set-up". */
struct err *signd_operator_key(
    const struct settings *s, const char *purpose, FILE *told) MUST_USE;

#endif
