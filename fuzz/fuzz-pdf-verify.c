/* Any bytes as a signed PDF: facts come out, or an error. */
#include "pdf/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts facts = { .nsignatures = 0 };
	struct collect_input in = { .document = bytes_of(data, size) };
	err_free(pdf_collect(&in, &facts));
	facts_done(&facts);
	return 0;
}
