/* Any bytes as a message to or from a worker; a request that can be read can
 * be written. */
#include "worker/job.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct verify_request v;
	struct verify_hold *vh = NULL;
	struct prepare_request p;
	struct prepare_hold *ph = NULL;
	struct verify_answer a = { 0 };
	struct prepared prepared = { 0 };
	struct insertion i = { 0 };
	struct buf out = BUF(VERIFY_REQUEST_MAX);
	struct err *e = verify_request_unpack(in, &v, &vh);
	if (e == NULL && verify_request_pack(&v, &out) != NULL)
		abort();
	if (e == NULL)
		e = verify_request_attach(vh, &in, 1);
	err_free(e);
	err_free(prepare_request_unpack(in, &p, &ph));
	err_free(verify_answer_unpack(in, &a));
	err_free(prepared_unpack(in, &prepared));
	err_free(insertion_unpack(in, &i));
	verify_hold_free(vh);
	prepare_hold_free(ph);
	verify_answer_done(&a);
	prepared_done(&prepared);
	insertion_done(&i);
	buf_done(&out);
	return 0;
}
