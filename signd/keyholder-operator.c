/*
 * What the TSA's and the OCSP responder's keys sign.  Both are built here: a
 * time stamp out of a digest and our own clock, an OCSP answer out of serial
 * numbers and what the ledger says of them.  Neither is recorded: they claim
 * nothing that the ledger has not, and strangers can ask for as many as they
 * like.
 */
#include "signd/keyholder.h"

#include <string.h>
#include <time.h>

#include "certs/ocsp_make.h"
#include "certs/signed.h"
#include "cms/tsp_make.h"
#include "pkcs11/agree.h"
#include "certs/aead.h"
#include "signd/ledger-ops.h"
#include "signd/proto.h"

#define STATUS_ANSWER_MAX 65536
#define SIGNATURE_MAX 2048   /* bytes: RSA of 16384 bits */
#define OCSP_CHECK_EVERY 256 /* answers; the first is always checked */

/* ---- the keys ---- */

static struct err *
use_operator(struct keyholder *k, const struct ipc_message *answer,
    check_key *check, struct operator_key *out)
{
	struct unpack u = unpack_of(buf_bytes(&answer->body));
	struct bytes id = BYTES_NONE, der = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &id));
	TRY(unpack_bytes(&u, 2, &der));
	TRY(unpack_end(&u));
	TRY(p11_key_find(&k->session, CKO_PRIVATE_KEY, id, &out->key));
	TRY(check(&k->session, out->key));
	return cert_parse(der, &out->cert);
}

static struct err *
ask_operator(struct keyholder *k, const char *purpose, check_key *check,
    struct operator_key *out)
{
	CLEANUP(buf_done) struct buf body = BUF(256);
	TRY(pack_str(&body, 1, purpose));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	struct err *e = keyholder_tell(k, LW_OPERATOR, &body, &answer);
	if (e != NULL && err_kind(e) == ERR_MISSING) {
		err_free(e); /* a service without it */
		return NULL;
	}
	return e != NULL ? e : use_operator(k, &answer, check, out);
}

struct err *
keyholder_operator(struct keyholder *k, const char *purpose, check_key *check,
    struct operator_key *out)
{
	struct operator_key found = { 0 };
	TRY(ask_operator(k, purpose, check, &found));
	cert_free(out->cert);
	*out = found;
	return NULL;
}

/* What strangers may ask for as often as they like. */
static struct err *
often_asked(struct keyholder *k, const char *purpose, struct operator_key *out)
{
	TRY(keyholder_operator(k, purpose, p11_signing_check, out));
	return out->cert == NULL ? NULL : cert_verifies_often(out->cert);
}

struct err *
keyholder_operators(struct keyholder *k)
{
	TRY(often_asked(k, "time-stamp", &k->tsa));
	TRY(often_asked(k, "ocsp", &k->ocsp));
	TRY(keyholder_operator(k, "audit", p11_signing_check, &k->audit));
	TRY(keyholder_operator(k, "seal", p11_signing_check, &k->seal));
	return keyholder_pin_key(k);
}

struct err *
keyholder_pin_key(struct keyholder *k)
{
	return keyholder_operator(k, "pin-seal", p11_agree_check, &k->pin_seal);
}

struct err *
operator_check(const struct operator_key *o, int64_t now, const char *code)
{
	if (o->cert == NULL)
		return err_coded(
		    err_new(ERR_MISSING, NULL, "there is no such key"), code);
	if (now < cert_not_before(o->cert) || now > cert_not_after(o->cert))
		return err_coded(
		    err_new(ERR_MISSING, NULL, "its certificate has expired"),
		    code);
	return NULL;
}

struct sig_alg
operator_alg(const struct cert *c)
{
	return (struct sig_alg){
		.form = cert_key_alg(c) == KEY_RSA ? SIG_RSA_PKCS1 : SIG_ECDSA,
		.digest = DIGEST_SHA256
	};
}

struct p11_signer
operator_signer(const struct keyholder *k, const struct operator_key *o)
{
	return (struct p11_signer){ .session = &k->session,
		.key = o->key,
		.shape = { cert_key_alg(o->cert), cert_key_bits(o->cert) } };
}

