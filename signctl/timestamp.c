/* signctl timestamp verify: an RFC 3161 token or response, over given data. */
#include "signctl/offline.h"

#include <openssl/ts.h>
#include <string.h>

#include "certs/ossl.h"
#include "cms/tsp.h"

static const struct option_row options[] = {
	{ "data", "FILE", "what was time-stamped", false },
	{ "request", "FILE", "the request (DER) that it answers", false },
	{ "trust", "FILE", "anchors, PEM or DER", true },
	{ "certs", "FILE", "further certificates, not trusted", true },
	{ "time", "ISO8601", "time of validation (now)", false },
	{ "lang", "vi|en", "language of what people read", false },
	{ "help", NULL, "this text", false },
	{ NULL, NULL, NULL, false },
};

struct session {
	struct cert_list anchors;
	struct cert_list certs;
	struct input token;
	struct input data;
	struct input request;
	int64_t time;
	bool has_data;
	bool has_request;
};

static void
session_done(struct session *s)
{
	cert_list_done(&s->anchors);
	cert_list_done(&s->certs);
	input_done(&s->token);
	input_done(&s->data);
	input_done(&s->request);
}

static struct err *
load(const struct args *a, struct session *s)
{
	if (a->nwords != 1)
		return err_new(ERR_USAGE, NULL, "which one token?");
	TRY(certs_load(a, "trust", &s->anchors));
	TRY(certs_load(a, "certs", &s->certs));
	TRY(time_option(a, &s->time));
	TRY(input_open(a->words[0], &s->token));
	s->has_data = args_has(a, "data");
	if (s->has_data)
		TRY(input_open(args_get(a, "data"), &s->data));
	s->has_request = args_has(a, "request");
	if (s->has_request)
		TRY(input_open(args_get(a, "request"), &s->request));
	if (!s->has_data && !s->has_request)
		return err_new(
		    ERR_USAGE, NULL, "--data or --request is needed");
	return NULL;
}

DEFINE_FREEP(TS_REQ_free, TS_REQ)
DEFINE_FREEP(TS_RESP_free, TS_RESP)

/* unwrap finds the token in a TimeStampResp; a bare token stays as it is. */
static struct err *
unwrap(struct bytes in, struct buf *token)
{
	const uint8_t *p = in.ptr;
	CLEANUP(TS_RESP_freep)
	TS_RESP *resp = d2i_TS_RESP(NULL, &p, (long)in.len);
	if (resp == NULL)
		return buf_append(token, in);
	PKCS7 *inner = TS_RESP_get_token(resp);
	uint8_t *der = NULL;
	int len = inner == NULL ? 0 : i2d_PKCS7(inner, &der);
	if (len <= 0)
		return err_new(ERR_MALFORMED, "RFC 3161 2.4.2",
		    "the response holds no token");
	struct err *e = buf_append(token, bytes_of(der, (size_t)len));
	OPENSSL_free(der);
	return e;
}

/* answers_request compares imprint and nonce, RFC 3161 2.4.2. */
static struct err *
answers_request(struct bytes request, struct bytes response, bool *ok)
{
	const uint8_t *p = request.ptr;
	const uint8_t *q = response.ptr;
	CLEANUP(TS_REQ_freep)
	TS_REQ *req = d2i_TS_REQ(NULL, &p, (long)request.len);
	CLEANUP(TS_RESP_freep)
	TS_RESP *resp = d2i_TS_RESP(NULL, &q, (long)response.len);
	if (req == NULL || resp == NULL)
		return err_ossl(ERR_MALFORMED, "request or response");
	TS_TST_INFO *info = TS_RESP_get_tst_info(resp);
	const ASN1_INTEGER *want = TS_REQ_get_nonce(req);
	const ASN1_INTEGER *have = info ? TS_TST_INFO_get_nonce(info) : NULL;
	if (info == NULL)
		*ok = false;
	else if (want == NULL || have == NULL)
		*ok = want == NULL;
	else
		*ok = ASN1_INTEGER_cmp(want, have) == 0;
	if (!*ok)
		return NULL;
	const ASN1_OCTET_STRING *asked =
	    TS_MSG_IMPRINT_get_msg(TS_REQ_get_msg_imprint(req));
	const ASN1_OCTET_STRING *got =
	    TS_MSG_IMPRINT_get_msg(TS_TST_INFO_get_msg_imprint(info));
	*ok = ASN1_OCTET_STRING_cmp(asked, got) == 0;
	return NULL;
}

