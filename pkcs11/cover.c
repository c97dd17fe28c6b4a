#include "pkcs11/cover.h"

#include <string.h>

#include "base/pack.h"
#include "certs/aead.h"

#define OWNER_MAX 512 /* bytes of an owner, packed */

static struct err *
derive(const struct pepper *cover, struct bytes owner, struct secret *out)
{
	CLEANUP(buf_done) struct buf in = BUF(OWNER_MAX);
	TRY(pack_str(&in, 1, "signd cover 1"));
	TRY(pack_bytes(&in, 2, owner));
	CLEANUP(secret_done) struct secret h = { 0 };
	CLEANUP(secret_done) struct secret key = { 0 };
	TRY(secret_init(&h, SEAL_HMAC));
	TRY(cover->hmac(cover->ctx, buf_bytes(&in), h.ptr));
	TRY(secret_init(&key, AEAD_KEY));
	TRY(hkdf(secret_bytes(&h), "signd cover key 1", key.ptr));
	*out = key;
	key = (struct secret){ 0 };
	return NULL;
}

static struct err *
associated(struct bytes key_id, struct bytes owner, struct buf *out)
{
	TRY(pack_bytes(out, 1, owner));
	return pack_bytes(out, 2, key_id);
}

struct err *
cover_make(const struct pepper *cover, struct bytes key_id, struct bytes owner,
    struct bytes plain, struct buf *out)
{
	CLEANUP(buf_done) struct buf aad = BUF(OWNER_MAX);
	CLEANUP(secret_done) struct secret key = { 0 };
	uint8_t nonce[AEAD_NONCE] = { 0 };
	struct bytes n = bytes_of(nonce, sizeof(nonce));
	TRY(random_fill(nonce, sizeof(nonce)));
	TRY(associated(key_id, owner, &aad));
	TRY(derive(cover, owner, &key));
	TRY(buf_append(out, n));
	return aead_seal(secret_bytes(&key), n, buf_bytes(&aad), plain, out);
}

static struct err *
open_with(struct bytes key, struct bytes key_id, struct bytes owner,
    struct bytes covered, struct secret *out)
{
	CLEANUP(buf_done) struct buf aad = BUF(OWNER_MAX);
	bool ok = false;
	if (covered.len > COVER_OVERHEAD) {
		TRY(associated(key_id, owner, &aad));
		TRY(aead_open(key, bytes_slice(covered, 0, AEAD_NONCE),
		    buf_bytes(&aad), bytes_from(covered, AEAD_NONCE), out,
		    &ok));
	}
	if (ok)
		return NULL;
	return err_coded(
	    err_new(ERR_MALFORMED, NULL, "the cover does not open"),
	    "credential-damaged");
}

struct err *
cover_open(const struct pepper *cover, struct bytes key_id, struct bytes owner,
    struct bytes covered, struct secret *out)
{
	CLEANUP(secret_done) struct secret key = { 0 };
	TRY(derive(cover, owner, &key));
	return open_with(secret_bytes(&key), key_id, owner, covered, out);
}

void
cover_pass_done(struct cover_pass *p)
{
	secret_done(&p->key);
	*p = (struct cover_pass){ 0 };
}

struct err *
cover_pass_make(const struct pepper *cover, int64_t generation,
    struct bytes key_id, struct bytes owner, struct cover_pass *out)
{
	struct cover_pass p = { .generation = generation,
		.key_id_len = key_id.len };
	if (key_id.len > sizeof(p.key_id))
		return err_new(ERR_LIMIT, NULL, "a key id of %zu bytes",
		    key_id.len);
	memcpy(p.key_id, key_id.ptr, key_id.len);
	TRY(derive(cover, owner, &p.key));
	*out = p;
	return NULL;
}

struct err *
cover_pass_open(const struct cover_pass *p, struct bytes owner,
    struct bytes covered, struct secret *out)
{
	return open_with(secret_bytes(&p->key),
	    bytes_of(p->key_id, p->key_id_len), owner, covered, out);
}
