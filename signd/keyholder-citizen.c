/* A citizen sets the PIN, and approves signatures with it. */
#include "signd/keyholder.h"

#include <stdlib.h>
#include <string.h>

#include "certs/ossl.h"
#include "certs/aead.h"
#include "certs/totp.h"
#include "pkcs11/guard.h"
#include "pkcs11/pin.h"
#include "signd/ledger-ops.h"
#include "signd/records.h"

#define SEAL_VERSION 1    /* of a credential's first sealed blob */
#define TOKEN_TEXT_MAX 64 /* characters of an activation token */

/* ---- activation ---- */

struct activation {
	struct enrolment_record record;
	char *enrolment;
	uint8_t token_hash[DIGEST_MAX];
	char asking[33]; /* its id while an external CA is asked */
	char credential[33];
	char serial[2 * 20 + 1]; /* RFC 5280 4.1.2.2: 20 bytes at most */
	struct cert *cert;
	enum key_kind kind;
	int64_t generation;
	struct buf sealed;    /* under the cover of that generation */
	struct secret second; /* of the second factor; empty: there is none */
	struct waiting_for waiting; /* for an external CA's decision */
};

static void
activation_done(struct activation *a)
{
	enrolment_record_done(&a->record);
	free_charp(&a->enrolment);
	cert_free(a->cert);
	buf_done(&a->sealed);
	secret_done(&a->second);
	waiting_for_done(&a->waiting);
}

static struct err *
take_kept(struct unpack *u, struct bytes link, struct activation *a)
{
	struct bytes kept = BYTES_NONE;
	TRY(unpack_bytes(u, 15, &kept));
	a->waiting = (struct waiting_for){ .enrolment = a->enrolment,
		.who = a->asking,
		.link = link,
		.kept = BUF(LEDGER_WAITING_MAX) };
	return buf_append(&a->waiting.kept, kept);
}

static struct err *
find_enrolment(struct keyholder *k, struct bytes token, struct activation *a)
{
	if (token.len == 0 || token.len > TOKEN_TEXT_MAX)
		return err_coded(err_new(ERR_MISSING, NULL, "no such link"),
		    "activation-unknown");
	TRY(digest_of(DIGEST_SHA256, token, a->token_hash));
	CLEANUP(buf_done) struct buf body = BUF(256);
	TRY(pack_bytes(&body, 1, bytes_of(a->token_hash, LEDGER_HASH)));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(keyholder_tell(k, LW_ENROLMENT, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	TRY(enrolment_record_unpack(&u, &a->record));
	TRY(unpack_str(&u, 13, &a->enrolment));
	TRY(unpack_str(&u, 14, &a->record.key_kind));
	TRY(take_kept(&u, token, a));
	return unpack_end(&u);
}

static struct err *
certify(struct keyholder *k, struct bytes spki, struct activation *a)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	TRY(key_from_spki(spki, &key));
	TRY(keyholder_certificate_of(
	    k, &a->record, a->enrolment, key, &a->waiting.state, &a->cert));
	struct bytes serial = cert_serial(a->cert);
	if (2 * serial.len + 1 > sizeof(a->serial))
		return err_new(ERR_INTERNAL, "RFC 5280 4.1.2.2", "serial");
	hex_text(serial, a->serial);
	return NULL;
}

static struct err *
seal(struct keyholder *k, const struct pool_pair *pair, struct bytes pin,
    struct activation *a)
{
	struct seal_owner owner = { .credential = bytes_str(a->credential),
		.version = SEAL_VERSION };
	cert_fingerprint(a->cert, owner.certificate_sha256);
	const struct seal_input in = { .memory_kib = SEAL_MEMORY_MIN,
		.passes = SEAL_PASSES_MIN,
		.kek_id = buf_bytes(&pair->kek_id),
		.wrap_mechanism = k->session.vendor->wrap,
		.wrapped = buf_bytes(&pair->wrapped),
		.second = secret_bytes(&a->second) };
	struct pepper pepper = keyholder_pepper(k);
	CLEANUP(buf_done) struct buf bare = BUF(SEAL_MAX);
	TRY(seal_make(&pepper, &owner, pin, &in, &bare));
	a->generation = pair->generation;
	a->sealed = BUF(LEDGER_SEALED_MAX);
	return keyholder_put_cover(k, pair->generation, owner.credential,
	    buf_bytes(&bare), &a->sealed);
}

static struct err *
find_pair(struct keyholder *k, struct activation *a, struct pool_pair *out)
{
	TRY(keyholder_waiting_take(k, &a->waiting, a->kind, out));
	return out->spki.len > 0 ? NULL : keyholder_pair(k, a->kind, out);
}

/* An external CA that decides later is asked about the same key then. */
static struct err *
certify_or_wait(
    struct keyholder *k, const struct pool_pair *pair, struct activation *a)
{
	struct err *e = certify(k, buf_bytes(&pair->spki), a);
	if (e == NULL)
		return NULL;
	err_free(keyholder_waiting_keep(k, &a->waiting, pair));
	return e;
}

/* Key, certificate, seal.  The wrapped key without its seal wants no PIN: it
 * does not stay behind.  Argon2id keeps nobody from the token. */
static struct err *
make_credential(struct keyholder *k, struct bytes pin, struct activation *a)
{
	CLEANUP(pool_pair_done) struct pool_pair pair = { 0 };
	TRY(keyholder_random_id(a->credential));
	a->waiting.pin = pin;
	TRY(find_pair(k, a, &pair));
	TRY(certify_or_wait(k, &pair, a));
	return seal(k, &pair, pin, a);
}

static struct err *
record_activation(struct keyholder *k, const struct activation *a)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	TRY(pack_str(&body, 1, a->enrolment));
	TRY(pack_bytes(&body, 2, bytes_of(a->token_hash, LEDGER_HASH)));
	TRY(pack_str(&body, 3, a->credential));
	TRY(pack_str(&body, 4, a->serial));
	TRY(pack_bytes(&body, 5, cert_der(a->cert)));
	TRY(pack_i64(&body, 6, cert_not_after(a->cert)));
	TRY(pack_bytes(&body, 7, buf_bytes(&a->sealed)));
	TRY(pack_i64(&body, 8, SEAL_VERSION));
	TRY(pack_i64(&body, 9, a->generation));
	TRY(pack_i64(&body, 10, a->second.len > 0));
	TRY(pack_bytes(&body, 11, buf_bytes(&k->external.packed)));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	return keyholder_tell(k, LW_ACTIVATE, &body, &answer);
}