static struct err *
sign_in_token(
    void *ctx, struct sig_alg alg, struct bytes digest, struct buf *out)
{
	struct token_signer *s = ctx;
	struct signer by = p11_signer(&s->by);
	keyholder_lock(s->k);
	struct err *e = by.sign(by.ctx, alg, digest, out);
	keyholder_unlock(s->k);
	return e;
}

struct signer
token_signer(struct token_signer *s)
{
	return (struct signer){ .ctx = s, .sign = sign_in_token };
}

/* ---- time stamps ---- */

struct stamp_request {
	char *alg;
	struct bytes digest;
	struct bytes nonce;
	char *policy;
	uint64_t certs;
};

static void
stamp_request_done(struct stamp_request *r)
{
	free_charp(&r->alg);
	free_charp(&r->policy);
}

static struct err *
read_stamp_request(struct unpack *u, struct stamp_request *r)
{
	TRY(unpack_str(u, 1, &r->alg));
	TRY(unpack_bytes(u, 2, &r->digest));
	TRY(unpack_bytes(u, 3, &r->nonce));
	TRY(unpack_str(u, 4, &r->policy));
	return unpack_u64(u, 5, &r->certs);
}

#define STAMP_SERIAL 16 /* bytes */

/* Half the time in nanoseconds, half chance: not even a generator that
 * repeats itself gives a number twice, in any process, after any restart. */
static struct err *
make_serial(uint8_t out[STAMP_SERIAL])
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	uint64_t ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(ns >> (56 - 8 * i));
	return random_fill(out + 8, STAMP_SERIAL - 8);
}

static struct err *
check_policy(const struct keyholder *k, const char *wanted)
{
	if (wanted[0] == '\0' ||
	    strcmp(wanted, k->settings->tsa_policy_oid) == 0)
		return NULL;
	return err_coded(err_new(ERR_UNSUPPORTED, "RFC 3161 2.4.1",
			     "another policy than ours"),
	    "tsa-policy");
}

/* What stands in it, but for `serial`, which must outlive the fields. */
static struct err *
stamp_fields(struct keyholder *k, const struct stamp_request *r,
    uint8_t serial[STAMP_SERIAL], struct tst_fields *out)
{
	const struct settings *s = k->settings;
	int64_t now = 0;
	TRY(check_policy(k, r->policy));
	TRY(clockwatch_now(
	    &k->watch, s->tsa_clock_checked, s->tsa_accuracy, &now));
	TRY(operator_check(&k->tsa, now, "tsa-missing"));
	TRY(make_serial(serial));
	*out = (struct tst_fields){ .tsa = k->tsa.cert,
		.chain = &k->chain,
		.with_certs = r->certs != 0,
		.alg = operator_alg(k->tsa.cert),
		.imprint_alg = digest_by_oid(r->alg),
		.imprint = r->digest,
		.nonce = r->nonce,
		.policy = s->tsa_policy_oid,
		.serial = bytes_of(serial, STAMP_SERIAL),
		.time = now,
		.accuracy_s = (int)s->tsa_accuracy };
	return NULL;
}

struct err *
keyholder_timestamp(struct keyholder *k, struct unpack *u, struct buf *out)
{
	CLEANUP(stamp_request_done) struct stamp_request r = { 0 };
	CLEANUP(buf_done) struct buf token = BUF(TST_MAX);
	uint8_t serial[STAMP_SERIAL];
	struct tst_fields f;
	TRY(read_stamp_request(u, &r));
	TRY(unpack_end(u));
	TRY(stamp_fields(k, &r, serial, &f));
	struct token_signer key = { k, operator_signer(k, &k->tsa) };
	struct signer signer = token_signer(&key);
	TRY(tst_make(&f, &signer, &token));
	TRY(pack_bytes(out, 1, buf_bytes(&token)));
	return pack_i64(out, 2, f.time);
}

/* ---- many stamps in one call ---- */

/* A few at a time: each thread that wants the token waits for these only. */
#define STAMPS_AT_ONCE 16

struct stamps {
	struct stamp_request r[STAMPS_AT_ONCE];
	uint8_t serial[STAMPS_AT_ONCE][STAMP_SERIAL];
	struct tst_fields fields[STAMPS_AT_ONCE];
	struct tst_draft draft[STAMPS_AT_ONCE];
	struct err *e[STAMPS_AT_ONCE]; /* why it is not signed, or NULL */
	size_t n;
};

