/* The requests and answers of `prepare` and `embed`, packed. */
#include "worker/job.h"

#include "base/pack.h"

#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 32 /* certificates to embed */

enum {
	TAG_FORMAT = 1,
	TAG_CERT,
	TAG_CHAIN,
	TAG_ISSUER,
	TAG_DIGEST,
	TAG_FORM,
	TAG_TIME,
	TAG_REASON,
	TAG_LOCATION,
	TAG_FIELD,
	TAG_PASSWORD,
};

struct prepare_hold {
	char *format;
	char *reason;
	char *location;
	char *field;
	struct bytes chain[CHAIN_MAX];
};

static struct err *
pack_optional(struct buf *b, uint16_t tag, const char *s)
{
	return s == NULL ? NULL : pack_str(b, tag, s);
}

struct err *
prepare_request_pack(const struct prepare_request *r, struct buf *out)
{
	if (r->nchain > CHAIN_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d certificates", CHAIN_MAX);
	TRY(pack_optional(out, TAG_FORMAT, r->format));
	TRY(pack_bytes(out, TAG_CERT, r->cert));
	TRY(pack_u64(out, TAG_CHAIN, r->nchain));
	for (size_t i = 0; i < r->nchain; i++)
		TRY(pack_bytes(out, TAG_ISSUER, r->chain[i]));
	TRY(pack_u64(out, TAG_DIGEST, (uint64_t)r->digest));
	TRY(pack_u64(out, TAG_FORM, (uint64_t)r->form));
	TRY(pack_i64(out, TAG_TIME, r->time));
	TRY(pack_optional(out, TAG_REASON, r->reason));
	TRY(pack_optional(out, TAG_LOCATION, r->location));
	TRY(pack_optional(out, TAG_FIELD, r->field));
	return pack_bytes(out, TAG_PASSWORD, r->password);
}

static struct err *
unpack_optional(struct unpack *u, uint16_t tag, char **out)
{
	return unpack_is(u, tag) ? unpack_str(u, tag, out) : NULL;
}

static struct err *
unpack_algorithm(struct unpack *u, struct prepare_request *r)
{
	uint64_t digest, form;
	TRY(unpack_u64(u, TAG_DIGEST, &digest));
	TRY(unpack_u64(u, TAG_FORM, &form));
	if (digest >= DIGEST_COUNT || form > SIG_ED448)
		return err_new(ERR_MALFORMED, NULL, "no such algorithm");
	r->digest = (enum digest_alg)digest;
	r->form = (enum sig_form)form;
	return NULL;
}

static struct err *
unpack_all(struct unpack *u, struct prepare_request *r, struct prepare_hold *h)
{
	uint64_t n;
	TRY(unpack_optional(u, TAG_FORMAT, &h->format));
	TRY(unpack_bytes(u, TAG_CERT, &r->cert));
	TRY(unpack_u64(u, TAG_CHAIN, &n));
	if (n > CHAIN_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d certificates", CHAIN_MAX);
	for (size_t i = 0; i < n; i++)
		TRY(unpack_bytes(u, TAG_ISSUER, &h->chain[i]));
	r->chain = h->chain;
	r->nchain = (size_t)n;
	TRY(unpack_algorithm(u, r));
	TRY(unpack_i64(u, TAG_TIME, &r->time));
	TRY(unpack_optional(u, TAG_REASON, &h->reason));
	TRY(unpack_optional(u, TAG_LOCATION, &h->location));
	TRY(unpack_optional(u, TAG_FIELD, &h->field));
	r->format = h->format;
	r->reason = h->reason;
	r->location = h->location;
	r->field = h->field;
	TRY(unpack_bytes(u, TAG_PASSWORD, &r->password));
	return unpack_end(u);
}

DEFINE_FREEP(prepare_hold_free, struct prepare_hold)

struct err *
prepare_request_unpack(struct bytes packed, struct prepare_request *out,
    struct prepare_hold **hold)
{
	CLEANUP(prepare_hold_freep)
	struct prepare_hold *h = calloc(1, sizeof(*h));
	if (h == NULL)
		return err_new(ERR_NOMEM, NULL, "struct prepare_hold");
	struct unpack u = unpack_of(packed);
	struct prepare_request r = { 0 };
	TRY(unpack_all(&u, &r, h));
	*out = r;
	*hold = TAKE(h);
	return NULL;
}

void
prepare_hold_free(struct prepare_hold *h)
{
	if (h == NULL)
		return;
	free(h->format);
	free(h->reason);
	free(h->location);
	free(h->field);
	free(h);
}

/* ---- prepared ---- */

enum { TAG_ALG = 1, TAG_VALUE, TAG_TO_BE_SIGNED, TAG_STATE };

struct err *
prepared_pack(const struct prepared *p, struct buf *out)
{
	TRY(pack_u64(out, TAG_ALG, (uint64_t)p->digest_alg));
	TRY(pack_bytes(
	    out, TAG_VALUE, bytes_of(p->digest, digest_len(p->digest_alg))));
	TRY(pack_bytes(out, TAG_TO_BE_SIGNED, buf_bytes(&p->to_be_signed)));
	return pack_bytes(out, TAG_STATE, buf_bytes(&p->state));
}

static struct err *
unpack_copy(struct unpack *u, uint16_t tag, size_t max, struct buf *out)
{
	struct bytes b;
	*out = BUF(max);
	TRY(unpack_bytes(u, tag, &b));
	return buf_append(out, b);
}

static struct err *
unpack_prepared(struct unpack *u, struct prepared *p)
{
	uint64_t alg;
	struct bytes digest;
	TRY(unpack_u64(u, TAG_ALG, &alg));
	TRY(unpack_bytes(u, TAG_VALUE, &digest));
	if (alg >= DIGEST_COUNT ||
	    digest.len != digest_len((enum digest_alg)alg))
		return err_new(ERR_MALFORMED, NULL, "no such digest");
	p->digest_alg = (enum digest_alg)alg;
	if (digest.len > 0)
		memcpy(p->digest, digest.ptr, digest.len);
	TRY(unpack_copy(u, TAG_TO_BE_SIGNED, STATE_MAX, &p->to_be_signed));
	TRY(unpack_copy(u, TAG_STATE, STATE_MAX + 64, &p->state));
	return unpack_end(u);
}

struct err *
prepared_unpack(struct bytes packed, struct prepared *out)
{
	struct unpack u = unpack_of(packed);
	struct prepared p = { 0 };
	struct err *e = unpack_prepared(&u, &p);
	if (e != NULL) {
		prepared_done(&p);
		return e;
	}
	*out = p;
	return NULL;
}

/* ---- insertion ---- */

enum { TAG_AT = 1, TAG_BYTES, TAG_CUT, TAG_HEAD_CUT, TAG_HEAD };

struct err *
insertion_pack(const struct insertion *i, struct buf *out)
{
	TRY(pack_u64(out, TAG_AT, i->at));
	TRY(pack_bytes(out, TAG_BYTES, buf_bytes(&i->bytes)));
	TRY(pack_u64(out, TAG_CUT, i->cut));
	TRY(pack_u64(out, TAG_HEAD_CUT, i->head_cut));
	return pack_bytes(out, TAG_HEAD, buf_bytes(&i->head));
}

struct err *
insertion_unpack(struct bytes packed, struct insertion *out)
{
	struct unpack u = unpack_of(packed);
	uint64_t at, cut, head_cut;
	struct bytes b, h;
	TRY(unpack_u64(&u, TAG_AT, &at));
	TRY(unpack_bytes(&u, TAG_BYTES, &b));
	TRY(unpack_u64(&u, TAG_CUT, &cut));
	TRY(unpack_u64(&u, TAG_HEAD_CUT, &head_cut));
	TRY(unpack_bytes(&u, TAG_HEAD, &h));
	TRY(unpack_end(&u));
	CLEANUP(buf_done) struct buf copy = BUF(INSERTION_MAX);
	CLEANUP(buf_done) struct buf head = BUF(INSERTION_MAX);
	TRY(buf_append(&copy, b));
	TRY(buf_append(&head, h));
	*out = (struct insertion){
		.at = (size_t)at,
		.cut = (size_t)cut,
		.bytes = buf_move(&copy),
		.head_cut = (size_t)head_cut,
		.head = buf_move(&head),
	};
	return NULL;
}
