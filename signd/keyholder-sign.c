/* Signing: PIN or SAD in, signatures out, after the ledger has it on disk. */
#include "signd/keyholder.h"

#include <string.h>

#include "certs/ossl.h"
#include "certs/totp.h"
#include "pkcs11/guard.h"
#include "pkcs11/pin.h"
#include "signd/ledger-ops.h"

#define VALUE_MAX 1024 /* bytes of one signature; RSA-4096 has 512 */

/* ---- the PIN ---- */

static struct err *
wrong_pin(struct keyholder *k, struct bytes credential)
{
	int64_t left = 0;
	TRY(keyholder_pin_end(k, credential, PIN_WRONG, &left));
	const char *are = left == 1 ? "1 try is" : NULL;
	if (are != NULL)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "%s left", are), "pin-wrong");
	return err_coded(
	    err_new(ERR_DENIED, NULL, "%lld tries are left", (long long)left),
	    left == 0 ? "pin-locked" : "pin-wrong");
}

void
unsealed_done(struct unsealed *u)
{
	secret_done(&u->key);
	secret_done(&u->content);
	*u = (struct unsealed){ 0 };
}

/* Opens the seal; *ok says whether PIN and code are both right. */
static struct err *
try_both(struct keyholder *k, const struct held *h, const struct pin_message *m,
    struct unsealed *out, bool *ok)
{
	struct pepper pepper = keyholder_pepper(k);
	TRY(seal_key(&h->sealed, &pepper, &h->owner, m->pin, &out->key));
	TRY(seal_open(
	    &h->sealed, &h->owner, secret_bytes(&out->key), &out->content, ok));
	if (!*ok || h->sealed.second_len == 0)
		return NULL;
	TRY(totp_match(seal_second(&h->sealed, secret_bytes(&out->content)),
	    m->code, clock_now(k->clock), h->code_step, &out->code_step));
	*ok = out->code_step != 0;
	return NULL;
}

/* What can be said without trying either.  After a clock that was set back no
 * code can be right, and that is not its owner's fault. */
static struct err *
check_code(const struct keyholder *k, const struct held *h,
    const struct pin_message *m)
{
	int64_t newest = clock_now(k->clock) / TOTP_SECONDS + 1;
	if (h->sealed.second_len == 0)
		return NULL;
	if (m->code.len == 0)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "a code is wanted too"),
		    "code-missing");
	return h->code_step <= newest
		   ? NULL
		   : err_coded(err_new(ERR_REMOTE, NULL,
				   "a code of a later time was used"),
			 "clock-behind");
}

struct err *
keyholder_unseal(struct keyholder *k, struct bytes credential,
    const struct held *h, const struct pin_message *m, struct unsealed *out)
{
	bool ok = false;
	struct err *e = check_code(k, h, m);
	if (e == NULL)
		e = try_both(k, h, m, out, &ok);
	if (e != NULL) {
		/* Nobody has learnt whether it was right. */
		err_free(keyholder_pin_end(k, credential, PIN_UNTRIED, NULL));
		return e;
	}
	return ok ? NULL : wrong_pin(k, credential);
}

struct err *
keyholder_end_try(struct keyholder *k, struct bytes credential, struct err *e)
{
	/* Another request was faster with the same code. */
	if (strcmp(err_code(e), "pin-wrong") == 0) {
		err_free(e);
		return wrong_pin(k, credential);
	}
	/* The try is given back, and no more: a front that kept a sealed PIN
	 * of the owner's shall not start the count anew with it, between
	 * guesses of its own. */
	err_free(keyholder_pin_end(k, credential, PIN_UNTRIED, NULL));
	return e;
}

/* ---- the request ---- */

struct request {
	struct bytes credential;
	struct bytes sad;
	struct bytes pin;
	struct bytes code; /* with the PIN */
	struct sig_alg alg;
	struct bytes digests[KEY_DIGESTS_MAX];
	size_t n;
	struct bytes repeat;
};

static struct err *
read_digests(struct unpack *u, struct request *r)
{
	while (unpack_is(u, 5)) {
		if (r->n == KEY_DIGESTS_MAX)
			return err_new(ERR_LIMIT, NULL, "more than %d digests",
			    KEY_DIGESTS_MAX);
		struct bytes d = BYTES_NONE;
		TRY(unpack_bytes(u, 5, &d));
		if (d.len != digest_len(r->alg.digest))
			return err_new(ERR_USAGE, NULL,
			    "hashes[%zu]: a digest of %zu bytes", r->n, d.len);
		r->digests[r->n++] = d;
	}
	TRY(unpack_bytes(u, 6, &r->repeat));
	if (unpack_is(u, 7))
		TRY(unpack_bytes(u, 7, &r->code));
	TRY(unpack_end(u));
	if (r->n == 0)
		return err_new(ERR_USAGE, NULL, "no digest");
	return NULL;
}

