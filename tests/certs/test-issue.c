#include "certs/issue.h"
#include "certs/lint.h"
#include "certs/ossl.h"
#include "tests/certs/ca.h"
#include "tests/tap.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

static const struct crl_entry revoked[] = {
	{ BYTES_LIT("\x7f\x01"), TEST_NOW - 10, REVOKE_KEY_COMPROMISE },
	{ BYTES_LIT("\x11"), TEST_NOW - 20, REVOKE_UNSPECIFIED },
	{ BYTES_LIT("\x11\x22\x33"), TEST_NOW - 30, REVOKE_HOLD },
};

static struct crl_fields
crl_of(const struct test_ca *t)
{
	return (struct crl_fields){
		.issuer = t->ca,
		.this_update = TEST_NOW,
		.next_update = TEST_NOW + DAY,
		.number = 7,
		.alg = softkey_alg(t->ca_key),
		.entries = revoked,
		.nentries = COUNT_OF(revoked),
	};
}

static void
issues_a_citizens_certificate_as_they_look_in_vietnam(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	if (t.leaf == NULL)
		return;
	CHECK(strcmp(cert_subject(t.leaf),
		  "UID=CCCD:001234567890,CN=Nguyễn Thị Ánh,"
		  "L=Phường Hai Bà Trưng,ST=Hà Nội,C=VN") == 0);
	CHECK(cert_serial(t.leaf).len == CERT_SERIAL_LEN);
	CHECK(cert_key_usage(t.leaf) ==
	      (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION));
	CHECK(!cert_is_ca(t.leaf) && cert_is_ca(t.ca) && cert_is_ca(t.root));
	CHECK(strstr(cert_issuer_common_name(t.leaf), LABEL_NO_LEGAL_VALUE));
	CHECK(X509_verify(cert_x509(t.leaf), cert_key(t.ca)) == 1);
	const X509_NAME *n = X509_get_subject_name(cert_x509(t.leaf));
	CHECK(ASN1_STRING_type(X509_NAME_ENTRY_get_data(
		  X509_NAME_get_entry(n, 0))) == V_ASN1_PRINTABLESTRING);
	CHECK(ASN1_STRING_type(X509_NAME_ENTRY_get_data(
		  X509_NAME_get_entry(n, 3))) == V_ASN1_UTF8STRING);
}

static void
issues_with_rsa_too(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "RSA-2048"));
	if (t.leaf == NULL)
		return;
	CHECK(X509_verify(cert_x509(t.leaf), cert_key(t.ca)) == 1);
	CHECK(cert_key_usage(t.leaf) ==
	      (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION));
}

/* One wrong field each; the rest is the good certificate. */
static void
refuses_fields_that_do_not_fit_the_profile(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	CLEANUP(buf_done) struct buf tbs = BUF(CERT_MAX);
	static const struct {
		const char *type, *value;
		int index;
		enum err_kind kind;
	} bad[] = {
		{ "UID", "CCCD:00123456789", 0, ERR_USAGE },
		{ "UID", "CCCD:0012345678901", 0, ERR_USAGE },
		{ "UID", "001234567890", 0, ERR_USAGE },
		{ "UID", "HC:b123456", 0, ERR_USAGE },
		{ "CN", "", 1, ERR_USAGE }, { "CN", " Ánh", 1, ERR_USAGE },
		{ "CN", "\xc3\x28", 1, ERR_USAGE },
		{ "CN", "a\xe2\x80\xae", 1, ERR_USAGE },
		/* "Ánh" in form D: A and an acute beside it. */
		{ "CN", "A\xcc\x81nh", 1, ERR_USAGE },
		{ "CN", "x\n", 1, ERR_USAGE }, { "C", "Vn", 2, ERR_USAGE },
		{ "emailAddress", "a@b.vn", 3, ERR_USAGE },
		{ "C", "VN", 3, ERR_DENIED }, /* twice, and no province */
		{ "L", "Phường Ba Đình", 1, ERR_DENIED }, /* no name */
	};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct subject_field s[5];
		memcpy(s, person_name, sizeof(s));
		s[bad[i].index] =
		    (struct subject_field){ bad[i].type, bad[i].value };
		struct cert_fields f =
		    test_fields("citizen", s, 5, t.key, t.ca, 365);
		f.alg = softkey_alg(t.ca_key);
		CHECK_ERR(cert_build_tbs(&f, &tbs), bad[i].kind);
	}
	CHECK(tbs.len == 0);
}

