#include "certs/cmp_waiting.h"

#include "base/pack.h"
#include "certs/der.h"
#include "certs/ossl.h"

#include <openssl/crmf.h>

#define CONTEXT(n) ((uint8_t)(0xa0 + (n)))
#define NONCE_MAX 48 /* bytes; 16 are usual (RFC 4210 5.1.1) */
#define MESSAGE_MAX 65536

/* PKIHeader's optional fields by their number (RFC 4210 5.1.1). */
enum {
	PROTECTION_ALG = 1,
	TRANSACTION_ID = 4,
	SENDER_NONCE = 5,
	RECIPIENT_NONCE = 6,
	FIELDS = 9
};

struct message {
	struct bytes fixed;         /* version, sender, recipient */
	struct bytes field[FIELDS]; /* whole; empty: absent */
	struct bytes body;          /* whole */
	struct bytes extra;         /* behind the protection */
};

static struct err *
read_header(struct bytes header, struct message *m)
{
	struct bytes rest = header;
	TRY(der_take(&rest, DER_INTEGER, NULL, NULL));
	for (int i = 0; i < 2; i++) /* GeneralName, of any kind */
		TRY(der_take(
		    &rest, rest.len > 0 ? rest.ptr[0] : 0, NULL, NULL));
	m->fixed = bytes_slice(header, 0, header.len - rest.len);
	for (size_t n = 0; n < FIELDS; n++)
		if (der_is(rest, CONTEXT(n)))
			TRY(der_take(&rest, CONTEXT(n), &m->field[n], NULL));
	return rest.len == 0 ? NULL
			     : err_new(ERR_MALFORMED, "RFC 4210 5.1.1",
				   "fields of another order");
}

static struct err *
read_message(struct bytes der, struct message *m)
{
	struct bytes rest, header;
	TRY(der_take(&der, DER_SEQUENCE, NULL, &rest));
	TRY(der_take(&rest, DER_SEQUENCE, NULL, &header));
	TRY(read_header(header, m));
	TRY(der_take(&rest, rest.len > 0 ? rest.ptr[0] : 0, &m->body, NULL));
	if (der_is(rest, CONTEXT(0)))
		TRY(der_take(&rest, CONTEXT(0), NULL, NULL));
	m->extra = rest;
	return NULL;
}

/* An OCTET STRING in its explicit tag. */
static struct err *
octets_of(const struct message *m, int n, struct bytes *out)
{
	struct bytes field = m->field[n], inner;
	TRY(der_take(&field, CONTEXT(n), NULL, &inner));
	TRY(der_take(&inner, DER_OCTET_STRING, NULL, out));
	return out->len > 0 && out->len <= NONCE_MAX
		   ? NULL
		   : err_new(ERR_MALFORMED, "RFC 4210 5.1.1",
			 "%zu bytes of a nonce", out->len);
}

struct err *
cmp_waiting_note(struct bytes answer, struct buf *out)
{
	struct message m = { 0 };
	struct bytes id, nonce;
	TRY(read_message(answer, &m));
	TRY(octets_of(&m, TRANSACTION_ID, &id));
	TRY(octets_of(&m, SENDER_NONCE, &nonce));
	buf_clear(out);
	TRY(pack_bytes(out, 1, id));
	return pack_bytes(out, 2, nonce);
}

static struct err *
read_state(struct bytes state, struct bytes *id, struct bytes *nonce)
{
	struct unpack u = unpack_of(state);
	TRY(unpack_bytes(&u, 1, id));
	TRY(unpack_bytes(&u, 2, nonce));
	TRY(unpack_end(&u));
	return id->len > 0 && id->len <= NONCE_MAX && nonce->len > 0 &&
		       nonce->len <= NONCE_MAX
		   ? NULL
		   : err_new(ERR_MALFORMED, NULL, "no state of CMP");
}

struct err *
cmp_waiting_resume(struct bytes state, OSSL_CMP_CTX *ctx)
{
	struct bytes id, nonce;
	TRY(read_state(state, &id, &nonce));
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
	bool ok = s != NULL &&
		  ASN1_OCTET_STRING_set(s, id.ptr, (int)id.len) == 1 &&
		  OSSL_CMP_CTX_set1_transactionID(ctx, s) == 1;
	ASN1_OCTET_STRING_free(s);
	return ok ? NULL : err_ossl(ERR_NOMEM, "the transaction's id");
}

/* ---- an answer of our own ---- */

static OSSL_CMP_PKISI *
has_not_decided(OSSL_CMP_SRV_CTX *s, const OSSL_CMP_MSG *m, int id,
    const OSSL_CRMF_MSG *crm, const X509_REQ *p10, X509 **out,
    STACK_OF(X509) * *chain, STACK_OF(X509) * *pubs)
{
	(void)s, (void)m, (void)id, (void)crm, (void)p10;
	*out = NULL;
	*chain = NULL;
	*pubs = NULL;
	return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_waiting, 0, NULL);
}

DEFINE_FREEP(OSSL_CMP_SRV_CTX_free, OSSL_CMP_SRV_CTX)

