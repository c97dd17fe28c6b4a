/* The signed attributes that we write (EN 319 122-1 5.2), in DER order. */
#include "cms/frame.h"

#include <string.h>

#define ATTRIBUTES_MAX 2048 /* bytes; those of B-B take about 200 */

static struct err *
put_content_type(struct buf *b)
{
	CLEANUP(buf_done) struct buf v = BUF(CMS_MAX);
	TRY(der_put(&v, BER_OID, OID_DATA));
	return put_attribute(b, OID_CONTENT_TYPE, buf_bytes(&v));
}

static struct err *
put_message_digest(struct buf *b, struct bytes digest)
{
	CLEANUP(buf_done) struct buf v = BUF(CMS_MAX);
	TRY(der_put(&v, BER_OCTETS, digest));
	return put_attribute(b, OID_MESSAGE_DIGEST, buf_bytes(&v));
}

static struct err *
put_signing_time(struct buf *b, int64_t t)
{
	if (t == TIME_NONE)
		return NULL;
	CLEANUP(buf_done) struct buf v = BUF(CMS_MAX);
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
	CLEANUP(buf_done) struct buf id = BUF(CMS_MAX);
	TRY(der_put(
	    &id, BER_OCTETS, bytes_of(hash, digest_len(DIGEST_SHA256))));
	CLEANUP(buf_done) struct buf certs = BUF(CMS_MAX);
	TRY(der_put(&certs, BER_SEQUENCE, buf_bytes(&id)));
	CLEANUP(buf_done) struct buf v = BUF(CMS_MAX);
	TRY(der_put(&v, BER_SEQUENCE, buf_bytes(&certs)));
	CLEANUP(buf_done) struct buf outer = BUF(CMS_MAX);
	TRY(der_put(&outer, BER_SEQUENCE, buf_bytes(&v)));
	return put_attribute(b, OID_SIGNING_CERTIFICATE_V2, buf_bytes(&outer));
}

/* SignaturePolicyId; the place where it is, as SPuri (EN 319 122-1 5.2.9). */
static struct err *
put_policy_uri(struct buf *b, const char *uri)
{
	if (uri == NULL)
		return NULL;
	CLEANUP(buf_done) struct buf one = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf list = BUF(CMS_MAX);
	TRY(der_put(&one, BER_OID, OID_SP_URI));
	TRY(der_put(&one, BER_IA5, bytes_str(uri)));
	TRY(der_put(&list, BER_SEQUENCE, buf_bytes(&one)));
	return der_put(b, BER_SEQUENCE, buf_bytes(&list));
}

static struct err *
put_policy(struct buf *b, const struct sig_policy *p)
{
	if (p == NULL)
		return NULL;
	CLEANUP(buf_done) struct buf hash = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf id = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf v = BUF(CMS_MAX);
	TRY(put_digest_alg(&hash, p->alg));
	TRY(der_put(&hash, BER_OCTETS, p->digest));
	TRY(der_put_oid(&id, p->oid));
	TRY(der_put(&id, BER_SEQUENCE, buf_bytes(&hash)));
	TRY(put_policy_uri(&id, p->uri));
	TRY(der_put(&v, BER_SEQUENCE, buf_bytes(&id)));
	return put_attribute(b, OID_SIGNATURE_POLICY, buf_bytes(&v));
}

/* CommitmentTypeIndication (5.2.3). */
static struct err *
put_commitment(struct buf *b, const char *oid)
{
	if (oid == NULL)
		return NULL;
	CLEANUP(buf_done) struct buf id = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf v = BUF(CMS_MAX);
	TRY(der_put_oid(&id, oid));
	TRY(der_put(&v, BER_SEQUENCE, buf_bytes(&id)));
	return put_attribute(b, OID_COMMITMENT_TYPE, buf_bytes(&v));
}

/* SignerLocation with localityName [1] (5.2.5). */
static struct err *
put_location(struct buf *b, const char *where)
{
	if (where == NULL)
		return NULL;
	CLEANUP(buf_done) struct buf text = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf locality = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf v = BUF(CMS_MAX);
	TRY(der_put(&text, BER_UTF8, bytes_str(where)));
	TRY(der_put(&locality, BER_CONTEXT + 1, buf_bytes(&text)));
	TRY(der_put(&v, BER_SEQUENCE, buf_bytes(&locality)));
	return put_attribute(b, OID_SIGNER_LOCATION, buf_bytes(&v));
}

/* SignerAttributeV2 with one claimed attribute, the title (5.2.6.1): in X.520
 * the function that somebody has in an organisation. */
static struct err *
put_role(struct buf *b, const char *role)
{
	if (role == NULL)
		return NULL;
	CLEANUP(buf_done) struct buf text = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf title = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf list = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf claimed = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf v = BUF(CMS_MAX);
	TRY(der_put(&text, BER_UTF8, bytes_str(role)));
	TRY(put_attribute(&title, OID_TITLE, buf_bytes(&text)));
	TRY(der_put(&list, BER_SEQUENCE, buf_bytes(&title)));
	TRY(der_put(&claimed, BER_CONTEXT, buf_bytes(&list)));
	TRY(der_put(&v, BER_SEQUENCE, buf_bytes(&claimed)));
	return put_attribute(b, OID_SIGNER_ATTRIBUTES_V2, buf_bytes(&v));
}

static struct err *
put_content_stamp(struct buf *b, struct bytes token)
{
	return token.len == 0
		   ? NULL
		   : put_attribute(b, OID_CONTENT_TIME_STAMP, token);
}

struct err *
cms_signed_attributes(const struct cms_request *r, struct buf *out)
{
	TRY(cms_check_request(r));
	CLEANUP(buf_done) struct buf all = BUF(CMS_MAX);
	/* RFC 5652 11.4: a counter-signature has no content-type. */
	if (!r->counter)
		TRY(put_content_type(&all));
	TRY(put_message_digest(&all, r->content_digest));
	TRY(put_signing_time(&all, r->signing_time));
	TRY(put_signing_certificate(&all, r->cert));
	TRY(put_policy(&all, r->policy));
	TRY(put_commitment(&all, r->commitment));
	TRY(put_location(&all, r->location));
	TRY(put_role(&all, r->role));
	TRY(put_content_stamp(&all, r->content_stamp));
	return der_put_set(out, BER_SET, buf_bytes(&all));
}

static size_t
length(const char *s)
{
	return s == NULL ? 0 : strlen(s);
}

size_t
cms_attributes_bound(const struct cms_request *r)
{
	size_t n = ATTRIBUTES_MAX + r->content_stamp.len + length(r->role) +
		   length(r->location) + length(r->commitment);
	if (r->policy != NULL)
		n += length(r->policy->oid) + length(r->policy->uri);
	return n;
}
