/*
 * OpenSSL for a software token that reads keys by it.
 *
 * To read one PKCS#8 key, OpenSSL 3.0 collects all decoders of all its
 * providers, with some thousands of locks: 0.4 ms of the 0.5 that a module like
 * SoftHSM takes to unwrap a key, sign and destroy it.  Where there are no
 * decoders it reads the key directly, as older versions did, in 0.02 ms.  So a
 * thread can lend the module a library context whose one provider is the
 * default one without decoders: ciphers, digests and random numbers are the
 * same code.
 */
#ifndef SIGND_PKCS11_LEAN_H
#define SIGND_PKCS11_LEAN_H

#include <openssl/crypto.h>

/* lean_enter makes it what OpenSSL uses in this thread, and says what was
 * before; NULL: it could not be made, and nothing is changed. */
OSSL_LIB_CTX *lean_enter(void);
/* Back to that; forgets what OpenSSL put into its queue of errors meanwhile. */
void lean_leave(OSSL_LIB_CTX *before);

#endif
