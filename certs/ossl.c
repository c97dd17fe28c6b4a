#include "certs/ossl.h"

#include <openssl/err.h>

struct err *
err_ossl_at(const char *file, int line, enum err_kind kind, const char *what)
{
	/* The first error is the cause, but memory may run out at any depth. */
	unsigned long first = ERR_peek_error();
	bool nomem = false;
	for (unsigned long e = first; e != 0; e = ERR_get_error())
		nomem |= ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
	ERR_clear_error();
	if (nomem)
		return err_new_at(file, line, ERR_NOMEM, NULL, "%s", what);

	const char *reason = first == 0 ? NULL : ERR_reason_error_string(first);
	return err_new_at(file, line, kind, NULL, "%s: %s", what,
	    reason == NULL ? "no reason given" : reason);
}

void
ossl_begin(void)
{
	ERR_clear_error();
}

struct err *
ossl_forget(void)
{
	if (ERR_peek_error() == 0)
		return NULL;
	struct err *e = err_ossl(ERR_MALFORMED, "OpenSSL");
	if (err_kind(e) == ERR_NOMEM)
		return e;
	err_free(e);
	return NULL;
}
