/* Raising a signature: EN 319 122-1 6.3, levels T, LT and LTA. */
#include "cms/sign.h"

#include "base/pack.h"
#include "cms/archive.h"
#include "cms/open.h"

enum { TAG_WHAT = 1, TAG_LEVEL, TAG_SIGNER, TAG_INDEX, TAG_FRAME };

/* One extension, between its parts. */
struct job {
	const struct extend_request *r;
	struct cms_file file;
	size_t signer;
	struct frame frame;
	struct buf index; /* LTA: ATSHashIndexV3 */
};

static void
job_done(struct job *j)
{
	cms_file_close(&j->file);
	frame_done(&j->frame);
	buf_done(&j->index);
}

/* ---- what is put in ---- */

/* Version 2 covers certificates and crls whole: nothing may be added there. */
static struct err *
check_v2(const struct cms *c)
{
	for (size_t i = 0; i < c->nsigners; i++) {
		struct bytes rest = c->signers[i].unsigned_body;
		while (rest.len > 0) {
			struct attribute a;
			TRY(attribute_next(&rest, &a));
			if (bytes_eq(a.oid, OID_ARCHIVE_TIME_STAMP_V2))
				return err_coded(
				    err_new(ERR_UNSUPPORTED, NULL,
					"an archive time stamp of version 2"),
				    "level-unsupported");
		}
	}
	return NULL;
}

static struct err *
add_evidence(struct job *j)
{
	const struct evidence *v = &j->r->evidence;
	if (v->ncrls + v->nocsps == 0 && j->file.cms->crls.len == 0)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "neither CRL nor OCSP answer"),
		    "evidence-missing");
	TRY(check_v2(j->file.cms));
	for (size_t i = 0; v->certs != NULL && i < v->certs->n; i++)
		TRY(frame_add_cert(&j->frame, cert_der(v->certs->v[i])));
	for (size_t i = 0; i < v->ncrls; i++)
		TRY(frame_add_crl(&j->frame, v->crls[i]));
	for (size_t i = 0; i < v->nocsps; i++)
		TRY(frame_add_ocsp(&j->frame, v->ocsps[i]));
	return NULL;
}

/* What the archive time stamp is over: content, signature, and the index of
 * everything beside them. */
static struct err *
add_archive(struct job *j, struct prepared *p)
{
	const struct cms *c = j->file.cms;
	const struct signer_info *s = &c->signers[j->signer];
	enum digest_alg alg = j->r->stamp_alg;
	struct content content;
	struct bytes digest;
	cms_file_content(
	    &j->file, j->r->external, j->r->nexternal, &content);
	TRY(content_digest(&content, alg, &digest));
	if (digest.len == 0)
		return err_coded(err_new(ERR_MISSING, NULL,
				     "the content is not inside"),
		    "content-missing");
	TRY(archive_index_make(c, s, alg, &j->index));
	TRY(frame_add_digest_alg(&j->frame, alg));
	p->digest_alg = alg;
	return archive_imprint_v3(
	    c, s, digest, buf_bytes(&j->index), alg, p->digest);
}

static struct err *
add_level(struct job *j, struct prepared *p)
{
	const struct signer_info *s = &j->file.cms->signers[j->signer];
	if (j->r->level == LEVEL_LT)
		return add_evidence(j);
	if (j->r->level == LEVEL_LTA)
		return add_archive(j, p);
	p->digest_alg = j->r->stamp_alg;
	return digest_of(p->digest_alg, buf_bytes(&s->signature), p->digest);
}

/* ---- the two steps ---- */

static struct err *
pack_state(const struct job *j, struct buf *out)
{
	CLEANUP(buf_done) struct buf frame = BUF(STATE_MAX);
	TRY(frame_pack(&j->frame, &frame));
	TRY(pack_u64(out, TAG_WHAT, CMS_STATE_EXTEND));
	TRY(pack_u64(out, TAG_LEVEL, (uint64_t)j->r->level));
	TRY(pack_u64(out, TAG_SIGNER, j->signer));
	TRY(pack_bytes(out, TAG_INDEX, buf_bytes(&j->index)));
	return pack_bytes(out, TAG_FRAME, buf_bytes(&frame));
}

static struct err *
extend(struct job *j, struct prepared *p)
{
	TRY(cms_file_open(j->r->document, &j->file));
	TRY(cms_file_signer(&j->file, j->r->id, &j->signer));
	TRY(cms_file_frame(&j->file, &j->frame));
	TRY(add_level(j, p));
	return pack_state(j, &p->state);
}

struct err *
cms_extend(const struct extend_request *r, struct prepared *out)
{
	CLEANUP(job_done) struct job j = { .r = r,
		.frame = frame_new(),
		.index = BUF(CMS_MAX) };
	struct prepared p = { .state = BUF(STATE_MAX) };
	struct err *e = extend(&j, &p);
	if (e != NULL) {
		prepared_done(&p);
		return e;
	}
	*out = p;
	return NULL;
}

/* The hash index goes into the token, beside its signature (5.5.2). */
static struct err *
put_archive(
    struct frame *f, size_t signer, struct bytes index, struct bytes token)
{
	CLEANUP(buf_done) struct buf inner = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf indexed = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf attribute = BUF(CMS_MAX);
	TRY(put_attribute(&inner, OID_ATS_HASH_INDEX_V3, index));
	TRY(cms_add_unsigned(token, buf_bytes(&inner), &indexed));
	TRY(put_attribute(
	    &attribute, OID_ARCHIVE_TIME_STAMP_V3, buf_bytes(&indexed)));
	return frame_add_unsigned(f, signer, buf_bytes(&attribute));
}

static struct err *
put_stamp(struct frame *f, size_t signer, struct bytes token)
{
	CLEANUP(buf_done) struct buf attribute = BUF(CMS_MAX);
	TRY(put_attribute(&attribute, OID_SIGNATURE_TIME_STAMP, token));
	return frame_add_unsigned(f, signer, buf_bytes(&attribute));
}

struct err *
cms_embed_extension(
    struct bytes state, struct bytes token, struct insertion *out)
{
	struct unpack u = unpack_of(state);
	uint64_t what, level, signer;
	struct bytes index, packed;
	CLEANUP(frame_done) struct frame f = frame_new();
	TRY(unpack_u64(&u, TAG_WHAT, &what));
	TRY(unpack_u64(&u, TAG_LEVEL, &level));
	TRY(unpack_u64(&u, TAG_SIGNER, &signer));
	TRY(unpack_bytes(&u, TAG_INDEX, &index));
	TRY(unpack_bytes(&u, TAG_FRAME, &packed));
	TRY(unpack_end(&u));
	TRY(frame_unpack(packed, &f));
	if (level == LEVEL_LTA)
		TRY(put_archive(&f, (size_t)signer, index, token));
	else if (level == LEVEL_T)
		TRY(put_stamp(&f, (size_t)signer, token));
	return frame_insertion(&f, out);
}