static void
refuses_what_the_issuer_may_not_give(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	CLEANUP(buf_done) struct buf tbs = BUF(CERT_MAX);
	struct sig_alg alg = softkey_alg(t.ca_key);

	struct cert_fields f =
	    test_fields("citizen", person_name, 5, t.key, t.ca, 3 * 366 + 9);
	f.alg = alg;
	CHECK_ERR(cert_build_tbs(&f, &tbs), ERR_DENIED); /* over 3 years */
	f.not_before = TEST_NOW + 1500 * DAY;
	f.not_after = TEST_NOW + 2100 * DAY;
	CHECK_ERR(cert_build_tbs(&f, &tbs), ERR_DENIED); /* outlives the CA */
	f.not_after = f.not_before;
	CHECK_ERR(cert_build_tbs(&f, &tbs), ERR_DENIED);

	f = test_fields("citizen", person_name, 5, t.key, t.leaf, 100);
	f.alg = alg;
	CHECK_ERR(cert_build_tbs(&f, &tbs), ERR_DENIED); /* by a citizen */
	f = test_fields("demo-issuing-ca", ca_name, 3, t.key, t.ca, 100);
	f.alg = alg;
	CHECK_ERR(cert_build_tbs(&f, &tbs), ERR_DENIED); /* path length 0 */
	f = test_fields("demo-root", person_name, 5, t.key, NULL, 100);
	f.alg = alg;
	CHECK_ERR(cert_build_tbs(&f, &tbs), ERR_USAGE);
	f = test_fields("demo-issuing-ca", ca_name, 2, t.key, t.root, 100);
	f.alg = alg;
	CHECK_ERR(cert_build_tbs(&f, &tbs), ERR_DENIED); /* no label */
	f = test_fields("citizen", person_name, 5, t.key, t.ca, 100);
	f.alg = (struct sig_alg){ SIG_ECDSA, DIGEST_SHA1, DIGEST_NONE, 0 };
	CHECK_ERR(cert_build_tbs(&f, &tbs), ERR_DENIED);
	f.alg = alg;
	f.crl_url = "file:///etc/passwd";
	CHECK_ERR(cert_build_tbs(&f, &tbs), ERR_USAGE);
	f = test_fields("citizen", person_name, 5, t.key, NULL, 100);
	CHECK_ERR(cert_build_tbs(&f, &tbs), ERR_USAGE);
}

static void
refuses_a_signature_that_is_not_the_issuers(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	struct cert_fields f =
	    test_fields("citizen", person_name, 5, t.key, t.ca, 100);
	f.alg = softkey_alg(t.ca_key);
	struct signer stranger = softkey_signer(t.key);
	struct cert *c = NULL;
	CHECK_ERR(cert_issue(&f, &stranger, &c), ERR_DENIED);
	CHECK(c == NULL);
	struct crl_fields crl = crl_of(&t);
	CLEANUP(buf_done) struct buf out = BUF(65536);
	CHECK_ERR(crl_issue(&crl, &stranger, &out), ERR_DENIED);
	CHECK(out.len == 0);
}

static void
lint_tells_profiles_apart(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	size_t n;
	const struct cert_profile *all = cert_profile_all(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, "citizen") == 0)
			CHECK_OK(cert_lint(t.leaf, &all[i], t.ca));
		else
			CHECK_ERR(cert_lint(t.leaf, &all[i], t.ca), ERR_DENIED);
	CHECK_ERR(cert_lint(t.leaf, cert_profile_find("citizen"), t.root),
	    ERR_DENIED);
	CHECK_OK(cert_lint(t.root, cert_profile_find("root-ca"), NULL));
}

