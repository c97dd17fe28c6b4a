#include "bench/fill.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/pack.h"
#include "bench/bench.h"
#include "certs/aead.h"
#include "certs/ossl.h"
#include "pkcs11/cover.h"
#include "pkcs11/seal.h"
#include "signd/keyholder.h"
#include "signd/ledger.h"

#define PIN "246813"
#define MAKERS 4         /* processes that make rows */
#define BATCH 5000       /* rows of one commit */
#define ROW_MAX 16384    /* bytes */
#define LINK_SECONDS 600 /* of an enrolment: it is activated at once */
#define SEAL_VERSION 1

/* ---- what they share ---- */

enum { TAG_KIND = 1, TAG_WRAPPED, TAG_SPKI, TAG_SALT, TAG_STRETCHED, TAG_N };

void
fill_done(struct fill *f)
{
	buf_done(&f->wrapped);
	buf_done(&f->spki);
	buf_done(&f->salt);
	buf_done(&f->stretched);
}

static struct err *
take(struct unpack *u, uint16_t tag, struct buf *out)
{
	struct bytes b = BYTES_NONE;
	TRY(unpack_bytes(u, tag, &b));
	*out = BUF(ROW_MAX);
	return buf_append(out, b);
}

struct err *
fill_read(const char *path, struct fill *out)
{
	uint8_t raw[ROW_MAX];
	uint64_t kind = 0;
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, raw, sizeof(raw));
	if (len < 0)
		return err_new(ERR_MISSING, NULL, "%s", path);
	struct unpack u = unpack_of(bytes_of(raw, (size_t)len));
	TRY(unpack_u64(&u, TAG_KIND, &kind));
	out->kind = (enum key_kind)kind;
	TRY(take(&u, TAG_WRAPPED, &out->wrapped));
	TRY(take(&u, TAG_SPKI, &out->spki));
	TRY(take(&u, TAG_SALT, &out->salt));
	TRY(take(&u, TAG_STRETCHED, &out->stretched));
	TRY(unpack_u64(&u, TAG_N, &out->n));
	return unpack_end(&u);
}

static struct err *
fill_write(const char *path, const struct fill *f)
{
	CLEANUP(buf_done) struct buf b = BUF(ROW_MAX);
	TRY(pack_u64(&b, TAG_KIND, f->kind));
	TRY(pack_bytes(&b, TAG_WRAPPED, buf_bytes(&f->wrapped)));
	TRY(pack_bytes(&b, TAG_SPKI, buf_bytes(&f->spki)));
	TRY(pack_bytes(&b, TAG_SALT, buf_bytes(&f->salt)));
	TRY(pack_bytes(&b, TAG_STRETCHED, buf_bytes(&f->stretched)));
	TRY(pack_u64(&b, TAG_N, f->n));
	CLEANUP(close_fdp)
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, b.ptr, b.len) != (ssize_t)b.len)
		return err_new(ERR_REMOTE, NULL, "%s", path);
	return NULL;
}

/* ---- a citizen ---- */

static struct bytes
hash_of(const char *what, uint64_t i, uint8_t out[DIGEST_MAX])
{
	char text[64];
	snprintf(text, sizeof(text), "bench %s %llu", what,
	    (unsigned long long)i);
	bench_must(digest_of(DIGEST_SHA256, bytes_str(text), out));
	return bytes_of(out, LEDGER_HASH);
}

static void
id_of(const char *what, uint64_t i, char out[FILL_ID])
{
	uint8_t hash[DIGEST_MAX];
	hex_text(bytes_slice(hash_of(what, i, hash), 0, 16), out);
}

void
fill_id(uint64_t i, char out[FILL_ID])
{
	id_of("credential", i, out);
}

#define OFFICER                                                                \
	"be0cbe0cbe0cbe0cbe0cbe0cbe0cbe0cbe0cbe0cbe0cbe0cbe0cbe0cbe0cbe0c"

struct citizen {
	struct enrolment_record record; /* of what follows, and constants */
	char name[64];
	char subject_id[32];
	char nonce[FILL_ID];
};

#define TEXT(s) ((char *)(uintptr_t)(s))

