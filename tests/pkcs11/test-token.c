/* Keys in a real token. */
#include "certs/issue.h"
#include "certs/ossl.h"
#include "certs/softkey.h"
#include "certs/aead.h"
#include "pkcs11/agree.h"
#include "pkcs11/guard.h"
#include "pkcs11/wrap.h"
#include "tests/softhsm.h"
#include "tests/tap.h"

static char dir[128];
static struct p11_module *module;
static struct p11_session s;
static struct p11_kek kek;
static CK_OBJECT_HANDLE pepper, ca;
static struct softkey *issuer_key;
static struct cert *issuer;

static const struct sig_alg alg = { .form = SIG_ECDSA,
	.digest = DIGEST_SHA256 };
static const uint8_t digest_bytes[64] = { 1, 2, 3 };

static struct bytes
digest(void)
{
	return bytes_of(digest_bytes, 32);
}

static struct err *
make_cert(struct bytes spki, struct cert **out)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	TRY(key_from_spki(spki, &key));
	const struct subject_field subject[] = { { "C", "VN" },
		{ "ST", "Hà Nội" }, { "CN", "An" },
		{ "UID", "CCCD:001099012345" } };
	int64_t now = clock_now(&clock_system);
	const struct cert_fields f = {
		.profile = cert_profile_find("citizen"),
		.subject = subject,
		.nsubject = 4,
		.key = key,
		.issuer = issuer,
		.not_before = now - 10,
		.not_after = now + 1000,
		.alg = alg,
	};
	struct signer signer = softkey_signer(issuer_key);
	return cert_issue(&f, &signer, out);
}

static struct err *
make_issuer(void)
{
	TRY(softkey_generate("P-256", &issuer_key));
	const struct subject_field subject[] = { { "C", "VN" }, { "O", "Test" },
		{ "CN", "Root" } };
	int64_t now = clock_now(&clock_system);
	const struct cert_fields f = { .profile = cert_profile_find("root-ca"),
		.subject = subject,
		.nsubject = 3,
		.key = softkey_evp(issuer_key),
		.not_before = now - 10,
		.not_after = now + 100000,
		.alg = alg };
	struct signer signer = softkey_signer(issuer_key);
	return cert_issue(&f, &signer, &issuer);
}

static void
the_token_is_found_by_its_uri(void)
{
	struct p11_token t;
	CHECK_OK(
	    p11_token_find(module, "pkcs11:token=t%C3%AAn%20l%E1%BA%A1", &t));
	CHECK(strcmp(t.label, "tên lạ") == 0);
	CHECK(t.vendor->wrap == 0x210A);
	CHECK_ERR(p11_token_find(module, "pkcs11:token=other", &t), ERR_REMOTE);
	CHECK_ERR(p11_token_find(module, "token=x", &t), ERR_MALFORMED);
	CHECK_OK(p11_session_open(&t, true, &s));
}

/* Of the module, the slot and the token: each must fit. */
static void
every_attribute_of_the_uri_must_fit(void)
{
	static const char *const right[] = {
		"pkcs11:manufacturer=SoftHSM%20project",
		"pkcs11:library-manufacturer=SoftHSM",
		"pkcs11:library-description=Implementation%20of%20PKCS11",
		"pkcs11:library-version=2.6",
		"pkcs11:slot-manufacturer=SoftHSM%20project",
		"pkcs11:model=SoftHSM%20v2",
		"pkcs11:token=t%c3%aan%20l%e1%ba%a1"
	};
	static const char *const wrong[] = { "pkcs11:manufacturer=SoftHSM",
		"pkcs11:library-manufacturer=IBM",
		"pkcs11:library-description=x", "pkcs11:library-version=9.9",
		"pkcs11:slot-manufacturer=x", "pkcs11:slot-description=x",
		"pkcs11:slot-id=4711", "pkcs11:model=x", "pkcs11:serial=x",
		"pkcs11:token=T%C3%AAn%20l%E1%BA%A1" };
	struct p11_token t;
	for (size_t i = 0; i < COUNT_OF(right); i++) {
		struct err *e = p11_token_find(module, right[i], &t);
		if (e != NULL)
			printf("# %s: %s\n", right[i], err_text(e));
		CHECK(e == NULL);
		err_free(e);
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct err *e = p11_token_find(module, wrong[i], &t);
		CHECK(e != NULL && strcmp(err_code(e), "token-not-found") == 0);
		err_free(e);
	}
}

