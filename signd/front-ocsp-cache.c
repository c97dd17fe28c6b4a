/*
 * Answers that are given again.  One is in force while it is young, and while
 * the register has not changed since it was made or looked at.
 *
 * The table is of sets of four.  What the register does not know has the last
 * place of a set alone, and few of them, which do not count among the others:
 * strangers who ask for random numbers push nobody out, and keep nobody's
 * answer from being made beforehand.
 */
#include "signd/front-ocsp.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/pack.h"
#include "signd/proto.h"
#include "store/ledger.h"

#define WAYS 4
#define UNKNOWN_SHARE 16 /* one unknown for so many that are kept */
#define ANSWER_MAX 8192 /* bytes of one that is kept */

struct slot {
	struct ocsp_key key;
	struct buf der;
	struct ocsp_said said;
	int64_t made, until; /* seconds */
	int64_t changes;
	char etag[REPLY_ETAG];
	struct MHD_Response *response; /* as it went out at response_at */
	int64_t response_at;           /* seconds */
};

struct ocsp_cache {
	pthread_rwlock_t lock; /* held for a look or a copy */
	struct slot **slots;
	size_t sets;
	size_t kept, used; /* of what the register knows */
	size_t unknown_kept, unknown_used;
	struct cert *issuer; /* set once, by the first request that asks */
	struct ocsp_issuer_id ids[2]; /* by SHA-1 and SHA-256 */
	int64_t changes;              /* of the register, the most heard of */
};

/* ---- keys ---- */

struct ocsp_key
ocsp_key_make(enum digest_alg alg, struct bytes serial)
{
	struct ocsp_key k = { { (uint8_t)alg }, 0 };
	if (alg == DIGEST_NONE || serial.len == 0 || serial.len >= OCSP_KEY_MAX)
		return k;
	memcpy(k.bytes + 1, serial.ptr, serial.len);
	k.len = 1 + serial.len;
	return k;
}

struct ocsp_key
ocsp_key_of(const struct ocsp_request *q)
{
	if (q->n != 1)
		return (struct ocsp_key){ .len = 0 };
	return ocsp_key_make(q->v[0].alg, q->v[0].serial);
}

enum digest_alg
ocsp_key_alg(const struct ocsp_key *k)
{
	return (enum digest_alg)k->bytes[0];
}

struct bytes
ocsp_key_serial(const struct ocsp_key *k)
{
	return bytes_of(k->bytes + 1, k->len - 1);
}

static bool
same_key(const struct ocsp_key *a, const struct ocsp_key *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* Serial numbers are random: their bytes are as good as a hash. */
static struct slot **
set_of(struct ocsp_cache *c, const struct ocsp_key *k)
{
	size_t h = 5381;
	for (size_t i = 0; i < k->len; i++)
		h = h * 33 + k->bytes[i];
	return &c->slots[h % c->sets * WAYS];
}

/* ---- life ---- */

static void
slot_free(struct slot *s)
{
	if (s == NULL)
		return;
	if (s->response != NULL)
		MHD_destroy_response(s->response);
	buf_done(&s->der);
	free(s);
}

struct err *
ocsp_cache_new(size_t kept, struct ocsp_cache **out)
{
	struct ocsp_cache *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return err_new(ERR_NOMEM, NULL, "ocsp_cache");
	pthread_rwlock_init(&c->lock, NULL);
	c->changes = -1;
	c->kept = kept;
	c->unknown_kept = kept / UNKNOWN_SHARE + 1;
	c->sets = kept / (WAYS / 2) + 1; /* half full: few sets overflow */
	c->slots = calloc(c->sets * WAYS, sizeof(struct slot *));
	if (c->slots == NULL) {
		ocsp_cache_free(c);
		return err_new(ERR_NOMEM, NULL, "%zu answers", kept);
	}
	*out = c;
	return NULL;
}

void
ocsp_cache_free(struct ocsp_cache *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; c->slots != NULL && i < c->sets * WAYS; i++)
		slot_free(c->slots[i]);
	pthread_rwlock_destroy(&c->lock);
	cert_free(c->issuer);
	free(c->slots);
	free(c);
}

/* ---- whose certificates ---- */

