/* A person's own token, of several makes: keys, requests, certificates. */
#include "certs/csr.h"
#include "certs/ossl.h"
#include "certs/softkey.h"
#include "pkcs11/identity.h"
#include "pkcs11/keys.h"
#include "pkcs11/objects.h"
#include "pkcs11/pair.h"
#include "tests/pkcs11/makes.h"
#include "tests/tap.h"

/* So that a leak of the module shows as the module's: libcrypto, which it
 * calls, has no frame pointers. */
#if defined(__SANITIZE_ADDRESS__) || defined(SIGND_SANITIZED)
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "fast_unwind_on_malloc=0";
}
#endif

static struct make make;
static struct p11_module *module;
static struct p11_token token;
static struct p11_session s;
static const struct bytes pin = BYTES_LIT(MAKE_PIN);
static const uint8_t digest_bytes[64] = { 3, 1, 4 };

/* Any bytes, as they are found in the field. */
static const struct bytes labels[] = {
	BYTES_LIT("Khóa của Nguyễn Thị Ánh"),
	BYTES_LIT("\xf0\x9f\x94\x91 ký \xf0\x9f\x87\xbb\xf0\x9f\x87\xb3"),
	BYTES_LIT("\xff\xfe not UTF-8 \xc3"),
	BYTES_LIT("\033[2J\033]0;x\a\r\n\x7f"),
};

static struct err *
make_cert(struct bytes spki, const char *cn, int64_t until, struct cert **out)
{
	CLEANUP(softkey_freep) struct softkey *issuer = NULL;
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	TRY(softkey_generate("P-256", &issuer));
	TRY(key_from_spki(spki, &key));
	/* Issued by nobody that matters: a root that holds another's key does
	 * not pass for one, so one of OpenSSL's own making. */
	CLEANUP(X509_freep) X509 *x = X509_new();
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), (long)until);
	X509_time_adj_ex(X509_getm_notBefore(x), -1, 0, NULL);
	ASN1_TIME_set(X509_getm_notAfter(x), (time_t)until);
	X509_NAME *n = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(
	    n, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x, n);
	X509_set_pubkey(x, key);
	X509_sign(x, softkey_evp(issuer), EVP_sha256());
	uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	struct err *e = cert_parse(bytes_of(der, (size_t)len), out);
	OPENSSL_free(der);
	return e;
}

static struct err *
verify(struct bytes spki, struct sig_alg alg, struct bytes digest,
    const struct buf *value, bool *ok)
{
	CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	TRY(key_from_spki(spki, &key));
	return key_verify_digest(key, alg, digest, buf_bytes(value), ok);
}

/* A TPM has room for three keys at once, and the module keeps those that it
 * used: a new process, or here a new start of the module, has room again. */
static void
start_again(void)
{
	p11_session_done(&s);
	p11_module_free(module);
	module = NULL;
	CHECK_OK(p11_module_open_with(make.module, make.arguments, &module));
	CHECK_OK(p11_token_find(module, make.uri, &token));
	CHECK_OK(p11_session_open(&token, true, &s));
	CHECK_OK(p11_login(&s, pin));
}

/* Makes a pair, finds it again by its id, gives its handle and public key. */
static struct err *
pair(enum key_kind kind, struct bytes id, struct bytes label, bool always,
    CK_OBJECT_HANDLE *key, struct buf *spki)
{
	const struct p11_pair_fields f = {
		.kind = kind, .id = id, .label = label, .always = always
	};
	TRY(p11_own_pair_make(&s, &f, spki));
	return p11_key_find(&s, CKO_PRIVATE_KEY, id, key);
}

static void
check_signature(CK_OBJECT_HANDLE key, enum key_kind kind, struct bytes spki,
    struct sig_alg alg)
{
	CLEANUP(buf_done) struct buf value = BUF(1024);
	struct bytes digest = bytes_of(digest_bytes, digest_len(alg.digest));
	bool ok = false;
	CHECK_OK(p11_sign(&s, key, key_kind_shape(kind), alg, digest, &value));
	CHECK_OK(verify(spki, alg, digest, &value, &ok));
	CHECK(ok);
}

static void
a_wrong_pin_is_said_to_be_wrong(void)
{
	struct err *e = p11_login(&s, BYTES_LIT("wrong-wrong"));
	CHECK(e != NULL && strcmp(err_code(e), "token-pin") == 0);
	err_free(e);
	CHECK_OK(p11_login(&s, pin));
}

