/* CAdES from B-B to B-LTA with a time-stamp authority of our own: signed,
 * raised and judged; and what happens when something is taken away. */
#include <openssl/cms.h>

#include "certs/softkey.h"
#include "cms/format.h"
#include "cms/internal.h"
#include "cms/params.h"
#include "cms/tsp_make.h"
#include "tests/cms/people.h"

#define CONTENT "Quyết định\r\nsố 12/QĐ-UBND\n"
#define OUT_MAX (1024 * 1024)

static struct person ca, citizen, tsa;
static struct cert_list chain;

/* ---- the parts of a city ---- */

/* A token over the digest, by our own TSA, `serial` seconds after noon. */
static void
stamp(const uint8_t *digest, long serial, struct buf *token)
{
	CLEANUP(softkey_freep) struct softkey *key = NULL;
	uint8_t number = (uint8_t)serial;
	CHECK_OK(softkey_from_evp(tsa.key, &key));
	struct signer signer = softkey_signer(key);
	const struct tst_fields f = { .tsa = tsa.cert,
		.chain = &chain,
		.with_certs = true,
		.alg = ALG_P256,
		.imprint_alg = DIGEST_SHA256,
		.imprint = bytes_of(digest, 32),
		.policy = "1.2.3.4",
		.serial = bytes_of(&number, 1),
		.time = NOON + serial,
		.accuracy_s = 1 };
	*token = BUF(TST_MAX);
	CHECK_OK(tst_make(&f, &signer, token));
}

/* A CRL of nothing, by the authority; `number` tells one from another. */
static struct buf
make_crl(long number)
{
	struct buf out = BUF(OUT_MAX);
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, NOON);
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(
	    crl, X509_get_subject_name(cert_x509(ca.cert)));
	X509_CRL_set1_lastUpdate(crl, t);
	ASN1_TIME_set(t, NOON + 30 * DAY);
	X509_CRL_set1_nextUpdate(crl, t);
	ASN1_INTEGER_set(n, number);
	X509_CRL_add1_ext_i2d(crl, NID_crl_number, n, 0, 0);
	X509_CRL_sign(crl, ca.key, EVP_sha256());
	uint8_t *der = NULL;
	int len = i2d_X509_CRL(crl, &der);
	CHECK_OK(buf_append(&out, bytes_of(der, (size_t)len)));
	OPENSSL_free(der);
	ASN1_INTEGER_free(n);
	ASN1_TIME_free(t);
	X509_CRL_free(crl);
	return out;
}

static struct buf
apply(const struct insertion *i, struct bytes document)
{
	struct buf out = BUF(OUT_MAX);
	struct bytes pieces[INSERTION_PIECES];
	CHECK_OK(insertion_check(i, document.len));
	size_t n = insertion_pieces(i, document, pieces);
	for (size_t k = 0; k < n; k++)
		CHECK_OK(buf_append(&out, pieces[k]));
	CHECK(out.len == insertion_size(i, document.len));
	return out;
}

/* Signs; with `serial` at level T. */
static struct buf
sign_as(struct person *who, struct bytes document, struct sign_params params,
    long serial)
{
	struct prepared p;
	struct insertion i;
	CLEANUP(buf_done) struct buf value = BUF(4096);
	CLEANUP(buf_done) struct buf token = BUF(TST_MAX);
	params.cert = who->cert;
	params.chain = &chain;
	params.alg = who->alg;
	params.time = NOON;
	CHECK_OK(format_cms.prepare(document, &params, &p));
	person_sign(who, buf_bytes(&p.to_be_signed), &value);
	if (serial > 0) {
		uint8_t digest[DIGEST_MAX];
		CHECK_OK(format_cms.stamp(buf_bytes(&p.state),
		    buf_bytes(&value), DIGEST_SHA256, digest));
		stamp(digest, serial, &token);
	}
	CHECK_OK(format_cms.embed(buf_bytes(&p.state), buf_bytes(&value),
	    buf_bytes(&token), &i));
	struct buf out = apply(&i, document);
	insertion_done(&i);
	prepared_done(&p);
	return out;
}

