#include "signd/keyholder.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "certs/aead.h"
#include "pkcs11/guard.h"
#include "signd/ipc-io.h"
#include "signd/ledger-ops.h"
#include "signd/ledger.h"
#include "signd/process.h"
#include "signd/proto.h"

/* One works, the others wait for a commit: with few threads the token would be
 * idle while a disk is slow (doc/keys-detail.md, "Rates"). */
#define THREADS 32
#define IDLE_MS 3000     /* for one that connects and says nothing */
#define LEDGER_WAIT_S 20 /* how long the ledger may take to come up */

/* ---- small things ---- */

/* Argon2id comes just before it, and would have kept the token from all others.
 */
static struct err *
hmac_in_token(void *ctx, struct bytes data, uint8_t out[SEAL_HMAC])
{
	struct keyholder *k = ctx;
	if (lanes_depth() > 0)
		return err_new(ERR_INTERNAL, NULL, "Argon2id with the token");
	keyholder_lock(k);
	struct err *e = p11_hmac(&k->session, k->pepper, data, out);
	keyholder_unlock(k);
	return e;
}

struct pepper
keyholder_pepper(struct keyholder *k)
{
	return (struct pepper){ .ctx = k, .hmac = hmac_in_token };
}

void
hex_text(struct bytes in, char *out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < in.len; i++) {
		out[2 * i] = digits[in.ptr[i] >> 4];
		out[2 * i + 1] = digits[in.ptr[i] & 15];
	}
	out[2 * in.len] = '\0';
}

struct err *
keyholder_random_id(char out[33])
{
	uint8_t raw[16];
	TRY(random_fill(raw, sizeof(raw)));
	hex_text(bytes_of(raw, sizeof(raw)), out);
	return NULL;
}

/* ---- starting ---- */

/* NAME=value, for modules that find their files so (SOFTHSM2_CONF). */
static struct err *
set_environment(const struct settings *s)
{
	for (size_t i = 0; i < s->token_environment.n; i++) {
		const char *line = s->token_environment.v[i];
		const char *value = strchr(line, '=');
		if (value == NULL || value == line)
			return err_coded(err_new(ERR_USAGE, NULL,
					     "token-environment: %s", line),
			    "settings");
		CLEANUP(free_charp) char *name = NULL;
		size_t len = (size_t)(value - line);
		TRY(bytes_dup_str(bytes_of(line, len), &name));
		if (setenv(name, value + 1, 1) != 0)
			return err_new(ERR_NOMEM, NULL, "setenv");
	}
	return NULL;
}

static struct err *
login(struct keyholder *k)
{
	CLEANUP(secret_done) struct secret pin = { 0 };
	const char *path = k->settings->token_pin_file;
	if (k->pin_fd >= 0)
		TRY(guard_read_secret_fd(k->pin_fd, path, &pin));
	else
		TRY(guard_read_secret(path, &pin));
	return p11_login(&k->session, secret_bytes(&pin));
}

/* A thousand signatures may take long; one may not. */
static void
token_goes_on(void *ctx)
{
	struct keyholder *k = ctx;
	tokenwatch_enter(&k->hangs);
}

static struct err *
open_token(struct keyholder *k, bool writable)
{
	const struct settings *s = k->settings;
	TRY(p11_module_open_with(
	    s->token_module, s->token_module_arguments, &k->module));
	TRY(p11_token_find(k->module, s->token_uri, &k->token));
	TRY(p11_session_open(&k->token, writable, &k->session));
	k->session.goes_on = token_goes_on;
	k->session.goes_on_ctx = k;
	return login(k);
}

/* A token that is away, or whose module is, may come back; to who asks for
 * signatures both are one. */
static struct err *
as_unavailable(struct err *e)
{
	if (e != NULL && (strcmp(err_code(e), "token-not-found") == 0 ||
			     strcmp(err_code(e), "token-module-wrong") == 0))
		return err_coded(e, "token-unavailable");
	return e;
}

struct err *
keyholder_token(struct keyholder *k, bool writable)
{
	const struct settings *s = k->settings;
	TRY(set_environment(s));
	if (k->pin_fd >= 0) {
		TRY(p11_lock_fd(k->pin_fd));
		struct err *e = open_token(k, writable);
		p11_unlock_fd(k->pin_fd);
		return as_unavailable(e);
	}
	CLEANUP(close_fdp) int lock = -1;
	TRY(p11_lock(s->token_pin_file, &lock));
	return as_unavailable(open_token(k, writable));
}

