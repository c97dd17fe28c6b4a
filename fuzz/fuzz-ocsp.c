/* OCSP answers: parse, then ask each certificate inside about the first. */
#include "certs/ocsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ocsp_answer *a = NULL;
	struct err *e = ocsp_parse(bytes_of(data, size), &a);
	for (size_t i = 0; e == NULL && i < ocsp_certs(a)->n && i < 4; i++) {
		struct cert *c = ocsp_certs(a)->v[i];
		struct status_answer s;
		bool ok;
		err_free(ocsp_signed_for(a, c, NULL, cert_not_before(c), &ok));
		err_free(ocsp_covers(a, c, &ok));
		err_free(ocsp_status(a, ocsp_certs(a)->v[0], c, NULL,
		    ocsp_produced_at(a), 0, &s));
	}
	err_free(e);
	ocsp_free(a);
	return 0;
}
