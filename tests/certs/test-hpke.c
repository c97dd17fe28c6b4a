/* HPKE, and PINs sealed by it.  Vectors of RFC 9180 A.3.1; the one with
 * AES-256-GCM, which the RFC's text does not print, is pyhpke 0.6's. */
#include "certs/hpke.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>

#include "certs/ossl.h"
#include "certs/pin_message.h"
#include "tests/tap.h"

#define SK_R "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2"
#define PK_R                                                                   \
	"04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82"   \
	"6a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0"
#define ENC                                                                    \
	"04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"   \
	"8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4"
#define SHARED                                                                 \
	"c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8"
#define CIPHERTEXT                                                             \
	"518c46e6810fbc55362f7d5995b0f54339d93664ca44e5c74d0f289c4f7983b4781b" \
	"193de04ad3319f177244de"
#define EXPORTED                                                               \
	"47d00c7e0fc8876e88795bc49217ae852c642b6d53773e695e4ca50003e242e0"

static struct buf
hex(const char *text)
{
	struct buf b = BUF(4096);
	CHECK_OK(hex_decode(bytes_str(text), &b));
	return b;
}

/* The recipient's key, in memory. */
static EVP_PKEY *
private_key(const char *secret, const char *point)
{
	CLEANUP(buf_done) struct buf p = hex(point);
	CLEANUP(buf_done) struct buf s = hex(secret);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;
	uint8_t little[32];
	for (size_t i = 0; i < sizeof(little); i++)
		little[i] = s.ptr[sizeof(little) - 1 - i];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
		    (char *)(uintptr_t) "P-256", 0),
		OSSL_PARAM_construct_octet_string(
		    OSSL_PKEY_PARAM_PUB_KEY, p.ptr, p.len),
		OSSL_PARAM_construct_BN(
		    OSSL_PKEY_PARAM_PRIV_KEY, little, sizeof(little)),
		OSSL_PARAM_construct_end(),
	};
	CHECK(EVP_PKEY_fromdata_init(c) == 1 &&
	      EVP_PKEY_fromdata(c, &key, EVP_PKEY_KEYPAIR, params) == 1);
	EVP_PKEY_CTX_free(c);
	return key;
}

static struct err *
dh_in_memory(void *ctx, struct bytes point, uint8_t out[HPKE_DH])
{
	EVP_PKEY *peer = EVP_PKEY_new();
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(ctx, NULL);
	size_t len = HPKE_DH;
	bool ok = EVP_PKEY_copy_parameters(peer, ctx) == 1 &&
		  EVP_PKEY_set1_encoded_public_key(
		      peer, point.ptr, point.len) == 1 &&
		  EVP_PKEY_derive_init(c) == 1 &&
		  EVP_PKEY_derive_set_peer(c, peer) == 1 &&
		  EVP_PKEY_derive(c, out, &len) == 1;
	EVP_PKEY_free(peer);
	EVP_PKEY_CTX_free(c);
	return ok ? NULL : err_ossl(ERR_INTERNAL, "dh");
}

static struct hpke_recipient
recipient(EVP_PKEY *key)
{
	struct hpke_recipient r = { .ctx = key, .dh = dh_in_memory };
	CHECK_OK(hpke_point(key, r.point));
	return r;
}

static void
the_kem_gives_the_secret_of_the_rfc(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = private_key(SK_R, PK_R);
	CLEANUP(buf_done) struct buf enc = hex(ENC);
	CLEANUP(buf_done) struct buf pk = hex(PK_R);
	CLEANUP(buf_done) struct buf expected = hex(SHARED);
	uint8_t dh[HPKE_DH], secret[32];
	CHECK_OK(dh_in_memory(key, buf_bytes(&enc), dh));
	CHECK_OK(hpke_kem_secret(bytes_of(dh, sizeof(dh)), buf_bytes(&enc),
	    buf_bytes(&pk), secret));
	CHECK(bytes_eq(bytes_of(secret, 32), buf_bytes(&expected)));
}

