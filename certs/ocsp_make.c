#include "certs/ocsp_make.h"

#include "certs/der.h"
#include "certs/ossl.h"
#include "certs/signed.h"

#define PART_MAX 65536 /* bytes of any part */
#define DER_BOOLEAN 0x01
#define DER_CONTEXT(n) (0xa0 + (n))
#define DER_CONTEXT_PRIMITIVE(n) (0x80 + (n))
#define OID_NONCE BYTES_LIT("\x2b\x06\x01\x05\x05\x07\x30\x01\x02")
#define OID_SHA1 BYTES_LIT("\x06\x05\x2b\x0e\x03\x02\x1a") /* with its head */
#define ALGORITHM_SHA1 BYTES_LIT("\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00")
#define OID_BASIC BYTES_LIT("\x2b\x06\x01\x05\x05\x07\x30\x01\x01")

/* ---- requests ---- */

static struct bytes
number(struct bytes content)
{
	while (content.len > 1 && content.ptr[0] == 0)
		content = bytes_from(content, 1);
	return content;
}

static struct err *
read_hash_alg(struct bytes *rest, enum digest_alg *out)
{
	struct bytes algorithm, oid;
	TRY(der_take(rest, DER_SEQUENCE, NULL, &algorithm));
	TRY(der_take(&algorithm, DER_OID, &oid, NULL));
	if (bytes_eq(oid, OID_SHA1)) { /* nearly all of them */
		*out = DIGEST_SHA1;
		return NULL;
	}
	const uint8_t *p = oid.ptr;
	CLEANUP(ASN1_OBJECT_freep)
	ASN1_OBJECT *o = d2i_ASN1_OBJECT(NULL, &p, (long)oid.len);
	if (o == NULL)
		return err_ossl(ERR_MALFORMED, "hashAlgorithm");
	char text[OID_TEXT_MAX];
	oid_text(o, text, sizeof(text));
	*out = digest_by_oid(text);
	return NULL;
}

/* Request ::= SEQUENCE { CertID, [0] singleRequestExtensions } */
static struct err *
read_query(struct bytes *rest, struct ocsp_query *out)
{
	struct bytes one, id, serial;
	TRY(der_take(rest, DER_SEQUENCE, NULL, &one));
	TRY(der_take(&one, DER_SEQUENCE, NULL, &id));
	TRY(read_hash_alg(&id, &out->alg));
	TRY(der_take(&id, DER_OCTET_STRING, NULL, &out->name_hash));
	TRY(der_take(&id, DER_OCTET_STRING, NULL, &out->key_hash));
	TRY(der_take(&id, DER_INTEGER, NULL, &serial));
	if (serial.len == 0 || serial.len > 64 || id.len > 0)
		return err_new(ERR_MALFORMED, "RFC 6960 4.1.1", "CertID");
	out->serial = number(serial);
	return NULL;
}

static struct err *
read_extension(struct bytes one, struct ocsp_request *out)
{
	struct bytes oid, value, critical, nonce;
	TRY(der_take(&one, DER_OID, NULL, &oid));
	bool must = false;
	if (der_is(one, DER_BOOLEAN)) {
		TRY(der_take(&one, DER_BOOLEAN, NULL, &critical));
		must = critical.len == 1 && critical.ptr[0] != 0;
	}
	TRY(der_take(&one, DER_OCTET_STRING, NULL, &value));
	if (!bytes_eq(oid, OID_NONCE))
		return !must ? NULL
			     : err_new(ERR_MALFORMED, "RFC 5280 4.2",
				   "a critical extension is not known");
	TRY(der_take(&value, DER_OCTET_STRING, NULL, &nonce));
	if (value.len > 0 || nonce.len == 0 || nonce.len > OCSP_NONCE_MAX)
		return err_new(ERR_MALFORMED, "RFC 9654 2.1", "nonce");
	out->nonce = nonce;
	return NULL;
}

static struct err *
read_extensions(struct bytes rest, struct ocsp_request *out)
{
	struct bytes outer, list, one;
	if (!der_is(rest, DER_CONTEXT(2)))
		return rest.len == 0 ? NULL
				     : err_new(ERR_MALFORMED, "RFC 6960 4.1.1",
					   "bytes follow");
	TRY(der_take(&rest, DER_CONTEXT(2), NULL, &outer));
	TRY(der_take(&outer, DER_SEQUENCE, NULL, &list));
	if (rest.len > 0 || outer.len > 0)
		return err_new(ERR_MALFORMED, "RFC 6960 4.1.1", "bytes follow");
	while (list.len > 0) {
		TRY(der_take(&list, DER_SEQUENCE, NULL, &one));
		TRY(read_extension(one, out));
	}
	return NULL;
}

