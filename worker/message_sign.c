/* The requests and answers of `prepare`, `extend` and `embed`, packed. */
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
	TAG_LEVEL,
	TAG_STAMP_ROOM,
	TAG_ROLE,
	TAG_COMMITMENT,
	TAG_POLICY_OID,
	TAG_POLICY_ALG,
	TAG_POLICY_DIGEST,
	TAG_POLICY_URI,
	TAG_PDF,
	TAG_XML,
	TAG_CMS,
};

struct prepare_hold {
	char *format;
	char *reason;
	char *location;
	char *field;
	char *role;
	char *commitment;
	char *policy_oid;
	char *policy_uri;
	struct bytes chain[CHAIN_MAX];
};

static struct err *
pack_optional(struct buf *b, uint16_t tag, const char *s)
{
	return s == NULL ? NULL : pack_str(b, tag, s);
}

static struct err *
pack_policy(struct buf *b, const struct sig_policy *p)
{
	if (p->oid == NULL)
		return NULL;
	TRY(pack_str(b, TAG_POLICY_OID, p->oid));
	TRY(pack_u64(b, TAG_POLICY_ALG, (uint64_t)p->alg));
	TRY(pack_bytes(b, TAG_POLICY_DIGEST, p->digest));
	return pack_optional(b, TAG_POLICY_URI, p->uri);
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
	TRY(pack_bytes(out, TAG_PASSWORD, r->password));
	TRY(pack_u64(out, TAG_LEVEL, (uint64_t)r->level));
	TRY(pack_u64(out, TAG_STAMP_ROOM, r->stamp_room));
	TRY(pack_optional(out, TAG_ROLE, r->role));
	TRY(pack_optional(out, TAG_COMMITMENT, r->commitment));
	TRY(pack_policy(out, &r->policy));
	TRY(pack_bytes(out, TAG_PDF, r->pdf));
	TRY(pack_bytes(out, TAG_XML, r->xml));
	return pack_bytes(out, TAG_CMS, r->cms);
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
unpack_policy(struct unpack *u, struct prepare_hold *h, struct sig_policy *out)
{
	uint64_t alg;
	if (!unpack_is(u, TAG_POLICY_OID))
		return NULL;
	TRY(unpack_str(u, TAG_POLICY_OID, &h->policy_oid));
	TRY(unpack_u64(u, TAG_POLICY_ALG, &alg));
	if (alg >= DIGEST_COUNT)
		return err_new(ERR_MALFORMED, NULL, "no such digest");
	TRY(unpack_bytes(u, TAG_POLICY_DIGEST, &out->digest));
	TRY(unpack_optional(u, TAG_POLICY_URI, &h->policy_uri));
	out->oid = h->policy_oid;
	out->alg = (enum digest_alg)alg;
	out->uri = h->policy_uri;
	return NULL;
}

static struct err *
unpack_level(struct unpack *u, enum level *level, size_t *room)
{
	uint64_t l, n;
	TRY(unpack_u64(u, TAG_LEVEL, &l));
	TRY(unpack_u64(u, TAG_STAMP_ROOM, &n));
	if (l > LEVEL_LTA)
		return err_new(ERR_MALFORMED, NULL, "no such level");
	if (n > INSERTION_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d bytes of room", INSERTION_MAX);
	*level = (enum level)l;
	*room = (size_t)n;
	return NULL;
}

static struct err *
unpack_chain(
    struct unpack *u, struct prepare_request *r, struct prepare_hold *h)
{
	uint64_t n;
	TRY(unpack_u64(u, TAG_CHAIN, &n));
	if (n > CHAIN_MAX)
		return err_new(
		    ERR_LIMIT, NULL, "over %d certificates", CHAIN_MAX);
	for (size_t i = 0; i < n; i++)
		TRY(unpack_bytes(u, TAG_ISSUER, &h->chain[i]));
	r->chain = h->chain;
	r->nchain = (size_t)n;
	return NULL;
}

/* What the signer chose to say. */
static struct err *
unpack_words(
    struct unpack *u, struct prepare_request *r, struct prepare_hold *h)
{
	TRY(unpack_optional(u, TAG_REASON, &h->reason));
	TRY(unpack_optional(u, TAG_LOCATION, &h->location));
	TRY(unpack_optional(u, TAG_FIELD, &h->field));
	r->reason = h->reason;
	r->location = h->location;
	r->field = h->field;
	return NULL;
}

static struct err *
unpack_properties(
    struct unpack *u, struct prepare_request *r, struct prepare_hold *h)
{
	TRY(unpack_optional(u, TAG_ROLE, &h->role));
	TRY(unpack_optional(u, TAG_COMMITMENT, &h->commitment));
	TRY(unpack_policy(u, h, &r->policy));
	r->role = h->role;
	r->commitment = h->commitment;
	TRY(unpack_bytes(u, TAG_PDF, &r->pdf));
	TRY(unpack_bytes(u, TAG_XML, &r->xml));
	return unpack_bytes(u, TAG_CMS, &r->cms);
}

static struct err *
unpack_all(struct unpack *u, struct prepare_request *r, struct prepare_hold *h)
{
	TRY(unpack_optional(u, TAG_FORMAT, &h->format));
	r->format = h->format;
	TRY(unpack_bytes(u, TAG_CERT, &r->cert));
	TRY(unpack_chain(u, r, h));
	TRY(unpack_algorithm(u, r));
	TRY(unpack_i64(u, TAG_TIME, &r->time));
	TRY(unpack_words(u, r, h));
	TRY(unpack_bytes(u, TAG_PASSWORD, &r->password));
	TRY(unpack_level(u, &r->level, &r->stamp_room));
	TRY(unpack_properties(u, r, h));
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
	free(h->role);
	free(h->commitment);
	free(h->policy_oid);
	free(h->policy_uri);
	free(h);
}

/* ---- prepared ---- */

enum { TAG_ALG = 1, TAG_VALUE, TAG_TO_BE_SIGNED, TAG_STATE, TAG_CONTENT };

struct err *
prepared_pack(const struct prepared *p, struct buf *out)
{
	TRY(pack_u64(out, TAG_ALG, (uint64_t)p->digest_alg));
	TRY(pack_bytes(
	    out, TAG_VALUE, bytes_of(p->digest, digest_len(p->digest_alg))));
	TRY(pack_bytes(out, TAG_TO_BE_SIGNED, buf_bytes(&p->to_be_signed)));
	TRY(pack_bytes(out, TAG_STATE, buf_bytes(&p->state)));
	return pack_bytes(
	    out, TAG_CONTENT, bytes_of(p->content_digest, p->content_len));
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
unpack_content(struct unpack *u, struct prepared *p)
{
	struct bytes digest;
	TRY(unpack_bytes(u, TAG_CONTENT, &digest));
	if (digest.len > sizeof(p->content_digest))
		return err_new(ERR_MALFORMED, NULL, "no such digest");
	if (digest.len > 0)
		memcpy(p->content_digest, digest.ptr, digest.len);
	p->content_len = digest.len;
	return unpack_end(u);
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
	return unpack_content(u, p);
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

/* Answers are kept for who asks again: what came later may be missing. */
enum { TAG_AT = 1, TAG_BYTES, TAG_CUT, TAG_HEAD_CUT, TAG_HEAD, TAG_HEAD_AT };

struct err *
insertion_pack(const struct insertion *i, struct buf *out)
{
	TRY(pack_u64(out, TAG_AT, i->at));
	TRY(pack_bytes(out, TAG_BYTES, buf_bytes(&i->bytes)));
	TRY(pack_u64(out, TAG_CUT, i->cut));
	TRY(pack_u64(out, TAG_HEAD_CUT, i->head_cut));
	TRY(pack_bytes(out, TAG_HEAD, buf_bytes(&i->head)));
	return pack_u64(out, TAG_HEAD_AT, i->head_at);
}

struct err *
insertion_unpack(struct bytes packed, struct insertion *out)
{
	struct unpack u = unpack_of(packed);
	uint64_t at, cut, head_cut, head_at = 0;
	struct bytes b, h;
	TRY(unpack_u64(&u, TAG_AT, &at));
	TRY(unpack_bytes(&u, TAG_BYTES, &b));
	TRY(unpack_u64(&u, TAG_CUT, &cut));
	TRY(unpack_u64(&u, TAG_HEAD_CUT, &head_cut));
	TRY(unpack_bytes(&u, TAG_HEAD, &h));
	if (unpack_is(&u, TAG_HEAD_AT))
		TRY(unpack_u64(&u, TAG_HEAD_AT, &head_at));
	TRY(unpack_end(&u));
	CLEANUP(buf_done) struct buf copy = BUF(INSERTION_MAX);
	CLEANUP(buf_done) struct buf head = BUF(INSERTION_MAX);
	TRY(buf_append(&copy, b));
	TRY(buf_append(&head, h));
	*out = (struct insertion){
		.at = (size_t)at,
		.cut = (size_t)cut,
		.bytes = buf_move(&copy),
		.head_at = (size_t)head_at,
		.head_cut = (size_t)head_cut,
		.head = buf_move(&head),
	};
	return NULL;
}
