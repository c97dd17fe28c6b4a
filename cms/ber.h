/*
 * The outer layer of BER and DER (X.690): enough to walk a SignedData without
 * changing a byte of it, and to write one.  What is signed is kept exactly as
 * it came.
 */
#ifndef SIGND_CMS_BER_H
#define SIGND_CMS_BER_H

#include "base/base.h"
#include "certs/der.h"  /* der_put */
#include "certs/ossl.h" /* OID_TEXT_MAX */

#define BER_DEPTH_MAX 32 /* nesting of indefinite lengths */

enum {
	BER_BOOLEAN = 0x01,
	BER_INTEGER = 0x02,
	BER_OCTETS = 0x04,
	BER_NULL = 0x05,
	BER_OID = 0x06,
	BER_ENUMERATED = 0x0a,
	BER_UTF8 = 0x0c,
	BER_IA5 = 0x16,
	BER_UTCTIME = 0x17,
	BER_GENERALIZEDTIME = 0x18,
	BER_SEQUENCE = 0x30,
	BER_SET = 0x31,
	BER_OCTETS_CONSTRUCTED = 0x24,
	BER_CONTEXT = 0xa0,           /* [0], constructed; add the number */
	BER_CONTEXT_PRIMITIVE = 0x80, /* [0], primitive */
};

/* One element: tag, length, value.  Borrows. */
struct tlv {
	uint8_t tag;        /* the first octet of the identifier */
	struct bytes whole; /* with its head, and its end-of-contents */
	struct bytes body;  /* the value alone */
};

/* ber_next takes one element off the front of `rest`.  ERR_MALFORMED: there is
 * none, or it runs over the end; ERR_LIMIT: nested too deeply. */
struct err *ber_next(struct bytes *rest, struct tlv *out) MUST_USE;
/* The same, and it must have this tag. */
struct err *ber_take(struct bytes *rest, uint8_t tag, struct tlv *out) MUST_USE;
/* ber_is: whether an element with this tag comes next. */
bool ber_is(struct bytes rest, uint8_t tag);
/* ber_end: ERR_MALFORMED if anything is left. */
struct err *ber_end(struct bytes rest) MUST_USE;
/* ber_only: `in` is one element with this tag, and nothing follows. */
struct err *ber_only(struct bytes in, uint8_t tag, struct tlv *out) MUST_USE;

/* ber_octets appends the value of an OCTET STRING, in one piece or several. */
struct err *ber_octets(struct tlv t, struct buf *out) MUST_USE;
/* ber_small reads an INTEGER or ENUMERATED of 0 to 2^31-1. */
struct err *ber_small(struct tlv t, int *out) MUST_USE;
/* ber_time reads a UTCTime or GeneralizedTime in UTC; a fraction is dropped. */
struct err *ber_time(struct tlv t, int64_t *out) MUST_USE;
/* ber_oid_text writes the dotted form of an OID's value. */
struct err *ber_oid_text(struct bytes body, char out[OID_TEXT_MAX]) MUST_USE;

/* der_put_set appends a SET OF with the elements in `elements` (one behind
 * the other) in DER's order (X.690 11.6).  `tag` may be an implicit one. */
struct err *der_put_set(
    struct buf *b, uint8_t tag, struct bytes elements) MUST_USE;
/* der_put_time appends UTCTime until 2049, then GeneralizedTime. */
struct err *der_put_time(struct buf *b, int64_t t) MUST_USE;
/* der_put_oid appends an OID given as dotted text. */
struct err *der_put_oid(struct buf *b, const char *dotted) MUST_USE;

#endif
