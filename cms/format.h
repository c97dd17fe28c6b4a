/*
 * CAdES as a signature format: attached files (.p7m) and detached ones (.p7s),
 * in DER, BER or PEM.  Detached content is collect_input.external with uri
 * NULL; without it the digests are CHECK_NOT_DONE.  `prepare` and `embed` are
 * NULL: a CMS file is not one insertion into the bytes that came in.
 */
#ifndef SIGND_CMS_FORMAT_H
#define SIGND_CMS_FORMAT_H

#include "format/format.h"

#define CMS_DOCUMENT_MAX (512 * 1024 * 1024) /* bytes, content included */

extern const struct format format_cms;

#endif
