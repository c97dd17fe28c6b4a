/* Checkpoints of the audit: this keyholder's word, with a key that is for
 * nothing else, on what the chain is at this moment. */
#include "signd/keyholder.h"

#include <stdio.h>
#include <string.h>

#include "certs/alg.h"
#include "signd/ledger-ops.h"

#define RECORDS_MAX 10000 /* without a checkpoint, whatever the time */

struct state {
	int64_t n;
	struct bytes hash;
	int64_t records;
	int64_t last_time;
};

static struct err *
read_state(struct bytes answer, struct state *s)
{
	struct unpack u = unpack_of(answer);
	TRY(unpack_i64(&u, 1, &s->n));
	TRY(unpack_bytes(&u, 2, &s->hash));
	TRY(unpack_i64(&u, 3, &s->records));
	TRY(unpack_i64(&u, 4, &s->last_time));
	if (s->hash.len != LEDGER_HASH)
		return err_new(ERR_MALFORMED, NULL, "no hash");
	return unpack_end(&u);
}

static bool
due(const struct keyholder *k, const struct state *s, int64_t now)
{
	return s->records >= RECORDS_MAX ||
	       (s->records > 0 &&
		   now - s->last_time >=
		       k->settings->audit_checkpoint_seconds);
}

static struct err *
render(const struct keyholder *k, const struct state *s, int64_t now,
    struct checkpoint_record *r, struct buf *text)
{
	char hex[2 * LEDGER_HASH + 1];
	char number[24];
	uint8_t fingerprint[DIGEST_MAX];
	CLEANUP(buf_done) struct buf time = BUF(64);
	hex_text(s->hash, hex);
	snprintf(number, sizeof(number), "%lld", (long long)s->n);
	cert_fingerprint(k->audit.cert, fingerprint);
	TRY(time_format_iso(now, 0, &time));
	TRY(bytes_dup_str(bytes_str(number), &r->covers));
	TRY(bytes_dup_str(bytes_str(hex), &r->hash));
	TRY(bytes_dup_str(buf_bytes(&time), &r->time));
	hex_text(bytes_of(fingerprint, LEDGER_HASH), hex);
	TRY(bytes_dup_str(bytes_str(hex), &r->certificate));
	return checkpoint_record_render(r, text);
}

static struct err *
sign(struct keyholder *k, struct bytes text, struct buf *value)
{
	static const struct sig_alg alg = { .form = SIG_ECDSA,
		.digest = DIGEST_SHA256 };
	uint8_t hash[DIGEST_MAX];
	struct p11_signer key = operator_signer(k, &k->audit);
	struct signer signer = p11_signer(&key);
	TRY(digest_of(DIGEST_SHA256, text, hash));
	return signer.sign(
	    signer.ctx, alg, bytes_of(hash, LEDGER_HASH), value);
}

static struct err *
put(struct keyholder *k, const struct state *s,
    const struct checkpoint_record *r, struct bytes value)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(pack_i64(&body, 1, s->n));
	TRY(pack_str(&body, 2, r->hash));
	TRY(pack_str(&body, 3, r->time));
	TRY(pack_bytes(&body, 4, cert_der(k->audit.cert)));
	TRY(pack_bytes(&body, 5, value));
	struct err *e = keyholder_tell(k, LW_CHECKPOINT, &body, &answer);
	/* Another keyholder was faster. */
	if (e != NULL && strcmp(err_code(e), "checkpoint-overtaken") == 0) {
		err_free(e);
		return NULL;
	}
	return e;
}

struct err *
keyholder_checkpoint(struct keyholder *k)
{
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	CLEANUP(checkpoint_record_done) struct checkpoint_record r = { 0 };
	CLEANUP(buf_done) struct buf text = BUF(RECORD_MAX);
	CLEANUP(buf_done) struct buf value = BUF(256);
	const struct buf none = BUF(0);
	struct state s = { 0 };
	if (k->audit.cert == NULL)
		return NULL; /* a service from before there were any */
	TRY(keyholder_tell(k, LW_CHECKPOINT_STATE, &none, &answer));
	TRY(read_state(buf_bytes(&answer.body), &s));
	int64_t now = clock_now(k->clock);
	if (!due(k, &s, now))
		return NULL;
	TRY(render(k, &s, now, &r, &text));
	TRY(sign(k, buf_bytes(&text), &value));
	return put(k, &s, &r, buf_bytes(&value));
}
