/*
 * Making XAdES B-B signatures (EN 319 132-1), enveloped in the document.
 *
 * The document's bytes stay as they are: the signature is one insertion in
 * front of the end tag of the root.  doc/xml.md has the form and its reasons.
 */
#ifndef SIGND_XML_SIGN_H
#define SIGND_XML_SIGN_H

#include "format/format.h"

/*
 * As struct format's prepare.  ERR_UNSUPPORTED: "xml-empty-root" (there is no
 * end tag to stand before), "xml-encoding", "xml-doctype", "xml-unsupported"
 * (a key or algorithm XMLDSig has no name for).  ERR_DENIED,
 * "xml-would-break": an older signature covers the place.
 */
struct err *xml_prepare(struct bytes document, const struct sign_params *params,
    struct prepared *out) MUST_USE;

/* As struct format's embed. */
struct err *xml_embed(struct bytes state, struct bytes value,
    struct bytes token, struct insertion *out) MUST_USE;

#endif
