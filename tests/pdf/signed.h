/*
 * Signed fixtures by code, with every part in the test's hands: unlike
 * signing.h, which asks the signer, this also makes what no signer would.
 */
#ifndef SIGND_TESTS_PDF_SIGNED_H
#define SIGND_TESTS_PDF_SIGNED_H

#include <openssl/ts.h>

#include "cms/cms.h"
#include "tests/cms/people.h"
#include "tests/pdf/build.h"

#define CONTENTS_LEN 3000 /* bytes, twice as many digits */
#define RANGE "/ByteRange[0 1111111111 2222222222 3333333333]"

/* How one signature is made; all 0 is a good PAdES signature. */
struct sig_spec {
	const struct person *signer;
	unsigned num;          /* of the dictionary */
	const char *subfilter; /* "ETSI.CAdES.detached" */
	const char *more;      /* further entries, "" */
	const char *range;     /* instead of RANGE, same length or NULL */
	int gap_before;        /* bytes more that are left out */
	int gap_after;
	int end_before;        /* bytes fewer at the end */
	bool zeros;            /* /Contents stays empty */
	bool spoil;            /* a byte of the value is changed */
	struct bytes attached; /* content in the SignedData; ptr NULL: none */
	const char *root;      /* trailer, without /Prev */
};

struct placed {
	size_t gap_at, gap_end, range;
};

static inline void
sha(enum digest_alg alg, struct bytes file, struct placed p, size_t end,
    uint8_t out[DIGEST_MAX])
{
	CLEANUP(digest_freep) struct digest *d = NULL;
	CHECK_OK(digest_new(alg, &d));
	CHECK_OK(digest_add(d, bytes_slice(file, 0, p.gap_at)));
	CHECK_OK(digest_add(d, bytes_slice(file, p.gap_end, end - p.gap_end)));
	CHECK_OK(digest_final(d, out));
}

static inline void
signed_data(const struct sig_spec *s, const uint8_t *digest, struct buf *out)
{
	CLEANUP(buf_done) struct buf attributes = BUF(65536);
	CLEANUP(buf_done) struct buf value = BUF(4096);
	struct cms_request r = { .cert = s->signer->cert,
		.alg = s->signer->alg,
		.content_digest =
		    bytes_of(digest, digest_len(s->signer->alg.digest)),
		.signing_time = TIME_NONE,
		.content = s->attached };
	CHECK_OK(cms_signed_attributes(&r, &attributes));
	person_sign(s->signer, buf_bytes(&attributes), &value);
	CHECK_OK(
	    cms_assemble(&r, buf_bytes(&attributes), buf_bytes(&value), out));
}

/* ---- a time stamp, by OpenSSL's own authority ---- */

static int64_t stamp_clock = NOON; /* what its clock shows */

static inline int
stamp_time(struct TS_resp_ctx *ctx, void *data, long *sec, long *usec)
{
	(void)ctx, (void)data;
	*sec = (long)stamp_clock;
	*usec = 0;
	return 1;
}

static inline ASN1_INTEGER *
stamp_serial(struct TS_resp_ctx *ctx, void *data)
{
	(void)ctx, (void)data;
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	ASN1_INTEGER_set(n, 9);
	return n;
}

static inline TS_REQ *
stamp_request(const uint8_t *sha256)
{
	TS_REQ *req = TS_REQ_new();
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *alg = X509_ALGOR_new();
	X509_ALGOR_set0(alg, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL);
	TS_MSG_IMPRINT_set_algo(imprint, alg);
	TS_MSG_IMPRINT_set_msg(imprint, (unsigned char *)sha256, 32);
	TS_REQ_set_version(req, 1);
	TS_REQ_set_msg_imprint(req, imprint);
	TS_REQ_set_cert_req(req, 1);
	X509_ALGOR_free(alg);
	TS_MSG_IMPRINT_free(imprint);
	return req;
}

static inline void
stamp_token(const struct person *tsa, const uint8_t *sha256, struct buf *out)
{
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();
	TS_RESP_CTX_set_signer_cert(ctx, cert_x509(tsa->cert));
	TS_RESP_CTX_set_signer_key(ctx, tsa->key);
	ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4", 1);
	TS_RESP_CTX_set_def_policy(ctx, policy);
	ASN1_OBJECT_free(policy);
	TS_RESP_CTX_add_md(ctx, EVP_sha256());
	TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256());
	TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256());
	TS_RESP_CTX_set_serial_cb(ctx, stamp_serial, NULL);
	TS_RESP_CTX_set_time_cb(ctx, stamp_time, NULL);
	TS_REQ *req = stamp_request(sha256);
	BIO *in = BIO_new(BIO_s_mem());
	i2d_TS_REQ_bio(in, req);
	TS_RESP *r = TS_RESP_create_response(ctx, in);
	PKCS7 *token = r == NULL ? NULL : TS_RESP_get_token(r);
	uint8_t *der = NULL;
	int len = token == NULL ? -1 : i2d_PKCS7(token, &der);
	CHECK(len > 0);
	if (len > 0)
		CHECK_OK(buf_append(out, bytes_of(der, (size_t)len)));
	OPENSSL_free(der);
	TS_RESP_free(r);
	BIO_free(in);
	TS_REQ_free(req);
	TS_RESP_CTX_free(ctx);
}