static void
stamps_done(struct stamps *s)
{
	for (size_t i = 0; i < s->n; i++) {
		stamp_request_done(&s->r[i]);
		tst_draft_done(&s->draft[i]);
		err_free(s->e[i]);
	}
}

/* What is wrong with one request is told of it alone; what is wrong here, of
 * all. */
static bool
is_of_request(const struct err *e)
{
	return err_kind(e) == ERR_UNSUPPORTED || err_kind(e) == ERR_USAGE;
}

static struct err *
draft_stamp(struct keyholder *k, struct stamps *s, size_t i)
{
	TRY(stamp_fields(k, &s->r[i], s->serial[i], &s->fields[i]));
	return tst_draft(&s->fields[i], &s->draft[i]);
}

static struct err *
read_stamps(struct keyholder *k, struct unpack *u, struct stamps *s)
{
	while (s->n < STAMPS_AT_ONCE && unpack_is(u, 1)) {
		size_t i = s->n++;
		TRY(read_stamp_request(u, &s->r[i]));
		s->e[i] = draft_stamp(k, s, i);
		if (s->e[i] != NULL && !is_of_request(s->e[i]))
			return TAKE(s->e[i]);
	}
	return NULL;
}

/* With the token, which is taken once for all of them, and watched for each. */
static struct err *
sign_stamps(struct keyholder *k, void *ctx)
{
	struct stamps *s = ctx;
	struct p11_signer key = operator_signer(k, &k->tsa);
	struct signer signer = p11_signer(&key);
	for (size_t i = 0; i < s->n; i++) {
		if (s->e[i] != NULL)
			continue;
		tokenwatch_enter(&k->hangs);
		TRY(tst_sign(&s->fields[i], &signer, &s->draft[i]));
	}
	return NULL;
}

static struct err *
put_stamp(const struct stamps *s, size_t i, struct buf *out)
{
	CLEANUP(buf_done) struct buf packed = BUF(TST_MAX);
	if (s->e[i] != NULL) {
		TRY(err_pack(s->e[i], &packed));
		return pack_bytes(out, 2, buf_bytes(&packed));
	}
	TRY(tst_finish(&s->fields[i], &s->draft[i], &packed));
	return pack_bytes(out, 1, buf_bytes(&packed));
}

static struct err *
put_stamps(struct keyholder *k, struct unpack *u, size_t *n, struct buf *out)
{
	CLEANUP(stamps_done) struct stamps s = { .n = 0 };
	TRY(read_stamps(k, u, &s));
	TRY(keyholder_do(k, sign_stamps, &s));
	for (size_t i = 0; i < s.n; i++)
		TRY(put_stamp(&s, i, out));
	*n = s.n;
	return NULL;
}

struct err *
keyholder_timestamps(struct keyholder *k, struct unpack *u, struct buf *out)
{
	for (size_t all = 0, n = 0; all < KEY_STAMPS_MAX && unpack_is(u, 1);
	     all += n)
		TRY(put_stamps(k, u, &n, out));
	return unpack_end(u);
}

/* ---- OCSP ---- */

struct ocsp_ask {
	struct bytes nonce;
	struct ocsp_single v[KEY_OCSP_MAX];
	size_t n;
};

static struct err *
read_ocsp_single(struct unpack *u, struct ocsp_single *out)
{
	CLEANUP(free_charp) char *alg = NULL;
	TRY(unpack_str(u, 2, &alg));
	TRY(unpack_bytes(u, 3, &out->serial));
	out->alg = digest_by_oid(alg);
	if (out->alg == DIGEST_NONE || out->serial.len == 0 ||
	    out->serial.len > 64)
		return err_new(ERR_USAGE, "RFC 6960 4.1.1", "CertID");
	return NULL;
}