static void
citizen_make(uint64_t i, struct citizen *c)
{
	snprintf(c->name, sizeof(c->name), "Nguyễn Văn %llu",
	    (unsigned long long)i);
	snprintf(c->subject_id, sizeof(c->subject_id), "CCCD:%012llu",
	    (unsigned long long)(1000000000 + i));
	id_of("nonce", i, c->nonce);
	c->record = (struct enrolment_record){ .name = c->name,
		.subject_id = c->subject_id,
		.province = TEXT("Thành phố Hà Nội"),
		.locality = TEXT(""),
		.profile = TEXT("citizen"),
		.evidence = TEXT("card-seen"),
		.evidence_sha256 = TEXT(OFFICER),
		.consent = TEXT("2026-01-05T08:00:00+07:00"),
		.desk = TEXT("Bộ phận một cửa"),
		.officer = TEXT(OFFICER),
		.time = TEXT("2026-01-05T08:00:00+07:00"),
		.nonce = c->nonce,
		.key_kind = TEXT("") };
}

/* ---- making rows, with the token ---- */

struct maker {
	struct settings settings;
	struct keyholder k;
	struct fill fill;
	struct buf kek_id, cover_id;
	CK_OBJECT_HANDLE cover;
	EVP_PKEY *key; /* that all of them have */
};

static struct err *
cover_hmac(void *ctx, struct bytes data, uint8_t out[SEAL_HMAC])
{
	struct maker *m = ctx;
	return p11_hmac(&m->k.session, m->cover, data, out);
}

static struct err *
take_generation(void *ctx, const struct ledger_generation *g)
{
	struct maker *m = ctx;
	buf_clear(&m->kek_id);
	buf_clear(&m->cover_id);
	TRY(buf_append(&m->kek_id, buf_bytes(&g->kek_id)));
	return buf_append(&m->cover_id, buf_bytes(&g->cover_id));
}

static struct err *
open_ledger(
    const struct settings *s, enum ledger_mode mode, struct ledger **out)
{
	CLEANUP(free_charp) char *path = NULL;
	TRY(ledger_path(s, &path));
	return ledger_open(path, mode, &ledger_ground_system, out);
}

/* Token and keys, as a keyholder has them. */
static struct err *
maker_open(const char *conf, struct maker *m)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	CLEANUP(ledger_setup_done) struct ledger_setup setup = { 0 };
	TRY(settings_load(conf, &m->settings));
	m->k = (struct keyholder){ .settings = &m->settings,
		.clock = &clock_system,
		.pin_fd = -1 };
	m->kek_id = BUF(SEAL_KEK_ID_MAX);
	m->cover_id = BUF(SEAL_KEK_ID_MAX);
	TRY(open_ledger(&m->settings, LEDGER_WRITE, &l));
	TRY(ledger_setup_get(l, &setup));
	TRY(ledger_generations(l, take_generation, m));
	for (size_t i = 0; i < setup.nchain; i++)
		TRY(cert_list_add_der(
		    &m->k.chain, buf_bytes(&setup.chain[i])));
	TRY(keyholder_token(&m->k, false));
	const struct p11_session *s = &m->k.session;
	TRY(p11_key_find(s, CKO_SECRET_KEY, buf_bytes(&setup.pepper_id),
	    &m->k.pepper));
	TRY(p11_key_find(
	    s, CKO_PRIVATE_KEY, buf_bytes(&setup.ca_key_id), &m->k.ca_key));
	return p11_key_find(
	    s, CKO_SECRET_KEY, buf_bytes(&m->cover_id), &m->cover);
}

static void
maker_done(struct maker *m)
{
	EVP_PKEY_free(m->key);
	keyholder_done(&m->k);
	fill_done(&m->fill);
	buf_done(&m->kek_id);
	buf_done(&m->cover_id);
	settings_done(&m->settings);
}

/* As keyholder-citizen.c does it, but for Argon2id. */
static struct err *
seal_row(struct maker *m, const char *id, const struct cert *cert,
    struct buf *out)
{
	struct seal_owner owner = { .credential = bytes_str(id),
		.version = SEAL_VERSION };
	cert_fingerprint(cert, owner.certificate_sha256);
	const struct seal_input in = { .memory_kib = SEAL_MEMORY_MIN,
		.passes = SEAL_PASSES_MIN,
		.kek_id = buf_bytes(&m->kek_id),
		.wrap_mechanism = m->k.session.vendor->wrap,
		.wrapped = buf_bytes(&m->fill.wrapped),
		.salt = buf_bytes(&m->fill.salt),
		.stretched = buf_bytes(&m->fill.stretched) };
	const struct pepper pepper = keyholder_pepper(&m->k);
	const struct pepper cover = { .ctx = m, .hmac = cover_hmac };
	CLEANUP(buf_done) struct buf bare = BUF(SEAL_MAX);
	TRY(seal_make(&pepper, &owner, BYTES_LIT(PIN), &in, &bare));
	return cover_make(&cover, buf_bytes(&m->cover_id), owner.credential,
	    buf_bytes(&bare), out);
}

