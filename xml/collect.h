/*
 * The facts of an XML document: every ds:Signature in it, wherever it stands,
 * judged for itself (value, references, XAdES properties), and then all of
 * them together (signature wrapping).  XMLDSig 1.1, EN 319 132-1.
 */
#ifndef SIGND_XML_COLLECT_H
#define SIGND_XML_COLLECT_H

#include "format/facts.h"

/*
 * xml_collect fills *out, which facts_done() frees; a document without
 * signatures yields none.  ERR_MALFORMED (DOCTYPE too), ERR_UNSUPPORTED
 * (encoding), ERR_LIMIT: nothing in it can be judged.
 */
struct err *xml_collect(
    const struct collect_input *in, struct facts *out) MUST_USE;

#endif
