/* References to validation data beside the data (EN 319 122-1 A.1.1.1,
 * A.1.2.1): each file here has one reference, which names what is there or does
 * not. */
#include "cms/internal.h"
#include "cms/oid.h"

#include "tests/cms/people.h"

static struct person ca, an;

/* These stand for a CRL and a BasicOCSPResponse. */
#define CRL BYTES_LIT("\x30\x03\x02\x01\x05")
#define BASIC BYTES_LIT("\x30\x03\x02\x01\x07")
#define STRANGER BYTES_LIT("\x30\x03\x02\x01\x09")

static struct buf
in(uint8_t tag, struct bytes what)
{
	struct buf b = BUF(16384);
	CHECK_OK(der_put(&b, tag, what));
	return b;
}

/* `what` in the tags given, the innermost first. */
static struct buf
in_all(const uint8_t *tags, size_t n, struct bytes what)
{
	struct buf b = in(tags[0], what);
	for (size_t i = 1; i < n; i++) {
		struct buf outer = in(tags[i], buf_bytes(&b));
		buf_done(&b);
		b = outer;
	}
	return b;
}
#define IN(what, ...)                                                          \
	in_all((const uint8_t[]){ __VA_ARGS__ },                               \
	    sizeof((const uint8_t[]){ __VA_ARGS__ }), what)

static void
attribute(struct buf *out, struct bytes oid, struct bytes value)
{
	struct buf set = in(BER_SET, value), body = BUF(16384);
	CHECK_OK(der_put(&body, BER_OID, oid));
	CHECK_OK(buf_append(&body, buf_bytes(&set)));
	CHECK_OK(der_put(out, BER_SEQUENCE, buf_bytes(&body)));
	buf_done(&set);
	buf_done(&body);
}

/* OtherHash, as a digest of SHA-1 or with its algorithm. */
static struct buf
other_hash(struct bytes of, enum digest_alg alg)
{
	uint8_t hash[DIGEST_MAX];
	CHECK_OK(digest_of(alg, of, hash));
	struct buf octets = in(BER_OCTETS, bytes_of(hash, digest_len(alg)));
	if (alg == DIGEST_SHA1)
		return octets;
	struct buf b = in(BER_OID, OID_SHA256);
	struct buf id = in(BER_SEQUENCE, buf_bytes(&b));
	CHECK_OK(buf_append(&id, buf_bytes(&octets)));
	struct buf out = in(BER_SEQUENCE, buf_bytes(&id));
	buf_done(&b);
	buf_done(&id);
	buf_done(&octets);
	return out;
}

static void
values(struct buf *out)
{
	struct buf certs = in(BER_SEQUENCE, cert_der(ca.cert));
	struct buf crls = IN(CRL, BER_SEQUENCE, BER_CONTEXT);
	struct buf answers = IN(BASIC, BER_SEQUENCE, BER_CONTEXT + 1);
	CHECK_OK(buf_append(&crls, buf_bytes(&answers)));
	struct buf both = in(BER_SEQUENCE, buf_bytes(&crls));
	attribute(out, OID_CERTIFICATE_VALUES, buf_bytes(&certs));
	attribute(out, OID_REVOCATION_VALUES, buf_bytes(&both));
	buf_done(&certs);
	buf_done(&crls);
	buf_done(&answers);
	buf_done(&both);
}

enum what { CERT_REF, CRL_REF, OCSP_REF };

