/*
 * What only CMS understands of signing (struct sign_params.cms).  Everything
 * borrows.
 */
#ifndef SIGND_CMS_PARAMS_H
#define SIGND_CMS_PARAMS_H

#include "format/format.h"

/* What becomes of a document that is signed. */
enum cms_form {
	CMS_ATTACHED, /* .p7m: the document is inside */
	CMS_DETACHED, /* .p7s: what comes out is the signature alone */
};

struct cms_params {
	enum cms_form form;
	/* A time stamp on the content, made before signing: a TimeStampToken
	 * over its digest (EN 319 122-1 5.2.8); empty: none. */
	struct bytes content_stamp;
};

struct err *cms_params_pack(
    const struct cms_params *p, struct buf *out) MUST_USE;
/* *out borrows from `packed`. */
struct err *cms_params_unpack(
    struct bytes packed, struct cms_params *out) MUST_USE;

#endif
