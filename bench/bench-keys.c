/*
 * What custody costs, each row beside the raw work in the same run:
 *
 * keys.wrapped-p256	unwrap, sign, destroy with the token; we also open the
 *			seal before and verify the signature after.
 * keys.authorize	Argon2id alone; we also ask the token, open the seal and
 *			make a SAD.
 * keys.permanent-p256	C_Sign with a permanent key, and through struct signer.
 * keys.guess	what a thief with ledger, token and its PIN pays for trying one
 *			PIN: Argon2id, a call of the token, a try to open; the
 *limit is Argon2id alone. keys.record		one durable audit record of a
 *signature, alone; the limit is fdatasync of as many bytes.
 */
#include <argon2.h>

#include "bench/bench.h"
#include "certs/issue.h"
#include "certs/ossl.h"
#include "certs/softkey.h"
#include "certs/aead.h"
#include "pkcs11/sad.h"
#include "pkcs11/wrap.h"
#include "signd/ledger.h"
#include "tests/softhsm.h"

#define PIN "meo-con-2026"

struct bench {
	char dir[128];
	struct p11_module *module;
	struct p11_session s;
	struct p11_kek kek;
	CK_OBJECT_HANDLE pepper, ca;
	struct buf wrapped, spki, sealed_blob;
	struct sealed sealed;
	struct seal_owner owner;
	struct secret key;
	struct sad_keys sad_keys;
	struct cert *cert;
	struct ledger *ledger;
	int fd;
};

static const struct sig_alg alg = { .form = SIG_ECDSA,
	.digest = DIGEST_SHA256 };
static const uint8_t zeros[32];

static struct err *
hmac(void *ctx, struct bytes data, uint8_t out[SEAL_HMAC])
{
	struct bench *b = ctx;
	return p11_hmac(&b->s, b->pepper, data, out);
}

/* ---- set-up ---- */

static struct err *
make_token(struct bench *b)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(b->dir, sizeof(b->dir), "%s/signd-bench-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(b->dir) == NULL || softhsm_make(b->dir, "bench") != 0)
		return err_new(ERR_INTERNAL, NULL, "softhsm2-util");
	struct p11_token t;
	TRY(p11_module_open(softhsm_module(), &b->module));
	TRY(p11_token_find(b->module, "pkcs11:token=bench", &t));
	TRY(p11_session_open(&t, true, &b->s));
	TRY(p11_login(&b->s, BYTES_LIT(SOFTHSM_PIN)));
	b->kek.mechanism = t.vendor->wrap;
	TRY(p11_kek_make(&b->s, BYTES_LIT("kek"), &b->kek.handle));
	TRY(p11_pepper_make(&b->s, BYTES_LIT("pepper"), &b->pepper));
	CLEANUP(buf_done) struct buf ignored = BUF(256);
	return p11_pair_make(
	    &b->s, KIND_P256, BYTES_LIT("ca"), &b->ca, &ignored);
}

/* A certificate for the wrapped key, self-signed by it: enough to verify. */
static struct err *
make_cert(struct bench *b)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	CLEANUP(softkey_freep) struct softkey *ca_key = NULL;
	CLEANUP(cert_freep) struct cert *ca = NULL;
	TRY(key_from_spki(buf_bytes(&b->spki), &key));
	TRY(softkey_generate("P-256", &ca_key));
	struct signer signer = softkey_signer(ca_key);
	int64_t now = clock_now(&clock_system);
	const struct subject_field names[] = { { "C", "VN" }, { "O", "Bench" },
		{ "CN", "Bench" } };
	struct cert_fields f = { .profile = cert_profile_find("root-ca"),
		.subject = names,
		.nsubject = 3,
		.key = softkey_evp(ca_key),
		.not_before = now,
		.not_after = now + 86400,
		.alg = alg };
	TRY(cert_issue(&f, &signer, &ca));
	const struct subject_field person[] = { { "C", "VN" }, { "ST", "HN" },
		{ "CN", "An" }, { "UID", "CCCD:001099012345" } };
	f.profile = cert_profile_find("citizen");
	f.subject = person;
	f.nsubject = 4;
	f.key = key;
	f.issuer = ca;
	return cert_issue(&f, &signer, &b->cert);
}

