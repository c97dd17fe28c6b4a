#include "certs/cert.h"
#include "tests/certs/make.h"
#include "tests/tap.h"

#include <openssl/pem.h>

static const struct sig_alg ecdsa_sha256 = { .form = SIG_ECDSA,
	.digest = DIGEST_SHA256 };

static struct cert *
p256_cert(EVP_PKEY **key)
{
	*key = EVP_EC_gen("P-256");
	return make_self_signed(*key, "Nguyễn Thị Ánh", EVP_sha256());
}

static void
reads_a_certificate_whole(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	CLEANUP(cert_freep) struct cert *c = p256_cert(&key);
	CHECK(c != NULL);
	if (c == NULL)
		return;
	CHECK(strcmp(cert_subject(c), "CN=Nguyễn Thị Ánh,C=VN") == 0);
	CHECK(strcmp(cert_common_name(c), "Nguyễn Thị Ánh") == 0);
	CHECK(bytes_eq(cert_serial(c), BYTES_LIT("\x12\x34")));
	CHECK(cert_key_alg(c) == KEY_EC && cert_key_bits(c) == 256);
	CHECK(strcmp(cert_curve(c), "P-256") == 0);
	CHECK(cert_not_after(c) - cert_not_before(c) == 365 * 86400 + 60);
	CHECK(cert_key_usage(c) == (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION));
	CHECK(!cert_is_ca(c) && cert_is_self_issued(c));
	CHECK(cert_subject_der(c).len > 20);
}

static void
refuses_trailing_and_missing_bytes(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	CLEANUP(cert_freep) struct cert *c = p256_cert(&key);
	CLEANUP(buf_done) struct buf b = BUF(CERT_MAX + 1);
	CHECK_OK(buf_append(&b, cert_der(c)));
	CHECK_OK(buf_byte(&b, 0));
	struct cert *no = NULL;
	CHECK_ERR(cert_parse(buf_bytes(&b), &no), ERR_MALFORMED);
	CHECK_ERR(cert_parse(bytes_slice(buf_bytes(&b), 0, b.len - 2), &no),
	    ERR_MALFORMED);
	CHECK_ERR(cert_parse(BYTES_NONE, &no), ERR_MALFORMED);
	CHECK_OK(buf_fill(&b, 0, CERT_MAX + 1 - b.len));
	CHECK_ERR(cert_parse(buf_bytes(&b), &no), ERR_LIMIT);
	CHECK(no == NULL);
}

static void
replaces_what_nobody_should_see_in_a_name(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	/* A right-to-left override, as in "exe.pdf" written backwards. */
	CLEANUP(cert_freep)
	struct cert *c = make_self_signed(key,
	    "a\xe2\x80\xae"
	    "b",
	    EVP_sha256());
	CHECK(strcmp(cert_common_name(c), "a\xef\xbf\xbd"
					  "b") == 0);
}

static struct err *
sign(EVP_PKEY *key, const EVP_MD *md, int padding, struct bytes digest,
    struct buf *out)
{
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t sig[512];
	size_t len = sizeof(sig);
	if (EVP_PKEY_sign_init(ctx) != 1 ||
	    (padding != 0 && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) != 1) ||
	    EVP_PKEY_CTX_set_signature_md(ctx, md) != 1 ||
	    /* What is taken without a word is another in OpenSSL 3.1. */
	    (padding == RSA_PKCS1_PSS_PADDING &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_MAX) !=
		    1) ||
	    EVP_PKEY_sign(ctx, sig, &len, digest.ptr, digest.len) != 1)
		return err_ossl(ERR_INTERNAL, "EVP_PKEY_sign");
	return buf_append(out, bytes_of(sig, len));
}

