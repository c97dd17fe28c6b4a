/* PAdES as a signature format. */
#ifndef SIGND_PDF_FORMAT_H
#define SIGND_PDF_FORMAT_H

#include "format/format.h"

extern const struct format format_pdf;

#endif