static struct err *
make_and_record(struct keyholder *k, struct bytes pin, struct activation *a)
{
	TRY(make_credential(k, pin, a));
	return record_activation(k, a);
}

/* Again and again while it lasts, for it ends by itself. */
static struct err *
lease_link(struct keyholder *k, const struct activation *a)
{
	return keyholder_has_external(k) ? keyholder_external_enter(
					       k, a->enrolment, a->asking)
					 : NULL;
}

/* The keys that wrap and cover were given up while we were at it. */
static bool
overtaken(const struct err *e)
{
	return strcmp(err_code(e), "generation-ended") == 0 ||
	       strcmp(err_code(e), "token-key-missing") == 0;
}

/* If another was faster with the same link, the ledger says so, and what we
 * made is forgotten. */
static struct err *
make_recorded(struct keyholder *k, struct bytes pin, struct activation *a)
{
	struct err *e = make_and_record(k, pin, a);
	if (e == NULL || !overtaken(e))
		return e;
	/* Once more, under the newest. */
	err_free(e);
	cert_free(TAKE(a->cert));
	buf_done(&a->sealed);
	buf_clear(&a->waiting.kept);
	TRY(lease_link(k, a));
	return make_and_record(k, pin, a);
}

/* What an external CA makes holds a thread for as long as it thinks. */
static struct err *
make_among_few(struct keyholder *k, struct bytes pin, struct activation *a)
{
	if (!keyholder_external_wait(k))
		return err_coded(err_new(ERR_REMOTE, NULL,
				     "many wait for the external CA already"),
		    "busy");
	struct err *e = make_recorded(k, pin, a);
	keyholder_external_waited(k);
	return e;
}

/* It costs that CA something, too: one at a time for a link.  Who is second
 * there hears that and not that many wait, so the link comes first. */
static struct err *
make(struct keyholder *k, struct bytes pin, struct activation *a)
{
	if (!keyholder_has_external(k))
		return make_recorded(k, pin, a);
	TRY(keyholder_random_id(a->asking));
	TRY(lease_link(k, a));
	struct err *e = make_among_few(k, pin, a);
	if (e != NULL)
		keyholder_external_leave(k, a->enrolment, a->asking);
	return e;
}

/* What the officer approved; else the citizen's choice, or the service's. */
static struct err *
choose_kind(struct keyholder *k, const char *asked, struct activation *a)
{
	const char *approved = a->record.key_kind;
	bool chosen = asked != NULL && asked[0] != '\0';
	if (approved[0] != '\0' && chosen && strcmp(approved, asked) != 0)
		return err_coded(err_new(ERR_USAGE, NULL,
				     "the officer approved %s", approved),
		    "json-field");
	const char *name = approved[0] != '\0' ? approved
			   : chosen            ? asked
					       : k->settings->key_kind;
	if (key_kind_by_name(name, &a->kind))
		return NULL;
	return err_coded(err_new(ERR_USAGE, NULL, "no such kind of key"),
	    chosen ? "json-field" : "settings");
}

/* ---- the second factor ---- */