static void
a_wrong_pin_is_tried_once(void)
{
	struct err *e = p11_login(&s, BYTES_LIT("wrong-wrong"));
	CHECK(e != NULL && strcmp(err_code(e), "token-pin") == 0);
	err_free(e);
	CLEANUP(secret_done) struct secret pin = { 0 };
	char path[256];
	snprintf(path, sizeof(path), "%s/pin", dir);
	CHECK_OK(guard_read_secret(path, &pin));
	CHECK(bytes_eq_str(secret_bytes(&pin), SOFTHSM_PIN));
	CHECK_OK(p11_login(&s, secret_bytes(&pin)));
	CHECK_OK(p11_session_check(&s));
}

static void
a_pin_file_that_others_may_read_is_refused(void)
{
	CLEANUP(secret_done) struct secret pin = { 0 };
	char path[256];
	snprintf(path, sizeof(path), "%s/pin", dir);
	CHECK(chmod(path, 0604) == 0);
	CHECK_ERR(guard_read_secret(path, &pin), ERR_DENIED);
	CHECK(chmod(path, 0620) == 0);
	CHECK_ERR(guard_read_secret(path, &pin), ERR_DENIED);
	CHECK(chmod(path, 0600) == 0);
	snprintf(path, sizeof(path), "%s/none", dir);
	CHECK_ERR(guard_read_secret(path, &pin), ERR_MISSING);
}

static void
keys_are_made_and_found_by_id(void)
{
	CLEANUP(buf_done) struct buf spki = BUF(256);
	CK_OBJECT_HANDLE found = 0;
	kek.mechanism = s.vendor->wrap;
	CHECK_OK(p11_kek_make(&s, BYTES_LIT("kek-id"), &kek.handle));
	CHECK_OK(p11_pepper_make(&s, BYTES_LIT("pepper-id"), &pepper));
	CHECK_OK(p11_pair_make(&s, KIND_P256, BYTES_LIT("ca-id"), &ca, &spki));
	CHECK_OK(p11_key_find(&s, CKO_SECRET_KEY, BYTES_LIT("kek-id"), &found));
	CHECK(found == kek.handle);
	CHECK_OK(p11_key_find(&s, CKO_PRIVATE_KEY, BYTES_LIT("ca-id"), &found));
	CHECK(found == ca);
	CHECK_ERR(p11_key_find(&s, CKO_SECRET_KEY, BYTES_LIT("nope"), &found),
	    ERR_MISSING);
	CHECK_OK(p11_kek_check(&s, kek.handle));
	CHECK_OK(p11_pepper_check(&s, pepper));
}

static void
two_keys_with_one_id_are_refused(void)
{
	CK_OBJECT_HANDLE a, b, found;
	CHECK_OK(p11_pepper_make(&s, BYTES_LIT("twice"), &a));
	CHECK_OK(p11_pepper_make(&s, BYTES_LIT("twice"), &b));
	CHECK_ERR(p11_key_find(&s, CKO_SECRET_KEY, BYTES_LIT("twice"), &found),
	    ERR_USAGE);
	CHECK_OK(p11_destroy(&s, a));
	CHECK_OK(p11_destroy(&s, b));
}

/* What an attacker with a login would try on the KEK. */
static void
the_kek_decrypts_nothing_and_does_not_leave(void)
{
	CLEANUP(buf_done) struct buf blob = BUF(WRAPPED_MAX);
	CLEANUP(buf_done) struct buf spki = BUF(256);
	CHECK_OK(p11_wrapped_make(&s, &kek, KIND_P256, &blob, &spki));
	CHECK(blob.len == 80);
	CK_BYTE iv[16] = { 0 };
	const CK_MECHANISM_TYPE ways[] = { CKM_AES_ECB, CKM_AES_CBC_PAD,
		s.vendor->wrap };
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		CK_MECHANISM m = { ways[i],
			ways[i] == CKM_AES_CBC_PAD ? iv : NULL,
			ways[i] == CKM_AES_CBC_PAD ? sizeof(iv) : 0 };
		CHECK(s.f->C_DecryptInit(s.handle, &m, kek.handle) != CKR_OK);
		CHECK(s.f->C_EncryptInit(s.handle, &m, kek.handle) != CKR_OK);
	}
	CK_BYTE value[64];
	CK_ATTRIBUTE a = { CKA_VALUE, value, sizeof(value) };
	CHECK(s.f->C_GetAttributeValue(s.handle, kek.handle, &a, 1) != CKR_OK);
	CK_MECHANISM m = { kek.mechanism, NULL, 0 };
	CK_ULONG len = sizeof(value);
	CHECK(s.f->C_WrapKey(
		  s.handle, &m, kek.handle, kek.handle, value, &len) != CKR_OK);
	CHECK(s.f->C_WrapKey(s.handle, &m, kek.handle, pepper, value, &len) !=
	      CKR_OK);
}

