/* The issuer's other keys: time stamps and OCSP answers, and a front that asks
 * for what they must not say. */
#ifdef OTHER_KINDS /* test-operator-rsa: the same with keys of other kinds */
#define WORLD_MORE "tsa-key-kind = RSA-2048\nocsp-key-kind = RSA-3072\n"
#define TSA_ALG KEY_RSA
#define TSA_BITS 2048
#else
#define TSA_ALG KEY_EC
#define TSA_BITS 256
#endif

#include "tests/signd/world.h"

#include "certs/ocsp.h"
#include "cms/tsp.h"
#include "signd/ledger-ops.h"

#define PIN "meo-con-2026"

static struct world w;
static struct citizen an;

/* ---- time stamps ---- */

struct stamp {
	struct buf token;
	int64_t time;
};

static struct err *
ask_stamp(const char *alg, struct bytes digest, struct bytes nonce,
    const char *policy, uint64_t certs, struct stamp *out)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	TRY(pack_str(&body, 1, alg));
	TRY(pack_bytes(&body, 2, digest));
	TRY(pack_bytes(&body, 3, nonce));
	TRY(pack_str(&body, 4, policy));
	TRY(pack_u64(&body, 5, certs));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(&w, SOCKET_KEYHOLDER, KEY_TIMESTAMP, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes token = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &token));
	TRY(unpack_i64(&u, 2, &out->time));
	out->token = BUF(token.len);
	TRY(buf_append(&out->token, token));
	return unpack_end(&u);
}

static struct err *
plain_stamp(int n, struct stamp *out)
{
	uint8_t d[DIGEST_MAX];
	return ask_stamp(
	    digest_oid(DIGEST_SHA256), digest_no(n, d), BYTES_NONE, "", 1, out);
}

static void
a_time_stamp_holds_and_says_now(void)
{
	struct stamp s = { 0 };
	int64_t before = clock_now(&clock_system);
	CHECK_OK(plain_stamp(1, &s));
	CLEANUP(tst_freep) struct tst *t = NULL;
	CHECK_OK(tst_parse(buf_bytes(&s.token), &t));
	if (t == NULL)
		return;
	struct timestamp_fact f = { 0 };
	uint8_t d[DIGEST_MAX];
	CHECK_OK(tst_check(t, digest_no(1, d), NULL, NULL, &f));
	CHECK(f.digest == CHECK_PASSED && f.signature == CHECK_PASSED);
	CHECK(tst_time(t) >= before && tst_time(t) <= clock_now(&clock_system));
	CHECK(tst_time(t) == s.time);
	/* With its own certificate and the issuer's, without the anchor. */
	CHECK(tst_certs(t)->n == 2);
	cert_free(f.tsa);
	buf_done(&s.token);
}

static void
write_token(const char *name, struct bytes b)
{
	FILE *f = fopen(world_path(&w, name), "we");
	CHECK(f != NULL && fwrite(b.ptr, 1, b.len, f) == b.len);
	if (f != NULL)
		fclose(f);
}

static void
its_key_is_of_the_kind_that_was_set_and_openssl_agrees(void)
{
	struct stamp s = { 0 };
	CHECK_OK(plain_stamp(2, &s));
	CLEANUP(tst_freep) struct tst *t = NULL;
	CHECK_OK(tst_parse(buf_bytes(&s.token), &t));
	const struct cert *c = t == NULL ? NULL : tst_certs(t)->v[0];
	if (c != NULL && cert_is_ca(c))
		c = tst_certs(t)->v[1];
	CHECK(c != NULL && cert_key_alg(c) == TSA_ALG &&
	      cert_key_bits(c) == TSA_BITS);
	write_token("stamp", buf_bytes(&s.token));
	char command[512], hex[80];
	uint8_t d[DIGEST_MAX];
	hex_text(digest_no(2, d), hex);
	snprintf(command, sizeof(command),
	    "openssl ts -verify -digest %s -sha256 -token_in -in %s -CAfile "
	    "%s >/dev/null 2>&1",
	    hex, world_path(&w, "stamp"), world_path(&w, "ca.pem"));
	CHECK(system(command) == 0);
	buf_done(&s.token);
}

