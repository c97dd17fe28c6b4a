#include "pkcs11/sad.h"

#include <string.h>

#include "base/pack.h"
#include "certs/aead.h"
#include "pkcs11/guard.h"

#define FORMAT 2
#define EPOCH 8 /* bytes, the highest first */
#define ID_AT (1 + EPOCH)
#define NONCE_AT (ID_AT + SAD_ID)
#define HEAD (NONCE_AT + AEAD_NONCE) /* format, epoch, id, nonce */

enum {
	TAG_CREDENTIAL = 1,
	TAG_VERSION,
	TAG_COUNT,
	TAG_EXPIRES,
	TAG_DIGESTS, /* empty: not bound */
	TAG_KEY,
	TAG_COVER, /* generation */
	TAG_COVER_ID,
	TAG_COVER_KEY, /* empty: none */
};

static void
wipe_buf(struct buf *b)
{
	wipe(b->ptr, b->cap);
	buf_done(b);
}

void
sad_done(struct sad *s)
{
	secret_done(&s->key);
	cover_pass_done(&s->cover);
	wipe(s, sizeof(*s));
}

static struct err *
pack_digests(enum digest_alg alg, const struct bytes *digests, size_t count,
    struct buf *out)
{
	TRY(pack_str(out, 1, digest_oid(alg)));
	TRY(pack_u64(out, 2, count));
	for (size_t i = 0; i < count; i++)
		TRY(pack_bytes(out, 3, digests[i]));
	return NULL;
}

struct err *
sad_digests(enum digest_alg alg, const struct bytes *digests, size_t count,
    uint8_t out[32])
{
	if (digest_oid(alg) == NULL)
		return err_new(ERR_UNSUPPORTED, NULL, "digest algorithm");
	CLEANUP(buf_done) struct buf b = BUF(1024 * 1024);
	TRY(pack_digests(alg, digests, count, &b));
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, buf_bytes(&b), hash));
	memcpy(out, hash, 32);
	return NULL;
}

/* ---- keys ---- */

struct err *
sad_keys_init(struct sad_keys *k, struct pepper pepper)
{
	*k = (struct sad_keys){ .pepper = pepper };
	if (pthread_mutex_init(&k->lock, NULL) != 0)
		return err_new(ERR_NOMEM, NULL, "a lock");
	return NULL;
}

void
sad_keys_done(struct sad_keys *k)
{
	for (size_t i = 0; i < SAD_EPOCHS; i++)
		secret_done(&k->at[i].key);
	if (k->pepper.hmac != NULL)
		pthread_mutex_destroy(&k->lock);
	*k = (struct sad_keys){ 0 };
}

static struct err *
ask_token(const struct pepper *pepper, int64_t epoch, struct secret *out)
{
	CLEANUP(buf_done) struct buf in = BUF(64);
	TRY(pack_str(&in, 1, "signd sad 2"));
	TRY(pack_i64(&in, 2, epoch));
	CLEANUP(secret_done) struct secret h = { 0 };
	TRY(secret_init(&h, SEAL_HMAC));
	TRY(pepper->hmac(pepper->ctx, buf_bytes(&in), h.ptr));
	*out = h;
	h = (struct secret){ 0 };
	return NULL;
}

void
sad_keys_forget(struct sad_keys *k, int64_t now)
{
	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < SAD_EPOCHS; i++)
		if (k->at[i].epoch < now / SAD_EPOCH)
			secret_done(&k->at[i].key);
	pthread_mutex_unlock(&k->lock);
}

/* A copy of the epoch's, if it is here; else *out stays empty. */
static struct err *
recall(struct sad_keys *k, int64_t epoch, struct secret *out)
{
	size_t i = (uint64_t)epoch % SAD_EPOCHS;
	struct err *e = NULL;
	pthread_mutex_lock(&k->lock);
	if (k->at[i].epoch == epoch && k->at[i].key.len > 0)
		e = secret_copy(out, secret_bytes(&k->at[i].key));
	pthread_mutex_unlock(&k->lock);
	return e;
}

