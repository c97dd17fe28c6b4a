/*
 * HMAC as SignatureMethod (XMLDSig 6.3).  Whoever can verify it can make it,
 * so it names no signer; it is looked at only with a key that the caller gave
 * for this, never with anything out of the document.
 */
#ifndef SIGND_XML_HMAC_H
#define SIGND_XML_HMAC_H

#include "xml/doc.h"

#define HMAC_BITS_MIN 80 /* of a value that is cut; XMLDSig 1.1 6.3.1 */

bool hmac_is(const char *uri);

/*
 * hmac_check says whether `value` is the HMAC of `message` under `key`;
 * `method` is the ds:SignatureMethod.
 *
 * ERR_UNSUPPORTED ("xml-hmac"): another hash.  ERR_DENIED ("xml-hmac-short"):
 * its HMACOutputLength leaves less than half of the hash, or than
 * HMAC_BITS_MIN.  ERR_MALFORMED: no such length.
 */
struct err *hmac_check(struct bytes key, const xmlNode *method,
    struct bytes message, struct bytes value, bool *out) MUST_USE;

#endif
