/* What is remembered between documents: signatures that held (certs/held.c) and
 * certificates that were parsed (certs/known.c).  After the right thing came,
 * nothing that differs from it in one respect may pass for it. */
#define OPENSSL_SUPPRESS_DEPRECATED /* a method of our own, to count calls */

#include "certs/signed.h"
#include "tests/certs/make.h"
#include "tests/tap.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>

#define SLOTS 256 /* HELD_SLOTS, KNOWN_SLOTS */

static const struct sig_alg ecdsa = { .form = SIG_ECDSA,
	.digest = DIGEST_SHA256 };

/* ---- a key that counts how often it verifies ---- */

static atomic_int verified;

static int
count_verify(
    const unsigned char *digest, int len, const ECDSA_SIG *value, EC_KEY *key)
{
	verified++;
	const EC_KEY_METHOD *plain = EC_KEY_OpenSSL();
	int (*verify)(const unsigned char *, int, const ECDSA_SIG *, EC_KEY *);
	EC_KEY_METHOD_get_verify(plain, NULL, &verify);
	return verify(digest, len, value, key);
}

static int
count_raw(int type, const unsigned char *digest, int len,
    const unsigned char *value, int value_len, EC_KEY *key)
{
	const unsigned char *p = value;
	(void)type;
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &p, value_len);
	int ok = s != NULL && p == value + value_len
		     ? count_verify(digest, len, s, key)
		     : 0;
	ECDSA_SIG_free(s);
	return ok;
}

static EVP_PKEY *
counting_key(void)
{
	/* Keys that are remembered use it to the end. */
	static EC_KEY_METHOD *m;
	if (m == NULL)
		m = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
	EC_KEY_METHOD_set_verify(m, count_raw, count_verify);
	EC_KEY *ec = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
	EC_KEY_generate_key(ec);
	EC_KEY_set_method(ec, m);
	EVP_PKEY *key = EVP_PKEY_new();
	EVP_PKEY_assign_EC_KEY(key, ec);
	return key;
}

/* ---- values ---- */

struct value {
	uint8_t digest[32];
	uint8_t bytes[520];
	size_t len;
};

static struct bytes
digest_bytes(const struct value *v)
{
	return bytes_of(v->digest, sizeof(v->digest));
}

static struct bytes
value_bytes(const struct value *v)
{
	return bytes_of(v->bytes, v->len);
}

static struct value
sign(EVP_PKEY *key, const EVP_MD *md, int salt)
{
	struct value v = { .len = sizeof(v.bytes) };
	RAND_bytes(v.digest, sizeof(v.digest));
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	EVP_PKEY_sign_init(c);
	if (salt >= 0) {
		EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(c, salt);
	}
	EVP_PKEY_CTX_set_signature_md(c, md);
	CHECK(
	    EVP_PKEY_sign(c, v.bytes, &v.len, v.digest, sizeof(v.digest)) == 1);
	EVP_PKEY_CTX_free(c);
	return v;
}

static bool
holds(
    EVP_PKEY *key, struct sig_alg alg, struct bytes digest, struct bytes value)
{
	bool ok = false;
	struct err *e = signed_check_digest(key, alg, digest, value, &ok);
	/* An error is no yes. */
	ok = ok && e == NULL;
	err_free(e);
	return ok;
}

/* ---- signatures ---- */

static void
what_held_is_not_worked_out_again(void)
{
	EVP_PKEY *key = counting_key();
	struct value v = sign(key, EVP_sha256(), -1);
	verified = 0;
	for (int i = 0; i < 5; i++)
		CHECK(holds(key, ecdsa, digest_bytes(&v), value_bytes(&v)));
	CHECK(verified == 1);
	EVP_PKEY_free(key);
}

/* Only what holds is kept: a bad one is worked out each time. */
static void
what_did_not_hold_is_worked_out_again(void)
{
	EVP_PKEY *key = counting_key();
	struct value v = sign(key, EVP_sha256(), -1);
	v.digest[0] ^= 1;
	verified = 0;
	for (int i = 0; i < 3; i++)
		CHECK(!holds(key, ecdsa, digest_bytes(&v), value_bytes(&v)));
	CHECK(verified == 3);
	v.digest[0] ^= 1;
	CHECK(holds(key, ecdsa, digest_bytes(&v), value_bytes(&v)));
	EVP_PKEY_free(key);
}

static void
one_bit_of_digest_or_value_is_another_one(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct value v = sign(key, EVP_sha256(), -1);
	CHECK(holds(key, ecdsa, digest_bytes(&v), value_bytes(&v)));
	for (size_t i = 0; i < sizeof(v.digest); i++) {
		struct value w = v;
		w.digest[i] ^= 0x10;
		CHECK(!holds(key, ecdsa, digest_bytes(&w), value_bytes(&w)));
	}
	for (size_t i = 0; i < v.len; i++) {
		struct value w = v;
		w.bytes[i] ^= 0x10;
		CHECK(!holds(key, ecdsa, digest_bytes(&w), value_bytes(&w)));
	}
	CHECK(holds(key, ecdsa, digest_bytes(&v), value_bytes(&v)));
	EVP_PKEY_free(key);
}