static void
curves_sign(void)
{
	static const enum digest_alg digests[] = { DIGEST_SHA256, DIGEST_SHA384,
		DIGEST_SHA512 };
	for (int kind = KIND_P256; kind <= KIND_P384; kind++) {
		CLEANUP(buf_done) struct buf spki = BUF(512);
		CK_OBJECT_HANDLE key = 0;
		char id[] = "c0";
		id[1] = (char)('0' + kind);
		start_again();
		CHECK_OK(pair((enum key_kind)kind, bytes_str(id), labels[kind],
		    false, &key, &spki));
		for (size_t i = 0; i < COUNT_OF(digests); i++)
			check_signature(key, (enum key_kind)kind,
			    buf_bytes(&spki),
			    (struct sig_alg){
				.form = SIG_ECDSA, .digest = digests[i] });
	}
}

static void
rsa_signs_by_pkcs1_and_by_pss(void)
{
	CLEANUP(buf_done) struct buf spki = BUF(1024);
	CK_OBJECT_HANDLE key = 0;
	start_again();
	CHECK_OK(pair(
	    KIND_RSA_2048, BYTES_LIT("r2"), labels[2], false, &key, &spki));
	const struct sig_alg algs[] = {
		{ .form = SIG_RSA_PKCS1, .digest = DIGEST_SHA256 },
		{ .form = SIG_RSA_PKCS1, .digest = DIGEST_SHA512 },
		{ .form = SIG_RSA_PSS,
		    .digest = DIGEST_SHA256,
		    .mgf1 = DIGEST_SHA256,
		    .salt_len = 32 },
		{ .form = SIG_RSA_PSS,
		    .digest = DIGEST_SHA384,
		    .mgf1 = DIGEST_SHA384,
		    .salt_len = 48 },
	};
	for (size_t i = 0; i < COUNT_OF(algs); i++)
		check_signature(key, KIND_RSA_2048, buf_bytes(&spki), algs[i]);
	/* The other way of padding must give the same as seen from outside. */
	struct p11_vendor other = *s.vendor;
	other.pkcs1 = PADDED_HERE;
	other.pss = PADDED_HERE;
	const struct p11_vendor *own = s.vendor;
	s.vendor = &other;
	for (size_t i = 0; i < COUNT_OF(algs); i++)
		check_signature(key, KIND_RSA_2048, buf_bytes(&spki), algs[i]);
	s.vendor = own;
}

static void
a_request_is_signed_by_the_key(void)
{
	CLEANUP(buf_done) struct buf spki = BUF(512);
	CLEANUP(buf_done) struct buf der = BUF(CSR_MAX);
	CK_OBJECT_HANDLE key = 0;
	start_again();
	CHECK_OK(p11_key_find(&s, CKO_PUBLIC_KEY, BYTES_LIT("c0"), &key));
	CHECK_OK(p11_spki(&s, key, &spki));
	CHECK_OK(p11_key_find(&s, CKO_PRIVATE_KEY, BYTES_LIT("c0"), &key));
	struct p11_signer signs = { &s, key, SHAPE_P256 };
	struct signer signer = p11_signer(&signs);
	const struct csr_fields f = { .spki = buf_bytes(&spki),
		.alg = { .form = SIG_ECDSA, .digest = DIGEST_SHA256 } };
	CHECK_OK(csr_make(&f, &signer, &der));
	CHECK(der.len > 100);
}