static struct err *
make_row(struct maker *m, uint64_t i, struct buf *out)
{
	struct citizen c;
	char id[FILL_ID], serial[2 * 20 + 1];
	CLEANUP(cert_freep) struct cert *cert = NULL;
	CLEANUP(buf_done) struct buf sealed = BUF(LEDGER_SEALED_MAX);
	citizen_make(i, &c);
	fill_id(i, id);
	TRY(keyholder_certificate_elsewhere(
	    &m->k, &c.record, m->key, &cert));
	hex_text(cert_serial(cert), serial);
	TRY(seal_row(m, id, cert, &sealed));
	TRY(pack_u64(out, 1, i));
	TRY(pack_str(out, 2, serial));
	TRY(pack_bytes(out, 3, cert_der(cert)));
	TRY(pack_i64(out, 4, cert_not_after(cert)));
	return pack_bytes(out, 5, buf_bytes(&sealed));
}

int
fill_rows(const char *conf, const char *path, uint64_t from, uint64_t step,
    uint64_t n)
{
	static struct maker m;
	bench_must(maker_open(conf, &m));
	bench_must(fill_read(path, &m.fill));
	bench_must(key_from_spki(buf_bytes(&m.fill.spki), &m.key));
	for (uint64_t i = from; i < n; i += step) {
		CLEANUP(buf_done) struct buf row = BUF(ROW_MAX);
		bench_must(make_row(&m, i, &row));
		uint32_t len = (uint32_t)row.len;
		if (fwrite(&len, sizeof(len), 1, stdout) != 1 ||
		    fwrite(row.ptr, row.len, 1, stdout) != 1)
			return 1;
	}
	maker_done(&m);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- putting them into the ledger ---- */

/* Nobody reads the approval again: it has the length of one. */
static struct err *
put_enrolment(struct ledger *l, uint64_t i, const char *id, struct bytes link)
{
	static const uint8_t value[71];
	struct citizen c;
	CLEANUP(buf_done) struct buf record = BUF(RECORD_MAX);
	CLEANUP(buf_done) struct buf alg = BUF(64);
	const struct sig_alg how = { .form = SIG_ECDSA,
		.digest = DIGEST_SHA256 };
	citizen_make(i, &c);
	TRY(enrolment_record_render(&c.record, &record));
	TRY(sig_alg_encode(how, &alg));
	const struct approval a = { .value = bytes_of(value, sizeof(value)),
		.alg = buf_bytes(&alg),
		.record = buf_bytes(&record) };
	return ledger_enrol(l, id, &c.record, &a, link,
	    clock_now(&clock_system) + LINK_SECONDS);
}

static struct err *
put_row(struct ledger *l, struct bytes row)
{
	struct unpack u = unpack_of(row);
	struct ledger_new_credential c = { .version = SEAL_VERSION,
		.generation = 1 };
	CLEANUP(free_charp) char *serial = NULL;
	char id[FILL_ID], enrolment[FILL_ID];
	uint8_t link[DIGEST_MAX];
	uint64_t i = 0;
	TRY(unpack_u64(&u, 1, &i));
	TRY(unpack_str(&u, 2, &serial));
	TRY(unpack_bytes(&u, 3, &c.certificate));
	TRY(unpack_i64(&u, 4, &c.not_after));
	TRY(unpack_bytes(&u, 5, &c.sealed));
	TRY(unpack_end(&u));
	fill_id(i, id);
	id_of("enrolment", i, enrolment);
	c.token_hash = hash_of("link", i, link);
	c.id = id;
	c.enrolment = enrolment;
	c.serial = serial;
	TRY(put_enrolment(l, i, enrolment, c.token_hash));
	return ledger_activate(l, &c);
}

static struct err *
read_row(FILE *from, struct buf *out)
{
	uint32_t len = 0;
	buf_clear(out);
	if (fread(&len, sizeof(len), 1, from) != 1 || len > ROW_MAX)
		return err_new(ERR_REMOTE, NULL, "a maker of rows failed");
	TRY(buf_fill(out, 0, len));
	if (fread(out->ptr, len, 1, from) != 1)
		return err_new(ERR_REMOTE, NULL, "a maker of rows failed");
	return NULL;
}

static struct err *
put_rows(struct ledger *l, FILE *const makers[MAKERS], uint64_t from, uint64_t n)
{
	CLEANUP(buf_done) struct buf row = BUF(ROW_MAX);
	for (uint64_t i = from; i < n; i++) {
		if ((i - from) % BATCH == 0) {
			if (i > from)
				TRY(ledger_commit(l));
			TRY(ledger_begin(l));
		}
		TRY(read_row(makers[(i - from) % MAKERS], &row));
		TRY(put_row(l, buf_bytes(&row)));
	}
	return n > from ? ledger_commit(l) : NULL;
}

/* Each is a program of its own: a module does not survive a fork. */
static struct err *
fill_up(const char *program, const char *conf, const char *path,
    const struct settings *s, uint64_t from, uint64_t n)
{
	FILE *makers[MAKERS];
	char command[1024];
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	TRY(open_ledger(s, LEDGER_WRITE, &l));
	for (uint64_t i = 0; i < MAKERS; i++) {
		snprintf(command, sizeof(command),
		    "'%s' rows '%s' '%s' %llu %d %llu", program, conf, path,
		    (unsigned long long)(from + i), MAKERS,
		    (unsigned long long)n);
		makers[i] = popen(command, "r");
		if (makers[i] == NULL)
			return err_new(ERR_NOMEM, NULL, "popen");
	}
	TRY(put_rows(l, makers, from, n));
	for (size_t i = 0; i < MAKERS; i++)
		if (pclose(makers[i]) != 0)
			return err_new(ERR_REMOTE, NULL, "a maker failed");
	return NULL;
}

/* The pair and the PIN, once. */
static struct err *
begin(const char *conf, const char *path, const char *kind)
{
	static struct maker m;
	struct fill f = { 0 };
	if (!key_kind_by_name(kind, &f.kind))
		return err_new(ERR_USAGE, NULL, "no kind of key: %s", kind);
	TRY(maker_open(conf, &m));
	const struct p11_session *s = &m.k.session;
	struct p11_kek kek = { .mechanism = s->vendor->wrap };
	TRY(p11_key_find(
	    s, CKO_SECRET_KEY, buf_bytes(&m.kek_id), &kek.handle));
	f.wrapped = BUF(WRAPPED_MAX);
	f.spki = BUF(1024);
	f.salt = BUF(SEAL_SALT);
	f.stretched = BUF(64);
	TRY(p11_wrapped_make(s, &kek, f.kind, &f.wrapped, &f.spki));
	TRY(buf_fill(&f.salt, 0, SEAL_SALT));
	TRY(random_fill(f.salt.ptr, f.salt.len));
	CLEANUP(secret_done) struct secret stretched = { 0 };
	TRY(seal_stretch(BYTES_LIT(PIN), SEAL_MEMORY_MIN, SEAL_PASSES_MIN,
	    buf_bytes(&f.salt), &stretched));
	TRY(buf_append(&f.stretched, secret_bytes(&stretched)));
	TRY(fill_write(path, &f));
	fill_done(&f);
	maker_done(&m);
	return NULL;
}

static struct err *
add_officer(const struct settings *s)
{
	CLEANUP(ledger_freep) struct ledger *l = NULL;
	TRY(open_ledger(s, LEDGER_WRITE, &l));
	TRY(ledger_begin(l));
	TRY(ledger_officer_add(l, OFFICER, BYTES_LIT("none"), "Bench"));
	return ledger_commit(l);
}

int
fill_run(const char *program, const char *conf, const char *path, uint64_t n,
    const char *kind)
{
	struct settings s;
	struct fill f = { 0 };
	bench_must(settings_load(conf, &s));
	if (access(path, F_OK) != 0) {
		bench_must(begin(conf, path, kind));
		bench_must(add_officer(&s));
	}
	bench_must(fill_read(path, &f));
	double start = bench_now();
	if (f.n < n)
		bench_must(fill_up(program, conf, path, &s, f.n, n));
	fprintf(stderr, "bench: %llu credentials, in %.0f s\n",
	    (unsigned long long)n, bench_now() - start);
	f.n = n > f.n ? n : f.n;
	bench_must(fill_write(path, &f));
	fill_done(&f);
	settings_done(&s);
	return 0;
}
