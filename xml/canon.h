/*
 * Sets of nodes and their canonical form (C14N 1.0, 1.1, exclusive).
 *
 * A set is a whole document or one subtree, narrowed by filters.  Whether a
 * node is in it is asked when it is written, so no list of a million nodes is
 * ever made, and a subtree costs what the subtree costs.
 */
#ifndef SIGND_XML_CANON_H
#define SIGND_XML_CANON_H

#include <libxml/c14n.h>
#include <libxml/xpath.h>

#include "certs/alg.h"
#include "xml/doc.h"
#include "xml/work.h"

#define XML_FILTERS_MAX 8   /* of one set */
#define XML_PREFIXES_MAX 64 /* in an InclusiveNamespaces list */
#define XML_XPATH_MAX 4096  /* bytes of an expression */
#define XML_XPATH_DOC_MAX                                                      \
	(1024 * 1024) /* bytes of a document in which                          \
		       * strings may be compared */
#define XML_XPATH_OPS_MAX                                                      \
	20000000UL /* libxml2's own count, for each filter                     \
		    */

enum filter_kind {
	FILTER_ENVELOPED,     /* without one Signature (XMLDSig 6.6.4) */
	FILTER_NO_SIGNATURES, /* not(ancestor-or-self::ds:Signature) */
	FILTER_XPATH,         /* any other expression (XMLDSig 6.6.3) */
	FILTER_SET,           /* XPath Filter 2.0, evaluated into `v` */
};

/* One <XPath Filter=""> of XPath Filter 2.0: subtrees to keep, drop or add. */
struct filter_step {
	enum { STEP_INTERSECT, STEP_SUBTRACT, STEP_UNION } op;
	xmlXPathObject *found;  /* owned */
	const xmlNode **sorted; /* owned: its nodes by address */
	size_t n;
};

struct filter {
	enum filter_kind kind;
	const xmlNode *signature;     /* ENVELOPED */
	xmlXPathContext *context;     /* XPATH, owned */
	xmlXPathCompExpr *expression; /* XPATH, owned */
	uint64_t price;               /* XPATH: steps for one operation */
	struct filter_step *steps;    /* SET, owned */
	size_t nsteps;
};

struct xml_set {
	xmlDoc *tree;
	xmlNode *top;  /* NULL: the whole document */
	bool comments; /* those inside belong to it */
	struct filter filters[XML_FILTERS_MAX];
	size_t nfilters;
	struct xml_work *work;
	bool broken; /* a filter could not be evaluated */
};

void xml_set_done(struct xml_set *s);

/* Whether `n` is in the set.  `parent` is its element, for attributes and
 * namespaces, as libxml2 gives it. */
bool xml_set_has(struct xml_set *s, xmlNode *n, xmlNode *parent);

/* Each adds a filter.  ERR_LIMIT, ERR_MALFORMED (the expression). */
struct err *xml_set_enveloped(
    struct xml_set *s, const xmlNode *signature) MUST_USE;
/* `where` is the element that bears the expression: here(), and prefixes. */
struct err *xml_set_xpath(struct xml_set *s, xmlNode *where) MUST_USE;
/* All <XPath> elements of XPath Filter 2.0 in `transform`. */
struct err *xml_set_filter2(struct xml_set *s, xmlNode *transform) MUST_USE;

/* ---- canonical form ---- */

struct canon {
	xmlC14NMode mode;
	bool comments;
	char *prefixes; /* owned: InclusiveNamespaces, or NULL */
};

/* Whether `uri` names a canonicalisation; fills *out without prefixes. */
bool canon_by_uri(const char *uri, struct canon *out);
/* Reads the algorithm of <CanonicalizationMethod> or <Transform>, with its
 * InclusiveNamespaces.  ERR_UNSUPPORTED: not a canonicalisation. */
struct err *canon_read(const xmlNode *method, struct canon *out) MUST_USE;
void canon_done(struct canon *c);

/* Where canonical bytes go: one of the two, the other is NULL. */
struct sink {
	struct digest *digest;
	struct buf *buf;
};

struct err *sink_add(struct sink *s, struct bytes what) MUST_USE;

/* ERR_MALFORMED: a relative namespace; ERR_LIMIT: XML_WORK is used up. */
struct err *xml_canon(
    struct xml_set *s, const struct canon *c, struct sink *out) MUST_USE;

/* The same for sets that leave out nothing but whole Signatures, and faster:
 * xml_canon asks whether it can.  xml/canon_tree.c. */
bool canon_tree_can(struct xml_set *s, const struct canon *c);
struct err *canon_tree(
    struct xml_set *s, const struct canon *c, struct sink *out) MUST_USE;
/* The same by libxml2, for every set. */
struct err *canon_libxml2(
    struct xml_set *s, const struct canon *c, struct sink *out) MUST_USE;

/* The canonical form of one element and all in it, comments too if asked. */
struct err *xml_canon_element(xmlNode *n, const struct canon *c,
    struct xml_work *work, struct sink *out) MUST_USE;

#endif