static void
an_unwrapped_key_is_sensitive_and_cannot_be_wrapped_out_again(void)
{
	CLEANUP(buf_done) struct buf blob = BUF(WRAPPED_MAX);
	CLEANUP(buf_done) struct buf spki = BUF(256);
	CK_OBJECT_HANDLE key = 0;
	CHECK_OK(p11_wrapped_make(&s, &kek, KIND_P256, &blob, &spki));
	CHECK_OK(p11_wrapped_open(&s, &kek, KEY_EC, buf_bytes(&blob), &key));
	CK_BYTE out[WRAPPED_MAX];
	CK_ULONG len = sizeof(out);
	CK_MECHANISM m = { kek.mechanism, NULL, 0 };
	CHECK(
	    s.f->C_WrapKey(s.handle, &m, kek.handle, key, out, &len) != CKR_OK);
	CK_ATTRIBUTE a = { CKA_VALUE, out, sizeof(out) };
	CHECK(s.f->C_GetAttributeValue(s.handle, key, &a, 1) != CKR_OK);
	CHECK_OK(p11_destroy(&s, key));
	/* A laxer template than ours is refused by the KEK's own. */
	const CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	const CK_KEY_TYPE type = CKK_EC;
	const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE lax[] = {
		{ CKA_CLASS, (void *)(uintptr_t) & class, sizeof(class) },
		{ CKA_KEY_TYPE, (void *)(uintptr_t)&type, sizeof(type) },
		{ CKA_TOKEN, (void *)(uintptr_t)&no, sizeof(no) },
		{ CKA_SENSITIVE, (void *)(uintptr_t)&no, sizeof(no) },
		{ CKA_EXTRACTABLE, (void *)(uintptr_t)&yes, sizeof(yes) },
	};
	CHECK(s.f->C_UnwrapKey(s.handle, &m, kek.handle, blob.ptr, blob.len,
		  lax, COUNT_OF(lax), &key) != CKR_OK);
}

/* A session key that is as a KEK must be, but for what is asked. */
static struct err *
check_a_kek_but(CK_ATTRIBUTE_TYPE changed, CK_BBOOL modifiable,
    CK_MECHANISM_TYPE allowed, size_t nallowed)
{
	const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	const CK_ULONG len = 32;
	const CK_MECHANISM_TYPE list[] = { allowed, CKM_AES_ECB };
	CK_ATTRIBUTE t[] = {
		{ CKA_TOKEN, (void *)(uintptr_t)&no, sizeof(no) },
		{ CKA_PRIVATE, (void *)(uintptr_t)&yes, sizeof(yes) },
		{ CKA_SENSITIVE, (void *)(uintptr_t)&yes, sizeof(yes) },
		{ CKA_EXTRACTABLE, (void *)(uintptr_t)&no, sizeof(no) },
		{ CKA_VALUE_LEN, (void *)(uintptr_t)&len, sizeof(len) },
		{ CKA_WRAP, (void *)(uintptr_t)&yes, sizeof(yes) },
		{ CKA_UNWRAP, (void *)(uintptr_t)&yes, sizeof(yes) },
		{ CKA_ENCRYPT, (void *)(uintptr_t)&no, sizeof(no) },
		{ CKA_DECRYPT, (void *)(uintptr_t)&no, sizeof(no) },
		{ CKA_MODIFIABLE, &modifiable, sizeof(modifiable) },
		{ CKA_ALLOWED_MECHANISMS, (void *)(uintptr_t)list,
		    nallowed * sizeof(list[0]) },
	};
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_OBJECT_HANDLE key = 0;
	CK_ULONG n = nallowed == 0 ? COUNT_OF(t) - 1 : COUNT_OF(t);
	for (CK_ULONG i = 0; i < n; i++)
		if (t[i].type == changed)
			t[i].pValue = t[i].pValue == &yes
					  ? (void *)(uintptr_t)&no
					  : (void *)(uintptr_t)&yes;
	if (s.f->C_GenerateKey(s.handle, &m, t, n, &key) != CKR_OK)
		return err_new(ERR_INTERNAL, NULL, "C_GenerateKey");
	struct err *e = p11_kek_check(&s, key);
	CHECK_OK(p11_destroy(&s, key));
	return e;
}