/* The slot is found by the value's end: a longer and a shorter one meet it. */
static void
a_value_or_digest_of_another_length_is_another_one(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct value v = sign(key, EVP_sha256(), -1);
	struct bytes value = value_bytes(&v), digest = digest_bytes(&v);
	uint8_t more[600] = { 0x30 };
	CHECK(holds(key, ecdsa, digest, value));
	CHECK(!holds(key, ecdsa, digest, bytes_from(value, 1)));
	CHECK(!holds(key, ecdsa, digest, bytes_slice(value, 0, v.len - 1)));
	CHECK(!holds(key, ecdsa, digest, BYTES_NONE));
	CHECK(!holds(key, ecdsa, bytes_slice(digest, 0, 31), value));
	CHECK(!holds(key, ecdsa, BYTES_NONE, value));
	memcpy(more + 1, v.bytes, v.len);
	CHECK(!holds(key, ecdsa, digest, bytes_of(more, v.len + 1)));
	CHECK(!holds(key, ecdsa, digest, bytes_of(more, sizeof(more))));
	EVP_PKEY_free(key);
}

static void
another_key_is_another_key(void)
{
	EVP_PKEY *a = EVP_EC_gen("P-256"), *b = EVP_EC_gen("P-256");
	struct value v = sign(a, EVP_sha256(), -1);
	CHECK(holds(a, ecdsa, digest_bytes(&v), value_bytes(&v)));
	CHECK(!holds(b, ecdsa, digest_bytes(&v), value_bytes(&v)));
	/* The same key in another object is the same. */
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(a, &der);
	const uint8_t *p = der;
	EVP_PKEY *again = d2i_PUBKEY(NULL, &p, len);
	CHECK(holds(again, ecdsa, digest_bytes(&v), value_bytes(&v)));
	OPENSSL_free(der);
	EVP_PKEY_free(again);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}

/* The key lives on in the slot when its owner is gone. */
static void
a_key_that_is_freed_is_still_compared(void)
{
	EVP_PKEY *a = EVP_EC_gen("P-256"), *b = EVP_EC_gen("P-256");
	struct value v = sign(a, EVP_sha256(), -1);
	CHECK(holds(a, ecdsa, digest_bytes(&v), value_bytes(&v)));
	EVP_PKEY_free(a);
	CHECK(!holds(b, ecdsa, digest_bytes(&v), value_bytes(&v)));
	EVP_PKEY_free(b);
}

static void
the_same_value_by_another_algorithm_is_another_one(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	const struct sig_alg pkcs1 = { .form = SIG_RSA_PKCS1,
		.digest = DIGEST_SHA256 };
	struct sig_alg other = pkcs1;
	struct value v = sign(key, EVP_sha256(), -1);
	CHECK(holds(key, pkcs1, digest_bytes(&v), value_bytes(&v)));
	other.digest = DIGEST_SHA3_256; /* as long as SHA-256 */
	CHECK(!holds(key, other, digest_bytes(&v), value_bytes(&v)));
	other = (struct sig_alg){ .form = SIG_RSA_PSS,
		.digest = DIGEST_SHA256,
		.mgf1 = DIGEST_SHA256,
		.salt_len = 32 };
	CHECK(!holds(key, other, digest_bytes(&v), value_bytes(&v)));

	struct value pss = sign(key, EVP_sha256(), 32);
	CHECK(holds(key, other, digest_bytes(&pss), value_bytes(&pss)));
	CHECK(!holds(key, pkcs1, digest_bytes(&pss), value_bytes(&pss)));
	other.salt_len = 20;
	CHECK(!holds(key, other, digest_bytes(&pss), value_bytes(&pss)));
	other.salt_len = 32;
	other.mgf1 = DIGEST_SHA1;
	CHECK(!holds(key, other, digest_bytes(&pss), value_bytes(&pss)));
	EVP_PKEY_free(key);
}

/* More than there are slots: who pushes whom out changes no answer. */
static void
those_that_meet_in_a_slot_do_not_stand_for_each_other(void)
{
	static struct value v[2 * SLOTS];
	EVP_PKEY *key = EVP_EC_gen("P-256");
	for (size_t i = 0; i < COUNT_OF(v); i++) {
		v[i] = sign(key, EVP_sha256(), -1);
		CHECK(
		    holds(key, ecdsa, digest_bytes(&v[i]), value_bytes(&v[i])));
	}
	for (size_t i = 0; i < COUNT_OF(v); i++) {
		size_t next = (i + 1) % COUNT_OF(v);
		CHECK(
		    holds(key, ecdsa, digest_bytes(&v[i]), value_bytes(&v[i])));
		CHECK(!holds(
		    key, ecdsa, digest_bytes(&v[next]), value_bytes(&v[i])));
	}
	EVP_PKEY_free(key);
}

