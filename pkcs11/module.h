/*
 * PKCS#11 modules: a vendor's code, loaded into this process.  Load it after
 * the last fork, in a process that may be replaced.  PKCS #11 v2.40.
 */
#ifndef SIGND_PKCS11_MODULE_H
#define SIGND_PKCS11_MODULE_H

#include "pkcs11/ck.h"
#include "base/base.h"

struct p11_module;

/* ERR_MISSING: no such file, or no PKCS#11 module; code "token-unavailable"
 * when it does not start. */
struct err *p11_module_open(const char *path, struct p11_module **out) MUST_USE;
/* C_Finalize.  The code stays loaded: some modules crash when it goes. */
void p11_module_free(struct p11_module *m);
DEFINE_FREEP(p11_module_free, struct p11_module)

CK_FUNCTION_LIST *p11_functions(const struct p11_module *m);

/* What differs between makes: one row each in module.c. */
struct p11_vendor {
	const char *manufacturer; /* how CK_TOKEN_INFO.manufacturerID starts */
	CK_MECHANISM_TYPE wrap;   /* RFC 5649, by the make's number for it */
	bool unwrap_template;     /* takes CKA_UNWRAP_TEMPLATE */
	bool allowed_mechanisms;  /* takes CKA_ALLOWED_MECHANISMS */
	size_t operations_max;    /* then replace the process; 0: never */
};

struct p11_token {
	const struct p11_module *module;
	CK_SLOT_ID slot;
	const struct p11_vendor *vendor;
	char label[33]; /* for people; never used to find anything */
};

/* p11_token_find finds the one token that a PKCS#11 URI (RFC 7512) names.
 * ERR_MALFORMED: no such URI; ERR_USAGE: several tokens fit; ERR_REMOTE code
 * "token-unavailable": none fits. */
struct err *p11_token_find(const struct p11_module *m, const char *uri,
    struct p11_token *out) MUST_USE;

#endif