static struct err *
check_a_kek(CK_BBOOL modifiable, CK_MECHANISM_TYPE allowed, size_t nallowed)
{
	return check_a_kek_but(0, modifiable, allowed, nallowed);
}

/* Each of them differs from a good one in that alone. */
static void
a_key_that_could_give_away_what_it_wraps_is_refused_as_kek(void)
{
	static const CK_ATTRIBUTE_TYPE all[] = { CKA_PRIVATE, CKA_SENSITIVE,
		CKA_EXTRACTABLE, CKA_WRAP, CKA_UNWRAP, CKA_ENCRYPT,
		CKA_DECRYPT };
	CHECK_OK(check_a_kek(CK_FALSE, s.vendor->wrap, 1));
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		struct err *e =
		    check_a_kek_but(all[i], CK_FALSE, s.vendor->wrap, 1);
		CHECK(e != NULL && strcmp(err_code(e), "token-key-weak") == 0);
		if (e == NULL || strcmp(err_code(e), "token-key-weak") != 0)
			printf("# 0x%lx\n", all[i]);
		err_free(e);
	}
}

static void
so_is_one_that_could_be_made_to(void)
{
	CHECK_OK(check_a_kek(CK_FALSE, s.vendor->wrap, 1));
	CHECK_ERR(check_a_kek(CK_TRUE, s.vendor->wrap, 1), ERR_DENIED);
	if (!s.vendor->allowed_mechanisms)
		return;
	CHECK_ERR(check_a_kek(CK_FALSE, s.vendor->wrap, 0), ERR_DENIED);
	CHECK_ERR(check_a_kek(CK_FALSE, s.vendor->wrap, 2), ERR_DENIED);
	CHECK_ERR(check_a_kek(CK_FALSE, CKM_AES_CBC_PAD, 1), ERR_DENIED);
}

static void
a_signing_key_that_could_leave_is_refused(void)
{
	const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	const uint8_t p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
		0x01, 0x07 };
	for (int leaves = 0; leaves < 2; leaves++) {
		const CK_BBOOL *out = leaves ? &yes : &no;
		CK_ATTRIBUTE public[] = { { CKA_EC_PARAMS,
		    (void *)(uintptr_t)p256, sizeof(p256) } };
		CK_ATTRIBUTE private[] = {
			{ CKA_PRIVATE, (void *)(uintptr_t)&yes, sizeof(yes) },
			{ CKA_SENSITIVE, (void *)(uintptr_t)&yes, sizeof(yes) },
			{ CKA_SIGN, (void *)(uintptr_t)&yes, sizeof(yes) },
			{ CKA_EXTRACTABLE, (void *)(uintptr_t)out,
			    sizeof(*out) },
		};
		CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
		CK_OBJECT_HANDLE a = 0, b = 0;
		CHECK(s.f->C_GenerateKeyPair(s.handle, &m, public, 1, private,
			  COUNT_OF(private), &a, &b) == CKR_OK);
		if (leaves)
			CHECK_ERR(p11_signing_check(&s, b), ERR_DENIED);
		else
			CHECK_OK(p11_signing_check(&s, b));
		CHECK_OK(p11_destroy(&s, a));
		CHECK_OK(p11_destroy(&s, b));
	}
}

