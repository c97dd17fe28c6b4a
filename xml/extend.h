/*
 * Raising XAdES signatures, of whatever origin, from B to T, LT and LTA (EN
 * 319 132-1), and renewing LTA: one insertion at the end of the unsigned
 * properties.  The second step is xml_embed.
 */
#ifndef SIGND_XML_EXTEND_H
#define SIGND_XML_EXTEND_H

#include "format/format.h"

/*
 * As struct format's extend.  ERR_UNSUPPORTED: "xml-not-xades" (also versions
 * before 1.3.2); "level-unsupported": the level below is not there.
 * ERR_USAGE, "signature-choose": there are several signatures.
 * ERR_DENIED, "xml-would-break": another signature covers this one.
 */
struct err *xml_extend(
    const struct extend_request *r, struct prepared *out) MUST_USE;

#endif