static struct err *
read_setup(struct keyholder *k, struct ipc_message *answer)
{
	struct buf none = BUF(0);
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	int64_t until = clock_now(&clock_system) + LEDGER_WAIT_S;
	for (;;) {
		struct err *e = keyholder_tell(k, LW_SETUP, &none, answer);
		/* It may be a moment later than we. */
		bool again = e != NULL && err_kind(e) == ERR_REMOTE &&
			     clock_now(&clock_system) < until &&
			     !asked_to_stop(NULL);
		if (!again)
			return e;
		err_free(e);
		nanosleep(&pause, NULL);
	}
}

static struct err *
find_keys(struct keyholder *k, struct bytes pepper, struct bytes ca)
{
	const struct p11_session *s = &k->session;
	struct generation *current = NULL;
	struct cover_key cover;
	TRY(keyholder_current(k, &current));
	TRY(keyholder_cover(k, current->n, &cover));
	TRY(p11_key_find(s, CKO_SECRET_KEY, pepper, &k->pepper));
	TRY(p11_pepper_check(s, k->pepper));
	TRY(p11_key_find(s, CKO_PRIVATE_KEY, ca, &k->ca_key));
	return p11_signing_check(s, k->ca_key);
}

static struct err *
use_setup(struct keyholder *k, const struct ipc_message *answer)
{
	struct unpack u = unpack_of(buf_bytes(&answer->body));
	struct bytes kek = BYTES_NONE, pepper = BYTES_NONE, ca = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &kek));
	TRY(unpack_bytes(&u, 2, &pepper));
	TRY(unpack_bytes(&u, 3, &ca));
	while (unpack_is(&u, 4)) {
		struct bytes der = BYTES_NONE;
		TRY(unpack_bytes(&u, 4, &der));
		TRY(cert_list_add_der(&k->chain, der));
	}
	TRY(unpack_end(&u));
	if (k->chain.n == 0)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no CA chain"), "not-set-up");
	return find_keys(k, pepper, ca);
}

static struct err *
prepare_keys(struct keyholder *k)
{
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(read_setup(k, &answer));
	TRY(keyholder_token(k, false));
	TRY(use_setup(k, &answer));
	TRY(keyholder_operators(k));
	TRY(keyholder_pool_init(k));
	TRY(keyholder_external_open(k));
	return keyholder_profiles(k);
}

struct err *
keyholder_open(struct keyholder *k, const struct settings *s, int pin_fd,
    const struct clock *clock)
{
	*k = (struct keyholder){
		.settings = s, .clock = clock, .pin_fd = pin_fd
	};
	TRY(clockwatch_init(&k->watch, &clock_source_system));
	TRY(lanes_init(&k->lanes));
	TRY(sad_keys_init(&k->sad_keys, keyholder_pepper(k)));
	TRY(process_path(s->run_dir, SOCKET_LEDGER_READ, &k->ledger_read));
	TRY(process_path(s->run_dir, SOCKET_LEDGER_WRITE, &k->ledger_write));
	TRY(ipc_pool_init(&k->reading, k->ledger_read));
	TRY(ipc_pool_init(&k->writing, k->ledger_write));
	keyholder_lock(k);
	struct err *e = prepare_keys(k);
	keyholder_unlock(k);
	return e;
}

void
keyholder_done(struct keyholder *k)
{
	tokenwatch_stop(&k->hangs);
	sad_keys_done(&k->sad_keys);
	keyholder_pool_done(k);
	p11_session_done(&k->session);
	p11_module_free(k->module);
	cert_list_done(&k->chain);
	own_profiles_done(&k->profiles);
	keyholder_external_done(k);
	cert_free(k->tsa.cert);
	cert_free(k->ocsp.cert);
	cert_free(k->audit.cert);
	cert_free(k->seal.cert);
	cert_free(k->pin_seal.cert);
	keyholder_generations_done(k);
	clockwatch_done(&k->watch);
	ipc_pool_done(&k->reading);
	ipc_pool_done(&k->writing);
	free(k->ledger_read);
	free(k->ledger_write);
	lanes_done(&k->lanes);
	*k = (struct keyholder){ 0 };
}

/* ---- serving ---- */

static struct err *
ping(struct keyholder *k, struct buf *out)
{
	keyholder_lock(k);
	struct err *e = p11_session_check(&k->session);
	size_t npool = k->npool;
	keyholder_unlock(k);
	TRY(e);
	TRY(pack_str(out, 1, k->token.label));
	TRY(pack_u64(out, 2, k->operations));
	return pack_u64(out, 3, npool);
}

void
keyholder_lock(struct keyholder *k)
{
	lanes_enter(&k->lanes);
	if (lanes_depth() == 1)
		tokenwatch_enter(&k->hangs);
}

void
keyholder_unlock(struct keyholder *k)
{
	if (lanes_depth() == 1)
		tokenwatch_leave(&k->hangs);
	lanes_leave(&k->lanes);
}

