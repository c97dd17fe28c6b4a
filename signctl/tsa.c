#include "signctl/tsa.h"

#include <sys/random.h>

#include "client-sdk/curl.h"
#include "cms/tsp.h"
#include "signctl/offline.h"

#define NONCE_BYTES 8
#define REQUEST_MAX 1024
#define RESPONSE_MAX (1024 * 1024) /* bytes; with certificates some 8 KB */
#define TSA_SECONDS 60L

/* What is sent, and where the answer goes. */
struct exchange {
	struct curl_api api;
	const char *url;
	struct bytes request;
	struct buf *response;
};

static size_t
take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	struct err *e = buf_append(x->response, bytes_of(data, size * n));
	bool ok = e == NULL;
	err_free(e);
	return ok ? size * n : 0;
}

static CURLcode
set_options(CURL *c, struct exchange *x, struct curl_slist *headers)
{
	CURLcode bad = CURLE_OK;
#define SET(option, value)                                                     \
	do {                                                                   \
		if (bad == CURLE_OK)                                           \
			bad = x->api.easy_setopt(c, option, value);            \
	} while (0)
	SET(CURLOPT_URL, x->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_FAILONERROR, 1L);
	SET(CURLOPT_TIMEOUT, TSA_SECONDS);
	SET(CURLOPT_USERAGENT, "signctl");
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDSIZE, (long)x->request.len);
	SET(CURLOPT_POSTFIELDS, (const char *)x->request.ptr);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, x);
#undef SET
	return bad;
}

static struct err *
post(struct exchange *x)
{
	CURL *c = x->api.easy_init();
	struct curl_slist *headers = x->api.slist_append(
	    NULL, "Content-Type: application/timestamp-query");
	CURLcode code = CURLE_OUT_OF_MEMORY;
	if (c != NULL && headers != NULL)
		code = set_options(c, x, headers);
	if (code == CURLE_OK)
		code = x->api.easy_perform(c);
	x->api.slist_free_all(headers);
	if (c != NULL)
		x->api.easy_cleanup(c);
	if (code == CURLE_OUT_OF_MEMORY)
		return err_new(ERR_NOMEM, NULL, "libcurl");
	return code == CURLE_OK ? NULL
				: err_new(ERR_REMOTE, NULL, "%s: %s", x->url,
				      x->api.easy_strerror(code));
}

/* What the child looks at. */
struct answer {
	struct bytes request;
	struct bytes response;
};

static struct err *
read_answer(void *ctx, struct buf *out)
{
	const struct answer *a = ctx;
	return job_token(a->request, a->response, out);
}

static struct err *
stamp(void *ctx, enum digest_alg alg, struct bytes digest, struct buf *token)
{
	uint8_t nonce[NONCE_BYTES];
	CLEANUP(buf_done) struct buf request = BUF(REQUEST_MAX);
	CLEANUP(buf_done) struct buf response = BUF(RESPONSE_MAX);
	if (getrandom(nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
		return err_new(ERR_INTERNAL, NULL, "getrandom");
	const struct tsq q = { .alg = alg,
		.imprint = digest,
		.nonce = bytes_of(nonce, sizeof(nonce)),
		.wants_cert = true };
	TRY(tsq_make(&q, &request));
	struct exchange x = { .url = ctx,
		.request = buf_bytes(&request),
		.response = &response };
	TRY(curl_load(&x.api));
	if (x.api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_new(ERR_INTERNAL, NULL, "curl_global_init");
	TRY(post(&x));
	struct answer a = { buf_bytes(&request), buf_bytes(&response) };
	const struct sandbox_limits limits = { .memory = OFFLINE_MEMORY,
		.seconds = OFFLINE_SECONDS };
	return sandbox_run(limits, read_answer, &a, token);
}

struct stamper
tsa_stamper(const char *url)
{
	/* Only read again by stamp(), as what it was. */
	return (struct stamper){ .ctx = (void *)(uintptr_t)url,
		.stamp = stamp };
}
