/*
 * Archive time stamps: what they cover.  Version 3 (EN 319 122-1 5.5) names
 * each thing by its hash in an index that stands in the token; version 2 (TS
 * 101 733 6.4.1) covers everything that was there before it.
 */
#ifndef SIGND_CMS_ARCHIVE_H
#define SIGND_CMS_ARCHIVE_H

#include "cms/content.h"
#include "cms/internal.h"

/* archive_index_make writes an ATSHashIndexV3 over all that is there. */
struct err *archive_index_make(const struct cms *c,
    const struct signer_info *s, enum digest_alg alg,
    struct buf *out) MUST_USE;

/* A hash index that was read; it borrows. */
struct archive_index {
	bool there;
	struct bytes value; /* the ATSHashIndex whole */
	enum digest_alg alg;
	struct bytes certs; /* the octet strings of each list */
	struct bytes crls;
	struct bytes attributes;
};

/* archive_index_find looks for the index in a token.  ERR_MALFORMED: it is
 * broken, or there are two. */
struct err *archive_index_find(
    const struct cms *token, struct archive_index *out) MUST_USE;

/* archive_index_holds: whether everything that the index names is there. */
struct err *archive_index_holds(const struct archive_index *x,
    const struct cms *c, const struct signer_info *s, bool *out) MUST_USE;

/* Whether the index names this element (of crls, of certificates), or this
 * value of an unsigned attribute. */
struct err *archive_names_crl(
    const struct archive_index *x, struct bytes element, bool *out) MUST_USE;
struct err *archive_names_value(const struct archive_index *x,
    struct bytes oid, struct bytes value, bool *out) MUST_USE;

/* archive_imprint_v3: the digest that a time stamp with this index covers;
 * `content_digest` is by the same algorithm. */
struct err *archive_imprint_v3(const struct cms *c,
    const struct signer_info *s, struct bytes content_digest,
    struct bytes index, enum digest_alg alg,
    uint8_t out[DIGEST_MAX]) MUST_USE;

/* archive_imprint_v2: `unsigned_attrs` are those that were there before it.
 * TS 101 733 contradicts itself on their tag and length; `tagged` says whether
 * they are in. */
struct err *archive_imprint_v2(const struct cms *c,
    const struct signer_info *s, const struct content *content,
    struct bytes unsigned_attrs, bool tagged, enum digest_alg alg,
    uint8_t out[DIGEST_MAX]) MUST_USE;

#endif
