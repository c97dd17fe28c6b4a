/* Any text as the address of a token; what is made of its parts is read again
 * with the same key. */
#include <stdlib.h>

#include "pkcs11/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct p11_uri u = { 0 }, again = { 0 };
	CLEANUP(buf_done) struct buf made = BUF(8 * P11_URI_MAX);
	const char *text = NULL;
	if (buf_append(&made, in) == NULL && buf_cstr(&made, &text) == NULL)
		err_free(p11_uri_parse(text, &u));
	buf_clear(&made);
	/* As long as CK_TOKEN_INFO has it. */
	struct bytes label = bytes_slice(in, 0, 32);
	err_free(p11_uri_make(label, BYTES_NONE, buf_bytes(&u.id), &made));
	if (buf_cstr(&made, &text) == NULL) {
		struct err *e = p11_uri_parse(text, &again);
		if (e != NULL ||
		    !bytes_eq(buf_bytes(&u.id), buf_bytes(&again.id)))
			abort();
	}
	p11_uri_done(&u);
	p11_uri_done(&again);
	return 0;
}