static struct err *
make_seal(struct bench *b)
{
	const struct pepper pepper = { .ctx = b, .hmac = hmac };
	b->owner.credential = BYTES_LIT("bench");
	const struct seal_input in = { .memory_kib = SEAL_MEMORY_MIN,
		.passes = SEAL_PASSES_MIN,
		.kek_id = BYTES_LIT("kek"),
		.wrap_mechanism = b->kek.mechanism,
		.wrapped = buf_bytes(&b->wrapped) };
	TRY(seal_make(
	    &pepper, &b->owner, BYTES_LIT(PIN), &in, &b->sealed_blob));
	TRY(sealed_parse(buf_bytes(&b->sealed_blob), &b->sealed));
	return seal_key(
	    &b->sealed, &pepper, &b->owner, BYTES_LIT(PIN), &b->key);
}

static struct err *
make_ledger(struct bench *b)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/ledger.db", b->dir);
	TRY(ledger_open(path, LEDGER_WRITE, &ledger_ground_system, &b->ledger));
	snprintf(path, sizeof(path), "%s/raw", b->dir);
	b->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0600);
	TRY(ledger_begin(b->ledger));
	TRY(ledger_officer_add(b->ledger, "bench", BYTES_LIT("c"), "Bench"));
	return ledger_commit(b->ledger);
}

static struct err *
make(struct bench *b)
{
	b->wrapped = BUF(WRAPPED_MAX);
	b->spki = BUF(256);
	b->sealed_blob = BUF(SEAL_MAX);
	TRY(make_token(b));
	TRY(p11_wrapped_make(&b->s, &b->kek, KIND_P256, &b->wrapped, &b->spki));
	TRY(make_cert(b));
	TRY(make_seal(b));
	return make_ledger(b);
}

/* ---- rows ---- */

static void
ours_wrapped(void *ctx)
{
	struct bench *b = ctx;
	CLEANUP(secret_done) struct secret wrapped = { 0 };
	CLEANUP(buf_done) struct buf out = BUF(256);
	const struct bytes d = bytes_of(zeros, sizeof(zeros));
	bool ok;
	bench_must(seal_open(
	    &b->sealed, &b->owner, secret_bytes(&b->key), &wrapped, &ok));
	bench_must(p11_wrapped_sign(&b->s, &b->kek, secret_bytes(&wrapped),
	    cert_key(b->cert), alg, &d, 1, &out));
}

/* Cryptoki and nothing else. */
static void
raw_wrapped(void *ctx)
{
	struct bench *b = ctx;
	CK_OBJECT_HANDLE key;
	CK_BYTE raw[64];
	CK_ULONG len = sizeof(raw);
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	bench_must(p11_wrapped_open(
	    &b->s, &b->kek, KEY_EC, buf_bytes(&b->wrapped), &key));
	CK_FUNCTION_LIST *f = b->s.f;
	if (f->C_SignInit(b->s.handle, &m, key) != CKR_OK ||
	    f->C_Sign(b->s.handle, (CK_BYTE *)(uintptr_t)zeros, 32, raw,
		&len) != CKR_OK ||
	    f->C_DestroyObject(b->s.handle, key) != CKR_OK)
		bench_must(err_new(ERR_REMOTE, NULL, "the token"));
}

static void
ours_permanent(void *ctx)
{
	struct bench *b = ctx;
	struct p11_signer p = {
		.session = &b->s, .key = b->ca, .shape = SHAPE_P256
	};
	struct signer s = p11_signer(&p);
	CLEANUP(buf_done) struct buf out = BUF(256);
	bench_must(s.sign(s.ctx, alg, bytes_of(zeros, sizeof(zeros)), &out));
}

