#include "cms/cms.h"

#include "certs/ossl.h"
#include "cms/frame.h"

#define SIGNATURE_MAX 2048 /* bytes: RSA of 16384 bits */
/* Tags, lengths, versions and algorithm names around the large parts. */
#define PARTS_MAX 512

/* RFC 8419 3.1: with Ed25519 the content is hashed with SHA-512. */
enum digest_alg
cms_content_alg(struct sig_alg alg)
{
	return alg.form == SIG_EDDSA ? DIGEST_SHA512 : alg.digest;
}

struct err *
cms_check_request(const struct cms_request *r)
{
	if (cert_key_alg(r->cert) == KEY_ED448)
		return err_new(ERR_UNSUPPORTED, "RFC 8419 3.1",
		    "Ed448 wants SHAKE256 for the content");
	size_t len = digest_len(cms_content_alg(r->alg));
	if (len == 0 || r->content_digest.len != len)
		return err_new(ERR_USAGE, NULL, "a digest of %zu bytes",
		    r->content_digest.len);
	return NULL;
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
struct err *
cms_signer_info(const struct cms_request *r, struct bytes attributes,
    struct bytes signature, struct buf *b)
{
	struct tlv set;
	TRY(ber_only(attributes, BER_SET, &set));
	CLEANUP(buf_done) struct buf body = BUF(CMS_MAX);
	TRY(put_version(&body));
	TRY(put_issuer_and_serial(&body, r->cert));
	TRY(put_digest_alg(&body, cms_content_alg(r->alg)));
	TRY(der_put(&body, BER_CONTEXT, set.body));
	TRY(sig_alg_encode(r->alg, &body));
	TRY(der_put(&body, BER_OCTETS, signature));
	TRY(put_unsigned(&body, r));
	return der_put(b, BER_SEQUENCE, buf_bytes(&body));
}

struct err *
cms_embed_certs(const struct cms_request *r, struct frame *f)
{
	TRY(frame_add_cert(f, cert_der(r->cert)));
	for (size_t i = 0; r->chain != NULL && i < r->chain->n; i++)
		TRY(frame_add_cert(f, cert_der(r->chain->v[i])));
	return NULL;
}

/* The eContent, [0] around an OCTET STRING, as far as the content itself. */
struct err *
cms_content_head(size_t len, struct buf *out)
{
	CLEANUP(buf_done) struct buf octets = BUF(PARTS_MAX);
	TRY(der_put_head(&octets, BER_OCTETS, len));
	TRY(der_put_head(out, BER_CONTEXT, octets.len + len));
	return buf_append(out, buf_bytes(&octets));
}

static struct err *
fill_frame(const struct cms_request *r, struct bytes attributes,
    struct bytes signature, struct frame *f)
{
	TRY(buf_append(&f->type, OID_DATA));
	TRY(frame_add_digest_alg(f, cms_content_alg(r->alg)));
	if (r->content.ptr != NULL) {
		TRY(cms_content_head(r->content.len, &f->begin));
		TRY(buf_append(&f->begin, r->content));
	}
	TRY(cms_embed_certs(r, f));
	return cms_signer_info(r, attributes, signature, &f->signers);
}

struct err *
cms_assemble(const struct cms_request *r, struct bytes signed_attributes,
    struct bytes signature, struct buf *out)
{
	CLEANUP(frame_done) struct frame f = frame_new();
	CLEANUP(buf_done) struct buf tail = BUF(CMS_MAX);
	TRY(cms_check_request(r));
	TRY(fill_frame(r, signed_attributes, signature, &f));
	TRY(frame_write(&f, out, &tail));
	return buf_append(out, buf_bytes(&tail));
}

size_t
cms_size_bound(const struct cms_request *r)
{
	size_t n = PARTS_MAX + cms_attributes_bound(r) + SIGNATURE_MAX +
		   r->content.len + r->stamp.len +
		   cert_issuer_der(r->cert).len + cert_der(r->cert).len;
	for (size_t i = 0; r->chain != NULL && i < r->chain->n; i++)
		n += cert_der(r->chain->v[i]).len;
	return n;
}
