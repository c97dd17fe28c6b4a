/*
 * What only CMS understands of signing (struct sign_params.cms).  Everything
 * borrows.
 */
#ifndef SIGND_CMS_PARAMS_H
#define SIGND_CMS_PARAMS_H

#include "format/format.h"

/* What becomes of a document that is signed. */
enum cms_form {
	CMS_FORM_BY_DOCUMENT, /* parallel, if it is a SignedData; else attached */
	CMS_FORM_ATTACHED,    /* .p7m: the document is inside */
	CMS_FORM_DETACHED,    /* .p7s: what comes out is the signature alone */
	CMS_FORM_PARALLEL,    /* one more signer of the same content */
	CMS_FORM_COUNTER,     /* a signature on the value of one that is there */
};

struct cms_params {
	enum cms_form form;
	/* PARALLEL on a detached signature: the digest of the content, by the
	 * digest that is signed with (SHA-512 for Ed25519). */
	struct bytes content_digest;
	const char *counter; /* COUNTER: which, as facts name it; NULL: the
			      * only one */
	/* A time stamp on the content, made before signing: a TimeStampToken
	 * over its digest (EN 319 122-1 5.2.8); empty: none. */
	struct bytes content_stamp;
};

struct err *cms_params_pack(
    const struct cms_params *p, struct buf *out) MUST_USE;
/* `packed` must outlive *out, which cms_params_free() frees. */
struct err *cms_params_unpack(
    struct bytes packed, struct cms_params **out) MUST_USE;
/* Only for what cms_params_unpack made. */
void cms_params_free(struct cms_params *p);
DEFINE_FREEP(cms_params_free, struct cms_params)

#endif
