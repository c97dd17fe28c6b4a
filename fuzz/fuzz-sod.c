/* Any bytes as EF.SOD and as a master list: an answer, or an error, but never
 * an authentic chip, as nobody is trusted. */
#include "identity/masterlist.h"
#include "identity/sod.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	const struct data_group group = { 1 + (int)(size % DATA_GROUPS), in };
	struct cert_list certs = { 0 };
	struct masterlist_result list = { 0 };
	struct sod_verdict v;
	CLEANUP(sod_freep) struct sod *s = NULL;
	err_free(masterlist_read(in, NULL, 0, &certs, &list));
	err_free(sod_parse(in, &s));
	const struct sod_request r = { .groups = &group, .ngroups = 1 };
	if (s == NULL)
		return 0;
	struct err *e = sod_verify(s, &r, &v);
	if (e == NULL && (v.state == CHIP_AUTHENTIC || v.all_fit))
		abort();
	if (e == NULL)
		sod_verdict_done(&v);
	err_free(e);
	return 0;
}
