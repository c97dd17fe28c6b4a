/* Active authentication: the test plays the chip. */
#include "identity/aa.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "certs/cert.h"
#include "certs/ossl.h"
#include "cms/ber.h"
#include "tests/tap.h"

#define CHALLENGE BYTES_LIT("\x01\x02\x03\x04\x05\x06\x07\x08")

/* ISO/IEC 9796-2 scheme 1 with SHA-1 or SHA-256, as a chip does it.
 */
static void
sign_rsa(EVP_PKEY *key, enum digest_alg alg, uint8_t header,
    struct bytes challenge, uint8_t out[256])
{
	uint8_t block[256] = { header };
	size_t trailer = alg == DIGEST_SHA1 ? 1 : 2;
	size_t m1 = sizeof(block) - 1 - digest_len(alg) - trailer;
	struct digest *d = NULL;
	uint8_t hash[DIGEST_MAX];
	memset(block + 1, 0x5a, m1);
	CHECK_OK(digest_new(alg, &d));
	CHECK_OK(digest_add(d, bytes_of(block + 1, m1)));
	CHECK_OK(digest_add(d, challenge));
	CHECK_OK(digest_final(d, hash));
	digest_free(d);
	memcpy(block + 1 + m1, hash, digest_len(alg));
	block[255] = alg == DIGEST_SHA1 ? 0xbc : 0xcc;
	if (alg != DIGEST_SHA1)
		block[254] = 0x34;
	size_t len = sizeof(block);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	if (EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) != 1 ||
	    EVP_PKEY_sign(ctx, out, &len, block, sizeof(block)) != 1)
		abort();
	EVP_PKEY_CTX_free(ctx);
}

static bool
verify(EVP_PKEY *key, enum digest_alg alg, struct bytes challenge,
    struct bytes signature)
{
	bool ok = false;
	CHECK_OK(aa_verify(key, alg, challenge, signature, &ok));
	return ok;
}

static void
accepts_a_chip_with_an_rsa_key(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = EVP_RSA_gen(2048);
	uint8_t s[256];
	sign_rsa(key, DIGEST_SHA1, 0x6a, CHALLENGE, s);
	CHECK(verify(key, DIGEST_NONE, CHALLENGE, bytes_of(s, sizeof(s))));
	sign_rsa(key, DIGEST_SHA256, 0x6a, CHALLENGE, s);
	CHECK(verify(key, DIGEST_NONE, CHALLENGE, bytes_of(s, sizeof(s))));
	/* n - s is as good. */
	CLEANUP(BN_freep) BIGNUM *n = NULL;
	CLEANUP(BN_freep) BIGNUM *v = BN_bin2bn(s, sizeof(s), NULL);
	EVP_PKEY_get_bn_param(key, "n", &n);
	BN_sub(v, n, v);
	BN_bn2binpad(v, s, sizeof(s));
	CHECK(verify(key, DIGEST_NONE, CHALLENGE, bytes_of(s, sizeof(s))));
}

static void
refuses_rsa_values_that_are_wrong(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = EVP_RSA_gen(2048);
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *other = EVP_RSA_gen(2048);
	uint8_t s[256];
	struct bytes sig = bytes_of(s, sizeof(s));
	sign_rsa(key, DIGEST_SHA256, 0x4a, CHALLENGE, s);
	CHECK(!verify(key, DIGEST_NONE, CHALLENGE, sig));
	sign_rsa(key, DIGEST_SHA256, 0x6a, CHALLENGE, s);
	CHECK(!verify(other, DIGEST_NONE, CHALLENGE, sig));
	CHECK(!verify(key, DIGEST_NONE,
	    BYTES_LIT("\x01\x02\x03\x04\x05\x06\x07\x09"), sig));
	CHECK(!verify(key, DIGEST_NONE, CHALLENGE, bytes_slice(sig, 0, 255)));
	CHECK(!verify(key, DIGEST_NONE, CHALLENGE, BYTES_NONE));
	s[100] ^= 1;
	CHECK(!verify(key, DIGEST_NONE, CHALLENGE, sig));
	memset(s, 0, sizeof(s));
	CHECK(!verify(key, DIGEST_NONE, CHALLENGE, sig));
	memset(s, 0xff, sizeof(s));
	CHECK(!verify(key, DIGEST_NONE, CHALLENGE, sig));
	bool ok;
	CHECK_ERR(aa_verify(key, DIGEST_NONE, BYTES_LIT("short"), sig, &ok),
	    ERR_USAGE);
}

