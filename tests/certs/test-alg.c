#include "certs/alg.h"
#include "tests/tap.h"

static void
names_every_digest_both_ways(void)
{
	for (int i = 1; i < DIGEST_COUNT; i++) {
		enum digest_alg a = (enum digest_alg)i;
		CHECK(digest_len(a) > 0 && digest_len(a) <= DIGEST_MAX);
		CHECK(digest_by_oid(digest_oid(a)) == a);
		if (digest_xml_uri(a) != NULL)
			CHECK(digest_by_xml_uri(digest_xml_uri(a)) == a);
	}
	CHECK(digest_by_oid("1.2.3") == DIGEST_NONE);
	CHECK(digest_by_oid(NULL) == DIGEST_NONE);
	CHECK(digest_len(DIGEST_NONE) == 0);
}

static void
hashes_as_the_standard_says(void)
{
	uint8_t out[DIGEST_MAX];
	CHECK_OK(digest_of(DIGEST_SHA256, BYTES_LIT("abc"), out));
	CHECK(out[0] == 0xba && out[31] == 0xad);
	CHECK_OK(digest_of(DIGEST_MD5, BYTES_NONE, out));
	CHECK(out[0] == 0xd4 && out[15] == 0x7e);
	for (int i = 1; i < DIGEST_COUNT; i++)
		CHECK_OK(digest_of((enum digest_alg)i, BYTES_NONE, out));
	CHECK_ERR(digest_of(DIGEST_NONE, BYTES_NONE, out), ERR_UNSUPPORTED);
}

static void
encodes_and_reads_back_every_algorithm(void)
{
	static const enum sig_form forms[] = { SIG_RSA_PKCS1, SIG_RSA_PSS,
		SIG_ECDSA, SIG_EDDSA, SIG_ED448, SIG_DSA };
	int seen = 0;
	for (size_t f = 0; f < COUNT_OF(forms); f++)
		for (int d = 0; d < DIGEST_COUNT; d++) {
			struct sig_alg a = { .form = forms[f],
				.digest = (enum digest_alg)d };
			if (a.form == SIG_RSA_PSS && d != DIGEST_NONE) {
				a.mgf1 = a.digest;
				a.salt_len = 33;
			}
			CLEANUP(buf_done) struct buf der = BUF(256);
			struct err *e = sig_alg_encode(a, &der);
			if (e != NULL) {
				err_free(e);
				continue;
			}
			struct sig_alg b = { 0 };
			CHECK_OK(
			    sig_alg_parse(buf_bytes(&der), DIGEST_NONE, &b));
			CHECK(a.form == b.form && a.digest == b.digest &&
			      a.mgf1 == b.mgf1 && a.salt_len == b.salt_len);
			seen++;
		}
	CHECK(seen >= 35);
}

static void
reads_pss_with_all_defaults(void)
{
	/* RFC 4055 3.1: an empty sequence is SHA-1, MGF1 with SHA-1, 20. */
	static const char der[] = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
				  "\x01\x0a\x30\x00";
	struct sig_alg a = { 0 };
	CHECK_OK(
	    sig_alg_parse(bytes_of(der, sizeof(der) - 1), DIGEST_NONE, &a));
	CHECK(a.form == SIG_RSA_PSS && a.digest == DIGEST_SHA1 &&
	      a.mgf1 == DIGEST_SHA1 && a.salt_len == 20);
}

static void
refuses_damaged_identifiers(void)
{
	struct sig_alg a = { 0 };
	static const char rsa[] = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
				  "\x01\x01\x05\x00";
	CHECK_ERR(
	    sig_alg_parse(bytes_of(rsa, 15), DIGEST_NONE, &a), ERR_UNSUPPORTED);
	CHECK_OK(sig_alg_parse(bytes_of(rsa, 15), DIGEST_SHA256, &a));
	CHECK(a.form == SIG_RSA_PKCS1 && a.digest == DIGEST_SHA256);
	CHECK_ERR(
	    sig_alg_parse(bytes_of(rsa, 16), DIGEST_SHA256, &a), ERR_MALFORMED);
	CHECK_ERR(
	    sig_alg_parse(bytes_of(rsa, 14), DIGEST_SHA256, &a), ERR_MALFORMED);
	CHECK_ERR(sig_alg_parse(BYTES_NONE, DIGEST_SHA256, &a), ERR_MALFORMED);
	/* Ed25519 with a NULL parameter, RFC 8410 3. */
	CHECK_ERR(sig_alg_parse(BYTES_LIT("\x30\x07\x06\x03\x2b\x65\x70\x05"
					  "\x00"),
		      DIGEST_NONE, &a),
	    ERR_MALFORMED);
}

static void
knows_the_uris_of_xml_signatures(void)
{
	struct sig_alg a = sig_alg_by_xml_uri(
	    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1");
	CHECK(a.form == SIG_RSA_PSS && a.salt_len == 32);
	a.salt_len = 20;
	CHECK(sig_alg_xml_uri(a) == NULL);
	a = sig_alg_by_xml_uri(
	    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256");
	CHECK(a.form == SIG_ECDSA && a.digest == DIGEST_SHA256);
	CHECK(strcmp(sig_alg_oid(a), "1.2.840.10045.4.3.2") == 0);
	char name[64];
	sig_alg_name(a, name, sizeof(name));
	CHECK(strcmp(name, "ECDSA with SHA-256") == 0);
	CHECK(sig_alg_by_xml_uri("http://x.example/").form == SIG_NONE);
}

int
main(void)
{
	RUN(names_every_digest_both_ways);
	RUN(hashes_as_the_standard_says);
	RUN(encodes_and_reads_back_every_algorithm);
	RUN(reads_pss_with_all_defaults);
	RUN(refuses_damaged_identifiers);
	RUN(knows_the_uris_of_xml_signatures);
	return DONE();
}