static struct buf
sign(enum cms_form form, const char *counter, struct bytes document,
    long serial)
{
	const struct cms_params cms = { .form = form, .counter = counter };
	return sign_as(&citizen, document,
	    (struct sign_params){ .cms = &cms }, serial);
}

/* Raises in place by one level. */
static void
raise(struct buf *file, struct extend_request r, long serial)
{
	struct prepared p;
	struct insertion i;
	CLEANUP(buf_done) struct buf token = BUF(TST_MAX);
	r.document = buf_bytes(file);
	r.stamp_alg = DIGEST_SHA256;
	CHECK_OK(format_cms.extend(&r, &p));
	CHECK((p.digest_alg == DIGEST_NONE) == (r.level == LEVEL_LT));
	if (p.digest_alg != DIGEST_NONE)
		stamp(p.digest, serial, &token);
	CHECK_OK(format_cms.embed(
	    buf_bytes(&p.state), BYTES_NONE, buf_bytes(&token), &i));
	struct buf out = apply(&i, r.document);
	insertion_done(&i);
	prepared_done(&p);
	buf_done(file);
	*file = out;
}

static void
add_crl(struct buf *file, const char *id, long number)
{
	CLEANUP(buf_done) struct buf crl = make_crl(number);
	const struct bytes crls[] = { buf_bytes(&crl) };
	raise(file,
	    (struct extend_request){ .level = LEVEL_LT,
		.id = id,
		.evidence = { .certs = &chain, .crls = crls, .ncrls = 1 } },
	    0);
}

/* Up to LTA: a time stamp, a CRL, an archive time stamp. */
static struct buf
archived(void)
{
	struct buf file =
	    sign(CMS_FORM_ATTACHED, NULL, BYTES_LIT(CONTENT), 1);
	add_crl(&file, NULL, 7);
	raise(&file, (struct extend_request){ .level = LEVEL_LTA }, 2);
	return file;
}

static void
collect(const struct buf *file, bool with_content, struct facts *out)
{
	const struct external beside = { .data = BYTES_LIT(CONTENT) };
	const struct collect_input in = { .document = buf_bytes(file),
		.external = &beside,
		.nexternal = with_content };
	CHECK(format_cms.detect(in.document));
	CHECK_OK(format_cms.collect(&in, out));
}

static bool
good(const struct signature_fact *s)
{
	return s->signature == CHECK_PASSED &&
	       s->cert_binding == CHECK_PASSED && s->nreferences == 1 &&
	       s->references[0].digest == CHECK_PASSED;
}

static bool
told(const struct findings *f, const char *code)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].code, code) == 0)
			return true;
	return false;
}

static void
check_level(const struct buf *file, bool with_content, enum level_fact level)
{
	struct facts f;
	collect(file, with_content, &f);
	CHECK(f.nsignatures == 1 && f.findings.n == 0);
	CHECK(good(&f.signatures[0]));
	CHECK(f.signatures[0].level == level);
	CHECK(f.signatures[0].findings.n == 0);
	facts_done(&f);
}

/* ---- tests ---- */

static void
signs_a_file_attached_and_leaves_it_where_it_is(void)
{
	struct buf file = sign(CMS_FORM_ATTACHED, NULL, BYTES_LIT(CONTENT), 0);
	CHECK(bytes_find(buf_bytes(&file), BYTES_LIT(CONTENT)) != SIZE_MAX);
	check_level(&file, false, FACT_LEVEL_B);
	check_level(&file, true, FACT_LEVEL_B);
	buf_done(&file);
	file = sign(CMS_FORM_ATTACHED, NULL, BYTES_NONE, 0);
	struct facts f;
	collect(&file, false, &f);
	CHECK(good(&f.signatures[0]));
	facts_done(&f);
	buf_done(&file);
}

