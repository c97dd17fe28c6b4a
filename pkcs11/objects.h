/* Objects of a token and their attributes, with limits: what a token says is
 * a stranger's text. */
#ifndef SIGND_PKCS11_OBJECTS_H
#define SIGND_PKCS11_OBJECTS_H

#include "pkcs11/session.h"

#define P11_OBJECTS_MAX 1024 /* of one class that are looked at */

struct p11_objects {
	CK_OBJECT_HANDLE v[P11_OBJECTS_MAX];
	size_t n;
};

/* p11_objects_find finds the permanent objects of a class, with that CKA_ID if
 * `id` is not empty.  ERR_LIMIT: more than P11_OBJECTS_MAX. */
struct err *p11_objects_find(const struct p11_session *s, CK_OBJECT_CLASS class,
    struct bytes id, struct p11_objects *out) MUST_USE;

/* p11_attribute appends an attribute's value to `out`, whose maximum is the
 * limit.  *there is false, and nothing appended, when the object has none or
 * does not show it, or when it is longer. */
struct err *p11_attribute(const struct p11_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, struct buf *out, bool *there) MUST_USE;

/* An attribute that is a number or a flag; *out is untouched when the object
 * has none, or one of another size. */
struct err *p11_attribute_ulong(const struct p11_session *s,
    CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_ULONG *out) MUST_USE;
struct err *p11_attribute_flag(const struct p11_session *s,
    CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool *out) MUST_USE;

#endif
