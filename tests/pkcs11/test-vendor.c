/* What differs between makes, played by the faulty module over SoftHSM. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "certs/ossl.h"
#include "certs/spki.h"
#include "pkcs11/keys.h"
#include "pkcs11/wrap.h"
#include "tests/pkcs11/faulty.h"
#include "tests/softhsm.h"
#include "tests/tap.h"

static struct p11_module *module;
static struct p11_token token;
static struct p11_session s;
static struct faulty_orders *orders;
static char dir[] = "/tmp/test-vendor-XXXXXX";

static const struct sig_alg ecdsa = { .form = SIG_ECDSA,
	.digest = DIGEST_SHA256 };

/* Before the module is loaded: it reads where its orders lie when it starts. */
static struct err *
open_faulty(void)
{
	char path[256];
	const char *build = getenv("top_builddir");
	snprintf(path, sizeof(path), "%s/orders", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*orders)) != 0)
		return err_new(ERR_INTERNAL, NULL, "%s", path);
	orders = mmap(
	    NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (orders == MAP_FAILED)
		return err_new(ERR_INTERNAL, NULL, "mmap");
	setenv(FAULTY_ORDERS, path, 1);
	setenv(FAULTY_TARGET, softhsm_module(), 1);
	snprintf(path, sizeof(path), "%s/tests/pkcs11/.libs/faulty.so",
	    build == NULL ? "." : build);
	TRY(p11_module_open(path, &module));
	TRY(p11_token_find(module, "pkcs11:token=makes", &token));
	TRY(p11_session_open(&token, true, &s));
	return p11_login(&s, BYTES_LIT(SOFTHSM_PIN));
}

/* Signs with the key, of a make whose ECDSA has that form. */
static struct err *
sign_as(enum p11_ecdsa form, CK_OBJECT_HANDLE key, struct buf *value)
{
	static const uint8_t digest[32] = { 3, 1, 4 };
	const struct key_shape shape = { KEY_EC, 256 };
	struct p11_vendor make = *s.vendor;
	struct p11_session as = s;
	make.ecdsa = form;
	as.vendor = &make;
	return p11_sign(
	    &as, key, shape, ecdsa, bytes_of(digest, sizeof(digest)), value);
}

static bool
holds(EVP_PKEY *key, struct bytes value)
{
	static const uint8_t digest[32] = { 3, 1, 4 };
	bool ok = false;
	CHECK_OK(key_verify_digest(
	    key, ecdsa, bytes_of(digest, sizeof(digest)), value, &ok));
	return ok;
}

/* Many, for r and s have 0 in front now and then, or none. */
static void
a_make_that_gives_der_is_a_row_and_no_code(void)
{
	CK_OBJECT_HANDLE handle;
	CLEANUP(buf_done) struct buf spki = BUF(1024);
	CLEANUP(buf_done) struct buf value = BUF(256);
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	CHECK_OK(
	    p11_pair_make(&s, KIND_P256, BYTES_LIT("der"), &handle, &spki));
	CHECK_OK(key_from_spki(buf_bytes(&spki), &key));
	CHECK_OK(sign_as(ECDSA_RAW, handle, &value));
	CHECK(holds(key, buf_bytes(&value)));
	orders->function = F_SIGN;
	orders->fault = FAULT_DER;
	orders->times = -1;
	for (int i = 0; i < 600; i++) {
		buf_clear(&value);
		CHECK_OK(sign_as(ECDSA_DER, handle, &value));
		CHECK(holds(key, buf_bytes(&value)));
	}
	CHECK(orders->done == 600);
	/* Under the row of another make it is no signature, and is not passed
	 * on: DER of P-256 never has the 64 bytes of r and s. */
	buf_clear(&value);
	CHECK_ERR(sign_as(ECDSA_RAW, handle, &value), ERR_REMOTE);
	CHECK(value.len == 0);
	orders->times = 0;
	/* And r || s where DER is said does not hold. */
	CHECK_OK(sign_as(ECDSA_DER, handle, &value));
	CHECK(!holds(key, buf_bytes(&value)));
}

/* ---- a make that nobody has seen yet ---- */

/* Knows no attribute but those of PKCS #11 2.20, exponentiates and leaves the
 * padding to others, gives DER. */
