#include "cms/cms.h"

#include "certs/ossl.h"
#include "cms/ber.h"
#include "cms/oid.h"

#define ATTRIBUTES_MAX 2048 /* bytes; they take about 200 */
#define SIGNATURE_MAX 2048  /* bytes: RSA of 16384 bits */
/* Tags, lengths, versions and algorithm names around the large parts. */
#define FRAME_MAX 512

/* RFC 8419 3.1: with Ed25519 the content is hashed with SHA-512. */
static enum digest_alg
content_alg(struct sig_alg alg)
{
	return alg.form == SIG_EDDSA ? DIGEST_SHA512 : alg.digest;
}

static struct err *
check_request(const struct cms_request *r)
{
	if (cert_key_alg(r->cert) == KEY_ED448)
		return err_new(ERR_UNSUPPORTED, "RFC 8419 3.1",
		    "Ed448 wants SHAKE256 for the content");
	size_t len = digest_len(content_alg(r->alg));
	if (len == 0 || r->content_digest.len != len)
		return err_new(ERR_USAGE, NULL, "a digest of %zu bytes",
		    r->content_digest.len);
	return NULL;
}

/* Attribute ::= SEQUENCE { type OID, SET { one value } }, RFC 5652 5.3. */
static struct err *
put_attribute(struct buf *b, struct bytes oid, struct bytes value)
{
	CLEANUP(buf_done) struct buf body = BUF(ATTRIBUTES_MAX + value.len);
	TRY(der_put(&body, BER_OID, oid));
	TRY(der_put(&body, BER_SET, value));
	return der_put(b, BER_SEQUENCE, buf_bytes(&body));
}

static struct err *
put_content_type(struct buf *b)
{
	CLEANUP(buf_done) struct buf v = BUF(ATTRIBUTES_MAX);
	TRY(der_put(&v, BER_OID, OID_DATA));
	return put_attribute(b, OID_CONTENT_TYPE, buf_bytes(&v));
}

static struct err *
put_message_digest(struct buf *b, struct bytes digest)
{
	CLEANUP(buf_done) struct buf v = BUF(ATTRIBUTES_MAX);
	TRY(der_put(&v, BER_OCTETS, digest));
	return put_attribute(b, OID_MESSAGE_DIGEST, buf_bytes(&v));
}

static struct err *
put_signing_time(struct buf *b, int64_t t)
{
	if (t == TIME_NONE)
		return NULL;
	CLEANUP(buf_done) struct buf v = BUF(ATTRIBUTES_MAX);
	TRY(der_put_time(&v, t));
	return put_attribute(b, OID_SIGNING_TIME, buf_bytes(&v));
}

/*
 * SigningCertificateV2 with one ESSCertIDv2.  SHA-256 is the default of
 * hashAlgorithm, so DER leaves it out; issuerSerial says nothing that the hash
 * does not.
 */
static struct err *
put_signing_certificate(struct buf *b, const struct cert *cert)
{
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, cert_der(cert), hash));
	CLEANUP(buf_done) struct buf id = BUF(ATTRIBUTES_MAX);
	TRY(der_put(
	    &id, BER_OCTETS, bytes_of(hash, digest_len(DIGEST_SHA256))));
	CLEANUP(buf_done) struct buf certs = BUF(ATTRIBUTES_MAX);
	TRY(der_put(&certs, BER_SEQUENCE, buf_bytes(&id)));
	CLEANUP(buf_done) struct buf v = BUF(ATTRIBUTES_MAX);
	TRY(der_put(&v, BER_SEQUENCE, buf_bytes(&certs)));
	CLEANUP(buf_done) struct buf outer = BUF(ATTRIBUTES_MAX);
	TRY(der_put(&outer, BER_SEQUENCE, buf_bytes(&v)));
	return put_attribute(b, OID_SIGNING_CERTIFICATE_V2, buf_bytes(&outer));
}

struct err *
cms_signed_attributes(const struct cms_request *r, struct buf *out)
{
	TRY(check_request(r));
	CLEANUP(buf_done) struct buf all = BUF(ATTRIBUTES_MAX);
	TRY(put_content_type(&all));
	TRY(put_message_digest(&all, r->content_digest));
	TRY(put_signing_time(&all, r->signing_time));
	TRY(put_signing_certificate(&all, r->cert));
	return der_put_set(out, BER_SET, buf_bytes(&all));
}

/* RFC 5754 2: the parameters of SHA-2 are left out. */
static struct err *
put_digest_alg(struct buf *b, enum digest_alg alg)
{
	CLEANUP(buf_done) struct buf oid = BUF(OID_TEXT_MAX);
	TRY(der_put_oid(&oid, digest_oid(alg)));
	return der_put(b, BER_SEQUENCE, buf_bytes(&oid));
}

