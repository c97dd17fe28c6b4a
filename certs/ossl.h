/* The adapter to OpenSSL's errors: asks the library what really happened. */
#ifndef SIGND_CERTS_OSSL_H
#define SIGND_CERTS_OSSL_H

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/base.h"
#include "certs/alg.h"

/*
 * err_ossl makes an error of `kind` out of OpenSSL's queue, which it empties.
 * Out of memory stays ERR_NOMEM whatever `kind` says.
 */
#define err_ossl(kind, what) err_ossl_at(__FILE__, __LINE__, (kind), (what))
struct err *err_ossl_at(
    const char *file, int line, enum err_kind kind, const char *what) MUST_USE;

/* ossl_begin empties OpenSSL's queue of what an earlier call left in it. */
void ossl_begin(void);
/* ossl_forget empties the queue where a failure is an answer and no error.
 * ERR_NOMEM: memory ran out, so it was none. */
struct err *ossl_forget(void) MUST_USE;

DEFINE_FREEP(EVP_PKEY_free, EVP_PKEY)
DEFINE_FREEP(EVP_PKEY_CTX_free, EVP_PKEY_CTX)
DEFINE_FREEP(EVP_MD_CTX_free, EVP_MD_CTX)
DEFINE_FREEP(X509_free, X509)
DEFINE_FREEP(X509_CRL_free, X509_CRL)
DEFINE_FREEP(X509_NAME_free, X509_NAME)
DEFINE_FREEP(BIO_free_all, BIO)
DEFINE_FREEP(BN_free, BIGNUM)
DEFINE_FREEP(ASN1_OBJECT_free, ASN1_OBJECT)
DEFINE_FREEP(ASN1_TYPE_free, ASN1_TYPE)
DEFINE_FREEP(ASN1_STRING_free, ASN1_STRING)
DEFINE_FREEP(ASN1_INTEGER_free, ASN1_INTEGER)
DEFINE_FREEP(ASN1_TIME_free, ASN1_TIME)
DEFINE_FREEP(EVP_MD_free, EVP_MD)
DEFINE_FREEP(X509_ALGOR_free, X509_ALGOR)
DEFINE_FREEP(X509_PUBKEY_free, X509_PUBKEY)
DEFINE_FREEP(X509_EXTENSION_free, X509_EXTENSION)

/* CLEANUP(ossl_freep) uint8_t *der = NULL, as i2d functions allocate. */
__attribute__((unused)) static inline void
ossl_freep(uint8_t **p)
{
	OPENSSL_free(*p);
}

/* As sig_alg_parse and sig_alg_encode, on what OpenSSL has parsed already. */
struct err *sig_alg_of_algor(const X509_ALGOR *a, struct sig_alg *out) MUST_USE;
struct err *sig_alg_to_algor(struct sig_alg alg, X509_ALGOR *a) MUST_USE;

/* OpenSSL's own digest for ours; the caller frees it with EVP_MD_free(). */
struct err *digest_md(enum digest_alg alg, EVP_MD **out) MUST_USE;

/* key_verify checks `sig` over `digest`, or over `message` where the form wants
 * the message itself (EdDSA); see cert_verify_digest in cert.h. */
struct err *key_verify_digest(EVP_PKEY *key, struct sig_alg alg,
    struct bytes digest, struct bytes sig, bool *ok) MUST_USE;
struct err *key_verify(EVP_PKEY *key, struct sig_alg alg, struct bytes message,
    struct bytes sig, bool *ok) MUST_USE;
enum key_alg key_alg_of(const EVP_PKEY *key);
/* What such a key signs with by default; form is SIG_NONE for EdDSA, DSA. */
struct sig_alg key_default_alg(const EVP_PKEY *key);

/* oid_text writes the dotted form; "" where it does not fit. */
void oid_text(const ASN1_OBJECT *o, char *out, size_t size);
#define OID_TEXT_MAX 128

/* time_of_asn1: UTCTime or GeneralizedTime in the strict DER form. */
struct err *time_of_asn1(const ASN1_TIME *t, int64_t *out) MUST_USE;

#endif
