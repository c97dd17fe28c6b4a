/* Facts out of a process that a stranger may have talked round; what can be
 * read is written, and read, again the same. */
#include "format/facts_pack.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts f = { 0 }, again = { 0 };
	struct buf one = BUF(FACTS_PACKED_MAX), two = BUF(FACTS_PACKED_MAX);
	struct err *e = facts_unpack(bytes_of(data, size), &f);
	if (e == NULL) {
		if (facts_pack(&f, &one) != NULL ||
		    facts_unpack(buf_bytes(&one), &again) != NULL ||
		    facts_pack(&again, &two) != NULL || one.len != two.len)
			abort();
	}
	err_free(e);
	facts_done(&f);
	facts_done(&again);
	buf_done(&one);
	buf_done(&two);
	return 0;
}
