#include "pkcs11/ck.h"

struct meaning {
	CK_RV rv;
	enum err_kind kind;
	const char *code; /* NULL: the default of the kind */
};

/* What is not here is a failure of the token. */
static const struct meaning meanings[] = {
	{ CKR_HOST_MEMORY, ERR_NOMEM, NULL },
	{ CKR_DEVICE_MEMORY, ERR_LIMIT, NULL },
	{ CKR_SESSION_COUNT, ERR_LIMIT, NULL },
	{ CKR_DATA_LEN_RANGE, ERR_USAGE, NULL },
	{ CKR_ARGUMENTS_BAD, ERR_INTERNAL, NULL },
	{ CKR_BUFFER_TOO_SMALL, ERR_INTERNAL, NULL },
	{ CKR_ATTRIBUTE_READ_ONLY, ERR_UNSUPPORTED, NULL },
	{ CKR_ATTRIBUTE_TYPE_INVALID, ERR_UNSUPPORTED, NULL },
	{ CKR_ATTRIBUTE_VALUE_INVALID, ERR_UNSUPPORTED, NULL },
	{ CKR_TEMPLATE_INCOMPLETE, ERR_UNSUPPORTED, NULL },
	{ CKR_TEMPLATE_INCONSISTENT, ERR_UNSUPPORTED, NULL },
	{ CKR_MECHANISM_INVALID, ERR_UNSUPPORTED, NULL },
	{ CKR_MECHANISM_PARAM_INVALID, ERR_UNSUPPORTED, NULL },
	{ CKR_FUNCTION_NOT_SUPPORTED, ERR_UNSUPPORTED, NULL },
	{ CKR_KEY_FUNCTION_NOT_PERMITTED, ERR_DENIED, NULL },
	{ CKR_KEY_UNEXTRACTABLE, ERR_DENIED, NULL },
	{ CKR_KEY_NOT_WRAPPABLE, ERR_DENIED, NULL },
	{ CKR_ACTION_PROHIBITED, ERR_DENIED, NULL },
	{ CKR_ATTRIBUTE_SENSITIVE, ERR_DENIED, NULL },
	{ CKR_PIN_INCORRECT, ERR_DENIED, "token-pin" },
	{ CKR_PIN_LOCKED, ERR_DENIED, "token-pin-locked" },
	{ CKR_FUNCTION_CANCELED, ERR_DENIED, "token-pin-cancelled" },
	{ CKR_CANCEL, ERR_DENIED, "token-pin-cancelled" },
	{ CKR_TOKEN_WRITE_PROTECTED, ERR_DENIED, "token-read-only" },
	{ CKR_SESSION_READ_ONLY, ERR_DENIED, "token-read-only" },
	{ CKR_KEY_SIZE_RANGE, ERR_UNSUPPORTED, NULL },
	{ CKR_CURVE_NOT_SUPPORTED, ERR_UNSUPPORTED, NULL },
	{ CKR_PIN_EXPIRED, ERR_DENIED, "token-pin" },
	{ CKR_PIN_INVALID, ERR_DENIED, "token-pin" },
	{ CKR_PIN_LEN_RANGE, ERR_DENIED, "token-pin" },
	{ CKR_USER_PIN_NOT_INITIALIZED, ERR_DENIED, "token-pin" },
};

struct err *
err_ck_at(const char *file, int line, CK_RV rv, const char *what)
{
	struct meaning m = { .kind = ERR_REMOTE, .code = "token-unavailable" };
	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (meanings[i].rv == rv)
			m = meanings[i];
	struct err *e = err_new_at(file, line, m.kind, NULL, "%s: CK_RV 0x%lx",
	    what, (unsigned long)rv);
	return m.code == NULL ? e : err_coded(e, m.code);
}