static struct err *
put_issuer_and_serial(struct buf *b, const struct cert *cert)
{
	CLEANUP(buf_done) struct buf body = BUF(CERT_MAX);
	TRY(buf_append(&body, cert_issuer_der(cert)));
	/* The serial number exactly as the certificate has it, sign and all. */
	uint8_t *der = NULL;
	int len =
	    i2d_ASN1_INTEGER(X509_get0_serialNumber(cert_x509(cert)), &der);
	if (len <= 0)
		return err_ossl(ERR_INTERNAL, "i2d_ASN1_INTEGER");
	struct err *e = buf_append(&body, bytes_of(der, (size_t)len));
	OPENSSL_free(der);
	TRY(e);
	return der_put(b, BER_SEQUENCE, buf_bytes(&body));
}

static struct err *
put_version(struct buf *b)
{
	return der_put(b, BER_INTEGER, BYTES_LIT("\x01"));
}

/* RFC 3161 appendix A; EN 319 122-1 5.3. */
static struct err *
put_unsigned(struct buf *b, const struct cms_request *r)
{
	if (r->stamp.len == 0)
		return NULL;
	CLEANUP(buf_done) struct buf all = BUF(CMS_MAX);
	TRY(put_attribute(&all, OID_SIGNATURE_TIME_STAMP, r->stamp));
	return der_put_set(b, BER_CONTEXT + 1, buf_bytes(&all));
}

/* `attributes` is the SET OF that was signed; here its tag is [0]. */
static struct err *
put_signer_info(struct buf *b, const struct cms_request *r,
    struct bytes attributes, struct bytes signature)
{
	struct tlv set;
	TRY(ber_only(attributes, BER_SET, &set));
	CLEANUP(buf_done) struct buf body = BUF(CMS_MAX);
	TRY(put_version(&body));
	TRY(put_issuer_and_serial(&body, r->cert));
	TRY(put_digest_alg(&body, content_alg(r->alg)));
	TRY(der_put(&body, BER_CONTEXT, set.body));
	TRY(sig_alg_encode(r->alg, &body));
	TRY(der_put(&body, BER_OCTETS, signature));
	TRY(put_unsigned(&body, r));
	return der_put(b, BER_SEQUENCE, buf_bytes(&body));
}

static struct err *
put_content(struct buf *b, const struct cms_request *r)
{
	size_t max = r->content.len + FRAME_MAX;
	CLEANUP(buf_done) struct buf body = BUF(max);
	TRY(der_put(&body, BER_OID, OID_DATA));
	if (r->content.ptr != NULL) {
		CLEANUP(buf_done) struct buf octets = BUF(max);
		TRY(der_put(&octets, BER_OCTETS, r->content));
		TRY(der_put(&body, BER_CONTEXT, buf_bytes(&octets)));
	}
	return der_put(b, BER_SEQUENCE, buf_bytes(&body));
}

static struct err *
put_certificates(struct buf *b, const struct cms_request *r)
{
	/* A pool leaves out what is there twice. */
	struct cert_list all = { 0 };
	struct err *e = cert_list_add(&all, r->cert);
	for (size_t i = 0; e == NULL && r->chain != NULL && i < r->chain->n;
	     i++)
		e = cert_list_add(&all, r->chain->v[i]);
	CLEANUP(buf_done) struct buf body = BUF(CMS_MAX);
	for (size_t i = 0; e == NULL && i < all.n; i++)
		e = buf_append(&body, cert_der(all.v[i]));
	cert_list_done(&all);
	TRY(e);
	return der_put_set(b, BER_CONTEXT, buf_bytes(&body));
}

static struct err *
put_signed_data(struct buf *b, const struct cms_request *r,
    struct bytes attributes, struct bytes signature)
{
	CLEANUP(buf_done) struct buf body = BUF(b->max);
	CLEANUP(buf_done) struct buf part = BUF(CMS_MAX);
	TRY(put_version(&body));
	TRY(put_digest_alg(&part, content_alg(r->alg)));
	TRY(der_put(&body, BER_SET, buf_bytes(&part)));
	TRY(put_content(&body, r));
	TRY(put_certificates(&body, r));
	buf_clear(&part);
	TRY(put_signer_info(&part, r, attributes, signature));
	TRY(der_put(&body, BER_SET, buf_bytes(&part)));
	return der_put(b, BER_SEQUENCE, buf_bytes(&body));
}

struct err *
cms_assemble(const struct cms_request *r, struct bytes signed_attributes,
    struct bytes signature, struct buf *out)
{
	TRY(check_request(r));
	size_t max = cms_size_bound(r);
	CLEANUP(buf_done) struct buf data = BUF(max);
	TRY(put_signed_data(&data, r, signed_attributes, signature));
	CLEANUP(buf_done) struct buf body = BUF(max);
	TRY(der_put(&body, BER_OID, OID_SIGNED_DATA));
	TRY(der_put(&body, BER_CONTEXT, buf_bytes(&data)));
	return der_put(out, BER_SEQUENCE, buf_bytes(&body));
}

size_t
cms_size_bound(const struct cms_request *r)
{
	size_t n = FRAME_MAX + ATTRIBUTES_MAX + SIGNATURE_MAX + r->content.len +
		   r->stamp.len + cert_issuer_der(r->cert).len +
		   cert_der(r->cert).len;
	for (size_t i = 0; r->chain != NULL && i < r->chain->n; i++)
		n += cert_der(r->chain->v[i]).len;
	return n;
}
