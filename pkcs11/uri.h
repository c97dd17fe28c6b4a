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

struct p11_uri {
	char *text;        /* the address itself */
	char *module_path; /* NULL: not said */
	char *pin_file;    /* of pin-source=file:..., NULL: not said */
	struct buf id;     /* CKA_ID; empty: not said */
};

/*
 * ERR_MALFORMED: no such address.  ERR_USAGE: it has a PIN in it, which others
 * on the machine can read; or it names a key by its label alone; or a module by
 * name; or pin-source is no absolute file.  ERR_LIMIT.
 */
struct err *p11_uri_parse(const char *text, struct p11_uri *out) MUST_USE;
void p11_uri_done(struct p11_uri *u);

/* Appends "pkcs11:token=...;serial=...;id=...": the address by which signctl
 * finds that key again.  Empty parts are left out. */
struct err *p11_uri_make(struct bytes token, struct bytes serial,
    struct bytes id, struct buf *out) MUST_USE;

#endif
