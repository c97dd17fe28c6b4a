#include "cms/tsp.h"

#include <stdlib.h>

#include "cms/internal.h"

#define TSQ_MAX 1024 /* bytes of a request that we make */

struct tst {
	struct cms *cms; /* owned; the rest borrows from it */
	enum digest_alg alg;
	struct bytes imprint;
	struct bytes serial;
	struct bytes nonce;
	int64_t time; /* genTime, seconds */
};

static struct bytes
number(struct bytes body)
{
	while (body.len > 1 && body.ptr[0] == 0)
		body = bytes_from(body, 1);
	return body;
}

/* MessageImprint ::= SEQUENCE { AlgorithmIdentifier, OCTET STRING } */
static struct err *
read_imprint(struct bytes *rest, enum digest_alg *alg, struct bytes *imprint)
{
	struct tlv seq, algorithm, t;
	char oid[OID_TEXT_MAX];
	TRY(ber_take(rest, BER_SEQUENCE, &seq));
	TRY(ber_take(&seq.body, BER_SEQUENCE, &algorithm));
	TRY(ber_take(&algorithm.body, BER_OID, &t));
	TRY(ber_oid_text(t.body, oid));
	TRY(ber_take(&seq.body, BER_OCTETS, &t));
	TRY(ber_end(seq.body));
	*alg = digest_by_oid(oid);
	*imprint = t.body;
	if (*alg != DIGEST_NONE && imprint->len != digest_len(*alg))
		return err_new(ERR_MALFORMED, "RFC 3161 2.4.1",
		    "an imprint of %zu bytes", imprint->len);
	return NULL;
}

static struct err *
read_nonce(struct bytes *rest, struct bytes *out)
{
	struct tlv t;
	*out = BYTES_NONE;
	if (!ber_is(*rest, BER_INTEGER))
		return NULL;
	TRY(ber_take(rest, BER_INTEGER, &t));
	*out = number(t.body);
	return NULL;
}

static struct err *
skip(struct bytes *rest, uint8_t tag)
{
	struct tlv t;
	return ber_is(*rest, tag) ? ber_take(rest, tag, &t) : NULL;
}

/* TSTInfo, RFC 3161 2.4.2. */
static struct err *
read_info(struct bytes content, struct tst *out)
{
	struct tlv info, t;
	int version;
	TRY(ber_only(content, BER_SEQUENCE, &info));
	struct bytes rest = info.body;
	TRY(ber_take(&rest, BER_INTEGER, &t));
	TRY(ber_small(t, &version));
	if (version != 1)
		return err_new(ERR_UNSUPPORTED, "RFC 3161 2.4.2",
		    "TSTInfo version %d", version);
	TRY(ber_take(&rest, BER_OID, &t)); /* policy */
	TRY(read_imprint(&rest, &out->alg, &out->imprint));
	TRY(ber_take(&rest, BER_INTEGER, &t));
	out->serial = number(t.body);
	TRY(ber_take(&rest, BER_GENERALIZEDTIME, &t));
	TRY(ber_time(t, &out->time));
	TRY(skip(&rest, BER_SEQUENCE)); /* accuracy */
	TRY(skip(&rest, BER_BOOLEAN));  /* ordering */
	TRY(read_nonce(&rest, &out->nonce));
	TRY(skip(&rest, BER_CONTEXT));     /* tsa: a hint, not believed */
	TRY(skip(&rest, BER_CONTEXT + 1)); /* extensions */
	return ber_end(rest);
}

struct err *
tst_parse(struct bytes token, struct tst **out)
{
	CLEANUP(tst_freep) struct tst *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return err_new(ERR_NOMEM, NULL, "struct tst");
	TRY(cms_parse(token, &t->cms));
	if (!bytes_eq(t->cms->content_oid, OID_TST_INFO) ||
	    t->cms->content.ptr == NULL)
		return err_new(
		    ERR_UNSUPPORTED, "RFC 3161 2.4.2", "no TSTInfo in it");
	if (t->cms->nsigners != 1)
		return err_new(ERR_MALFORMED, "RFC 3161 2.4.2", "%zu signers",
		    t->cms->nsigners);
	TRY(read_info(t->cms->content, t));
	*out = TAKE(t);
	return NULL;
}

void
tst_free(struct tst *t)
{
	if (t == NULL)
		return;
	cms_free(t->cms);
	free(t);
}

const struct cms *
tst_cms(const struct tst *t)
{
	return t->cms;
}

enum digest_alg
tst_imprint_alg(const struct tst *t)
{
	return t->alg;
}

struct bytes
tst_imprint(const struct tst *t)
{
	return t->imprint;
}

int64_t
tst_time(const struct tst *t)
{
	return t->time;
}

struct bytes
tst_serial(const struct tst *t)
{
	return t->serial;
}

struct bytes
tst_nonce(const struct tst *t)
{
	return t->nonce;
}

const struct cert_list *
tst_certs(const struct tst *t)
{
	return &t->cms->certs;
}

/* The token's own signature counts only with everything RFC 3161 asks for:
 * signed attributes that hold, and the certificate bound to them. */
