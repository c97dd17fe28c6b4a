#include "cms/format.h"

#include <stdio.h>
#include <stdlib.h>

#include "cms/open.h"
#include "cms/sign.h"
#include "cms/stamps.h"

/* The file beside the signature, or its hashes, one for each algorithm. */
static struct content
given_content(const struct collect_input *in)
{
	struct content c = { .there = false };
	for (size_t i = 0; i < in->nexternal; i++) {
		const struct external *e = &in->external[i];
		if (e->uri != NULL)
			continue;
		if (e->alg == DIGEST_NONE)
			return content_of(e->data);
		c.only_known = true;
		content_known(&c, e->alg, e->digest);
	}
	return c;
}

static struct err *
content_differs(struct facts *out)
{
	return findings_add(&out->findings, true, "content-differs",
	    "the file given is not the content inside");
}

/* What is inside counts; a file given beside it must then be the same. */
static struct err *
choose_content(const struct cms *c, const struct collect_input *in,
    struct content *content, struct facts *out)
{
	struct content beside = given_content(in);
	struct bytes a, b;
	if (!cms_attached(c)) {
		*content = beside;
		return NULL;
	}
	*content = content_inside(c);
	for (int alg = DIGEST_NONE + 1; alg < DIGEST_COUNT; alg++) {
		if (!beside.there ||
		    (beside.only_known ? !beside.done[alg]
				       : alg != DIGEST_SHA256))
			continue;
		TRY(content_digest(content, (enum digest_alg)alg, &a));
		TRY(content_digest(&beside, (enum digest_alg)alg, &b));
		if (!bytes_eq(a, b))
			return content_differs(out);
	}
	return NULL;
}
/* Where the content itself was signed, it may be a set of attributes that
 * somebody else signed (RFC 5652 says nothing against it): only who sees it can
 * tell. */
static struct err *
hide_content(const struct cms *c, size_t i, struct content *content,
    struct signature_fact *fact)
{
	if (!content->only_known || !content->there)
		return NULL;
	fact->unseen = true;
	if (c->signers[i].signed_attrs.ptr != NULL)
		return findings_add(&fact->findings, false, "content-not-seen",
		    "only its hash was given");
	*content = (struct content){ .there = false };
	return findings_add(&fact->findings, false, "content-must-be-seen",
	    "without signed attributes");
}

static struct err *
collect_one(const struct cms *c, size_t i, struct content *content,
    const struct collect_input *in, struct cover *cover, struct facts *out)
{
	struct signature_fact *fact;
	char id[32];
	TRY(facts_add_signature(out, &fact));
	snprintf(id, sizeof(id), "%zu", i + 1);
	TRY(fact_string(&fact->id, bytes_str(id)));
	cover->owner = out->nsignatures - 1;
	struct content seen = *content;
	TRY(hide_content(c, i, &seen, fact));
	TRY(signer_collect(c, &c->signers[i], &seen, in->extra, "content",
	    cover, fact));
	for (size_t k = 0; k < fact->nreferences; k++)
		fact->references[k].outside = !cms_attached(c);
	/* The attack that RFC 5652 leaves open works on detached files too. */
	if (!cms_attached(c) && content->there && !content->only_known &&
	    c->signers[i].signed_attrs.ptr == NULL &&
	    is_attributes(content->data))
		TRY(findings_add(&fact->findings, true,
		    "cms-content-is-attributes",
		    "the content is a set of attributes"));
	fact->covers_all = content->there && !fact->unseen;
	TRY(fact_string(&fact->format,
	    bytes_str(fact->cert_binding == CHECK_NOT_DONE ? "CMS" : "CAdES")));
	return counters_collect(c, i, in->extra, out);
}

/* RFC 5652 5.1: told, no more; nothing is decided by it. */
static struct err *
check_version(const struct cms *c, struct facts *out)
{
	CLEANUP(buf_done) struct buf signers = BUF(CMS_MAX);
	int wanted;
	for (size_t i = 0; i < c->nsigners; i++)
		TRY(buf_append(&signers, c->signers[i].whole));
	TRY(cms_version_of(bytes_eq(c->content_oid, OID_DATA), c->cert_set,
	    c->crls, buf_bytes(&signers), &wanted));
	return c->version == wanted
		   ? NULL
		   : findings_add(&out->findings, false, "cms-version",
			 "version %d where %d belongs", c->version, wanted);
}

static void
cover_done(struct cover **x)
{
	if (*x == NULL)
		return;
	facts_done(&(*x)->found);
	free(*x);
}

static struct err *
collect_all(const struct cms *c, const struct collect_input *in,
    struct facts *out)
{
	CLEANUP(cover_done) struct cover *cover = calloc(1, sizeof(*cover));
	if (cover == NULL)
		return err_new(ERR_NOMEM, NULL, "struct cover");
	struct content content = { 0 };
	TRY(check_version(c, out));
	TRY(choose_content(c, in, &content, out));
	for (size_t i = 0; i < cms_signers(c); i++)
		TRY(collect_one(c, i, &content, in, cover, out));
	return status_collect(c, cover, out);
}

static struct err *
collect_any(const struct collect_input *in, struct facts *out)
{
	CLEANUP(cms_file_close) struct cms_file f = { .pem = false };
	TRY(cms_file_open(in->document, &f));
	return collect_all(f.cms, in, out);
}

static struct err *
collect(const struct collect_input *in, struct facts *out)
{
	struct facts f = { .format = format_cms.name };
	struct err *e = collect_any(in, &f);
	if (e != NULL) {
		facts_done(&f);
		return e;
	}
	*out = f;
	return NULL;
}

const struct format format_cms = {
	.name = "cms",
	.media_type = "application/pkcs7-mime",
	.detect = cms_detect,
	.prepare = cms_prepare,
	.stamp = cms_stamp,
	.embed = cms_embed,
	.collect = collect,
	.extend = cms_extend,
};
