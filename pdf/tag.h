/* The structure tree gets an element for a new field. */
#ifndef SIGND_PDF_TAG_H
#define SIGND_PDF_TAG_H

#include "pdf/increment.h"

/*
 * pdf_tag_field appends a Form element that holds the widget `field` of `page`
 * (PDF/UA-1 7.18.4, ISO 32000-2 14.7.5), below the document's one element or
 * the root of the tree.  *key is for the widget's /StructParent; -1: the tree
 * is built in a way that we leave alone.
 */
struct err *pdf_tag_field(struct pdf_increment *inc, struct pdf_ref field,
    struct pdf_ref page, int64_t *key) MUST_USE;

#endif