static struct err *
check_token(const struct tst *t, const struct cert_list *extra,
    struct timestamp_fact *out)
{
	const struct signer_info *s = &t->cms->signers[0];
	uint8_t hash[DIGEST_MAX];
	struct bytes digest = BYTES_NONE;
	if (s->digest != DIGEST_NONE) {
		TRY(digest_of(s->digest, t->cms->content, hash));
		digest = bytes_of(hash, digest_len(s->digest));
	}
	struct findings findings = { 0 };
	struct signer_result r;
	struct err *e = signer_judge(t->cms, s, digest, extra, &findings, &r);
	bool fatal = false;
	for (size_t i = 0; i < findings.n; i++)
		fatal = fatal || findings.v[i].fatal;
	findings_done(&findings);
	TRY(e);
	out->tsa = r.cert;
	out->sig_alg = r.alg;
	if (r.signature == CHECK_NOT_DONE || r.digest == CHECK_NOT_DONE)
		out->signature = CHECK_NOT_DONE;
	else if (r.signature == CHECK_PASSED && r.digest == CHECK_PASSED &&
		 r.binding == CHECK_PASSED && !fatal)
		out->signature = CHECK_PASSED;
	else
		out->signature = CHECK_FAILED;
	return NULL;
}

struct err *
tst_check(const struct tst *t, struct bytes digest,
    const struct cert_list *extra, struct cert_list *pool,
    struct timestamp_fact *out)
{
	struct timestamp_fact f = { .time = t->time, .alg = t->alg };
	for (size_t i = 0; pool != NULL && i < t->cms->certs.n; i++)
		TRY(cert_list_add(pool, t->cms->certs.v[i]));
	if (digest.len == 0 || t->alg == DIGEST_NONE)
		f.digest = CHECK_NOT_DONE;
	else
		f.digest =
		    bytes_eq(digest, t->imprint) ? CHECK_PASSED : CHECK_FAILED;
	TRY(check_token(t, extra, &f));
	*out = f;
	return NULL;
}

struct err *
tsr_token(struct bytes response, struct bytes *out)
{
	struct tlv t, status, code;
	int value;
	TRY(ber_only(response, BER_SEQUENCE, &t));
	struct bytes rest = t.body;
	TRY(ber_take(&rest, BER_SEQUENCE, &status));
	TRY(ber_take(&status.body, BER_INTEGER, &code));
	TRY(ber_small(code, &value));
	/* 0 granted, 1 granted with changes; all others carry no token. */
	if (value > 1)
		return err_new(ERR_REMOTE, "RFC 3161 2.4.2",
		    "the time-stamp authority refused: status %d", value);
	TRY(ber_take(&rest, BER_SEQUENCE, &t));
	TRY(ber_end(rest));
	*out = t.whole;
	return NULL;
}

struct err *
tsq_parse(struct bytes request, struct tsq *out)
{
	struct tlv req, t;
	int version;
	struct tsq q = { 0 };
	TRY(ber_only(request, BER_SEQUENCE, &req));
	struct bytes rest = req.body;
	TRY(ber_take(&rest, BER_INTEGER, &t));
	TRY(ber_small(t, &version));
	if (version != 1)
		return err_new(ERR_UNSUPPORTED, "RFC 3161 2.4.1",
		    "TimeStampReq version %d", version);
	TRY(read_imprint(&rest, &q.alg, &q.imprint));
	if (ber_is(rest, BER_OID)) {
		TRY(ber_take(&rest, BER_OID, &t));
		q.policy = t.body;
	}
	/* Before read_nonce() drops the sign. */
	struct bytes peek = rest;
	if (ber_is(peek, BER_INTEGER)) {
		TRY(ber_take(&peek, BER_INTEGER, &t));
		q.nonce_negative = t.body.len > 0 && t.body.ptr[0] >= 0x80;
	}
	TRY(read_nonce(&rest, &q.nonce));
	if (ber_is(rest, BER_BOOLEAN)) {
		TRY(ber_take(&rest, BER_BOOLEAN, &t));
		q.wants_cert = t.body.len == 1 && t.body.ptr[0] != 0;
	}
	q.extended = ber_is(rest, BER_CONTEXT);
	TRY(skip(&rest, BER_CONTEXT));
	TRY(ber_end(rest));
	*out = q;
	return NULL;
}

static struct err *
put_imprint(struct buf *b, const struct tsq *q)
{
	CLEANUP(buf_done) struct buf oid = BUF(TSQ_MAX);
	CLEANUP(buf_done) struct buf body = BUF(TSQ_MAX);
	TRY(der_put_oid(&oid, digest_oid(q->alg)));
	TRY(der_put(&oid, BER_NULL, BYTES_NONE));
	TRY(der_put(&body, BER_SEQUENCE, buf_bytes(&oid)));
	TRY(der_put(&body, BER_OCTETS, q->imprint));
	return der_put(b, BER_SEQUENCE, buf_bytes(&body));
}

struct err *
tsq_make(const struct tsq *q, struct buf *out)
{
	if (q->alg == DIGEST_NONE || q->imprint.len != digest_len(q->alg))
		return err_new(
		    ERR_USAGE, NULL, "an imprint of %zu bytes", q->imprint.len);
	CLEANUP(buf_done) struct buf body = BUF(TSQ_MAX);
	TRY(der_put(&body, BER_INTEGER, BYTES_LIT("\x01")));
	TRY(put_imprint(&body, q));
	if (q->nonce.len > 0)
		TRY(der_put_number(&body, q->nonce));
	if (q->wants_cert)
		TRY(der_put(&body, BER_BOOLEAN, BYTES_LIT("\xff")));
	return der_put(out, BER_SEQUENCE, buf_bytes(&body));
}

bool
tsq_answered(const struct tsq *q, const struct tst *t)
{
	return q->alg != DIGEST_NONE && q->alg == t->alg &&
	       bytes_eq(q->imprint, t->imprint) && bytes_eq(q->nonce, t->nonce);
}
