/* Trusted lists of ETSI TS 119 612 as a source of anchors. */
#ifndef SIGND_TRUST_ETSI_H
#define SIGND_TRUST_ETSI_H

#include "trust/list.h"

#define TRUST_ETSI_MAX ((size_t)64 * 1024 * 1024) /* bytes */

struct etsi_import {
	struct bytes xml;
	const struct cert_list *pinned; /* who may have signed it */
	const char *domain;             /* that its anchors are put into */
	int64_t now;                    /* seconds */
};

struct etsi_result {
	size_t added;       /* services of anchors */
	size_t passed_over; /* services of other kinds, or without certificate,
			     * or known already */
};

/*
 * trust_etsi_import adds the services CA/QC, TSA/QTST and Certstatus/OCSP/QC
 * with the history of their status.  ERR_DENIED: code "trust-list-unsigned"
 * (not whole under one signature by a pinned certificate),
 * "trust-list-expired".  ERR_MALFORMED code "trust-list-malformed".
 */
struct err *trust_etsi_import(const struct etsi_import *in,
    struct trust_list *into, struct etsi_result *out) MUST_USE;

#endif