struct err *
cmp_waiting_answer(const OSSL_CMP_MSG *request, const char *reference,
    struct bytes secret, OSSL_CMP_MSG **out)
{
	CLEANUP(OSSL_CMP_SRV_CTX_freep)
	OSSL_CMP_SRV_CTX *s = OSSL_CMP_SRV_CTX_new(NULL, NULL);
	if (s == NULL || OSSL_CMP_SRV_CTX_init(s, NULL, has_not_decided, NULL,
			     NULL, NULL, NULL, NULL) != 1)
		return err_ossl(ERR_NOMEM, "OSSL_CMP_SRV_CTX");
	OSSL_CMP_CTX *c = OSSL_CMP_SRV_CTX_get0_cmp_ctx(s);
	if (OSSL_CMP_CTX_set1_referenceValue(c,
		(const unsigned char *)reference,
		(int)strlen(reference)) != 1 ||
	    OSSL_CMP_CTX_set1_secretValue(c, secret.ptr, (int)secret.len) !=
		1 ||
	    OSSL_CMP_SRV_CTX_set_accept_raverified(s, 1) != 1)
		return err_ossl(ERR_NOMEM, "OSSL_CMP_CTX");
	*out = OSSL_CMP_SRV_process_request(s, request);
	return *out != NULL ? NULL : err_ossl(ERR_INTERNAL, "\"waiting\"");
}

/* ---- the CA's nonce ---- */

static struct err *
put_nonce(struct buf *out, struct bytes nonce)
{
	CLEANUP(buf_done) struct buf inner = BUF(NONCE_MAX + 16);
	TRY(der_put(&inner, DER_OCTET_STRING, nonce));
	return der_put(out, CONTEXT(RECIPIENT_NONCE), buf_bytes(&inner));
}

/* Header and body, as they are protected. */
static struct err *
put_parts(const struct message *m, struct bytes nonce, struct buf *out)
{
	CLEANUP(buf_done) struct buf header = BUF(MESSAGE_MAX);
	TRY(buf_append(&header, m->fixed));
	for (size_t n = 0; n < FIELDS; n++)
		if (n == RECIPIENT_NONCE)
			TRY(put_nonce(&header, nonce));
		else
			TRY(buf_append(&header, m->field[n]));
	TRY(der_put(out, DER_SEQUENCE, buf_bytes(&header)));
	return buf_append(out, m->body);
}

DEFINE_FREEP(OSSL_CRMF_PBMPARAMETER_free, OSSL_CRMF_PBMPARAMETER)

static struct err *
read_protection(const struct message *m, OSSL_CRMF_PBMPARAMETER **out)
{
	struct bytes field = m->field[PROTECTION_ALG], alg, oid, params;
	TRY(der_take(&field, CONTEXT(PROTECTION_ALG), NULL, &alg));
	TRY(der_take(&alg, DER_SEQUENCE, NULL, &params));
	TRY(der_take(&params, DER_OID, &oid, NULL));
	const ASN1_OBJECT *pbm = OBJ_nid2obj(NID_id_PasswordBasedMAC);
	if (OBJ_length(pbm) + 2 != oid.len ||
	    memcmp(oid.ptr + 2, OBJ_get0_data(pbm), oid.len - 2) != 0)
		return err_new(ERR_UNSUPPORTED, "RFC 4210 5.1.3.1",
		    "not protected by a shared secret");
	const uint8_t *p = params.ptr;
	*out = d2i_OSSL_CRMF_PBMPARAMETER(NULL, &p, (long)params.len);
	return *out != NULL ? NULL : err_ossl(ERR_MALFORMED, "PBMParameter");
}

static struct err *
put_protection(struct bytes parts, const OSSL_CRMF_PBMPARAMETER *how,
    struct bytes secret, struct buf *out)
{
	CLEANUP(buf_done) struct buf whole = BUF(MESSAGE_MAX);
	CLEANUP(buf_done) struct buf bits = BUF(1024), string = BUF(1024);
	CLEANUP(ossl_freep) uint8_t *mac = NULL;
	size_t len = 0;
	TRY(der_put(&whole, DER_SEQUENCE, parts));
	if (OSSL_CRMF_pbm_new(NULL, NULL, how, whole.ptr, whole.len, secret.ptr,
		secret.len, &mac, &len) != 1)
		return err_ossl(ERR_INTERNAL, "OSSL_CRMF_pbm_new");
	TRY(buf_append(&bits, BYTES_LIT("\0")));
	TRY(buf_append(&bits, bytes_of(mac, len)));
	TRY(der_put(&string, DER_BIT_STRING, buf_bytes(&bits)));
	return der_put(out, CONTEXT(0), buf_bytes(&string));
}

struct err *
cmp_waiting_renew(struct bytes request, struct bytes state, struct bytes secret,
    struct buf *out)
{
	struct message m = { 0 };
	struct bytes id, nonce;
	CLEANUP(buf_done) struct buf parts = BUF(MESSAGE_MAX);
	CLEANUP(OSSL_CRMF_PBMPARAMETER_freep)
	OSSL_CRMF_PBMPARAMETER *how = NULL;
	TRY(read_message(request, &m));
	TRY(read_state(state, &id, &nonce));
	TRY(read_protection(&m, &how));
	TRY(put_parts(&m, nonce, &parts));
	CLEANUP(buf_done) struct buf all = BUF(MESSAGE_MAX);
	TRY(buf_append(&all, buf_bytes(&parts)));
	TRY(put_protection(buf_bytes(&parts), how, secret, &all));
	TRY(buf_append(&all, m.extra));
	return der_put(out, DER_SEQUENCE, buf_bytes(&all));
}
