/*
 * The thread that makes OCSP answers before anybody asks.  It goes through the
 * register when it starts and then each hour, renews what grows old, and when
 * the register changes looks what still holds and makes the rest anew.  Those
 * that were issued or revoked through this front are made at once.
 */
#include "signd/front-ocsp.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/encoding.h"
#include "base/pack.h"
#include "signd/ipc-io.h"
#include "signd/proto.h"
#include "store/ledger.h"

#define LOOK_S 1   /* how often the register is looked at */
#define AGAIN_S 10 /* the same after an error */
#define START_S 60 /* unless it is called sooner */
#define LIST_EVERY_MS 3600000
#define SOON_MAX 256       /* serial numbers that wait to be made */
#define SERIAL_TEXT_MAX 64 /* hex digits */

struct soon {
	char serial[SERIAL_TEXT_MAX + 1]; /* hex */
};

struct ocsp_keep {
	struct front *front;
	pthread_mutex_t lock; /* held for a few instructions */
	pthread_cond_t some;
	bool ending, poked;
	struct soon soon[SOON_MAX];
	size_t nsoon;
	pthread_t thread;
	/* Below: the thread's own. */
	char listed[SERIAL_TEXT_MAX + 1]; /* the last of the register seen */
	int64_t list_at;                  /* ms: when to begin again */
	struct ocsp_wish wishes[KEY_OCSP_MAX];
	size_t n;
};

static bool
ending(struct ocsp_keep *k)
{
	pthread_mutex_lock(&k->lock);
	bool end = k->ending;
	pthread_mutex_unlock(&k->lock);
	return end;
}

/* ---- making ---- */

static struct err *
make_wishes(struct ocsp_keep *k)
{
	struct front *f = k->front;
	struct ocsp_made made[KEY_OCSP_MAX];
	struct ipc_message m = { 0 };
	size_t n = k->n;
	k->n = 0;
	if (n == 0)
		return NULL;
	struct err *e = ocsp_make_many(f, k->wishes, n, &m, made);
	for (size_t i = 0; i < n && e == NULL; i++)
		if (made[i].said.state != LEDGER_UNKNOWN)
			ocsp_cache_keep(f->ocsp, &k->wishes[i].key, &made[i]);
	ipc_message_done(&m);
	return e;
}

static struct err *
wish(struct ocsp_keep *k, const struct ocsp_key *key)
{
	if (key->len == 0)
		return NULL;
	k->wishes[k->n++] = (struct ocsp_wish){ .key = *key };
	return k->n == KEY_OCSP_MAX ? make_wishes(k) : NULL;
}

/* Clients ask by SHA-1, as RFC 5019 has it; others are answered when they
 * come. */
static struct err *
wish_serial(struct ocsp_keep *k, const char *serial, bool anew)
{
	CLEANUP(buf_done) struct buf raw = BUF(SERIAL_TEXT_MAX);
	TRY(hex_decode(bytes_str(serial), &raw));
	struct bytes b = buf_bytes(&raw);
	while (b.len > 1 && b.ptr[0] == 0)
		b = bytes_from(b, 1);
	struct ocsp_key key = ocsp_key_make(DIGEST_SHA1, b);
	if (!anew && ocsp_cache_has(k->front->ocsp, &key))
		return NULL;
	return wish(k, &key);
}

/* ---- what there is to do ---- */