static void
a_nonce_comes_back_and_certificates_stay_away_when_not_asked(void)
{
	struct stamp s = { 0 };
	uint8_t d[DIGEST_MAX];
	CHECK_OK(digest_of(DIGEST_SHA512, BYTES_LIT("x"), d));
	CHECK_OK(ask_stamp(digest_oid(DIGEST_SHA512), bytes_of(d, 64),
	    BYTES_LIT("\x91\x02"), w.settings.tsa_policy_oid, 0, &s));
	CLEANUP(tst_freep) struct tst *t = NULL;
	CHECK_OK(tst_parse(buf_bytes(&s.token), &t));
	if (t != NULL) {
		CHECK(bytes_eq(tst_nonce(t), BYTES_LIT("\x91\x02")));
		CHECK(tst_certs(t)->n == 0);
	}
	buf_done(&s.token);
}

static void
refuses_weak_digests_and_other_policies(void)
{
	struct stamp s = { 0 };
	uint8_t d[DIGEST_MAX] = { 0 };
	CHECK_CODE(ask_stamp(digest_oid(DIGEST_SHA1), bytes_of(d, 20),
		       BYTES_NONE, "", 1, &s),
	    "tsa-digest");
	CHECK_CODE(ask_stamp("1.2.3", bytes_of(d, 32), BYTES_NONE, "", 1, &s),
	    "tsa-digest");
	CHECK_CODE(ask_stamp(digest_oid(DIGEST_SHA256), bytes_of(d, 32),
		       BYTES_NONE, "1.2.3", 1, &s),
	    "tsa-policy");
	CHECK_ERR(ask_stamp(digest_oid(DIGEST_SHA256), bytes_of(d, 31),
		      BYTES_NONE, "", 1, &s),
	    ERR_USAGE);
}

#define MANY 200

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* Each token is another one only by its serial number here: same digest, and
 * many in one second, from several keyholders, some of them new. */
static void
serial_numbers_never_repeat(void)
{
	static uint8_t hashes[MANY][32];
	for (int i = 0; i < MANY; i++) {
		struct stamp s = { 0 };
		if (i == MANY / 2) {
			CHECK(stop(w.keyholders[0]));
			w.keyholders[0] = start_keyholder(&w);
		}
		CHECK_OK(plain_stamp(7, &s));
		CLEANUP(tst_freep) struct tst *t = NULL;
		CHECK_OK(tst_parse(buf_bytes(&s.token), &t));
		uint8_t h[DIGEST_MAX];
		if (t != NULL)
			CHECK_OK(digest_of(DIGEST_SHA256, tst_serial(t), h));
		memcpy(hashes[i], h, 32);
		buf_done(&s.token);
	}
	qsort(hashes, MANY, 32, by_bytes);
	for (int i = 1; i < MANY; i++)
		CHECK(memcmp(hashes[i - 1], hashes[i], 32) != 0);
}

/* ---- OCSP ---- */

static struct err *
ask_ocsp(struct bytes serial, struct bytes nonce, struct ocsp_answer **out)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	TRY(pack_bytes(&body, 1, nonce));
	TRY(pack_str(&body, 2, digest_oid(DIGEST_SHA1)));
	TRY(pack_bytes(&body, 3, serial));
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(&w, SOCKET_KEYHOLDER, KEY_OCSP, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes der = BYTES_NONE;
	int64_t next = 0;
	TRY(unpack_bytes(&u, 1, &der));
	TRY(unpack_i64(&u, 2, &next));
	TRY(unpack_end(&u));
	return ocsp_parse(der, out);
}

static struct status_answer
status_of(const struct cert *c)
{
	struct status_answer s = { 0 };
	CLEANUP(ocsp_freep) struct ocsp_answer *a = NULL;
	CHECK_OK(ask_ocsp(cert_serial(c), BYTES_LIT("nonce-16-bytes-!"), &a));
	bool ok = false;
	int64_t now = clock_now(&clock_system);
	if (a == NULL)
		return s;
	CHECK_OK(ocsp_signed_for(a, an.chain.v[0], NULL, now, &ok));
	CHECK(ok);
	CHECK_OK(ocsp_status(a, c, an.chain.v[0], NULL, now, 0, &s));
	return s;
}

static struct err *
change(const char *reason)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(revoke_body(&an, &w.alice, reason, &body));
	return ask(&w, SOCKET_KEYHOLDER, KEY_REVOKE, &body, &answer);
}