static void
accepts_a_chip_with_an_ec_key_and_no_other(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("brainpoolP256r1");
	uint8_t der[128];
	size_t len = sizeof(der);
	CLEANUP(buf_done) struct buf raw = BUF(64);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	if (EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(md, der, &len, CHALLENGE.ptr, CHALLENGE.len) != 1)
		abort();
	EVP_MD_CTX_free(md);
	CHECK_OK(ecdsa_der_to_raw(bytes_of(der, len), 256, &raw));
	struct bytes sig = buf_bytes(&raw);
	CHECK(verify(key, DIGEST_SHA256, CHALLENGE, sig));
	CHECK(!verify(key, DIGEST_SHA384, CHALLENGE, sig));
	CHECK(!verify(key, DIGEST_NONE, CHALLENGE, sig));
	CHECK(!verify(key, DIGEST_SHA256, CHALLENGE, bytes_from(sig, 1)));
	raw.ptr[5] ^= 1;
	CHECK(!verify(key, DIGEST_SHA256, CHALLENGE, sig));
}

static void
reads_the_key_from_data_group_15(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	CLEANUP(EVP_PKEY_freep)
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *out = NULL;
	CLEANUP(buf_done) struct buf dg = BUF(1024);
	CLEANUP(ossl_freep) uint8_t *der = NULL;
	CLEANUP(ossl_freep) uint8_t *der2 = NULL;
	int len = i2d_PUBKEY(key, &der);
	CHECK_OK(der_put(&dg, 0x6f, bytes_of(der, (size_t)len)));
	CHECK_OK(aa_key(buf_bytes(&dg), &out));
	CHECK(EVP_PKEY_eq(key, out) == 1);
	EVP_PKEY *no = NULL;
	CHECK_ERR(aa_key(bytes_of(der, (size_t)len), &no), ERR_MALFORMED);
	CHECK_ERR(aa_key(BYTES_LIT("\x6f\x00"), &no), ERR_MALFORMED);
	buf_clear(&dg);
	len = i2d_PUBKEY(ed, &der2);
	CHECK_OK(der_put(&dg, 0x6f, bytes_of(der2, (size_t)len)));
	CHECK_ERR(aa_key(buf_bytes(&dg), &no), ERR_UNSUPPORTED);
}

#define INFO                                                                   \
	"\x30\x17\x06\x06\x67\x81\x08\x01\x01\x05\x02\x01\x01"                 \
	"\x06\x0a\x04\x00\x7f\x00\x07\x01\x01\x04\x01"

static void
reads_the_hash_from_data_group_14(void)
{
	enum digest_alg alg = DIGEST_NONE;
	CHECK_OK(aa_digest(BYTES_LIT("\x6e\x1b\x31\x19" INFO "\x03"), &alg));
	CHECK(alg == DIGEST_SHA256);
	CHECK_ERR(aa_digest(BYTES_LIT("\x6e\x1b\x31\x19" INFO "\x09"), &alg),
	    ERR_MISSING);
	CHECK_ERR(aa_digest(BYTES_LIT("\x6e\x02\x31\x00"), &alg), ERR_MISSING);
	CHECK_ERR(
	    aa_digest(
		BYTES_LIT("\x6e\x34\x31\x32" INFO "\x03" INFO "\x05"), &alg),
	    ERR_MALFORMED);
}

int
main(void)
{
	RUN(accepts_a_chip_with_an_rsa_key);
	RUN(refuses_rsa_values_that_are_wrong);
	RUN(accepts_a_chip_with_an_ec_key_and_no_other);
	RUN(reads_the_key_from_data_group_15);
	RUN(reads_the_hash_from_data_group_14);
	return DONE();
}