struct work {
	struct keyholder *k;
	keyholder_work *run;
	void *ctx;
	struct err *e;
};

static void
run_work(void *ctx)
{
	struct work *w = ctx;
	tokenwatch_enter(&w->k->hangs);
	w->e = w->run(w->k, w->ctx);
	tokenwatch_leave(&w->k->hangs);
}

struct err *
keyholder_do(struct keyholder *k, keyholder_work *run, void *ctx)
{
	struct work w = { .k = k, .run = run, .ctx = ctx };
	lanes_do(&k->lanes, run_work, &w);
	return w.e;
}

unsigned
keyholder_pause(struct keyholder *k)
{
	if (lanes_depth() > 0)
		tokenwatch_leave(&k->hangs);
	return lanes_pause(&k->lanes);
}

void
keyholder_resume(struct keyholder *k, unsigned depth)
{
	lanes_resume(&k->lanes, depth);
	if (depth > 0)
		tokenwatch_enter(&k->hangs);
}

/* Each takes the token for as long as the token works, and no longer. */
static struct err *
dispatch(struct keyholder *k, uint16_t op, struct unpack *u, struct buf *out)
{
	switch (op) {
	case KEY_SIGN:
		return keyholder_sign(k, u, out);
	case KEY_AUTHORIZE:
		return keyholder_authorize(k, u, out);
	case KEY_ENROL:
		return keyholder_enrol(k, u, out);
	case KEY_ACTIVATE:
		return keyholder_activate(k, u, out);
	case KEY_REVOKE:
		return keyholder_revoke(k, u, out);
	case KEY_CRL:
		return keyholder_crl(k, out);
	case KEY_TIMESTAMP_MANY:
		return keyholder_timestamps(k, u, out);
	case KEY_TIMESTAMP:
		return keyholder_timestamp(k, u, out);
	case KEY_OCSP:
		return keyholder_ocsp(k, u, out);
	case KEY_OCSP_MANY:
		return keyholder_ocsp_many(k, u, out);
	case KEY_SEAL:
		return keyholder_seal(k, u, out);
	case KEY_ISSUE:
		return keyholder_issue(k, u, out);
	case KEY_PING:
		return ping(k, out);
	default:
		return err_new(ERR_USAGE, NULL, "no operation of a keyholder");
	}
}

struct err *
keyholder_handle(
    void *ctx, const struct ipc_message *request, struct ipc_message *answer)
{
	struct keyholder *k = ctx;
	struct unpack u = unpack_of(buf_bytes(&request->body));
	if (request->op != KEY_PING)
		k->asked = ipc_now_ms();
	struct err *e = dispatch(k, request->op, &u, &answer->body);
	if (e == NULL || strcmp(err_code(e), "token-unavailable") != 0)
		return e;
	/* Some modules recover only in a new process, so none is trusted to
	 * recover in this one.  What exactly failed is not told outside. */
	k->broken = true;
	return e;
}

static bool
stopping(void *ctx)
{
	const struct keyholder *k = ctx;
	uint64_t most = (uint64_t)k->settings->token_operations_max;
	if (most == 0)
		most = k->session.vendor->operations_max;
	return k->broken || (most > 0 && k->operations >= most) ||
	       asked_to_stop(NULL);
}

/* ---- chores: what is to be done without anybody asking ---- */

#define CHORES_MS 2000
#define CHORES_TICK_MS 200 /* asked to stop? */

/* It is tried again soon; once is told, or each try would be a line. */
static void
log_chore(
    const struct keyholder *k, const char *event, bool *told, struct err *e)
{
	struct log log;
	bool failed = e != NULL;
	if (*told || !failed) {
		err_free(e);
	} else {
		struct err *no =
		    log_init(&log, k->settings->log_level, "keyholder");
		if (no == NULL)
			log_error(&log, LOG_WARNING, event, e);
		else
			err_free(e);
		err_free(no);
	}
	*told = failed;
}

static void
do_chores(struct keyholder *k, bool *told)
{
	sad_keys_forget(&k->sad_keys, clock_now(k->clock));
	keyholder_lock(k);
	struct err *e = keyholder_checkpoint(k);
	keyholder_unlock(k);
	log_chore(k, "checkpoint-not-made", told, e);
}

static void
fill_pool(struct keyholder *k, bool *told)
{
	struct err *e = keyholder_pool_fill(k);
	if (e != NULL && strcmp(err_code(e), "token-unavailable") == 0)
		k->broken = true;
	log_chore(k, "pair-not-made", told, e);
}

