/*
 * Making XML signatures: XAdES (EN 319 132-1) and plain XMLDSig, enveloped,
 * enveloping and detached.
 *
 * The document's bytes stay as they are: the signature is one insertion.
 * doc/xml.md has the forms and their reasons; xml/embed.h the second step.
 */
#ifndef SIGND_XML_SIGN_H
#define SIGND_XML_SIGN_H

#include "format/format.h"

/*
 * As struct format's prepare.  ERR_UNSUPPORTED: "xml-encoding", "xml-doctype",
 * "xml-unsupported" (a key or algorithm XMLDSig has no name for), "xml-profile"
 * (it has no place for something that was asked for), "xml-not-xades".
 * ERR_DENIED, "xml-would-break": an older signature covers the place.
 * ERR_USAGE or ERR_MISSING, "xml-place".
 */
struct err *xml_prepare(struct bytes document, const struct sign_params *params,
    struct prepared *out) MUST_USE;

#endif
