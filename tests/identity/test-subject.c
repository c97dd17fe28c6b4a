/* Identifiers of subjects: TYPE:value, and what certificates hold of them. */
#include "identity/subject.h"
#include "certs/ossl.h"
#include "tests/tap.h"

static void
reads_types_that_it_knows_and_others(void)
{
	static const struct {
		const char *text;
		enum subject_type type;
		bool well_formed;
	} cases[] = {
		{ "CCCD:001234567890", SUBJECT_CCCD, true },
		{ "cccd:001234567890", SUBJECT_CCCD, true },
		{ "CCCD:00123456789", SUBJECT_CCCD, false },
		{ "CMND:123456789", SUBJECT_CMND, true },
		{ "HC:B1234567", SUBJECT_HC, true },
		{ "HC:b1", SUBJECT_HC, false },
		{ "MST:0101234567", SUBJECT_MST, true },
		{ "MST:0101234567-001", SUBJECT_MST, true },
		{ "MST:0101234567001", SUBJECT_MST, true },
		{ "MST:001234567890", SUBJECT_MST, true },
		{ "MST:0101234567-01", SUBJECT_MST, false },
		{ "BHXH:0123456789", SUBJECT_BHXH, true },
		{ "PPID:1.2-X", SUBJECT_PPID, true },
		{ "XYZ:a:b", SUBJECT_OTHER, false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct subject_id id = { 0 };
		CHECK_OK(subject_id_parse(bytes_str(cases[i].text), &id));
		CHECK(id.type == cases[i].type);
		CHECK(id.well_formed == cases[i].well_formed);
		CHECK(strcmp(id.value, strchr(cases[i].text, ':') + 1) == 0);
	}
}

static void
refuses_what_is_no_identifier(void)
{
	static const char *const bad[] = { "", ":", "CCCD",
		"CCCD:", ":001234567890", "CC CD:1", "CCCD:1\x1b", "CCCD:1\xff",
		"ABCDEFGHIJKLMNOP:1",
		"PID:"
		"0123456789012345678901234567890123456789012345678901234567"
		"890123" };
	struct subject_id id;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK_ERR(
		    subject_id_parse(bytes_str(bad[i]), &id), ERR_MALFORMED);
}

static void
forms_only_what_has_its_form(void)
{
	CLEANUP(buf_done) struct buf b = BUF(64);
	CHECK_OK(
	    subject_id_format(SUBJECT_CCCD, BYTES_LIT("001234567890"), &b));
	CHECK(bytes_eq_str(buf_bytes(&b), "CCCD:001234567890"));
	CHECK_ERR(
	    subject_id_format(SUBJECT_CCCD, BYTES_LIT("00123"), &b), ERR_USAGE);
	CHECK_ERR(subject_id_format(SUBJECT_HC, BYTES_LIT("B12,CN=x"), &b),
	    ERR_USAGE);
	CHECK_ERR(
	    subject_id_format(SUBJECT_OTHER, BYTES_LIT("1"), &b), ERR_USAGE);
	CHECK(b.len == 17);
}

static struct cert *
make_cert(const char *const *uids, size_t n)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	struct cert *c = NULL;
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	ASN1_TIME_set(X509_getm_notBefore(x), 1700000000);
	ASN1_TIME_set(X509_getm_notAfter(x), 1800000000);
	/* A name that only looks like an identifier. */
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)"An, UID=CCCD:999999999999", -1, -1, 0);
	/* The second and later are in one RDN with the first. */
	for (size_t i = 0; i < n; i++)
		X509_NAME_add_entry_by_txt(name, "UID", MBSTRING_UTF8,
		    (const unsigned char *)uids[i], -1, -1, i == 0 ? 0 : -1);
	X509_set_pubkey(x, key);
	if (X509_sign(x, key, EVP_sha256()) <= 0)
		abort();
	uint8_t *der = NULL;
	int len = i2d_X509(x, &der);
	CHECK_OK(cert_parse(bytes_of(der, (size_t)len), &c));
	OPENSSL_free(der);
	X509_free(x);
	EVP_PKEY_free(key);
	return c;
}

static void
finds_all_identifiers_of_a_certificate(void)
{
	static const char *const uids[] = { "MST:0101234567", "no identifier",
		"CCCD:001234567890" };
	CLEANUP(cert_freep) struct cert *c = make_cert(uids, 3);
	struct subject_ids ids = { 0 };
	CHECK_OK(subject_ids_of(c, &ids));
	CHECK(ids.n == 2);
	const struct subject_id *id = subject_ids_find(&ids, SUBJECT_CCCD);
	CHECK(id != NULL && strcmp(id->value, "001234567890") == 0);
	CHECK(subject_ids_find(&ids, SUBJECT_HC) == NULL);
	CLEANUP(cert_freep) struct cert *none = make_cert(NULL, 0);
	CHECK_OK(subject_ids_of(none, &ids));
	CHECK(ids.n == 0);
}

static void
hints_from_the_digits_and_refuses_nobody(void)
{
	struct cccd_hint h;
	CHECK(cccd_hint_of(BYTES_LIT("001201012345"), &h));
	CHECK(strcmp(h.place, "001") == 0);
	CHECK(h.birth_year == 2001 && h.sex == 'M');
	CHECK(cccd_hint_of(BYTES_LIT("079185012345"), &h));
	CHECK(h.birth_year == 1985 && h.sex == 'F');
	CHECK(!cccd_hint_of(BYTES_LIT("123456789"), &h));
}

int
main(void)
{
	RUN(reads_types_that_it_knows_and_others);
	RUN(refuses_what_is_no_identifier);
	RUN(forms_only_what_has_its_form);
	RUN(finds_all_identifiers_of_a_certificate);
	RUN(hints_from_the_digits_and_refuses_nobody);
	return DONE();
}
