#include "pkcs11/seal.h"

#include <argon2.h>
#include <string.h>

#include "base/pack.h"
#include "certs/aead.h"
#include "pkcs11/guard.h"

#define FORMAT 1
#define ARGON2_LEN 32 /* bytes */

enum {
	TAG_FORMAT = 1,
	TAG_MEMORY,
	TAG_PASSES,
	TAG_SALT,
	TAG_NONCE,
	TAG_KEK,
	TAG_MECHANISM,
	TAG_CIPHERTEXT,
	TAG_SECOND, /* in the head; absent: there is none */
};

struct err *
seal_stretch(struct bytes pin, uint64_t memory_kib, uint64_t passes,
    struct bytes salt, struct secret *out)
{
	CLEANUP(secret_done) struct secret s = { 0 };
	TRY(secret_init(&s, ARGON2_LEN));
	guard_secret(&s);
	int rc = argon2id_hash_raw((uint32_t)passes, (uint32_t)memory_kib, 1,
	    pin.ptr, pin.len, salt.ptr, salt.len, s.ptr, s.len);
	if (rc == ARGON2_MEMORY_ALLOCATION_ERROR)
		return err_new(ERR_NOMEM, NULL, "Argon2id");
	if (rc != ARGON2_OK)
		return err_new(ERR_INTERNAL, NULL, "Argon2id: %s",
		    argon2_error_message(rc));
	*out = s;
	s = (struct secret){ 0 };
	return NULL;
}

/* "seal", the credential with its length, then the hash: nobody can move a
 * border between them. */
static struct err *
pepper_input(const struct seal_owner *owner, struct bytes hash, struct buf *out)
{
	TRY(pack_str(out, 1, "signd seal 1"));
	TRY(pack_bytes(out, 2, owner->credential));
	return pack_bytes(out, 3, hash);
}

static void
wipe_buf(struct buf *b)
{
	wipe(b->ptr, b->cap);
	buf_done(b);
}

struct err *
seal_stretched_key(const struct pepper *pepper, const struct seal_owner *owner,
    struct bytes hash, struct secret *out)
{
	CLEANUP(wipe_buf) struct buf in = BUF(512);
	/* Room at once: growing would leave copies behind. */
	TRY(buf_reserve(&in, 256));
	TRY(pepper_input(owner, hash, &in));
	CLEANUP(secret_done) struct secret h = { 0 };
	TRY(secret_init(&h, SEAL_HMAC));
	TRY(pepper->hmac(pepper->ctx, buf_bytes(&in), h.ptr));
	CLEANUP(secret_done) struct secret key = { 0 };
	TRY(secret_init(&key, SEAL_KEY));
	guard_secret(&key);
	TRY(hkdf(secret_bytes(&h), "signd seal key 1", key.ptr));
	*out = key;
	key = (struct secret){ 0 };
	return NULL;
}

struct err *
seal_key(const struct sealed *s, const struct pepper *pepper,
    const struct seal_owner *owner, struct bytes pin, struct secret *out)
{
	CLEANUP(secret_done) struct secret hash = { 0 };
	TRY(seal_stretch(pin, s->memory_kib, s->passes, s->salt, &hash));
	return seal_stretched_key(pepper, owner, secret_bytes(&hash), out);
}

static struct err *
associated(const struct seal_owner *owner, struct bytes head, struct buf *out)
{
	TRY(pack_bytes(out, 1, owner->credential));
	TRY(pack_bytes(out, 2, bytes_of(owner->certificate_sha256, 32)));
	TRY(pack_u64(out, 3, owner->version));
	return pack_bytes(out, 4, head);
}

static bool
costs_ok(uint64_t memory_kib, uint64_t passes)
{
	return memory_kib >= SEAL_MEMORY_MIN && memory_kib <= SEAL_MEMORY_MAX &&
	       passes >= SEAL_PASSES_MIN && passes <= SEAL_PASSES_MAX;
}

/* ---- making ---- */

static struct err *
pack_head(const struct seal_input *in, struct bytes salt, struct bytes nonce,
    struct buf *out)
{
	TRY(pack_u64(out, TAG_FORMAT, FORMAT));
	TRY(pack_u64(out, TAG_MEMORY, in->memory_kib));
	TRY(pack_u64(out, TAG_PASSES, in->passes));
	TRY(pack_bytes(out, TAG_SALT, salt));
	TRY(pack_bytes(out, TAG_NONCE, nonce));
	TRY(pack_bytes(out, TAG_KEK, in->kek_id));
	TRY(pack_u64(out, TAG_MECHANISM, in->wrap_mechanism));
	return in->second.len == 0 ? NULL
				   : pack_u64(out, TAG_SECOND, in->second.len);
}

static struct err *
encrypt(const struct sealed *s, const struct seal_owner *owner,
    struct bytes key, struct bytes wrapped, struct buf *out)
{
	CLEANUP(buf_done) struct buf aad = BUF(SEAL_MAX);
	TRY(associated(owner, s->head, &aad));
	CLEANUP(buf_done) struct buf sealed = BUF(SEAL_MAX);
	TRY(aead_seal(key, s->nonce, buf_bytes(&aad), wrapped, &sealed));
	TRY(buf_append(out, s->head));
	return pack_bytes(out, TAG_CIPHERTEXT, buf_bytes(&sealed));
}

