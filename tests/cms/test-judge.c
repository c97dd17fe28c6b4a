/*
 * One thing wrong at a time: each file here differs from a good one in its
 * signed attributes alone, and the value over them is always right.
 */
#include "cms/internal.h"

#include "tests/cms/people.h"

#define MESSAGE "Biên bản bàn giao"

static struct person ca, an;

/* The attributes of one file, before they become a SET. */
static struct buf attrs;

static void
attribute(struct bytes oid, struct bytes values)
{
	struct buf body = BUF(4096);
	CHECK_OK(der_put(&body, BER_OID, oid));
	CHECK_OK(der_put(&body, BER_SET, values));
	CHECK_OK(der_put(&attrs, BER_SEQUENCE, buf_bytes(&body)));
	buf_done(&body);
}

static void
content_type(struct bytes oid)
{
	struct buf v = BUF(64);
	CHECK_OK(der_put(&v, BER_OID, oid));
	attribute(OID_CONTENT_TYPE, buf_bytes(&v));
	buf_done(&v);
}

static void
message_digest(enum digest_alg alg, int values)
{
	struct buf v = BUF(256);
	uint8_t hash[DIGEST_MAX];
	CHECK_OK(digest_of(alg, BYTES_LIT(MESSAGE), hash));
	for (int i = 0; i < values; i++)
		CHECK_OK(
		    der_put(&v, BER_OCTETS, bytes_of(hash, digest_len(alg))));
	attribute(OID_MESSAGE_DIGEST, buf_bytes(&v));
	buf_done(&v);
}

/* SigningCertificate (SHA-1) or SigningCertificateV2 (SHA-256) of `c`. */
static void
signing_certificate(bool v2, const struct cert *c)
{
	enum digest_alg alg = v2 ? DIGEST_SHA256 : DIGEST_SHA1;
	uint8_t hash[DIGEST_MAX];
	struct buf layers[2] = { BUF(256), BUF(256) };
	CHECK_OK(digest_of(alg, cert_der(c), hash));
	CHECK_OK(
	    der_put(&layers[0], BER_OCTETS, bytes_of(hash, digest_len(alg))));
	for (int i = 0; i < 3; i++) {
		struct buf *from = &layers[i % 2], *to = &layers[(i + 1) % 2];
		buf_clear(to);
		CHECK_OK(der_put(to, BER_SEQUENCE, buf_bytes(from)));
	}
	attribute(v2 ? OID_SIGNING_CERTIFICATE_V2 : OID_SIGNING_CERTIFICATE,
	    buf_bytes(&layers[1]));
	buf_done(&layers[0]);
	buf_done(&layers[1]);
}

static void
usual(void)
{
	content_type(OID_DATA);
	message_digest(DIGEST_SHA256, 1);
}

/* How a file is put together out of the attributes. */
struct way {
	enum digest_alg value_hash; /* of the value over the attributes */
	enum digest_alg stated;     /* put into digestAlgorithm */
	bool as_they_stand;         /* signed in the order of `attrs` */
	bool sorted;                /* and written in DER's order */
	bool rsa_stated; /* digestAlgorithm is sha256WithRSAEncryption */
};

static const struct way normal = {
	.value_hash = DIGEST_SHA256, .stated = DIGEST_SHA256, .sorted = true
};

/* SHA-256's OID in SignerInfo becomes SHA-512's, which is as long. */
static void
state_sha512(struct buf *der)
{
	size_t at = bytes_rfind(buf_bytes(der), OID_SHA256);
	CHECK(at != SIZE_MAX);
	if (at != SIZE_MAX)
		der->ptr[at + OID_SHA256.len - 1] = 3;
}

/* So is that of the signature algorithm, which old programs state there. */
static void
state_rsa(struct buf *der)
{
	const struct bytes rsa =
	    BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b");
	size_t at = bytes_rfind(buf_bytes(der), OID_SHA256);
	CHECK(at != SIZE_MAX && rsa.len == OID_SHA256.len);
	if (at != SIZE_MAX)
		memcpy(der->ptr + at, rsa.ptr, rsa.len);
}

static struct buf
assemble(struct way w)
{
	struct buf sorted = BUF(8192), plain = BUF(8192), value = BUF(4096),
		   out = BUF(65536);
	static const uint8_t zero[32];
	struct person signer = an;
	struct cms_request r = { .cert = an.cert,
		.alg = an.alg,
		.content_digest = bytes_of(zero, sizeof(zero)) };
	CHECK_OK(der_put_set(&sorted, BER_SET, buf_bytes(&attrs)));
	CHECK_OK(der_put(&plain, BER_SET, buf_bytes(&attrs)));
	signer.alg.digest = w.value_hash;
	person_sign(
	    &signer, buf_bytes(w.as_they_stand ? &plain : &sorted), &value);
	CHECK_OK(cms_assemble(&r, buf_bytes(w.sorted ? &sorted : &plain),
	    buf_bytes(&value), &out));
	if (w.stated == DIGEST_SHA512)
		state_sha512(&out);
	if (w.rsa_stated)
		state_rsa(&out);
	buf_done(&sorted);
	buf_done(&plain);
	buf_done(&value);
	buf_clear(&attrs);
	return out;
}

