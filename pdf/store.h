/*
 * Writing the document security store: certificates, CRLs and OCSP answers,
 * each once, and for which signature they are meant (VRI).  ISO 32000-2
 * 12.8.4.3, EN 319 142-1 5.4.2.
 */
#ifndef SIGND_PDF_STORE_H
#define SIGND_PDF_STORE_H

#include "pdf/increment.h"

#include "format/format.h"

#define PDF_VRI_KEY_LEN 40 /* SHA-1 in upper-case hex */

struct pdf_vri_key {
	char hex[PDF_VRI_KEY_LEN + 1];
};

/* pdf_vri_key: of /Contents as it stands, zeros behind the value and all. */
struct err *pdf_vri_key(
    struct bytes contents, struct pdf_vri_key *out) MUST_USE;

/*
 * pdf_store_write appends to `inc` a store with what the document's has and
 * the evidence, and entries for `keys`.  *added is false if nothing was new;
 * then nothing was appended.
 * ERR_MALFORMED: the document's own store is none.
 */
struct err *pdf_store_write(struct pdf_increment *inc,
    const struct evidence *evidence, const struct pdf_vri_key *keys,
    size_t nkeys, int64_t time, bool *added) MUST_USE;

#endif