struct crowd {
	EVP_PKEY *key[2];
	struct value v[8];
	atomic_bool wrong;
};

static void *
ask_often(void *ctx)
{
	struct crowd *c = ctx;
	for (size_t i = 0; i < 400; i++) {
		const struct value *v = &c->v[i % COUNT_OF(c->v)];
		if (!holds(c->key[0], ecdsa, digest_bytes(v), value_bytes(v)) ||
		    holds(c->key[1], ecdsa, digest_bytes(v), value_bytes(v)))
			c->wrong = true;
	}
	return NULL;
}

static void
threads_get_right_answers(void)
{
	struct crowd c = { .key = {
			       EVP_EC_gen("P-256"), EVP_EC_gen("P-256") } };
	pthread_t t[4];
	for (size_t i = 0; i < COUNT_OF(c.v); i++)
		c.v[i] = sign(c.key[0], EVP_sha256(), -1);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		CHECK(pthread_create(&t[i], NULL, ask_often, &c) == 0);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		pthread_join(t[i], NULL);
	CHECK(!c.wrong);
	EVP_PKEY_free(c.key[0]);
	EVP_PKEY_free(c.key[1]);
}

/* ---- certificates ---- */

static void
a_certificate_that_came_before_is_the_same_one(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert *made = make_self_signed(key, "An", EVP_sha256());
	struct cert *first = NULL, *again = NULL;
	CHECK_OK(cert_parse_known(cert_der(made), &first));
	CHECK_OK(cert_parse_known(cert_der(made), &again));
	CHECK(first == again && first != made);
	cert_free(made);
	cert_free(first);
	/* Who frees one does not free the other's. */
	CHECK(strcmp(cert_common_name(again), "An") == 0);
	cert_free(again);
	EVP_PKEY_free(key);
}

/* The same end, so the same slot, and other bytes before it. */
static void
a_certificate_that_differs_in_a_byte_is_another_one(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert *made = make_self_signed(key, "An", EVP_sha256());
	struct cert *kept = NULL, *other = NULL;
	CLEANUP(buf_done) struct buf der = BUF(CERT_MAX);
	CHECK_OK(cert_parse_known(cert_der(made), &kept));
	CHECK_OK(buf_append(&der, cert_der(made)));
	size_t at = bytes_find(buf_bytes(&der), BYTES_LIT("An"));
	CHECK(at != SIZE_MAX);
	der.ptr[at] = 'B';
	CHECK_OK(cert_parse_known(buf_bytes(&der), &other));
	CHECK(
	    other != kept && strcmp(cert_issuer_common_name(other), "Bn") == 0);
	cert_free(other);
	other = NULL;
	CHECK_OK(buf_byte(&der, 0));
	CHECK_ERR(cert_parse_known(buf_bytes(&der), &other), ERR_MALFORMED);
	CHECK_ERR(cert_parse_known(BYTES_NONE, &other), ERR_MALFORMED);
	CHECK(other == NULL);
	cert_free(kept);
	cert_free(made);
	EVP_PKEY_free(key);
}

static void
certificates_that_are_pushed_out_stay_with_who_has_them(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	static struct cert *v[2 * SLOTS];
	for (size_t i = 0; i < COUNT_OF(v); i++) {
		char name[32];
		snprintf(name, sizeof(name), "An %zu", i);
		struct cert *made = make_self_signed(key, name, EVP_sha256());
		CHECK_OK(cert_parse_known(cert_der(made), &v[i]));
		cert_free(made);
	}
	for (size_t i = 0; i < COUNT_OF(v); i++) {
		char name[32];
		snprintf(name, sizeof(name), "An %zu", i);
		CHECK(strcmp(cert_common_name(v[i]), name) == 0);
		cert_free(v[i]);
	}
	EVP_PKEY_free(key);
}

int
main(void)
{
	RUN(what_held_is_not_worked_out_again);
	RUN(what_did_not_hold_is_worked_out_again);
	RUN(one_bit_of_digest_or_value_is_another_one);
	RUN(a_value_or_digest_of_another_length_is_another_one);
	RUN(another_key_is_another_key);
	RUN(a_key_that_is_freed_is_still_compared);
	RUN(the_same_value_by_another_algorithm_is_another_one);
	RUN(those_that_meet_in_a_slot_do_not_stand_for_each_other);
	RUN(threads_get_right_answers);
	RUN(a_certificate_that_came_before_is_the_same_one);
	RUN(a_certificate_that_differs_in_a_byte_is_another_one);
	RUN(certificates_that_are_pushed_out_stay_with_who_has_them);
	return DONE();
}