static struct err *
ask_issuer(const struct front *f)
{
	struct ocsp_cache *c = f->ocsp;
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	CLEANUP(cert_freep) struct cert *issuer = NULL;
	struct bytes der = BYTES_NONE;
	struct ocsp_issuer_id ids[2];
	TRY(ask_ledger(f, LEDGER_CA, BYTES_NONE, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_bytes(&u, 1, &der));
	TRY(cert_parse(der, &issuer));
	TRY(ocsp_issuer_id_of(DIGEST_SHA1, issuer, &ids[0]));
	TRY(ocsp_issuer_id_of(DIGEST_SHA256, issuer, &ids[1]));
	pthread_rwlock_wrlock(&c->lock);
	if (c->issuer == NULL) {
		memcpy(c->ids, ids, sizeof(ids));
		c->issuer = TAKE(issuer);
	}
	pthread_rwlock_unlock(&c->lock);
	return NULL;
}

/* Once it is there it stays: what is read here does not change any more. */
static const struct cert *
issuer_of(struct ocsp_cache *c)
{
	pthread_rwlock_rdlock(&c->lock);
	const struct cert *issuer = c->issuer;
	pthread_rwlock_unlock(&c->lock);
	return issuer;
}

static struct err *
is_ours(struct ocsp_cache *c, const struct cert *issuer,
    const struct ocsp_query *q, bool *ours)
{
	if (q->alg == DIGEST_SHA1 || q->alg == DIGEST_SHA256) {
		*ours = ocsp_query_fits(q, &c->ids[q->alg == DIGEST_SHA256]);
		return NULL;
	}
	return ocsp_query_is_of(q, issuer, ours);
}

struct err *
ocsp_all_ours(const struct front *f, const struct ocsp_request *q, bool *ours)
{
	const struct cert *issuer = issuer_of(f->ocsp);
	if (issuer == NULL)
		TRY(ask_issuer(f));
	issuer = issuer_of(f->ocsp);
	*ours = true;
	for (size_t i = 0; i < q->n && *ours; i++)
		TRY(is_ours(f->ocsp, issuer, &q->v[i], ours));
	return NULL;
}

bool
ocsp_known_ours(const struct front *f, const struct ocsp_request *q)
{
	const struct cert *issuer = issuer_of(f->ocsp);
	bool ours = false;
	if (issuer == NULL || q->n != 1)
		return false;
	struct err *e = is_ours(f->ocsp, issuer, &q->v[0], &ours);
	ours = ours && e == NULL;
	err_free(e);
	return ours;
}

/* ---- looking ---- */

static bool
in_force(const struct ocsp_cache *c, const struct slot *s, int64_t now)
{
	return s->changes >= c->changes &&
	       now < s->made + (s->until - s->made) / 2;
}

/* Called with the lock held. */
static struct slot **
find(struct ocsp_cache *c, const struct ocsp_key *k)
{
	struct slot **set = set_of(c, k);
	for (size_t i = 0; k->len > 0 && i < WAYS; i++)
		if (set[i] != NULL && same_key(&set[i]->key, k))
			return &set[i];
	return NULL;
}

bool
ocsp_cache_copy(
    struct ocsp_cache *c, const struct ocsp_key *k, struct reply *out)
{
	int64_t now = clock_now(&clock_system);
	bool found = false;
	pthread_rwlock_rdlock(&c->lock);
	struct slot **s = find(c, k);
	if (s != NULL && in_force(c, *s, now)) {
		out->body = BUF(ANSWER_MAX);
		struct err *e = buf_append(&out->body, buf_bytes(&(*s)->der));
		found = e == NULL;
		err_free(e);
		out->made = (*s)->made;
		out->until = (*s)->until;
		memcpy(out->etag, (*s)->etag, sizeof(out->etag));
	}
	pthread_rwlock_unlock(&c->lock);
	return found;
}

static void
renew_response(struct slot *s, int64_t now)
{
	struct reply r = { .made = s->made, .until = s->until };
	memcpy(r.etag, s->etag, sizeof(r.etag));
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    s->der.len, s->der.ptr, MHD_RESPMEM_MUST_COPY);
	if (response == NULL)
		return;
	reply_add_caching(&r, response);
	MHD_add_response_header(response, "Content-Type", OCSP_TYPE);
	if (s->response != NULL)
		MHD_destroy_response(s->response);
	s->response = response;
	s->response_at = now;
}

/* Its headers tell how long it may be kept, in seconds. */
static bool
queue_fresh(struct ocsp_cache *c, const struct ocsp_key *k, int64_t now,
    struct MHD_Connection *connection, bool *stale)
{
	struct slot **s = find(c, k);
	if (s == NULL || !in_force(c, *s, now))
		return false;
	*stale = (*s)->response == NULL || (*s)->response_at != now;
	return !*stale &&
	       MHD_queue_response(connection, 200, (*s)->response) == MHD_YES;
}

bool
ocsp_cache_queue(struct ocsp_cache *c, const struct ocsp_key *k,
    struct MHD_Connection *connection)
{
	int64_t now = clock_now(&clock_system);
	bool stale = false;
	pthread_rwlock_rdlock(&c->lock);
	bool done = queue_fresh(c, k, now, connection, &stale);
	pthread_rwlock_unlock(&c->lock);
	if (!stale)
		return done;
	pthread_rwlock_wrlock(&c->lock);
	struct slot **s = find(c, k);
	if (s != NULL && (*s)->response_at != now)
		renew_response(*s, now);
	done = queue_fresh(c, k, now, connection, &stale);
	pthread_rwlock_unlock(&c->lock);
	return done;
}

bool
ocsp_cache_has(struct ocsp_cache *c, const struct ocsp_key *k)
{
	pthread_rwlock_rdlock(&c->lock);
	bool has = find(c, k) != NULL;
	pthread_rwlock_unlock(&c->lock);
	return has;
}

