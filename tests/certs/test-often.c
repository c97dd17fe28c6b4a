/* A key with tables says yes and no to the same as one without. */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rand.h>

#include "certs/cert.h"
#include "certs/often.h"
#include "certs/ossl.h"
#include "tests/certs/ca.h"
#include "tests/tap.h"

DEFINE_FREEP(ECDSA_SIG_free, ECDSA_SIG)

static EVP_PKEY *key;
static struct often_key *often;
static uint8_t digest[64];

static struct bytes
sign(EVP_PKEY *by, size_t len, uint8_t out[160])
{
	size_t n = 160;
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(by, NULL);
	CHECK(EVP_PKEY_sign_init(c) == 1);
	CHECK(EVP_PKEY_sign(c, out, &n, digest, len) == 1);
	EVP_PKEY_CTX_free(c);
	return bytes_of(out, n);
}

/* Whether both say the same; *yes is what. */
static bool
agree(size_t len, struct bytes sig, bool *yes)
{
	bool a = false, b = true;
	const struct sig_alg alg = { .form = SIG_ECDSA,
		.digest = len == 32   ? DIGEST_SHA256
			  : len == 48 ? DIGEST_SHA384
				      : DIGEST_SHA512 };
	CHECK_OK(key_verify_digest(key, alg, bytes_of(digest, len), sig, &a));
	CHECK_OK(often_verify(often, bytes_of(digest, len), sig, &b));
	*yes = b;
	return a == b;
}

static bool
both_accept(size_t len, struct bytes sig)
{
	bool yes = false;
	return agree(len, sig, &yes) && yes;
}

static bool
both_refuse(size_t len, struct bytes sig)
{
	bool yes = true;
	return agree(len, sig, &yes) && !yes;
}

static void
accepts_what_the_key_signed(void)
{
	uint8_t out[160];
	for (int i = 0; i < 50; i++) {
		CHECK(RAND_bytes(digest, sizeof(digest)) == 1);
		CHECK(both_accept(32, sign(key, 32, out)));
		CHECK(both_accept(48, sign(key, 48, out)));
		CHECK(both_accept(64, sign(key, 64, out)));
	}
	memset(digest, 0, sizeof(digest)); /* u1 is 0 */
	CHECK(both_accept(32, sign(key, 32, out)));
	memset(digest, 0xff, sizeof(digest)); /* more than the order */
	CHECK(both_accept(32, sign(key, 32, out)));
}

static void
refuses_another_key_another_digest_and_every_changed_byte(void)
{
	uint8_t out[160];
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *other = EVP_EC_gen("P-256");
	CHECK(both_refuse(32, sign(other, 32, out)));
	struct bytes sig = sign(key, 32, out);
	digest[31] ^= 1;
	CHECK(both_refuse(32, sig));
	digest[31] ^= 1;
	for (size_t i = 0; i < sig.len; i++) {
		out[i] ^= 4;
		CHECK(both_refuse(32, sig));
		out[i] ^= 4;
	}
	CHECK(both_accept(32, sig));
	for (size_t n = 0; n < sig.len; n++)
		CHECK(both_refuse(32, bytes_slice(sig, 0, n)));
	out[sig.len] = 0;
	CHECK(both_refuse(32, bytes_of(out, sig.len + 1)));
}

/* r and s as numbers; they are freed. */
static struct bytes
encode(BIGNUM *r, BIGNUM *s, uint8_t out[160])
{
	CLEANUP(ECDSA_SIG_freep) ECDSA_SIG *sig = ECDSA_SIG_new();
	uint8_t *p = out;
	CHECK(ECDSA_SIG_set0(sig, r, s) == 1);
	CHECK(i2d_ECDSA_SIG(sig, NULL) <= 160);
	int n = i2d_ECDSA_SIG(sig, &p);
	return bytes_of(out, n > 0 ? (size_t)n : 0);
}

static BIGNUM *
number(const char *hex)
{
	BIGNUM *n = NULL;
	CHECK(BN_hex2bn(&n, hex) > 0);
	return n;
}

#define ORDER "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"

static void
refuses_numbers_out_of_range(void)
{
	static const char *const bad[] = { "0", ORDER, "-1", ("1" ORDER) };
	uint8_t out[160];
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CHECK(
		    both_refuse(32, encode(number(bad[i]), number("1"), out)));
		CHECK(
		    both_refuse(32, encode(number("1"), number(bad[i]), out)));
		CHECK(both_refuse(
		    32, encode(number(bad[i]), number(bad[i]), out)));
	}
	CHECK(both_refuse(32, encode(number("1"), number("1"), out)));
}

