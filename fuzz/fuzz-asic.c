/* Any bytes as a signed container: facts come out, or an error. */
#include "asic/format.h"
#include "xml/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	const struct collect_input in = { .document = bytes_of(data, size) };
	struct facts facts = { 0 };
	if (!started)
		err_free(xml_start());
	started = true;
	(void)format_asic.detect(in.document);
	err_free(format_asic.collect(&in, &facts));
	facts_done(&facts);
	return 0;
}
