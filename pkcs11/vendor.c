#include "pkcs11/vendor.h"

#include <string.h>

/* 0x210A is RFC 5649 in SoftHSM; newer headers call it the KWP of an older
 * draft, and give 0x210B to RFC 5649. */
#define WRAP_PAD_OLD 0x210AUL
#define WRAP_KWP 0x210BUL

static const struct p11_vendor vendors[] = {
	{
	    .name = "SoftHSM",
	    .library = "SoftHSM",
	    .token = "SoftHSM",
	    .model = "",
	    .allowed_mechanisms = true,
	    .modifiable = true,
	    .unwrap_template = true,
	    .wrap = WRAP_PAD_OLD,
	    .openssl = true,
	    /* Each login rewrites the token's file, and logins at the same
	     * time disturb one another. */
	    .login_again = true,
	    /* It leaks a little with each unwrap. */
	    .operations_max = 500000,
	},
	{
	    /* The token's make is the TPM's, which may be anybody. */
	    .name = "TPM 2.0 (tpm2-pkcs11)",
	    .library = "tpm2-software",
	    .token = "",
	    .model = "",
	    /* A TPM pads PSS with the longest salt that fits, and many do not
	     * have it at all; the module leaves it out of its list. */
	    .pss = PADDED_HERE,
	    /* Each session takes one of a handful of slots in the TPM. */
	    .sessions_max = 1,
	},
	{
	    .name = "NSS",
	    .library = "Mozilla Foundation",
	    .token = "Mozilla Foundation",
	    .model = "NSS",
	    .wrap = WRAP_PAD_OLD,
	    .modifiable = true,
	},
	{
	    /* What the standard says; also the end of the table. */
	    .name = "PKCS#11",
	    .library = "",
	    .token = "",
	    .model = "",
	    .allowed_mechanisms = true,
	    .modifiable = true,
	    .unwrap_template = true,
	    .wrap = WRAP_KWP,
	},
};

static bool
starts(const CK_UTF8CHAR *field, const char *with)
{
	return memcmp(field, with, strlen(with)) == 0;
}

const struct p11_vendor *
p11_vendor_find(const CK_INFO *library, const CK_TOKEN_INFO *token)
{
	const struct p11_vendor *v = vendors;
	while (!starts(library->manufacturerID, v->library) ||
	       !starts(token->manufacturerID, v->token) ||
	       !starts(token->model, v->model))
		v++;
	return v;
}

bool
p11_takes_arguments(const char *path)
{
	static const char *const files[] = { "libsoftokn3" };
	const char *name = strrchr(path, '/');
	name = name == NULL ? path : name + 1;
	for (size_t i = 0; i < COUNT_OF(files); i++)
		if (strncmp(name, files[i], strlen(files[i])) == 0)
			return true;
	return false;
}
