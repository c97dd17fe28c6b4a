#include "pkcs11/objects.h"

#define BLOCK 64 /* handles asked for at once */

static struct err *
collect(const struct p11_session *s, struct p11_objects *out)
{
	for (;;) {
		CK_OBJECT_HANDLE found[BLOCK];
		CK_ULONG n = 0;
		TRY_CK(s->f->C_FindObjects(s->handle, found, BLOCK, &n),
		    "C_FindObjects");
		if (n == 0)
			return NULL;
		if (n > BLOCK)
			return err_new(ERR_REMOTE, NULL,
			    "C_FindObjects says it wrote %lu handles", n);
		if (out->n + n > P11_OBJECTS_MAX)
			return err_new(ERR_LIMIT, NULL,
			    "more than %d objects of a class", P11_OBJECTS_MAX);
		for (CK_ULONG i = 0; i < n; i++)
			out->v[out->n++] = found[i];
	}
}

struct err *
p11_objects_find(const struct p11_session *s, CK_OBJECT_CLASS class,
    struct bytes id, struct p11_objects *out)
{
	CK_BBOOL yes = CK_TRUE;
	/* The interface has no const, but only reads these. */
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_ID, (void *)(uintptr_t)id.ptr, id.len },
	};
	out->n = 0;
	TRY_CK(
	    s->f->C_FindObjectsInit(s->handle, template, id.len == 0 ? 2 : 3),
	    "C_FindObjectsInit");
	struct err *e = collect(s, out);
	s->f->C_FindObjectsFinal(s->handle);
	return e;
}

/* No such attribute, or none that is shown: an answer, not an error. */
static bool
means_none(CK_RV rv)
{
	return rv == CKR_ATTRIBUTE_TYPE_INVALID ||
	       rv == CKR_ATTRIBUTE_SENSITIVE;
}

struct err *
p11_attribute(const struct p11_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, struct buf *out, bool *there)
{
	*there = false;
	CK_ATTRIBUTE a = { type, NULL, 0 };
	CK_RV rv = s->f->C_GetAttributeValue(s->handle, object, &a, 1);
	if (means_none(rv))
		return NULL;
	TRY_CK(rv, "C_GetAttributeValue");
	size_t len = a.ulValueLen;
	if (len == 0 || len == CK_UNAVAILABLE_INFORMATION ||
	    len > out->max - out->len)
		return NULL;
	size_t begin = out->len;
	TRY(buf_fill(out, 0, len));
	a.pValue = out->ptr + begin;
	rv = s->f->C_GetAttributeValue(s->handle, object, &a, 1);
	/* It may have grown shorter meanwhile, and never longer. */
	out->len =
	    begin + (rv == CKR_OK && a.ulValueLen <= len ? a.ulValueLen : 0);
	*there = out->len > begin;
	if (rv == CKR_OK || means_none(rv))
		return NULL;
	return err_ck(rv, "C_GetAttributeValue");
}

static struct err *
fixed(const struct p11_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, void *value, size_t len, bool *there)
{
	CK_ATTRIBUTE a = { type, value, len };
	CK_RV rv = s->f->C_GetAttributeValue(s->handle, object, &a, 1);
	*there = rv == CKR_OK && a.ulValueLen == len;
	if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL || means_none(rv))
		return NULL;
	return err_ck(rv, "C_GetAttributeValue");
}

struct err *
p11_attribute_ulong(const struct p11_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, CK_ULONG *out)
{
	CK_ULONG value = 0;
	bool there;
	TRY(fixed(s, object, type, &value, sizeof(value), &there));
	if (there)
		*out = value;
	return NULL;
}

struct err *
p11_attribute_flag(const struct p11_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, bool *out)
{
	CK_BBOOL value = CK_FALSE;
	bool there;
	TRY(fixed(s, object, type, &value, sizeof(value), &there));
	if (there)
		*out = value != CK_FALSE;
	return NULL;
}