static const struct p11_vendor invented = { .name = "Máy thử",
	.library = "Nobody",
	.token = "Nobody",
	.model = "",
	.pkcs1 = PADDED_HERE,
	.pss = PADDED_HERE,
	.ecdsa = ECDSA_DER,
	.wrap = 0x210A };

static const struct sig_alg rsa = { .form = SIG_RSA_PKCS1,
	.digest = DIGEST_SHA256 };
static const struct sig_alg pss = { .form = SIG_RSA_PSS,
	.digest = DIGEST_SHA256,
	.mgf1 = DIGEST_SHA256,
	.salt_len = 32 };

static void
check_wrapped(const struct p11_session *as, const struct p11_kek *kek,
    enum key_kind kind, struct sig_alg alg)
{
	static const uint8_t raw[32] = { 3, 1, 4 };
	const struct bytes digest = bytes_of(raw, sizeof(raw));
	CLEANUP(buf_done) struct buf blob = BUF(WRAPPED_MAX);
	CLEANUP(buf_done) struct buf spki = BUF(1024);
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	struct buf value[1] = { BUF(1024) };
	CHECK_OK(p11_wrapped_make(as, kek, kind, &blob, &spki));
	CHECK_OK(key_from_spki(buf_bytes(&spki), &key));
	/* Verifies what it signs. */
	CHECK_OK(p11_wrapped_sign(
	    as, kek, buf_bytes(&blob), key, alg, &digest, 1, value));
	CHECK(value[0].len > 0);
	buf_done(&value[0]);
}

static void
check_permanent(const struct p11_session *as, enum key_kind kind,
    struct bytes id, struct sig_alg alg)
{
	static const uint8_t raw[32] = { 3, 1, 4 };
	const struct bytes digest = bytes_of(raw, sizeof(raw));
	CK_OBJECT_HANDLE handle;
	CLEANUP(buf_done) struct buf spki = BUF(1024);
	CLEANUP(buf_done) struct buf value = BUF(1024);
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	bool ok = false;
	CHECK_OK(p11_pair_make(as, kind, id, &handle, &spki));
	CHECK_OK(p11_signing_check(as, handle));
	CHECK_OK(key_from_spki(buf_bytes(&spki), &key));
	CHECK_OK(
	    p11_sign(as, handle, key_kind_shape(kind), alg, digest, &value));
	CHECK_OK(key_verify_digest(key, alg, digest, buf_bytes(&value), &ok));
	CHECK(ok);
}

static void
a_make_that_nobody_has_seen_yet_is_a_row(void)
{
	struct p11_session as = s;
	struct p11_kek kek = { .mechanism = invented.wrap };
	CK_OBJECT_HANDLE pepper;
	uint8_t hmac[P11_HMAC];
	as.vendor = &invented;
	orders->function = F_SIGN;
	orders->fault = FAULT_DER;
	orders->times = -1;
	CHECK_OK(p11_kek_make(&as, BYTES_LIT("kek"), &kek.handle));
	CHECK_OK(p11_kek_check(&as, kek.handle));
	CHECK_OK(p11_pepper_make(&as, BYTES_LIT("pepper"), &pepper));
	CHECK_OK(p11_pepper_check(&as, pepper));
	CHECK_OK(p11_hmac(&as, pepper, BYTES_LIT("x"), hmac));
	check_wrapped(&as, &kek, KIND_P256, ecdsa);
	check_permanent(&as, KIND_P256, BYTES_LIT("p1"), ecdsa);
	orders->times = 0;
	check_wrapped(&as, &kek, KIND_RSA_2048, rsa);
	check_wrapped(&as, &kek, KIND_RSA_2048, pss);
	check_permanent(&as, KIND_RSA_2048, BYTES_LIT("p2"), rsa);
}

int
main(void)
{
	const char *missing = softhsm_missing();
	if (missing != NULL) {
		printf("1..0 # SKIP %s\n", missing);
		return 0;
	}
	struct err *e = mkdtemp(dir) == NULL || softhsm_make(dir, "makes") != 0
			    ? err_new(ERR_INTERNAL, NULL, "softhsm2-util")
			    : open_faulty();
	if (e != NULL) {
		printf("Bail out! %s\n", err_text(e));
		return 1;
	}
	RUN(a_make_that_gives_der_is_a_row_and_no_code);
	RUN(a_make_that_nobody_has_seen_yet_is_a_row);
	p11_session_done(&s);
	p11_module_free(module);
	remove_tree(dir);
	return DONE();
}