static struct err *
read_ocsp_ask(struct unpack *u, struct ocsp_ask *r)
{
	TRY(unpack_bytes(u, 1, &r->nonce));
	while (r->n < KEY_OCSP_MAX && unpack_is(u, 2))
		TRY(read_ocsp_single(u, &r->v[r->n++]));
	TRY(unpack_end(u));
	if (r->n == 0 || r->nonce.len > OCSP_NONCE_MAX)
		return err_new(ERR_USAGE, "RFC 6960 4.1.1", "OCSPRequest");
	return NULL;
}

static struct err *
pack_serials(const struct ocsp_ask *r, struct buf *body)
{
	for (size_t i = 0; i < r->n; i++) {
		CLEANUP(buf_done) struct buf hex = BUF(128);
		TRY(hex_encode(r->v[i].serial, &hex));
		TRY(pack_bytes(body, 1, buf_bytes(&hex)));
	}
	return NULL;
}

static struct err *
read_state(struct unpack *u, struct ocsp_single *s)
{
	uint64_t state = 0, reason = 0;
	TRY(unpack_u64(u, 2, &state));
	TRY(unpack_i64(u, 3, &s->since));
	TRY(unpack_u64(u, 4, &reason));
	s->state = state == LEDGER_GOOD      ? OCSP_IS_GOOD
		   : state == LEDGER_REVOKED ? OCSP_IS_REVOKED
					     : OCSP_IS_UNKNOWN;
	s->reason = (int)reason;
	return NULL;
}

