/*
 * What an XPath expression may cost, told from its words.  libxml2 counts its
 * operations, but a string function reads a whole document in one of them,
 * and joining two sets compares each node with each.
 */
#ifndef SIGND_XML_XPATH_H
#define SIGND_XML_XPATH_H

#include <libxml/tree.h>

#include "base/base.h"

/* Whether every operation of the expression is about one node: paths of one
 * step, and, or, not, count and names; no strings, no comparisons, no "|". */
bool xpath_is_cheap(const char *expression);

/* What signing tools write for "without this signature", "without any", and
 * (in Filter 2.0) "all signatures", white space aside.  Evaluated by us they
 * cost nothing, and libxml2 2.9, which does not check its memory when it
 * evaluates, is left out. */
enum xpath_known {
	XPATH_OTHER,
	XPATH_WITHOUT_THIS,
	XPATH_WITHOUT_ANY,
	XPATH_SIGNATURES,
};
enum xpath_known xpath_known(const char *expression, xmlNode *where);

#endif
