/*
 * OCSP over HTTP (RFC 6960 A.1, RFC 5019 5 and 6).  An answer without a nonce
 * is given again until half its life is over or the register changes; one with
 * a nonce is made for it, unless so many are being made that it would be a way
 * to keep the token busy: then the client gets the answer without.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/pack.h"
#include "certs/ocsp_make.h"
#include "signd/front.h"
#include "signd/proto.h"

#define OCSP_TYPE "application/ocsp-response"
#define SLOTS 16384     /* answers kept; about 1 KB each */
#define ANSWER_MAX 8192 /* bytes of one that is kept */
#define KEY_MAX 80      /* bytes: algorithm and serial number */

struct slot {
	uint8_t key[KEY_MAX];
	size_t key_len; /* 0: free */
	struct buf der;
	int64_t made, until; /* seconds */
	char etag[40];
};

struct ocsp_cache {
	pthread_mutex_t lock; /* held for a look or a copy */
	struct slot *slots;
	struct cert *issuer;   /* set once, by the first request that asks */
	int64_t changes;       /* of the register, when it was asked last */
	uint64_t forgotten;    /* how often all answers were */
	atomic_size_t waiting; /* requests that a keyholder works on */
};

struct err *
ocsp_cache_new(struct ocsp_cache **out)
{
	struct ocsp_cache *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return err_new(ERR_NOMEM, NULL, "ocsp_cache");
	pthread_mutex_init(&c->lock, NULL);
	c->changes = -1;
	c->slots = calloc(SLOTS, sizeof(*c->slots));
	if (c->slots == NULL) {
		ocsp_cache_free(c);
		return err_new(ERR_NOMEM, NULL, "ocsp_cache");
	}
	*out = c;
	return NULL;
}

void
ocsp_cache_forget(struct ocsp_cache *c)
{
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; c->slots != NULL && i < SLOTS; i++) {
		buf_done(&c->slots[i].der);
		c->slots[i].key_len = 0;
	}
	c->forgotten++;
	pthread_mutex_unlock(&c->lock);
}

void
ocsp_cache_free(struct ocsp_cache *c)
{
	if (c == NULL)
		return;
	ocsp_cache_forget(c);
	pthread_mutex_destroy(&c->lock);
	cert_free(c->issuer);
	free(c->slots);
	free(c);
}

struct err *
ocsp_cache_renew(struct front *f)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	int64_t changes = 0;
	TRY(ask_ledger(f, LEDGER_STATUS, BYTES_NONE, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_i64(&u, 1, &changes));
	if (changes != f->ocsp->changes)
		ocsp_cache_forget(f->ocsp);
	f->ocsp->changes = changes;
	return NULL;
}

/* ---- the cache ---- */

struct key {
	uint8_t bytes[KEY_MAX];
	size_t len; /* 0: this request is not answered from the cache */
};

/* Requests for one certificate, as nearly all are. */
static struct key
key_of(const struct ocsp_request *q)
{
	struct key k = { { (uint8_t)q->v[0].alg }, 0 };
	if (q->n != 1 || q->v[0].serial.len >= KEY_MAX)
		return k;
	memcpy(k.bytes + 1, q->v[0].serial.ptr, q->v[0].serial.len);
	k.len = 1 + q->v[0].serial.len;
	return k;
}

/* Serial numbers are random: their bytes are as good as a hash. */
static struct slot *
slot_of(struct ocsp_cache *c, const struct key *k)
{
	size_t h = 5381;
	for (size_t i = 0; i < k->len; i++)
		h = h * 33 + k->bytes[i];
	return &c->slots[h % SLOTS];
}

static struct err *
cache_look(
    struct ocsp_cache *c, const struct key *k, struct reply *out, bool *found)
{
	struct err *e = NULL;
	int64_t now = clock_now(&clock_system);
	*found = false;
	if (k->len == 0)
		return NULL;
	pthread_mutex_lock(&c->lock);
	const struct slot *s = slot_of(c, k);
	if (s->key_len == k->len && memcmp(s->key, k->bytes, k->len) == 0 &&
	    now < s->made + (s->until - s->made) / 2) {
		out->body = BUF(ANSWER_MAX);
		e = buf_append(&out->body, buf_bytes(&s->der));
		out->made = s->made;
		out->until = s->until;
		memcpy(out->etag, s->etag, sizeof(out->etag));
		*found = e == NULL;
	}
	pthread_mutex_unlock(&c->lock);
	return e;
}

static uint64_t
cache_age(struct ocsp_cache *c)
{
	pthread_mutex_lock(&c->lock);
	uint64_t n = c->forgotten;
	pthread_mutex_unlock(&c->lock);
	return n;
}

