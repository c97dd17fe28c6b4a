#include "signctl/sign_cms.h"

#include <string.h>

#include "base/encoding.h"
#include "cms/params.h"
#include "signctl/offline.h"

void
sign_cms_done(struct sign_cms *c)
{
	buf_done(&c->packed);
	buf_done(&c->words);
	*c = (struct sign_cms){ 0 };
}

static struct err *
hash_file(const char *path, uint8_t out[DIGEST_MAX])
{
	CLEANUP(input_done) struct input in = { 0 };
	TRY(input_open(path, &in));
	return digest_of(DIGEST_SHA256, in.bytes, out);
}

/* The policy's document is hashed here; its OID and place are only named. */
static struct err *
load_policy(const struct args *a, struct sign_cms *c)
{
	const char *path;
	if (!args_has(a, "sig-policy") &&
	    (args_has(a, "sig-policy-file") || args_has(a, "sig-policy-uri")))
		return err_new(ERR_USAGE, NULL, "--sig-policy is missing");
	if (!args_has(a, "sig-policy"))
		return NULL;
	TRY(args_need(a, "sig-policy-file", &path));
	TRY(hash_file(path, c->policy_digest));
	c->policy = (struct sig_policy){ .oid = args_get(a, "sig-policy"),
		.alg = DIGEST_SHA256,
		.digest = bytes_of(c->policy_digest, digest_len(DIGEST_SHA256)),
		.uri = args_get(a, "sig-policy-uri") };
	return NULL;
}

/* How the signature stands to what it is on. */
static struct err *
choose_form(const struct args *a, enum cms_form *out)
{
	bool counter = args_has(a, "counter-sign");
	bool detached = args_has(a, "detached");
	bool parallel = args_has(a, "content");
	if (counter + detached + parallel > 1)
		return err_new(ERR_USAGE, NULL,
		    "one of --detached, --content and --counter-sign");
	*out = counter	  ? CMS_FORM_COUNTER
	       : detached ? CMS_FORM_DETACHED
	       : parallel ? CMS_FORM_PARALLEL
			  : CMS_FORM_BY_DOCUMENT;
	return NULL;
}

/* ---- signing here ---- */

/* What is signed: the document, unless it is a signature of something. */
static struct err *
stamp_content(const struct args *a, const struct raise *r,
    const struct cms_params *p, struct bytes document, enum digest_alg alg,
    struct buf *token)
{
	uint8_t digest[DIGEST_MAX];
	if (!args_has(a, "content-timestamp"))
		return NULL;
	if (p->form == CMS_FORM_COUNTER)
		return err_new(ERR_USAGE, NULL,
		    "--content-timestamp with --counter-sign");
	if (p->form == CMS_FORM_PARALLEL)
		document = r->content.bytes;
	TRY(digest_of(alg, document, digest));
	return raise_stamp(r, alg, bytes_of(digest, digest_len(alg)), token);
}

static struct err *
pack_cms(const struct args *a, const struct raise *r, struct bytes document,
    enum digest_alg alg, struct buf *out)
{
	CLEANUP(buf_done) struct buf token = BUF(TOKEN_MAX);
	uint8_t digest[DIGEST_MAX];
	struct cms_params p = { .counter = args_get(a, "counter-sign") };
	TRY(choose_form(a, &p.form));
	if (p.form == CMS_FORM_BY_DOCUMENT && args_has(a, "content-timestamp"))
		p.form = CMS_FORM_ATTACHED;
	if (p.form == CMS_FORM_BY_DOCUMENT)
		return NULL;
	if (p.form == CMS_FORM_PARALLEL) {
		TRY(digest_of(alg, r->content.bytes, digest));
		p.content_digest = bytes_of(digest, digest_len(alg));
	}
	TRY(stamp_content(a, r, &p, document, alg, &token));
	p.content_stamp = buf_bytes(&token);
	return cms_params_pack(&p, out);
}

struct err *
sign_cms_load(const struct args *a, const struct raise *r,
    struct bytes document, enum digest_alg alg, struct sign_cms *out)
{
	sign_cms_done(out);
	out->packed = BUF(SIGN_CMS_MAX);
	TRY(load_policy(a, out));
	return pack_cms(a, r, document, alg, &out->packed);
}

/* ---- what the service is asked ---- */

/* A word made here, whose address holds. */
static struct err *
keep_base64(struct sign_cms *c, struct bytes raw, const char **out)
{
	CLEANUP(buf_done) struct buf text = BUF(128);
	size_t at = c->words.len;
	TRY(base64url_encode(raw, &text));
	TRY(buf_append(&c->words, buf_bytes(&text)));
	TRY(buf_byte(&c->words, '\0'));
	*out = (const char *)c->words.ptr + at;
	return NULL;
}

static void
add_word(const char **more, size_t *n, const char *name, const char *value)
{
	if (value == NULL)
		return;
	more[(*n)++] = name;
	more[(*n)++] = value;
}

/* A time stamp on the content wants to know what that is: as in pack_cms(). */
const char *
sign_cms_place(const struct args *a)
{
	if (args_has(a, "detached"))
		return "Detached";
	if (args_has(a, "content"))
		return "Parallel";
	return args_has(a, "content-timestamp") && !args_has(a, "counter-sign")
		   ? "Attached"
		   : NULL;
}

struct err *
sign_cms_there(const struct args *a, struct sign_cms *out, const char **more,
    size_t *n)
{
	uint8_t digest[DIGEST_MAX];
	const char *word = NULL;
	enum cms_form form;
	/* Room for both digests at once, so that neither moves. */
	out->words = BUF(1024);
	TRY(buf_reserve(&out->words, 1024));
	TRY(choose_form(a, &form));
	TRY(load_policy(a, out));
	add_word(more, n, "policyOID", out->policy.oid);
	add_word(more, n, "policyURI", out->policy.uri);
	if (out->policy.oid != NULL) {
		TRY(keep_base64(out, out->policy.digest, &word));
		add_word(more, n, "policyHash", word);
	}
	if (args_has(a, "content-timestamp"))
		add_word(more, n, "contentTimeStamp", "true");
	if (form == CMS_FORM_PARALLEL) {
		TRY(hash_file(args_get(a, "content"), digest));
		TRY(keep_base64(out,
		    bytes_of(digest, digest_len(DIGEST_SHA256)), &word));
		add_word(more, n, "contentDigest", word);
	}
	return NULL;
}