static struct err *
read_tbs(struct bytes tbs, struct ocsp_request *out)
{
	struct bytes list;
	for (unsigned n = 0; n < 2; n++) /* version, requestorName */
		if (der_is(tbs, (uint8_t)DER_CONTEXT(n)))
			TRY(der_take(
			    &tbs, (uint8_t)DER_CONTEXT(n), NULL, NULL));
	TRY(der_take(&tbs, DER_SEQUENCE, NULL, &list));
	while (list.len > 0) {
		if (out->n == OCSP_QUERIES_MAX)
			return err_new(ERR_LIMIT, NULL, "over %d certificates",
			    OCSP_QUERIES_MAX);
		TRY(read_query(&list, &out->v[out->n++]));
	}
	if (out->n == 0)
		return err_new(
		    ERR_MALFORMED, "RFC 5019 2.1.1", "no certificate");
	return read_extensions(tbs, out);
}

struct err *
ocsp_request_parse(struct bytes der, struct ocsp_request *out)
{
	if (der.len > OCSP_REQUEST_MAX)
		return err_new(ERR_LIMIT, NULL, "%zu bytes", der.len);
	struct bytes in, tbs;
	out->n = 0;
	out->nonce = BYTES_NONE;
	TRY(der_take(&der, DER_SEQUENCE, NULL, &in));
	TRY(der_take(&in, DER_SEQUENCE, NULL, &tbs));
	if (der_is(in, DER_CONTEXT_0))
		TRY(der_take(&in, DER_CONTEXT_0, NULL, NULL));
	if (der.len > 0 || in.len > 0)
		return err_new(ERR_MALFORMED, "RFC 6960 4.1.1", "bytes follow");
	return read_tbs(tbs, out);
}

/* ---- CertID ---- */

struct err *
ocsp_issuer_id_of(
    enum digest_alg alg, const struct cert *issuer, struct ocsp_issuer_id *out)
{
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(cert_x509(issuer));
	out->alg = alg;
	out->len = digest_len(alg);
	TRY(digest_of(alg, cert_subject_der(issuer), out->name));
	return digest_of(alg,
	    bytes_of(
		ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key)),
	    out->key);
}

bool
ocsp_query_fits(const struct ocsp_query *q, const struct ocsp_issuer_id *id)
{
	return q->alg == id->alg &&
	       bytes_eq(q->name_hash, bytes_of(id->name, id->len)) &&
	       bytes_eq(q->key_hash, bytes_of(id->key, id->len));
}

struct err *
ocsp_query_is_of(
    const struct ocsp_query *q, const struct cert *issuer, bool *ok)
{
	struct ocsp_issuer_id h;
	*ok = false;
	if (q->alg == DIGEST_NONE)
		return NULL;
	TRY(ocsp_issuer_id_of(q->alg, issuer, &h));
	*ok = ocsp_query_fits(q, &h);
	return NULL;
}

struct err *
ocsp_names_of(const struct cert *issuer, const struct cert *responder,
    struct ocsp_names *out)
{
	TRY(ocsp_issuer_id_of(DIGEST_SHA1, issuer, &out->issuer[0]));
	TRY(ocsp_issuer_id_of(DIGEST_SHA256, issuer, &out->issuer[1]));
	return ocsp_issuer_id_of(DIGEST_SHA1, responder, &out->responder);
}

static struct err *
put_hash_alg(struct buf *b, enum digest_alg alg)
{
	if (alg == DIGEST_SHA1) /* nearly all of them */
		return buf_append(b, ALGORITHM_SHA1);
	CLEANUP(ASN1_OBJECT_freep)
	ASN1_OBJECT *o = OBJ_txt2obj(digest_oid(alg), 1);
	CLEANUP(buf_done) struct buf v = BUF(PART_MAX);
	if (o == NULL)
		return err_ossl(ERR_USAGE, "hashAlgorithm");
	TRY(der_put(&v, DER_OID, bytes_of(OBJ_get0_data(o), OBJ_length(o))));
	TRY(der_put(&v, DER_NULL, BYTES_NONE));
	return der_put(b, DER_SEQUENCE, buf_bytes(&v));
}

