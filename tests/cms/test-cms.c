#include "cms/cms.h"

#include "cms/ber.h"
#include "tests/cms/people.h"

#define MESSAGE "Đơn đề nghị cấp bản sao trích lục hộ tịch"

static struct person ca;

static struct bytes
hash_of(struct sig_alg alg, struct bytes content, uint8_t hash[DIGEST_MAX])
{
	enum digest_alg d = alg.form == SIG_EDDSA ? DIGEST_SHA512 : alg.digest;
	CHECK_OK(digest_of(d, content, hash));
	return bytes_of(hash, digest_len(d));
}

static struct buf
make(const struct person *who, bool attached)
{
	uint8_t hash[DIGEST_MAX];
	struct cert_list chain = { .v = &ca.cert, .n = 1 };
	struct cms_request r = { .cert = who->cert,
		.chain = &chain,
		.alg = who->alg,
		.content_digest = hash_of(who->alg, BYTES_LIT(MESSAGE), hash),
		.signing_time = NOON,
		.content = attached ? BYTES_LIT(MESSAGE) : BYTES_NONE };
	struct buf attrs = BUF(4096), value = BUF(4096), out = BUF(65536);
	CHECK_OK(cms_signed_attributes(&r, &attrs));
	person_sign(who, buf_bytes(&attrs), &value);
	CHECK_OK(cms_assemble(&r, buf_bytes(&attrs), buf_bytes(&value), &out));
	CHECK(out.len <= cms_size_bound(&r));
	buf_done(&attrs);
	buf_done(&value);
	return out;
}

static struct signature_fact
judge(struct bytes der, struct bytes content, const struct cert_list *extra)
{
	struct signature_fact f = { .claimed_time = TIME_NONE };
	CLEANUP(cms_freep) struct cms *c = NULL;
	CHECK_OK(cms_parse(der, &c));
	if (c == NULL)
		return f;
	uint8_t hash[DIGEST_MAX];
	enum digest_alg alg = cms_signer_digest(c, 0);
	struct bytes digest = BYTES_NONE;
	if (alg != DIGEST_NONE) {
		CHECK_OK(digest_of(alg, content, hash));
		digest = bytes_of(hash, digest_len(alg));
	}
	CHECK_OK(cms_collect_signer(c, 0, digest, extra, "content", &f));
	return f;
}

static bool
has_finding(const struct signature_fact *f, const char *code)
{
	for (size_t i = 0; i < f->findings.n; i++)
		if (strcmp(f->findings.v[i].code, code) == 0)
			return true;
	return false;
}

static bool
has_fatal(const struct signature_fact *f)
{
	for (size_t i = 0; i < f->findings.n; i++)
		if (f->findings.v[i].fatal)
			return true;
	return false;
}

static void
check_round_trip(const char *key, struct sig_alg alg, bool attached)
{
	struct person p = make_citizen(&ca, key, alg);
	struct buf der = make(&p, attached);
	struct signature_fact f =
	    judge(buf_bytes(&der), BYTES_LIT(MESSAGE), NULL);
	CHECK(f.signature == CHECK_PASSED);
	CHECK(f.nreferences == 1 && f.references[0].digest == CHECK_PASSED);
	CHECK(f.cert_binding == CHECK_PASSED);
	CHECK(f.cert != NULL && cert_eq(f.cert, p.cert));
	CHECK(f.certs.n == 2);
	CHECK(f.claimed_time == NOON);
	CHECK(f.level == FACT_LEVEL_B);
	CHECK(f.alg.form == alg.form && f.findings.n == 0);
	signature_fact_done(&f);
	buf_done(&der);
	person_done(&p);
}

static void
reads_back_what_it_makes_with_every_key(void)
{
	for (int attached = 0; attached < 2; attached++) {
		check_round_trip("P-256", ALG_P256, attached);
		check_round_trip("P-384",
		    (struct sig_alg){
			.form = SIG_ECDSA, .digest = DIGEST_SHA384 },
		    attached);
		check_round_trip("RSA", ALG_RSA, attached);
		check_round_trip("RSA", ALG_PSS, attached);
		check_round_trip("ED25519", ALG_ED25519, attached);
	}
}