/* The whole algorithm, or the digest alone: then form is SIG_NONE. */
static struct err *
read_alg(struct unpack *u, struct sig_alg *out)
{
	struct bytes der = BYTES_NONE;
	CLEANUP(free_charp) char *digest = NULL;
	TRY(unpack_bytes(u, 4, &der));
	if (der.len > 0)
		return sig_alg_parse(der, DIGEST_SHA256, out);
	TRY(unpack_str(u, 8, &digest));
	out->digest = digest_by_oid(digest);
	return NULL;
}

static struct err *
read_request(struct unpack *u, struct request *r)
{
	TRY(unpack_bytes(u, 1, &r->credential));
	TRY(unpack_bytes(u, 2, &r->sad));
	TRY(unpack_bytes(u, 3, &r->pin));
	TRY(read_alg(u, &r->alg));
	/* Said here too, before a PIN is counted for nothing. */
	bool known = r->alg.form == SIG_ECDSA || r->alg.form == SIG_RSA_PKCS1 ||
		     r->alg.form == SIG_RSA_PSS || r->alg.form == SIG_NONE;
	if (!known || digest_len(r->alg.digest) < 32)
		return err_new(ERR_UNSUPPORTED, NULL,
		    "citizens' keys sign ECDSA or RSA with SHA-256 or longer");
	TRY(read_digests(u, r));
	if ((r->sad.len == 0) == (r->pin.len == 0))
		return err_new(ERR_USAGE, NULL, "either a SAD or a PIN");
	if (r->credential.len == 0 || r->credential.len > SAD_CREDENTIAL_MAX)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "no such credential"),
		    "credential-unknown");
	return NULL;
}

/* ---- signing ---- */

struct values {
	struct buf v[KEY_DIGESTS_MAX];
	size_t n;
};

static void
values_done(struct values *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_done(&s->v[i]);
}

struct use {
	const struct request *r;
	const struct held *h;
	struct bytes wrapped;
	struct values *out;
};

static struct err *
use_key(struct keyholder *k, void *ctx)
{
	const struct use *u = ctx;
	const struct request *r = u->r;
	struct p11_kek kek;
	const struct key_shape shape = { key_alg_of(u->h->key),
		EVP_PKEY_get_bits(u->h->key) };
	TRY(keyholder_kek(k, u->h->sealed.kek_id, &kek));
	kek.mechanism = (CK_MECHANISM_TYPE)u->h->sealed.wrap_mechanism;
	k->operations++;
	return p11_wrapped_values(&k->session, &kek, u->wrapped, shape, r->alg,
	    r->digests, r->n, u->out->v);
}

/* A KEK that is not known here may be newer than what was read last. */
static struct err *
with_kek(struct keyholder *k, struct use *u)
{
	struct err *e = keyholder_do(k, use_key, u);
	if (e == NULL || strcmp(err_code(e), "token-key-missing") != 0)
		return e;
	keyholder_lock(k);
	struct err *bad = keyholder_generations(k);
	keyholder_unlock(k);
	if (bad != NULL) {
		err_free(bad);
		return e;
	}
	err_free(e);
	return keyholder_do(k, use_key, u);
}

/* No value is of use to anybody before it was verified under the certificate:
 * a key that another one's blob brought signs nothing. */
static struct err *
make_values(struct keyholder *k, const struct request *r, const struct held *h,
    struct bytes wrapped, struct values *out)
{
	for (out->n = 0; out->n < r->n; out->n++)
		out->v[out->n] = BUF(VALUE_MAX);
	struct use u = { .r = r, .h = h, .wrapped = wrapped, .out = out };
	TRY(with_kek(k, &u));
	return p11_values_check(h->key, r->alg, r->digests, r->n, out->v);
}

