/* CRLs: read, made an index, opened again; and bytes taken for an index. */
#include "certs/crl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask(const struct crl *crl)
{
	struct status_answer a = { 0 };
	(void)crl_this_update(crl);
	(void)crl_next_update(crl);
	(void)crl_count(crl);
	(void)crl_understood(crl);
	(void)crl_in_time(crl, 0, 1, &a);
	(void)crl_completes(crl, crl);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct err *(*const ways[])(
	    struct bytes, struct crl **) = { crl_parse, crl_open };
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct crl *crl = NULL;
		struct err *e = ways[i](bytes_of(data, size), &crl);
		if (e == NULL)
			ask(crl);
		err_free(e);
		crl_free(crl);
	}
	return 0;
}
