/* Any text as the hashes of a content that is not sent. */
#include "signd/front-hashes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hashes h = { .given = false };
	char *text = NULL;
	struct err *e = bytes_dup_str(bytes_of(data, size), &text);
	if (e == NULL)
		e = hashes_read(text, &h);
	if (e == NULL && !h.given)
		abort();
	err_free(e);
	free(text);
	return 0;
}
