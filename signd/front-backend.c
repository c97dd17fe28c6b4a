/* Asking the other processes; only from threads that may wait. */
#include <stdlib.h>
#include <string.h>

#include "base/pack.h"
#include "certs/aead.h"
#include "signd/front.h"
#include "signd/ipc-io.h"
#include "signd/process.h"
#include "signd/proto.h"

#define KEYHOLDER_MS 20000 /* Argon2id, a token, a durable record, a queue */
#define DIGEST_MS 1000 /* of a batch; a small HSM makes two RSA-3072 in it */
#define LEDGER_MS 10000
#define FETCHER_MS 5000 /* beyond what it may take to fetch */
#define PING_MS 1500
#define WORKER_QUEUE_MS 15000 /* beyond the longest job: waiting for one */
#define WORKER_ANSWER_MAX (INSERTION_MAX + 65536)
#define SMALL_ANSWER_MAX (16 * 1024 * 1024) /* a CRL; a page of the audit */

struct err *
backend_init(struct backend *b, const struct settings *s)
{
	TRY(process_path(s->run_dir, SOCKET_WORKER, &b->worker));
	TRY(process_path(s->run_dir, SOCKET_FETCHER, &b->fetcher));
	TRY(process_path(s->run_dir, SOCKET_INDEXER, &b->indexer));
	TRY(process_path(s->run_dir, SOCKET_KEYHOLDER, &b->keyholder));
	TRY(process_path(s->run_dir, SOCKET_LEDGER_READ, &b->ledger));
	b->ledger_pool = calloc(1, sizeof(*b->ledger_pool));
	if (b->ledger_pool == NULL)
		return err_new(ERR_NOMEM, NULL, "connections");
	TRY(ipc_pool_init(b->ledger_pool, b->ledger));
	b->worker_ms = (int)s->worker_time_max * 1000 + WORKER_QUEUE_MS;
	return NULL;
}

void
backend_done(struct backend *b)
{
	free(b->worker);
	free(b->fetcher);
	free(b->indexer);
	free(b->keyholder);
	if (b->ledger_pool != NULL)
		ipc_pool_done(b->ledger_pool);
	free(b->ledger_pool);
	free(b->ledger);
	*b = (struct backend){ 0 };
}

/* A worker that went away did so over this document, and would again: no
 * second try.  SIGALRM ends one that took too long. */
static struct err *
say_worker(const struct front *f, struct err *e, int64_t took_ms)
{
	if (e == NULL || strcmp(err_code(e), "process-died") != 0)
		return e;
	bool late = took_ms >= f->s->worker_time_max * 1000;
	return err_coded(e, late ? "worker-timeout" : "worker-died");
}

struct err *
ask_worker_fds(const struct front *f, uint16_t op, struct bytes body,
    const int *fds, size_t nfds, struct ipc_message *out)
{
	int64_t begin = ipc_now_ms();
	struct err *e = ipc_call(f->backend.worker, op, body, fds, nfds,
	    WORKER_ANSWER_MAX, f->backend.worker_ms, out);
	return say_worker(f, e, ipc_now_ms() - begin);
}

struct err *
ask_worker(const struct front *f, uint16_t op, struct bytes body, int fd,
    struct ipc_message *out)
{
	return ask_worker_fds(f, op, body, &fd, fd >= 0, out);
}

struct err *
ask_fetcher(const struct front *f, uint16_t op, struct bytes body,
    size_t answer_max, int ms, struct ipc_message *out)
{
	return ipc_call(f->backend.fetcher, op, body, NULL, 0, answer_max,
	    ms + FETCHER_MS, out);
}

/* With `more` patience than others want, in ms. */
static struct err *
ask_patiently(const struct front *f, uint16_t op, struct bytes body,
    int64_t more, struct ipc_message *out)
{
	return ipc_call(f->backend.keyholder, op, body, NULL, 0,
	    SMALL_ANSWER_MAX, KEYHOLDER_MS + (int)more, out);
}

struct err *
ask_keyholder(const struct front *f, uint16_t op, struct bytes body,
    struct ipc_message *out)
{
	/* An external CA makes the certificate meanwhile. */
	bool outside = op == KEY_ACTIVATE && f->s->external_ca_url[0] != '\0';
	int64_t more = outside ? f->s->external_ca_seconds * 1000 : 0;
	return ask_patiently(f, op, body, more, out);
}

struct err *
ask_ledger(const struct front *f, uint16_t op, struct bytes body,
    struct ipc_message *out)
{
	return ipc_pool_call(
	    f->backend.ledger_pool, op, body, SMALL_ANSWER_MAX, LEDGER_MS, out);
}

