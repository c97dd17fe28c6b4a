#include "pkcs11/sad.h"

#include <string.h>

#include "base/pack.h"
#include "certs/aead.h"
#include "pkcs11/guard.h"

#define FORMAT 1
#define HEAD (1 + SAD_ID + AEAD_NONCE) /* format, id, nonce */

enum {
	TAG_CREDENTIAL = 1,
	TAG_VERSION,
	TAG_COUNT,
	TAG_EXPIRES,
	TAG_DIGESTS, /* empty: not bound */
	TAG_KEY,
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

/* Every SAD has a key of its own, out of its id. */
static struct err *
derive(const struct pepper *pepper, struct bytes id, struct secret *out)
{
	CLEANUP(buf_done) struct buf in = BUF(256);
	TRY(pack_str(&in, 1, "signd sad 1"));
	TRY(pack_bytes(&in, 2, id));
	CLEANUP(secret_done) struct secret h = { 0 };
	TRY(secret_init(&h, SEAL_HMAC));
	TRY(pepper->hmac(pepper->ctx, buf_bytes(&in), h.ptr));
	CLEANUP(secret_done) struct secret key = { 0 };
	TRY(secret_init(&key, AEAD_KEY));
	TRY(hkdf(secret_bytes(&h), "signd sad key 1", key.ptr));
	*out = key;
	key = (struct secret){ 0 };
	return NULL;
}

static struct err *
pack_sad(const struct sad *s, struct buf *out)
{
	TRY(pack_str(out, TAG_CREDENTIAL, s->credential));
	TRY(pack_u64(out, TAG_VERSION, s->version));
	TRY(pack_u64(out, TAG_COUNT, s->count));
	TRY(pack_i64(out, TAG_EXPIRES, s->expires));
	TRY(pack_bytes(out, TAG_DIGESTS,
	    s->bound ? bytes_of(s->digests, 32) : BYTES_NONE));
	return pack_bytes(out, TAG_KEY, secret_bytes(&s->key));
}

struct err *
sad_seal(const struct pepper *pepper, const struct sad *s, struct buf *out)
{
	uint8_t head[HEAD] = { FORMAT };
	memcpy(head + 1, s->id, SAD_ID);
	TRY(random_fill(head + 1 + SAD_ID, AEAD_NONCE));
	CLEANUP(wipe_buf) struct buf plain = BUF(SAD_MAX);
	TRY(buf_reserve(&plain, SAD_MAX));
	TRY(pack_sad(s, &plain));
	CLEANUP(secret_done) struct secret key = { 0 };
	TRY(derive(pepper, bytes_of(s->id, SAD_ID), &key));
	struct bytes h = bytes_of(head, HEAD);
	TRY(buf_append(out, h));
	return aead_seal(secret_bytes(&key), bytes_from(h, 1 + SAD_ID), h,
	    buf_bytes(&plain), out);
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

struct err *
sad_open(const struct pepper *pepper, struct bytes sealed, struct sad *out)
{
	if (sealed.len <= HEAD + AEAD_TAG || sealed.len > SAD_MAX ||
	    sealed.ptr[0] != FORMAT)
		return invalid();
	struct bytes head = bytes_slice(sealed, 0, HEAD);
	struct bytes id = bytes_slice(head, 1, SAD_ID);
	CLEANUP(secret_done) struct secret key = { 0 };
	TRY(derive(pepper, id, &key));
	CLEANUP(secret_done) struct secret plain = { 0 };
	bool ok;
	TRY(aead_open(secret_bytes(&key), bytes_from(head, 1 + SAD_ID), head,
	    bytes_from(sealed, HEAD), &plain, &ok));
	if (!ok)
		return invalid();
	CLEANUP(sad_done) struct sad s = { 0 };
	memcpy(s.id, id.ptr, SAD_ID);
	TRY(unpack_sad(secret_bytes(&plain), &s));
	*out = s;
	s.key = (struct secret){ 0 };
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
		return err_coded(
		    err_new(ERR_DENIED, NULL, "the approval has expired"),
		    "sad-expired");
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