static struct err *
name_of_issuer(const struct ocsp_fields *f, enum digest_alg alg,
    struct ocsp_issuer_id *out)
{
	for (size_t i = 0; f->names != NULL && i < 2; i++)
		if (f->names->issuer[i].alg == alg) {
			*out = f->names->issuer[i];
			return NULL;
		}
	return ocsp_issuer_id_of(alg, f->issuer, out);
}

static struct err *
name_of_responder(const struct ocsp_fields *f, struct ocsp_issuer_id *out)
{
	if (f->names == NULL)
		return ocsp_issuer_id_of(DIGEST_SHA1, f->responder, out);
	*out = f->names->responder;
	return NULL;
}

static struct err *
put_cert_id(
    struct buf *b, const struct ocsp_single *s, const struct ocsp_fields *f)
{
	struct ocsp_issuer_id h;
	CLEANUP(buf_done) struct buf v = BUF(PART_MAX);
	if (s->alg == DIGEST_NONE || s->serial.len == 0)
		return err_new(ERR_USAGE, "RFC 6960 4.1.1", "CertID");
	TRY(name_of_issuer(f, s->alg, &h));
	TRY(put_hash_alg(&v, s->alg));
	TRY(der_put(&v, DER_OCTET_STRING, bytes_of(h.name, h.len)));
	TRY(der_put(&v, DER_OCTET_STRING, bytes_of(h.key, h.len)));
	TRY(der_put_number(&v, s->serial));
	return der_put(b, DER_SEQUENCE, buf_bytes(&v));
}

/* ---- answers ---- */

static struct err *
put_revoked(struct buf *b, const struct ocsp_single *s)
{
	CLEANUP(buf_done) struct buf v = BUF(PART_MAX);
	TRY(der_put_gen_time(&v, s->since));
	if (s->reason > 0) {
		const uint8_t reason[] = { DER_ENUMERATED, 1,
			(uint8_t)s->reason };
		TRY(der_put(
		    &v, DER_CONTEXT(0), bytes_of(reason, sizeof(reason))));
	}
	return der_put(b, DER_CONTEXT(1), buf_bytes(&v));
}

static struct err *
put_state(struct buf *b, const struct ocsp_single *s)
{
	switch (s->state) {
	case OCSP_IS_GOOD:
		return der_put(b, DER_CONTEXT_PRIMITIVE(0), BYTES_NONE);
	case OCSP_IS_REVOKED:
		return put_revoked(b, s);
	case OCSP_IS_UNKNOWN:
		break;
	}
	return der_put(b, DER_CONTEXT_PRIMITIVE(2), BYTES_NONE);
}

static struct err *
put_single(
    struct buf *b, const struct ocsp_single *s, const struct ocsp_fields *f)
{
	CLEANUP(buf_done) struct buf v = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf next = BUF(64);
	TRY(put_cert_id(&v, s, f));
	TRY(put_state(&v, s));
	TRY(der_put_gen_time(&v, f->this_update));
	TRY(der_put_gen_time(&next, f->next_update));
	TRY(der_put(&v, DER_CONTEXT(0), buf_bytes(&next)));
	return der_put(b, DER_SEQUENCE, buf_bytes(&v));
}

/* byKey: SHA-1 of the responder's key bits, RFC 6960 4.2.1. */
static struct err *
put_responder(struct buf *b, const struct ocsp_fields *f)
{
	struct ocsp_issuer_id h;
	CLEANUP(buf_done) struct buf v = BUF(64);
	TRY(name_of_responder(f, &h));
	TRY(der_put(&v, DER_OCTET_STRING, bytes_of(h.key, h.len)));
	return der_put(b, DER_CONTEXT(2), buf_bytes(&v));
}

static struct err *
put_nonce(struct buf *b, struct bytes nonce)
{
	if (nonce.len == 0)
		return NULL;
	CLEANUP(buf_done) struct buf value = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf v = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf one = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf list = BUF(PART_MAX);
	TRY(der_put(&value, DER_OCTET_STRING, nonce));
	TRY(der_put(&v, DER_OID, OID_NONCE));
	TRY(der_put(&v, DER_OCTET_STRING, buf_bytes(&value)));
	TRY(der_put(&one, DER_SEQUENCE, buf_bytes(&v)));
	TRY(der_put(&list, DER_SEQUENCE, buf_bytes(&one)));
	return der_put(b, DER_CONTEXT(1), buf_bytes(&list));
}

