/*
 * How many signatures strangers may have: OCSP answers and time stamps cost
 * the token work, and nobody says who he is.  Each address has a purse that
 * fills by the second, and so have all together.
 */
#ifndef SIGND_SIGND_BUDGET_H
#define SIGND_SIGND_BUDGET_H

#include <sys/socket.h>

#include "base/base.h"

struct budget;

/* Who pays: an IPv4 address, or the network (/64) of an IPv6 address. */
struct payer {
	uint8_t bytes[8];
	uint8_t len; /* 0: not known, one purse for all such */
};
struct payer payer_of(const struct sockaddr *a);

/* Signatures a second, of all and of one address; 0: without bound.  A purse
 * holds what comes in two seconds. */
struct err *budget_new(
    int64_t all, int64_t address, struct budget **out) MUST_USE;
void budget_free(struct budget *b);

/* Takes one signature out of both purses; false: one is empty.  Of any
 * thread. */
bool budget_take(struct budget *b, const struct payer *who, int64_t now_ms);
/* The address pays more, for it asked for something useless. */
void budget_charge(struct budget *b, const struct payer *who, int64_t count);

#endif
