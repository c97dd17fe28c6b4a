/* Any bytes as a certification request. */
#include "certs/csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csr c;
	err_free(csr_read(bytes_of(data, size), &c));
	csr_done(&c);
	return 0;
}