static void
a_certificate_is_good_suspended_good_again_and_revoked(void)
{
	CHECK(status_of(an.cert).status == STATUS_GOOD);
	CHECK_OK(change("certificateHold"));
	CHECK(status_of(an.cert).status == STATUS_SUSPENDED);
	CHECK_CODE(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1),
	    "credential-suspended");
	CHECK_CODE(change("certificateHold"), "credential-suspended");
	CHECK_OK(change("removeFromCRL"));
	CHECK(status_of(an.cert).status == STATUS_GOOD);
	CHECK_OK(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1));
	CHECK_CODE(change("removeFromCRL"), "credential-not-suspended");
	CHECK_OK(change("certificateHold"));
	CHECK_OK(change("keyCompromise"));
	struct status_answer s = status_of(an.cert);
	CHECK(s.status == STATUS_REVOKED && s.reason == REVOKE_KEY_COMPROMISE);
	CHECK_CODE(change("removeFromCRL"), "credential-revoked");
	CHECK_CODE(sign_with(&w, an.credential, an.cert, BYTES_NONE, PIN, 1, 1),
	    "credential-revoked");
}

static struct err *
fetch_crl(struct crl **out)
{
	CLEANUP(buf_done) struct buf none = BUF(0);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	TRY(ask(&w, SOCKET_KEYHOLDER, KEY_CRL, &none, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	struct bytes der = BYTES_NONE;
	TRY(unpack_bytes(&u, 1, &der));
	return crl_parse(der, out);
}

static void
what_is_released_leaves_the_list(void)
{
	CLEANUP(crl_freep) struct crl *before = NULL;
	CLEANUP(crl_freep) struct crl *held = NULL;
	CLEANUP(crl_freep) struct crl *after = NULL;
	struct status_answer s = { 0 };
	int64_t now = clock_now(&clock_system);
	CHECK_OK(fetch_crl(&before));
	CHECK_OK(change("certificateHold"));
	CHECK_OK(fetch_crl(&held));
	CHECK_OK(crl_status(held, an.cert, an.chain.v[0], now, 0, &s));
	CHECK(s.status == STATUS_SUSPENDED);
	CHECK_OK(change("removeFromCRL"));
	CHECK_OK(fetch_crl(&after));
	CHECK_OK(crl_status(after, an.cert, an.chain.v[0], now + 1, 0, &s));
	CHECK(s.status == STATUS_GOOD);
	CHECK(crl_count(after) == crl_count(before));
}

static void
our_own_keys_are_good_and_strangers_numbers_unknown(void)
{
	struct stamp stamp = { 0 };
	CHECK_OK(plain_stamp(9, &stamp));
	CLEANUP(tst_freep) struct tst *t = NULL;
	CHECK_OK(tst_parse(buf_bytes(&stamp.token), &t));
	for (size_t i = 0; t != NULL && i < tst_certs(t)->n; i++)
		if (!cert_is_ca(tst_certs(t)->v[i]))
			CHECK(status_of(tst_certs(t)->v[i]).status ==
			      STATUS_GOOD);
	buf_done(&stamp.token);
	CHECK(status_of(w.alice.cert).status == STATUS_UNKNOWN);
}

/* ---- a front that asks for more ---- */

/* There is no operation that signs what the front encoded, and no field for a
 * time, a key, or a status: what is too much is refused as a whole. */
static void
a_front_cannot_say_the_time_or_the_status(void)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	uint8_t d[DIGEST_MAX];
	CHECK_OK(pack_str(&body, 1, digest_oid(DIGEST_SHA256)));
	CHECK_OK(pack_bytes(&body, 2, digest_no(1, d)));
	CHECK_OK(pack_bytes(&body, 3, BYTES_NONE));
	CHECK_OK(pack_str(&body, 4, ""));
	CHECK_OK(pack_u64(&body, 5, 1));
	CHECK_OK(pack_i64(&body, 6, 1500000000)); /* a day in 2017 */
	CHECK_ERR(ask(&w, SOCKET_KEYHOLDER, KEY_TIMESTAMP, &body, &answer),
	    ERR_MALFORMED);
	buf_clear(&body);
	CHECK_OK(pack_bytes(&body, 1, BYTES_NONE));
	CHECK_OK(pack_str(&body, 2, digest_oid(DIGEST_SHA1)));
	CHECK_OK(pack_bytes(&body, 3, cert_serial(an.cert)));
	CHECK_OK(pack_u64(&body, 4, LEDGER_GOOD));
	CHECK_ERR(
	    ask(&w, SOCKET_KEYHOLDER, KEY_OCSP, &body, &answer), ERR_MALFORMED);
}

#define STAMPS 20 /* more than are signed in one go */

static struct err *
pack_many(struct buf *body)
{
	uint8_t d[DIGEST_MAX];
	for (int i = 0; i < STAMPS; i++) {
		bool sha1 = i == 17;
		enum digest_alg alg = sha1 ? DIGEST_SHA1 : DIGEST_SHA256;
		struct bytes digest = digest_no(i, d);
		TRY(pack_str(body, 1, digest_oid(alg)));
		TRY(pack_bytes(
		    body, 2, bytes_slice(digest, 0, digest_len(alg))));
		TRY(pack_bytes(body, 3, BYTES_NONE));
		TRY(pack_str(body, 4, i == 3 ? "1.2.3.4" : ""));
		TRY(pack_u64(body, 5, 1));
	}
	return NULL;
}

static void
check_stamp_of(int i, struct bytes token)
{
	uint8_t d[DIGEST_MAX];
	struct timestamp_fact f = { 0 };
	CLEANUP(tst_freep) struct tst *t = NULL;
	CHECK_OK(tst_parse(token, &t));
	CHECK(t != NULL && bytes_eq(tst_imprint(t), digest_no(i, d)));
	if (t != NULL)
		CHECK_OK(tst_check(t, digest_no(i, d), NULL, NULL, &f));
	CHECK(f.digest == CHECK_PASSED && f.signature == CHECK_PASSED);
	cert_free(f.tsa);
}

static void
of_many_stamps_each_answers_its_own_request_and_wrong_ones_harm_none(void)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	CHECK_OK(pack_many(&body));
	CHECK_OK(ask(&w, SOCKET_KEYHOLDER, KEY_TIMESTAMP_MANY, &body, &answer));
	struct unpack u = unpack_of(buf_bytes(&answer.body));
	for (int i = 0; i < STAMPS; i++) {
		struct bytes b = BYTES_NONE;
		bool made = unpack_is(&u, 1);
		CHECK(made == (i != 3 && i != 17));
		CHECK_OK(unpack_bytes(&u, made ? 1 : 2, &b));
		if (made)
			check_stamp_of(i, b);
		else
			CHECK_ERR(err_unpack(b), ERR_UNSUPPORTED);
	}
	CHECK_OK(unpack_end(&u));
}