static struct err *
record_values(struct keyholder *k, const struct request *r,
    const struct held *h, const struct sad *sad, int64_t code_step,
    struct bytes values, struct buf *out)
{
	CLEANUP(buf_done) struct buf body = BUF(LW_BODY_MAX);
	TRY(pack_bytes(&body, 1, r->credential));
	TRY(pack_i64(&body, 2, h->version));
	TRY(pack_bytes(&body, 3,
	    sad == NULL ? BYTES_NONE : bytes_of(sad->id, sizeof(sad->id))));
	TRY(pack_i64(&body, 4, sad == NULL ? 0 : sad->expires));
	TRY(pack_str(&body, 5, sig_alg_oid(r->alg)));
	for (size_t i = 0; i < r->n; i++)
		TRY(pack_bytes(&body, 6, r->digests[i]));
	TRY(pack_bytes(&body, 7, r->repeat));
	TRY(pack_bytes(&body, 8, r->repeat.len > 0 ? values : BYTES_NONE));
	TRY(pack_i64(&body, 9, code_step));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(keyholder_tell(k, LW_SIGNED, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes earlier;
	TRY(unpack_bytes(&u, 1, &earlier));
	return buf_append(out, earlier.len > 0 ? earlier : values);
}

/* The values leave only when the ledger has said that it has the record. */
static struct err *
sign_and_record(struct keyholder *k, const struct request *r,
    const struct held *h, const struct sad *sad, const struct unsealed *open,
    struct buf *out)
{
	CLEANUP(values_done) struct values values = { 0 };
	TRY(make_values(k, r, h,
	    seal_wrapped(&h->sealed, secret_bytes(&open->content)), &values));
	CLEANUP(buf_done) struct buf packed = BUF(LEDGER_VALUES_MAX);
	for (size_t i = 0; i < values.n; i++)
		TRY(pack_bytes(&packed, 1, buf_bytes(&values.v[i])));
	return record_values(
	    k, r, h, sad, open->code_step, buf_bytes(&packed), out);
}

static void
settle_alg(struct request *r, const struct held *h)
{
	if (r->alg.form == SIG_NONE)
		r->alg.form =
		    key_alg_of(h->key) == KEY_RSA ? SIG_RSA_PKCS1 : SIG_ECDSA;
}

static struct err *
sign_by_pin(struct keyholder *k, struct request *r, struct buf *out)
{
	/* A sealed PIN comes with KEY_AUTHORIZE. */
	const struct pin_given given = { .plain = r->pin, .code = r->code };
	CLEANUP(pin_taken_done) struct pin_taken pin = { 0 };
	TRY(keyholder_take_pin(k, NULL, &given, &pin));
	CLEANUP(held_done) struct held h = { 0 };
	CLEANUP(cover_pass_done) struct cover_pass pass = { 0 };
	TRY(keyholder_fetch(k, r->credential, BYTES_NONE, &pass, &h));
	settle_alg(r, &h);
	CLEANUP(unsealed_done) struct unsealed open = { 0 };
	TRY(keyholder_unseal(k, r->credential, &h, &pin.m, &open));
	struct err *e = sign_and_record(k, r, &h, NULL, &open, out);
	return e == NULL ? NULL : keyholder_end_try(k, r->credential, e);
}

static struct err *
sad_unseal(const struct sad *sad, const struct held *h, struct secret *content)
{
	bool ok = false;
	if (sad->version == (uint64_t)h->version)
		TRY(seal_open(&h->sealed, &h->owner, secret_bytes(&sad->key),
		    content, &ok));
	if (!ok)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "the credential was changed"),
		    "credential-changed");
	return NULL;
}

/* A SAD that was used before: the ledger has the answer of then for who asks
 * again, and a no for all others.  The token is not bothered: a used one would
 * else be worth a thousand signatures of its time, as often as it is sent. */
static struct err *
tell_earlier(struct keyholder *k, const struct request *r, const struct held *h,
    const struct sad *sad, struct buf *out)
{
	TRY(record_values(k, r, h, sad, 0, BYTES_NONE, out));
	return out->len > 0
		   ? NULL
		   : err_new(ERR_INTERNAL, NULL, "a used SAD was taken");
}

static struct err *
sign_by_sad(struct keyholder *k, struct request *r, struct buf *out)
{
	CLEANUP(sad_done) struct sad sad = { 0 };
	int64_t now = clock_now(k->clock);
	TRY(sad_open(&k->sad_keys, now, r->sad, &sad));
	TRY(sad_allows(
	    &sad, now, r->credential, r->alg.digest, r->digests, r->n));
	CLEANUP(held_done) struct held h = { 0 };
	TRY(keyholder_fetch(k, r->credential, bytes_of(sad.id, sizeof(sad.id)),
	    &sad.cover, &h));
	settle_alg(r, &h);
	if (h.sad_used)
		return tell_earlier(k, r, &h, &sad, out);
	if (h.tries_left == 0)
		return err_coded(
		    err_new(ERR_DENIED, NULL, "too many wrong PINs"),
		    "pin-locked");
	CLEANUP(unsealed_done) struct unsealed open = { 0 };
	TRY(sad_unseal(&sad, &h, &open.content));
	return sign_and_record(k, r, &h, &sad, &open, out);
}

struct err *
keyholder_sign(struct keyholder *k, struct unpack *u, struct buf *out)
{
	struct request r = { 0 };
	TRY(read_request(u, &r));
	return r.sad.len > 0 ? sign_by_sad(k, &r, out)
			     : sign_by_pin(k, &r, out);
}
