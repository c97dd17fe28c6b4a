#include "pkcs11/lean.h"

#include <pthread.h>
#include <stdbool.h>

#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

/* Made once, and kept as long as the process: threads may use them at any
 * moment. */
static OSSL_PROVIDER *whole; /* OpenSSL's default one */
static OSSL_LIB_CTX *lean;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* What a key is unwrapped with, and no more: neither decoders nor what manages
 * keys, which would be looked through in vain. */
static const OSSL_ALGORITHM *
query(void *ctx, int operation, int *no_cache)
{
	(void)ctx;
	switch (operation) {
	case OSSL_OP_DIGEST:
	case OSSL_OP_CIPHER:
	case OSSL_OP_MAC:
	case OSSL_OP_KDF:
	case OSSL_OP_RAND:
		return OSSL_PROVIDER_query_operation(
		    whole, operation, no_cache);
	default:
		*no_cache = 0;
		return NULL;
	}
}

static const OSSL_DISPATCH functions[] = {
	{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query },
	{ 0, NULL },
};

/* Its algorithms are the default one's, and so is what they call their own. */
static int
start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **ctx)
{
	(void)handle;
	(void)in;
	*out = functions;
	*ctx = OSSL_PROVIDER_get0_provider_ctx(whole);
	return 1;
}

/* Whether this OpenSSL reads a key without decoders at all. */
static bool
reads_keys(OSSL_LIB_CTX *c)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	PKCS8_PRIV_KEY_INFO *packed = key == NULL ? NULL : EVP_PKEY2PKCS8(key);
	OSSL_LIB_CTX *before = OSSL_LIB_CTX_set0_default(c);
	EVP_PKEY *again = packed == NULL ? NULL : EVP_PKCS82PKEY(packed);
	OSSL_LIB_CTX_set0_default(before);
	bool ok = again != NULL && EVP_PKEY_eq(key, again) == 1;
	EVP_PKEY_free(again);
	PKCS8_PRIV_KEY_INFO_free(packed);
	EVP_PKEY_free(key);
	return ok;
}

static void
make(void)
{
	ERR_set_mark();
	OSSL_LIB_CTX *c = OSSL_LIB_CTX_new();
	whole = OSSL_PROVIDER_load(NULL, "default");
	if (c != NULL && whole != NULL &&
	    OSSL_PROVIDER_add_builtin(c, "lean", start) == 1 &&
	    OSSL_PROVIDER_load(c, "lean") != NULL && reads_keys(c))
		lean = c;
	else
		OSSL_LIB_CTX_free(c);
	ERR_pop_to_mark();
}

OSSL_LIB_CTX *
lean_enter(void)
{
	pthread_once(&once, make);
	if (lean == NULL)
		return NULL;
	ERR_set_mark();
	return OSSL_LIB_CTX_set0_default(lean);
}

void
lean_leave(OSSL_LIB_CTX *before)
{
	if (before == NULL)
		return;
	OSSL_LIB_CTX_set0_default(before);
	ERR_pop_to_mark();
}