static void
signs_for_its_certificate_and_nothing_stays(void)
{
	CLEANUP(buf_done) struct buf blob = BUF(WRAPPED_MAX);
	CLEANUP(buf_done) struct buf spki = BUF(256);
	CLEANUP(cert_freep) struct cert *c = NULL;
	size_t before = 0, after = 0;
	CHECK_OK(p11_object_count(&s, &before));
	CHECK_OK(p11_wrapped_make(&s, &kek, KIND_P256, &blob, &spki));
	CHECK_OK(make_cert(buf_bytes(&spki), &c));
	struct buf out[3] = { BUF(256), BUF(256), BUF(256) };
	const struct bytes digests[3] = { digest(), digest(), digest() };
	CHECK_OK(p11_wrapped_sign(
	    &s, &kek, buf_bytes(&blob), cert_key(c), alg, digests, 3, out));
	for (int i = 0; i < 3; i++) {
		bool ok = false;
		CHECK_OK(cert_verify_digest(
		    c, alg, digest(), buf_bytes(&out[i]), &ok));
		CHECK(ok);
		buf_done(&out[i]);
	}
	CHECK_OK(p11_object_count(&s, &after));
	CHECK(before == after);
}

/* One kind of key from birth to a signature that OpenSSL verifies. */
static void
check_kind(enum key_kind kind, struct sig_alg how)
{
	CLEANUP(buf_done) struct buf blob = BUF(WRAPPED_MAX);
	CLEANUP(buf_done) struct buf spki = BUF(1024);
	CLEANUP(buf_done) struct buf out = BUF(1024);
	CLEANUP(cert_freep) struct cert *c = NULL;
	size_t before = 0, after = 0;
	bool ok = false;
	const struct bytes d = bytes_of(digest_bytes, digest_len(how.digest));
	CHECK_OK(p11_object_count(&s, &before));
	CHECK_OK(p11_wrapped_make(&s, &kek, kind, &blob, &spki));
	CHECK_OK(make_cert(buf_bytes(&spki), &c));
	if (c == NULL)
		return;
	CHECK(cert_key_bits(c) == key_kind_shape(kind).bits);
	CHECK_OK(p11_wrapped_sign(
	    &s, &kek, buf_bytes(&blob), cert_key(c), how, &d, 1, &out));
	CHECK_OK(cert_verify_digest(c, how, d, buf_bytes(&out), &ok));
	CHECK(ok);
	/* The same value over other bytes is none: the check means something.
	 */
	const uint8_t zeros[DIGEST_MAX] = { 0 };
	CHECK_OK(cert_verify_digest(
	    c, how, bytes_of(zeros, d.len), buf_bytes(&out), &ok));
	CHECK(!ok);
	CHECK_OK(p11_object_count(&s, &after));
	CHECK(before == after);
}

static void
every_kind_of_key_signs_as_it_should(void)
{
	const struct sig_alg ecdsa384 = { .form = SIG_ECDSA,
		.digest = DIGEST_SHA384 };
	const struct sig_alg pkcs1 = { .form = SIG_RSA_PKCS1,
		.digest = DIGEST_SHA256 };
	const struct sig_alg pkcs1_512 = { .form = SIG_RSA_PKCS1,
		.digest = DIGEST_SHA512 };
	const struct sig_alg pss = { .form = SIG_RSA_PSS,
		.digest = DIGEST_SHA256,
		.mgf1 = DIGEST_SHA256,
		.salt_len = 32 };
	check_kind(KIND_P256, ecdsa384);
	check_kind(KIND_P384, alg);
	check_kind(KIND_P384, ecdsa384);
	check_kind(KIND_RSA_2048, pkcs1);
	check_kind(KIND_RSA_2048, pss);
	check_kind(KIND_RSA_3072, pkcs1_512);
}

static struct err *
agree_in_token(void *ctx, struct bytes point, uint8_t out[HPKE_DH])
{
	const CK_OBJECT_HANDLE *key = ctx;
	return p11_agree(&s, *key, point, out);
}

