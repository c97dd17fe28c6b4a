/* Any bytes as what a time-stamp authority sends or gets. */
#include "cms/tsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct bytes token = in;
	struct tsq q = { 0 };
	CLEANUP(tst_freep) struct tst *t = NULL;
	err_free(tsr_token(in, &token));
	err_free(tsq_parse(in, &q));
	err_free(tst_parse(token, &t));
	if (t == NULL)
		return 0;
	struct timestamp_fact f = { 0 };
	struct cert_list pool = { 0 };
	err_free(tst_check(t, tst_imprint(t), NULL, &pool, &f));
	(void)tsq_answered(&q, t);
	cert_free(f.tsa);
	cert_list_done(&pool);
	return 0;
}
