/* Any bytes as an OCSP request; what is read is answered as unknown. */
#include "certs/ocsp_make.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ocsp_request q;
	struct err *e = ocsp_request_parse(bytes_of(data, size), &q);
	/* What was read must lie inside what was given. */
	for (size_t i = 0; e == NULL && i < q.n; i++)
		if (q.v[i].serial.ptr < data ||
		    q.v[i].serial.ptr + q.v[i].serial.len > data + size)
			__builtin_trap();
	err_free(e);
	return 0;
}
