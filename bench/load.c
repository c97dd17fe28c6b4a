/* Opening a running service as its operator: settings, token, ledger, and the
 * unsealing keys of some citizens whose PINs the bench knows. */
#include "bench/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/aead.h"
#include "pkcs11/guard.h"
#include "signd/ledger.h"
#include "signd/process.h"
#include "signd/proto.h"

static struct err *
hmac(void *ctx, struct bytes data, uint8_t out[SEAL_HMAC])
{
	struct load *l = ctx;
	return p11_hmac(&l->session, l->pepper, data, out);
}

static void
set_environment(const struct settings *s)
{
	for (size_t i = 0; i < s->token_environment.n; i++)
		putenv(s->token_environment.v[i]);
}

void
load_token(const struct settings *s, struct p11_module **m,
    struct p11_session *session)
{
	struct p11_token t;
	CLEANUP(secret_done) struct secret pin = { 0 };
	int lock = -1;
	set_environment(s);
	bench_must(guard_read_secret(s->token_pin_file, &pin));
	bench_must(p11_lock(s->token_pin_file, &lock));
	bench_must(p11_module_open(s->token_module, m));
	bench_must(p11_token_find(*m, s->token_uri, &t));
	bench_must(p11_session_open(&t, false, session));
	bench_must(p11_login(session, secret_bytes(&pin)));
	close(lock);
}

/* The key that covers what is made now. */
static struct err *
find_cover(void *ctx, const struct ledger_generation *g)
{
	struct load *l = ctx;
	TRY(p11_key_find(&l->session, CKO_SECRET_KEY, buf_bytes(&g->cover_id),
	    &l->cover));
	buf_clear(&l->cover_id);
	l->generation = g->n;
	return buf_append(&l->cover_id, buf_bytes(&g->cover_id));
}

static struct err *
cover_hmac(void *ctx, struct bytes data, uint8_t out[SEAL_HMAC])
{
	struct load *l = ctx;
	return p11_hmac(&l->session, l->cover, data, out);
}

static void
uncover(struct load *l, const struct ledger_credential *c,
    struct secret *out)
{
	const struct pepper cover = { .ctx = l, .hmac = cover_hmac };
	bench_must(cover_open(&cover, buf_bytes(&l->cover_id),
	    bytes_str(c->id), buf_bytes(&c->sealed), out));
}

static void
open_credential(struct load *l, struct ledger *ledger, const char *id,
    const char *pin)
{
	const struct pepper pepper = { .ctx = l, .hmac = hmac };
	CLEANUP(ledger_credential_done) struct ledger_credential c = { 0 };
	CLEANUP(cert_freep) struct cert *cert = NULL;
	CLEANUP(secret_done) struct secret open = { 0 };
	struct sealed sealed;
	bench_must(ledger_credential_get(ledger, id, &c));
	bench_must(cert_parse(buf_bytes(&c.certificate), &cert));
	uncover(l, &c, &open);
	bench_must(sealed_parse(secret_bytes(&open), &sealed));
	struct seal_owner owner = { .credential = bytes_str(id),
		.version = (uint64_t)c.version };
	cert_fingerprint(cert, owner.certificate_sha256);
	bench_must(seal_key(
	    &sealed, &pepper, &owner, bytes_str(pin), &l->keys[l->n]));
	l->versions[l->n] = (uint64_t)c.version;
	l->ids[l->n++] = strdup(id);
}

static void
open_credentials(struct load *l, struct ledger *ledger, const char *list)
{
	char id[LEDGER_ID_MAX + 1];
	char pin[128];
	FILE *f = fopen(list, "r");
	if (f == NULL)
		bench_must(err_new(ERR_MISSING, NULL, "%s", list));
	while (l->n < LOAD_CREDENTIALS && fscanf(f, "%64s %127s", id, pin) == 2)
		open_credential(l, ledger, id, pin);
	fclose(f);
}

static void
open_ledger(struct load *l, const char *conf, struct ledger **out)
{
	CLEANUP(free_charp) char *path = NULL;
	l->conf = conf;
	bench_must(settings_load(conf, &l->settings));
	bench_must(
	    process_path(l->settings.run_dir, SOCKET_KEYHOLDER, &l->socket));
	bench_must(ledger_path(&l->settings, &path));
	bench_must(ledger_open(path, LEDGER_READ, &ledger_ground_system, out));
}

void
load_open_bare(struct load *l, const char *conf)
{
	CLEANUP(ledger_freep) struct ledger *ledger = NULL;
	open_ledger(l, conf, &ledger);
	l->borrowed = true; /* none */
}

