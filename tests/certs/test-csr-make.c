/* Making PKCS#10, read again by OpenSSL. */
#include "certs/csr.h"
#include "certs/ossl.h"
#include "certs/softkey.h"
#include "tests/tap.h"

DEFINE_FREEP(X509_REQ_free, X509_REQ)

static const struct subject_field subject[] = { { "C", "VN" },
	{ "CN", "Nguyễn Thị Ánh" }, { "UID", "CCCD:001099012345" } };

static struct err *
make(struct softkey *k, struct softkey *signs, const struct subject_field *s,
    size_t n, struct buf *out)
{
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(softkey_evp(k), &der);
	const struct csr_fields f = { .subject = s,
		.nsubject = n,
		.spki = bytes_of(der, (size_t)len),
		.alg = softkey_alg(signs) };
	struct signer signer = softkey_signer(signs);
	struct err *e = csr_make(&f, &signer, out);
	OPENSSL_free(der);
	return e;
}

static void
is_a_request_that_openssl_verifies(void)
{
	const char *const kinds[] = { "P-256", "P-384", "RSA-2048" };
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		CLEANUP(softkey_freep) struct softkey *k = NULL;
		CLEANUP(buf_done) struct buf der = BUF(CSR_MAX);
		CHECK_OK(softkey_generate(kinds[i], &k));
		CHECK_OK(make(k, k, subject, COUNT_OF(subject), &der));
		const uint8_t *p = der.ptr;
		CLEANUP(X509_REQ_freep)
		X509_REQ *r = d2i_X509_REQ(NULL, &p, (long)der.len);
		CHECK(r != NULL && p == der.ptr + der.len);
		if (r == NULL)
			continue;
		CHECK(X509_REQ_verify(r, softkey_evp(k)) == 1);
		CHECK(X509_REQ_get_version(r) == 0);
		CHECK(X509_NAME_entry_count(X509_REQ_get_subject_name(r)) == 3);
		CHECK(X509_REQ_get_attr_count(r) == 0);
	}
}

static void
the_name_may_be_empty(void)
{
	CLEANUP(softkey_freep) struct softkey *k = NULL;
	CLEANUP(buf_done) struct buf der = BUF(CSR_MAX);
	CHECK_OK(softkey_generate("P-256", &k));
	CHECK_OK(make(k, k, NULL, 0, &der));
	CHECK(der.len > 100);
}

static void
refuses_fields_that_no_certificate_has(void)
{
	const struct subject_field bad[] = { { "emailAddress", "a@b" },
		{ "C", "Vietnam" }, { "UID", "CCCD:12" }, { "CN", "a\033[2J" },
		{ "CN", "" } };
	CLEANUP(softkey_freep) struct softkey *k = NULL;
	CLEANUP(buf_done) struct buf der = BUF(CSR_MAX);
	CHECK_OK(softkey_generate("P-256", &k));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err *e = make(k, k, &bad[i], 1, &der);
		CHECK(e != NULL && strcmp(err_code(e), "subject-field") == 0);
		err_free(e);
	}
	CHECK(der.len == 0);
}

static void
refuses_a_signature_of_another_key(void)
{
	CLEANUP(softkey_freep) struct softkey *k = NULL;
	CLEANUP(softkey_freep) struct softkey *other = NULL;
	CLEANUP(buf_done) struct buf der = BUF(CSR_MAX);
	CHECK_OK(softkey_generate("P-256", &k));
	CHECK_OK(softkey_generate("P-256", &other));
	CHECK_ERR(make(k, other, subject, 2, &der), ERR_DENIED);
	CHECK(der.len == 0);
}

int
main(void)
{
	RUN(is_a_request_that_openssl_verifies);
	RUN(the_name_may_be_empty);
	RUN(refuses_fields_that_no_certificate_has);
	RUN(refuses_a_signature_of_another_key);
	return DONE();
}