/* n - s is as good as s; adding the order to r or s is not. */
static void
knows_the_mirror_and_no_other_form_of_a_signature(void)
{
	uint8_t out[160];
	struct bytes sig = sign(key, 32, out);
	const uint8_t *p = sig.ptr;
	CLEANUP(ECDSA_SIG_freep)
	ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &p, (long)sig.len);
	BIGNUM *order = number(ORDER);
	BIGNUM *mirror = BN_new(), *more = BN_new();
	BN_sub(mirror, order, ECDSA_SIG_get0_s(parts));
	BN_add(more, order, ECDSA_SIG_get0_r(parts));
	CHECK(both_accept(
	    32, encode(BN_dup(ECDSA_SIG_get0_r(parts)), mirror, out)));
	CHECK(both_refuse(
	    32, encode(more, BN_dup(ECDSA_SIG_get0_s(parts)), out)));
	BN_free(order);
}

/* A length in two bytes, a number with a zero too many (X.690 8.3.2, 10.1). */
static void
refuses_ber_that_is_not_der(void)
{
	uint8_t in[160], out[164];
	struct bytes sig = sign(key, 32, in);
	out[0] = 0x30;
	out[1] = 0x81;
	memcpy(out + 2, in + 1, sig.len - 1);
	CHECK(both_refuse(32, bytes_of(out, sig.len + 1)));
	out[1] = (uint8_t)(in[1] + 1);
	out[2] = 0x02;
	out[3] = (uint8_t)(in[3] + 1);
	out[4] = 0;
	memcpy(out + 5, in + 4, sig.len - 4);
	CHECK(both_refuse(32, bytes_of(out, sig.len + 1)));
}

static void
other_keys_have_no_table(void)
{
	EVP_PKEY *others[] = { EVP_EC_gen("P-384"), EVP_EC_gen("secp256k1"),
		EVP_RSA_gen(2048), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") };
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		struct often_key *none = NULL;
		CHECK_OK(often_key_new(others[i], &none));
		CHECK(none == NULL);
		EVP_PKEY_free(others[i]);
	}
}

static void
a_certificate_says_the_same_before_and_after(void)
{
	struct test_ca t = { 0 };
	bool before = false, after = false, wrong = true;
	CLEANUP(buf_done) struct buf v = BUF(256);
	CHECK_OK(test_ca_make(&t, "P-256"));
	if (t.ca == NULL)
		return;
	struct signer signer = softkey_signer(t.ca_key);
	const struct sig_alg alg = softkey_alg(t.ca_key);
	const struct bytes d = bytes_of(digest, 32);
	CHECK_OK(signer.sign(signer.ctx, alg, d, &v));
	CHECK_OK(cert_verify_digest(t.ca, alg, d, buf_bytes(&v), &before));
	CHECK_OK(cert_verifies_often(t.ca));
	CHECK_OK(cert_verify_digest(t.ca, alg, d, buf_bytes(&v), &after));
	digest[0] ^= 1;
	CHECK_OK(cert_verify_digest(t.ca, alg, d, buf_bytes(&v), &wrong));
	CHECK(before && after && !wrong);
	CHECK_ERR(cert_verify_digest(
		      t.ca, alg, bytes_slice(d, 0, 31), buf_bytes(&v), &wrong),
	    ERR_USAGE);
	test_ca_done(&t);
}

int
main(void)
{
	key = EVP_EC_gen("P-256");
	CHECK_OK(often_key_new(key, &often));
	if (often == NULL) {
		printf("1..0 # SKIP this OpenSSL has no tables for keys\n");
		EVP_PKEY_free(key);
		return 0;
	}
	RUN(accepts_what_the_key_signed);
	RUN(refuses_another_key_another_digest_and_every_changed_byte);
	RUN(refuses_numbers_out_of_range);
	RUN(knows_the_mirror_and_no_other_form_of_a_signature);
	RUN(refuses_ber_that_is_not_der);
	RUN(other_keys_have_no_table);
	RUN(a_certificate_says_the_same_before_and_after);
	often_key_free(often);
	EVP_PKEY_free(key);
	return DONE();
}
