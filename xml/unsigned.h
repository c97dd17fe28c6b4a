/* The unsigned properties of a signature: what is added after signing. */
#ifndef SIGND_XML_UNSIGNED_H
#define SIGND_XML_UNSIGNED_H

#include "xml/place.h"

/* Where a new property goes, and what must be written around it because it is
 * not there yet.  The tags declare "xades" as the namespace of the signature's
 * own version. */
struct xml_unsigned {
	struct xml_place place;
	const char *ns;      /* of XAdES, as this signature has it */
	xmlNode *properties; /* UnsignedSignatureProperties, or NULL */
	size_t nopen;        /* how many elements are to be written around it */
};

/* The tags of these elements. */
struct err *xml_unsigned_open(
    const struct xml_unsigned *u, struct buf *b) MUST_USE;
struct err *xml_unsigned_close(
    const struct xml_unsigned *u, struct buf *b) MUST_USE;

/* xml_signature_find looks for a ds:Signature by its Id, else by its number
 * in document order (from 1); NULL: the only one.  ERR_MISSING with code
 * "no-signature"; ERR_USAGE, "signature-choose": it must be named. */
struct err *xml_signature_find(
    const struct xml_doc *d, const char *id, xmlNode **out) MUST_USE;

/* ERR_UNSUPPORTED, code "xml-not-xades": no QualifyingProperties. */
struct err *xml_unsigned_find(const struct xml_doc *d, struct bytes document,
    xmlNode *signature, struct xml_unsigned *out) MUST_USE;

/* As xml_place_check, for a property of that name. */
struct err *xml_unsigned_check(struct xml_job *job,
    const struct xml_unsigned *u, const char *name) MUST_USE;

#endif