const char *
ask_alive(const struct front *f, const char *process)
{
	static const struct {
		const char *name;
		uint16_t op;
		size_t offset; /* of its path in struct backend */
	} table[] = {
		{ "worker", WORKER_PING, offsetof(struct backend, worker) },
		{ "fetcher", FETCH_PING, offsetof(struct backend, fetcher) },
		{ "keyholder", KEY_PING, offsetof(struct backend, keyholder) },
		{ "ledger", LEDGER_PING, offsetof(struct backend, ledger) },
	};
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		if (strcmp(table[i].name, process) != 0)
			continue;
		char *const *path =
		    (char *const *)(const void *)((const char *)&f->backend +
						  table[i].offset);
		CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
		struct err *e = ipc_call(*path, table[i].op, BYTES_NONE, NULL,
		    0, 65536, PING_MS, &m);
		const char *word = e == NULL ? "ok" : err_code(e);
		err_free(e); /* codes are static */
		return word;
	}
	return "unknown";
}

bool
ask_all_alive(const struct front *f)
{
	static const char *const all[] = { "worker", "fetcher", "keyholder",
		"ledger" };
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (strcmp(ask_alive(f, all[i]), "ok") != 0)
			return false;
	return true;
}

/* ---- credentials ---- */

void
credential_done(struct credential *c)
{
	free(c->status);
	cert_free(c->cert);
	ipc_message_done(&c->answer);
	*c = (struct credential){ 0 };
}

static struct err *
read_credential(struct bytes answer, struct credential *c)
{
	struct unpack u = unpack_of(answer);
	struct bytes der;
	TRY(unpack_str(&u, 1, &c->status));
	TRY(unpack_bytes(&u, 2, &der));
	TRY(cert_parse(der, &c->cert));
	while (unpack_is(&u, 3)) {
		if (c->nchain == COUNT_OF(c->chain))
			return err_new(ERR_LIMIT, NULL, "a long chain");
		TRY(unpack_bytes(&u, 3, &c->chain[c->nchain++]));
	}
	TRY(unpack_i64(&u, 4, &c->tries_left));
	TRY(unpack_i64(&u, 5, &c->created));
	TRY(unpack_i64(&u, 6, &c->second_factor));
	return unpack_end(&u);
}

static struct err *
missing_credential(void)
{
	return err_coded(err_new(ERR_MISSING, NULL, "no such credential"),
	    "credential-unknown");
}

struct err *
credential_get(const struct front *f, const char *id, struct credential *out)
{
	if (id == NULL || id[0] == '\0' || strlen(id) > CREDENTIAL_MAX)
		return missing_credential();
	CLEANUP(buf_done) struct buf body = BUF(1024);
	struct credential c = { 0 };
	TRY(pack_str(&body, 1, id));
	TRY(ask_ledger(f, LEDGER_CREDENTIAL, buf_bytes(&body), &c.answer));
	memcpy(c.id, id, strlen(id) + 1);
	struct err *e = read_credential(buf_bytes(&c.answer.body), &c);
	if (e != NULL) {
		credential_done(&c);
		return e;
	}
	*out = c;
	return NULL;
}

struct err *
credential_usable(const struct credential *c)
{
	if (strcmp(c->status, "revoked") == 0)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "the certificate is revoked"),
		    "credential-revoked");
	if (strcmp(c->status, "suspended") == 0)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "the certificate is suspended"),
		    "credential-suspended");
	if (strcmp(c->status, "locked") == 0)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "too many wrong PINs"),
		    "pin-locked");
	if (strcmp(c->status, "active") != 0)
		return err_new(ERR_DENIED, NULL, "status %s", c->status);
	return NULL;
}

struct err *
credential_alg(const struct credential *c, struct sig_alg *out)
{
	switch (cert_key_alg(c->cert)) {
	case KEY_EC:
		*out = (struct sig_alg){ .form = SIG_ECDSA,
			.digest = DIGEST_SHA256 };
		return NULL;
	case KEY_RSA:
		*out = (struct sig_alg){ .form = SIG_RSA_PKCS1,
			.digest = DIGEST_SHA256 };
		return NULL;
	default:
		return err_new(ERR_UNSUPPORTED, NULL, "the key's algorithm");
	}
}

/* ---- signing ---- */