static struct signature_fact
judge(struct way w)
{
	struct buf der = assemble(w);
	struct signature_fact f = { .claimed_time = TIME_NONE };
	struct cms *c = NULL;
	uint8_t hash[DIGEST_MAX];
	CHECK_OK(cms_parse(buf_bytes(&der), &c));
	enum digest_alg alg = cms_signer_digest(c, 0);
	CHECK_OK(digest_of(alg, BYTES_LIT(MESSAGE), hash));
	CHECK_OK(cms_collect_signer(
	    c, 0, bytes_of(hash, digest_len(alg)), NULL, "content", &f));
	cms_free(c);
	buf_done(&der);
	return f;
}

/* The code of the fatal finding, "" if there is none. */
static const char *
fatal(const struct signature_fact *f)
{
	for (size_t i = 0; i < f->findings.n; i++)
		if (f->findings.v[i].fatal)
			return f->findings.v[i].code;
	return "";
}

static void
check_fatal(const char *code)
{
	struct signature_fact f = judge(normal);
	CHECK(strcmp(fatal(&f), code) == 0);
	if (strcmp(fatal(&f), code) != 0)
		printf("# %s, not %s\n", fatal(&f), code);
	signature_fact_done(&f);
}

static void
check_good(struct way w, size_t findings)
{
	struct signature_fact f = judge(w);
	CHECK(f.signature == CHECK_PASSED);
	CHECK(f.nreferences == 1 && f.references[0].digest == CHECK_PASSED);
	CHECK(f.findings.n == findings);
	CHECK(strcmp(fatal(&f), "") == 0);
	signature_fact_done(&f);
}

static void
takes_the_usual_attributes(void)
{
	usual();
	check_good(normal, 0);
}

static void
wants_the_content_type(void)
{
	message_digest(DIGEST_SHA256, 1);
	check_fatal("cms-content-type");
	content_type(OID_TST_INFO);
	message_digest(DIGEST_SHA256, 1);
	check_fatal("cms-content-type");
}

static void
wants_one_message_digest(void)
{
	content_type(OID_DATA);
	check_fatal("cms-attributes-missing");
	usual();
	message_digest(DIGEST_SHA256, 1);
	check_fatal("cms-attributes-broken");
	content_type(OID_DATA);
	message_digest(DIGEST_SHA256, 2);
	check_fatal("cms-attributes-broken");
	content_type(OID_DATA);
	message_digest(DIGEST_SHA256, 0);
	check_fatal("cms-attributes-broken");
}

static void
wants_a_time_that_is_one(void)
{
	usual();
	attribute(OID_SIGNING_TIME, BYTES_LIT("\x17\x03"
					      "261"));
	check_fatal("cms-attributes-broken");
	usual();
	attribute(OID_SIGNING_TIME, BYTES_LIT("\x17\x0d"
					      "270115080000Z"));
	struct signature_fact f = judge(normal);
	CHECK(f.claimed_time == NOON);
	signature_fact_done(&f);
	usual();
	attribute(OID_SIGNING_TIME, BYTES_LIT("\x18\x0f"
					      "20270115080000Z"));
	f = judge(normal);
	CHECK(f.claimed_time == NOON);
	signature_fact_done(&f);
}

static void
check_binding(enum check expected)
{
	struct signature_fact f = judge(normal);
	CHECK(f.cert_binding == expected);
	CHECK(f.signature == CHECK_PASSED);
	signature_fact_done(&f);
}

static void
each_signing_certificate_that_is_there_must_fit(void)
{
	usual();
	check_binding(CHECK_NOT_DONE);
	usual();
	signing_certificate(false, an.cert);
	check_binding(CHECK_PASSED);
	usual();
	signing_certificate(true, an.cert);
	check_binding(CHECK_PASSED);
	usual();
	signing_certificate(true, ca.cert);
	check_binding(CHECK_FAILED);
	usual();
	signing_certificate(true, an.cert);
	signing_certificate(false, ca.cert);
	check_binding(CHECK_FAILED);
}

