/*
 * The relationships transform of OPC packages (ISO/IEC 29500-2, 10.5.14 and
 * 10.5.15; 13.2.4.24 in 2008): of a Relationships part, the relationships
 * that the signature names, sorted, without anything else.
 */
#ifndef SIGND_XML_RELATIONS_H
#define SIGND_XML_RELATIONS_H

#include "xml/doc.h"
#include "xml/work.h"

#define ALG_RELATIONSHIPS                                                      \
	"http://schemas.openxmlformats.org/package/2006/RelationshipTransform"
#define RELATIONS_NAMED_MAX 1024 /* references in one transform */
#define RELATIONS_MAX 65536      /* relationships of one part */

/*
 * relations_transform reads the part `in` and appends to `out` what of it is
 * signed, in canonical form, so that the canonicalisation which follows
 * changes nothing.  `transform` is the ds:Transform.
 *
 * ERR_MALFORMED: not a Relationships part, or an identifier twice.
 * ERR_UNSUPPORTED ("xml-unsupported"): content of another namespace that is
 * not declared ignorable, or other instructions of ISO/IEC 29500-3.
 * ERR_LIMIT: too many of them, or XML_WORK is used up.
 */
struct err *relations_transform(struct bytes in, const xmlNode *transform,
    struct xml_work *work, struct buf *out) MUST_USE;

#endif
