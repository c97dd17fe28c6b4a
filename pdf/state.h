/*
 * The state between the two steps of signing and of extending, packed
 * (base/pack.h).  It does not hold the document.
 */
#ifndef SIGND_PDF_STATE_H
#define SIGND_PDF_STATE_H

#include "cms/cms.h"
#include "pdf/hole.h"

enum pdf_step {
	PDF_STEP_SIGN,  /* a SignedData goes into the hole */
	PDF_STEP_STAMP, /* a time-stamp token does */
	PDF_STEP_STORE, /* there is no hole */
};

struct pdf_state {
	enum pdf_step step;
	size_t at;         /* length of the document */
	struct bytes tail; /* what is appended */
	struct pdf_holes holes;
	/* PDF_STEP_SIGN: */
	struct cms_request request; /* content_digest borrows */
	struct bytes attributes;    /* that were signed */
	/* PDF_STEP_STAMP: what the token must be over. */
	enum digest_alg alg;
	struct bytes digest;
	/* Of a state that was unpacked, for pdf_state_done(). */
	struct cert *cert;
	struct cert_list chain;
};

struct err *pdf_state_pack(const struct pdf_state *s, struct buf *out) MUST_USE;
/* *out borrows from `packed` but for the certificates.  ERR_MALFORMED. */
struct err *pdf_state_unpack(
    struct bytes packed, struct pdf_state *out) MUST_USE;
void pdf_state_done(struct pdf_state *s);

#endif
