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

/* Where one element stands in the bytes. */
struct xml_span {
	size_t at;         /* "<" of the start tag */
	size_t end_at;     /* "</" of the end tag; if empty: "/>" */
	bool empty;        /* "<a/>" */
	struct bytes name; /* as it is written, with the prefix */
};

/*
 * xml_scan_element finds the element with this number in document order (the
 * root is 0) in a document that xml_scan and libxml2 have accepted.
 * ERR_MISSING: there are not as many.
 */
struct err *xml_scan_element(
    struct bytes in, size_t number, struct xml_span *out) MUST_USE;

/* Bytes in front of everything but an XML declaration and a byte order mark;
 * `in` was accepted. */
size_t xml_scan_declaration(struct bytes in);

/* Whether the first bytes look like XML at all. */
bool xml_looks_like(struct bytes in);

#endif