static void
opens_what_another_program_sealed(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = private_key(SK_R, PK_R);
	const struct hpke_recipient r = recipient(key);
	CLEANUP(buf_done) struct buf sealed = hex(ENC CIPHERTEXT);
	CLEANUP(buf_done) struct buf expected = hex(EXPORTED);
	CLEANUP(secret_done) struct secret plain = { 0 };
	CLEANUP(secret_done) struct secret exporter = { 0 };
	uint8_t exported[32];
	bool ok = false;
	CHECK_OK(hpke_open(&r, BYTES_LIT("Ode on a Grecian Urn"),
	    BYTES_LIT("Count-0"), buf_bytes(&sealed), &plain, &exporter, &ok));
	CHECK(ok);
	CHECK(bytes_eq_str(
	    secret_bytes(&plain), "Beauty is truth, truth beauty"));
	CHECK_OK(hpke_export(
	    secret_bytes(&exporter), BYTES_LIT("TestContext"), exported));
	CHECK(bytes_eq(bytes_of(exported, 32), buf_bytes(&expected)));
}

static void
a_point_that_is_not_on_the_curve_reaches_no_key(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = private_key(SK_R, PK_R);
	struct hpke_recipient r = recipient(key);
	CLEANUP(buf_done) struct buf sealed = hex(ENC CIPHERTEXT);
	CLEANUP(secret_done) struct secret plain = { 0 };
	bool ok = true;
	r.dh = NULL; /* would crash if it were asked */
	sealed.ptr[40] ^= 1;
	CHECK_OK(hpke_open(&r, BYTES_NONE, BYTES_NONE, buf_bytes(&sealed),
	    &plain, NULL, &ok));
	CHECK(!ok);
	CHECK_OK(hpke_open(&r, BYTES_NONE, BYTES_NONE,
	    bytes_slice(buf_bytes(&sealed), 0, HPKE_OVERHEAD), &plain, NULL,
	    &ok));
	CHECK(!ok);
}

/* The hybrid form of X9.62, which OpenSSL reads: a token that does not would
 * look broken to who asks it. */
static void
a_point_in_another_form_reaches_no_key(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = private_key(SK_R, PK_R);
	struct hpke_recipient r = recipient(key);
	CLEANUP(buf_done) struct buf sealed = hex(ENC CIPHERTEXT);
	CLEANUP(secret_done) struct secret plain = { 0 };
	bool ok = true;
	r.dh = NULL; /* would crash if it were asked */
	sealed.ptr[0] = 0x06 | (sealed.ptr[HPKE_POINT - 1] & 1);
	CHECK_OK(hpke_open(&r, BYTES_NONE, BYTES_NONE, buf_bytes(&sealed),
	    &plain, NULL, &ok));
	CHECK(!ok);
}

/* ---- PINs ---- */

static const uint8_t one[32] = { 1 }, two[32] = { 2 };
static const struct bytes digests[] = { { one, 32 }, { two, 32 } };
static const struct pin_purpose purpose = { .what = PIN_FOR_SIGNING,
	.subject = { (const uint8_t *)"cred", 4 },
	.count = 2,
	.digest_oid = "2.16.840.1.101.3.4.2.1",
	.digests = digests,
	.ndigests = 2 };

static bool
opens(const struct hpke_recipient *r, const struct pin_purpose *p,
    struct bytes sealed)
{
	CLEANUP(secret_done) struct secret plain = { 0 };
	struct pin_message m = { 0 };
	bool ok = false;
	CHECK_OK(pin_message_open(r, p, sealed, &plain, &m, NULL, &ok));
	return ok && m.time == 1234567 && bytes_eq_str(m.pin, "meo-con") &&
	       bytes_eq_str(m.code, "755224");
}

static struct err *
seal(EVP_PKEY *to, struct buf *out, struct secret *exporter)
{
	const struct pin_message m = { .time = 1234567,
		.pin = BYTES_LIT("meo-con"),
		.code = BYTES_LIT("755224") };
	return pin_message_seal(to, &purpose, &m, out, exporter);
}