static struct err *
make_second(struct keyholder *k, struct activation *a)
{
	if (strcmp(k->settings->second_factor, "none") == 0)
		return NULL;
	if (strcmp(k->settings->second_factor, "totp") != 0)
		return err_coded(
		    err_new(ERR_USAGE, NULL, "no such second factor"),
		    "settings");
	TRY(secret_init(&a->second, TOTP_SECRET));
	guard_secret(&a->second);
	return random_fill(a->second.ptr, a->second.len);
}

/* The link is told once, and sealed to who sealed the PIN: the front shall not
 * have it either. */
static struct err *
tell_second(struct keyholder *k, const struct activation *a,
    const struct pin_taken *pin, struct buf *out)
{
	if (a->second.len == 0)
		return NULL;
	CLEANUP(buf_wipe_done) struct buf uri = BUF(TOTP_URI_MAX);
	TRY(buf_reserve(&uri, TOTP_URI_MAX));
	TRY(totp_uri(secret_bytes(&a->second), cert_common_name(k->chain.v[0]),
	    a->credential, &uri));
	if (!pin->sealed)
		return pack_bytes(out, 4, buf_bytes(&uri));
	CLEANUP(buf_done) struct buf sealed = BUF(TOTP_URI_MAX + AEAD_TAG);
	TRY(pin_answer_seal(
	    secret_bytes(&pin->exporter), buf_bytes(&uri), &sealed));
	return pack_bytes(out, 5, buf_bytes(&sealed));
}

/* ---- the request ---- */

struct wish {
	struct bytes token;
	struct pin_given pin;
	char *kind; /* of key; NULL or "": not said */
};

static void
wish_done(struct wish *w)
{
	free(w->kind);
}

static struct err *
read_wish(struct unpack *u, struct wish *w)
{
	TRY(unpack_bytes(u, 1, &w->token));
	TRY(unpack_bytes(u, 2, &w->pin.plain));
	if (unpack_is(u, 3))
		TRY(unpack_bytes(u, 3, &w->pin.sealed));
	if (unpack_is(u, 4))
		TRY(unpack_str(u, 4, &w->kind));
	return unpack_end(u);
}

static struct err *
tell_credential(struct keyholder *k, const struct activation *a,
    const struct pin_taken *pin, struct buf *out)
{
	TRY(pack_str(out, 1, a->credential));
	bool external = keyholder_has_external(k);
	const struct cert_list *chain =
	    external ? &k->external.chain : &k->chain;
	TRY(pack_bytes(out, 2, cert_der(a->cert)));
	for (size_t i = 0; i < chain->n; i++)
		TRY(pack_bytes(out, 3, cert_der(chain->v[i])));
	TRY(tell_second(k, a, pin, out));
	return external ? pack_u64(out, 6, 1) : NULL;
}

struct err *
keyholder_activate(struct keyholder *k, struct unpack *u, struct buf *out)
{
	CLEANUP(wish_done) struct wish w = { 0 };
	TRY(read_wish(u, &w));
	/* The link works once, and so does a PIN that was sealed with it. */
	const struct pin_purpose purpose = {
		.what = PIN_FOR_ACTIVATION, .subject = w.token, .digest_oid = ""
	};
	CLEANUP(pin_taken_done) struct pin_taken pin = { 0 };
	TRY(keyholder_take_pin(k, &purpose, &w.pin, &pin));
	TRY(pin_check(pin.m.pin));
	CLEANUP(activation_done) struct activation a = { 0 };
	TRY(find_enrolment(k, w.token, &a));
	TRY(choose_kind(k, w.kind, &a));
	TRY(make_second(k, &a));
	TRY(make(k, pin.m.pin, &a));
	return tell_credential(k, &a, &pin, out);
}

/* ---- approval ---- */

struct request {
	struct bytes credential;
	struct pin_given pin;
	uint64_t count;
	char *digest_oid; /* "" without digests */
	enum digest_alg alg;
	struct bytes digests[KEY_DIGESTS_MAX];
	size_t ndigests;
};

static struct err *
read_digests(struct unpack *u, struct request *r)
{
	while (unpack_is(u, 5)) {
		if (r->ndigests == KEY_DIGESTS_MAX)
			return err_new(ERR_LIMIT, NULL, "more than %d digests",
			    KEY_DIGESTS_MAX);
		struct bytes d = BYTES_NONE;
		TRY(unpack_bytes(u, 5, &d));
		if (d.len != digest_len(r->alg))
			return err_new(
			    ERR_USAGE, NULL, "a digest of %zu bytes", d.len);
		r->digests[r->ndigests++] = d;
	}
	if (unpack_is(u, 6))
		TRY(unpack_bytes(u, 6, &r->pin.sealed));
	if (unpack_is(u, 7))
		TRY(unpack_bytes(u, 7, &r->pin.code));
	return unpack_end(u);
}