static void
signs_a_file_detached(void)
{
	struct buf file = sign(CMS_FORM_DETACHED, NULL, BYTES_LIT(CONTENT), 0);
	struct facts f;
	CHECK(bytes_find(buf_bytes(&file), BYTES_LIT(CONTENT)) == SIZE_MAX);
	check_level(&file, true, FACT_LEVEL_B);
	collect(&file, false, &f);
	CHECK(told(&f.signatures[0].findings, "content-missing"));
	facts_done(&f);
	buf_done(&file);
}

static void
signs_with_a_time_stamp_at_once(void)
{
	struct buf file = sign(CMS_FORM_ATTACHED, NULL, BYTES_LIT(CONTENT), 5);
	struct facts f;
	check_level(&file, false, FACT_LEVEL_T);
	collect(&file, false, &f);
	const struct timestamp_fact *t = &f.signatures[0].timestamps[0];
	CHECK(f.signatures[0].ntimestamps == 1);
	CHECK(t->kind == STAMP_SIGNATURE && t->at == 1);
	CHECK(t->time == NOON + 5 && t->alg == DIGEST_SHA256);
	CHECK(t->sig_alg.form == SIG_ECDSA);
	facts_done(&f);
	buf_done(&file);
}

static void
raises_step_by_step(void)
{
	for (int detached = 0; detached < 2; detached++) {
		const struct external beside = { .data = BYTES_LIT(CONTENT) };
		struct buf file = sign(detached ? CMS_FORM_DETACHED : CMS_FORM_ATTACHED,
		    NULL, BYTES_LIT(CONTENT), 0);
		raise(&file, (struct extend_request){ .level = LEVEL_T }, 1);
		check_level(&file, true, FACT_LEVEL_T);
		add_crl(&file, NULL, 7);
		check_level(&file, true, FACT_LEVEL_LT);
		raise(&file,
		    (struct extend_request){ .level = LEVEL_LTA,
			.external = &beside,
			.nexternal = (size_t)detached },
		    2);
		check_level(&file, true, FACT_LEVEL_LTA);
		/* Renewed, with evidence on the last one. */
		add_crl(&file, NULL, 8);
		raise(&file,
		    (struct extend_request){ .level = LEVEL_LTA,
			.external = &beside,
			.nexternal = (size_t)detached },
		    3);
		check_level(&file, true, FACT_LEVEL_LTA);
		buf_done(&file);
	}
}

static void
the_version_follows_what_is_in_it(void)
{
	CLEANUP(cms_freep) struct cms *c = NULL;
	struct buf file = archived();
	CHECK_OK(cms_parse(buf_bytes(&file), &c));
	CHECK(c->version == 1);
	buf_done(&file);
}

/* Everything has its place in the order in which it came. */
static void
facts_say_what_came_first(void)
{
	struct buf file = archived();
	struct facts f;
	add_crl(&file, NULL, 8);
	raise(&file, (struct extend_request){ .level = LEVEL_LTA }, 3);
	add_crl(&file, NULL, 9);
	collect(&file, false, &f);
	const struct timestamp_fact *t = f.signatures[0].timestamps;
	CHECK(f.signatures[0].ntimestamps == 3);
	CHECK(t[0].kind == STAMP_SIGNATURE && t[0].at == 1);
	CHECK(t[1].kind == STAMP_ARCHIVE && t[1].at == 4);
	CHECK(t[2].kind == STAMP_ARCHIVE && t[2].at == 6);
	CHECK(f.nstatus_data == 3);
	CHECK(f.status_at[0].at == 3); /* before the first */
	CHECK(f.status_at[1].at == 5); /* before the second */
	CHECK(f.status_at[2].at == POSITION_LAST);
	facts_done(&f);
	buf_done(&file);
}