static void
what_is_sealed_to_a_key_of_the_token_opens_there_alone(void)
{
	CLEANUP(buf_done) struct buf spki = BUF(256);
	CLEANUP(buf_done) struct buf sealed = BUF(1024);
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *public = NULL;
	CLEANUP(secret_done) struct secret plain = { 0 };
	CK_OBJECT_HANDLE key = 0;
	size_t before = 0, after = 0;
	bool ok = false;
	CHECK_OK(p11_agree_make(&s, BYTES_LIT("agree"), &key, &spki));
	CHECK_OK(p11_agree_check(&s, key));
	CHECK_ERR(p11_agree_check(&s, ca), ERR_DENIED);
	CHECK_OK(key_from_spki(buf_bytes(&spki), &public));
	CHECK_OK(hpke_seal(public, BYTES_LIT("i"), BYTES_LIT("a"),
	    BYTES_LIT("bí mật"), &sealed, NULL));
	struct hpke_recipient r = { .ctx = &key, .dh = agree_in_token };
	CHECK_OK(hpke_point(public, r.point));
	CHECK_OK(p11_object_count(&s, &before));
	CHECK_OK(hpke_open(&r, BYTES_LIT("i"), BYTES_LIT("a"),
	    buf_bytes(&sealed), &plain, NULL, &ok));
	CHECK(ok && bytes_eq_str(secret_bytes(&plain), "bí mật"));
	CHECK_OK(p11_object_count(&s, &after));
	CHECK(before == after);
	/* It signs nothing. */
	CLEANUP(buf_done) struct buf out = BUF(256);
	struct err *e = p11_sign(&s, key, SHAPE_P256, alg, digest(), &out);
	CHECK(e != NULL);
	err_free(e);
}

static void
another_ones_blob_signs_nothing(void)
{
	CLEANUP(buf_done) struct buf mine = BUF(WRAPPED_MAX);
	CLEANUP(buf_done) struct buf theirs = BUF(WRAPPED_MAX);
	CLEANUP(buf_done) struct buf spki = BUF(256);
	CLEANUP(buf_done) struct buf other = BUF(256);
	CLEANUP(cert_freep) struct cert *c = NULL;
	CHECK_OK(p11_wrapped_make(&s, &kek, KIND_P256, &mine, &spki));
	CHECK_OK(p11_wrapped_make(&s, &kek, KIND_P256, &theirs, &other));
	CHECK_OK(make_cert(buf_bytes(&spki), &c));
	CLEANUP(buf_done) struct buf out = BUF(256);
	const struct bytes d = digest();
	CHECK_ERR(p11_wrapped_sign(&s, &kek, buf_bytes(&theirs), cert_key(c),
		      alg, &d, 1, &out),
	    ERR_MALFORMED);
	CHECK(out.len == 0);
}

static void
a_changed_blob_is_damage_and_not_a_lost_token(void)
{
	CLEANUP(buf_done) struct buf blob = BUF(WRAPPED_MAX);
	CLEANUP(buf_done) struct buf spki = BUF(256);
	CHECK_OK(p11_wrapped_make(&s, &kek, KIND_P256, &blob, &spki));
	CK_OBJECT_HANDLE key = 0;
	for (size_t i = 0; i < blob.len; i += 8) {
		blob.ptr[i] ^= 1;
		struct err *e =
		    p11_wrapped_open(&s, &kek, KEY_EC, buf_bytes(&blob), &key);
		CHECK(e != NULL &&
		      strcmp(err_code(e), "credential-damaged") == 0);
		err_free(e);
		blob.ptr[i] ^= 1;
	}
	CHECK_ERR(p11_wrapped_open(&s, &kek, KEY_EC,
		      bytes_slice(buf_bytes(&blob), 0, 72), &key),
	    ERR_MALFORMED);
	CHECK_ERR(p11_wrapped_open(&s, &kek, KEY_EC, BYTES_NONE, &key),
	    ERR_MALFORMED);
}

static void
refuses_algorithms_that_are_not_its_own(void)
{
	CLEANUP(buf_done) struct buf out = BUF(1024);
	const struct sig_alg pss = { .form = SIG_RSA_PSS,
		.digest = DIGEST_SHA256 };
	const struct sig_alg sha1 = { .form = SIG_ECDSA,
		.digest = DIGEST_SHA1 };
	const struct sig_alg sha512 = { .form = SIG_ECDSA,
		.digest = DIGEST_SHA512 };
	CHECK_ERR(
	    p11_sign(&s, ca, SHAPE_P256, pss, digest(), &out), ERR_UNSUPPORTED);
	CHECK_ERR(p11_sign(&s, ca, SHAPE_P256, sha1, bytes_of(digest_bytes, 20),
		      &out),
	    ERR_UNSUPPORTED);
	CHECK_ERR(
	    p11_sign(&s, ca, SHAPE_P256, alg, bytes_of(digest_bytes, 31), &out),
	    ERR_USAGE);
	CHECK(out.len == 0);
	CHECK_OK(p11_sign(
	    &s, ca, SHAPE_P256, sha512, bytes_of(digest_bytes, 64), &out));
}