static struct err *
remember(struct sad_keys *k, int64_t epoch, const struct secret *key)
{
	size_t i = (uint64_t)epoch % SAD_EPOCHS;
	pthread_mutex_lock(&k->lock);
	secret_done(&k->at[i].key);
	struct err *e = secret_copy(&k->at[i].key, secret_bytes(key));
	if (e == NULL) {
		guard_secret(&k->at[i].key);
		k->at[i].epoch = epoch;
	}
	pthread_mutex_unlock(&k->lock);
	return e;
}

/* Nobody waits for the token behind the lock. */
static struct err *
epoch_key(struct sad_keys *k, int64_t epoch, struct secret *out)
{
	TRY(recall(k, epoch, out));
	if (out->len > 0)
		return NULL;
	TRY(ask_token(&k->pepper, epoch, out));
	return remember(k, epoch, out);
}

/* Every SAD has a key of its own, out of its id. */
static struct err *
derive(struct sad_keys *k, int64_t epoch, struct bytes id, struct secret *out)
{
	CLEANUP(buf_done) struct buf info = BUF(64);
	CLEANUP(secret_done) struct secret e = { 0 };
	CLEANUP(secret_done) struct secret key = { 0 };
	TRY(pack_str(&info, 1, "signd sad key 2"));
	TRY(pack_bytes(&info, 2, id));
	TRY(epoch_key(k, epoch, &e));
	TRY(secret_init(&key, AEAD_KEY));
	TRY(hkdf_expand(
	    secret_bytes(&e), buf_bytes(&info), key.ptr, AEAD_KEY));
	*out = key;
	key = (struct secret){ 0 };
	return NULL;
}

/* ---- the blob ---- */

static struct err *
pack_sad(const struct sad *s, struct buf *out)
{
	TRY(pack_str(out, TAG_CREDENTIAL, s->credential));
	TRY(pack_u64(out, TAG_VERSION, s->version));
	TRY(pack_u64(out, TAG_COUNT, s->count));
	TRY(pack_i64(out, TAG_EXPIRES, s->expires));
	TRY(pack_bytes(out, TAG_DIGESTS,
	    s->bound ? bytes_of(s->digests, 32) : BYTES_NONE));
	TRY(pack_bytes(out, TAG_KEY, secret_bytes(&s->key)));
	TRY(pack_i64(out, TAG_COVER, s->cover.generation));
	TRY(pack_bytes(out, TAG_COVER_ID,
	    bytes_of(s->cover.key_id, s->cover.key_id_len)));
	return pack_bytes(out, TAG_COVER_KEY, secret_bytes(&s->cover.key));
}

static int64_t
epoch_of(int64_t expires)
{
	return expires / SAD_EPOCH;
}

static void
put_head(const struct sad *s, uint8_t head[HEAD])
{
	uint64_t epoch = (uint64_t)epoch_of(s->expires);
	head[0] = FORMAT;
	for (size_t i = 0; i < EPOCH; i++)
		head[1 + i] = (uint8_t)(epoch >> (8 * (EPOCH - 1 - i)));
	memcpy(head + ID_AT, s->id, SAD_ID);
}

struct err *
sad_seal(struct sad_keys *keys, const struct sad *s, struct buf *out)
{
	uint8_t head[HEAD];
	struct bytes h = bytes_of(head, HEAD);
	put_head(s, head);
	TRY(random_fill(head + NONCE_AT, AEAD_NONCE));
	CLEANUP(wipe_buf) struct buf plain = BUF(SAD_MAX);
	TRY(buf_reserve(&plain, SAD_MAX));
	TRY(pack_sad(s, &plain));
	CLEANUP(secret_done) struct secret key = { 0 };
	TRY(derive(keys, epoch_of(s->expires), bytes_of(s->id, SAD_ID), &key));
	TRY(buf_append(out, h));
	return aead_seal(secret_bytes(&key), bytes_from(h, NONCE_AT), h,
	    buf_bytes(&plain), out);
}

static struct err *
unpack_cover(struct unpack *u, struct cover_pass *c)
{
	struct bytes id, key;
	TRY(unpack_i64(u, TAG_COVER, &c->generation));
	TRY(unpack_bytes(u, TAG_COVER_ID, &id));
	TRY(unpack_bytes(u, TAG_COVER_KEY, &key));
	if (id.len > sizeof(c->key_id) || (key.len != 0 && key.len != AEAD_KEY))
		return err_new(ERR_MALFORMED, NULL, "a cover out of bounds");
	memcpy(c->key_id, id.ptr, id.len);
	c->key_id_len = id.len;
	TRY(secret_copy(&c->key, key));
	if (key.len > 0)
		guard_secret(&c->key);
	return NULL;
}