static void
find_keys(struct load *l, struct ledger *ledger)
{
	const struct pepper pepper = { .ctx = l, .hmac = hmac };

	CLEANUP(ledger_setup_done) struct ledger_setup setup = { 0 };
	bench_must(ledger_setup_get(ledger, &setup));
	bench_must(p11_key_find(&l->session, CKO_SECRET_KEY,
	    buf_bytes(&setup.pepper_id), &l->pepper));
	l->cover_id = BUF(SEAL_KEK_ID_MAX);
	bench_must(ledger_generations(ledger, find_cover, l));
	bench_must(sad_keys_init(&l->sad_keys, pepper));
}

void
load_open(struct load *l, const char *conf, const char *list)
{
	CLEANUP(ledger_freep) struct ledger *ledger = NULL;
	open_ledger(l, conf, &ledger);
	load_token(&l->settings, &l->module, &l->session);
	find_keys(l, ledger);
	open_credentials(l, ledger, list);
	if (l->n == 0)
		bench_must(err_new(ERR_USAGE, NULL, "no credentials"));
}

void
load_open_filled(struct load *l, const char *conf, const char *path,
    const struct load *other)
{
	CLEANUP(ledger_freep) struct ledger *ledger = NULL;
	open_ledger(l, conf, &ledger);
	l->fill_path = path;
	bench_must(fill_read(path, &l->fill));
	l->borrowed = other != NULL;
	if (other != NULL)
		l->session = other->session;
	else
		load_token(&l->settings, &l->module, &l->session);
	find_keys(l, ledger);
}

/* ---- approvals ---- */

/* As keyholders put it into an approval. */
static void
make_pass(struct load *l, struct sad *s)
{
	const struct pepper cover = { .ctx = l, .hmac = cover_hmac };
	bench_must(cover_pass_make(&cover, l->generation,
	    buf_bytes(&l->cover_id), bytes_str(s->credential), &s->cover));
}

static void
choose_listed(struct load *l, size_t i, struct sad *s)
{
	size_t c = i % l->n;
	snprintf(s->credential, sizeof(s->credential), "%s", l->ids[c]);
	s->version = l->versions[c];
	bench_must(secret_copy(&s->key, secret_bytes(&l->keys[c])));
	make_pass(l, s);
}

static void
choose_filled(struct load *l, struct sad *s)
{
	const struct pepper pepper = { .ctx = l, .hmac = hmac };
	uint64_t chance;
	char id[FILL_ID];
	bench_must(random_fill(&chance, sizeof(chance)));
	fill_id(chance % l->fill.n, id);
	snprintf(s->credential, sizeof(s->credential), "%s", id);
	s->version = 1;
	const struct seal_owner owner = { .credential = bytes_str(id) };
	bench_must(seal_stretched_key(
	    &pepper, &owner, buf_bytes(&l->fill.stretched), &s->key));
	make_pass(l, s);
}

static void
make_sad(struct load *l, size_t i, int64_t expires, struct load_sad *out)
{
	CLEANUP(sad_done) struct sad s = { .count = 1, .expires = expires };
	if (l->fill_path != NULL)
		choose_filled(l, &s);
	else
		choose_listed(l, i, &s);
	bench_must(random_fill(s.id, sizeof(s.id)));
	memcpy(out->credential, s.credential, sizeof(s.credential));
	out->sealed = BUF(SAD_MAX);
	bench_must(sad_seal(&l->sad_keys, &s, &out->sealed));
}

static void
free_sads(struct load *l)
{
	for (size_t i = 0; i < l->nsads; i++)
		buf_done(&l->sads[i].sealed);
	free(l->sads);
	l->sads = NULL;
	l->nsads = 0;
}

void
load_sads(struct load *l, size_t n)
{
	int64_t expires =
	    clock_now(&clock_system) + l->settings.sad_seconds;
	free_sads(l);
	l->sads = calloc(n, sizeof(*l->sads));
	if (l->sads == NULL)
		bench_must(err_new(ERR_NOMEM, NULL, "approvals"));
	for (size_t i = 0; i < n; i++)
		make_sad(l, i, expires, &l->sads[i]);
	l->nsads = n;
	atomic_store(&l->next, 0);
}

void
load_done(struct load *l)
{
	free_sads(l);
	for (size_t i = 0; i < l->n; i++) {
		secret_done(&l->keys[i]);
		free(l->ids[i]);
	}
	buf_done(&l->cover_id);
	sad_keys_done(&l->sad_keys);
	fill_done(&l->fill);
	if (!l->borrowed) {
		p11_session_done(&l->session);
		p11_module_free(l->module);
	}
	free(l->socket);
	settings_done(&l->settings);
}