static void
certificates_find_their_keys_by_the_public_key(void)
{
	CLEANUP(buf_done) struct buf spki = BUF(1024);
	CLEANUP(cert_freep) struct cert *right = NULL;
	CLEANUP(cert_freep) struct cert *other = NULL;
	CLEANUP(softkey_freep) struct softkey *stranger = NULL;
	CK_OBJECT_HANDLE key = 0;
	int64_t year = clock_now(&clock_system) + 365 * 86400;
	CHECK_OK(p11_key_find(&s, CKO_PUBLIC_KEY, BYTES_LIT("r2"), &key));
	CHECK_OK(p11_spki(&s, key, &spki));
	CHECK_OK(make_cert(buf_bytes(&spki), "Ánh \xe2\x9c\x8d", year, &right));
	CHECK_OK(softkey_generate("P-256", &stranger));
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(softkey_evp(stranger), &der);
	CHECK_OK(make_cert(
	    bytes_of(der, (size_t)len), "Người khác", year + 1, &other));
	OPENSSL_free(der);
	if (right == NULL || other == NULL)
		return;
	/* Under the id of another key, and with its label; NSS refuses that. */
	CHECK_OK(p11_cert_put(&s, right, BYTES_LIT("r2"), labels[0]));
	struct err *e = p11_cert_put(&s, other, BYTES_LIT("c0"), labels[0]);
	CHECK(e == NULL || err_kind(e) == ERR_UNSUPPORTED);
	err_free(e);
	struct p11_identities l = { 0 };
	CHECK_OK(p11_identities_read(&s, &l));
	const struct p11_identity *i = NULL;
	CHECK_OK(p11_identity_of_cert(&l, right, &i));
	CHECK(i != NULL && bytes_eq_str(buf_bytes(&i->id), "r2") &&
	      i->cert != NULL && cert_eq(i->cert, right));
	CHECK_ERR(p11_identity_of_cert(&l, other, &i), ERR_MISSING);
	CHECK_OK(p11_identity_find(&l, BYTES_LIT("c0"), false, &i));
	CHECK(i != NULL && i->cert == NULL);
	CHECK_ERR(
	    p11_identity_find(&l, BYTES_LIT("c0"), true, &i), ERR_MISSING);
	CHECK_OK(p11_identity_find(&l, BYTES_NONE, true, &i));
	CHECK(i != NULL && i->cert != NULL && cert_eq(i->cert, right));
	CHECK_ERR(p11_identity_find(&l, BYTES_NONE, false, &i), ERR_USAGE);
	CHECK_ERR(
	    p11_identity_find(&l, BYTES_LIT("zz"), false, &i), ERR_MISSING);
	p11_identities_done(&l);
}

static void
labels_in_any_bytes_come_back_and_find_nothing(void)
{
	struct p11_identities l = { 0 };
	size_t seen = 0;
	CHECK_OK(p11_identities_read(&s, &l));
	for (size_t i = 0; i < l.n; i++)
		for (size_t k = 0; k < COUNT_OF(labels); k++)
			seen += l.v[i].has_key &&
				bytes_eq(buf_bytes(&l.v[i].label), labels[k]);
	CHECK(seen == 3);
	p11_identities_done(&l);
}

/* All with the same label, two with the same id, two with none: the public key
 * tells them apart. */
static void
keys_that_are_alike_are_found_by_their_public_keys(void)
{
	static const struct bytes ids[] = { BYTES_LIT("same"),
		BYTES_LIT("same"), BYTES_NONE, BYTES_NONE };
	struct buf spki[4] = { BUF(512), BUF(512), BUF(512), BUF(512) };
	struct p11_identities l = { 0 };
	const struct p11_identity *i = NULL;
	if (!make.any_id)
		SKIP("this make gives each key an id of its own");
	start_again();
	for (size_t n = 0; n < COUNT_OF(ids); n++) {
		const struct p11_pair_fields f = {
			.kind = KIND_P256, .id = ids[n], .label = labels[0]
		};
		CHECK_OK(p11_own_pair_make(&s, &f, &spki[n]));
	}
	CHECK_OK(p11_identities_read(&s, &l));
	for (size_t n = 0; n < COUNT_OF(ids); n++) {
		CHECK_OK(p11_identity_prove(&s, &l, buf_bytes(&spki[n]), &i));
		if (i != NULL)
			check_signature(i->key, KIND_P256, buf_bytes(&spki[n]),
			    (struct sig_alg){
				.form = SIG_ECDSA, .digest = DIGEST_SHA256 });
	}
	CHECK_ERR(p11_identity_find(&l, ids[0], false, &i), ERR_USAGE);
	CHECK_ERR(p11_identity_find(&l, BYTES_NONE, false, &i), ERR_USAGE);
	p11_identities_done(&l);
	for (size_t n = 0; n < COUNT_OF(ids); n++)
		buf_done(&spki[n]);
}

static void
control_characters_as_a_label_do_no_harm(void)
{
	CLEANUP(buf_done) struct buf spki = BUF(512);
	CK_OBJECT_HANDLE key = 0;
	start_again();
	CHECK_OK(
	    pair(KIND_P256, BYTES_LIT("esc"), labels[3], false, &key, &spki));
	check_signature(key, KIND_P256, buf_bytes(&spki),
	    (struct sig_alg){ .form = SIG_ECDSA, .digest = DIGEST_SHA256 });
}

