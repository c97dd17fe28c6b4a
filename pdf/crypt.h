/*
 * The standard security handler: ISO 32000-2 7.6, revisions 2 to 6.
 *
 * Strings and streams are decrypted by pdf/document.c as they are read, by
 * these functions; whatever must not be (object streams' strings, /Contents of
 * signatures, xref streams, the /Encrypt dictionary) never gets here.
 */
#ifndef SIGND_PDF_CRYPT_H
#define SIGND_PDF_CRYPT_H

#include "pdf/object.h"

struct crypt;

/*
 * crypt_open derives the file key from `password` (tried as user and as owner
 * password; empty is the usual case).  `encrypt` is the /Encrypt dictionary,
 * its members direct; `id` the first string of /ID, perhaps empty.  Neither is
 * kept.
 * ERR_UNSUPPORTED (code "pdf-encrypted"): a handler or revision we lack.
 * ERR_DENIED (code "pdf-password"): the password is wrong, or there is none.
 * ERR_MALFORMED: the dictionary is senseless.
 */
struct err *crypt_open(const struct pdf_obj *encrypt, struct bytes id,
    struct bytes password, struct crypt **out) MUST_USE;
void crypt_free(struct crypt *c);
DEFINE_FREEP(crypt_free, struct crypt)

/* Each of these appends to `out`.  `ref` is the indirect object around. */
struct err *crypt_string(const struct crypt *c, struct pdf_ref ref,
    struct bytes in, struct buf *out) MUST_USE;
/* `dict`: the stream's dictionary, for /Type (cleartext metadata) and a /Crypt
 * filter with /Identity. */
struct err *crypt_stream(const struct crypt *c, struct pdf_ref ref,
    const struct pdf_obj *dict, struct bytes in, struct buf *out) MUST_USE;

/* The way back, for objects that the signer writes. */
struct err *crypt_string_encrypt(const struct crypt *c, struct pdf_ref ref,
    struct bytes in, struct buf *out) MUST_USE;
struct err *crypt_stream_encrypt(const struct crypt *c, struct pdf_ref ref,
    const struct pdf_obj *dict, struct bytes in, struct buf *out) MUST_USE;

/* /P, ISO 32000-2 table 22: bits as they stand; the owner may do all. */
uint32_t crypt_permissions(const struct crypt *c);
bool crypt_is_owner(const struct crypt *c); /* opened as the owner */

#endif