static struct err *
unpack_sad(struct bytes plain, struct sad *s)
{
	struct unpack u = unpack_of(plain);
	struct bytes credential, digests, key;
	TRY(unpack_bytes(&u, TAG_CREDENTIAL, &credential));
	TRY(unpack_u64(&u, TAG_VERSION, &s->version));
	TRY(unpack_u64(&u, TAG_COUNT, &s->count));
	TRY(unpack_i64(&u, TAG_EXPIRES, &s->expires));
	TRY(unpack_bytes(&u, TAG_DIGESTS, &digests));
	TRY(unpack_bytes(&u, TAG_KEY, &key));
	TRY(unpack_cover(&u, &s->cover));
	TRY(unpack_end(&u));
	if (credential.len > SAD_CREDENTIAL_MAX || key.len != SEAL_KEY ||
	    (digests.len != 0 && digests.len != 32))
		return err_new(ERR_MALFORMED, NULL, "a SAD out of bounds");
	memcpy(s->credential, credential.ptr, credential.len);
	s->bound = digests.len != 0;
	if (s->bound)
		memcpy(s->digests, digests.ptr, 32);
	TRY(secret_copy(&s->key, key));
	guard_secret(&s->key);
	return NULL;
}

static struct err *
invalid(void)
{
	return err_coded(err_new(ERR_DENIED, NULL, "not an approval of ours"),
	    "sad-invalid");
}

static struct err *
expired(void)
{
	return err_coded(err_new(ERR_DENIED, NULL, "the approval has expired"),
	    "sad-expired");
}

/* Which keys a stranger can have made of the token is bounded by the clock. */
static struct err *
read_epoch(struct bytes head, int64_t now, int64_t *out)
{
	uint64_t epoch = 0;
	for (size_t i = 0; i < EPOCH; i++)
		epoch = epoch << 8 | head.ptr[1 + i];
	if (epoch < (uint64_t)epoch_of(now))
		return expired();
	if (epoch > (uint64_t)epoch_of(now + SAD_SECONDS_MAX) + 1)
		return invalid();
	*out = (int64_t)epoch;
	return NULL;
}

struct err *
sad_open(struct sad_keys *keys, int64_t now, struct bytes sealed,
    struct sad *out)
{
	if (sealed.len <= HEAD + AEAD_TAG || sealed.len > SAD_MAX ||
	    sealed.ptr[0] != FORMAT)
		return invalid();
	int64_t epoch = 0;
	struct bytes head = bytes_slice(sealed, 0, HEAD);
	struct bytes id = bytes_slice(head, ID_AT, SAD_ID);
	TRY(read_epoch(head, now, &epoch));
	CLEANUP(secret_done) struct secret key = { 0 };
	TRY(derive(keys, epoch, id, &key));
	CLEANUP(secret_done) struct secret plain = { 0 };
	bool ok;
	TRY(aead_open(secret_bytes(&key), bytes_from(head, NONCE_AT), head,
	    bytes_from(sealed, HEAD), &plain, &ok));
	if (!ok)
		return invalid();
	CLEANUP(sad_done) struct sad s = { 0 };
	memcpy(s.id, id.ptr, SAD_ID);
	TRY(unpack_sad(secret_bytes(&plain), &s));
	*out = s;
	s = (struct sad){ 0 };
	return NULL;
}

static struct err *
mismatch(const char *why)
{
	return err_coded(err_new(ERR_DENIED, NULL, "%s", why), "sad-mismatch");
}

struct err *
sad_allows(const struct sad *s, int64_t now, struct bytes credential,
    enum digest_alg alg, const struct bytes *digests, size_t count)
{
	if (now >= s->expires)
		return expired();
	if (!bytes_eq_str(credential, s->credential))
		return mismatch("the approval is for another credential");
	if (count > s->count)
		return mismatch("more signatures than were approved");
	if (!s->bound)
		return NULL;
	uint8_t hash[32];
	TRY(sad_digests(alg, digests, count, hash));
	if (memcmp(hash, s->digests, sizeof(hash)) != 0)
		return mismatch("other digests than were approved");
	return NULL;
}