static void
reference(struct buf *out, enum what what, struct bytes to, enum digest_alg alg)
{
	struct buf hash = other_hash(to, alg), b = { 0 };
	struct buf answer = in(BER_SEQUENCE, BYTES_LIT("")); /* identifier */
	CHECK_OK(buf_append(&answer, buf_bytes(&hash)));
	if (what == CERT_REF)
		b = IN(buf_bytes(&hash), BER_SEQUENCE, BER_SEQUENCE);
	else if (what == CRL_REF)
		b = IN(buf_bytes(&hash), BER_SEQUENCE, BER_SEQUENCE,
		    BER_SEQUENCE, BER_CONTEXT, BER_SEQUENCE, BER_SEQUENCE);
	else
		b = IN(buf_bytes(&answer), BER_SEQUENCE, BER_SEQUENCE,
		    BER_SEQUENCE, BER_CONTEXT + 1, BER_SEQUENCE, BER_SEQUENCE);
	attribute(out,
	    what == CERT_REF ? OID_CERTIFICATE_REFS : OID_REVOCATION_REFS,
	    buf_bytes(&b));
	buf_done(&hash);
	buf_done(&answer);
	buf_done(&b);
}

/* Whether it is told that something named is not there. */
static bool
is_lost(struct bytes attributes)
{
	struct cms c = { .nsigners = 0 };
	struct signer_info s = { .unsigned_body = attributes };
	struct signature_fact f = { .claimed_time = TIME_NONE };
	CHECK_OK(cert_list_add(&f.certs, an.cert));
	CHECK_OK(cert_list_add(&f.certs, ca.cert));
	CHECK_OK(refs_collect(&c, &s, &f));
	bool lost = f.findings.n == 1 &&
		    strcmp(f.findings.v[0].code, "cades-refs") == 0 &&
		    !f.findings.v[0].fatal;
	CHECK(lost || f.findings.n == 0);
	signature_fact_done(&f);
	return lost;
}

static bool
one_is_lost(
    bool with_values, enum what what, struct bytes to, enum digest_alg alg)
{
	CLEANUP(buf_done) struct buf b = BUF(65536);
	if (with_values)
		values(&b);
	reference(&b, what, to, alg);
	return is_lost(buf_bytes(&b));
}

static void
finds_what_is_named(void)
{
	static const enum digest_alg algs[] = { DIGEST_SHA1, DIGEST_SHA256 };
	for (size_t i = 0; i < COUNT_OF(algs); i++) {
		CHECK(!one_is_lost(true, CERT_REF, cert_der(ca.cert), algs[i]));
		CHECK(!one_is_lost(true, CRL_REF, CRL, algs[i]));
		CHECK(!one_is_lost(true, OCSP_REF, BASIC, algs[i]));
	}
}

static void
tells_what_is_not_there(void)
{
	CHECK(one_is_lost(true, CERT_REF, STRANGER, DIGEST_SHA256));
	CHECK(one_is_lost(true, CRL_REF, STRANGER, DIGEST_SHA256));
	CHECK(one_is_lost(true, OCSP_REF, STRANGER, DIGEST_SHA1));
	/* A CRL is no answer, though its digest is right. */
	CHECK(one_is_lost(true, OCSP_REF, CRL, DIGEST_SHA256));
}

/* CAdES-C has the references alone: the data is elsewhere. */
static void
does_not_miss_what_nobody_promised(void)
{
	for (enum what w = CERT_REF; w <= OCSP_REF; w++)
		CHECK(!one_is_lost(false, w, STRANGER, DIGEST_SHA256));
}

static void
refuses_what_is_no_reference(void)
{
	struct cms c = { .nsigners = 0 };
	CLEANUP(buf_done) struct buf b = BUF(65536);
	values(&b);
	attribute(&b, OID_CERTIFICATE_REFS, BYTES_LIT("\x02\x01\x05"));
	struct signer_info s = { .unsigned_body = buf_bytes(&b) };
	struct signature_fact f = { .claimed_time = TIME_NONE };
	struct err *e = refs_collect(&c, &s, &f);
	CHECK(e != NULL && err_kind(e) == ERR_MALFORMED);
	err_free(e);
	signature_fact_done(&f);
}

int
main(void)
{
	ca = make_authority();
	an = make_citizen(&ca, "P-256", ALG_P256);
	RUN(finds_what_is_named);
	RUN(tells_what_is_not_there);
	RUN(does_not_miss_what_nobody_promised);
	RUN(refuses_what_is_no_reference);
	person_done(&ca);
	person_done(&an);
	return DONE();
}
