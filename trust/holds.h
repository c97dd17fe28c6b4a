/* What both kinds of signed lists are held against. */
#ifndef SIGND_TRUST_HOLDS_H
#define SIGND_TRUST_HOLDS_H

#include "format/facts.h"

/* ERR_DENIED, code "trust-list-unsigned". */
struct err *trust_unsigned(const char *why) MUST_USE;
bool trust_is_pinned(const struct cert *c, const struct cert_list *pinned);
/* Value and references hold, by SHA-256 or better, and nothing is fatal. */
bool trust_fact_holds(const struct signature_fact *f);

#endif
