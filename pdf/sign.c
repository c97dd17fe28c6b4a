#include "pdf/sign.h"

#include "base/pack.h"
#include "cms/cms.h"
#include "pdf/allow.h"
#include "pdf/increment.h"
#include "pdf/place.h"
#include "pdf/text.h"

#include <string.h>

#define RANGE_DIGITS 10 /* room for each number of /ByteRange */
#define RANGE_ROOM (4 + 3 * (RANGE_DIGITS + 1)) /* "[0 ", numbers, "]" */
#define HASH_STEP ((size_t)1 << 20)             /* bytes hashed at a time */
#define ATTRIBUTES_MAX 4096                     /* bytes of signed attributes */

/* Fields of the packed state, in this order. */
enum {
	TAG_VERSION = 1,
	TAG_AT,
	TAG_TAIL,
	TAG_CONTENTS,
	TAG_CONTENTS_LEN,
	TAG_ALG,
	TAG_CERT,
	TAG_CHAIN,
	TAG_CHAIN_CERT,
	TAG_DIGEST,
	TAG_ATTRIBUTES,
};
#define STATE_VERSION 1

/* Where in the appended bytes the two holes are. */
struct holes {
	size_t range;        /* of the '[' */
	size_t contents;     /* of the '<' */
	size_t contents_end; /* behind the '>' */
};

static enum digest_alg
content_alg(struct sig_alg alg)
{
	/* As cms/ does: RFC 8419 3.1. */
	return alg.form == SIG_EDDSA ? DIGEST_SHA512 : alg.digest;
}

/* ---- the signature dictionary ---- */

static struct err *
write_text(const struct pdf_writer *w, const char *key, const char *utf8)
{
	if (utf8 == NULL || utf8[0] == '\0')
		return NULL;
	CLEANUP(buf_done) struct buf text = BUF(64 * 1024);
	TRY(pdf_text_encode(bytes_str(utf8), &text));
	TRY(buf_str(w->out, key));
	return pdf_write_string(w, buf_bytes(&text), false);
}

/* What the field's /Lock wants, the signature states as FieldMDP
 * (ISO 32000-2 12.7.5.5). */
static struct err *
write_lock(const struct pdf_writer *w, struct pdf_document *d,
    const struct pdf_survey *survey)
{
	const struct pdf_obj *lock;
	TRY(pdf_dict_get(d, pdf_views(d), survey->dict, "Lock", &lock));
	if (!survey->found || !pdf_is(lock, PDF_DICT))
		return NULL;
	const struct pdf_change c[] = {
		{ "Type", BYTES_LIT("/TransformParams") },
		{ "V", BYTES_LIT("/1.2") },
	};
	TRY(buf_str(w->out, "/Reference[<</Type/SigRef/TransformMethod/FieldMDP"
			    "/DigestMethod/SHA256/TransformParams"));
	TRY(pdf_write_changed(w, lock, c, COUNT_OF(c)));
	return buf_str(w->out, ">>]");
}

static struct err *
write_signature(struct pdf_increment *inc, struct pdf_ref ref,
    const struct pdf_survey *survey, const struct sign_params *params,
    size_t cms_len, struct holes *holes)
{
	struct pdf_writer w;
	CLEANUP(buf_done) struct buf date = BUF(64);
	TRY(pdf_increment_begin(inc, ref, &w));
	TRY(buf_str(w.out, "<</Type/Sig/Filter/Adobe.PPKLite"
			   "/SubFilter/ETSI.CAdES.detached/ByteRange"));
	holes->range = w.out->len;
	TRY(buf_fill(w.out, ' ', RANGE_ROOM));
	TRY(buf_str(w.out, "/Contents"));
	holes->contents = w.out->len;
	TRY(buf_byte(w.out, '<'));
	TRY(buf_fill(w.out, '0', cms_len * 2));
	TRY(buf_byte(w.out, '>'));
	holes->contents_end = w.out->len;
	if (params->time != TIME_NONE) {
		TRY(pdf_date_encode(params->time, &date));
		TRY(buf_str(w.out, "/M"));
		TRY(pdf_write_string(&w, buf_bytes(&date), false));
	}
	const char *name = params->name != NULL
			       ? params->name
			       : cert_common_name(params->cert);
	TRY(write_text(&w, "/Name", name));
	TRY(write_text(&w, "/Reason", params->reason));
	TRY(write_text(&w, "/Location", params->location));
	TRY(write_lock(&w, inc->doc, survey));
	TRY(buf_str(w.out, ">>"));
	return pdf_increment_end(inc);
}

/* ---- preparing ---- */

