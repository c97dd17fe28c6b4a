#include "signd/front-seal.h"

#include "base/pack.h"
#include "pdf/params.h"
#include "signd/front-level.h"
#include "signd/proto.h"
#include "worker/job.h"

#define PREPARE_MAX (1024 * 1024) /* bytes: certificates and a few words */
#define PARAMS_MAX 4096   /* bytes: one word of them */
#define VALUE_MAX 512             /* bytes: RSA-4096 */
#define SHA256_BYTES 32

/* As signd/keyholder-operator.c has it. */
static struct sig_alg
seal_alg(const struct cert *c)
{
	return (struct sig_alg){
		.form = cert_key_alg(c) == KEY_RSA ? SIG_RSA_PKCS1 : SIG_ECDSA,
		.digest = DIGEST_SHA256
	};
}

/* The seal's certificate and those above it, as they came. */
struct seal_key {
	struct ipc_message answer;
	struct cert *cert;
	struct bytes chain[CREDENTIAL_CHAIN_MAX];
	size_t n;
};

static void
seal_key_done(struct seal_key *k)
{
	cert_free(k->cert);
	ipc_message_done(&k->answer);
}

static struct err *
get_key(const struct front *f, struct seal_key *k)
{
	struct bytes der;
	TRY(ask_ledger(f, LEDGER_SEAL_KEY, BYTES_NONE, &k->answer));
	struct unpack u = unpack_of(buf_bytes(&k->answer.body));
	TRY(unpack_bytes(&u, 1, &der));
	TRY(cert_parse(der, &k->cert));
	while (unpack_is(&u, 2) && k->n < CREDENTIAL_CHAIN_MAX)
		TRY(unpack_bytes(&u, 2, &k->chain[k->n++]));
	return unpack_end(&u);
}

/* A receipt is certified: a signature that somebody adds with a picture over
 * what the receipt says is not permitted then (ISO 32000-2 12.8.2.2). */
static struct err *
prepare(const struct front *f, const struct sealing *s,
    const struct spool *receipt, const struct seal_key *k, struct prepared *out)
{
	const struct pdf_params certified = { .certify = PDF_CERTIFY_NOTHING };
	CLEANUP(buf_done) struct buf pdf = BUF(PARAMS_MAX);
	TRY(pdf_params_pack(&certified, &pdf));
	const struct sig_alg alg = seal_alg(k->cert);
	const struct prepare_request p = { .format = "pdf",
		.cert = cert_der(k->cert),
		.chain = k->chain,
		.nchain = k->n,
		.digest = alg.digest,
		.form = alg.form,
		.level = LEVEL_T,
		.time = clock_now(&clock_system),
		.reason = s->reason,
		.field = s->field,
		.pdf = buf_bytes(&pdf) };
	CLEANUP(buf_done) struct buf body = BUF(PREPARE_MAX);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(prepare_request_pack(&p, &body));
	TRY(ask_worker(f, WORKER_PREPARE, buf_bytes(&body), receipt->fd, &m));
	return prepared_unpack(buf_bytes(&m.body), out);
}

static struct err *
ask_seal(const struct front *f, const struct sealing *s,
    const struct seal_key *k, const struct prepared *p, struct buf *value)
{
	uint8_t hash[SHA256_BYTES];
	CLEANUP(buf_done) struct buf body = BUF(4096);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	struct bytes got;
	cert_fingerprint(k->cert, hash);
	TRY(pack_str(&body, 1, "receipt"));
	TRY(pack_bytes(&body, 2, bytes_of(p->content_digest, p->content_len)));
	TRY(pack_bytes(&body, 3, s->about));
	TRY(pack_str(&body, 4, s->says));
	TRY(pack_bytes(&body, 5, bytes_of(hash, sizeof(hash))));
	TRY(ask_keyholder(f, KEY_SEAL, buf_bytes(&body), &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_bytes(&u, 1, &got));
	TRY(unpack_end(&u));
	return buf_append(value, got);
}

/* A worker that prepared other attributes than the keyholder signed would have
 * a receipt leave that does not hold. */
static struct err *
check_value(
    const struct seal_key *k, const struct prepared *p, struct bytes value)
{
	bool ok = false;
	TRY(cert_verify_digest(k->cert, seal_alg(k->cert),
	    bytes_of(p->digest, digest_len(p->digest_alg)), value, &ok));
	return ok ? NULL
		  : err_new(ERR_INTERNAL, NULL, "other attributes were sealed");
}

static struct err *
seal_prepared(const struct front *f, const struct sealing *s,
    const struct seal_key *k, const struct prepared *p, size_t len,
    struct insertion *out)
{
	CLEANUP(buf_done) struct buf value = BUF(VALUE_MAX);
	CLEANUP(buf_done) struct buf token = BUF(1);
	TRY(ask_seal(f, s, k, p, &value));
	TRY(check_value(k, p, buf_bytes(&value)));
	TRY(level_stamp_value(
	    f, buf_bytes(&p->state), buf_bytes(&value), &token));
	return ask_embed(f, buf_bytes(&p->state), buf_bytes(&value),
	    buf_bytes(&token), len, out);
}

struct err *
seal_receipt(const struct front *f, const struct sealing *s,
    const struct spool *receipt, struct insertion *out)
{
	CLEANUP(seal_key_done) struct seal_key k = { 0 };
	CLEANUP(prepared_done) struct prepared p = { 0 };
	TRY(get_key(f, &k));
	TRY(prepare(f, s, receipt, &k, &p));
	return seal_prepared(f, s, &k, &p, receipt->len, out);
}
