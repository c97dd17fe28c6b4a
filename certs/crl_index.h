/*
 * A CRL made ready for looking things up.  The list is read once, from front
 * to back, without an object for each entry; what comes out is one run of
 * bytes: a head (issuer, times, extensions, digest and signature value) and the
 * entries as records of 32 bytes, sorted.  It can be kept in a file, mapped by
 * several processes, and asked in a logarithm of its length.
 *
 * It is a cache, in this machine's byte order, made by us alone; the signature
 * is still judged each time, over the digest in the head.
 */
#ifndef SIGND_CERTS_CRL_INDEX_H
#define SIGND_CERTS_CRL_INDEX_H

#include "certs/alg.h"
#include "base/base.h"

#define CRL_MAX (256 * 1024 * 1024) /* bytes; public ones reach 30 MB */
#define CRL_INDEX_MAX (512 * 1024 * 1024) /* bytes of an index */
#define CRL_ISSUERS_MAX 4096        /* in one indirect CRL */
#define CRL_RECORD_SIZE 32          /* bytes of an entry */

/* A list that was read from front to back; borrows from its DER. */
struct crl_scan {
	struct bytes tbs, algorithm, signature;
	struct bytes issuer;        /* Name */
	struct bytes extensions;    /* SEQUENCE OF Extension; empty: none */
	struct bytes entries;       /* contents of revokedCertificates */
	struct sig_alg alg;         /* form SIG_NONE: not known */
	uint8_t digest[DIGEST_MAX]; /* of tbs, when alg has a digest */
	int64_t this_update;        /* seconds */
	int64_t next_update;        /* TIME_NONE: not stated */
	size_t n;                   /* entries */
	size_t nissuers;            /* of entries that name theirs */
	bool critical; /* an entry has a critical extension unknown to us */
	/* SHA-256 of all of the list, by which reports name it; filled by
	 * crl_scan_name() alone, for an index that outlives the list. */
	bool named;
	uint8_t sha256[32];
};

/*
 * crl_scan reads a whole list.  ERR_MALFORMED: not a CRL in DER, or against
 * the rules of RFC 5280 5.1 that keep it from being understood.  ERR_LIMIT:
 * longer than CRL_MAX, over CRL_ISSUERS_MAX issuers.
 */
struct err *crl_scan(struct bytes der, struct crl_scan *out) MUST_USE;

/* `der` must be what was scanned. */
struct err *crl_scan_name(struct bytes der, struct crl_scan *s) MUST_USE;

/* crl_index_size: bytes that its index takes; crl_index_write fills exactly
 * those.  Sorting takes as much memory again for a moment. */
size_t crl_index_size(const struct crl_scan *s);
struct err *crl_index_write(
    const struct crl_scan *s, uint8_t *out, size_t size) MUST_USE;

/* An index opened; borrows from its bytes. */
struct crl_index {
	struct bytes algorithm, signature, issuer, extensions, digest;
	struct bytes sha256; /* of the list, when it was named; else empty */
	struct sig_alg alg;
	int64_t this_update, next_update; /* as in struct crl_scan */
	struct bytes issuers;             /* GeneralNames one after the other */
	size_t nissuers;
	size_t n;
	bool critical;
	const uint8_t *records; /* n of CRL_RECORD_SIZE */
};

/* Whether the head says so, and that it has all its bytes.  Looks at numbers
 * of our own alone, and at nothing that came from the list. */
bool crl_index_is_whole(struct bytes index);

/* ERR_MALFORMED: not an index, or one of another version or machine. */
struct err *crl_index_open(struct bytes index, struct crl_index *out) MUST_USE;

struct crl_hit {
	bool found;
	int reason;         /* RFC 5280 5.3.1; -1: not stated */
	int64_t revoked_at; /* seconds */
};

/*
 * crl_index_find looks for a certificate by the contents of its serial
 * number's INTEGER.  `issuer` 0 is the CRL's own, others count the issuers that
 * entries name.  Of several entries the gravest counts.
 */
struct err *crl_index_find(const struct crl_index *x, size_t issuer,
    struct bytes serial, struct crl_hit *out) MUST_USE;

#endif
