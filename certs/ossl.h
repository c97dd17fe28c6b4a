/* The adapter to OpenSSL's errors: asks the library what really happened. */
#ifndef SIGND_CERTS_OSSL_H
#define SIGND_CERTS_OSSL_H

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/base.h"

/*
 * err_ossl makes an error of `kind` out of OpenSSL's queue, which it empties.
 * Out of memory stays ERR_NOMEM whatever `kind` says.
 */
#define err_ossl(kind, what) err_ossl_at(__FILE__, __LINE__, (kind), (what))
struct err *err_ossl_at(const char *file, int line, enum err_kind kind,
    const char *what) MUST_USE;

DEFINE_FREEP(EVP_PKEY_free, EVP_PKEY)
DEFINE_FREEP(EVP_PKEY_CTX_free, EVP_PKEY_CTX)
DEFINE_FREEP(EVP_MD_CTX_free, EVP_MD_CTX)
DEFINE_FREEP(X509_free, X509)
DEFINE_FREEP(X509_CRL_free, X509_CRL)
DEFINE_FREEP(X509_NAME_free, X509_NAME)
DEFINE_FREEP(BIO_free_all, BIO)
DEFINE_FREEP(BN_free, BIGNUM)
DEFINE_FREEP(ASN1_OBJECT_free, ASN1_OBJECT)

#endif
