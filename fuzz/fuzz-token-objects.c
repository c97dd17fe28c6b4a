/* A token that says anything whatever of its objects: how many there are, how
 * long each attribute is, and what is in it. */
#include <string.h>

#include "pkcs11/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes left;

static CK_ULONG
next(size_t bytes)
{
	CK_ULONG v = 0;
	for (size_t i = 0; i < bytes && left.len > 0; i++) {
		v = v << 8 | left.ptr[0];
		left = bytes_from(left, 1);
	}
	return v;
}

static CK_RV
begin(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n)
{
	return (void)s, (void)t, (void)n, CKR_OK;
}

static CK_RV
give(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *out, CK_ULONG max, CK_ULONG *n)
{
	(void)s;
	*n = next(1) % 80;
	for (CK_ULONG i = 0; i < *n && i < max; i++)
		out[i] = i;
	return CKR_OK;
}

static CK_RV
end(CK_SESSION_HANDLE s)
{
	return (void)s, CKR_OK;
}

static CK_RV
get(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *a, CK_ULONG n)
{
	(void)s, (void)o, (void)n;
	CK_ULONG room = a->ulValueLen;
	CK_ULONG kind = next(1);
	a->ulValueLen = kind == 0   ? CK_UNAVAILABLE_INFORMATION
			: kind == 1 ? next(8)
				    : next(2);
	if (kind == 2)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	for (CK_ULONG i = 0; a->pValue != NULL && i < room && i < a->ulValueLen;
	     i++)
		((uint8_t *)a->pValue)[i] = (uint8_t)next(1);
	return kind == 3 ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CK_FUNCTION_LIST f = { .C_FindObjectsInit = begin,
		.C_FindObjects = give,
		.C_FindObjectsFinal = end,
		.C_GetAttributeValue = get };
	const struct p11_session s = { .f = &f };
	struct p11_identities l = { 0 };
	left = bytes_of(data, size);
	err_free(p11_identities_read(&s, &l));
	p11_identities_done(&l);
	return 0;
}
