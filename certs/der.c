#include "certs/der.h"

#include "certs/ossl.h"

bool
der_is(struct bytes rest, uint8_t first)
{
	return rest.len > 0 && rest.ptr[0] == first;
}

struct err *
der_take(struct bytes *rest, uint8_t first, struct bytes *whole,
    struct bytes *content)
{
	if (rest->len > INT32_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", rest->len);
	if (!der_is(*rest, first))
		return err_new(ERR_MALFORMED, "X.690 8.1",
		    "no element 0x%02x where one belongs", first);
	const uint8_t *p = rest->ptr;
	long len = 0;
	int tag, class;
	int r = ASN1_get_object(&p, &len, &tag, &class, (long)rest->len);
	/* 0x80: an error; 0x01: indefinite length, which is no DER. */
	if ((r & 0x81) != 0 || len < 0)
		return err_ossl(ERR_MALFORMED, "the length of an element");
	size_t head = (size_t)(p - rest->ptr);
	if (whole != NULL)
		*whole = bytes_slice(*rest, 0, head + (size_t)len);
	if (content != NULL)
		*content = bytes_of(p, (size_t)len);
	*rest = bytes_from(*rest, head + (size_t)len);
	return NULL;
}
