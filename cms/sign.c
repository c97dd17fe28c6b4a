#include "cms/sign.h"

#include <string.h>

#include "base/pack.h"
#include "cms/format.h"
#include "cms/open.h"
#include "cms/params.h"
#include "cms/tsp.h"

#define CHAIN_MAX 32 /* certificates that go along */

/* ---- what is signed ---- */

/* One signing, between its parts. */
struct job {
	const struct sign_params *params;
	enum cms_form form;
	struct cms_file file; /* PARALLEL, COUNTER: what is there */
	size_t signer;        /* COUNTER: whose value is signed */
	struct frame frame;
	uint8_t digest[DIGEST_MAX];
	struct cms_request request;
};

static void
job_done(struct job *j)
{
	cms_file_close(&j->file);
	frame_done(&j->frame);
}

static enum cms_form
form_of(struct bytes document, const struct cms_params *p)
{
	enum cms_form form = p == NULL ? CMS_FORM_BY_DOCUMENT : p->form;
	if (form != CMS_FORM_BY_DOCUMENT)
		return form;
	return cms_detect(document) ? CMS_FORM_PARALLEL : CMS_FORM_ATTACHED;
}

/* A file becomes the content of a new SignedData, or is replaced by it. */
static struct err *
begin_new(struct job *j, struct bytes document)
{
	enum digest_alg alg = cms_content_alg(j->params->alg);
	if (document.len > CMS_DOCUMENT_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %zu bytes", CMS_DOCUMENT_MAX);
	TRY(digest_of(alg, document, j->digest));
	TRY(buf_append(&j->frame.type, OID_DATA));
	j->frame.size = document.len;
	if (j->form == CMS_FORM_DETACHED)
		return NULL;
	j->frame.kept = document.len;
	return cms_content_head(document.len, &j->frame.begin);
}

static struct err *
digest_of_content(struct job *j)
{
	const struct cms_params *p = j->params->cms;
	enum digest_alg alg = cms_content_alg(j->params->alg);
	struct content content;
	struct bytes digest;
	cms_file_content(&j->file, NULL, 0, &content);
	TRY(content_digest(&content, alg, &digest));
	if (digest.len == 0 && p != NULL)
		digest = p->content_digest;
	if (digest.len != digest_len(alg))
		return err_coded(err_new(ERR_MISSING, NULL,
				     "the content is not inside"),
		    "content-missing");
	memcpy(j->digest, digest.ptr, digest.len);
	return NULL;
}

static struct err *
begin_parallel(struct job *j, struct bytes document)
{
	TRY(cms_file_open(document, &j->file));
	if (!bytes_eq(j->file.cms->content_oid, OID_DATA))
		return err_new(ERR_UNSUPPORTED, NULL, "content of type %s",
		    j->file.cms->content_type);
	TRY(digest_of_content(j));
	return cms_file_frame(&j->file, &j->frame);
}

static struct err *
begin_counter(struct job *j, struct bytes document)
{
	const struct cms_params *p = j->params->cms;
	TRY(cms_file_open(document, &j->file));
	TRY(cms_file_signer(&j->file, p->counter, &j->signer));
	TRY(digest_of(cms_content_alg(j->params->alg),
	    buf_bytes(&j->file.cms->signers[j->signer].signature), j->digest));
	return cms_file_frame(&j->file, &j->frame);
}

static struct err *
begin(struct job *j, struct bytes document)
{
	switch (j->form) {
	case CMS_FORM_PARALLEL:
		return begin_parallel(j, document);
	case CMS_FORM_COUNTER:
		return begin_counter(j, document);
	case CMS_FORM_BY_DOCUMENT:
	case CMS_FORM_ATTACHED:
	case CMS_FORM_DETACHED:
		break;
	}
	return begin_new(j, document);
}

/* ---- the state ---- */

enum {
	TAG_WHAT = 1,
	TAG_FORM,
	TAG_SIGNER,
	TAG_ALG,
	TAG_CERT,
	TAG_CHAIN,
	TAG_ISSUER,
	TAG_ATTRIBUTES,
	TAG_FRAME,
};

static struct err *
pack_chain(const struct sign_params *p, struct buf *out)
{
	size_t n = p->chain == NULL ? 0 : p->chain->n;
	if (n > CHAIN_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d certificates", CHAIN_MAX);
	TRY(pack_u64(out, TAG_CHAIN, n));
	for (size_t i = 0; i < n; i++)
		TRY(pack_bytes(out, TAG_ISSUER, cert_der(p->chain->v[i])));
	return NULL;
}

static struct err *
pack_state(const struct job *j, struct bytes attributes, struct buf *out)
{
	CLEANUP(buf_done) struct buf alg = BUF(256);
	CLEANUP(buf_done) struct buf frame = BUF(STATE_MAX);
	TRY(sig_alg_encode(j->params->alg, &alg));
	TRY(frame_pack(&j->frame, &frame));
	TRY(pack_u64(out, TAG_WHAT, CMS_STATE_SIGN));
	TRY(pack_u64(out, TAG_FORM, (uint64_t)j->form));
	TRY(pack_u64(out, TAG_SIGNER, j->signer));
	TRY(pack_bytes(out, TAG_ALG, buf_bytes(&alg)));
	TRY(pack_bytes(out, TAG_CERT, cert_der(j->params->cert)));
	TRY(pack_chain(j->params, out));
	TRY(pack_bytes(out, TAG_ATTRIBUTES, attributes));
	return pack_bytes(out, TAG_FRAME, buf_bytes(&frame));
}

/* ---- prepare ---- */

static void
fill_request(struct job *j)
{
	const struct sign_params *p = j->params;
	enum digest_alg alg = cms_content_alg(p->alg);
	j->request = (struct cms_request){
		.cert = p->cert,
		.chain = p->chain,
		.alg = p->alg,
		.content_digest = bytes_of(j->digest, digest_len(alg)),
		.signing_time = p->time,
		.role = p->role,
		.location = p->location,
		.commitment = p->commitment,
		.policy = p->policy,
		.counter = j->form == CMS_FORM_COUNTER,
	};
	if (p->cms != NULL)
		j->request.content_stamp = p->cms->content_stamp;
}

/* A time stamp on some other content would be signed along for ever. */
static struct err *
check_content_stamp(const struct job *j, struct bytes document)
{
	const struct cms_request *r = &j->request;
	CLEANUP(tst_freep) struct tst *t = NULL;
	uint8_t other[DIGEST_MAX];
	struct bytes digest = r->content_digest;
	if (r->content_stamp.len == 0)
		return NULL;
	TRY(tst_parse(r->content_stamp, &t));
	enum digest_alg alg = tst_imprint_alg(t);
	bool outside =
	    j->form == CMS_FORM_ATTACHED || j->form == CMS_FORM_DETACHED;
	if (outside && alg != cms_content_alg(j->params->alg)) {
		TRY(digest_of(alg, document, other));
		digest = bytes_of(other, digest_len(alg));
	}
	return bytes_eq(tst_imprint(t), digest)
		   ? NULL
		   : err_new(ERR_USAGE, "EN 319 122-1 5.2.8",
			 "the time stamp is not on this content");
}

static struct err *
prepare(struct job *j, struct bytes document, struct prepared *p)
{
	TRY(begin(j, document));
	fill_request(j);
	TRY(check_content_stamp(j, document));
	TRY(cms_signed_attributes(&j->request, &p->to_be_signed));
	p->content_len = j->request.content_digest.len;
	memcpy(p->content_digest, j->digest, p->content_len);
	p->digest_alg = cms_content_alg(j->params->alg);
	TRY(digest_of(p->digest_alg, buf_bytes(&p->to_be_signed), p->digest));
	return pack_state(j, buf_bytes(&p->to_be_signed), &p->state);
}

struct err *
cms_prepare(struct bytes document, const struct sign_params *params,
    struct prepared *out)
{
	CLEANUP(job_done) struct job j = { .params = params,
		.form = form_of(document, params->cms),
		.frame = frame_new() };
	struct prepared p = { .to_be_signed = BUF(CMS_MAX),
		.state = BUF(STATE_MAX) };
	struct err *e = prepare(&j, document, &p);
	if (e != NULL) {
		prepared_done(&p);
		return e;
	}
	*out = p;
	return NULL;
}

struct err *
cms_stamp(struct bytes state, struct bytes value, enum digest_alg alg,
    uint8_t digest[DIGEST_MAX])
{
	(void)state;
	return digest_of(alg, value, digest);
}

/* ---- embed ---- */

/* A state that was read. */
struct signed_state {
	enum cms_form form;
	size_t signer;
	struct sig_alg alg;
	struct cert *cert;
	struct cert_list chain;
	struct bytes attributes;
	struct frame frame;
};

static void
signed_state_done(struct signed_state *s)
{
	cert_free(s->cert);
	cert_list_done(&s->chain);
	frame_done(&s->frame);
}

static struct err *
read_people(struct unpack *u, struct signed_state *s)
{
	struct bytes der;
	uint64_t n;
	TRY(unpack_bytes(u, TAG_ALG, &der));
	TRY(sig_alg_parse(der, DIGEST_NONE, &s->alg));
	TRY(unpack_bytes(u, TAG_CERT, &der));
	TRY(cert_parse(der, &s->cert));
	TRY(unpack_u64(u, TAG_CHAIN, &n));
	if (n > CHAIN_MAX)
		return err_new(ERR_MALFORMED, NULL, "a long chain");
	for (uint64_t i = 0; i < n; i++) {
		TRY(unpack_bytes(u, TAG_ISSUER, &der));
		TRY(cert_list_add_der(&s->chain, der));
	}
	return NULL;
}

static struct err *
read_state(struct bytes state, struct signed_state *s)
{
	struct unpack u = unpack_of(state);
	uint64_t what, form, signer;
	struct bytes frame;
	TRY(unpack_u64(&u, TAG_WHAT, &what));
	TRY(unpack_u64(&u, TAG_FORM, &form));
	TRY(unpack_u64(&u, TAG_SIGNER, &signer));
	if (form > CMS_FORM_COUNTER || signer >= CMS_SIGNERS_MAX)
		return err_new(ERR_MALFORMED, NULL, "no such form");
	s->form = (enum cms_form)form;
	s->signer = (size_t)signer;
	TRY(read_people(&u, s));
	TRY(unpack_bytes(&u, TAG_ATTRIBUTES, &s->attributes));
	TRY(unpack_bytes(&u, TAG_FRAME, &frame));
	TRY(unpack_end(&u));
	return frame_unpack(frame, &s->frame);
}

static struct err *
put_in(struct signed_state *s, const struct cms_request *r, struct bytes value)
{
	CLEANUP(buf_done) struct buf signer = BUF(CMS_MAX);
	TRY(cms_signer_info(r, s->attributes, value, &signer));
	TRY(cms_embed_certs(r, &s->frame));
	TRY(frame_add_digest_alg(&s->frame, cms_content_alg(s->alg)));
	if (s->form != CMS_FORM_COUNTER)
		return buf_append(&s->frame.signers, buf_bytes(&signer));
	CLEANUP(buf_done) struct buf attribute = BUF(CMS_MAX);
	TRY(put_attribute(
	    &attribute, OID_COUNTER_SIGNATURE, buf_bytes(&signer)));
	return frame_add_unsigned(
	    &s->frame, s->signer, buf_bytes(&attribute));
}

struct err *
cms_embed_signature(struct bytes state, struct bytes value,
    struct bytes token, struct insertion *out)
{
	CLEANUP(signed_state_done) struct signed_state s = {
		.frame = frame_new()
	};
	TRY(read_state(state, &s));
	const struct cms_request r = { .cert = s.cert,
		.chain = &s.chain,
		.alg = s.alg,
		.stamp = token };
	TRY(put_in(&s, &r, value));
	return frame_insertion(&s.frame, out);
}

struct err *
cms_embed(struct bytes state, struct bytes value, struct bytes token,
    struct insertion *out)
{
	struct unpack u = unpack_of(state);
	uint64_t what;
	TRY(unpack_u64(&u, TAG_WHAT, &what));
	if (what == CMS_STATE_SIGN)
		return cms_embed_signature(state, value, token, out);
	if (what == CMS_STATE_EXTEND)
		return cms_embed_extension(state, token, out);
	return err_new(ERR_MALFORMED, NULL, "a state of nothing");
}
