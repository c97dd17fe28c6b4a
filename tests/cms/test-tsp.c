/* The tokens come from OpenSSL's own time-stamp authority. */
#include "cms/tsp.h"

#include <openssl/ts.h>

#include "cms/frame.h"
#include "tests/cms/people.h"

static struct person ca, tsa;
static const char *tsa_digest = "SHA256";

static ASN1_INTEGER *
serial(struct TS_resp_ctx *ctx, void *data)
{
	(void)ctx, (void)data;
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	ASN1_INTEGER_set(n, 7);
	return n;
}

static int
at_noon(struct TS_resp_ctx *ctx, void *data, long *sec, long *usec)
{
	(void)ctx, (void)data;
	*sec = NOON;
	*usec = 500000; /* half a second, which is a fraction in genTime */
	return 1;
}

static TS_RESP_CTX *
authority(void)
{
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();
	TS_RESP_CTX_set_signer_cert(ctx, cert_x509(tsa.cert));
	TS_RESP_CTX_set_signer_key(ctx, tsa.key);
	ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4", 1);
	TS_RESP_CTX_set_def_policy(ctx, policy);
	ASN1_OBJECT_free(policy);
	TS_RESP_CTX_add_md(ctx, EVP_sha256());
	TS_RESP_CTX_add_md(ctx, EVP_sha512());
	TS_RESP_CTX_set_signer_digest(ctx, EVP_get_digestbyname(tsa_digest));
	TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256());
	TS_RESP_CTX_set_serial_cb(ctx, serial, NULL);
	TS_RESP_CTX_set_time_cb(ctx, at_noon, NULL);
	TS_RESP_CTX_set_clock_precision_digits(ctx, 3);
	return ctx;
}

static void
make_request(struct bytes message, bool cert, struct buf *out)
{
	uint8_t hash[DIGEST_MAX];
	CHECK_OK(digest_of(DIGEST_SHA256, message, hash));
	TS_REQ *req = TS_REQ_new();
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *alg = X509_ALGOR_new();
	X509_ALGOR_set0(alg, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL);
	TS_MSG_IMPRINT_set_algo(imprint, alg);
	TS_MSG_IMPRINT_set_msg(imprint, hash, 32);
	TS_REQ_set_version(req, 1);
	TS_REQ_set_msg_imprint(req, imprint);
	ASN1_INTEGER *nonce = ASN1_INTEGER_new();
	ASN1_INTEGER_set(nonce, 0xabcdef);
	TS_REQ_set_nonce(req, nonce);
	TS_REQ_set_cert_req(req, cert);
	uint8_t *der = NULL;
	int len = i2d_TS_REQ(req, &der);
	CHECK_OK(buf_append(out, bytes_of(der, (size_t)len)));
	OPENSSL_free(der);
	X509_ALGOR_free(alg);
	TS_MSG_IMPRINT_free(imprint);
	ASN1_INTEGER_free(nonce);
	TS_REQ_free(req);
}

static void
answer(struct bytes request, struct buf *out)
{
	TS_RESP_CTX *ctx = authority();
	BIO *in = BIO_new_mem_buf(request.ptr, (int)request.len);
	TS_RESP *r = TS_RESP_create_response(ctx, in);
	uint8_t *der = NULL;
	int len = i2d_TS_RESP(r, &der);
	CHECK_OK(buf_append(out, bytes_of(der, (size_t)len)));
	OPENSSL_free(der);
	TS_RESP_free(r);
	BIO_free(in);
	TS_RESP_CTX_free(ctx);
}

struct exchange {
	struct buf request, response;
	struct tst *tst;
	struct tsq tsq;
};

static struct exchange
exchange(struct bytes message, bool cert)
{
	struct exchange x = { .request = BUF(4096), .response = BUF(65536) };
	make_request(message, cert, &x.request);
	answer(buf_bytes(&x.request), &x.response);
	struct bytes token = BYTES_NONE;
	CHECK_OK(tsr_token(buf_bytes(&x.response), &token));
	CHECK_OK(tst_parse(token, &x.tst));
	CHECK_OK(tsq_parse(buf_bytes(&x.request), &x.tsq));
	return x;
}

static void
exchange_done(struct exchange *x)
{
	tst_free(x->tst);
	buf_done(&x->request);
	buf_done(&x->response);
}

static struct timestamp_fact
check(struct exchange *x, struct bytes message, const struct cert_list *extra)
{
	uint8_t hash[DIGEST_MAX];
	struct timestamp_fact f = { 0 };
	CHECK_OK(digest_of(DIGEST_SHA256, message, hash));
	CHECK_OK(tst_check(x->tst, bytes_of(hash, 32), extra, NULL, &f));
	return f;
}

static void
believes_a_good_token(void)
{
	struct exchange x = exchange(BYTES_LIT("hello"), true);
	CHECK(tst_time(x.tst) == NOON);
	CHECK(tst_imprint_alg(x.tst) == DIGEST_SHA256);
	CHECK(tsq_answered(&x.tsq, x.tst));
	CHECK(x.tsq.wants_cert);
	struct timestamp_fact f = check(&x, BYTES_LIT("hello"), NULL);
	CHECK(f.digest == CHECK_PASSED && f.signature == CHECK_PASSED);
	CHECK(f.tsa != NULL && cert_eq(f.tsa, tsa.cert));
	CHECK(f.time == NOON);
	cert_free(f.tsa);
	exchange_done(&x);
}

static void
believes_a_token_of_sha512(void)
{
	tsa_digest = "SHA512";
	struct exchange x = exchange(BYTES_LIT("hello"), true);
	struct timestamp_fact f = check(&x, BYTES_LIT("hello"), NULL);
	CHECK(f.digest == CHECK_PASSED && f.signature == CHECK_PASSED);
	cert_free(f.tsa);
	exchange_done(&x);
	tsa_digest = "SHA256";
}

