/* Sealed blobs, as a damaged database would give them. */
#include <stdlib.h>

#include "pkcs11/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sealed s;
	struct err *e = sealed_parse(bytes_of(data, size), &s);
	if (e == NULL &&
	    (s.memory_kib < SEAL_MEMORY_MIN || s.passes < SEAL_PASSES_MIN ||
		s.memory_kib > SEAL_MEMORY_MAX))
		abort();
	const struct seal_owner owner = { .credential = BYTES_LIT("c") };
	static const uint8_t key[SEAL_KEY];
	CLEANUP(secret_done) struct secret wrapped = { 0 };
	bool ok = false;
	if (e == NULL)
		e = seal_open(
		    &s, &owner, bytes_of(key, sizeof(key)), &wrapped, &ok);
	err_free(e);
	return 0;
}