static void
verifies_ecdsa_and_nothing_near_it(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	CLEANUP(cert_freep) struct cert *c = p256_cert(&key);
	uint8_t digest[DIGEST_MAX];
	CHECK_OK(digest_of(DIGEST_SHA256, BYTES_LIT("hồ sơ"), digest));
	struct bytes d = bytes_of(digest, 32);
	CLEANUP(buf_done) struct buf sig = BUF(512);
	CHECK_OK(sign(key, EVP_sha256(), 0, d, &sig));
	bool ok = false;
	CHECK_OK(cert_verify_digest(c, ecdsa_sha256, d, buf_bytes(&sig), &ok));
	CHECK(ok);
	CHECK_OK(cert_verify(
	    c, ecdsa_sha256, BYTES_LIT("hồ sơ"), buf_bytes(&sig), &ok));
	CHECK(ok);
	CHECK_OK(cert_verify(
	    c, ecdsa_sha256, BYTES_LIT("hồ so"), buf_bytes(&sig), &ok));
	CHECK(!ok);
	struct sig_alg rsa = { .form = SIG_RSA_PKCS1, .digest = DIGEST_SHA256 };
	ok = true;
	CHECK_OK(cert_verify_digest(c, rsa, d, buf_bytes(&sig), &ok));
	CHECK(!ok);
	CHECK_ERR(cert_verify_digest(c, ecdsa_sha256, bytes_slice(d, 0, 31),
		      buf_bytes(&sig), &ok),
	    ERR_USAGE);
	CHECK_OK(buf_byte(&sig, 0));
	ok = true;
	CHECK_OK(cert_verify_digest(c, ecdsa_sha256, d, buf_bytes(&sig), &ok));
	CHECK(!ok);
	ok = true;
	CHECK_OK(cert_verify_digest(c, ecdsa_sha256, d, BYTES_NONE, &ok));
	CHECK(!ok);
}

static void
turns_ecdsa_values_both_ways(void)
{
	CLEANUP(buf_done) struct buf der = BUF(128);
	CLEANUP(buf_done) struct buf back = BUF(128);
	uint8_t raw[64] = { [31] = 5, [32] = 0x80, [63] = 9 };
	CHECK_OK(ecdsa_raw_to_der(bytes_of(raw, 64), &der));
	CHECK_OK(ecdsa_der_to_raw(buf_bytes(&der), 256, &back));
	CHECK(bytes_eq(buf_bytes(&back), bytes_of(raw, 64)));
	CHECK_ERR(ecdsa_der_to_raw(buf_bytes(&der), 128, &back), ERR_MALFORMED);
	CHECK_ERR(ecdsa_raw_to_der(bytes_of(raw, 63), &der), ERR_MALFORMED);
}

static void
verifies_both_kinds_of_rsa(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = EVP_RSA_gen(2048);
	CLEANUP(cert_freep)
	struct cert *c = make_self_signed(key, "r", EVP_sha256());
	uint8_t digest[DIGEST_MAX];
	CHECK_OK(digest_of(DIGEST_SHA1, BYTES_LIT("x"), digest));
	struct bytes d = bytes_of(digest, 20);
	bool ok = false;

	CLEANUP(buf_done) struct buf v15 = BUF(512);
	CHECK_OK(sign(key, EVP_sha1(), RSA_PKCS1_PADDING, d, &v15));
	struct sig_alg a = { .form = SIG_RSA_PKCS1, .digest = DIGEST_SHA1 };
	CHECK_OK(cert_verify_digest(c, a, d, buf_bytes(&v15), &ok));
	CHECK(ok);

	CLEANUP(buf_done) struct buf pss = BUF(512);
	CHECK_OK(sign(key, EVP_sha1(), RSA_PKCS1_PSS_PADDING, d, &pss));
	a = (struct sig_alg){ .form = SIG_RSA_PSS,
		.digest = DIGEST_SHA1,
		.mgf1 = DIGEST_SHA1,
		.salt_len = 256 - 20 - 2 };
	CHECK_OK(cert_verify_digest(c, a, d, buf_bytes(&pss), &ok));
	CHECK(ok);
	a.salt_len = 20;
	CHECK_OK(cert_verify_digest(c, a, d, buf_bytes(&pss), &ok));
	CHECK(!ok);
}