/* Takes the first occurrence of `what` out of the SignedData's crls. */
static void
an_archive_time_stamp_falls_when_evidence_is_taken_away(void)
{
	struct buf file = archived();
	CLEANUP(cms_freep) struct cms *c = NULL;
	struct facts f;
	/* One byte of a name in the CRL inside: it reads as before. */
	CHECK_OK(cms_parse_borrowed(buf_bytes(&file), &c));
	size_t at = (size_t)(c->crls.ptr - file.ptr) +
		    bytes_find(c->crls, BYTES_LIT("CA th"));
	file.ptr[at] ^= 1;
	collect(&file, false, &f);
	CHECK(good(&f.signatures[0]));
	CHECK(f.signatures[0].level == FACT_LEVEL_LT);
	CHECK(told(&f.signatures[0].findings, "timestamp-wrong"));
	CHECK(f.signatures[0].timestamps[1].digest == CHECK_FAILED);
	CHECK(f.status_at[0].at == POSITION_LAST);
	facts_done(&f);
	buf_done(&file);
}

/* A time stamp on the signature that was put in after the archive time stamp
 * is not covered by it. */
static void
what_is_slipped_in_later_has_no_place(void)
{
	struct buf file = archived();
	struct facts f;
	raise(&file, (struct extend_request){ .level = LEVEL_T }, 9);
	collect(&file, false, &f);
	const struct timestamp_fact *t = f.signatures[0].timestamps;
	CHECK(f.signatures[0].ntimestamps == 3);
	CHECK(t[0].kind == STAMP_SIGNATURE && t[0].at == 1);
	CHECK(t[2].kind == STAMP_SIGNATURE && t[2].at == POSITION_LAST);
	CHECK(f.signatures[0].level == FACT_LEVEL_LTA);
	facts_done(&f);
	buf_done(&file);
}

static void
several_signers_stand_side_by_side(void)
{
	struct buf one = sign(CMS_FORM_ATTACHED, NULL, BYTES_LIT(CONTENT), 0);
	struct buf two = sign_as(
	    &tsa, buf_bytes(&one), (struct sign_params){ .level = 0 }, 0);
	struct facts f;
	struct prepared p;
	collect(&two, true, &f);
	CHECK(f.nsignatures == 2);
	CHECK(good(&f.signatures[0]) && good(&f.signatures[1]));
	CHECK(!cert_eq(f.signatures[0].cert, f.signatures[1].cert));
	facts_done(&f);
	/* Each is raised by itself. */
	struct extend_request r = { .document = buf_bytes(&two),
		.level = LEVEL_T,
		.stamp_alg = DIGEST_SHA256 };
	struct err *e = format_cms.extend(&r, &p);
	CHECK(e != NULL && strcmp(err_code(e), "signature-choose") == 0);
	err_free(e);
	raise(&two, (struct extend_request){ .level = LEVEL_T, .id = "2" }, 1);
	collect(&two, false, &f);
	CHECK(f.signatures[0].level == FACT_LEVEL_B);
	CHECK(f.signatures[1].level == FACT_LEVEL_T);
	facts_done(&f);
	buf_done(&one);
	buf_done(&two);
}

/* To sign beside a detached signature, one must know what is signed. */
static void
a_parallel_signature_wants_the_content(void)
{
	struct buf one = sign(CMS_FORM_DETACHED, NULL, BYTES_LIT(CONTENT), 0);
	uint8_t digest[DIGEST_MAX];
	struct prepared p;
	struct sign_params params = { .cert = tsa.cert,
		.alg = ALG_P256,
		.time = NOON };
	struct err *e =
	    format_cms.prepare(buf_bytes(&one), &params, &p);
	CHECK(e != NULL && strcmp(err_code(e), "content-missing") == 0);
	err_free(e);
	CHECK_OK(digest_of(DIGEST_SHA256, BYTES_LIT(CONTENT), digest));
	const struct cms_params cms = { .form = CMS_FORM_PARALLEL,
		.content_digest = bytes_of(digest, 32) };
	struct buf two = sign_as(
	    &tsa, buf_bytes(&one), (struct sign_params){ .cms = &cms }, 0);
	struct facts f;
	collect(&two, true, &f);
	CHECK(f.nsignatures == 2);
	CHECK(good(&f.signatures[0]) && good(&f.signatures[1]));
	facts_done(&f);
	buf_done(&one);
	buf_done(&two);
}

