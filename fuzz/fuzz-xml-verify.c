/* Any bytes as an XML document with signatures: facts, or an error. */
#include "xml/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	struct external file = { .data = bytes_of(data, size / 2) };
	struct collect_input in = { .document = bytes_of(data, size),
		.external = &file,
		.nexternal = 1 };
	struct facts facts = { 0 };
	if (!started)
		err_free(xml_start());
	started = true;
	(void)format_xml.detect(in.document);
	err_free(format_xml.collect(&in, &facts));
	facts_done(&facts);
	return 0;
}
