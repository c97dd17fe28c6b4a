#include "pdf/state.h"

#include "base/pack.h"

/* Fields of the packed state, in this order. */
enum {
	TAG_VERSION = 1,
	TAG_STEP,
	TAG_AT,
	TAG_TAIL,
	TAG_CONTENTS,
	TAG_CONTENTS_END,
	TAG_ALG,
	TAG_CERT,
	TAG_CHAIN,
	TAG_CHAIN_CERT,
	TAG_DIGEST,
	TAG_ATTRIBUTES,
};
#define STATE_VERSION 2

static struct err *
pack_alg(struct buf *b, struct sig_alg alg)
{
	uint64_t v = (uint64_t)alg.form << 48 | (uint64_t)alg.digest << 40 |
		     (uint64_t)alg.mgf1 << 32 | (uint32_t)alg.salt_len;
	return pack_u64(b, TAG_ALG, v);
}

static struct err *
pack_request(const struct pdf_state *s, struct buf *out)
{
	const struct cms_request *r = &s->request;
	TRY(pack_alg(out, r->alg));
	TRY(pack_bytes(out, TAG_CERT, cert_der(r->cert)));
	size_t n = r->chain == NULL ? 0 : r->chain->n;
	TRY(pack_u64(out, TAG_CHAIN, n));
	for (size_t i = 0; i < n; i++)
		TRY(pack_bytes(out, TAG_CHAIN_CERT, cert_der(r->chain->v[i])));
	TRY(pack_bytes(out, TAG_DIGEST, r->content_digest));
	return pack_bytes(out, TAG_ATTRIBUTES, s->attributes);
}

struct err *
pdf_state_pack(const struct pdf_state *s, struct buf *out)
{
	TRY(pack_u64(out, TAG_VERSION, STATE_VERSION));
	TRY(pack_u64(out, TAG_STEP, (uint64_t)s->step));
	TRY(pack_u64(out, TAG_AT, s->at));
	TRY(pack_bytes(out, TAG_TAIL, s->tail));
	TRY(pack_u64(out, TAG_CONTENTS, s->holes.contents));
	TRY(pack_u64(out, TAG_CONTENTS_END, s->holes.contents_end));
	if (s->step == PDF_STEP_SIGN)
		return pack_request(s, out);
	TRY(pack_u64(out, TAG_ALG, (uint64_t)s->alg));
	return pack_bytes(out, TAG_DIGEST, s->digest);
}

static struct err *
unpack_size(struct unpack *u, uint16_t tag, size_t *out)
{
	uint64_t v;
	TRY(unpack_u64(u, tag, &v));
	if (v > SIZE_MAX / 2)
		return err_new(ERR_MALFORMED, NULL, "a size in the state");
	*out = (size_t)v;
	return NULL;
}

static struct err *
unpack_alg(struct unpack *u, struct sig_alg *out)
{
	uint64_t v;
	TRY(unpack_u64(u, TAG_ALG, &v));
	*out = (struct sig_alg){
		.form = (enum sig_form)(v >> 48 & 0xFF),
		.digest = (enum digest_alg)(v >> 40 & 0xFF),
		.mgf1 = (enum digest_alg)(v >> 32 & 0xFF),
		.salt_len = (int)(v & 0xFFFF),
	};
	if (out->digest >= DIGEST_COUNT || out->mgf1 >= DIGEST_COUNT)
		return err_new(ERR_MALFORMED, NULL, "an unknown digest");
	return NULL;
}

static struct err *
unpack_certs(struct unpack *u, struct pdf_state *s)
{
	struct bytes der;
	size_t n = 0;
	TRY(unpack_bytes(u, TAG_CERT, &der));
	/* As a rule the one that prepare had in this process. */
	TRY(cert_parse_known(der, &s->cert));
	TRY(unpack_size(u, TAG_CHAIN, &n));
	if (n > CERT_LIST_MAX)
		return err_new(ERR_LIMIT, NULL, "certificates in the state");
	for (size_t i = 0; i < n; i++) {
		TRY(unpack_bytes(u, TAG_CHAIN_CERT, &der));
		TRY(cert_list_add_der(&s->chain, der));
	}
	return NULL;
}

static struct err *
unpack_request(struct unpack *u, struct pdf_state *s)
{
	struct cms_request r = { .signing_time = TIME_NONE };
	TRY(unpack_alg(u, &r.alg));
	TRY(unpack_certs(u, s));
	TRY(unpack_bytes(u, TAG_DIGEST, &r.content_digest));
	r.cert = s->cert;
	s->request = r;
	return unpack_bytes(u, TAG_ATTRIBUTES, &s->attributes);
}

static struct err *
unpack_stamp(struct unpack *u, struct pdf_state *s)
{
	uint64_t alg;
	TRY(unpack_u64(u, TAG_ALG, &alg));
	if (alg >= DIGEST_COUNT)
		return err_new(ERR_MALFORMED, NULL, "an unknown digest");
	s->alg = (enum digest_alg)alg;
	return unpack_bytes(u, TAG_DIGEST, &s->digest);
}

static struct err *
check_hole(const struct pdf_state *s)
{
	size_t from = s->holes.contents, to = s->holes.contents_end;
	if (s->step == PDF_STEP_STORE)
		return NULL;
	if (from > to || to - from < 2 || to > s->tail.len ||
	    s->tail.ptr[from] != '<' || s->tail.ptr[to - 1] != '>')
		return err_new(ERR_MALFORMED, NULL, "no hole in the state");
	return NULL;
}

static struct err *
unpack_all(struct unpack *u, struct pdf_state *s)
{
	uint64_t version, step;
	TRY(unpack_u64(u, TAG_VERSION, &version));
	if (version != STATE_VERSION)
		return err_new(ERR_MALFORMED, NULL, "a state of version %llu",
		    (unsigned long long)version);
	TRY(unpack_u64(u, TAG_STEP, &step));
	if (step > PDF_STEP_STORE)
		return err_new(ERR_MALFORMED, NULL, "an unknown step");
	s->step = (enum pdf_step)step;
	TRY(unpack_size(u, TAG_AT, &s->at));
	TRY(unpack_bytes(u, TAG_TAIL, &s->tail));
	TRY(unpack_size(u, TAG_CONTENTS, &s->holes.contents));
	TRY(unpack_size(u, TAG_CONTENTS_END, &s->holes.contents_end));
	TRY(check_hole(s));
	TRY(s->step == PDF_STEP_SIGN ? unpack_request(u, s)
				     : unpack_stamp(u, s));
	return unpack_end(u);
}

struct err *
pdf_state_unpack(struct bytes packed, struct pdf_state *out)
{
	struct unpack u = unpack_of(packed);
	*out = (struct pdf_state){ .step = PDF_STEP_STORE };
	struct err *e = unpack_all(&u, out);
	if (e != NULL)
		pdf_state_done(out);
	/* Its own address is only known here. */
	else if (out->step == PDF_STEP_SIGN)
		out->request.chain = &out->chain;
	return e;
}

void
pdf_state_done(struct pdf_state *s)
{
	cert_free(s->cert);
	cert_list_done(&s->chain);
	*s = (struct pdf_state){ .step = PDF_STEP_STORE };
}