static void
a_counter_signature_is_made_and_judged(void)
{
	struct buf one = sign(CMS_FORM_ATTACHED, NULL, BYTES_LIT(CONTENT), 0);
	const struct cms_params cms = { .form = CMS_FORM_COUNTER, .counter = "1" };
	struct buf two = sign_as(
	    &tsa, buf_bytes(&one), (struct sign_params){ .cms = &cms }, 1);
	struct facts f;
	collect(&two, false, &f);
	CHECK(f.nsignatures == 2);
	CHECK(good(&f.signatures[0]) && good(&f.signatures[1]));
	CHECK(strcmp(f.signatures[1].id, "1.1") == 0);
	CHECK(strcmp(f.signatures[1].references[0].uri, "signature 1") == 0);
	CHECK(f.signatures[1].level == FACT_LEVEL_T);
	CHECK(f.signatures[0].findings.n == 0);
	CHECK(f.signatures[1].findings.n == 0);
	facts_done(&f);
	/* On another's value it does not hold. */
	CLEANUP(cms_freep) struct cms *c = NULL;
	CHECK_OK(cms_parse(buf_bytes(&two), &c));
	struct bytes value = buf_bytes(&c->signers[0].signature);
	size_t at = bytes_find(buf_bytes(&two), value);
	two.ptr[at + value.len - 1] ^= 1;
	collect(&two, false, &f);
	CHECK(f.signatures[0].signature == CHECK_FAILED);
	CHECK(f.signatures[1].references[0].digest == CHECK_FAILED);
	facts_done(&f);
	buf_done(&one);
	buf_done(&two);
}

static void
what_the_signer_says_is_signed(void)
{
	uint8_t digest[DIGEST_MAX];
	CLEANUP(buf_done) struct buf token = BUF(TST_MAX);
	CHECK_OK(digest_of(DIGEST_SHA256, BYTES_LIT(CONTENT), digest));
	stamp(digest, 1, &token);
	const struct sig_policy policy = { .oid = "1.2.3.4.5",
		.alg = DIGEST_SHA256,
		.digest = bytes_of(digest, 32),
		.uri = "http://example.vn/policy" };
	const struct cms_params cms = { .form = CMS_FORM_ATTACHED,
		.content_stamp = buf_bytes(&token) };
	struct buf file = sign_as(&citizen, BYTES_LIT(CONTENT),
	    (struct sign_params){ .role = "Chủ tịch",
		.location = "Huế",
		.commitment = "1.2.840.113549.1.9.16.6.1",
		.policy = &policy,
		.cms = &cms },
	    2);
	struct facts f;
	collect(&file, false, &f);
	const struct signature_fact *s = &f.signatures[0];
	CHECK(good(s) && s->level == FACT_LEVEL_T && s->ntimestamps == 2);
	CHECK(s->timestamps[0].kind == STAMP_CONTENT);
	CHECK(s->timestamps[0].at == 0);
	CHECK(s->timestamps[0].digest == CHECK_PASSED);
	CHECK(bytes_find(buf_bytes(&file), BYTES_LIT("Chủ tịch")) != SIZE_MAX);
	CHECK(s->policy.named == POLICY_NAMED);
	CHECK(s->policy.id != NULL && strcmp(s->policy.id, "1.2.3.4.5") == 0);
	CHECK(s->policy.alg == DIGEST_SHA256 && s->policy.digest_len == 32);
	CHECK(memcmp(s->policy.digest, digest, 32) == 0);
	facts_done(&f);
	buf_done(&file);
}

