/*
 * Any bytes as a PDF: each revision is compared with the next one.  Unlike
 * fuzz-pdf-verify it needs no signature, so small changes get far.
 */
#include "pdf/diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pdf_document *d = NULL;
	struct err *e = pdf_open(bytes_of(data, size), BYTES_NONE, &d);
	for (size_t i = 1; e == NULL && i < pdf_views(d) && i < 8; i++) {
		struct pdf_diff diff = { .level = CHANGE_NONE };
		e = pdf_diff(d, i, i + 1, &diff);
		pdf_diff_done(&diff);
	}
	err_free(e);
	pdf_close(d);
	return 0;
}
