/*
 * What is stored between the two steps of signing and of extending: pieces of
 * text, and where they go.  Value and time stamp are put between them:
 *
 *	before  value  after  token  end        at the place, or in front
 *	trail                                    behind the document
 */
#ifndef SIGND_XML_EMBED_H
#define SIGND_XML_EMBED_H

#include "format/format.h"

struct xml_state {
	struct bytes id;  /* of the signature that is made */
	uint64_t signs;   /* whether there is a value; else it is extended */
	uint64_t bits;    /* of an ECDSA curve; 0: the value stands as it is */
	uint64_t stamped; /* whether there is a time stamp */
	uint64_t at;      /* struct insertion's */
	uint64_t cut;
	uint64_t head_cut;
	uint64_t wraps; /* it goes around the document: in front and behind */
	struct bytes before, after, end, trail;
};

struct err *xml_state_pack(const struct xml_state *t, struct buf *out) MUST_USE;

/* As struct format's. */
struct err *xml_stamp(struct bytes state, struct bytes value,
    enum digest_alg alg, uint8_t digest[DIGEST_MAX]) MUST_USE;
struct err *xml_embed(struct bytes state, struct bytes value,
    struct bytes token, struct insertion *out) MUST_USE;

#endif
