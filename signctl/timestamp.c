/* signctl timestamp verify: an RFC 3161 token or response, over given data. */
#include "signctl/offline.h"

#include <string.h>

#include "base/pack.h"
#include "cms/tsp.h"

static const struct option_row options[] = {
	{ "data", "FILE", "what was time-stamped", false },
	{ "request", "FILE", "the request (DER) that it answers", false },
	{ "trust", "FILE", "anchors, PEM or DER", true },
	{ "certs", "FILE", "further certificates, not trusted", true },
	{ "authority", "NAME", "its subject must be this (RFC 4514)", false },
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
	const char *authority; /* NULL: whoever */
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
	s->authority = args_get(a, "authority");
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

/* unwrap finds the token in a TimeStampResp; a bare token stays as it is. */
static struct err *
unwrap(struct bytes in, struct bytes *token)
{
	struct err *e = tsr_token(in, token);
	if (e == NULL || err_kind(e) != ERR_MALFORMED)
		return e;
	err_free(e);
	*token = in;
	return NULL;
}

/* imprint appends what the token must have stamped: of the data, else of the
 * request. */
static struct err *
imprint(const struct session *s, const struct tst *t, const struct tsq *asked,
    struct buf *out)
{
	uint8_t digest[DIGEST_MAX];
	if (!s->has_data)
		return buf_append(out, asked->imprint);
	enum digest_alg alg = tst_imprint_alg(t);
	TRY(digest_of(alg, s->data.bytes, digest));
	return buf_append(out, bytes_of(digest, digest_len(alg)));
}

/* The name goes by the certificate that signed, not by one that lies in the
 * bag, where anybody may put another. */
static struct err *
judge_authority(
    const struct session *s, const struct cert *tsa, bool *ok, struct buf *why)
{
	*ok = s->authority == NULL ||
	      strcmp(s->authority, cert_subject(tsa)) == 0;
	return *ok ? NULL : buf_printf(why, "by %s\n", cert_subject(tsa));
}

static struct err *
judge_path(struct session *s, const struct timestamp_fact *fact, bool *ok,
    struct buf *why)
{
	*ok = fact->tsa != NULL;
	if (!*ok)
		return NULL;
	TRY(judge_authority(s, fact->tsa, ok, why));
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
	struct err *e = *ok ? NULL
			    : buf_printf(why, "%s: %s\n",
				  path_result_name(path.result), path.detail);
	path_done(&path);
	return e;
}

/* all_certs lists where the authority's certificate may be. */
static struct err *
all_certs(const struct session *s, struct cert_list *out)
{
	for (size_t i = 0; i < s->certs.n; i++)
		TRY(cert_list_add(out, s->certs.v[i]));
	for (size_t i = 0; i < s->anchors.n; i++)
		TRY(cert_list_add(out, s->anchors.v[i]));
	return NULL;
}

/* What it refused to stamp has no time stamp; nothing here is out of order. */
static struct err *
tell_refusal(struct err *refusal, struct buf *why)
{
	struct err *e = buf_printf(why, "%s\n", err_text(refusal));
	err_free(refusal);
	return e;
}

static struct err *
judge(struct session *s, struct timestamp_fact *fact, bool *ok, struct buf *why)
{
	CLEANUP(cert_list_done) struct cert_list extra = { 0 };
	CLEANUP(buf_done) struct buf digest = BUF(DIGEST_MAX);
	CLEANUP(tst_freep) struct tst *t = NULL;
	struct tsq asked = { 0 };
	struct bytes token;
	struct err *e = unwrap(s->token.bytes, &token);
	if (e != NULL && err_kind(e) == ERR_REMOTE)
		return tell_refusal(e, why);
	TRY(e);
	TRY(tst_parse(token, &t));
	if (s->has_request)
		TRY(tsq_parse(s->request.bytes, &asked));
	*ok = !s->has_request || tsq_answered(&asked, t);
	if (!*ok)
		return NULL;
	TRY(imprint(s, t, &asked, &digest));
	TRY(all_certs(s, &extra));
	TRY(tst_check(t, buf_bytes(&digest), &extra, &s->certs, fact));
	*ok = fact->digest == CHECK_PASSED && fact->signature == CHECK_PASSED;
	return *ok ? judge_path(s, fact, ok, why) : NULL;
}

/* What comes out of the sandbox. */
enum { TAG_OK = 1, TAG_TIME, TAG_WHY };

static struct err *
child(void *ctx, struct buf *out)
{
	CLEANUP(buf_done) struct buf why = BUF(1024);
	struct timestamp_fact fact = { .time = TIME_NONE };
	bool ok = false;
	struct err *e = judge(ctx, &fact, &ok, &why);
	cert_free(fact.tsa);
	TRY(e);
	TRY(pack_u64(out, TAG_OK, ok));
	TRY(pack_i64(out, TAG_TIME, fact.time));
	return pack_bytes(out, TAG_WHY, buf_bytes(&why));
}

static struct err *
tell(const struct args *a, bool ok, int64_t time, const char *why)
{
	CLEANUP(buf_done) struct buf when = BUF(64);
	const char *text;
	if (!ok) {
		printf(
		    "%s%s\n", why, message_text("timestamp-invalid", a->lang));
		return NULL;
	}
	TRY(time_format_iso(
	    time, a->lang == LANG_VI ? TIME_VIETNAM_OFFSET_MIN : 0, &when));
	TRY(buf_cstr(&when, &text));
	printf("%s\n%s\n", message_text("timestamp-valid", a->lang), text);
	return NULL;
}

static struct err *
run(const struct args *a, int *code)
{
	CLEANUP(session_done) struct session s = { 0 };
	CLEANUP(buf_done) struct buf packed = BUF(4096);
	CLEANUP(free_charp) char *why = NULL;
	const struct sandbox_limits limits = { .memory = OFFLINE_MEMORY,
		.seconds = OFFLINE_SECONDS };
	uint64_t ok;
	int64_t time;
	TRY(load(a, &s));
	TRY(worker_start());
	struct err *e = sandbox_run(limits, child, &s, &packed);
	worker_stop();
	TRY(e);
	struct unpack u = unpack_of(buf_bytes(&packed));
	TRY(unpack_u64(&u, TAG_OK, &ok));
	TRY(unpack_i64(&u, TAG_TIME, &time));
	TRY(unpack_str(&u, TAG_WHY, &why));
	TRY(unpack_end(&u));
	*code = ok != 0 ? EXIT_VALID : EXIT_INVALID;
	return tell(a, ok != 0, time, why);
}

const struct command command_timestamp_verify = {
	.name = "timestamp verify",
	.words = "FILE",
	.summary = "tell whether a time stamp (RFC 3161) is right",
	.options = options,
	.run = run,
};