/* What cannot be kept is made again the next time.  `age`: as it was before
 * the answer was made; what was made before a revocation and comes after it
 * is not kept. */
static void
cache_keep(struct ocsp_cache *c, const struct key *k, const struct reply *r,
    uint64_t age)
{
	struct buf copy = BUF(ANSWER_MAX);
	if (k->len == 0)
		return;
	struct err *e = buf_append(&copy, buf_bytes(&r->body));
	if (e != NULL) {
		err_free(e);
		return;
	}
	pthread_mutex_lock(&c->lock);
	if (c->forgotten != age) {
		pthread_mutex_unlock(&c->lock);
		buf_done(&copy);
		return;
	}
	struct slot *s = slot_of(c, k);
	buf_done(&s->der);
	s->der = copy;
	memcpy(s->key, k->bytes, k->len);
	s->key_len = k->len;
	s->made = r->made;
	s->until = r->until;
	memcpy(s->etag, r->etag, sizeof(s->etag));
	pthread_mutex_unlock(&c->lock);
}

/* ---- asking the keyholder ---- */

static struct err *
find_issuer(const struct front *f, struct cert **out)
{
	struct ocsp_cache *c = f->ocsp;
	pthread_mutex_lock(&c->lock);
	*out = c->issuer == NULL ? NULL : cert_ref(c->issuer);
	pthread_mutex_unlock(&c->lock);
	if (*out != NULL)
		return NULL;
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CLEANUP(cert_freep) struct cert *issuer = NULL;
	struct bytes der = BYTES_NONE;
	TRY(ask_ledger(f, LEDGER_CA, BYTES_NONE, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_bytes(&u, 1, &der));
	TRY(cert_parse(der, &issuer));
	*out = cert_ref(issuer);
	pthread_mutex_lock(&c->lock);
	if (c->issuer == NULL)
		c->issuer = TAKE(issuer);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

static struct err *
all_ours(const struct front *f, const struct ocsp_request *q, bool *ours)
{
	CLEANUP(cert_freep) struct cert *issuer = NULL;
	TRY(find_issuer(f, &issuer));
	*ours = true;
	for (size_t i = 0; i < q->n && *ours; i++)
		TRY(ocsp_query_is_of(&q->v[i], issuer, ours));
	return NULL;
}

static struct err *
pack_queries(const struct ocsp_request *q, struct bytes nonce, struct buf *body)
{
	TRY(pack_bytes(body, 1, nonce));
	for (size_t i = 0; i < q->n; i++) {
		TRY(pack_str(body, 2, digest_oid(q->v[i].alg)));
		TRY(pack_bytes(body, 3, q->v[i].serial));
	}
	return NULL;
}

static void
set_etag(struct reply *r)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t hash[DIGEST_MAX];
	struct err *e = digest_of(DIGEST_SHA256, buf_bytes(&r->body), hash);
	size_t n = 0;
	r->etag[n++] = '"';
	for (size_t i = 0; e == NULL && i < 16; i++) {
		r->etag[n++] = digits[hash[i] >> 4];
		r->etag[n++] = digits[hash[i] & 15];
	}
	r->etag[n++] = '"';
	r->etag[e == NULL ? n : 0] = '\0';
	err_free(e);
}

static struct err *
make_answer(const struct front *f, const struct ocsp_request *q,
    struct bytes nonce, struct reply *out)
{
	CLEANUP(buf_done) struct buf body = BUF(65536);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(pack_queries(q, nonce, &body));
	TRY(ask_keyholder(f, KEY_OCSP, buf_bytes(&body), &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	struct bytes der = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &der));
	TRY(unpack_i64(&u, 2, &out->until));
	out->body = BUF(65536);
	out->made = out->until - f->s->ocsp_seconds;
	TRY(buf_append(&out->body, der));
	set_etag(out);
	return NULL;
}

/* ---- requests ---- */

/* Nothing that comes over HTTP has a status of its own: RFC 6960 says in the
 * answer what is wrong. */
static struct err *
refuse(enum ocsp_failure why, struct reply *out)
{
	buf_done(&out->body);
	out->body = BUF(64);
	out->made = 0;
	out->status = 200;
	out->type = OCSP_TYPE;
	return ocsp_refused(why, &out->body);
}

static struct err *
made_or_refused(const struct front *f, const struct ocsp_request *q,
    struct bytes nonce, struct reply *out)
{
	struct err *e = make_answer(f, q, nonce, out);
	if (e == NULL || err_kind(e) == ERR_NOMEM)
		return e;
	bool later = err_kind(e) == ERR_REMOTE || err_kind(e) == ERR_LIMIT;
	log_error(f->log, LOG_WARNING, "ocsp-not-made", e);
	return refuse(later ? OCSP_TRY_LATER : OCSP_INTERNAL_ERROR, out);
}

static struct err *
answer_query(
    const struct front *f, const struct ocsp_request *q, struct reply *out)
{
	struct ocsp_cache *c = f->ocsp;
	struct key k = key_of(q);
	bool ours = false, found = false;
	TRY(all_ours(f, q, &ours));
	if (!ours)
		return refuse(OCSP_UNAUTHORIZED, out);
	size_t most = (size_t)f->s->ocsp_waiting_max;
	size_t others = atomic_fetch_add(&c->waiting, 1);
	struct bytes nonce = others < most ? q->nonce : BYTES_NONE;
	uint64_t age = cache_age(c);
	struct err *e = nonce.len > 0 ? NULL : cache_look(c, &k, out, &found);
	if (e == NULL && !found)
		e = made_or_refused(f, q, nonce, out);
	atomic_fetch_sub(&c->waiting, 1);
	/* With a nonce it is for one client, and of no use to a cache. */
	if (nonce.len > 0)
		out->made = 0;
	else if (e == NULL && !found && out->made > 0)
		cache_keep(c, &k, out, age);
	return e;
}

static struct err *
answer(const struct front *f, struct bytes request, struct reply *out)
{
	struct ocsp_request q;
	out->status = 200;
	out->type = OCSP_TYPE;
	struct err *e = ocsp_request_parse(request, &q);
	if (e != NULL && err_kind(e) != ERR_NOMEM) {
		err_free(e);
		return refuse(OCSP_MALFORMED_REQUEST, out);
	}
	return e != NULL ? e : answer_query(f, &q, out);
}

/* In the thread of HTTP: out of the cache, or not at all. */
static struct err *
quick(
    const struct front *f, struct bytes request, struct reply *out, bool *done)
{
	struct ocsp_request q;
	struct cert *issuer = NULL;
	struct err *e = ocsp_request_parse(request, &q);
	if (e != NULL || q.nonce.len > 0) {
		err_free(e);
		return NULL;
	}
	pthread_mutex_lock(&f->ocsp->lock);
	if (f->ocsp->issuer != NULL)
		issuer = cert_ref(f->ocsp->issuer);
	pthread_mutex_unlock(&f->ocsp->lock);
	bool ours = false;
	e = issuer == NULL ? NULL : ocsp_query_is_of(&q.v[0], issuer, &ours);
	cert_free(issuer);
	if (e != NULL || !ours)
		return e;
	struct key k = key_of(&q);
	out->status = 200;
	out->type = OCSP_TYPE;
	return cache_look(f->ocsp, &k, out, done);
}

static struct err *
decode_path(const struct request *r, struct buf *out)
{
	struct bytes text = bytes_str(r->param);
	/* Some clients leave the padding out. */
	CLEANUP(buf_done) struct buf padded = BUF(2 * OCSP_REQUEST_MAX);
	TRY(buf_append(&padded, text));
	while (padded.len % 4 != 0)
		TRY(buf_byte(&padded, '='));
	return base64_decode(buf_bytes(&padded), out);
}

struct err *
quick_get_ocsp(struct request *r, struct reply *out, bool *done)
{
	CLEANUP(buf_done) struct buf der = BUF(OCSP_REQUEST_MAX);
	struct err *e = decode_path(r, &der);
	if (e != NULL) {
		err_free(e);
		return NULL;
	}
	return quick(r->front, buf_bytes(&der), out, done);
}

struct err *
quick_post_ocsp(struct request *r, struct reply *out, bool *done)
{
	TRY(quick(r->front, buf_bytes(&r->json), out, done));
	out->made = 0;
	return NULL;
}

struct err *
get_ocsp(struct request *r, struct reply *out)
{
	CLEANUP(buf_done) struct buf der = BUF(OCSP_REQUEST_MAX);
	struct err *e = decode_path(r, &der);
	if (e != NULL && err_kind(e) != ERR_NOMEM) {
		err_free(e);
		return refuse(OCSP_MALFORMED_REQUEST, out);
	}
	TRY(e);
	return answer(r->front, buf_bytes(&der), out);
}

/* RFC 5019 6: an answer to POST is not kept by caches. */
struct err *
post_ocsp(struct request *r, struct reply *out)
{
	TRY(answer(r->front, buf_bytes(&r->json), out));
	out->made = 0;
	return NULL;
}
