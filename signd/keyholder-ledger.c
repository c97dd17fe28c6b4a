/* The keyholder's way to the ledger. */
#include "signd/keyholder.h"

#include <string.h>

#include "certs/spki.h"
#include "signd/ledger-ops.h"
#include "signd/ledger.h"

#define TELL_MS 10000 /* a commit on a slow disk */

/* Who waits for the ledger lets another thread use the token. */
static struct err *
call_unlocked(struct keyholder *k, struct ipc_pool *pool, uint16_t op,
    const struct buf *body, struct ipc_message *answer)
{
	unsigned depth = keyholder_pause(k);
	struct err *e = ipc_pool_call(
	    pool, op, buf_bytes(body), LW_ANSWER_MAX, TELL_MS, answer);
	keyholder_resume(k, depth);
	return e;
}

struct err *
keyholder_ask(struct keyholder *k, uint16_t op, const struct buf *body,
    struct ipc_message *answer)
{
	return call_unlocked(k, &k->reading, op, body, answer);
}

struct err *
keyholder_tell(struct keyholder *k, uint16_t op, const struct buf *body,
    struct ipc_message *answer)
{
	return call_unlocked(k, &k->writing, op, body, answer);
}

void
held_done(struct held *h)
{
	EVP_PKEY_free(h->key);
	secret_done(&h->uncovered);
	ipc_message_done(&h->answer);
	*h = (struct held){ 0 };
}

static struct err *
read_held(struct keyholder *k, struct bytes credential, struct cover_pass *pass,
    struct held *h)
{
	int64_t cover = 0;
	struct unpack u = unpack_of(buf_bytes(&h->answer.body));
	struct bytes cert = BYTES_NONE, sealed = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &cert));
	TRY(unpack_bytes(&u, 2, &sealed));
	TRY(unpack_i64(&u, 3, &h->version));
	TRY(unpack_i64(&u, 4, &h->tries_left));
	TRY(unpack_i64(&u, 5, &cover));
	TRY(unpack_i64(&u, 6, &h->code_step));
	TRY(unpack_i64(&u, 7, &h->sad_used));
	TRY(unpack_end(&u));
	TRY(key_from_cert(cert, &h->key));
	TRY(keyholder_uncover(
	    k, cover, credential, sealed, pass, &h->uncovered));
	TRY(sealed_parse(secret_bytes(&h->uncovered), &h->sealed));
	h->owner.credential = credential;
	h->owner.version = (uint64_t)h->version;
	uint8_t hash[DIGEST_MAX];
	TRY(digest_of(DIGEST_SHA256, cert, hash));
	memcpy(h->owner.certificate_sha256, hash,
	    sizeof(h->owner.certificate_sha256));
	return NULL;
}

struct err *
keyholder_fetch(struct keyholder *k, struct bytes credential, struct bytes sad,
    struct cover_pass *pass, struct held *out)
{
	bool try = sad.len == 0;
	CLEANUP(buf_done) struct buf body = BUF(1024);
	TRY(pack_bytes(&body, 1, credential));
	if (!try)
		TRY(pack_bytes(&body, 2, sad));
	CLEANUP(held_done) struct held h = { 0 };
	/* Who only reads does not wait for anybody's commit. */
	TRY(try ? keyholder_tell(k, LW_PIN_TRY, &body, &h.answer)
		: keyholder_ask(k, LW_CREDENTIAL, &body, &h.answer));
	struct err *e = read_held(k, credential, pass, &h);
	if (e != NULL) {
		if (try)
			err_free(keyholder_pin_end(
			    k, credential, PIN_UNTRIED, NULL));
		return e;
	}
	*out = h;
	h = (struct held){ 0 };
	return NULL;
}

struct err *
keyholder_pin_end(struct keyholder *k, struct bytes credential,
    enum pin_outcome outcome, int64_t *tries_left)
{
	CLEANUP(buf_done) struct buf body = BUF(1024);
	TRY(pack_bytes(&body, 1, credential));
	TRY(pack_u64(&body, 2, (uint64_t)outcome));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(keyholder_tell(k, LW_PIN_END, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	int64_t left = 0;
	TRY(unpack_i64(&u, 1, &left));
	if (tries_left != NULL)
		*tries_left = left;
	return NULL;
}
