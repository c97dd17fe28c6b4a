/* Small pieces of XML text, written as C14N writes them. */
#ifndef SIGND_XML_WRITE_H
#define SIGND_XML_WRITE_H

#include "certs/alg.h"

/* Text of an element, and value of an attribute (in double quotes). */
struct err *xml_put_text(struct buf *b, const char *text) MUST_USE;
struct err *xml_put_attr(struct buf *b, const char *value) MUST_USE;
/* Characters outside ASCII become references, so that what is inserted is
 * right in whatever encoding the document has. */
struct err *xml_put_ascii(struct buf *b, struct bytes utf8) MUST_USE;
struct err *xml_put_digest(struct buf *b, const uint8_t digest[DIGEST_MAX],
    enum digest_alg alg) MUST_USE;
/* A time stamp property up to its token, and behind it. */
struct err *xml_put_stamp_start(
    struct buf *b, const char *name, const char *ns) MUST_USE;
struct err *xml_put_stamp_end(
    struct buf *b, const char *name, const char *ns) MUST_USE;

#endif
