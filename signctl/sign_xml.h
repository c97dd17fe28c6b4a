/* Options of `signctl sign` that only XML has. */
#ifndef SIGND_SIGNCTL_SIGN_XML_H
#define SIGND_SIGNCTL_SIGN_XML_H

#include "signctl/command.h"

#define SIGN_XML_MAX (256 * 1024) /* bytes of them, packed */

#define SIGN_XML_OPTIONS                                                       \
	{ "profile", "NAME",                                                   \
		"XML: xades, xades-enveloped, xmldsig, vn-invoice, vn-tax",    \
		false },                                                       \
	    { "packaging", "HOW", "XML: enveloped, enveloping or detached",    \
		    false },                                                   \
	    { "place", "#ID|/PATH",                                            \
		    "XML: the element at whose end the signature goes",        \
		    false },                                                   \
	    { "canon", "NAME",                                                 \
		    "XML: exclusive, 1.0 or 1.1, or one of them +comments",    \
		    false },                                                   \
	    { "object", "URI[=FILE]",                                          \
		    "XML: sign this element (#ID), or this file under that "   \
		    "name",                                                    \
		    true },                                                    \
	    { "uri", "NAME", "XML, detached: what the file is called",         \
		    false },                                                   \
	{                                                                      \
		"counter-sign", "ID",                                          \
		    "XML, CMS: sign the value of the signature with this Id or "    \
		    "number",                                                  \
		    false                                                      \
	}

/* sign_xml_pack appends xml_params for what was given; nothing if nothing
 * was.  Files are hashed here: only digests leave. */
struct err *sign_xml_pack(const struct args *a, struct buf *out) MUST_USE;
#define SIGN_XML_MORE 13 /* words of signd_sign_options.more, at most */

/* sign_xml_there lists what was given as the service's API has it, in more[*n]
 * and on; `objects` holds the list of them and must outlive `more`.  ERR_USAGE:
 * what needs a file of this machine. */
struct err *sign_xml_there(const struct args *a, const char **more, size_t *n,
    struct buf *objects) MUST_USE;

#endif