static struct err *
look_at_register(const struct front *f)
{
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	int64_t changes = 0;
	TRY(ask_ledger(f, LEDGER_STATUS, BYTES_NONE, &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_i64(&u, 1, &changes));
	ocsp_cache_changed(f->ocsp, changes);
	return NULL;
}

static struct err *
read_said(struct unpack *u, struct ocsp_said *out)
{
	TRY(unpack_u64(u, 2, &out->state));
	TRY(unpack_i64(u, 3, &out->since));
	return unpack_u64(u, 4, &out->reason);
}

/* What the register says of these now; those that differ are made anew. */
static struct err *
confirm(struct ocsp_keep *k, const struct ocsp_key *keys, size_t n)
{
	struct ocsp_cache *c = k->front->ocsp;
	CLEANUP(buf_done) struct buf body = BUF(65536);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	int64_t changes = 0;
	for (size_t i = 0; i < n; i++) {
		CLEANUP(buf_done) struct buf hex = BUF(SERIAL_TEXT_MAX + 1);
		TRY(hex_encode(ocsp_key_serial(&keys[i]), &hex));
		TRY(pack_bytes(&body, 1, buf_bytes(&hex)));
	}
	TRY(ask_ledger(k->front, LEDGER_STATUS, buf_bytes(&body), &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	TRY(unpack_i64(&u, 1, &changes));
	for (size_t i = 0; i < n; i++) {
		struct ocsp_said said;
		TRY(read_said(&u, &said));
		if (!ocsp_cache_confirm(c, &keys[i], &said, changes))
			TRY(wish(k, &keys[i]));
	}
	return NULL;
}

static struct err *
confirm_all(struct ocsp_keep *k)
{
	struct ocsp_key keys[KEY_OCSP_MAX];
	size_t at = 0, n = 0;
	struct ocsp_key key;
	while (!ending(k) &&
	       ocsp_cache_due(k->front->ocsp, OCSP_UNCONFIRMED, &at, &key)) {
		keys[n++] = key;
		if (n == COUNT_OF(keys)) {
			TRY(confirm(k, keys, n));
			n = 0;
		}
	}
	if (n > 0)
		TRY(confirm(k, keys, n));
	return make_wishes(k);
}

static struct err *
renew_old(struct ocsp_keep *k)
{
	size_t at = 0;
	struct ocsp_key key;
	while (
	    !ending(k) && ocsp_cache_due(k->front->ocsp, OCSP_OLD, &at, &key))
		TRY(wish(k, &key));
	return make_wishes(k);
}

static struct err *
make_soon(struct ocsp_keep *k)
{
	struct soon soon[SOON_MAX];
	pthread_mutex_lock(&k->lock);
	size_t n = k->nsoon;
	memcpy(soon, k->soon, n * sizeof(soon[0]));
	k->nsoon = 0;
	pthread_mutex_unlock(&k->lock);
	for (size_t i = 0; i < n; i++)
		TRY(wish_serial(k, soon[i].serial, true));
	return make_wishes(k);
}

/* One page of the register; *last: there is no more. */
static struct err *
list_page(struct ocsp_keep *k, bool *last)
{
	CLEANUP(buf_done) struct buf body = BUF(256);
	CLEANUP(ipc_message_done) struct ipc_message m = { 0 };
	TRY(pack_str(&body, 1, k->listed));
	TRY(ask_ledger(k->front, LEDGER_SERIALS, buf_bytes(&body), &m));
	struct unpack u = unpack_of(buf_bytes(&m.body));
	*last = !unpack_is(&u, 1);
	while (unpack_is(&u, 1)) {
		CLEANUP(free_charp) char *serial = NULL;
		TRY(unpack_str(&u, 1, &serial));
		if (strlen(serial) > SERIAL_TEXT_MAX)
			return err_new(ERR_LIMIT, NULL, "a serial number");
		memcpy(k->listed, serial, strlen(serial) + 1);
		TRY(wish_serial(k, serial, false));
	}
	return make_wishes(k);
}

static struct err *
list_register(struct ocsp_keep *k)
{
	bool last = false;
	if (ipc_now_ms() < k->list_at)
		return NULL;
	while (!last && !ending(k) && !ocsp_cache_full(k->front->ocsp))
		TRY(list_page(k, &last));
	k->listed[0] = '\0';
	k->list_at = ipc_now_ms() + LIST_EVERY_MS;
	return NULL;
}

/* What is wanted at once comes first. */
static struct err *
turn(struct ocsp_keep *k)
{
	TRY(look_at_register(k->front));
	TRY(make_soon(k));
	TRY(confirm_all(k));
	TRY(renew_old(k));
	return list_register(k);
}

static void
wait_turn(struct ocsp_keep *k, int seconds)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until); /* no matter who sets the other */
	until.tv_sec += seconds;
	pthread_mutex_lock(&k->lock);
	if (!k->poked && !k->ending)
		pthread_cond_clockwait(
		    &k->some, &k->lock, CLOCK_MONOTONIC, &until);
	k->poked = false;
	pthread_mutex_unlock(&k->lock);
}

static void *
thread_main(void *ctx)
{
	struct ocsp_keep *k = ctx;
	wait_turn(k, START_S); /* the others are not there yet */
	while (!ending(k)) {
		struct err *e = turn(k);
		int seconds = e == NULL ? LOOK_S : AGAIN_S;
		k->n = 0;
		/* Before the ceremony there is no such key, and nothing to
		 * answer about. */
		if (e != NULL && strcmp(err_code(e), "ocsp-missing") == 0) {
			err_free(e);
			e = NULL;
			k->list_at = ipc_now_ms() + LIST_EVERY_MS;
		}
		log_error(k->front->log, LOG_WARNING, "ocsp-not-kept", e);
		wait_turn(k, seconds);
	}
	return NULL;
}

/* ---- for the others ---- */

static void
poke(struct ocsp_keep *k, const char *serial)
{
	pthread_mutex_lock(&k->lock);
	if (serial != NULL && strlen(serial) <= SERIAL_TEXT_MAX &&
	    k->nsoon < SOON_MAX)
		memcpy(k->soon[k->nsoon++].serial, serial, strlen(serial) + 1);
	k->poked = true;
	pthread_cond_signal(&k->some);
	pthread_mutex_unlock(&k->lock);
}

static struct err *
poke_for(struct ocsp_keep *k, struct bytes cert_der)
{
	CLEANUP(cert_freep) struct cert *c = NULL;
	CLEANUP(buf_done) struct buf hex = BUF(SERIAL_TEXT_MAX + 1);
	const char *serial;
	TRY(cert_parse(cert_der, &c));
	TRY(hex_encode(cert_serial(c), &hex));
	TRY(buf_cstr(&hex, &serial));
	poke(k, serial);
	return NULL;
}

void
ocsp_issued(struct front *f, struct bytes cert_der)
{
	log_error(f->log, LOG_WARNING, "ocsp-not-kept",
	    poke_for(f->ocsp_keep, cert_der));
}

/* How often it was changed is asked here and now: what was made before is not
 * given any more when the officer reads that it is done. */
void
ocsp_register_changed(struct front *f)
{
	log_error(
	    f->log, LOG_WARNING, "register-not-asked", look_at_register(f));
	poke(f->ocsp_keep, NULL);
}

struct err *
ocsp_keep_start(struct front *f, struct ocsp_keep **out)
{
	struct ocsp_keep *k = calloc(1, sizeof(*k));
	if (k == NULL)
		return err_new(ERR_NOMEM, NULL, "ocsp_keep");
	k->front = f;
	pthread_mutex_init(&k->lock, NULL);
	pthread_cond_init(&k->some, NULL);
	int failed = pthread_create(&k->thread, NULL, thread_main, k);
	if (failed != 0) {
		free(k);
		return err_errno(failed, "pthread_create");
	}
	*out = k;
	return NULL;
}

void
ocsp_keep_stop(struct ocsp_keep *k)
{
	if (k == NULL)
		return;
	pthread_mutex_lock(&k->lock);
	k->ending = true;
	pthread_cond_signal(&k->some);
	pthread_mutex_unlock(&k->lock);
	pthread_join(k->thread, NULL);
	pthread_cond_destroy(&k->some);
	pthread_mutex_destroy(&k->lock);
	free(k);
}
