/* Code points of simple fonts' codes and of glyph names. */
#ifndef SIGND_PDF_GLYPH_NAMES_H
#define SIGND_PDF_GLYPH_NAMES_H

#include "base/base.h"

/* WinAnsiEncoding (ISO 32000-2 annex D.2); the other encodings have the same
 * for what ASCII has.  0: nothing. */
uint32_t pdf_latin(uint32_t code);
/* "eacute", "ohornhookabove", "uni1EBF": at most 4 code points, 0: not known.
 * Marks follow their letter as combining ones. */
size_t pdf_glyph_name(struct bytes name, uint32_t out[4]);

#endif
