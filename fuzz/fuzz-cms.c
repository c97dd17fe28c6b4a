/* Any bytes as a CMS file: facts come out, or an error. */
#include "cms/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct external content = { .data = bytes_of(data, size / 2) };
	struct collect_input in = { .document = bytes_of(data, size),
		.external = &content,
		.nexternal = 1 };
	struct facts facts = { 0 };
	(void)format_cms.detect(in.document);
	err_free(format_cms.collect(&in, &facts));
	facts_done(&facts);
	return 0;
}
