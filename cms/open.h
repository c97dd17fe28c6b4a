/* A file with a SignedData: DER, BER, or PEM around either. */
#ifndef SIGND_CMS_OPEN_H
#define SIGND_CMS_OPEN_H

#include "cms/content.h"
#include "cms/frame.h"

/* cms_detect: whether the bytes look like one. */
bool cms_detect(struct bytes document);

struct cms_file {
	struct buf der;     /* of a PEM file */
	struct bytes bytes; /* the SignedData, in `der` or in the document */
	size_t size;        /* of the document */
	bool pem;
	struct cms *cms;
};

/* cms_file_open reads it; `document` must outlive *out.  Caller: close. */
struct err *cms_file_open(struct bytes document, struct cms_file *out) MUST_USE;
void cms_file_close(struct cms_file *f);

/* cms_file_frame takes it apart; out of a PEM file comes DER, all of it new. */
struct err *cms_file_frame(
    const struct cms_file *f, struct frame *out) MUST_USE;
/* cms_file_content: what it is over, inside or among `external`. */
void cms_file_content(const struct cms_file *f,
    const struct external *external, size_t nexternal, struct content *out);
/* cms_file_signer finds a signer by its name in facts; NULL: the only one.
 * ERR_USAGE with code "signature-choose", ERR_MISSING "no-signature". */
struct err *cms_file_signer(
    const struct cms_file *f, const char *id, size_t *out) MUST_USE;

#endif