/* What the register says, whatever the front believes. */
static struct err *
fill_states(struct keyholder *k, struct ocsp_ask *r, int64_t *changes)
{
	CLEANUP(buf_done) struct buf body = BUF(STATUS_ANSWER_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(pack_serials(r, &body));
	TRY(keyholder_ask(k, LEDGER_STATUS, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	TRY(unpack_i64(&u, 1, changes));
	for (size_t i = 0; i < r->n; i++)
		TRY(read_state(&u, &r->v[i]));
	return unpack_end(&u);
}

/* What it says of `n` certificates; `names` may be NULL. */
static struct ocsp_fields
fields_of(struct keyholder *k, const struct ocsp_names *names,
    const struct ocsp_single *v, size_t n, struct bytes nonce, int64_t now)
{
	return (struct ocsp_fields){ .issuer = k->chain.v[0],
		.responder = k->ocsp.cert,
		.names = names,
		.alg = operator_alg(k->ocsp.cert),
		.this_update = now,
		.next_update = now + k->settings->ocsp_seconds,
		.nonce = nonce,
		.singles = v,
		.nsingles = n,
		/* A wrong value convinces nobody; a token that goes wrong is
		 * noticed all the same. */
		.verify = k->ocsp_made++ % OCSP_CHECK_EVERY == 0 };
}

struct err *
keyholder_ocsp(struct keyholder *k, struct unpack *u, struct buf *out)
{
	struct ocsp_ask r = { 0 };
	int64_t changes = 0, now = clock_now(k->clock);
	CLEANUP(buf_done) struct buf der = BUF(STATUS_ANSWER_MAX);
	TRY(read_ocsp_ask(u, &r));
	TRY(operator_check(&k->ocsp, now, "ocsp-missing"));
	TRY(fill_states(k, &r, &changes));
	const struct ocsp_fields f = fields_of(k, NULL, r.v, r.n, r.nonce, now);
	struct token_signer key = { k, operator_signer(k, &k->ocsp) };
	struct signer signer = token_signer(&key);
	TRY(ocsp_make(&f, &signer, &der));
	TRY(pack_bytes(out, 1, buf_bytes(&der)));
	return pack_i64(out, 2, now + k->settings->ocsp_seconds);
}

/* ---- many answers in one call ---- */

struct ocsp_many {
	struct ocsp_ask ask; /* its nonce is nobody's */
	struct bytes nonce[KEY_OCSP_MAX];
};

static struct err *
read_ocsp_many(struct unpack *u, struct ocsp_many *r)
{
	while (r->ask.n < KEY_OCSP_MAX && unpack_is(u, 1)) {
		TRY(unpack_bytes(u, 1, &r->nonce[r->ask.n]));
		if (r->nonce[r->ask.n].len > OCSP_NONCE_MAX)
			return err_new(ERR_USAGE, "RFC 9654 2.1", "nonce");
		TRY(read_ocsp_single(u, &r->ask.v[r->ask.n++]));
	}
	return unpack_end(u);
}

static uint64_t
ledger_state_of(const struct ocsp_single *s)
{
	return s->state == OCSP_IS_GOOD      ? LEDGER_GOOD
	       : s->state == OCSP_IS_REVOKED ? LEDGER_REVOKED
					     : LEDGER_UNKNOWN;
}

/* A few at a time: each thread that wants the token waits for these only. */
#define OCSP_AT_ONCE 16

struct ocsp_answers {
	struct ocsp_fields fields[OCSP_AT_ONCE];
	struct buf tbs[OCSP_AT_ONCE];
	struct buf signature[OCSP_AT_ONCE];
	size_t n;
};

static void
ocsp_answers_done(struct ocsp_answers *a)
{
	for (size_t i = 0; i < a->n; i++) {
		buf_done(&a->tbs[i]);
		buf_done(&a->signature[i]);
	}
}

static struct err *
add_answer(struct ocsp_answers *a, const struct ocsp_fields *f)
{
	size_t i = a->n++;
	a->fields[i] = *f;
	a->tbs[i] = BUF(STATUS_ANSWER_MAX);
	a->signature[i] = BUF(SIGNATURE_MAX);
	return ocsp_make_tbs(f, &a->tbs[i]);
}

/* With the token, which is taken once for all of them, and watched for each. */
static struct err *
sign_answers(struct keyholder *k, void *ctx)
{
	struct ocsp_answers *a = ctx;
	struct p11_signer key = operator_signer(k, &k->ocsp);
	struct signer signer = p11_signer(&key);
	for (size_t i = 0; i < a->n; i++) {
		tokenwatch_enter(&k->hangs);
		TRY(signed_ask(&signer, a->fields[i].alg, buf_bytes(&a->tbs[i]),
		    &a->signature[i]));
	}
	return NULL;
}

static struct err *
put_answer(const struct ocsp_answers *a, size_t i, struct buf *out)
{
	const struct ocsp_single *s = a->fields[i].singles;
	CLEANUP(buf_done) struct buf der = BUF(STATUS_ANSWER_MAX);
	TRY(ocsp_make_answer(&a->fields[i], buf_bytes(&a->tbs[i]),
	    buf_bytes(&a->signature[i]), &der));
	TRY(pack_bytes(out, 3, buf_bytes(&der)));
	TRY(pack_u64(out, 4, ledger_state_of(s)));
	TRY(pack_i64(out, 5, s->since));
	return pack_u64(out, 6, (uint64_t)s->reason);
}

/* Of the certificates `from` and on; *n: how many these were. */
static struct err *
put_some(struct keyholder *k, const struct ocsp_many *r,
    const struct ocsp_names *names, size_t from, int64_t now, size_t *n,
    struct buf *out)
{
	CLEANUP(ocsp_answers_done) struct ocsp_answers a = { .n = 0 };
	while (a.n < OCSP_AT_ONCE && from + a.n < r->ask.n) {
		size_t i = from + a.n;
		const struct ocsp_fields f =
		    fields_of(k, names, &r->ask.v[i], 1, r->nonce[i], now);
		TRY(add_answer(&a, &f));
	}
	TRY(keyholder_do(k, sign_answers, &a));
	for (size_t i = 0; i < a.n; i++)
		TRY(put_answer(&a, i, out));
	*n = a.n;
	return NULL;
}

struct err *
keyholder_ocsp_many(struct keyholder *k, struct unpack *u, struct buf *out)
{
	struct ocsp_many r = { .ask.n = 0 };
	struct ocsp_names names;
	int64_t changes = 0, now = clock_now(k->clock);
	TRY(read_ocsp_many(u, &r));
	TRY(operator_check(&k->ocsp, now, "ocsp-missing"));
	TRY(fill_states(k, &r.ask, &changes));
	TRY(ocsp_names_of(k->chain.v[0], k->ocsp.cert, &names));
	TRY(pack_i64(out, 1, now + k->settings->ocsp_seconds));
	TRY(pack_i64(out, 2, changes));
	for (size_t i = 0, n = 0; i < r.ask.n; i += n)
		TRY(put_some(k, &r, &names, i, now, &n, out));
	return NULL;
}
