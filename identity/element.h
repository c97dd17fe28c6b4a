/*
 * The TLVs that chips keep their files in (ISO 7816-4 5.2.2, ICAO 9303-10):
 * tags of up to three bytes, lengths always definite.
 */
#ifndef SIGND_IDENTITY_ELEMENT_H
#define SIGND_IDENTITY_ELEMENT_H

#include "base/base.h"

enum {
	TAG_INTEGER = 0x02,
	TAG_OCTETS = 0x04,
	TAG_NULL = 0x05,
	TAG_OID = 0x06,
	TAG_UTF8 = 0x0c,
	TAG_PRINTABLE = 0x13,
	TAG_SEQUENCE = 0x30,
	TAG_SET = 0x31,
};

/* Borrows. */
struct element {
	uint32_t tag;       /* its bytes as a number: 0x61, 0x5f1f */
	struct bytes whole; /* with tag and length */
	struct bytes value; /* the value alone */
	bool shortest;      /* tag and length are in DER's one form */
};

/* element_next takes one element off the front of `rest`.  ERR_MALFORMED:
 * there is none, it runs over the end, or its length is indefinite. */
struct err *element_next(struct bytes *rest, struct element *out) MUST_USE;
/* The same, and it must have this tag. */
struct err *element_take(
    struct bytes *rest, uint32_t tag, struct element *out) MUST_USE;
/* The same in DER: ERR_MALFORMED too where the length is not the shortest. */
struct err *element_take_der(
    struct bytes *rest, uint32_t tag, struct element *out) MUST_USE;
/* element_only: `in` is one element with this tag, and nothing follows. */
struct err *element_only(
    struct bytes in, uint32_t tag, struct element *out) MUST_USE;
/* element_is: whether an element with this one-byte tag comes next. */
bool element_is(struct bytes rest, uint8_t tag);
/* element_end: ERR_MALFORMED if anything is left. */
struct err *element_end(struct bytes rest) MUST_USE;

/* element_small reads an INTEGER of 0 to 127, in DER's one form. */
struct err *element_small(struct element e, int *out) MUST_USE;

#endif
