/*
 * CSCA master lists (ICAO 9303-12 9): one country's signed list of the
 * authorities of all countries that it knows.
 */
#ifndef SIGND_IDENTITY_MASTERLIST_H
#define SIGND_IDENTITY_MASTERLIST_H

#include "identity/sod.h"

#define MASTERLIST_MAX (16 * 1024 * 1024) /* bytes; real ones have 1 MB */

struct masterlist_result {
	bool accepted; /* signature and path are good, so it was imported */
	size_t added;
	size_t passed_over; /* entries that are no CA we can read */
	char detail[256];   /* one English line: why it was not accepted */
};

/*
 * masterlist_read adds the authorities of a list to `out`, but only when the
 * list is signed by a master list signer with a path to one of `trusted` (CSCA
 * of the country that publishes it) at `time`; else nothing is added and
 * *result says why.  Without `trusted` no list is accepted: a list vouches for
 * all countries, so it must not vouch for itself.
 *
 * ERR_MALFORMED: no master list.  ERR_LIMIT: more than MASTERLIST_MAX bytes,
 * or more certificates than CERT_LIST_MAX.
 */
struct err *masterlist_read(struct bytes in, const struct cert_list *trusted,
    int64_t time, struct cert_list *out,
    struct masterlist_result *result) MUST_USE;

#endif