struct err *
seal_make(const struct pepper *pepper, const struct seal_owner *owner,
    struct bytes pin, const struct seal_input *in, struct buf *out)
{
	if (in->second.len > SEAL_SECOND_MAX)
		return err_new(ERR_USAGE, NULL, "a long second secret");
	if (!costs_ok(in->memory_kib, in->passes))
		return err_new(ERR_USAGE, NULL, "Argon2id below its floor");
	bool paid = in->stretched.len > 0;
	if (paid && in->salt.len != SEAL_SALT)
		return err_new(ERR_USAGE, NULL, "no salt");
	uint8_t salt[SEAL_SALT], nonce[AEAD_NONCE];
	TRY(random_fill(salt, sizeof(salt)));
	TRY(random_fill(nonce, sizeof(nonce)));
	if (paid)
		memcpy(salt, in->salt.ptr, sizeof(salt));
	CLEANUP(buf_done) struct buf head = BUF(SEAL_MAX);
	TRY(pack_head(in, bytes_of(salt, sizeof(salt)),
	    bytes_of(nonce, sizeof(nonce)), &head));
	const struct sealed s = { .memory_kib = in->memory_kib,
		.passes = in->passes,
		.salt = bytes_of(salt, sizeof(salt)),
		.nonce = bytes_of(nonce, sizeof(nonce)),
		.head = buf_bytes(&head) };
	CLEANUP(secret_done) struct secret key = { 0 };
	CLEANUP(wipe_buf) struct buf content = BUF(SEAL_MAX);
	TRY(buf_reserve(&content, in->second.len + in->wrapped.len));
	TRY(buf_append(&content, in->second));
	TRY(buf_append(&content, in->wrapped));
	TRY(paid ? seal_stretched_key(pepper, owner, in->stretched, &key)
		 : seal_key(&s, pepper, owner, pin, &key));
	return encrypt(
	    &s, owner, secret_bytes(&key), buf_bytes(&content), out);
}

/* ---- opening ---- */

static struct err *
unpack_head(struct unpack *u, struct sealed *s)
{
	uint64_t format;
	TRY(unpack_u64(u, TAG_FORMAT, &format));
	if (format != FORMAT)
		return err_new(ERR_MALFORMED, NULL, "a seal of format %llu",
		    (unsigned long long)format);
	TRY(unpack_u64(u, TAG_MEMORY, &s->memory_kib));
	TRY(unpack_u64(u, TAG_PASSES, &s->passes));
	TRY(unpack_bytes(u, TAG_SALT, &s->salt));
	TRY(unpack_bytes(u, TAG_NONCE, &s->nonce));
	TRY(unpack_bytes(u, TAG_KEK, &s->kek_id));
	TRY(unpack_u64(u, TAG_MECHANISM, &s->wrap_mechanism));
	return unpack_is(u, TAG_SECOND)
		   ? unpack_u64(u, TAG_SECOND, &s->second_len)
		   : NULL;
}

static struct err *
parse(struct bytes blob, struct sealed *s)
{
	if (blob.len > SEAL_MAX)
		return err_new(
		    ERR_MALFORMED, NULL, "a seal of %zu bytes", blob.len);
	struct unpack u = unpack_of(blob);
	TRY(unpack_head(&u, s));
	s->head = bytes_slice(blob, 0, blob.len - u.rest.len);
	TRY(unpack_bytes(&u, TAG_CIPHERTEXT, &s->ciphertext));
	TRY(unpack_end(&u));
	if (!costs_ok(s->memory_kib, s->passes) || s->salt.len != SEAL_SALT ||
	    s->nonce.len != AEAD_NONCE || s->kek_id.len > SEAL_KEK_ID_MAX ||
	    s->second_len > SEAL_SECOND_MAX ||
	    s->ciphertext.len <= AEAD_TAG + s->second_len)
		return err_new(ERR_MALFORMED, NULL, "a seal out of bounds");
	return NULL;
}

struct err *
sealed_parse(struct bytes blob, struct sealed *out)
{
	struct sealed s = { 0 };
	struct err *e = parse(blob, &s);
	if (e != NULL)
		return err_coded(e, "credential-damaged");
	*out = s;
	return NULL;
}

struct err *
seal_open(const struct sealed *s, const struct seal_owner *owner,
    struct bytes key, struct secret *content, bool *ok)
{
	CLEANUP(buf_done) struct buf aad = BUF(SEAL_MAX);
	TRY(associated(owner, s->head, &aad));
	return aead_open(
	    key, s->nonce, buf_bytes(&aad), s->ciphertext, content, ok);
}

struct bytes
seal_wrapped(const struct sealed *s, struct bytes content)
{
	return bytes_from(content, s->second_len);
}

struct bytes
seal_second(const struct sealed *s, struct bytes content)
{
	return bytes_slice(content, 0, s->second_len);
}