/* RFC 4055 1.2, 3.1: the key states what it may sign with. */
static void
respects_the_parameters_of_a_pss_key(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *gen = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	CHECK(EVP_PKEY_keygen_init(gen) == 1);
	EVP_PKEY_CTX_set_rsa_keygen_bits(gen, 2048);
	EVP_PKEY_CTX_set_rsa_pss_keygen_md(gen, EVP_sha256());
	EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(gen, EVP_sha256());
	EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(gen, 32);
	CHECK(EVP_PKEY_generate(gen, &key) == 1);
	CLEANUP(cert_freep)
	struct cert *c = make_self_signed(key, "pss", EVP_sha256());
	CHECK(c != NULL && cert_key_alg(c) == KEY_RSA);
	if (c == NULL)
		return;

	uint8_t digest[DIGEST_MAX];
	CHECK_OK(digest_of(DIGEST_SHA256, BYTES_LIT("x"), digest));
	CLEANUP(EVP_PKEY_CTX_freep)
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t value[512];
	size_t len = sizeof(value);
	CHECK(EVP_PKEY_sign_init(ctx) == 1 &&
	      EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
	      EVP_PKEY_sign(ctx, value, &len, digest, 32) == 1);
	struct bytes v = bytes_of(value, len);
	struct sig_alg a = { .form = SIG_RSA_PSS,
		.digest = DIGEST_SHA256,
		.mgf1 = DIGEST_SHA256,
		.salt_len = 32 };
	bool ok = false;
	CHECK_OK(cert_verify_digest(c, a, bytes_of(digest, 32), v, &ok));
	CHECK(ok);
	struct sig_alg other = a;
	other.mgf1 = DIGEST_SHA1;
	CHECK_OK(cert_verify_digest(c, other, bytes_of(digest, 32), v, &ok));
	CHECK(!ok);
	other = a;
	other.salt_len = 20; /* shorter than the key allows */
	CHECK_OK(cert_verify_digest(c, other, bytes_of(digest, 32), v, &ok));
	CHECK(!ok);
	other =
	    (struct sig_alg){ .form = SIG_RSA_PKCS1, .digest = DIGEST_SHA256 };
	CHECK_OK(cert_verify_digest(c, other, bytes_of(digest, 32), v, &ok));
	CHECK(!ok);
	other = a;
	other.digest = DIGEST_SHA512;
	uint8_t digest512[DIGEST_MAX];
	CHECK_OK(digest_of(DIGEST_SHA512, BYTES_LIT("x"), digest512));
	CHECK_OK(cert_verify_digest(c, other, bytes_of(digest512, 64), v, &ok));
	CHECK(!ok);
}

static void
reads_keys_whose_curve_is_written_out(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	CHECK(EVP_PKEY_set_utf8_string_param(key, "encoding", "explicit") == 1);
	CLEANUP(cert_freep)
	struct cert *c = make_self_signed(key, "explicit", EVP_sha256());
	CHECK(c != NULL && cert_key_alg(c) == KEY_EC);
	CHECK(c != NULL && cert_key_bits(c) == 256);
}

static void
verifies_ed25519_over_the_message_only(void)
{
	CLEANUP(EVP_PKEY_freep)
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	CLEANUP(cert_freep) struct cert *c = make_self_signed(key, "e", NULL);
	CLEANUP(EVP_MD_CTX_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[64];
	size_t len = sizeof(sig);
	EVP_DigestSignInit(ctx, NULL, NULL, NULL, key);
	CHECK(EVP_DigestSign(ctx, sig, &len, (const uint8_t *)"x", 1) == 1);
	struct sig_alg a = { .form = SIG_EDDSA };
	bool ok = false;
	CHECK_OK(cert_verify(c, a, BYTES_LIT("x"), bytes_of(sig, len), &ok));
	CHECK(ok);
	CHECK_OK(cert_verify(c, a, BYTES_LIT("y"), bytes_of(sig, len), &ok));
	CHECK(!ok);
	CHECK_OK(cert_verify(c, a, BYTES_NONE, bytes_of(sig, len), &ok));
	CHECK(!ok);
	len = sizeof(sig);
	EVP_DigestSignInit(ctx, NULL, NULL, NULL, key);
	CHECK(EVP_DigestSign(ctx, sig, &len, NULL, 0) == 1);
	CHECK_OK(cert_verify(c, a, BYTES_NONE, bytes_of(sig, len), &ok));
	CHECK(ok);
	CHECK_ERR(
	    cert_verify_digest(c, a, BYTES_LIT("x"), bytes_of(sig, len), &ok),
	    ERR_USAGE);
}

static void
reads_pools_from_pem_and_der_once_each(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	CLEANUP(cert_freep) struct cert *c = p256_cert(&key);
	CLEANUP(BIO_free_allp) BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, cert_x509(c));
	PEM_write_bio_X509(bio, cert_x509(c));
	char *pem;
	long len = BIO_get_mem_data(bio, &pem);
	CLEANUP(cert_list_done) struct cert_list l = { 0 };
	CHECK_OK(cert_list_read(&l, bytes_of(pem, (size_t)len)));
	CHECK_OK(cert_list_read(&l, cert_der(c)));
	CHECK(l.n == 1 && cert_eq(l.v[0], c));
	CHECK_OK(cert_list_read(&l, bytes_of(pem, (size_t)len)));
	CHECK(l.n == 1);
	CHECK_ERR(cert_list_read(&l, bytes_of(pem, 200)), ERR_MALFORMED);
	CHECK_ERR(cert_list_read(&l, BYTES_LIT("hello")), ERR_MALFORMED);
	CHECK_ERR(cert_list_read(&l, BYTES_NONE), ERR_MALFORMED);
}

