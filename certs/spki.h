/* Public keys as SubjectPublicKeyInfo (RFC 5280 4.1.2.7), alone or inside a
 * certificate whose other fields do not matter. */
#ifndef SIGND_CERTS_SPKI_H
#define SIGND_CERTS_SPKI_H

#include <openssl/types.h>

#include "base/base.h"

/* key_from_spki reads one in DER, and nothing after it; EVP_PKEY_free() it.
 * ERR_MALFORMED, ERR_LIMIT. */
struct err *key_from_spki(struct bytes der, EVP_PKEY **out) MUST_USE;

/*
 * key_from_cert reads the key of a certificate in DER that was read whole by
 * cert_parse() before it was stored: a seventh of that work.
 * ERR_MALFORMED.
 */
struct err *key_from_cert(struct bytes cert, EVP_PKEY **out) MUST_USE;

#endif