static void
issues_for_officers_servers_and_responders(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	struct signer ca = softkey_signer(t.ca_key);
	static const struct subject_field names[] = { { "C", "VN" },
		{ "O", "UBND phường" }, { "CN", "Máy chủ" } };
	static const char *const hosts[] = { "localhost", "127.0.0.1", "::1",
		NULL };
	static const char *const profiles[] = { "officer", "tls-server",
		"time-stamp", "ocsp", "audit", "seal" };
	for (size_t i = 0; i < COUNT_OF(profiles); i++) {
		struct cert_fields f =
		    test_fields(profiles[i], names, 3, t.key, t.ca, 365);
		f.alg = softkey_alg(t.ca_key);
		f.names = i == 1 ? hosts : NULL;
		CLEANUP(cert_freep) struct cert *c = NULL;
		CHECK_OK(cert_issue(&f, &ca, &c));
		f.names = i == 1 ? NULL : hosts;
		CLEANUP(cert_freep) struct cert *no = NULL;
		CHECK_ERR(cert_issue(&f, &ca, &no), ERR_DENIED);
		if (i != 1 || c == NULL)
			continue;
		CHECK(X509_check_host(cert_x509(c), "localhost", 0, 0, NULL));
		CHECK(X509_check_ip_asc(cert_x509(c), "::1", 0) == 1);
	}
}

static void
issues_a_crl_that_openssl_reads(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	struct signer ca = softkey_signer(t.ca_key);
	struct crl_fields f = crl_of(&t);
	CLEANUP(buf_done) struct buf der = BUF(65536);
	CHECK_OK(crl_issue(&f, &ca, &der));
	const uint8_t *p = der.ptr;
	CLEANUP(X509_CRL_freep)
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);
	CHECK(crl != NULL && p == der.ptr + der.len);
	if (crl == NULL)
		return;
	CHECK(X509_CRL_verify(crl, cert_key(t.ca)) == 1);
	CHECK(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)) == 3);

	CLEANUP(buf_done) struct buf empty = BUF(65536);
	f.nentries = 0;
	CHECK_OK(crl_issue(&f, &ca, &empty));
	CHECK(empty.len < der.len);
}

static void
refuses_senseless_crls(void)
{
	CLEANUP(test_ca_done) struct test_ca t = { 0 };
	CHECK_OK(test_ca_make(&t, "P-256"));
	CLEANUP(buf_done) struct buf tbs = BUF(65536);
	struct crl_fields f = crl_of(&t);
	f.next_update = f.this_update;
	CHECK_ERR(crl_build_tbs(&f, &tbs), ERR_USAGE);
	f = crl_of(&t);
	f.issuer = t.leaf;
	CHECK_ERR(crl_build_tbs(&f, &tbs), ERR_DENIED);
	f = crl_of(&t);
	struct crl_entry twice[] = { revoked[0], revoked[0] };
	f.entries = twice;
	f.nentries = 2;
	CHECK_ERR(crl_build_tbs(&f, &tbs), ERR_USAGE);
	twice[0].reason = (enum revoke_reason)7;
	f.nentries = 1;
	CHECK_ERR(crl_build_tbs(&f, &tbs), ERR_USAGE);
	CHECK(tbs.len == 0);
}

static void
keys_go_to_pem_and_back(void)
{
	CLEANUP(softkey_freep) struct softkey *k = NULL;
	CHECK_OK(softkey_generate("P-256", &k));
	CHECK_ERR(softkey_generate("P-255", &k), ERR_UNSUPPORTED);
	static const char *const phrases[] = { "", "mật khẩu" };
	for (size_t i = 0; i < COUNT_OF(phrases); i++) {
		CLEANUP(secret_done) struct secret pem = { 0 };
		struct bytes phrase = bytes_str(phrases[i]);
		CHECK_OK(softkey_to_pem(k, phrase, &pem));
		CLEANUP(softkey_freep) struct softkey *back = NULL;
		CHECK_OK(softkey_from_pem(secret_bytes(&pem), phrase, &back));
		CHECK(back != NULL &&
		      EVP_PKEY_eq(softkey_evp(k), softkey_evp(back)) == 1);
		CLEANUP(softkey_freep) struct softkey *no = NULL;
		if (phrase.len > 0) {
			CHECK_ERR(softkey_from_pem(
				      secret_bytes(&pem), BYTES_LIT("x"), &no),
			    ERR_DENIED);
			CHECK_ERR(softkey_from_pem(
				      secret_bytes(&pem), BYTES_NONE, &no),
			    ERR_DENIED);
		}
	}
	CLEANUP(softkey_freep) struct softkey *none = NULL;
	CHECK_ERR(
	    softkey_from_pem(BYTES_LIT("x"), BYTES_NONE, &none), ERR_MALFORMED);
}

