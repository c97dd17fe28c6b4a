/*
 * What an external CA answers by CMP (certs/cmp.h).  An answer counts only with
 * the numbers of its request and under the shared secret: so both are put in
 * here, and a CA that has turned bad is what is tried; with FUZZ_CMP_AS_IT_IS a
 * stranger.
 */
#include "fuzz/cmp.h"

#include <openssl/cmp.h>
#include <openssl/crmf.h>

#include "certs/der.h"
#include "certs/ossl.h"

#define PROTECTION_ALG 0xa1
#define TRANSACTION 0xa4
#define SENDER_NONCE 0xa5
#define RECIPIENT_NONCE 0xa6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct err *
any(struct bytes *rest, struct bytes *whole)
{
	return der_take(rest, rest->len > 0 ? rest->ptr[0] : 0, whole, NULL);
}

/* PKIMessage ::= SEQUENCE { header, body, [0] protection, [1] extraCerts } */
struct message {
	struct bytes header, body, rest; /* the header without its head */
};

static struct err *
split(struct bytes der, struct message *out)
{
	struct bytes in;
	TRY(der_take(&der, DER_SEQUENCE, NULL, &in));
	TRY(der_take(&in, DER_SEQUENCE, NULL, &out->header));
	TRY(any(&in, &out->body));
	if (der_is(in, DER_CONTEXT_0))
		TRY(der_take(&in, DER_CONTEXT_0, NULL, NULL));
	out->rest = in;
	return NULL;
}

#define NAMED 3 /* pvno, sender, recipient; then fields have tags */

/* The field of a header with that tag, whole, or nothing. */
static struct bytes
field(struct bytes header, uint8_t tag)
{
	struct bytes one = BYTES_NONE;
	struct err *e = NULL;
	for (int i = 0; e == NULL && header.len > 0; i++) {
		e = any(&header, &one);
		if (e == NULL && i >= NAMED && one.ptr[0] == tag)
			return one;
	}
	err_free(e);
	return BYTES_NONE;
}

static struct err *
fit_header(struct bytes header, struct bytes asked, struct buf *out)
{
	CLEANUP(buf_done) struct buf v = BUF(CMP_ANSWER_MAX);
	struct bytes nonce = field(asked, SENDER_NONCE), one, inner;
	TRY(der_take(&nonce, SENDER_NONCE, NULL, &inner));
	for (int i = 0; header.len > 0; i++) {
		TRY(any(&header, &one));
		uint8_t tag = i < NAMED ? 0 : one.ptr[0];
		if (tag == TRANSACTION)
			TRY(buf_append(&v, field(asked, TRANSACTION)));
		else if (tag == RECIPIENT_NONCE)
			TRY(der_put(&v, RECIPIENT_NONCE, inner));
		else
			TRY(buf_append(&v, one));
	}
	return der_put(out, DER_SEQUENCE, buf_bytes(&v));
}

/* The MAC over header and body, RFC 4210 5.1.3.1. */
static struct err *
mac(struct bytes header, struct bytes part, struct buf *out)
{
	struct bytes alg = field(header, PROTECTION_ALG), in, params;
	TRY(der_take(&alg, PROTECTION_ALG, NULL, &in));
	TRY(der_take(&in, DER_SEQUENCE, NULL, &params));
	TRY(der_take(&params, DER_OID, NULL, NULL));
	const uint8_t *p = params.ptr;
	OSSL_CRMF_PBMPARAMETER *pbm =
	    d2i_OSSL_CRMF_PBMPARAMETER(NULL, &p, (long)params.len);
	CLEANUP(ossl_freep) uint8_t *value = NULL;
	size_t len = 0;
	int ok =
	    pbm != NULL && OSSL_CRMF_pbm_new(NULL, NULL, pbm, part.ptr,
			       part.len, (const uint8_t *)FUZZ_CMP_SECRET,
			       sizeof(FUZZ_CMP_SECRET) - 1, &value, &len) == 1;
	OSSL_CRMF_PBMPARAMETER_free(pbm);
	if (!ok)
		return err_ossl(ERR_MALFORMED, "OSSL_CRMF_pbm_new");
	CLEANUP(buf_done) struct buf bits = BUF(256);
	CLEANUP(buf_done) struct buf v = BUF(256);
	TRY(buf_byte(&bits, 0));
	TRY(buf_append(&bits, bytes_of(value, len)));
	TRY(der_put(&v, DER_BIT_STRING, buf_bytes(&bits)));
	return der_put(out, DER_CONTEXT_0, buf_bytes(&v));
}

/* The message as the CA would send it in answer to `request`. */
static struct err *
seal(struct bytes der, struct bytes request, struct buf *out)
{
	struct message m, asked;
	CLEANUP(buf_done) struct buf v = BUF(CMP_ANSWER_MAX);
	CLEANUP(buf_done) struct buf part = BUF(CMP_ANSWER_MAX);
	TRY(split(der, &m));
	TRY(split(request, &asked));
	TRY(fit_header(m.header, asked.header, &v));
	TRY(buf_append(&v, m.body));
	TRY(der_put(&part, DER_SEQUENCE, buf_bytes(&v)));
	TRY(mac(m.header, buf_bytes(&part), &v));
	TRY(buf_append(&v, m.rest));
	return der_put(out, DER_SEQUENCE, buf_bytes(&v));
}

struct answers {
	struct bytes rest;
	bool as_it_is;
};

static struct err *
carry(void *ctx, struct bytes request, int timeout_ms, struct buf *out)
{
	struct answers *a = ctx;
	struct bytes one = a->rest;
	(void)timeout_ms;
	struct err *e = der_take(&a->rest, DER_SEQUENCE, &one, NULL);
	if (e != NULL)
		a->rest = BYTES_NONE;
	else if (!a->as_it_is)
		e = seal(one, request, out);
	if (e == NULL && out->len > 0)
		return NULL;
	err_free(e);
	buf_clear(out);
	return buf_append(out, one);
}

static bool
ended(void *ctx)
{
	return ctx != NULL; /* nobody waits here */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct answers a = { .rest = bytes_of(data + 1, size - 1),
		.as_it_is = (data[0] & FUZZ_CMP_AS_IT_IS) != 0 };
	const struct cmp_way way = {
		.ctx = &a, .carry = carry, .ended = ended
	};
	err_free(fuzz_cmp_ask(&way, (data[0] & FUZZ_CMP_REVOKE) != 0));
	return 0;
}
