/* Public keys by the short way are those that OpenSSL reads by the long one. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "certs/cert.h"
#include "certs/issue.h"
#include "certs/ossl.h"
#include "certs/softkey.h"
#include "certs/spki.h"
#include "tests/tap.h"

static struct bytes
encode(EVP_PKEY *key, uint8_t **der)
{
	*der = NULL;
	int n = i2d_PUBKEY(key, der);
	return bytes_of(*der, n > 0 ? (size_t)n : 0);
}

static void
check_same(EVP_PKEY *key)
{
	uint8_t *der;
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *read = NULL;
	struct bytes spki = encode(key, &der);
	CHECK_OK(key_from_spki(spki, &read));
	CHECK(read != NULL && EVP_PKEY_eq(read, key) == 1);
	CHECK(read != NULL && key_alg_of(read) == key_alg_of(key));
	CHECK(read != NULL && EVP_PKEY_get_bits(read) == EVP_PKEY_get_bits(key));
	OPENSSL_free(der);
}

static void
reads_every_kind_of_key(void)
{
	EVP_PKEY *keys[] = { EVP_EC_gen("P-256"), EVP_EC_gen("P-384"),
		EVP_EC_gen("P-521"), EVP_EC_gen("brainpoolP256r1"),
		EVP_RSA_gen(2048), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") };
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		CHECK(keys[i] != NULL);
		check_same(keys[i]);
		EVP_PKEY_free(keys[i]);
	}
}

static void
refuses_a_point_off_the_curve_and_bytes_that_follow(void)
{
	uint8_t *der;
	uint8_t copy[128];
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY *read = NULL;
	struct bytes spki = encode(key, &der);
	memcpy(copy, spki.ptr, spki.len);
	copy[spki.len - 1] ^= 1;
	CHECK_ERR(key_from_spki(bytes_of(copy, spki.len), &read), ERR_MALFORMED);
	copy[spki.len - 1] ^= 1;
	copy[spki.len] = 0;
	CHECK_ERR(
	    key_from_spki(bytes_of(copy, spki.len + 1), &read), ERR_MALFORMED);
	for (size_t n = 0; n < spki.len; n++)
		CHECK_ERR(key_from_spki(bytes_of(copy, n), &read), ERR_MALFORMED);
	CHECK(read == NULL);
	OPENSSL_free(der);
}

static void
finds_the_key_of_a_certificate(void)
{
	CLEANUP(softkey_freep) struct softkey *key = NULL;
	CLEANUP(cert_freep) struct cert *c = NULL;
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *read = NULL;
	CHECK_OK(softkey_generate("P-256", &key));
	struct signer signer = softkey_signer(key);
	const struct subject_field names[] = { { "C", "VN" }, { "O", "Thử" },
		{ "CN", "Thử" } };
	const struct cert_fields f = { .profile = cert_profile_find("root-ca"),
		.subject = names,
		.nsubject = COUNT_OF(names),
		.key = softkey_evp(key),
		.not_before = 1700000000,
		.not_after = 1800000000,
		.alg = { .form = SIG_ECDSA, .digest = DIGEST_SHA256 } };
	CHECK_OK(cert_issue(&f, &signer, &c));
	CHECK_OK(key_from_cert(cert_der(c), &read));
	CHECK(read != NULL && EVP_PKEY_eq(read, cert_key(c)) == 1);
	for (size_t n = 0; n + 120 < cert_der(c).len; n++) {
		EVP_PKEY *none = NULL;
		struct bytes cut = bytes_slice(cert_der(c), 0, n);
		CHECK_ERR(key_from_cert(cut, &none), ERR_MALFORMED);
	}
}

int
main(void)
{
	RUN(reads_every_kind_of_key);
	RUN(refuses_a_point_off_the_curve_and_bytes_that_follow);
	RUN(finds_the_key_of_a_certificate);
	return DONE();
}
