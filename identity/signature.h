/* The one signature of EF.SOD and of a master list.  Used within identity/. */
#ifndef SIGND_IDENTITY_SIGNATURE_H
#define SIGND_IDENTITY_SIGNATURE_H

#include "cms/cms.h"

struct chip_signature {
	/* CHECK_NOT_DONE: the signer's certificate is not there, or the
	 * algorithm is none that ICAO 9303-12 4.4 allows. */
	enum check value;
	struct cert *signer; /* owned; NULL: not found */
	struct sig_alg alg;
	struct findings findings;
};

/* chip_signature_check judges the first signer over the attached content;
 * `extra` is where his certificate may be too.  *out is ended with
 * chip_signature_done(). */
struct err *chip_signature_check(const struct cms *c,
    const struct cert_list *extra, struct chip_signature *out) MUST_USE;
void chip_signature_done(struct chip_signature *s);

/* SHA-1 and SHA-2: what hashes on chips and signatures over them are made
 * with.  SHA-1 is in the oldest documents still in use. */
bool chip_digest_allowed(enum digest_alg alg);

#endif
