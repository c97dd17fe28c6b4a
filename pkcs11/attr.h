/* Inside the room: templates. */
#ifndef SIGND_PKCS11_ATTR_H
#define SIGND_PKCS11_ATTR_H

#include "pkcs11/session.h"

/* The interface of Cryptoki has no const, but only reads these. */
#define ATTR(type, value)                                                      \
	{                                                                      \
		(type), (void *)(uintptr_t) & (value), sizeof(value)           \
	}
#define ATTR_BYTES(type, b)                                                    \
	{                                                                      \
		(type), (void *)(uintptr_t)(b).ptr, (b).len                    \
	}

static const CK_BBOOL yes = CK_TRUE;
static const CK_BBOOL no = CK_FALSE;

/* One attribute of an object, and what it must be. */
struct p11_wanted {
	CK_ATTRIBUTE_TYPE type;
	CK_BBOOL value;
	const char *name;
};

/* ERR_DENIED code "token-key-weak": one is another. */
struct err *p11_check_flags(const struct p11_session *s, CK_OBJECT_HANDLE key,
    const struct p11_wanted *wanted, size_t count) MUST_USE;

#endif