static struct err *
fill_range(struct buf *tail, const struct holes *h, size_t file_len)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "[0 %-*zu %-*zu %-*zu",
	    RANGE_DIGITS, file_len + h->contents, RANGE_DIGITS,
	    file_len + h->contents_end, RANGE_DIGITS,
	    tail->len - h->contents_end);
	if (n < 0 || n > RANGE_ROOM - 1)
		return err_new(ERR_LIMIT, NULL, "the file is over 10 GB");
	memcpy(tail->ptr + h->range, text, (size_t)n);
	tail->ptr[h->range + RANGE_ROOM - 1] = ']';
	return NULL;
}

static struct err *
hash_document(enum digest_alg alg, struct bytes file, const struct buf *tail,
    const struct holes *h, uint8_t out[DIGEST_MAX])
{
	CLEANUP(digest_freep) struct digest *d = NULL;
	TRY(digest_new(alg, &d));
	for (size_t at = 0; at < file.len; at += HASH_STEP)
		TRY(digest_add(d, bytes_slice(file, at, HASH_STEP)));
	struct bytes t = buf_bytes(tail);
	TRY(digest_add(d, bytes_slice(t, 0, h->contents)));
	TRY(digest_add(d, bytes_from(t, h->contents_end)));
	return digest_final(d, out);
}

static struct err *
build_tail(struct pdf_increment *inc, const struct pdf_survey *survey,
    const struct sign_params *params, size_t cms_len, struct holes *holes)
{
	struct pdf_ref signature;
	TRY(pdf_increment_number(inc, &signature));
	TRY(write_signature(inc, signature, survey, params, cms_len, holes));
	TRY(pdf_place_field(inc, survey, signature));
	TRY(pdf_increment_finish(inc));
	return fill_range(&inc->out, holes, pdf_xref(inc->doc)->file.len);
}

static struct err *
pack_alg(struct buf *b, struct sig_alg alg)
{
	uint64_t v = (uint64_t)alg.form << 48 | (uint64_t)alg.digest << 40 |
		     (uint64_t)alg.mgf1 << 32 | (uint32_t)alg.salt_len;
	return pack_u64(b, TAG_ALG, v);
}

static struct err *
pack_state(const struct cms_request *r, const struct pdf_increment *inc,
    const struct holes *h, struct bytes attributes, struct buf *out)
{
	TRY(pack_u64(out, TAG_VERSION, STATE_VERSION));
	TRY(pack_u64(out, TAG_AT, pdf_xref(inc->doc)->file.len));
	TRY(pack_bytes(out, TAG_TAIL, buf_bytes(&inc->out)));
	TRY(pack_u64(out, TAG_CONTENTS, h->contents));
	TRY(pack_u64(out, TAG_CONTENTS_LEN, h->contents_end - h->contents));
	TRY(pack_alg(out, r->alg));
	TRY(pack_bytes(out, TAG_CERT, cert_der(r->cert)));
	size_t n = r->chain == NULL ? 0 : r->chain->n;
	TRY(pack_u64(out, TAG_CHAIN, n));
	for (size_t i = 0; i < n; i++)
		TRY(pack_bytes(out, TAG_CHAIN_CERT, cert_der(r->chain->v[i])));
	TRY(pack_bytes(out, TAG_DIGEST, r->content_digest));
	return pack_bytes(out, TAG_ATTRIBUTES, attributes);
}

static struct err *
finish(struct cms_request *r, const struct pdf_increment *inc,
    const struct holes *h, struct prepared *out)
{
	struct prepared p = {
		.digest_alg = content_alg(r->alg),
		.to_be_signed = BUF(ATTRIBUTES_MAX),
		.state = BUF(STATE_MAX),
	};
	struct err *e = cms_signed_attributes(r, &p.to_be_signed);
	if (e == NULL)
		e = digest_of(
		    p.digest_alg, buf_bytes(&p.to_be_signed), p.digest);
	if (e == NULL)
		e = pack_state(r, inc, h, buf_bytes(&p.to_be_signed), &p.state);
	if (e != NULL) {
		prepared_done(&p);
		return e;
	}
	*out = p;
	return NULL;
}

static struct err *
check_params(const struct sign_params *params)
{
	if (params->cert == NULL)
		return err_new(ERR_USAGE, NULL, "no certificate");
	if (params->level != LEVEL_NONE && params->level != LEVEL_B)
		return err_new(ERR_UNSUPPORTED, "EN 319 142-1",
		    "only level B can be made here");
	return NULL;
}

