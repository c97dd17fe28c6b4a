/*
 * A small scanner over the bytes of an XML document.  It looks before libxml2
 * does, so that a DOCTYPE or a thousand attributes never reach a parser, and
 * it finds the one place where a signature is inserted, which a tree cannot
 * say.  It does not check well-formedness: libxml2 does, after it.
 */
#ifndef SIGND_XML_SCAN_H
#define SIGND_XML_SCAN_H

#include "base/base.h"

#define XML_DEPTH_MAX 256 /* elements inside one another */
#define XML_ATTRS_MAX                                                          \
	256 /* attributes and namespaces of one element:                       \
	     * libxml2 compares each with each */
#define XML_NODES_MAX                                                          \
	2000000 /* tags, comments ... of one document: each is                 \
		 * some 120 bytes in the tree */

struct xml_scan {
	size_t root_at;  /* offset of the root's start tag */
	size_t end_at;   /* offset of the root's end tag "</" */
	bool empty_root; /* "<a/>": there is no end tag */
	size_t nodes;    /* tags, attributes, comments, text runs seen */
	size_t size;     /* bytes of the document */
	size_t depth;    /* deepest nesting */
};

/*
 * xml_scan goes once over `in`.  ERR_UNSUPPORTED: an encoding other than
 * UTF-8, US-ASCII and ISO-8859-1 (code "xml-encoding").  ERR_LIMIT: one of the
 * limits above ("xml-limit").  ERR_MALFORMED: something is not closed, or
 * there is a DOCTYPE ("xml-doctype"): what we take is XML without one.
 */
struct err *xml_scan(struct bytes in, struct xml_scan *out) MUST_USE;

/* Whether the first bytes look like XML at all. */
bool xml_looks_like(struct bytes in);

#endif