static struct err *
pack_sign(const char *credential, struct sig_alg alg,
    const struct secret_of *secret, const struct bytes *digests, size_t n,
    struct buf *body)
{
	CLEANUP(buf_done) struct buf alg_der = BUF(256);
	if (alg.form != SIG_NONE)
		TRY(sig_alg_encode(alg, &alg_der));
	TRY(pack_str(body, 1, credential));
	TRY(pack_bytes(body, 2, secret->sad));
	TRY(pack_str(body, 3, secret->pin == NULL ? "" : secret->pin));
	TRY(pack_bytes(body, 4, buf_bytes(&alg_der)));
	if (alg.form == SIG_NONE)
		TRY(pack_str(body, 8, digest_oid(alg.digest)));
	for (size_t i = 0; i < n; i++)
		TRY(pack_bytes(body, 5, digests[i]));
	uint8_t repeat[KEY_REPEAT];
	TRY(random_fill(repeat, sizeof(repeat)));
	TRY(pack_bytes(body, 6,
	    secret->sad.len > 0 ? bytes_of(repeat, sizeof(repeat))
				: BYTES_NONE));
	return secret->code == NULL ? NULL : pack_str(body, 7, secret->code);
}

#define SIGN_TRIES 3

/*
 * A keyholder that lost its token, or died, is replaced, and another one takes
 * the request.  One that died may have had the signature recorded: only with a
 * SAD is that safe, for then the request has a key and is answered as before.
 */
static struct err *
ask_again(const struct front *f, uint16_t op, const struct buf *body,
    size_t digests, bool repeatable, struct ipc_message *out)
{
	/* What was signed and came too late would be lost, its approval used.
	 */
	int64_t more = (int64_t)digests * DIGEST_MS;
	for (int i = 1;; i++) {
		struct err *e =
		    ask_patiently(f, op, buf_bytes(body), more, out);
		if (e == NULL || i == SIGN_TRIES)
			return e;
		bool lost = strcmp(err_code(e), "token-unavailable") == 0;
		bool died = strcmp(err_code(e), "process-died") == 0;
		if (!lost && !(died && repeatable))
			return e;
		err_free(e);
	}
}

static struct err *
sign_by(const struct front *f, const char *credential, struct sig_alg alg,
    const struct secret_of *secret, const struct bytes *digests, size_t n,
    struct ipc_message *out)
{
	struct buf body = BUF(SECRET_MAX * 2 + n * (DIGEST_MAX + 16) + 1024);
	struct err *e = pack_sign(credential, alg, secret, digests, n, &body);
	if (e == NULL)
		e = ask_again(f, KEY_SIGN, &body, n, secret->sad.len > 0, out);
	wipe(body.ptr, body.len);
	buf_done(&body);
	return e;
}

struct err *
pack_authorize(const char *credential, const struct secret_of *secret,
    int64_t count, enum digest_alg alg, const struct bytes *digests, size_t n,
    struct buf *body)
{
	TRY(pack_str(body, 1, credential));
	TRY(pack_str(body, 2, secret->pin == NULL ? "" : secret->pin));
	TRY(pack_i64(body, 3, count));
	TRY(pack_str(body, 4, n > 0 ? digest_oid(alg) : ""));
	for (size_t i = 0; i < n; i++)
		TRY(pack_bytes(body, 5, digests[i]));
	TRY(pack_bytes(body, 6, secret->sealed));
	return secret->code == NULL ? NULL : pack_str(body, 7, secret->code);
}

/* What a sealed PIN buys is a SAD for just these. */
static struct err *
buy_sad(const struct front *f, const char *credential, enum digest_alg alg,
    const struct secret_of *secret, const struct bytes *digests, size_t n,
    struct ipc_message *out)
{
	CLEANUP(buf_done)
	struct buf body = BUF(SECRET_MAX + n * (DIGEST_MAX + 16) + 1024);
	TRY(pack_authorize(credential, secret, (int64_t)n, alg, digests,
	    secret->unbound ? 0 : n, &body));
	return ask_again(f, KEY_AUTHORIZE, &body, 0, false, out);
}

struct err *
sign_digests(const struct front *f, const char *credential, struct sig_alg alg,
    const struct secret_of *secret, const struct bytes *digests, size_t n,
    struct ipc_message *out)
{
	if (secret->sealed.len == 0)
		return sign_by(f, credential, alg, secret, digests, n, out);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	struct secret_of bought = { 0 };
	TRY(buy_sad(f, credential, alg.digest, secret, digests, n, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_bytes(&u, 1, &bought.sad));
	return sign_by(f, credential, alg, &bought, digests, n, out);
}