static void *
chores_run(void *ctx)
{
	struct keyholder *k = ctx;
	const struct timespec tick = { .tv_nsec = CHORES_TICK_MS * 1000000L };
	int64_t next = ipc_now_ms() + CHORES_MS;
	bool pool_told = false, chores_told = false;
	while (!stopping(k)) {
		nanosleep(&tick, NULL);
		fill_pool(k, &pool_told);
		if (ipc_now_ms() < next)
			continue;
		do_chores(k, &chores_told);
		next = ipc_now_ms() + CHORES_MS;
	}
	return NULL;
}

/* It may take as long as that CA does, so it has a thread of its own.  What
 * fails is tried again when the ledger says so. */
static void *
outside_run(void *ctx)
{
	struct keyholder *k = ctx;
	const struct timespec tick = { .tv_nsec = CHORES_TICK_MS * 1000000L };
	int64_t next = 0;
	bool told = false, more = false;
	while (!stopping(k)) {
		nanosleep(&tick, NULL);
		if (!more && ipc_now_ms() < next)
			continue;
		struct err *e = keyholder_external_chore(k, &more);
		/* Nothing to do says nothing about the one that failed. */
		if (e != NULL || more)
			log_chore(k, "external-ca-not-told", &told, e);
		next = ipc_now_ms() + CHORES_MS;
	}
	return NULL;
}

static void
give_up(void *ctx)
{
	struct keyholder *k = ctx;
	k->broken = true;
}

/* A session that was lost while nobody asked costs no request. */
static struct err *
look_at_session(void *ctx)
{
	struct keyholder *k = ctx;
	keyholder_lock(k);
	struct err *e = p11_session_check(&k->session);
	keyholder_unlock(k);
	if (e != NULL)
		k->broken = true;
	err_free(e);
	return NULL;
}

static struct err *
serve(struct keyholder *k, int listen_fd)
{
	struct ipc_service service = { .ctx = k,
		.body_max = KEY_BODY_MAX,
		.answer_max = KEY_ANSWER_MAX,
		.idle_ms = IDLE_MS,
		.only_present = true,
		.handle = keyholder_handle,
		.idle = look_at_session,
		.stopping = stopping };
	const struct lanes_service lanes = {
		.listen_fd = listen_fd, .service = &service, .failed = give_up
	};
	TRY(process_peer(&service, k->settings->user_front));
	TRY(tokenwatch_start(&k->hangs, k->settings->token_time_max));
	TRY(keyholder_pool_watch(k));
	process_ready();
	pthread_t chores, outside;
	bool started = pthread_create(&chores, NULL, chores_run, k) == 0;
	bool goes_out = keyholder_has_external(k) &&
			pthread_create(&outside, NULL, outside_run, k) == 0;
	struct err *e = lanes_serve(&k->lanes, &lanes, THREADS);
	if (started)
		pthread_join(chores, NULL);
	if (goes_out)
		pthread_join(outside, NULL);
	if (e != NULL || !k->broken)
		return e;
	return err_coded(
	    err_new(ERR_REMOTE, NULL, "the token failed"), "token-unavailable");
}

/* ---- without a token ---- */

#define REFUSE_MS 1500 /* then it is tried again, in a new process */

struct refusal {
	int64_t until; /* ms */
};

static struct err *
refuse_one(
    void *ctx, const struct ipc_message *request, struct ipc_message *answer)
{
	(void)ctx;
	(void)request;
	(void)answer;
	return err_coded(err_new(ERR_REMOTE, NULL, "the token does not answer"),
	    "token-unavailable");
}

static bool
refused_enough(void *ctx)
{
	const struct refusal *r = ctx;
	return ipc_now_ms() >= r->until || asked_to_stop(NULL);
}

/* Who asks meanwhile hears at once why not, instead of waiting in vain. */
static struct err *
refuse(const struct settings *s, int listen_fd)
{
	struct refusal r = { .until = ipc_now_ms() + REFUSE_MS };
	struct ipc_service service = { .ctx = &r,
		.body_max = KEY_BODY_MAX,
		.answer_max = KEY_ANSWER_MAX,
		.clients_max = 1,
		.idle_ms = IDLE_MS,
		.handle = refuse_one,
		.stopping = refused_enough };
	TRY(process_peer(&service, s->user_front));
	return ipc_serve(listen_fd, &service);
}

struct err *
keyholder_run(const struct settings *s, int listen_fd, int pin_fd)
{
	TRY(block_stop_signals());
	struct keyholder k;
	struct err *e = keyholder_open(&k, s, pin_fd, &clock_system);
	bool open = e == NULL;
	if (open)
		e = serve(&k, listen_fd);
	keyholder_done(&k);
	if (!open && strcmp(err_code(e), "token-unavailable") == 0)
		err_free(refuse(s, listen_fd));
	return e;
}