static void
raw_permanent(void *ctx)
{
	struct bench *b = ctx;
	CK_BYTE raw[64];
	CK_ULONG len = sizeof(raw);
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_FUNCTION_LIST *f = b->s.f;
	if (f->C_SignInit(b->s.handle, &m, b->ca) != CKR_OK ||
	    f->C_Sign(b->s.handle, (CK_BYTE *)(uintptr_t)zeros, 32, raw,
		&len) != CKR_OK)
		bench_must(err_new(ERR_REMOTE, NULL, "the token"));
}

static void
ours_authorize(void *ctx)
{
	struct bench *b = ctx;
	const struct pepper pepper = { .ctx = b, .hmac = hmac };
	CLEANUP(secret_done) struct secret wrapped = { 0 };
	CLEANUP(sad_done)
	struct sad sad = { .credential = "bench", .count = 1, .expires = 1 };
	CLEANUP(buf_done) struct buf out = BUF(SAD_MAX);
	bool ok;
	bench_must(
	    seal_key(&b->sealed, &pepper, &b->owner, BYTES_LIT(PIN), &sad.key));
	bench_must(seal_open(
	    &b->sealed, &b->owner, secret_bytes(&sad.key), &wrapped, &ok));
	bench_must(sad_seal(&b->sad_keys, &sad, &out));
}

static void
ours_guess(void *ctx)
{
	struct bench *b = ctx;
	const struct pepper pepper = { .ctx = b, .hmac = hmac };
	CLEANUP(secret_done) struct secret key = { 0 };
	CLEANUP(secret_done) struct secret wrapped = { 0 };
	bool ok;
	bench_must(seal_key(
	    &b->sealed, &pepper, &b->owner, BYTES_LIT("246813"), &key));
	bench_must(seal_open(
	    &b->sealed, &b->owner, secret_bytes(&key), &wrapped, &ok));
}

static void
raw_argon2(void *ctx)
{
	(void)ctx;
	uint8_t hash[32];
	if (argon2id_hash_raw(SEAL_PASSES_MIN, SEAL_MEMORY_MIN, 1, PIN,
		sizeof(PIN) - 1, zeros, 16, hash, sizeof(hash)) != ARGON2_OK)
		bench_must(err_new(ERR_INTERNAL, NULL, "Argon2id"));
}

/* An officer ended and put back is the smallest recorded change: one row and
 * one audit record, as for a signature. */
static void
ours_record(void *ctx)
{
	struct bench *b = ctx;
	static int n;
	char name[32];
	snprintf(name, sizeof(name), "bench%d", n++);
	bench_must(ledger_begin(b->ledger));
	bench_must(
	    ledger_officer_add(b->ledger, name, BYTES_LIT("c"), "Bench"));
	bench_must(ledger_commit(b->ledger));
}

static void
raw_sync(void *ctx)
{
	struct bench *b = ctx;
	static const char line[400];
	if (write(b->fd, line, sizeof(line)) != sizeof(line) ||
	    fdatasync(b->fd) != 0)
		bench_must(err_new(ERR_REMOTE, NULL, "fdatasync"));
}

int
main(void)
{
	static struct bench b;
	const char *why = softhsm_missing();
	if (why != NULL) {
		fprintf(stderr, "bench-keys: skipped: %s\n", why);
		return 0;
	}
	bench_must(make(&b));
	bench_must(sad_keys_init(
	    &b.sad_keys, (struct pepper){ .ctx = &b, .hmac = hmac }));
	const struct bench_pair rows[] = {
		{ "keys.wrapped-p256", "us", ours_wrapped, raw_wrapped, &b },
		{ "keys.permanent-p256", "us", ours_permanent, raw_permanent,
		    &b },
		{ "keys.authorize", "ms", ours_authorize, raw_argon2, &b },
		{ "keys.guess", "ms", ours_guess, raw_argon2, &b },
		{ "keys.record", "us", ours_record, raw_sync, &b },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		bench_compare(&rows[i]);
	sad_keys_done(&b.sad_keys);
	p11_session_done(&b.s);
	p11_module_free(b.module);
	ledger_free(b.ledger);
	remove_tree(b.dir);
	return 0;
}