static void
a_pin_opens_for_what_it_was_sealed_for_and_nothing_else(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = private_key(SK_R, PK_R);
	const struct hpke_recipient r = recipient(key);
	CLEANUP(buf_done) struct buf sealed = BUF(PIN_MESSAGE_MAX);
	CHECK_OK(seal(key, &sealed, NULL));
	struct bytes s = buf_bytes(&sealed);
	CHECK(bytes_find(s, BYTES_LIT("meo-con")) == SIZE_MAX);
	CHECK(opens(&r, &purpose, s));
	struct pin_purpose other = purpose;
	other.ndigests = 1;
	CHECK(!opens(&r, &other, s));
	other = purpose;
	other.count = 3;
	CHECK(!opens(&r, &other, s));
	other = purpose;
	other.subject = BYTES_LIT("creD");
	CHECK(!opens(&r, &other, s));
	other = purpose;
	other.what = PIN_FOR_ACTIVATION;
	CHECK(!opens(&r, &other, s));
	const struct bytes swapped[] = { digests[1], digests[0] };
	other = purpose;
	other.digests = swapped;
	CHECK(!opens(&r, &other, s));
}

static void
no_bit_of_a_sealed_pin_can_be_changed(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = private_key(SK_R, PK_R);
	const struct hpke_recipient r = recipient(key);
	CLEANUP(buf_done) struct buf sealed = BUF(PIN_MESSAGE_MAX);
	CHECK_OK(seal(key, &sealed, NULL));
	/* The id of the key in front only finds it. */
	for (size_t i = PIN_KEY_ID; i < sealed.len; i++) {
		sealed.ptr[i] ^= 4;
		CHECK(!opens(&r, &purpose, buf_bytes(&sealed)));
		sealed.ptr[i] ^= 4;
	}
	for (size_t n = 0; n < sealed.len; n++)
		CHECK(!opens(
		    &r, &purpose, bytes_slice(buf_bytes(&sealed), 0, n)));
	CHECK(opens(&r, &purpose, buf_bytes(&sealed)));
}

static void
an_answer_opens_for_who_sealed_the_pin(void)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = private_key(SK_R, PK_R);
	const struct hpke_recipient r = recipient(key);
	CLEANUP(buf_done) struct buf sealed = BUF(PIN_MESSAGE_MAX);
	CLEANUP(buf_done) struct buf answer = BUF(1024);
	CLEANUP(secret_done) struct secret mine = { 0 };
	CLEANUP(secret_done) struct secret theirs = { 0 };
	CLEANUP(secret_done) struct secret plain = { 0 };
	CLEANUP(secret_done) struct secret told = { 0 };
	struct pin_message m = { 0 };
	bool ok = false;
	CHECK_OK(seal(key, &sealed, &mine));
	CHECK_OK(pin_message_open(&r, &purpose, buf_bytes(&sealed), &plain, &m,
	    &theirs, &ok));
	CHECK_OK(pin_answer_seal(secret_bytes(&theirs),
	    BYTES_LIT("otpauth://totp/x"), &answer));
	CHECK_OK(pin_answer_open(
	    secret_bytes(&mine), buf_bytes(&answer), &told, &ok));
	CHECK(ok && bytes_eq_str(secret_bytes(&told), "otpauth://totp/x"));
	answer.ptr[0] ^= 1;
	CLEANUP(secret_done) struct secret nothing = { 0 };
	CHECK_OK(pin_answer_open(
	    secret_bytes(&mine), buf_bytes(&answer), &nothing, &ok));
	CHECK(!ok);
}

int
main(void)
{
	RUN(the_kem_gives_the_secret_of_the_rfc);
	RUN(opens_what_another_program_sealed);
	RUN(a_point_that_is_not_on_the_curve_reaches_no_key);
	RUN(a_point_in_another_form_reaches_no_key);
	RUN(a_pin_opens_for_what_it_was_sealed_for_and_nothing_else);
	RUN(no_bit_of_a_sealed_pin_can_be_changed);
	RUN(an_answer_opens_for_who_sealed_the_pin);
	return DONE();
}
