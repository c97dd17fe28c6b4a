#include "certs/pin_message.h"

#include <string.h>

#include "base/pack.h"
#include "certs/aead.h"
#include "certs/alg.h"
#include "certs/ossl.h"

#define PURPOSE_MAX (128 * 1024) /* bytes: a thousand digests */

static const struct bytes info = { (const uint8_t *)"signd pin 1", 11 };
static const struct bytes answer_info = { (const uint8_t *)"signd answer 1",
	14 };

enum {
	TAG_TIME = 1,
	TAG_PIN,
	TAG_CODE,
};

struct err *
pin_key_id_of(EVP_PKEY *key, uint8_t out[PIN_KEY_ID])
{
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	if (len <= 0)
		return err_ossl(ERR_INTERNAL, "i2d_PUBKEY");
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, bytes_of(der, (size_t)len), hash));
	memcpy(out, hash, PIN_KEY_ID);
	return NULL;
}

struct bytes
pin_message_key(struct bytes sealed)
{
	return sealed.len < PIN_KEY_ID ? BYTES_NONE
				       : bytes_slice(sealed, 0, PIN_KEY_ID);
}

static struct err *
pack_purpose(const struct pin_purpose *p, struct buf *out)
{
	TRY(pack_str(out, 1, p->what));
	TRY(pack_bytes(out, 2, p->subject));
	TRY(pack_u64(out, 3, p->count));
	TRY(pack_str(out, 4, p->digest_oid));
	for (size_t i = 0; i < p->ndigests; i++)
		TRY(pack_bytes(out, 5, p->digests[i]));
	return NULL;
}

struct err *
pin_message_seal(EVP_PKEY *to, const struct pin_purpose *purpose,
    const struct pin_message *m, struct buf *out, struct secret *exporter)
{
	CLEANUP(buf_done) struct buf aad = BUF(PURPOSE_MAX);
	CLEANUP(buf_wipe_done) struct buf plain = BUF(PIN_MESSAGE_MAX);
	TRY(pack_purpose(purpose, &aad));
	TRY(buf_reserve(&plain, PIN_MESSAGE_MAX));
	TRY(pack_i64(&plain, TAG_TIME, m->time));
	TRY(pack_bytes(&plain, TAG_PIN, m->pin));
	TRY(pack_bytes(&plain, TAG_CODE, m->code));
	uint8_t id[PIN_KEY_ID];
	TRY(pin_key_id_of(to, id));
	TRY(buf_append(out, bytes_of(id, sizeof(id))));
	return hpke_seal(
	    to, info, buf_bytes(&aad), buf_bytes(&plain), out, exporter);
}

static struct err *
unpack_message(struct bytes plain, struct pin_message *out)
{
	struct unpack u = unpack_of(plain);
	struct pin_message m = { 0 };
	TRY(unpack_i64(&u, TAG_TIME, &m.time));
	TRY(unpack_bytes(&u, TAG_PIN, &m.pin));
	TRY(unpack_bytes(&u, TAG_CODE, &m.code));
	TRY(unpack_end(&u));
	*out = m;
	return NULL;
}

struct err *
pin_message_open(const struct hpke_recipient *r,
    const struct pin_purpose *purpose, struct bytes sealed,
    struct secret *plain, struct pin_message *out, struct secret *exporter,
    bool *ok)
{
	*ok = false;
	if (sealed.len < PIN_KEY_ID || sealed.len > PIN_MESSAGE_MAX)
		return NULL;
	CLEANUP(buf_done) struct buf aad = BUF(PURPOSE_MAX);
	TRY(pack_purpose(purpose, &aad));
	TRY(hpke_open(r, info, buf_bytes(&aad), bytes_from(sealed, PIN_KEY_ID),
	    plain, exporter, ok));
	return *ok ? unpack_message(secret_bytes(plain), out) : NULL;
}

/* ---- the answer ---- */

/* The key is of this message alone, so that one nonce does for it. */
static const uint8_t no_nonce[AEAD_NONCE];

struct err *
pin_answer_seal(struct bytes exporter, struct bytes plain, struct buf *out)
{
	uint8_t key[AEAD_KEY];
	TRY(hpke_export(exporter, answer_info, key));
	struct err *e = aead_seal(bytes_of(key, sizeof(key)),
	    bytes_of(no_nonce, sizeof(no_nonce)), BYTES_NONE, plain, out);
	wipe(key, sizeof(key));
	return e;
}

struct err *
pin_answer_open(struct bytes exporter, struct bytes sealed, struct secret *out,
    bool *ok)
{
	uint8_t key[AEAD_KEY];
	TRY(hpke_export(exporter, answer_info, key));
	struct err *e = aead_open(bytes_of(key, sizeof(key)),
	    bytes_of(no_nonce, sizeof(no_nonce)), BYTES_NONE, sealed, out, ok);
	wipe(key, sizeof(key));
	return e;
}