static struct err *
imprint_of_request(struct bytes request, struct buf *out)
{
	const uint8_t *p = request.ptr;
	CLEANUP(TS_REQ_freep)
	TS_REQ *req = d2i_TS_REQ(NULL, &p, (long)request.len);
	if (req == NULL)
		return err_ossl(ERR_MALFORMED, "d2i_TS_REQ");
	const ASN1_OCTET_STRING *o =
	    TS_MSG_IMPRINT_get_msg(TS_REQ_get_msg_imprint(req));
	return buf_append(out,
	    bytes_of(ASN1_STRING_get0_data(o), (size_t)ASN1_STRING_length(o)));
}

static struct err *
imprint(const struct session *s, const struct tst *t, struct buf *out)
{
	uint8_t digest[DIGEST_MAX];
	if (!s->has_data)
		return imprint_of_request(s->request.bytes, out);
	enum digest_alg alg = tst_imprint_alg(t);
	TRY(digest_of(alg, s->data.bytes, digest));
	return buf_append(out, bytes_of(digest, digest_len(alg)));
}

static struct err *
judge_path(struct session *s, const struct timestamp_fact *fact, bool *ok)
{
	*ok = fact->tsa != NULL;
	if (!*ok || s->anchors.n == 0)
		return NULL;
	const struct path_request r = {
		.leaf = fact->tsa,
		.pool = &s->certs,
		.anchors = &s->anchors,
		.time =
		    s->time != TIME_NONE ? s->time : clock_now(&clock_system),
		.status = STATUS_IGNORE,
		.purpose = "timestamp",
	};
	struct path path = { 0 };
	TRY(path_build(&r, &path));
	*ok = path.result == PATH_OK;
	if (!*ok)
		printf("%s: %s\n", path_result_name(path.result), path.detail);
	path_done(&path);
	return NULL;
}

static struct err *
judge(struct session *s, struct timestamp_fact *fact, bool *ok)
{
	CLEANUP(buf_done) struct buf token = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf digest = BUF(DIGEST_MAX);
	CLEANUP(tst_freep) struct tst *t = NULL;
	struct cert_list extra = { 0 };
	*ok = true;
	if (s->has_request)
		TRY(answers_request(s->request.bytes, s->token.bytes, ok));
	if (!*ok)
		return NULL;
	TRY(unwrap(s->token.bytes, &token));
	TRY(tst_parse(buf_bytes(&token), &t));
	TRY(imprint(s, t, &digest));
	struct err *e = NULL;
	for (size_t i = 0; e == NULL && i < s->certs.n; i++)
		e = cert_list_add(&extra, s->certs.v[i]);
	for (size_t i = 0; e == NULL && i < s->anchors.n; i++)
		e = cert_list_add(&extra, s->anchors.v[i]);
	if (e == NULL)
		e = tst_check(t, buf_bytes(&digest), &extra, &s->certs, fact);
	cert_list_done(&extra);
	TRY(e);
	*ok = fact->digest == CHECK_PASSED && fact->signature == CHECK_PASSED;
	return *ok ? judge_path(s, fact, ok) : NULL;
}

static struct err *
tell(const struct args *a, const struct timestamp_fact *fact, bool ok)
{
	CLEANUP(buf_done) struct buf when = BUF(64);
	const char *text;
	if (!ok) {
		printf("%s\n", message_text("timestamp-invalid", a->lang));
		return NULL;
	}
	TRY(time_format_iso(fact->time,
	    a->lang == LANG_VI ? TIME_VIETNAM_OFFSET_MIN : 0, &when));
	TRY(buf_cstr(&when, &text));
	printf("%s\n%s\n", message_text("timestamp-valid", a->lang), text);
	return NULL;
}

static struct err *
run(const struct args *a, int *code)
{
	CLEANUP(session_done) struct session s = { 0 };
	struct timestamp_fact fact = { .time = TIME_NONE };
	bool ok = false;
	TRY(load(a, &s));
	struct err *e = judge(&s, &fact, &ok);
	if (e == NULL)
		e = tell(a, &fact, ok);
	cert_free(fact.tsa);
	*code = ok ? EXIT_VALID : EXIT_INVALID;
	return e;
}

const struct command command_timestamp_verify = {
	.name = "timestamp verify",
	.words = "FILE",
	.summary = "tell whether a time stamp (RFC 3161) is right",
	.options = options,
	.run = run,
};
