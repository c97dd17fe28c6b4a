/* A Transform and, behind a 0 byte, a Relationships part: octets, or an error. */
#include "xml/format.h"
#include "xml/relations.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	struct bytes all = bytes_of(data, size);
	size_t cut = bytes_find(all, bytes_of("", 1));
	struct xml_work work = XML_WORK;
	CLEANUP(buf_done) struct buf out = BUF(XML_DOC_MAX);
	CLEANUP(xml_doc_freep) struct xml_doc *transform = NULL;
	if (!started)
		err_free(xml_start());
	started = true;
	struct err *e = xml_doc_parse(bytes_slice(all, 0, cut), &transform);
	if (e == NULL && cut < size)
		e = relations_transform(bytes_from(all, cut + 1),
		    xml_doc_root(transform), &work, &out);
	err_free(e);
	return 0;
}