static void
a_key_that_wants_the_pin_each_time_gets_it(void)
{
	if (!make.always)
		SKIP("this make has no such keys, or no room for them");
	CLEANUP(buf_done) struct buf spki = BUF(512);
	CLEANUP(buf_done) struct buf value = BUF(256);
	CK_OBJECT_HANDLE key = 0;
	const struct sig_alg alg = { .form = SIG_ECDSA,
		.digest = DIGEST_SHA256 };
	start_again();
	CHECK_OK(
	    pair(KIND_P256, BYTES_LIT("each"), BYTES_NONE, true, &key, &spki));
	bool always = false;
	CHECK_OK(p11_attribute_flag(&s, key, CKA_ALWAYS_AUTHENTICATE, &always));
	if (!always)
		SKIP("this make forgets CKA_ALWAYS_AUTHENTICATE");
	s.pin_for_each = &pin;
	check_signature(key, KIND_P256, buf_bytes(&spki), alg);
	check_signature(key, KIND_P256, buf_bytes(&spki), alg);
	const struct bytes wrong = BYTES_LIT("wrong-wrong");
	s.pin_for_each = &wrong;
	struct err *e = p11_sign(
	    &s, key, SHAPE_P256, alg, bytes_of(digest_bytes, 32), &value);
	CHECK(e != NULL && strcmp(err_code(e), "token-pin") == 0);
	err_free(e);
	/* What was begun stays so until the session ends. */
	s.pin_for_each = NULL;
	start_again();
	CHECK_OK(p11_key_find(&s, CKO_PRIVATE_KEY, BYTES_LIT("each"), &key));
	e = p11_sign(
	    &s, key, SHAPE_P256, alg, bytes_of(digest_bytes, 32), &value);
	CHECK(e != NULL && value.len == 0);
	err_free(e);
}

static void
the_table_knows_the_make(void)
{
	const char *name = token.vendor->name;
	CHECK(strncmp(name, make.name, strlen(make.name)) == 0);
	CHECK_ERR(p11_module_open_with("/usr/lib/softhsm/libsofthsm2.so",
		      "configdir='x'", &module),
	    ERR_USAGE);
}

static void
no_more_sessions_than_the_make_allows(void)
{
	CK_TOKEN_INFO info = { 0 };
	struct p11_token few = token;
	struct p11_vendor row = *token.vendor;
	struct p11_session more = { 0 };
	CHECK(
	    p11_functions(module)->C_GetTokenInfo(token.slot, &info) == CKR_OK);
	if (info.ulSessionCount == 0 ||
	    info.ulSessionCount == CK_UNAVAILABLE_INFORMATION)
		SKIP("this make does not count its sessions");
	row.sessions_max = info.ulSessionCount;
	few.vendor = &row;
	CHECK_ERR(p11_session_open(&few, false, &more), ERR_LIMIT);
	row.sessions_max++;
	CHECK_OK(p11_session_open(&few, false, &more));
	p11_session_done(&more);
}

static void
run(struct make m)
{
	make = m;
	if (m.module == NULL) {
		tap_count++;
		printf("ok %d - %s # SKIP it is not installed, or cannot be "
		       "set up\n",
		    tap_count, m.name);
		return;
	}
	printf("# %s: %s\n", m.name, m.module);
	CHECK_OK(p11_module_open_with(m.module, m.arguments, &module));
	CHECK_OK(p11_token_find(module, m.uri, &token));
	CHECK_OK(p11_session_open(&token, true, &s));
	RUN(the_table_knows_the_make);
	RUN(a_wrong_pin_is_said_to_be_wrong);
	RUN(curves_sign);
	RUN(rsa_signs_by_pkcs1_and_by_pss);
	RUN(a_request_is_signed_by_the_key);
	RUN(certificates_find_their_keys_by_the_public_key);
	RUN(labels_in_any_bytes_come_back_and_find_nothing);
	RUN(keys_that_are_alike_are_found_by_their_public_keys);
	RUN(control_characters_as_a_label_do_no_harm);
	RUN(a_key_that_wants_the_pin_each_time_gets_it);
	RUN(no_more_sessions_than_the_make_allows);
	p11_session_done(&s);
	p11_module_free(module);
	module = NULL;
}

int
main(void)
{
	char dir[128];
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof(dir), "%s/signd-own-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(dir) == NULL)
		return 99;
	run(make_softhsm(dir));
	run(make_nss(dir));
	struct make tpm = make_tpm(dir);
	run(tpm);
	make_end(&tpm);
	remove_tree(dir);
	return DONE();
}
