/* CRLs: parse, and ask about a certificate; also the CRLs of a path. */
#include "certs/crl.h"

#include <openssl/x509.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crl *crl = NULL;
	struct err *e = crl_parse(bytes_of(data, size), &crl);
	if (e == NULL) {
		STACK_OF(X509_REVOKED) *list =
		    X509_CRL_get_REVOKED(crl_x509(crl));
		for (int i = 0; i < sk_X509_REVOKED_num(list); i++) {
			struct status_answer a = { 0 };
			crl_read_entry(sk_X509_REVOKED_value(list, i), &a);
		}
		(void)crl_this_update(crl);
		(void)crl_next_update(crl);
		(void)crl_count(crl);
	}
	err_free(e);
	crl_free(crl);
	return 0;
}