static void
takes_attributes_signed_in_another_order(void)
{
	struct way w = { .value_hash = DIGEST_SHA256, .stated = DIGEST_SHA256 };
	/* message-digest is longer, so it belongs behind. */
	message_digest(DIGEST_SHA256, 1);
	content_type(OID_DATA);
	check_good(w, 0);
	message_digest(DIGEST_SHA256, 1);
	content_type(OID_DATA);
	w.as_they_stand = true;
	check_good(w, 0);
}

static void
tells_two_hashes_and_takes_the_value_under_either(void)
{
	const struct way w = { .value_hash = DIGEST_SHA256,
		.stated = DIGEST_SHA512,
		.sorted = true };
	struct way v = w;
	content_type(OID_DATA);
	message_digest(DIGEST_SHA512, 1);
	check_good(w, 1);
	content_type(OID_DATA);
	message_digest(DIGEST_SHA512, 1);
	v.value_hash = DIGEST_SHA512;
	check_good(v, 1);
	/* A third hash was named by nobody. */
	content_type(OID_DATA);
	message_digest(DIGEST_SHA512, 1);
	v.value_hash = DIGEST_SHA384;
	struct signature_fact f = judge(v);
	CHECK(f.signature == CHECK_FAILED);
	signature_fact_done(&f);
}

static void
takes_a_signature_algorithm_for_its_hash(void)
{
	struct way w = normal;
	w.rsa_stated = true;
	usual();
	check_good(w, 0);
	/* The hash is still the one that it names. */
	content_type(OID_DATA);
	message_digest(DIGEST_SHA512, 1);
	struct signature_fact f = judge(w);
	CHECK(f.nreferences == 1 && f.references[0].digest == CHECK_FAILED);
	signature_fact_done(&f);
}

/* SHA-256 and ECDSA with `sig`, as CMSAlgorithmProtection. */
static void
protection(struct bytes sig)
{
	struct buf digest = BUF(64), body = BUF(256), alg = BUF(64),
		   v = BUF(256);
	CHECK_OK(der_put(&digest, BER_OID, OID_SHA256));
	CHECK_OK(der_put(&body, BER_SEQUENCE, buf_bytes(&digest)));
	CHECK_OK(der_put(&alg, BER_OID, sig));
	CHECK_OK(der_put(&body, BER_CONTEXT + 1, buf_bytes(&alg)));
	CHECK_OK(der_put(&v, BER_SEQUENCE, buf_bytes(&body)));
	attribute(OID_ALGORITHM_PROTECTION, buf_bytes(&v));
	buf_done(&digest);
	buf_done(&body);
	buf_done(&alg);
	buf_done(&v);
}

static void
the_protected_algorithms_must_be_those_used(void)
{
	usual();
	protection(BYTES_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x02"));
	check_good(normal, 0);
	usual();
	protection(BYTES_LIT("\x2a\x86\x48\xce\x3d\x04\x03\x03"));
	check_fatal("cms-algorithm-protection");
}

/* RFC 5280 4.1.2.2: no new certificate has one, old ones (of Acrobat) do. */
static void
finds_a_certificate_with_a_negative_serial_number(void)
{
	struct person plus = an;
	static const long serials[] = { -5, -128, -200, -32768, -1000000 };
	for (size_t i = 0; i < COUNT_OF(serials); i++) {
		an = make_person((struct person_wish){ .name = "An",
		    .key = "P-256",
		    .alg = ALG_P256,
		    .issuer = &ca,
		    .serial = serials[i],
		    .from = NOON - 86400,
		    .to = NOON + 86400 });
		usual();
		check_good(normal, 0);
		person_done(&an);
	}
	an = plus;
}

static void
refuses_more_attributes_than_the_limit(void)
{
	usual();
	for (int i = 0; i < CMS_ATTRIBUTES_MAX; i++)
		attribute(BYTES_LIT("\x2a\x03"), BYTES_LIT("\x05\x00"));
	check_fatal("cms-attributes-broken");
}

int
main(void)
{
	attrs = BUF(8192);
	ca = make_authority();
	an = make_citizen(&ca, "P-256", ALG_P256);
	RUN(takes_the_usual_attributes);
	RUN(wants_the_content_type);
	RUN(wants_one_message_digest);
	RUN(wants_a_time_that_is_one);
	RUN(each_signing_certificate_that_is_there_must_fit);
	RUN(takes_attributes_signed_in_another_order);
	RUN(tells_two_hashes_and_takes_the_value_under_either);
	RUN(takes_a_signature_algorithm_for_its_hash);
	RUN(the_protected_algorithms_must_be_those_used);
	RUN(finds_a_certificate_with_a_negative_serial_number);
	RUN(refuses_more_attributes_than_the_limit);
	person_done(&ca);
	person_done(&an);
	buf_done(&attrs);
	return DONE();
}