/* ---- the dictionary ---- */

static inline struct placed
sig_object(struct made *m, const struct sig_spec *s)
{
	CLEANUP(buf_done) struct buf body = BUF(4 * CONTENTS_LEN);
	const char *text, *range = s->range != NULL ? s->range : RANGE;
	CHECK_OK(buf_printf(&body,
	    "<</Type/Sig/Filter/Adobe.PPKLite"
	    "/SubFilter/%s%s%s /Contents<",
	    s->subfilter != NULL ? s->subfilter : "ETSI.CAdES.detached",
	    s->more != NULL ? s->more : "", range));
	CHECK_OK(buf_fill(&body, '0', 2 * CONTENTS_LEN));
	CHECK_OK(buf_str(&body, ">>>"));
	CHECK_OK(buf_cstr(&body, &text));
	size_t from = m->out.len;
	made_object(m, s->num, text);
	struct bytes all = bytes_from(buf_bytes(&m->out), from);
	struct placed p;
	p.range = from + bytes_find(all, BYTES_LIT("/ByteRange"));
	p.gap_at = from + bytes_find(all, BYTES_LIT("/Contents<")) + 9;
	p.gap_end = p.gap_at + 2 * CONTENTS_LEN + 2;
	return p;
}

static inline void
fill_range(
    struct made *m, const struct sig_spec *s, struct placed p, size_t end)
{
	char text[64];
	if (s->range != NULL)
		return;
	int n =
	    snprintf(text, sizeof(text), "/ByteRange[0 %010zu %010zu %010zu]",
		p.gap_at, p.gap_end, end - p.gap_end);
	memcpy(m->out.ptr + p.range, text, (size_t)n);
}

static inline void
fill_contents(struct made *m, const struct sig_spec *s, struct placed p,
    struct bytes value)
{
	CLEANUP(buf_done) struct buf hex = BUF(4 * CONTENTS_LEN);
	CHECK(value.len <= CONTENTS_LEN);
	CHECK_OK(hex_encode(value, &hex));
	/* Inside the gap that was meant, whatever was left out besides. */
	size_t at = p.gap_at + (size_t)s->gap_before + 1;
	if (s->spoil)
		hex.ptr[hex.len - 1] = hex.ptr[hex.len - 1] == '0' ? '1' : '0';
	if (!s->zeros)
		memcpy(m->out.ptr + at, hex.ptr, hex.len);
}

/* Writes the dictionary, ends the revision, signs. What else belongs to the
 * revision was put before. */
static inline void
sign_revision(struct made *m, const struct sig_spec *s)
{
	char trailer[256] = "";
	uint8_t digest[DIGEST_MAX];
	CLEANUP(buf_done) struct buf value = BUF(65536);
	struct placed p = sig_object(m, s);
	const char *root = s->root != NULL ? s->root : "/Root 1 0 R";
	if (m->section != 0)
		snprintf(
		    trailer, sizeof(trailer), "%s/Prev %zu", root, m->section);
	else
		snprintf(trailer, sizeof(trailer), "%s", root);
	made_table(m, trailer);
	size_t end = m->out.len - (size_t)s->end_before;
	p.gap_at -= (size_t)s->gap_before;
	p.gap_end += (size_t)s->gap_after;
	fill_range(m, s, p, end);
	const char *sub = s->subfilter != NULL ? s->subfilter : "";
	bool stamp = strcmp(sub, "ETSI.RFC3161") == 0;
	bool sha1 = strcmp(sub, "adbe.pkcs7.sha1") == 0;
	sha(stamp ? DIGEST_SHA256 : s->signer->alg.digest, buf_bytes(&m->out),
	    p, end, digest);
	struct sig_spec spec = *s;
	uint8_t inner[DIGEST_MAX], outer[DIGEST_MAX];
	if (sha1) {
		sha(DIGEST_SHA1, buf_bytes(&m->out), p, end, inner);
		if (spec.attached.ptr == NULL)
			spec.attached = bytes_of(inner, 20);
		CHECK_OK(
		    digest_of(s->signer->alg.digest, spec.attached, outer));
	}
	if (stamp)
		stamp_token(s->signer, digest, &value);
	else
		signed_data(&spec, sha1 ? outer : digest, &value);
	fill_contents(m, s, p, buf_bytes(&value));
}

#endif
