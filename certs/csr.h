/*
 * Certification requests (PKCS#10, RFC 2986): a public key, a name, and the
 * proof that the private key was at hand.
 */
#ifndef SIGND_CERTS_CSR_H
#define SIGND_CERTS_CSR_H

#include "certs/issue.h"

#define CSR_MAX (64 * 1024) /* bytes of DER; real ones are 300 to 1,500 */

struct csr_fields {
	/* In the order in which they are written.  May be none: the desk takes
	 * the name from the enrolment and not from here. */
	const struct subject_field *subject;
	size_t nsubject;
	struct bytes spki;  /* SubjectPublicKeyInfo, DER */
	struct sig_alg alg; /* what the subject's key signs with */
};

/*
 * csr_make appends a CertificationRequest in DER, signed by the key itself;
 * no attributes are asked for.
 * ERR_USAGE code "subject-field": a field that no certificate could have.
 * ERR_DENIED: the signature does not verify under `spki`.  RFC 2986 4.2.
 */
struct err *csr_make(const struct csr_fields *f, const struct signer *signer,
    struct buf *out) MUST_USE;

/* A request that was read: its key has shown that it is at hand. */
struct csr {
	EVP_PKEY *key;     /* owned */
	struct bytes spki; /* SubjectPublicKeyInfo; borrows from the request */
	struct bytes subject; /* Name, DER: a wish, and no more; borrows */
};

/*
 * csr_read reads one request in DER, and nothing after it, and verifies it
 * under its own key (RFC 2986 4.2).  csr_done() in any case.
 * ERR_MALFORMED; ERR_LIMIT; ERR_UNSUPPORTED: an algorithm that we do not know,
 * or a digest under 256 bits; ERR_DENIED code "csr-proof": it was not signed
 * by that key.
 */
struct err *csr_read(struct bytes der, struct csr *out) MUST_USE;
void csr_done(struct csr *c);

#endif
