/*
 * Addresses of tokens and of keys in them (RFC 7512):
 *
 *	pkcs11:token=the%20moi;id=%01%02?module-path=/usr/lib/x.so
 *
 * Tokens are found by what the address says of them, keys by `id` only.
 */
#ifndef SIGND_PKCS11_URI_H
#define SIGND_PKCS11_URI_H

#include "base/base.h"

#define P11_URI_MAX 4096 /* bytes */
#define P11_ID_MAX 256   /* bytes of a CKA_ID; longer: as if there were none */

struct p11_uri {
	char *text;        /* the address itself */
	char *module_path; /* a file, or a directory of such; NULL: not said */
	char *module_name; /* of the file, without lib- and .so; likewise */
	char *pin_file;    /* of pin-source=file:..., NULL: not said */
	struct buf id;     /* CKA_ID; empty: not said */
};

/*
 * Stricter than p11-kit: a blank stands as %20, nothing is said twice, and no
 * %00 hides the end of a path.
 *
 * ERR_MALFORMED code "token-address": no such address.  ERR_USAGE: it has a PIN
 * in it, which others on the machine can read; or it names a key by its label
 * alone; or pin-source is no absolute file.  ERR_LIMIT.
 */
struct err *p11_uri_parse(const char *text, struct p11_uri *out) MUST_USE;
void p11_uri_done(struct p11_uri *u);

/* p11_uri_is_bare says whether it names a token and nothing besides: neither a
 * key, nor a module, nor where the PIN is. */
bool p11_uri_is_bare(const struct p11_uri *u);

/* Whether a module's file has that name: "x" is x.so, libx.so, libx.so.1. */
bool p11_module_is_called(const char *path, const char *name);

/* Appends "pkcs11:token=...;serial=...;id=...": the address by which signctl
 * finds that key again.  Empty parts are left out. */
struct err *p11_uri_make(struct bytes token, struct bytes serial,
    struct bytes id, struct buf *out) MUST_USE;

#endif