struct err *
pdf_prepare(struct bytes document, const struct sign_params *params,
    struct prepared *out)
{
	TRY(check_params(params));
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	TRY(pdf_open(document, params->password, &d));
	struct pdf_survey survey;
	TRY(pdf_survey_document(d, params->field, &survey));

	struct cms_request r = {
		.cert = params->cert,
		.chain = params->chain,
		.alg = params->alg,
		.signing_time = TIME_NONE, /* PAdES has it in /M */
	};
	CLEANUP(pdf_increment_done) struct pdf_increment inc = { 0 };
	struct holes holes;
	TRY(pdf_increment_init(&inc, d, survey.next, INSERTION_MAX));
	TRY(build_tail(&inc, &survey, params, cms_size_bound(&r), &holes));

	uint8_t digest[DIGEST_MAX];
	enum digest_alg alg = content_alg(params->alg);
	TRY(hash_document(alg, document, &inc.out, &holes, digest));
	r.content_digest = bytes_of(digest, digest_len(alg));
	return finish(&r, &inc, &holes, out);
}

/* ---- embedding ---- */

struct state {
	size_t at;
	struct bytes tail;
	size_t contents;
	size_t contents_len;
	struct cert *cert;
	struct cert_list chain;
	struct sig_alg alg;
	struct bytes digest;
	struct bytes attributes;
};

static void
state_done(struct state *s)
{
	cert_free(s->cert);
	cert_list_done(&s->chain);
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
unpack_certs(struct unpack *u, struct state *s)
{
	struct bytes der;
	size_t n = 0;
	TRY(unpack_bytes(u, TAG_CERT, &der));
	TRY(cert_parse(der, &s->cert));
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
unpack_state(struct bytes state, struct state *s)
{
	struct unpack u = unpack_of(state);
	uint64_t version;
	TRY(unpack_u64(&u, TAG_VERSION, &version));
	if (version != STATE_VERSION)
		return err_new(ERR_MALFORMED, NULL, "a state of version %llu",
		    (unsigned long long)version);
	TRY(unpack_size(&u, TAG_AT, &s->at));
	TRY(unpack_bytes(&u, TAG_TAIL, &s->tail));
	TRY(unpack_size(&u, TAG_CONTENTS, &s->contents));
	TRY(unpack_size(&u, TAG_CONTENTS_LEN, &s->contents_len));
	if (s->contents_len < 2 || s->tail.len < s->contents_len ||
	    s->contents > s->tail.len - s->contents_len)
		return err_new(ERR_MALFORMED, NULL, "a hole outside the state");
	if (s->tail.ptr[s->contents] != '<' ||
	    s->tail.ptr[s->contents + s->contents_len - 1] != '>')
		return err_new(ERR_MALFORMED, NULL, "no hole in the state");
	TRY(unpack_alg(&u, &s->alg));
	TRY(unpack_certs(&u, s));
	TRY(unpack_bytes(&u, TAG_DIGEST, &s->digest));
	TRY(unpack_bytes(&u, TAG_ATTRIBUTES, &s->attributes));
	return unpack_end(&u);
}

/* The tail with the CMS in the hole; the zeros behind it stay. */
static struct err *
fill_contents(const struct state *s, struct bytes cms, struct buf *out)
{
	CLEANUP(buf_done) struct buf hex = BUF(CMS_MAX * 2);
	TRY(hex_encode(cms, &hex));
	if (hex.len > s->contents_len - 2)
		return err_new(ERR_INTERNAL, NULL,
		    "the signature is larger than was foreseen");
	TRY(buf_append(out, s->tail));
	memcpy(out->ptr + s->contents + 1, hex.ptr, hex.len);
	return NULL;
}

struct err *
pdf_embed(struct bytes state, struct bytes value, struct bytes token,
    struct insertion *out)
{
	if (token.len > 0)
		return err_new(ERR_UNSUPPORTED, NULL, "a state of level B");
	CLEANUP(state_done) struct state s = { 0 };
	TRY(unpack_state(state, &s));
	struct cms_request r = {
		.cert = s.cert,
		.chain = &s.chain,
		.alg = s.alg,
		.content_digest = s.digest,
		.signing_time = TIME_NONE,
	};
	CLEANUP(buf_done) struct buf cms = BUF(CMS_MAX);
	CLEANUP(buf_done) struct buf bytes = BUF(INSERTION_MAX);
	TRY(cms_assemble(&r, s.attributes, value, &cms));
	TRY(fill_contents(&s, buf_bytes(&cms), &bytes));
	*out = (struct insertion){ .at = s.at, .bytes = buf_move(&bytes) };
	return NULL;
}
