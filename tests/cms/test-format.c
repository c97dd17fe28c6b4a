/* Signatures here come from OpenSSL's own signer. */
#include "cms/format.h"

#include <openssl/cms.h>
#include <openssl/pem.h>

#include "cms/internal.h"
#include "tests/cms/people.h"

#define TEXT "Biên bản bàn giao"

static struct person ca, an, binh;

/* openssl_sign makes SignedData over TEXT by An, and by Bình if `both`. */
static struct buf
openssl_sign(unsigned flags, bool both, bool pem)
{
	BIO *in = BIO_new_mem_buf(TEXT, (int)strlen(TEXT));
	BIO *out = BIO_new(BIO_s_mem());
	unsigned all = flags | CMS_BINARY | CMS_PARTIAL;
	CMS_ContentInfo *c = CMS_sign(NULL, NULL, NULL, in, all);
	CMS_add1_signer(c, cert_x509(an.cert), an.key, EVP_sha256(), all);
	if (both)
		CMS_add1_signer(
		    c, cert_x509(binh.cert), binh.key, EVP_sha512(), all);
	if (flags & CMS_STREAM) {
		if (i2d_CMS_bio_stream(out, c, in, (int)all) != 1)
			abort();
	} else {
		if (CMS_final(c, in, NULL, all) != 1)
			abort();
		uint8_t *der = NULL;
		int n = i2d_CMS_ContentInfo(c, &der);
		if (pem)
			PEM_write_bio(out, "CMS", "", der, n);
		else
			BIO_write(out, der, n);
		OPENSSL_free(der);
	}
	char *p;
	long len = BIO_get_mem_data(out, &p);
	struct buf b = BUF(1 << 20);
	CHECK_OK(buf_append(&b, bytes_of(p, (size_t)len)));
	CMS_ContentInfo_free(c);
	BIO_free(in);
	BIO_free(out);
	return b;
}

static struct facts
collect(const struct buf *b, const char *given)
{
	struct external x = { .data = bytes_str(given) };
	struct collect_input in = { .document = buf_bytes(b),
		.external = &x,
		.nexternal = given != NULL };
	struct facts f = { 0 };
	CHECK(format_cms.detect(in.document));
	CHECK_OK(format_cms.collect(&in, &f));
	return f;
}

static bool
is_good(const struct signature_fact *s)
{
	for (size_t i = 0; i < s->findings.n; i++)
		if (s->findings.v[i].fatal)
			return false;
	return s->signature == CHECK_PASSED && s->nreferences == 1 &&
	       s->references[0].digest == CHECK_PASSED;
}

static void
check_good(unsigned flags, bool both, bool pem, const char *given)
{
	struct buf b = openssl_sign(flags, both, pem);
	struct facts f = collect(&b, given);
	CHECK(f.nsignatures == (both ? 2 : 1));
	for (size_t i = 0; i < f.nsignatures; i++)
		CHECK(is_good(&f.signatures[i]));
	facts_done(&f);
	buf_done(&b);
}

static void
reads_what_openssl_signs(void)
{
	check_good(0, false, false, NULL);
	check_good(0, true, false, NULL);
	check_good(CMS_DETACHED, true, false, TEXT);
	check_good(CMS_CADES, false, false, NULL);
	check_good(CMS_USE_KEYID, false, false, NULL);
	check_good(CMS_NOATTR, true, false, NULL);
	check_good(CMS_NOATTR | CMS_DETACHED, false, false, TEXT);
}

static void
reads_ber_in_pieces_and_pem(void)
{
	check_good(CMS_STREAM, false, false, NULL);
	check_good(CMS_STREAM, true, false, NULL);
	check_good(0, true, true, NULL);
}

/* As some programs of providers leave a .p7s. */
static void
reads_base64_without_the_lines_of_pem(void)
{
	struct buf der = openssl_sign(CMS_DETACHED, false, false);
	struct buf b = BUF(1 << 20);
	CHECK_OK(base64_encode(buf_bytes(&der), &b));
	CHECK(format_cms.detect(buf_bytes(&b)));
	struct facts f = collect(&b, TEXT);
	CHECK(f.nsignatures == 1 && is_good(&f.signatures[0]));
	facts_done(&f);
	b.ptr[30] = '*';
	CHECK(!format_cms.detect(buf_bytes(&b)));
	buf_clear(&b);
	CHECK_OK(buf_str(&b, "MIIBxjCB a text that begins so and is no more"));
	CHECK(!format_cms.detect(buf_bytes(&b)));
	buf_done(&b);
	buf_done(&der);
}

static void
tells_content_that_is_not_there(void)
{
	struct buf b = openssl_sign(CMS_DETACHED, false, false);
	struct facts f = collect(&b, NULL);
	CHECK(f.nsignatures == 1);
	CHECK(f.signatures[0].references[0].digest == CHECK_NOT_DONE);
	CHECK(!f.signatures[0].covers_all);
	facts_done(&f);
	f = collect(&b, "something else");
	CHECK(f.signatures[0].references[0].digest == CHECK_FAILED);
	facts_done(&f);
	buf_done(&b);
}

static void
tells_content_that_differs_from_the_one_inside(void)
{
	struct buf b = openssl_sign(0, false, false);
	struct facts f = collect(&b, TEXT);
	CHECK(f.findings.n == 0);
	facts_done(&f);
	f = collect(&b, "something else");
	CHECK(f.findings.n == 1 && f.findings.v[0].fatal);
	facts_done(&f);
	buf_done(&b);
}

