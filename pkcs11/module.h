/*
 * PKCS#11 modules: a vendor's code, loaded into this process.  Load it after
 * the last fork, in a process that may be replaced.  PKCS #11 v2.40.
 */
#ifndef SIGND_PKCS11_MODULE_H
#define SIGND_PKCS11_MODULE_H

#include "pkcs11/vendor.h"

struct p11_module;

/* ERR_MISSING code "token-module-wrong": no such file, or no PKCS#11 module;
 * ERR_REMOTE code "token-unavailable" when it does not start. */
struct err *p11_module_open(const char *path, struct p11_module **out) MUST_USE;
/* The same with a string for the module itself (see p11_takes_arguments());
 * NULL or empty: none.  ERR_USAGE: this one takes none. */
struct err *p11_module_open_with(
    const char *path, const char *arguments, struct p11_module **out) MUST_USE;
/* C_Finalize.  The code stays loaded: some modules crash when it goes. */
void p11_module_free(struct p11_module *m);
DEFINE_FREEP(p11_module_free, struct p11_module)

CK_FUNCTION_LIST *p11_functions(const struct p11_module *m);
const CK_INFO *p11_module_info(const struct p11_module *m);

struct p11_token {
	const struct p11_module *module;
	CK_SLOT_ID slot;
	const struct p11_vendor *vendor;
	char label[33]; /* for people, any bytes; never to find anything by */
};

/* A text of Cryptoki without the blanks (or zeros) that fill it up; any bytes
 * may be in it. */
struct bytes p11_text(const CK_UTF8CHAR *field, size_t len);

/* p11_token_find finds the one token that a PKCS#11 URI (RFC 7512) names.
 * ERR_MALFORMED: no such URI; ERR_USAGE code "token-several"; ERR_REMOTE code
 * "token-not-found": none fits. */
struct err *p11_token_find(const struct p11_module *m, const char *uri,
    struct p11_token *out) MUST_USE;

#endif
