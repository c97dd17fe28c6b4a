/* XAdES and XMLDSig as a signature format. */
#ifndef SIGND_XML_FORMAT_H
#define SIGND_XML_FORMAT_H

#include "format/format.h"

/* Library start-up, once, before a sandbox closes (libxml2, xmlsec). */
struct err *xml_start(void) MUST_USE;
void xml_stop(void);

extern const struct format format_xml;

#endif
