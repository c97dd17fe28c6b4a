/* Which elements are a signature's own, and which are data. */
#ifndef SIGND_XML_PART_H
#define SIGND_XML_PART_H

#include "xml/doc.h"

/* An element of XMLDSig or XAdES, which a program that reads forms never
 * reads: by namespace and name, for data may be put into their namespaces. */
bool is_signature_part(const xmlNode *n);
/* Such a one inside a Signature; elsewhere it is data like any other. */
bool is_part_in_place(const xmlNode *n);
/* An Object with text in it, a file in Base64 for one: no element in it has a
 * name to go by. */
bool is_text_object(const xmlNode *n);

#endif