static void
the_hmac_is_the_tokens(void)
{
	uint8_t a[P11_HMAC], b[P11_HMAC], c[P11_HMAC];
	CHECK_OK(p11_hmac(&s, pepper, BYTES_LIT("x"), a));
	CHECK_OK(p11_hmac(&s, pepper, BYTES_LIT("x"), b));
	CHECK_OK(p11_hmac(&s, pepper, BYTES_LIT("y"), c));
	CHECK(memcmp(a, b, sizeof(a)) == 0 && memcmp(a, c, sizeof(a)) != 0);
}

static CK_FLAGS told_flags;
static int logins;

static CK_RV
tell_flags(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
{
	(void)slot;
	*info = (CK_TOKEN_INFO){ .flags = told_flags };
	return CKR_OK;
}

static CK_RV
count_login(
    CK_SESSION_HANDLE h, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
	(void)h;
	(void)user;
	(void)pin;
	(void)len;
	logins++;
	return CKR_PIN_INCORRECT;
}

static void
the_last_try_of_the_token_is_not_spent(void)
{
	CK_FUNCTION_LIST f = { .C_GetTokenInfo = tell_flags,
		.C_Login = count_login };
	static const struct p11_vendor make = { .name = "made up" };
	struct p11_session made_up = { .f = &f, .vendor = &make };
	struct bytes pin = BYTES_LIT("0000");
	told_flags = CKF_USER_PIN_COUNT_LOW;
	struct err *e = p11_login(&made_up, pin);
	CHECK(e != NULL && logins == 1);
	err_free(e);
	told_flags = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY;
	CHECK_ERR(p11_login(&made_up, pin), ERR_DENIED);
	told_flags = CKF_USER_PIN_LOCKED;
	CHECK_ERR(p11_login(&made_up, pin), ERR_DENIED);
	CHECK(logins == 1);
}

static void
after_logout_every_error_says_that_the_token_is_gone(void)
{
	CLEANUP(buf_done) struct buf out = BUF(1024);
	CHECK(s.f->C_Logout(s.handle) == CKR_OK);
	struct err *e = p11_sign(&s, ca, SHAPE_P256, alg, digest(), &out);
	CHECK(e != NULL && strcmp(err_code(e), "token-unavailable") == 0);
	err_free(e);
	e = p11_session_check(&s);
	CHECK(e != NULL && strcmp(err_code(e), "token-unavailable") == 0);
	err_free(e);
}

int
main(void)
{
	const char *why = softhsm_missing();
	if (why != NULL) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof(dir), "%s/signd-token-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(dir) == NULL || softhsm_make(dir, "tên lạ") != 0)
		return 99;
	CHECK_OK(make_issuer());
	CHECK_OK(p11_module_open(softhsm_module(), &module));
	RUN(the_token_is_found_by_its_uri);
	RUN(every_attribute_of_the_uri_must_fit);
	RUN(a_wrong_pin_is_tried_once);
	RUN(a_pin_file_that_others_may_read_is_refused);
	RUN(keys_are_made_and_found_by_id);
	RUN(two_keys_with_one_id_are_refused);
	RUN(the_kek_decrypts_nothing_and_does_not_leave);
	RUN(an_unwrapped_key_is_sensitive_and_cannot_be_wrapped_out_again);
	RUN(a_key_that_could_give_away_what_it_wraps_is_refused_as_kek);
	RUN(so_is_one_that_could_be_made_to);
	RUN(a_signing_key_that_could_leave_is_refused);
	RUN(signs_for_its_certificate_and_nothing_stays);
	RUN(every_kind_of_key_signs_as_it_should);
	RUN(what_is_sealed_to_a_key_of_the_token_opens_there_alone);
	RUN(another_ones_blob_signs_nothing);
	RUN(a_changed_blob_is_damage_and_not_a_lost_token);
	RUN(refuses_algorithms_that_are_not_its_own);
	RUN(the_hmac_is_the_tokens);
	RUN(the_last_try_of_the_token_is_not_spent);
	RUN(after_logout_every_error_says_that_the_token_is_gone);
	p11_session_done(&s);
	p11_module_free(module);
	softkey_free(issuer_key);
	cert_free(issuer);
	remove_tree(dir);
	return DONE();
}
