/* What a signed PDF says, and what happened to it afterwards: facts only. */
#ifndef SIGND_PDF_VERIFY_H
#define SIGND_PDF_VERIFY_H

#include "format/format.h"

/* As struct format's collect. */
struct err *pdf_collect(
    const struct collect_input *in, struct facts *out) MUST_USE;

#endif