/* PEM and BER come in; DER goes out, and what was signed is as it was. */
static void
raises_what_others_made_in_ber_and_pem(void)
{
	BIO *in = BIO_new_mem_buf(CONTENT, -1), *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *c =
	    CMS_sign(cert_x509(citizen.cert), citizen.key, NULL, in,
		CMS_BINARY | CMS_CADES | CMS_STREAM);
	CHECK(i2d_CMS_bio_stream(out, c, in, CMS_BINARY | CMS_STREAM) == 1);
	char *ptr;
	long len = BIO_get_mem_data(out, &ptr);
	struct buf file = BUF(OUT_MAX);
	CHECK_OK(buf_append(&file, bytes_of(ptr, (size_t)len)));
	CHECK(file.ptr[1] == 0x80);
	raise(&file, (struct extend_request){ .level = LEVEL_T }, 1);
	CHECK(file.ptr[1] != 0x80);
	add_crl(&file, NULL, 7);
	raise(&file, (struct extend_request){ .level = LEVEL_LTA }, 2);
	check_level(&file, true, FACT_LEVEL_LTA);
	CLEANUP(buf_done) struct buf pem = BUF(OUT_MAX);
	CHECK_OK(buf_str(&pem, "-----BEGIN CMS-----\n"));
	CHECK_OK(base64_encode(buf_bytes(&file), &pem));
	CHECK_OK(buf_str(&pem, "\n-----END CMS-----\n"));
	raise(&pem, (struct extend_request){ .level = LEVEL_LTA }, 3);
	check_level(&pem, true, FACT_LEVEL_LTA);
	buf_done(&file);
	CMS_ContentInfo_free(c);
	BIO_free(in);
	BIO_free(out);
}

static void
tells_what_it_cannot_raise(void)
{
	struct buf file = sign(CMS_FORM_DETACHED, NULL, BYTES_LIT(CONTENT), 1);
	const struct {
		struct extend_request r;
		const char *code;
	} wrong[] = {
		{ { .level = LEVEL_LT }, "evidence-missing" },
		{ { .level = LEVEL_LTA }, "content-missing" },
		{ { .level = LEVEL_T, .id = "2" }, "no-signature" },
	};
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct prepared p;
		struct extend_request r = wrong[i].r;
		r.document = buf_bytes(&file);
		r.stamp_alg = DIGEST_SHA256;
		struct err *e = format_cms.extend(&r, &p);
		CHECK(e != NULL && strcmp(err_code(e), wrong[i].code) == 0);
		err_free(e);
	}
	buf_done(&file);
}

static void
no_cut_state_is_believed(void)
{
	struct prepared p;
	struct insertion i;
	struct sign_params params = { .cert = citizen.cert,
		.chain = &chain,
		.alg = ALG_P256,
		.time = NOON };
	CHECK_OK(format_cms.prepare(BYTES_LIT(CONTENT), &params, &p));
	for (size_t n = 0; n < p.state.len; n++)
		CHECK_ERR(format_cms.embed(bytes_of(p.state.ptr, n),
			      BYTES_LIT("v"), BYTES_NONE, &i),
		    ERR_MALFORMED);
	prepared_done(&p);
}

int
main(void)
{
	ca = make_authority();
	citizen = make_citizen(&ca, "P-256", ALG_P256);
	tsa = make_person((struct person_wish){ .name = "TSA",
	    .key = "P-256",
	    .alg = ALG_P256,
	    .issuer = &ca,
	    .eku = "critical,timeStamping",
	    .serial = 3,
	    .from = NOON - 100 * DAY,
	    .to = NOON + 100 * DAY });
	CHECK_OK(cert_list_add(&chain, ca.cert));
	RUN(signs_a_file_attached_and_leaves_it_where_it_is);
	RUN(signs_a_file_detached);
	RUN(signs_with_a_time_stamp_at_once);
	RUN(raises_step_by_step);
	RUN(the_version_follows_what_is_in_it);
	RUN(facts_say_what_came_first);
	RUN(an_archive_time_stamp_falls_when_evidence_is_taken_away);
	RUN(what_is_slipped_in_later_has_no_place);
	RUN(several_signers_stand_side_by_side);
	RUN(a_parallel_signature_wants_the_content);
	RUN(a_counter_signature_is_made_and_judged);
	RUN(what_the_signer_says_is_signed);
	RUN(raises_what_others_made_in_ber_and_pem);
	RUN(tells_what_it_cannot_raise);
	RUN(no_cut_state_is_believed);
	cert_list_done(&chain);
	person_done(&tsa);
	person_done(&citizen);
	person_done(&ca);
	return DONE();
}
