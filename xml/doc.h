/*
 * The only place that parses XML.  No network, no DTD, no entities beyond the
 * five of XML itself; what is larger than a named limit is refused before
 * libxml2 sees it.  Nothing is ever resolved.
 */
#ifndef SIGND_XML_DOC_H
#define SIGND_XML_DOC_H

#include <libxml/tree.h>

#include "xml/scan.h"

#define XML_DOC_MAX                                                            \
	((size_t)256 * 1024 * 1024) /* bytes of a document; the                \
				     * tree takes about as much */

struct xml_doc;

/*
 * xml_doc_parse reads a whole document; `in` must live as long as *out only
 * during the call.  xml_doc_free() frees it.
 * ERR_MALFORMED: not well formed.  ERR_UNSUPPORTED, ERR_LIMIT: as xml_scan.
 */
struct err *xml_doc_parse(struct bytes in, struct xml_doc **out) MUST_USE;
void xml_doc_free(struct xml_doc *d);
DEFINE_FREEP(xml_doc_free, struct xml_doc)

/* The tree's own _private leads back to the document. */
xmlDoc *xml_doc_tree(const struct xml_doc *d);
xmlNode *xml_doc_root(const struct xml_doc *d);
const struct xml_scan *xml_doc_scan(const struct xml_doc *d);

/* All ds:Signature elements in document order. */
xmlNode *const *xml_doc_signatures(const struct xml_doc *d, size_t *count);
/* Whether all namespaces are absolute URIs, as C14N wants them. */
bool xml_doc_is_absolute(const struct xml_doc *d);

/*
 * xml_doc_by_id finds the element with an identifier: Id, ID, id, xml:id,
 * wsu:Id, and SAML 1.1's three.  ERR_MISSING: there is none.  ERR_MALFORMED
 * (code "xml-duplicate-id"): more than one element has it.
 */
struct err *xml_doc_by_id(
    const struct xml_doc *d, const char *id, xmlNode **out) MUST_USE;

/* ---- small questions to a tree ---- */

bool xml_is(const xmlNode *n, const char *ns, const char *name);
/* Next element from `n` on, itself included; and the first child element. */
xmlNode *xml_element(xmlNode *n);
xmlNode *xml_first(const xmlNode *n);
xmlNode *xml_next(const xmlNode *n);
/* The first child element of that name, or NULL. */
xmlNode *xml_child(const xmlNode *n, const char *ns, const char *name);
bool xml_is_inside(const xmlNode *n, const xmlNode *ancestor); /* or same */
/* Next element in document order inside `top`, NULL at the end. */
xmlNode *xml_walk(xmlNode *n, const xmlNode *top);
/* The value of an attribute without namespace: owned by the tree; NULL: none,
 * or not plain text. */
const char *xml_attr(const xmlNode *n, const char *name);
/* Whether nothing but text is in it: no element, comment or instruction. */
bool xml_is_plain(const xmlNode *n);
/* Whether text that is not white space stands among its children. */
bool xml_has_text(const xmlNode *n);
/* Appends the text inside an element.  ERR_MALFORMED: it holds elements. */
struct err *xml_text(const xmlNode *n, struct buf *out) MUST_USE;
/* The text decoded from base64, appended. */
struct err *xml_base64(const xmlNode *n, struct buf *out) MUST_USE;
/* "/HSo/NoiDung[2]", at most some 200 bytes, appended. */
struct err *xml_path(const xmlNode *n, struct buf *out) MUST_USE;

#endif
