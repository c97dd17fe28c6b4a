/* OpenSSL without decoders: the same keys, ciphers and random numbers. */
#include <pthread.h>
#include <string.h>

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "pkcs11/lean.h"
#include "tests/tap.h"

/* How many decoders there are for a key in PKCS#8, in this thread. */
static int
decoders(void)
{
	EVP_PKEY *none = NULL;
	OSSL_DECODER_CTX *c = OSSL_DECODER_CTX_new_for_pkey(&none, "DER",
	    "PrivateKeyInfo", NULL, OSSL_KEYMGMT_SELECT_KEYPAIR, NULL, NULL);
	int n = c == NULL ? -1 : OSSL_DECODER_CTX_get_num_decoders(c);
	OSSL_DECODER_CTX_free(c);
	ERR_clear_error();
	return n;
}

static void
there_are_no_decoders_inside_and_all_outside(void)
{
	int before = decoders();
	OSSL_LIB_CTX *was = lean_enter();
	CHECK(was != NULL);
	int inside = decoders();
	lean_leave(was);
	CHECK(before > 0);
	CHECK(inside == 0);
	CHECK(decoders() == before);
}

static bool
is_read_again(EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *packed = EVP_PKEY2PKCS8(key);
	OSSL_LIB_CTX *was = lean_enter();
	EVP_PKEY *again = EVP_PKCS82PKEY(packed);
	lean_leave(was);
	bool ok = was != NULL && again != NULL && EVP_PKEY_eq(key, again) == 1;
	EVP_PKEY_free(again);
	PKCS8_PRIV_KEY_INFO_free(packed);
	EVP_PKEY_free(key);
	return ok;
}

static void
every_kind_of_key_is_read(void)
{
	CHECK(is_read_again(EVP_EC_gen("P-256")));
	CHECK(is_read_again(EVP_EC_gen("P-384")));
	CHECK(is_read_again(EVP_RSA_gen(2048)));
	CHECK(is_read_again(EVP_RSA_gen(3072)));
}

static void
a_broken_key_is_refused_and_leaves_no_error_behind(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	PKCS8_PRIV_KEY_INFO *packed = EVP_PKEY2PKCS8(key);
	ASN1_OBJECT *unknown = OBJ_txt2obj("1.2.3.4.5.6.7", 1);
	CHECK(PKCS8_pkey_set0(
		  packed, unknown, 0, V_ASN1_UNDEF, NULL, NULL, 0) == 1);
	ERR_clear_error();
	OSSL_LIB_CTX *was = lean_enter();
	CHECK(EVP_PKCS82PKEY(packed) == NULL);
	lean_leave(was);
	CHECK(ERR_peek_error() == 0);
	PKCS8_PRIV_KEY_INFO_free(packed);
	EVP_PKEY_free(key);
}

/* AES-256-CBC, which SoftHSM hides attributes with, of zeros under zeros. */
static bool
encrypts(uint8_t out[32])
{
	static const uint8_t zeros[32];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n = 0;
	bool ok = EVP_EncryptInit(c, EVP_aes_256_cbc(), zeros, zeros) == 1 &&
		  EVP_EncryptUpdate(c, out, &n, zeros, 16) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok;
}

static void
ciphers_and_random_numbers_are_there(void)
{
	uint8_t plain[32] = { 0 }, inside[32] = { 1 };
	uint8_t a[32] = { 0 }, b[32] = { 0 };
	CHECK(encrypts(plain));
	OSSL_LIB_CTX *was = lean_enter();
	CHECK(encrypts(inside));
	CHECK(RAND_bytes(a, sizeof(a)) == 1);
	CHECK(RAND_bytes(b, sizeof(b)) == 1);
	lean_leave(was);
	CHECK(memcmp(plain, inside, 16) == 0);
	CHECK(memcmp(a, b, sizeof(a)) != 0);
}

#define THREADS 4
#define TIMES 50

static void *
go_in_and_out(void *ctx)
{
	bool *ok = ctx;
	*ok = true;
	for (int i = 0; i < TIMES && *ok; i++)
		*ok = is_read_again(EVP_EC_gen("P-256")) && decoders() > 0;
	return NULL;
}

static void
threads_do_not_see_each_other_inside(void)
{
	pthread_t threads[THREADS];
	bool ok[THREADS] = { false };
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(
			  &threads[i], NULL, go_in_and_out, &ok[i]) == 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		CHECK(ok[i]);
	}
}

int
main(void)
{
	RUN(there_are_no_decoders_inside_and_all_outside);
	RUN(every_kind_of_key_is_read);
	RUN(a_broken_key_is_refused_and_leaves_no_error_behind);
	RUN(ciphers_and_random_numbers_are_there);
	RUN(threads_do_not_see_each_other_inside);
	return DONE();
}
