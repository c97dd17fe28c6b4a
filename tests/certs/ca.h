/* A small authority out of our own rooms, for tests. */
#ifndef SIGND_TESTS_CERTS_CA_H
#define SIGND_TESTS_CERTS_CA_H

#include "certs/issue.h"
#include "certs/softkey.h"

#define DAY 86400
#define TEST_NOW 1790000000 /* 2026-09-21 */

struct test_ca {
	int64_t now; /* 0: TEST_NOW */
	struct softkey *root_key, *ca_key, *key;
	struct cert *root, *ca, *leaf;
};

static const struct subject_field root_name[] = {
	{ "C", "VN" },
	{ "O", "Thành phố Hà Nội" },
	{ "CN", "Gốc DEMO - " LABEL_NO_LEGAL_VALUE },
};
static const struct subject_field ca_name[] = {
	{ "C", "VN" },
	{ "O", "Thành phố Hà Nội" },
	{ "CN", "CA DEMO - " LABEL_NO_LEGAL_VALUE },
};
static const struct subject_field person_name[] = {
	{ "UID", "CCCD:001234567890" },
	{ "CN", "Nguyễn Thị Ánh" },
	{ "C", "VN" },
	{ "ST", "Hà Nội" },
	{ "L", "Phường Hai Bà Trưng" },
};

static inline struct cert_fields
test_fields(const char *profile, const struct subject_field *subject, size_t n,
    const struct softkey *key, const struct cert *issuer, int days)
{
	return (struct cert_fields){
		.profile = cert_profile_find(profile),
		.subject = subject,
		.nsubject = n,
		.key = softkey_evp(key),
		.issuer = issuer,
		.not_before = TEST_NOW - DAY,
		.not_after = TEST_NOW + days * DAY,
	};
}

/* Moves the times from TEST_NOW to `now`. */
static inline void
shift_times(struct cert_fields *f, int64_t now)
{
	if (now == 0)
		return;
	f->not_before += now - TEST_NOW;
	f->not_after += now - TEST_NOW;
}

/* Makes root, issuing CA and one citizen with keys of the given kind. */
static inline struct err *
test_ca_make(struct test_ca *t, const char *kind)
{
	TRY(softkey_generate(kind, &t->root_key));
	TRY(softkey_generate(kind, &t->ca_key));
	TRY(softkey_generate(kind, &t->key));
	struct signer root = softkey_signer(t->root_key);
	struct signer ca = softkey_signer(t->ca_key);
	struct cert_fields f =
	    test_fields("demo-root", root_name, 3, t->root_key, NULL, 3650);
	f.alg = softkey_alg(t->root_key);
	shift_times(&f, t->now);
	TRY(cert_issue(&f, &root, &t->root));
	f = test_fields(
	    "demo-issuing-ca", ca_name, 3, t->ca_key, t->root, 2000);
	f.alg = softkey_alg(t->root_key);
	shift_times(&f, t->now);
	TRY(cert_issue(&f, &root, &t->ca));
	f = test_fields("citizen", person_name, 5, t->key, t->ca, 365);
	f.alg = softkey_alg(t->ca_key);
	f.crl_url = "http://crl.example.vn/demo.crl";
	f.ocsp_url = "http://ocsp.example.vn/";
	f.policies = (const char *const[]){ "1.3.6.1.4.1.99999.1", NULL };
	shift_times(&f, t->now);
	return cert_issue(&f, &ca, &t->leaf);
}

static inline void
test_ca_done(struct test_ca *t)
{
	softkey_free(t->root_key);
	softkey_free(t->ca_key);
	softkey_free(t->key);
	cert_free(t->root);
	cert_free(t->ca);
	cert_free(t->leaf);
}

#endif
