/*
 * A SignedData taken apart, to be put together again with something added.
 * What is in it stays as it came, byte for byte; only lengths around it and
 * the version (RFC 5652 5.1) are written anew, in DER.  The content is not
 * copied: it stays where it is, between `head` and `tail`.
 */
#ifndef SIGND_CMS_FRAME_H
#define SIGND_CMS_FRAME_H

#include "cms/internal.h"
#include "format/format.h"

/* Elements stand one behind the other.  All owned. */
struct frame {
	struct buf digest_algs; /* of digestAlgorithms */
	struct buf type;        /* the OID's value */
	struct buf begin;       /* of [0] eContent, what is not kept */
	size_t kept_at;         /* what stays where it is: bytes of the input */
	size_t kept;
	size_t size;       /* of the input, all of which goes but `kept` */
	struct buf certs;  /* of certificates */
	struct buf crls;   /* of crls */
	struct buf signers; /* of signerInfos */
};

/* frame_of takes a SignedData apart; `in` is what it was parsed from.  With
 * `keep` the content stays in `in`, else it is copied.  Caller: frame_done. */
struct err *frame_of(const struct cms *c, struct bytes in, bool keep,
    struct frame *out) MUST_USE;
struct frame frame_new(void);
void frame_done(struct frame *f);

/* frame_write yields what stands before and after the bytes that are kept. */
struct err *frame_write(
    const struct frame *f, struct buf *head, struct buf *tail) MUST_USE;
/* The same as the insertion that replaces everything else. */
struct err *frame_insertion(
    const struct frame *f, struct insertion *out) MUST_USE;

/* frame_add_unsigned gives signer `i` one more unsigned attribute (whole). */
struct err *frame_add_unsigned(
    struct frame *f, size_t i, struct bytes attribute) MUST_USE;
/* Each of these: not if it is there already. */
struct err *frame_add_cert(struct frame *f, struct bytes der) MUST_USE;
struct err *frame_add_crl(struct frame *f, struct bytes der) MUST_USE;
/* An OCSPResponse, as id-ri-ocsp-response (RFC 5940). */
struct err *frame_add_ocsp(struct frame *f, struct bytes der) MUST_USE;
struct err *frame_add_digest_alg(
    struct frame *f, enum digest_alg alg) MUST_USE;

struct err *frame_pack(const struct frame *f, struct buf *out) MUST_USE;
struct err *frame_unpack(struct bytes packed, struct frame *out) MUST_USE;

/* cms_add_unsigned writes a SignedData with one more unsigned attribute of its
 * only signer: a time-stamp token with its hash index. */
struct err *cms_add_unsigned(
    struct bytes in, struct bytes attribute, struct buf *out) MUST_USE;

/* Attribute ::= SEQUENCE { type OID, SET { one value } }, RFC 5652 5.3. */
struct err *put_attribute(
    struct buf *b, struct bytes oid, struct bytes value) MUST_USE;
/* AlgorithmIdentifier without parameters (RFC 5754 2). */
struct err *put_digest_alg(struct buf *b, enum digest_alg alg) MUST_USE;

#endif
