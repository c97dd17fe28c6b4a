/* Any bytes as a machine-readable zone and as the data groups that are read. */
#include "identity/aa.h"
#include "identity/dg13.h"
#include "identity/mrz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct mrz m = { 0 };
	struct dg11 dg11 = { 0 };
	struct dg12 dg12 = { 0 };
	struct dg13 dg13 = { 0 };
	enum digest_alg alg;
	EVP_PKEY *key = NULL;
	char day[DATE_SIZE];
	err_free(mrz_parse(in, &m));
	err_free(dg1_parse(in, &m));
	err_free(mrz_birth(&m, 0, day));
	err_free(mrz_expiry(&m, day));
	err_free(dg11_parse(in, &dg11));
	err_free(dg12_parse(in, &dg12));
	err_free(dg13_parse(in, &dg13));
	err_free(aa_digest(in, &alg));
	err_free(aa_key(in, &key));
	dg11_done(&dg11);
	dg12_done(&dg12);
	dg13_done(&dg13);
	EVP_PKEY_free(key);
	return 0;
}