static void
attributes_are_in_der_order_and_have_no_time_unless_wanted(void)
{
	struct person p = make_citizen(&ca, "P-256", ALG_P256);
	uint8_t hash[DIGEST_MAX];
	struct cms_request r = { .cert = p.cert,
		.alg = p.alg,
		.content_digest = hash_of(p.alg, BYTES_LIT(MESSAGE), hash),
		.signing_time = TIME_NONE };
	struct buf attrs = BUF(4096), again = BUF(4096);
	CHECK_OK(cms_signed_attributes(&r, &attrs));
	struct tlv set;
	CHECK_OK(ber_only(buf_bytes(&attrs), BER_SET, &set));
	CHECK_OK(der_put_set(&again, BER_SET, set.body));
	CHECK(bytes_eq(buf_bytes(&attrs), buf_bytes(&again)));
	int n = 0;
	struct tlv t;
	for (; set.body.len > 0; n++)
		CHECK_OK(ber_take(&set.body, BER_SEQUENCE, &t));
	CHECK(n == 3);
	buf_done(&attrs);
	buf_done(&again);
	person_done(&p);
}

static void
tells_other_content(void)
{
	struct person p = make_citizen(&ca, "P-256", ALG_P256);
	struct buf der = make(&p, false);
	struct signature_fact f =
	    judge(buf_bytes(&der), BYTES_LIT("other"), NULL);
	CHECK(f.signature == CHECK_PASSED);
	CHECK(f.references[0].digest == CHECK_FAILED);
	signature_fact_done(&f);
	buf_done(&der);
	person_done(&p);
}

/* Every bit of the attributes and of the value counts; what stands elsewhere
 * may only lose the certificate or the structure. */
static void
no_flipped_byte_is_accepted_with_the_same_meaning(void)
{
	struct person p = make_citizen(&ca, "P-256", ALG_P256);
	struct buf der = make(&p, false);
	size_t passed = 0;
	for (size_t i = 0; i < der.len; i++) {
		der.ptr[i] ^= 1;
		struct cms *c = NULL;
		struct err *e = cms_parse(buf_bytes(&der), &c);
		if (e == NULL && cms_signers(c) == 1) {
			struct signature_fact f =
			    judge(buf_bytes(&der), BYTES_LIT(MESSAGE), NULL);
			bool good = f.signature == CHECK_PASSED &&
				    f.references[0].digest == CHECK_PASSED &&
				    f.cert_binding == CHECK_PASSED &&
				    !has_fatal(&f);
			if (good)
				CHECK(cert_eq(f.cert, p.cert) &&
				      f.claimed_time == NOON);
			passed += good;
			signature_fact_done(&f);
		}
		err_free(e);
		cms_free(c);
		der.ptr[i] ^= 1;
	}
	/* The other certificate, versions, and the set of digests. */
	CHECK(passed < cert_der(ca.cert).len + 64);
	buf_done(&der);
	person_done(&p);
}

static void
refuses_what_is_cut_off_and_what_follows(void)
{
	struct person p = make_citizen(&ca, "P-256", ALG_P256);
	struct buf der = make(&p, true);
	struct cms *c = NULL;
	for (size_t n = 0; n < der.len; n++)
		CHECK_ERR(cms_parse(bytes_of(der.ptr, n), &c), ERR_MALFORMED);
	CHECK_OK(buf_byte(&der, 0));
	CHECK_ERR(cms_parse(buf_bytes(&der), &c), ERR_MALFORMED);
	size_t len = 0;
	CHECK_OK(cms_length(buf_bytes(&der), &len));
	CHECK(len == der.len - 1);
	buf_done(&der);
	person_done(&p);
}

/* digestAlgorithms is signed by nobody, and still a list of algorithms. */
static void
refuses_digest_algorithms_that_are_none(void)
{
	struct person p = make_citizen(&ca, "P-256", ALG_P256);
	struct buf der = make(&p, false);
	struct cms *c = NULL;
	size_t at = bytes_find(buf_bytes(&der), BYTES_LIT("\x02\x01\x01\x31"));
	CHECK(at != SIZE_MAX && der.ptr[at + 5] == 0x30);
	der.ptr[at + 6] ^= 0x80;
	CHECK_ERR(cms_parse(buf_bytes(&der), &c), ERR_MALFORMED);
	buf_done(&der);
	person_done(&p);
}

