/*
 * The service's seal in the front: for receipts, which are PDFs that we made
 * ourselves.  The key, and the record in the audit chain, are the keyholder's
 * (KEY_SEAL in signd/proto.h).
 */
#ifndef SIGND_SIGND_FRONT_SEAL_H
#define SIGND_SIGND_FRONT_SEAL_H

#include "signd/front.h"

/* What a receipt is about; it stands in the audit chain. */
struct sealing {
	struct bytes about; /* SHA-256 of the document, 32 bytes */
	const char *says;   /* indication_name(): "TOTAL-PASSED" */
	const char *reason; /* of the PDF signature, UTF-8, or NULL */
	const char *field;  /* to sign or make; NULL: ours */
};

/*
 * seal_receipt seals `receipt`, a PDF, with our key and a time stamp (PAdES
 * B-T); *out is the insertion that makes the sealed one of it, ended with
 * insertion_done().  level_raise() of signd/front-level.h takes it further.
 *
 * ERR_MISSING code "seal-missing": there is no key; ERR_REMOTE: a keyholder or
 * the time-stamping authority does not answer; what pdf_prepare() says.
 */
struct err *seal_receipt(const struct front *f, const struct sealing *s,
    const struct spool *receipt, struct insertion *out) MUST_USE;

#endif
