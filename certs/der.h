/* The few steps into DER that OpenSSL does not give: where the bytes of a part
 * begin and end, and writing one part inside another (X.690 8.1). */
#ifndef SIGND_CERTS_DER_H
#define SIGND_CERTS_DER_H

#include "base/base.h"

/* First bytes: class, constructed or not, number. */
#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_OCTET_STRING 0x04
#define DER_NULL 0x05
#define DER_OID 0x06
#define DER_ENUMERATED 0x0a
#define DER_GENERALIZED_TIME 0x18
#define DER_SEQUENCE 0x30
#define DER_CONTEXT_0 0xa0 /* [0], constructed */

/*
 * der_take takes the element with that first byte off the front of *rest;
 * `whole` is with its header, `content` without; either may be NULL.
 * ERR_MALFORMED: another element, it runs over the end, or its length is not
 * in the shortest form: all that is read so (CRLs, OCSP, requests, keys) is DER
 * by its standard, and two encodings of one thing would be two things to hash.
 * What may come in BER is CMS: cms/ber.h.
 */
struct err *der_take(struct bytes *rest, uint8_t first, struct bytes *whole,
    struct bytes *content) MUST_USE;

/* Whether such an element is next. */
bool der_is(struct bytes rest, uint8_t first);

/* der_put_head appends what stands before a content of `len` bytes. */
struct err *der_put_head(struct buf *b, uint8_t first, size_t len) MUST_USE;
/* der_put appends one element with this first byte and content. */
struct err *der_put(
    struct buf *b, uint8_t first, struct bytes content) MUST_USE;
/* An INTEGER that is not negative, out of its value, big endian. */
struct err *der_put_number(struct buf *b, struct bytes value) MUST_USE;
/* GeneralizedTime in whole seconds, RFC 5280 4.1.2.5.2.  ERR_USAGE: before
 * 1970, or after 9999. */
struct err *der_put_gen_time(struct buf *b, int64_t t) MUST_USE;

#endif