/* The writing side is the keyholders': the reading socket does none of it. */
static void
a_front_cannot_record_a_certificate_of_its_own(void)
{
	CLEANUP(buf_done) struct buf body = BUF(KEY_BODY_MAX);
	CLEANUP(ipc_message_done) struct ipc_message answer = { 0 };
	CHECK_ERR(
	    ask(&w, SOCKET_LEDGER_READ, LW_ISSUED, &body, &answer), ERR_DENIED);
	CHECK_ERR(ask(&w, SOCKET_LEDGER_READ, LW_OPERATOR, &body, &answer),
	    ERR_DENIED);
}

static void
everything_ends_as_it_should(void)
{
	CHECK(world_done(&w));
}

int
main(void)
{
	const char *missing = softhsm_missing();
	if (missing != NULL) {
		printf("1..0 # SKIP %s\n", missing);
		return 0;
	}
	struct err *e = world_make(&w);
	if (e == NULL)
		e = citizen_make(&w, PIN, &an);
	if (e != NULL) {
		printf("Bail out! %s (%s)\n", err_text(e), err_code(e));
		return 1;
	}
	RUN(a_time_stamp_holds_and_says_now);
	RUN(its_key_is_of_the_kind_that_was_set_and_openssl_agrees);
	RUN(a_nonce_comes_back_and_certificates_stay_away_when_not_asked);
	RUN(refuses_weak_digests_and_other_policies);
	RUN(serial_numbers_never_repeat);
	RUN(of_many_stamps_each_answers_its_own_request_and_wrong_ones_harm_none);
	RUN(what_is_released_leaves_the_list);
	RUN(our_own_keys_are_good_and_strangers_numbers_unknown);
	RUN(a_front_cannot_say_the_time_or_the_status);
	RUN(a_front_cannot_record_a_certificate_of_its_own);
	RUN(a_certificate_is_good_suspended_good_again_and_revoked);
	citizen_done(&an);
	RUN(everything_ends_as_it_should);
	return DONE();
}