/* The next algorithm will come in the same bundle as those of today. */
static void
passes_over_what_a_pool_need_not_have(void)
{
	const struct bytes ec = BYTES_LIT("\x2a\x86\x48\xce\x3d\x02\x01");
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	CLEANUP(cert_freep) struct cert *c = p256_cert(&key);
	CLEANUP(buf_done) struct buf strange = BUF(CERT_MAX);
	CHECK_OK(buf_append(&strange, cert_der(c)));
	size_t at = bytes_find(buf_bytes(&strange), ec);
	CHECK(at != SIZE_MAX);
	strange.ptr[at + ec.len - 1] = 0x7f; /* no algorithm of anybody's */

	CLEANUP(BIO_free_allp) BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio(bio, PEM_STRING_X509, "", strange.ptr, (long)strange.len);
	PEM_write_bio_X509(bio, cert_x509(c));
	char *pem;
	long len = BIO_get_mem_data(bio, &pem);
	CLEANUP(cert_list_done) struct cert_list l = { 0 };
	size_t passed = 0;
	CHECK_ERR(
	    cert_list_read(&l, bytes_of(pem, (size_t)len)), ERR_UNSUPPORTED);
	CHECK_OK(cert_list_read_pool(&l, bytes_of(pem, (size_t)len), &passed));
	CHECK(l.n == 1 && passed == 1 && cert_eq(l.v[0], c));
	CHECK_OK(cert_list_read_pool(&l, buf_bytes(&strange), &passed));
	CHECK(l.n == 1 && passed == 2);
	CHECK_ERR(cert_list_read_pool(&l, BYTES_LIT("hello"), &passed),
	    ERR_MALFORMED);
}

static void
gives_the_same_bytes_the_same_certificate_again(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	CLEANUP(cert_freep) struct cert *c = p256_cert(&key);
	CLEANUP(cert_freep) struct cert *once = NULL;
	CLEANUP(cert_freep) struct cert *again = NULL;
	CLEANUP(cert_freep) struct cert *other = NULL;
	CHECK_OK(cert_parse_known(cert_der(c), &once));
	CHECK_OK(cert_parse_known(cert_der(c), &again));
	CHECK(once == again && cert_eq(once, c));
	/* One bit of the signature, at the end, and one of the name. */
	for (size_t at = 1; at < 3; at++) {
		CLEANUP(buf_done) struct buf b = BUF(CERT_MAX);
		CHECK_OK(buf_append(&b, cert_der(c)));
		size_t from_end = at == 1 ? 1 : b.len - 100;
		b.ptr[b.len - from_end] ^= 1;
		struct err *e = cert_parse_known(buf_bytes(&b), &other);
		CHECK(e != NULL || (other != once && !cert_eq(other, once)));
		err_free(e);
		cert_free(TAKE(other));
	}
}

/* Many more than there is room for, and the first ones again. */
static void
stays_right_when_many_certificates_were_seen(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert *seen[600];
	for (size_t i = 0; i < COUNT_OF(seen); i++)
		seen[i] = make_self_signed(key, "An", EVP_sha256());
	for (size_t i = 0; i < 2 * COUNT_OF(seen); i++) {
		CLEANUP(cert_freep) struct cert *c = NULL;
		struct cert *wanted = seen[i % COUNT_OF(seen)];
		CHECK_OK(cert_parse_known(cert_der(wanted), &c));
		CHECK(c != NULL && cert_eq(c, wanted));
	}
	for (size_t i = 0; i < COUNT_OF(seen); i++)
		cert_free(seen[i]);
}

int
main(void)
{
	RUN(reads_a_certificate_whole);
	RUN(refuses_trailing_and_missing_bytes);
	RUN(replaces_what_nobody_should_see_in_a_name);
	RUN(verifies_ecdsa_and_nothing_near_it);
	RUN(turns_ecdsa_values_both_ways);
	RUN(verifies_both_kinds_of_rsa);
	RUN(respects_the_parameters_of_a_pss_key);
	RUN(reads_keys_whose_curve_is_written_out);
	RUN(verifies_ed25519_over_the_message_only);
	RUN(reads_pools_from_pem_and_der_once_each);
	RUN(passes_over_what_a_pool_need_not_have);
	RUN(gives_the_same_bytes_the_same_certificate_again);
	RUN(stays_right_when_many_certificates_were_seen);
	return DONE();
}