static void
without_a_certificate_nothing_is_judged(void)
{
	struct buf b = openssl_sign(CMS_NOCERTS, false, false);
	struct facts f = collect(&b, NULL);
	CHECK(f.signatures[0].cert == NULL);
	CHECK(f.signatures[0].signature == CHECK_NOT_DONE);
	facts_done(&f);
	struct cert_list extra = { .v = &an.cert, .n = 1 };
	struct collect_input in = { .document = buf_bytes(&b),
		.extra = &extra };
	CHECK_OK(format_cms.collect(&in, &f));
	CHECK(is_good(&f.signatures[0]));
	facts_done(&f);
	buf_done(&b);
}

/* Copies the elements of a SEQUENCE, leaving out those with the tag `drop`
 * and putting `replace` in place of the last one if it is not empty. */
static void
rebuild(struct bytes seq, int drop, struct bytes replace, struct buf *out)
{
	struct tlv outer, t;
	struct buf body = BUF(65536);
	CHECK_OK(ber_only(seq, BER_SEQUENCE, &outer));
	struct bytes rest = outer.body;
	while (rest.len > 0) {
		CHECK_OK(ber_next(&rest, &t));
		if (t.tag == drop)
			continue;
		bool last = rest.len == 0 && replace.len > 0;
		CHECK_OK(buf_append(&body, last ? replace : t.whole));
	}
	CHECK_OK(der_put(out, BER_SEQUENCE, buf_bytes(&body)));
	buf_done(&body);
}

static struct bytes
last_of(struct bytes seq)
{
	struct tlv t;
	CHECK_OK(ber_next(&seq, &t));
	struct bytes rest = t.body;
	while (rest.len > 0)
		CHECK_OK(ber_next(&rest, &t));
	return t.whole;
}

/* The same SignedData with the signed attributes cut out of its signer. */
static struct buf
without_attributes(struct bytes in)
{
	struct buf signer = BUF(65536), set = BUF(65536), data = BUF(65536),
		   tagged = BUF(65536), out = BUF(65536);
	struct tlv t;
	struct bytes signed_data = last_of(in);
	CHECK_OK(ber_next(&signed_data, &t));
	signed_data = t.body;
	struct bytes signers = last_of(signed_data);
	CHECK_OK(ber_only(signers, BER_SET, &t));
	rebuild(t.body, BER_CONTEXT, BYTES_NONE, &signer);
	CHECK_OK(der_put(&set, BER_SET, buf_bytes(&signer)));
	rebuild(signed_data, -1, buf_bytes(&set), &data);
	CHECK_OK(der_put(&tagged, BER_CONTEXT, buf_bytes(&data)));
	rebuild(in, -1, buf_bytes(&tagged), &out);
	buf_done(&signer);
	buf_done(&set);
	buf_done(&data);
	buf_done(&tagged);
	return out;
}

/*
 * A value over signed attributes, presented as a value over a content that is
 * just these attributes: the signature holds, and must not be believed.
 */
static void
refuses_attributes_dressed_up_as_content(void)
{
	struct buf b = openssl_sign(CMS_DETACHED, false, false);
	struct cms *c = NULL;
	CHECK_OK(cms_parse(buf_bytes(&b), &c));
	struct buf attrs = BUF(65536);
	CHECK_OK(der_put(&attrs, BER_SET, c->signers[0].signed_body));
	struct buf forged = without_attributes(buf_bytes(&b));
	struct external x = { .data = buf_bytes(&attrs) };
	struct collect_input in = {
		.document = buf_bytes(&forged), .external = &x, .nexternal = 1
	};
	struct facts f = { 0 };
	CHECK_OK(format_cms.collect(&in, &f));
	CHECK(f.nsignatures == 1);
	CHECK(f.signatures[0].signature == CHECK_PASSED);
	CHECK(!is_good(&f.signatures[0]));
	facts_done(&f);
	cms_free(c);
	buf_done(&attrs);
	buf_done(&forged);
	buf_done(&b);
}

static void
takes_only_its_own_files(void)
{
	CHECK(!format_cms.detect(BYTES_LIT("%PDF-1.7")));
	CHECK(!format_cms.detect(BYTES_LIT("<a/>")));
	CHECK(!format_cms.detect(BYTES_NONE));
	CHECK(!format_cms.detect(BYTES_LIT("0\x80")));
	struct collect_input in = { .document =
					BYTES_LIT("0\x03\x06\x01\x00") };
	struct facts f;
	CHECK_ERR(format_cms.collect(&in, &f), ERR_UNSUPPORTED);
	in.document =
	    BYTES_LIT("-----BEGIN CMS-----\nMIIB!!\n-----END CMS-----\n");
	CHECK_ERR(format_cms.collect(&in, &f), ERR_MALFORMED);
}

int
main(void)
{
	ca = make_authority();
	an = make_citizen(&ca, "P-256", ALG_P256);
	binh = make_citizen(&ca, "RSA", ALG_RSA);
	RUN(reads_what_openssl_signs);
	RUN(reads_ber_in_pieces_and_pem);
	RUN(reads_base64_without_the_lines_of_pem);
	RUN(tells_content_that_is_not_there);
	RUN(tells_content_that_differs_from_the_one_inside);
	RUN(without_a_certificate_nothing_is_judged);
	RUN(refuses_attributes_dressed_up_as_content);
	RUN(takes_only_its_own_files);
	person_done(&ca);
	person_done(&an);
	person_done(&binh);
	return DONE();
}