struct err *
ocsp_make_tbs(const struct ocsp_fields *f, struct buf *out)
{
	CLEANUP(buf_done) struct buf v = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf singles = BUF(PART_MAX);
	if (f->nsingles == 0 || f->nsingles > OCSP_QUERIES_MAX ||
	    f->next_update <= f->this_update)
		return err_new(ERR_USAGE, "RFC 6960 4.2.1", "ResponseData");
	TRY(put_responder(&v, f));
	TRY(der_put_gen_time(&v, f->this_update));
	for (size_t i = 0; i < f->nsingles; i++)
		TRY(put_single(&singles, &f->singles[i], f));
	TRY(der_put(&v, DER_SEQUENCE, buf_bytes(&singles)));
	TRY(put_nonce(&v, f->nonce));
	return der_put(out, DER_SEQUENCE, buf_bytes(&v));
}

static struct err *
check_value(
    const struct ocsp_fields *f, struct bytes tbs, struct bytes signature)
{
	bool ok = !f->verify;
	if (f->verify)
		TRY(cert_verify(f->responder, f->alg, tbs, signature, &ok));
	return ok ? NULL
		  : err_new(ERR_DENIED, "RFC 6960 4.2.1",
			"the signature is not the responder's");
}

static struct err *
put_basic(struct buf *b, const struct ocsp_fields *f, struct bytes tbs,
    struct bytes signature)
{
	CLEANUP(buf_done) struct buf v = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf bits = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf certs = BUF(PART_MAX);
	TRY(buf_append(&v, tbs));
	TRY(sig_alg_encode(f->alg, &v));
	TRY(buf_byte(&bits, 0)); /* no unused bits */
	TRY(buf_append(&bits, signature));
	TRY(der_put(&v, DER_BIT_STRING, buf_bytes(&bits)));
	TRY(der_put(&certs, DER_SEQUENCE, cert_der(f->responder)));
	TRY(der_put(&v, DER_CONTEXT(0), buf_bytes(&certs)));
	return der_put(b, DER_SEQUENCE, buf_bytes(&v));
}

static struct err *
put_response(struct buf *b, struct bytes basic)
{
	CLEANUP(buf_done) struct buf v = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf typed = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf all = BUF(PART_MAX);
	TRY(der_put(&v, DER_OID, OID_BASIC));
	TRY(der_put(&v, DER_OCTET_STRING, basic));
	TRY(der_put(&typed, DER_SEQUENCE, buf_bytes(&v)));
	TRY(der_put(&all, DER_ENUMERATED, BYTES_LIT("\0"))); /* successful */
	TRY(der_put(&all, DER_CONTEXT(0), buf_bytes(&typed)));
	return der_put(b, DER_SEQUENCE, buf_bytes(&all));
}

struct err *
ocsp_make_answer(const struct ocsp_fields *f, struct bytes tbs,
    struct bytes signature, struct buf *out)
{
	CLEANUP(buf_done) struct buf basic = BUF(PART_MAX);
	TRY(check_value(f, tbs, signature));
	TRY(put_basic(&basic, f, tbs, signature));
	return put_response(out, buf_bytes(&basic));
}

struct err *
ocsp_make(
    const struct ocsp_fields *f, const struct signer *signer, struct buf *out)
{
	CLEANUP(buf_done) struct buf tbs = BUF(PART_MAX);
	CLEANUP(buf_done) struct buf signature = BUF(PART_MAX);
	TRY(ocsp_make_tbs(f, &tbs));
	TRY(signed_ask(signer, f->alg, buf_bytes(&tbs), &signature));
	return ocsp_make_answer(f, buf_bytes(&tbs), buf_bytes(&signature), out);
}

struct err *
ocsp_refused(enum ocsp_failure why, struct buf *out)
{
	const uint8_t status[] = { DER_ENUMERATED, 1, (uint8_t)why };
	return der_put(out, DER_SEQUENCE, bytes_of(status, sizeof(status)));
}