/* What somebody hung onto a token's own signature, be it another token, moves
 * neither its time nor its verdict. */
static void
passes_over_a_time_stamp_inside_a_token(void)
{
	struct exchange outer = exchange(BYTES_LIT("hello"), true);
	struct exchange inner = exchange(BYTES_LIT("other"), true);
	struct bytes token[2] = { BYTES_NONE, BYTES_NONE };
	CHECK_OK(tsr_token(buf_bytes(&outer.response), &token[0]));
	CHECK_OK(tsr_token(buf_bytes(&inner.response), &token[1]));
	const struct bytes hung[] = { token[1], BYTES_LIT("\x30\x00"),
		BYTES_LIT("\x05\x00") };
	for (size_t i = 0; i < COUNT_OF(hung); i++) {
		CLEANUP(buf_done) struct buf a = BUF(65536);
		CLEANUP(buf_done) struct buf b = BUF(131072);
		CHECK_OK(put_attribute(&a, OID_SIGNATURE_TIME_STAMP, hung[i]));
		CHECK_OK(cms_add_unsigned(token[0], buf_bytes(&a), &b));
		struct exchange both = { 0 };
		CHECK_OK(tst_parse(buf_bytes(&b), &both.tst));
		struct timestamp_fact f =
		    check(&both, BYTES_LIT("hello"), NULL);
		CHECK(f.digest == CHECK_PASSED && f.signature == CHECK_PASSED);
		CHECK(f.time == NOON);
		cert_free(f.tsa);
		f = check(&both, BYTES_LIT("other"), NULL);
		CHECK(f.digest == CHECK_FAILED);
		cert_free(f.tsa);
		tst_free(both.tst);
	}
	exchange_done(&outer);
	exchange_done(&inner);
}

static void
tells_another_message(void)
{
	struct exchange x = exchange(BYTES_LIT("hello"), true);
	struct timestamp_fact f = check(&x, BYTES_LIT("hullo"), NULL);
	CHECK(f.digest == CHECK_FAILED && f.signature == CHECK_PASSED);
	cert_free(f.tsa);
	exchange_done(&x);
}

static void
needs_the_certificate_from_somewhere(void)
{
	struct exchange x = exchange(BYTES_LIT("hello"), false);
	struct timestamp_fact f = check(&x, BYTES_LIT("hello"), NULL);
	CHECK(f.signature == CHECK_NOT_DONE && f.tsa == NULL);
	struct cert_list extra = { .v = &tsa.cert, .n = 1 };
	f = check(&x, BYTES_LIT("hello"), &extra);
	CHECK(f.signature == CHECK_PASSED);
	cert_free(f.tsa);
	exchange_done(&x);
}

static void
tells_another_nonce(void)
{
	struct exchange x = exchange(BYTES_LIT("hello"), true);
	x.tsq.nonce = BYTES_LIT("\x01");
	CHECK(!tsq_answered(&x.tsq, x.tst));
	x.tsq.nonce = BYTES_NONE;
	CHECK(!tsq_answered(&x.tsq, x.tst));
	exchange_done(&x);
}

static void
no_flipped_byte_moves_the_time(void)
{
	struct exchange x = exchange(BYTES_LIT("hello"), true);
	struct bytes token = BYTES_NONE;
	CHECK_OK(tsr_token(buf_bytes(&x.response), &token));
	size_t start = (size_t)(token.ptr - x.response.ptr);
	for (size_t i = start; i < x.response.len; i++) {
		x.response.ptr[i] ^= 1;
		struct tst *t = NULL;
		struct err *e = tst_parse(token, &t);
		if (e == NULL) {
			struct exchange y = { .tst = t };
			struct timestamp_fact f =
			    check(&y, BYTES_LIT("hello"), NULL);
			if (f.digest == CHECK_PASSED &&
			    f.signature == CHECK_PASSED)
				CHECK(
				    f.time == NOON && cert_eq(f.tsa, tsa.cert));
			cert_free(f.tsa);
		}
		err_free(e);
		tst_free(t);
		x.response.ptr[i] ^= 1;
	}
	exchange_done(&x);
}

static void
refuses_what_is_no_token(void)
{
	struct tst *t = NULL;
	struct tsq q;
	struct bytes b;
	CHECK_ERR(tst_parse(BYTES_LIT("hello"), &t), ERR_MALFORMED);
	CHECK_ERR(tst_parse(BYTES_NONE, &t), ERR_MALFORMED);
	CHECK_ERR(tsq_parse(BYTES_LIT("0"), &q), ERR_MALFORMED);
	/* status 2: rejection */
	CHECK_ERR(tsr_token(BYTES_LIT("\x30\x05\x30\x03\x02\x01\x02"), &b),
	    ERR_REMOTE);
}

int
main(void)
{
	ca = make_authority();
	tsa = make_person((struct person_wish){ .name = "TSA thử nghiệm",
	    .key = "RSA",
	    .alg = ALG_RSA,
	    .issuer = &ca,
	    .eku = "critical,timeStamping",
	    .serial = 3,
	    .from = NOON - 100 * DAY,
	    .to = NOON + 100 * DAY });
	RUN(believes_a_good_token);
	RUN(believes_a_token_of_sha512);
	RUN(passes_over_a_time_stamp_inside_a_token);
	RUN(tells_another_message);
	RUN(needs_the_certificate_from_somewhere);
	RUN(tells_another_nonce);
	RUN(no_flipped_byte_moves_the_time);
	RUN(refuses_what_is_no_token);
	person_done(&ca);
	person_done(&tsa);
	return DONE();
}
