/* The kinds of key that a citizen may have, in one table. */
#ifndef SIGND_PKCS11_KIND_H
#define SIGND_PKCS11_KIND_H

#include "pkcs11/ck.h"
#include "certs/alg.h"

enum key_kind {
	KIND_P256, /* the default */
	KIND_P384,
	KIND_RSA_2048,
	KIND_RSA_3072,
	KIND_COUNT,
};

/* What signing must know of a key: its algorithm, and the bits of the curve's
 * order or of the modulus. */
struct key_shape {
	enum key_alg alg; /* KEY_EC or KEY_RSA */
	int bits;
};

#define SHAPE_P256 ((struct key_shape){ KEY_EC, 256 })

const char *key_kind_name(enum key_kind k); /* "P-256", "RSA-2048" */
bool key_kind_by_name(const char *name, enum key_kind *out);
struct key_shape key_kind_shape(enum key_kind k);
/* Whether making one takes so long (seconds) that pairs are made beforehand. */
bool key_kind_slow(enum key_kind k);
/* CKA_EC_PARAMS of an EC kind; nothing for RSA. */
struct bytes key_kind_curve(enum key_kind k);

#endif
