/* Options of `signctl sign` that CMS has, and signature policies. */
#ifndef SIGND_SIGNCTL_SIGN_CMS_H
#define SIGND_SIGNCTL_SIGN_CMS_H

#include "signctl/raise.h"

#define SIGN_CMS_MAX (TOKEN_MAX + 4096) /* bytes of them, packed */

#define SIGN_CMS_OPTIONS                                                       \
	{ "detached", NULL, "cms: a .p7s without the file in it", false },     \
	    { "content", "FILE",                                               \
		    "cms: of a detached signature that gets one more signer",  \
		    false },                                                   \
	    { "content-timestamp", NULL,                                       \
		    "cms: sign a time stamp on the content along", false },    \
	    { "sig-policy", "OID",                                             \
		    "the signature policy it is signed under", false },        \
	    { "sig-policy-file", "FILE", "that policy's document", false },    \
	{                                                                      \
		"sig-policy-uri", "URI", "where that policy is found", false   \
	}

/* What was read for them, and the words of the service's API. */
struct sign_cms {
	struct buf packed; /* cms_params; empty: nothing was given */
	uint8_t policy_digest[DIGEST_MAX];
	struct sig_policy policy; /* oid NULL: none; borrows */
	struct buf words;
};

void sign_cms_done(struct sign_cms *c);

/*
 * sign_cms_load reads what was given, for signing `document` here with a key
 * that signs by `alg`; time stamps come from r's authority, the content of a
 * detached signature is what r holds.
 */
struct err *sign_cms_load(const struct args *a, const struct raise *r,
    struct bytes document, enum digest_alg alg, struct sign_cms *out) MUST_USE;

#define SIGN_CMS_MORE 12 /* words of signd_sign_options.more, at most */

/* Where the content is (signed_envelope_property), or NULL. */
const char *sign_cms_place(const struct args *a);
/* sign_cms_there lists the same as the service's API has it, in more[*n] and
 * on; `out` must outlive them. */
struct err *sign_cms_there(const struct args *a, struct sign_cms *out,
    const char **more, size_t *n) MUST_USE;

#endif
