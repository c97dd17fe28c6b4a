/* Idempotency-Key: the first answer is given again (doc/api.md). */
#include <stdio.h>
#include <string.h>

#include "base/pack.h"
#include "certs/aead.h"
#include "signd/front.h"
#include "worker/job.h"

#define KEY_MAX 64        /* characters */
#define LEASE_SECONDS 120 /* a front that died is not at it any more */
#define KEEP_SECONDS 86400

enum answer_tag {
	ANSWER_STATUS = 1,
	ANSWER_TYPE,
	ANSWER_BODY,
	ANSWER_INSERTION
};

/* Types are static strings: a remembered one is found among them. */
static const char *const types[] = { "application/json; charset=utf-8",
	"application/pdf", "application/xml", "application/pkcs7-mime",
	"application/cms", "application/octet-stream" };

static struct err *
pack_answer(const struct reply *r, struct buf *out)
{
	TRY(pack_u64(out, ANSWER_STATUS, r->status));
	TRY(pack_str(out, ANSWER_TYPE, r->type));
	TRY(pack_bytes(out, ANSWER_BODY, buf_bytes(&r->body)));
	if (!r->streamed)
		return NULL;
	CLEANUP(buf_done) struct buf packed = BUF(2 * INSERTION_MAX + 1024);
	TRY(insertion_pack(&r->insertion, &packed));
	return pack_bytes(out, ANSWER_INSERTION, buf_bytes(&packed));
}

static struct err *
unpack_insertion(struct unpack *u, struct reply *out)
{
	struct bytes packed;
	TRY(unpack_bytes(u, ANSWER_INSERTION, &packed));
	out->streamed = true;
	return insertion_unpack(packed, &out->insertion);
}

static struct err *
unpack_answer(struct bytes packed, struct reply *out)
{
	struct unpack u = unpack_of(packed);
	uint64_t status;
	struct bytes type;
	struct bytes body;
	TRY(unpack_u64(&u, ANSWER_STATUS, &status));
	TRY(unpack_bytes(&u, ANSWER_TYPE, &type));
	TRY(unpack_bytes(&u, ANSWER_BODY, &body));
	out->status = (unsigned)status;
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (bytes_eq_str(type, types[i]))
			out->type = types[i];
	if (out->type == NULL)
		return err_new(ERR_INTERNAL, NULL, "a remembered answer");
	out->body = BUF(body.len);
	TRY(buf_append(&out->body, body));
	if (unpack_is(&u, ANSWER_INSERTION))
		TRY(unpack_insertion(&u, out));
	return unpack_end(&u);
}

/* An answer may have an activation link in it.  In the store it is sealed under
 * what the client sent, of which the store has only a hash: whoever reads the
 * store, or a copy of it, reads no answers. */
static struct err *
seal_answer(const struct once *once, struct bytes plain, struct buf *out)
{
	uint8_t nonce[AEAD_NONCE];
	TRY(random_fill(nonce, sizeof(nonce)));
	struct bytes n = bytes_of(nonce, sizeof(nonce));
	TRY(buf_append(out, n));
	return aead_seal(bytes_of(once->secret, sizeof(once->secret)), n,
	    bytes_str(once->scope), plain, out);
}

static struct err *
open_answer(const struct once *once, struct bytes sealed, struct reply *out)
{
	CLEANUP(secret_done) struct secret plain = { 0 };
	bool ok = false;
	TRY(aead_open(bytes_of(once->secret, sizeof(once->secret)),
	    bytes_slice(sealed, 0, AEAD_NONCE), bytes_str(once->scope),
	    bytes_from(sealed, AEAD_NONCE), &plain, &ok));
	if (!ok)
		return err_new(ERR_INTERNAL, NULL, "a remembered answer");
	return unpack_answer(secret_bytes(&plain), out);
}

static struct err *
make_scope(const struct request *r, struct once *once)
{
	uint8_t print[32] = { 0 };
	CLEANUP(buf_done) struct buf hex = BUF(80);
	if (r->peer != NULL)
		cert_fingerprint(r->peer, print);
	/* Half a fingerprint tells officers apart, and fits. */
	TRY(hex_encode(bytes_of(print, 16), &hex));
	snprintf(once->scope, sizeof(once->scope), "%s %s %.*s",
	    r->route->method, r->route->path, (int)hex.len,
	    (const char *)hex.ptr);
	return NULL;
}

static struct err *
no(const char *code, const char *why)
{
	return err_coded(err_new(ERR_USAGE, NULL, "%s", why), code);
}

struct err *
once_claim(struct request *r, struct bytes material, struct once *once,
    struct reply *out, bool *replayed)
{
	const char *key = request_header(r, "Idempotency-Key");
	*replayed = false;
	/* Nothing sent is a mistake, and mistakes are not remembered. */
	if (key == NULL || material.len == 0)
		return NULL;
	if (key[0] == '\0' || strlen(key) > KEY_MAX ||
	    !utf8_printable(bytes_str(key)))
		return no("idempotency-key", "1 to 64 printable characters");
	uint8_t sum[DIGEST_MAX];
	enum idem_state state;
	CLEANUP(buf_done) struct buf answer = BUF(FRONT_ANSWER_MAX);
	TRY(digest_of(DIGEST_SHA256, material, sum));
	TRY(hkdf(material, "signd idempotency 1", once->secret));
	TRY(make_scope(r, once));
	snprintf(once->key, sizeof(once->key), "%s", key);
	TRY(front_idem_claim(r->front->store, once->scope, once->key, sum,
	    LEASE_SECONDS, &state, &answer));
	switch (state) {
	case IDEM_NEW:
		once->claimed = true;
		return NULL;
	case IDEM_DONE:
		*replayed = true;
		return open_answer(once, buf_bytes(&answer), out);
	case IDEM_BUSY:
		return no("idempotency-busy", "the first call is at work");
	case IDEM_CONFLICT:
		return no("idempotency-conflict", "the key had another body");
	}
	return err_new(ERR_INTERNAL, NULL, "idempotency");
}

static struct err *
remember(struct request *r, const struct once *once, const struct reply *out)
{
	CLEANUP(buf_done) struct buf plain = BUF(FRONT_ANSWER_MAX);
	CLEANUP(buf_done) struct buf answer = BUF(FRONT_ANSWER_MAX);
	struct err *e = pack_answer(out, &plain);
	if (e == NULL)
		e = seal_answer(once, buf_bytes(&plain), &answer);
	wipe(plain.ptr, plain.len);
	TRY(e);
	return front_idem_finish(r->front->store, once->scope, once->key,
	    buf_bytes(&answer), clock_now(&clock_system) + KEEP_SECONDS);
}

/* What was done is done: a memory that fails must not turn it into an error. */
void
once_end(
    struct request *r, struct once *once, const struct reply *out, bool worked)
{
	if (!once->claimed)
		return;
	struct err *e = worked ? remember(r, once, out) : NULL;
	if (!worked || e != NULL)
		err_free(
		    front_idem_drop(r->front->store, once->scope, once->key));
	wipe(once->secret, sizeof(once->secret));
	log_error(r->front->log, LOG_WARNING, "idempotency-lost", e);
}
