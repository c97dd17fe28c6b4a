/*
 * Where in a document something is inserted.  The tree says which element,
 * the scanner (xml/scan.h) where its end stands in the bytes.
 */
#ifndef SIGND_XML_PLACE_H
#define SIGND_XML_PLACE_H

#include "xml/reference.h"

struct xml_place {
	xmlNode *parent;   /* the element that gets a new last child */
	size_t at;         /* where in the bytes, */
	size_t cut;        /* and how many are replaced: "/>" or none */
	struct bytes name; /* of the end tag that must be written, because the
			    * element is empty; ptr NULL: it has one */
};

/*
 * xml_place_find looks for an element: "#Id", "/local/names" from the root, or
 * NULL for the root.  ERR_MISSING, ERR_MALFORMED (more than one has the Id) or
 * ERR_USAGE (more than one element on the way), with code "xml-place".
 */
struct err *xml_place_find(
    const struct xml_doc *d, const char *name, xmlNode **out) MUST_USE;

/* xml_place_in finds the end of `parent` in the bytes it was parsed from. */
struct err *xml_place_in(const struct xml_doc *d, struct bytes document,
    xmlNode *parent, struct xml_place *out) MUST_USE;

/* What must be written around the insertion because the element was empty. */
struct err *xml_place_open(const struct xml_place *p, struct buf *b) MUST_USE;
struct err *xml_place_close(const struct xml_place *p, struct buf *b) MUST_USE;

/*
 * xml_place_check asks each signature in the document whether it would see
 * something new at the end of `parent`, in an element of that name.
 * ERR_DENIED, code "xml-would-break".
 */
struct err *xml_place_check(struct xml_job *job, xmlNode *parent,
    const char *ns, const char *name) MUST_USE;

#endif
