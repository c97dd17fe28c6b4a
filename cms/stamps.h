/*
 * The time stamps of one signer: read, judged, and put in the order in which
 * they came to be.
 *
 * Positions (format/facts.h): what is signed has 0; time stamps on the
 * signature stand at 1, those on references at 2; the k-th archive time stamp
 * (from 1) at 2k+2, and what it is the first to cover at 2k+1.
 */
#ifndef SIGND_CMS_STAMPS_H
#define SIGND_CMS_STAMPS_H

#include "cms/archive.h"
#include "cms/tsp.h"

struct stamp {
	enum stamp_kind kind;
	struct bytes oid; /* of the attribute */
	struct bytes attribute;
	struct bytes value; /* the token */
	struct tst *t;
	struct archive_index index; /* of an archive time stamp v3 */
	struct timestamp_fact fact;
	bool good; /* imprint and value hold */
};

struct stamps {
	struct stamp v[CMS_TIMESTAMPS_MAX];
	size_t n;
	const struct signer_info *s;
};

/* stamps_collect judges those of signer `s`; they go to `fact`, with what is
 * to be told.  Caller: stamps_done. */
struct err *stamps_collect(const struct cms *c, const struct signer_info *s,
    struct content *content, const struct cert_list *extra,
    struct signature_fact *fact, struct stamps *out) MUST_USE;
void stamps_done(struct stamps *x);
/* Whether there is a good one of this kind. */
bool stamps_have(const struct stamps *x, enum stamp_kind kind);
/* Where a value of an unsigned attribute, or an element of crls, stands;
 * POSITION_LAST: no archive time stamp covers it. */
struct err *stamps_place_value(const struct stamps *x, struct bytes oid,
    struct bytes value, position *out) MUST_USE;
struct err *stamps_place_crl(
    const struct stamps *x, struct bytes element, position *out) MUST_USE;

/* The status data of a SignedData that has a place, as it is gathered signer
 * by signer. */
#define COVER_MAX 1024 /* more elements of crls stand nowhere */
struct cover {
	size_t owner;           /* index of the signer's fact */
	bool placed[COVER_MAX]; /* by element of crls: it is in `found` */
	struct facts found;     /* its status data only */
};

#endif