static void
write_file(const char *dir, const char *name, struct bytes b)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "wb");
	CHECK(f != NULL && fwrite(b.ptr, 1, b.len, f) == b.len);
	if (f != NULL)
		CHECK(fclose(f) == 0);
}

/* A server's and an officer's certificate, both for the same key. */
static void
write_for_tls(const char *dir, struct test_ca *t)
{
	static const struct subject_field names[] = { { "C", "VN" },
		{ "O", "UBND phường" }, { "CN", "Máy chủ" } };
	static const char *const hosts[] = { "localhost", NULL };
	struct signer ca = softkey_signer(t->ca_key);
	struct cert_fields f =
	    test_fields("tls-server", names, 3, t->key, t->ca, 365);
	CLEANUP(cert_freep) struct cert *server = NULL;
	CLEANUP(cert_freep) struct cert *officer = NULL;
	CLEANUP(secret_done) struct secret pem = { 0 };
	f.alg = softkey_alg(t->ca_key);
	f.names = hosts;
	shift_times(&f, t->now);
	CHECK_OK(cert_issue(&f, &ca, &server));
	f.profile = cert_profile_find("officer");
	f.names = NULL;
	CHECK_OK(cert_issue(&f, &ca, &officer));
	CHECK_OK(softkey_to_pem(t->key, BYTES_NONE, &pem));
	write_file(dir, "server.der", cert_der(server));
	write_file(dir, "officer.der", cert_der(officer));
	write_file(dir, "key.pem", secret_bytes(&pem));
}

/* For the script beside this, which asks other programs. */
static void
write_all(const char *dir, const char *kind)
{
	CLEANUP(test_ca_done) struct test_ca t = { .now = time(NULL) };
	CHECK_OK(test_ca_make(&t, kind));
	struct signer ca = softkey_signer(t.ca_key);
	struct crl_fields f = crl_of(&t);
	f.this_update = t.now - 10;
	f.next_update = t.now + DAY;
	struct crl_entry leaf = { cert_serial(t.leaf), t.now - 60,
		REVOKE_SUPERSEDED };
	f.entries = &leaf;
	f.nentries = 1;
	CLEANUP(buf_done) struct buf crl = BUF(65536);
	CHECK_OK(crl_issue(&f, &ca, &crl));
	write_file(dir, "root.der", cert_der(t.root));
	write_file(dir, "ca.der", cert_der(t.ca));
	write_file(dir, "leaf.der", cert_der(t.leaf));
	write_file(dir, "crl.der", buf_bytes(&crl));
	write_for_tls(dir, &t);
}

int
main(int argc, char **argv)
{
	if (argc == 3) {
		write_all(argv[1], argv[2]);
		return tap_this_failed;
	}
	RUN(issues_a_citizens_certificate_as_they_look_in_vietnam);
	RUN(issues_with_rsa_too);
	RUN(refuses_fields_that_do_not_fit_the_profile);
	RUN(refuses_what_the_issuer_may_not_give);
	RUN(refuses_a_signature_that_is_not_the_issuers);
	RUN(lint_tells_profiles_apart);
	RUN(issues_for_officers_servers_and_responders);
	RUN(issues_a_crl_that_openssl_reads);
	RUN(refuses_senseless_crls);
	RUN(keys_go_to_pem_and_back);
	return DONE();
}
