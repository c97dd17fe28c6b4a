#include "pkcs11/kind.h"

#include <string.h>

static const uint8_t p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
	0x01, 0x07 };
static const uint8_t p384[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };

static const struct {
	const char *name;
	struct key_shape shape;
	const uint8_t *curve; /* DER of its OID; NULL: RSA */
	size_t curve_len;
} kinds[KIND_COUNT] = {
	[KIND_P256] = { "P-256", { KEY_EC, 256 }, p256, sizeof(p256) },
	[KIND_P384] = { "P-384", { KEY_EC, 384 }, p384, sizeof(p384) },
	[KIND_RSA_2048] = { "RSA-2048", { KEY_RSA, 2048 }, NULL, 0 },
	[KIND_RSA_3072] = { "RSA-3072", { KEY_RSA, 3072 }, NULL, 0 },
};

const char *
key_kind_name(enum key_kind k)
{
	return kinds[k].name;
}

bool
key_kind_by_name(const char *name, enum key_kind *out)
{
	for (int i = 0; i < KIND_COUNT; i++)
		if (strcmp(kinds[i].name, name) == 0) {
			*out = (enum key_kind)i;
			return true;
		}
	return false;
}

struct key_shape
key_kind_shape(enum key_kind k)
{
	return kinds[k].shape;
}

bool
key_kind_slow(enum key_kind k)
{
	return kinds[k].shape.alg == KEY_RSA;
}

struct bytes
key_kind_curve(enum key_kind k)
{
	return bytes_of(kinds[k].curve, kinds[k].curve_len);
}