static void
without_its_certificate_the_signature_is_not_judged(void)
{
	struct person p = make_citizen(&ca, "P-256", ALG_P256);
	struct person other = make_citizen(&ca, "P-256", ALG_P256);
	/* The same name and number, another key: it must not pass. */
	struct buf der = make(&p, false);
	size_t at = bytes_find(buf_bytes(&der), cert_der(p.cert));
	CHECK(at != SIZE_MAX);
	if (cert_der(other.cert).len == cert_der(p.cert).len) {
		memcpy(der.ptr + at, cert_der(other.cert).ptr,
		    cert_der(p.cert).len);
		struct signature_fact f =
		    judge(buf_bytes(&der), BYTES_LIT(MESSAGE), NULL);
		CHECK(f.signature == CHECK_FAILED);
		CHECK(f.cert_binding == CHECK_FAILED);
		CHECK(has_finding(&f, "signer-certificate-not-bound"));
		signature_fact_done(&f);
		/* Given from outside, the right one is preferred. */
		struct cert_list extra = { .v = &p.cert, .n = 1 };
		f = judge(buf_bytes(&der), BYTES_LIT(MESSAGE), &extra);
		CHECK(f.signature == CHECK_PASSED);
		CHECK(f.cert_binding == CHECK_PASSED);
		signature_fact_done(&f);
	}
	buf_done(&der);
	person_done(&p);
	person_done(&other);
}

static void
says_when_the_content_is_missing(void)
{
	struct person p = make_citizen(&ca, "P-256", ALG_P256);
	struct buf der = make(&p, false);
	CLEANUP(cms_freep) struct cms *c = NULL;
	CHECK_OK(cms_parse(buf_bytes(&der), &c));
	struct signature_fact f = { 0 };
	CHECK_OK(cms_collect_signer(c, 0, BYTES_NONE, NULL, "content", &f));
	CHECK(f.references[0].digest == CHECK_NOT_DONE);
	CHECK(f.signature == CHECK_PASSED);
	CHECK(has_finding(&f, "content-missing"));
	CHECK_ERR(cms_collect_signer(c, 1, BYTES_NONE, NULL, "content", &f),
	    ERR_USAGE);
	signature_fact_done(&f);
	buf_done(&der);
	person_done(&p);
}

/* By the short way as by OpenSSL's, and refused where that refuses. */
static void
an_oid_is_written_as_openssl_writes_it(void)
{
	static const char *const oids[] = { "0.0", "0.39", "1.2", "1.39.127",
		"1.2.840.113549.1.9.16.2.14", "2.16.840.1.101.3.4.2.1",
		"1.3.6.1.4.1.99999.1.1", "2.999.3", "2.0",
		"1.2.128.16383.16384", "1.2.999999999", "1.2.1000000000.1",
		"2.25.4294967296",
		"2.25.329800735698586629295641978511506172918", "1.2.03", "",
		".", "1", "1.", "1.2.", ".1.2", "1..2", "3.1", "1.40", "1.2.x",
		"1.2 ", "-1.2", "1.-2" };
	size_t refused = 0;
	for (size_t i = 0; i < COUNT_OF(oids); i++) {
		CLEANUP(buf_done) struct buf b = BUF(256);
		CLEANUP(ASN1_OBJECT_freep)
		ASN1_OBJECT *o = OBJ_txt2obj(oids[i], 1);
		struct err *e = der_put_oid(&b, oids[i]);
		CHECK((e == NULL) == (o != NULL));
		refused += e != NULL;
		err_free(e);
		CHECK(b.len == (o == NULL ? 0 : OBJ_length(o) + 2));
		CHECK(o == NULL ||
		      (b.ptr[0] == BER_OID && b.ptr[1] == OBJ_length(o) &&
			  memcmp(b.ptr + 2, OBJ_get0_data(o), OBJ_length(o)) ==
			      0));
	}
	CHECK(refused > 5);
}

int
main(void)
{
	ca = make_authority();
	RUN(an_oid_is_written_as_openssl_writes_it);
	RUN(reads_back_what_it_makes_with_every_key);
	RUN(attributes_are_in_der_order_and_have_no_time_unless_wanted);
	RUN(tells_other_content);
	RUN(no_flipped_byte_is_accepted_with_the_same_meaning);
	RUN(refuses_what_is_cut_off_and_what_follows);
	RUN(refuses_digest_algorithms_that_are_none);
	RUN(without_its_certificate_the_signature_is_not_judged);
	RUN(says_when_the_content_is_missing);
	person_done(&ca);
	return DONE();
}