bool
ocsp_cache_full(struct ocsp_cache *c)
{
	pthread_rwlock_rdlock(&c->lock);
	bool full = c->used >= c->kept;
	pthread_rwlock_unlock(&c->lock);
	return full;
}

/* ---- keeping ---- */

static struct slot *
slot_new(const struct ocsp_key *k, const struct ocsp_made *made)
{
	struct slot *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->key = *k;
	s->said = made->said;
	s->made = made->made;
	s->until = made->until;
	s->changes = made->changes;
	s->der = BUF(ANSWER_MAX);
	reply_make_etag(made->der, s->etag);
	struct err *e = buf_append(&s->der, made->der);
	if (e == NULL)
		return s;
	err_free(e);
	slot_free(s);
	return NULL;
}

static bool
is_unknown(const struct slot *s)
{
	return s->said.state == LEDGER_UNKNOWN;
}

/* The last of its set, if that is empty or another unknown one's. */
static struct slot **
place_for_unknown(struct ocsp_cache *c, struct slot **set)
{
	struct slot **last = &set[WAYS - 1];
	if (*last == NULL)
		return c->unknown_used < c->unknown_kept ? last : NULL;
	return is_unknown(*last) ? last : NULL;
}

/* While there is room, a place that nobody or an unknown one has; else the
 * oldest's. */
static struct slot **
place_for_known(struct ocsp_cache *c, struct slot **set)
{
	struct slot **at = NULL;
	bool room = c->used < c->kept;
	for (size_t i = 0; i < WAYS; i++) {
		bool is_free = set[i] == NULL || is_unknown(set[i]);
		if (is_free && room)
			return &set[i];
		if (!is_free && (at == NULL || set[i]->made < (*at)->made))
			at = &set[i];
	}
	return at;
}

static struct slot **
place_for(struct ocsp_cache *c, const struct slot *s)
{
	struct slot **set = set_of(c, &s->key);
	struct slot **at = find(c, &s->key);
	bool one_more = at != NULL && is_unknown(*at) && !is_unknown(s);
	if (at != NULL)
		return one_more && c->used >= c->kept ? NULL : at;
	return is_unknown(s) ? place_for_unknown(c, set)
			     : place_for_known(c, set);
}

static void
count(struct ocsp_cache *c, const struct slot *s, bool comes)
{
	size_t *n;
	if (s == NULL)
		return;
	n = is_unknown(s) ? &c->unknown_used : &c->used;
	*n = comes ? *n + 1 : *n - 1;
}

void
ocsp_cache_keep(struct ocsp_cache *c, const struct ocsp_key *k,
    const struct ocsp_made *made)
{
	struct slot *s = k->len == 0 ? NULL : slot_new(k, made);
	if (s == NULL)
		return;
	pthread_rwlock_wrlock(&c->lock);
	if (s->changes > c->changes)
		c->changes = s->changes;
	struct slot **at = s->changes < c->changes ? NULL : place_for(c, s);
	if (at != NULL) {
		count(c, *at, false);
		count(c, s, true);
		struct slot *old = *at;
		*at = s;
		s = old;
	}
	pthread_rwlock_unlock(&c->lock);
	slot_free(s);
}

/* ---- when the register changes ---- */

void
ocsp_cache_changed(struct ocsp_cache *c, int64_t changes)
{
	pthread_rwlock_wrlock(&c->lock);
	if (changes > c->changes)
		c->changes = changes;
	pthread_rwlock_unlock(&c->lock);
}

bool
ocsp_cache_confirm(struct ocsp_cache *c, const struct ocsp_key *k,
    const struct ocsp_said *said, int64_t changes)
{
	struct slot *gone = NULL;
	bool same = true;
	pthread_rwlock_wrlock(&c->lock);
	struct slot **s = find(c, k);
	if (s != NULL && (*s)->changes < changes) {
		const struct ocsp_said *was = &(*s)->said;
		same = was->state == said->state && was->since == said->since &&
		       was->reason == said->reason;
		(*s)->changes = changes;
		if (!same) {
			gone = *s;
			*s = NULL;
			count(c, gone, false);
		}
	}
	pthread_rwlock_unlock(&c->lock);
	slot_free(gone);
	return same;
}

/* Three eighths: well before the half at which it is not given any more. */
static bool
is_due(const struct ocsp_cache *c, const struct slot *s, enum ocsp_due what,
    int64_t now)
{
	if (what == OCSP_UNCONFIRMED)
		return s->changes < c->changes;
	return s->said.state != LEDGER_UNKNOWN &&
	       now >= s->made + (s->until - s->made) * 3 / 8;
}

bool
ocsp_cache_due(
    struct ocsp_cache *c, enum ocsp_due what, size_t *at, struct ocsp_key *out)
{
	int64_t now = clock_now(&clock_system);
	bool found = false;
	pthread_rwlock_rdlock(&c->lock);
	for (; *at < c->sets * WAYS && !found; (*at)++) {
		const struct slot *s = c->slots[*at];
		found = s != NULL && is_due(c, s, what, now);
		if (found)
			*out = s->key;
	}
	pthread_rwlock_unlock(&c->lock);
	return found;
}
