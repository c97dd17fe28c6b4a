/*
 * X.509 certificates (RFC 5280): parsed once, shared by reference count,
 * never changed.
 */
#ifndef SIGND_CERTS_CERT_H
#define SIGND_CERTS_CERT_H

#include <openssl/x509.h>

#include "certs/alg.h"
#include "base/base.h"

#define CERT_MAX (64 * 1024) /* bytes of DER; real ones are 1 to 3 KB */
#define CERT_LIST_MAX 4096   /* certificates in a pool */

struct cert;

/*
 * cert_parse reads one DER certificate, and nothing after it, into `*out`,
 * which the caller frees with cert_free().  `der` is not kept.
 *
 * ERR_MALFORMED: not a certificate, or bytes follow it.
 * ERR_UNSUPPORTED: its public key is of a kind we cannot read.
 * ERR_LIMIT: longer than CERT_MAX bytes.
 * RFC 5280 4.1.
 */
struct err *cert_parse(struct bytes der, struct cert **out) MUST_USE;
/* cert_parse_known does the same, and gives one that this process has parsed
 * before again.  From any thread. */
struct err *cert_parse_known(struct bytes der, struct cert **out) MUST_USE;
/*
 * cert_parse_trusted reads one with OpenSSL's trust settings behind it, as
 * in a PEM block TRUSTED CERTIFICATE: purposes that an operator trusts it for,
 * or not.  They count where it is an anchor (certs/path.h), and only there.
 */
struct err *cert_parse_trusted(struct bytes der, struct cert **out) MUST_USE;
struct cert *cert_ref(struct cert *c); /* one more owner; returns c */
void cert_free(struct cert *c);
DEFINE_FREEP(cert_free, struct cert)

/* All that is returned belongs to the certificate. */
struct bytes cert_der(const struct cert *c);
X509 *cert_x509(const struct cert *c);
EVP_PKEY *cert_key(const struct cert *c);
enum key_alg cert_key_alg(const struct cert *c);
int cert_key_bits(const struct cert *c);
const char *cert_curve(const struct cert *c);   /* "P-256"; NULL: no EC key */
struct bytes cert_serial(const struct cert *c); /* big endian, no sign byte */
/* Whether the content of an INTEGER is its serial number, which may be negative
 * (RFC 5280 4.1.2.2).  Leading sign bytes are passed over, and of a positive
 * number a missing one: signers write both. */
bool cert_has_serial(const struct cert *c, struct bytes content);
int64_t cert_not_before(const struct cert *c);  /* seconds */
int64_t cert_not_after(const struct cert *c);
struct bytes cert_subject_der(const struct cert *c);
struct bytes cert_issuer_der(const struct cert *c);
const char *cert_subject(const struct cert *c); /* RFC 4514, UTF-8 */
const char *cert_issuer(const struct cert *c);
/* Common name in UTF-8; falls back on the organisation, then the subject. */
const char *cert_common_name(const struct cert *c);
const char *cert_issuer_common_name(const struct cert *c);
bool cert_has_trust(const struct cert *c); /* settings of that sort */
/* The certificate with them, as cert_parse_trusted reads it; without them the
 * same as cert_der. */
struct err *cert_trusted_der(const struct cert *c, struct buf *out) MUST_USE;
bool cert_is_ca(const struct cert *c);
bool cert_is_self_issued(const struct cert *c);
bool cert_has_key_usage(const struct cert *c);
/* Bits as X509_get_key_usage gives them (KU_DIGITAL_SIGNATURE ...). */
uint32_t cert_key_usage(const struct cert *c);
bool cert_eq(const struct cert *a, const struct cert *b);
/* SHA-256 over the DER. */
void cert_fingerprint(const struct cert *c, uint8_t out[32]);

/*
 * cert_verify checks `sig` over `digest` (already hashed with alg.digest)
 * under the certificate's key.  *ok says whether it is right: a wrong
 * signature is not an error.  ECDSA values are DER here (see sig_from_raw).
 */
struct err *cert_verify_digest(const struct cert *c, struct sig_alg alg,
    struct bytes digest, struct bytes sig, bool *ok) MUST_USE;
/* From then on faster, for a key that looks at what it signs (certs/often.h),
 * once the table is made; before the certificate is known to other threads. */
struct err *cert_verifies_often(struct cert *c) MUST_USE;
/* The same over the message itself (needed for EdDSA). */
struct err *cert_verify(const struct cert *c, struct sig_alg alg,
    struct bytes message, struct bytes sig, bool *ok) MUST_USE;

/* Whether the extended key usage names this dotted OID. */
bool cert_has_eku(const struct cert *c, const char *oid);

/* ECDSA signatures: r || s (PKCS#11, XML) to DER (CMS) and back.  `bits` is
 * the size of the curve's order. */
struct err *ecdsa_raw_to_der(struct bytes raw, struct buf *out) MUST_USE;
struct err *ecdsa_der_to_raw(
    struct bytes der, int bits, struct buf *out) MUST_USE;

/* A pool or chain of certificates; each entry is owned. */
struct cert_list {
	struct cert **v;
	size_t n;
};

/* cert_list_add takes one more reference; the same bytes are added once.
 * ERR_LIMIT beyond CERT_LIST_MAX. */
struct err *cert_list_add(struct cert_list *l, struct cert *c) MUST_USE;
struct err *cert_list_add_der(struct cert_list *l, struct bytes der) MUST_USE;
/* cert_list_read adds what a file holds: PEM blocks, one DER certificate, or a
 * PKCS#7 bundle.  ERR_MALFORMED: none of these, or no certificate in it. */
struct err *cert_list_read(struct cert_list *l, struct bytes file) MUST_USE;
/* cert_list_read_pool: the same for certificates that may help and need not.
 * Those whose key is of a kind that we cannot read (a new algorithm in a bundle
 * of old ones) are passed over and counted into *passed; never use it where the
 * first is somebody's own. */
struct err *cert_list_read_pool(
    struct cert_list *l, struct bytes file, size_t *passed) MUST_USE;
void cert_list_done(struct cert_list *l);

#endif
