/*
 * CAdES as a signature format: attached files (.p7m) and detached ones (.p7s),
 * in DER, BER or PEM.  Detached content is collect_input.external with uri
 * NULL; without it the digests are CHECK_NOT_DONE.
 *
 * Signing any file: attached, the document stays where it is and gets a head
 * and a tail; detached, the one insertion takes the place of the whole
 * document.  A file that is a SignedData gets another signer (cms/params.h).
 */
#ifndef SIGND_CMS_FORMAT_H
#define SIGND_CMS_FORMAT_H

#include "format/format.h"

#define CMS_DOCUMENT_MAX                                                       \
	((size_t)4 * 1024 * 1024 * 1024) /* bytes, content included */

extern const struct format format_cms;

#endif