static void
request_done(struct request *r)
{
	free(r->digest_oid);
}

static struct err *
read_request(struct unpack *u, struct request *r)
{
	TRY(unpack_bytes(u, 1, &r->credential));
	TRY(unpack_bytes(u, 2, &r->pin.plain));
	TRY(unpack_u64(u, 3, &r->count));
	TRY(unpack_str(u, 4, &r->digest_oid));
	r->alg = digest_by_oid(r->digest_oid);
	if (r->digest_oid[0] != '\0' && digest_len(r->alg) < 32)
		return err_new(ERR_UNSUPPORTED, NULL, "digest algorithm");
	TRY(read_digests(u, r));
	if (r->count == 0 || r->count > KEY_DIGESTS_MAX ||
	    r->ndigests > r->count)
		return err_new(ERR_USAGE, NULL,
		    "%llu signatures of %zu digests, at most %d",
		    (unsigned long long)r->count, r->ndigests, KEY_DIGESTS_MAX);
	if (r->credential.len == 0 || r->credential.len > SAD_CREDENTIAL_MAX)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no such credential"),
		    "credential-unknown");
	return NULL;
}

static struct err *
take_pin(struct keyholder *k, const struct request *r, struct pin_taken *out)
{
	const struct pin_purpose purpose = { .what = PIN_FOR_SIGNING,
		.subject = r->credential,
		.count = r->count,
		.digest_oid = r->digest_oid,
		.digests = r->digests,
		.ndigests = r->ndigests };
	return keyholder_take_pin(k, &purpose, &r->pin, out);
}

static struct err *
fill_sad(struct keyholder *k, const struct request *r, const struct held *h,
    struct sad *s)
{
	TRY(random_fill(s->id, sizeof(s->id)));
	memcpy(s->credential, r->credential.ptr, r->credential.len);
	s->version = (uint64_t)h->version;
	s->count = r->count;
	s->expires = clock_now(k->clock) + k->settings->sad_seconds;
	s->bound = r->ndigests > 0;
	if (!s->bound)
		return NULL;
	return sad_digests(r->alg, r->digests, r->ndigests, s->digests);
}

static struct err *
record_approval(struct keyholder *k, const struct sad *s,
    const struct pin_taken *pin, int64_t code_step)
{
	CLEANUP(buf_done) struct buf body = BUF(1024);
	TRY(pack_str(&body, 1, s->credential));
	TRY(pack_bytes(&body, 2, bytes_of(s->id, sizeof(s->id))));
	TRY(pack_i64(&body, 3, s->expires));
	TRY(pack_u64(&body, 4, s->count));
	TRY(pack_bytes(
	    &body, 5, s->bound ? bytes_of(s->digests, 32) : BYTES_NONE));
	TRY(pack_bytes(&body, 6, pin_taken_once(pin)));
	TRY(pack_i64(&body, 7, code_step));
	TRY(pack_i64(&body, 8, pin->m.time + PIN_MESSAGE_SECONDS));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	return keyholder_tell(k, LW_AUTHORIZED, &body, &answer);
}

/* The PIN was right: make the SAD. */
static struct err *
approve(struct keyholder *k, const struct request *r, const struct held *h,
    const struct pin_taken *pin, const struct unsealed *open,
    struct cover_pass *pass, struct buf *out)
{
	CLEANUP(sad_done) struct sad s = { 0 };
	TRY(secret_copy(&s.key, secret_bytes(&open->key)));
	guard_secret(&s.key);
	s.cover = *pass;
	*pass = (struct cover_pass){ 0 };
	TRY(fill_sad(k, r, h, &s));
	CLEANUP(buf_done) struct buf sealed = BUF(SAD_MAX);
	TRY(sad_seal(&k->sad_keys, &s, &sealed));
	TRY(record_approval(k, &s, pin, open->code_step));
	TRY(pack_bytes(out, 1, buf_bytes(&sealed)));
	return pack_i64(out, 2, k->settings->sad_seconds);
}

struct err *
keyholder_authorize(struct keyholder *k, struct unpack *u, struct buf *out)
{
	CLEANUP(request_done) struct request r = { 0 };
	CLEANUP(pin_taken_done) struct pin_taken pin = { 0 };
	TRY(read_request(u, &r));
	TRY(take_pin(k, &r, &pin));
	CLEANUP(held_done) struct held h = { 0 };
	CLEANUP(cover_pass_done) struct cover_pass pass = { 0 };
	TRY(keyholder_fetch(k, r.credential, BYTES_NONE, &pass, &h));
	CLEANUP(unsealed_done) struct unsealed open = { 0 };
	TRY(keyholder_unseal(k, r.credential, &h, &pin.m, &open));
	struct err *e = approve(k, &r, &h, &pin, &open, &pass, out);
	return e == NULL ? NULL : keyholder_end_try(k, r.credential, e);
}
