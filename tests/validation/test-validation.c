#include "validation/validation.h"

#include "base/messages.h"
#include "certs/profiles.h"
#include "tests/validation/facts.h"

#include <openssl/ocsp.h>

static struct world world;

/* What is expected of one signature under one policy. */
static void
check(const struct facts *f, const char *policy, int64_t time,
    const struct buf *crl, enum indication indication, enum sub_indication sub,
    const char *code)
{
	struct verdict v = judge_facts(&world, f, policy, time, crl);
	CHECK(v.indication == indication);
	CHECK(v.sub == sub);
	CHECK(strcmp(v.code, code) == 0);
	CHECK(message_find(v.code) != NULL);
	if (strcmp(v.code, code) != 0)
		printf("# %s %s %s\n", indication_name(v.indication),
		    sub_indication_name(v.sub), v.code);
	verdict_done(&v);
}

static void
crypto(const struct facts *f, enum indication i, enum sub_indication sub,
    const char *code)
{
	check(f, "crypto-only", NOON, NULL, i, sub, code);
}

static void
good_facts_pass_each_policy_in_its_own_words(void)
{
	struct facts f = { .format = "pdf" };
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	add_good_signature(&f, &world.citizen);
	crypto(&f, TOTAL_PASSED, SUB_NONE, "intact");
	check(&f, "path-only", NOON, NULL, TOTAL_PASSED, SUB_NONE,
	    "valid-but-revocation");
	check(&f, "basic", NOON, &crl, TOTAL_PASSED, SUB_NONE, "valid");
	CHECK(result_of(policy_of("crypto-only"), TOTAL_PASSED) ==
	      RESULT_INDETERMINATE);
	CHECK(result_of(policy_of("path-only"), TOTAL_PASSED) ==
	      RESULT_INDETERMINATE);
	CHECK(result_of(policy_of("basic"), TOTAL_PASSED) == RESULT_VALID);
	facts_done(&f);
	buf_done(&crl);
}

/* Who knows the hash alone does not call the content whole, nor drop what the
 * policy left out. */
static void
what_was_not_seen_is_told_under_each_policy(void)
{
	struct facts f = { .format = "cms" };
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	s->unseen = true;
	s->covers_all = false;
	crypto(&f, TOTAL_PASSED, SUB_NONE, "intact-for-hash");
	check(&f, "path-only", NOON, NULL, TOTAL_PASSED, SUB_NONE,
	    "valid-for-hash-but-revocation");
	check(
	    &f, "basic", NOON, &crl, TOTAL_PASSED, SUB_NONE, "valid-for-hash");
	check(&f, "basic", NOON, NULL, INDETERMINATE, SUB_TRY_LATER,
	    "revocation-unknown");
	s->signature = CHECK_FAILED;
	crypto(&f, TOTAL_FAILED, SUB_SIG_CRYPTO_FAILURE, "signature-wrong");
	facts_done(&f);
	buf_done(&crl);
}

/* One who reads the sentence alone must not take for signed what was not. */
static void
what_is_not_signed_is_in_the_sentence(void)
{
	struct facts f = { .format = "pdf" };
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	s->changes = CHANGE_FORM; /* another signature, and nothing filled in */
	check(&f, "basic", NOON, &crl, TOTAL_PASSED, SUB_NONE, "valid");
	CHECK_OK(findings_add(
	    &s->findings, false, "pdf-form-filled", "%s", "amount"));
	check(&f, "basic", NOON, &crl, TOTAL_PASSED, SUB_NONE,
	    "valid-but-filled");
	/* The document as a whole says so, too, wherever it stands. */
	struct signature_fact *second = add_good_signature(&f, &world.citizen);
	check(&f, "basic", NOON, &crl, TOTAL_PASSED, SUB_NONE,
	    "valid-but-filled");
	second->changes = second->allowed = CHANGE_ANNOTATION;
	findings_done(&f.signatures[0].findings);
	check(&f, "basic", NOON, &crl, TOTAL_PASSED, SUB_NONE,
	    "valid-but-annotated");
	f.signatures[1].changes = CHANGE_NONE;
	f.signatures[1].covers_all = false;
	check(&f, "basic", NOON, &crl, TOTAL_PASSED, SUB_NONE, "valid-in-part");
	facts_done(&f);
	buf_done(&crl);
}

static void
nothing_signed_is_never_passed(void)
{
	struct facts f = { .format = "pdf" };
	for (size_t i = 0; i < policy_texts_count; i++)
		check(&f, policy_texts[i].name, NOON, NULL, INDETERMINATE,
		    SUB_NONE, "no-signature");
	facts_done(&f);
}

static void
each_thing_that_is_wrong_decides(void)
{
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	s->references[0].digest = CHECK_FAILED;
	crypto(&f, TOTAL_FAILED, SUB_HASH_FAILURE, "hash-failure");
	s->references[0].digest = CHECK_NOT_DONE;
	crypto(&f, INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND,
	    "signed-data-missing");
	/* Of a file that somebody has to give it is said which. */
	s->references[0].outside = true;
	crypto(&f, INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND, "content-missing");
	s->references[0].digest = CHECK_FAILED;
	crypto(&f, TOTAL_FAILED, SUB_HASH_FAILURE, "given-file-differs");
	s->references[0].digest = CHECK_NOT_DONE;
	s->references[0].outside = false;
	s->signature = CHECK_FAILED;
	crypto(&f, TOTAL_FAILED, SUB_SIG_CRYPTO_FAILURE, "signature-wrong");
	s->references[0].digest = CHECK_PASSED;
	crypto(&f, TOTAL_FAILED, SUB_SIG_CRYPTO_FAILURE, "signature-wrong");
	s->signature = CHECK_NOT_DONE;
	crypto(&f, INDETERMINATE, SUB_GENERIC, "signature-not-checked");
	s->signature = CHECK_PASSED;
	s->nreferences = 0;
	crypto(&f, INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND, "nothing-signed");
	s->nreferences = 1;
	s->changes = CHANGE_ANNOTATION;
	crypto(&f, TOTAL_FAILED, SUB_FORMAT_FAILURE, "changed-after-signing");
	s->allowed = CHANGE_ANNOTATION;
	crypto(&f, TOTAL_PASSED, SUB_NONE, "intact");
	s->changes = CHANGE_SUSPICIOUS;
	crypto(&f, TOTAL_FAILED, SUB_FORMAT_FAILURE, "changed-after-signing");
	facts_done(&f);
}

static void
one_reference_of_several_that_was_not_done_is_enough(void)
{
	struct facts f = { .format = "xml" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	CHECK_OK(signature_add_reference(s, "http://example.org/",
	    DIGEST_SHA256, CHECK_NOT_DONE, NULL, false));
	crypto(&f, INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND,
	    "signed-data-missing");
	facts_done(&f);
}

/* EN 319 162-1 4.3.3.2. */
static void
a_container_for_one_file_holds_one_where_that_is_kept(void)
{
	static const char *const keep[] = { "eu-basic", "strict" };
	static const char *const tell[] = { "crypto-only", "path-only" };
	struct facts f = { .format = "asic" };
	(void)add_good_signature(&f, &world.citizen);
	CHECK_OK(findings_add(&f.findings, false, "asic-not-simple", "2"));
	for (size_t i = 0; i < COUNT_OF(keep); i++)
		check(&f, keep[i], NOON, NULL, TOTAL_FAILED, SUB_FORMAT_FAILURE,
		    "asic-not-simple");
	for (size_t i = 0; i < COUNT_OF(tell); i++) {
		struct verdict v = judge_facts(&world, &f, tell[i], NOON, NULL);
		CHECK(v.indication == TOTAL_PASSED);
		verdict_done(&v);
	}
	facts_done(&f);
}

static void
fatal_findings_decide_wherever_they_stand(void)
{
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	CHECK_OK(findings_add(&s->findings, false, "timestamp-wrong", "x"));
	crypto(&f, TOTAL_PASSED, SUB_NONE, "intact");
	CHECK_OK(findings_add(&s->findings, true, "cms-content-type", "x"));
	crypto(&f, TOTAL_FAILED, SUB_FORMAT_FAILURE, "cms-content-type");
	facts_done(&f);
	f = (struct facts){ .format = "pdf" };
	add_good_signature(&f, &world.citizen);
	CHECK_OK(findings_add(&f.findings, true, "content-differs", "x"));
	crypto(&f, TOTAL_FAILED, SUB_FORMAT_FAILURE, "content-differs");
	facts_done(&f);
}

static void
what_cannot_be_judged_is_not_condemned(void)
{
	struct facts f = { .format = "xml" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	CHECK_OK(findings_add(&s->findings, true, "xml-unsupported", "x"));
	crypto(&f, INDETERMINATE, SUB_GENERIC, "xml-unsupported");
	CHECK_OK(findings_add(&s->findings, true, "xml-wrapped", "x"));
	crypto(&f, TOTAL_FAILED, SUB_FORMAT_FAILURE, "xml-wrapped");
	facts_done(&f);
}

static void
without_a_certificate_nobody_signed(void)
{
	struct facts f = { .format = "cms" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	cert_free(TAKE(s->cert));
	check(&f, "path-only", NOON, NULL, INDETERMINATE,
	    SUB_NO_SIGNING_CERTIFICATE_FOUND, "signer-certificate-missing");
	/* A bare key made the signature: nobody asks whose it is. */
	crypto(&f, TOTAL_PASSED, SUB_NONE, "intact");
	s->signature = CHECK_NOT_DONE;
	crypto(&f, INDETERMINATE, SUB_NO_SIGNING_CERTIFICATE_FOUND,
	    "signer-certificate-missing");
	facts_done(&f);
}

static void
the_worst_signature_counts(void)
{
	struct facts f = { .format = "pdf" };
	add_good_signature(&f, &world.citizen);
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	s->signature = CHECK_NOT_DONE;
	crypto(&f, INDETERMINATE, SUB_GENERIC, "signature-not-checked");
	s = add_good_signature(&f, &world.citizen);
	s->signature = CHECK_FAILED;
	add_good_signature(&f, &world.citizen);
	crypto(&f, TOTAL_FAILED, SUB_SIG_CRYPTO_FAILURE, "signature-wrong");
	struct verdict v = judge_facts(&world, &f, "crypto-only", NOON, NULL);
	CHECK(v.nsignatures == 4);
	CHECK(v.signatures[0].indication == TOTAL_PASSED);
	CHECK(v.signatures[1].indication == INDETERMINATE);
	CHECK(v.signatures[2].indication == TOTAL_FAILED);
	CHECK(v.signatures[3].indication == TOTAL_PASSED);
	verdict_done(&v);
	facts_done(&f);
}

static void
a_stranger_is_not_trusted(void)
{
	struct facts f = { .format = "pdf" };
	struct person p = make_citizen(&world.stranger, "P-256", ALG_P256);
	add_good_signature(&f, &p);
	crypto(&f, TOTAL_PASSED, SUB_NONE, "intact");
	struct verdict v = judge_facts(&world, &f, "path-only", NOON, NULL);
	CHECK(v.indication == INDETERMINATE);
	CHECK(v.signatures[0].domain == NULL);
	verdict_done(&v);
	facts_done(&f);
	person_done(&p);
}

static void
the_domain_of_trust_is_told(void)
{
	struct facts f = { .format = "pdf" };
	add_good_signature(&f, &world.citizen);
	struct verdict v = judge_facts(&world, &f, "path-only", NOON, NULL);
	CHECK(v.signatures[0].domain != NULL &&
	      strcmp(v.signatures[0].domain, "city") == 0);
	CHECK(v.signatures[0].path.chain.n == 2);
	verdict_done(&v);
	facts_done(&f);
}

static void
a_certificate_that_is_not_the_one_named_does_not_count(void)
{
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	s->cert_binding = CHECK_FAILED;
	crypto(&f, TOTAL_PASSED, SUB_NONE, "intact");
	check(&f, "path-only", NOON, NULL, INDETERMINATE,
	    SUB_NO_SIGNING_CERTIFICATE_FOUND, "signer-certificate-not-bound");
	facts_done(&f);
}

static void
after_its_end_only_a_trusted_stamp_saves_a_signature(void)
{
	const int64_t later = NOON + 200 * DAY; /* the TSA lives longer */
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	check(&f, "path-only", later, NULL, INDETERMINATE,
	    SUB_OUT_OF_BOUNDS_NO_POE, "certificate-expired");
	add_stamp(s, &world.tsa, NOON);
	check(&f, "path-only", later, NULL, TOTAL_PASSED, SUB_NONE,
	    "valid-but-revocation");
	/* One whose imprint is of something else is no proof. */
	s->timestamps[0].digest = CHECK_FAILED;
	check(&f, "path-only", later, NULL, INDETERMINATE,
	    SUB_OUT_OF_BOUNDS_NO_POE, "certificate-expired");
	/* Nor is one by somebody who is no time-stamp authority. */
	cert_free(s->timestamps[0].tsa);
	s->timestamps[0].tsa = cert_ref(world.citizen.cert);
	s->timestamps[0].digest = CHECK_PASSED;
	check(&f, "path-only", later, NULL, INDETERMINATE,
	    SUB_OUT_OF_BOUNDS_NO_POE, "certificate-expired");
	facts_done(&f);
}

static void
a_stamp_after_the_end_proves_nothing(void)
{
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	add_stamp(s, &world.tsa, NOON + 150 * DAY);
	check(&f, "path-only", NOON + 200 * DAY, NULL, INDETERMINATE,
	    SUB_OUT_OF_BOUNDS_NO_POE, "certificate-expired");
	facts_done(&f);
}

static void
a_stamp_from_before_the_certificate_condemns(void)
{
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	add_stamp(s, &world.tsa, NOON - 200 * DAY);
	struct verdict v =
	    judge_facts(&world, &f, "path-only", NOON + 200 * DAY, NULL);
	CHECK(v.indication == TOTAL_FAILED && v.sub == SUB_NOT_YET_VALID);
	verdict_done(&v);
	v = judge_facts(&world, &f, "path-only", NOON, NULL);
	CHECK(v.indication == TOTAL_FAILED && v.sub == SUB_NOT_YET_VALID);
	verdict_done(&v);
	facts_done(&f);
}

static void
a_stamp_on_the_document_must_come_from_an_authority(void)
{
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, &world.tsa);
	add_stamp(s, &world.tsa, NOON);
	s->timestamps[0].document = true;
	CHECK(is_document_stamp(s));
	check(&f, "path-only", NOON, NULL, TOTAL_PASSED, SUB_NONE,
	    "valid-but-revocation");
	facts_done(&f);
	f = (struct facts){ .format = "pdf" };
	s = add_good_signature(&f, &world.citizen);
	add_stamp(s, &world.citizen, NOON);
	s->timestamps[0].document = true;
	struct verdict v = judge_facts(&world, &f, "path-only", NOON, NULL);
	CHECK(v.indication == INDETERMINATE);
	verdict_done(&v);
	facts_done(&f);
}

/* RFC 5280 4.2.1.12: who is there for machines alone signs nothing for people. */
static void
who_stamps_answers_or_serves_signs_no_document(void)
{
	static const struct {
		const char *eku;
		bool good;
	} rows[] = { { "critical,timeStamping", false },
		{ "OCSPSigning", false }, { "serverAuth", false },
		{ "serverAuth,OCSPSigning", false }, { OID_AUDIT_CHECKPOINT,
							 false },
		{ "serverAuth,emailProtection", true }, { "clientAuth", true },
		{ "emailProtection,1.3.6.1.4.1.311.10.3.12", true },
		{ "1.3.6.1.5.5.7.3.36", true },
		{ "timeStamping,anyExtendedKeyUsage", true } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct person p = make_person(
		    (struct person_wish){ .name = "M\xc3\xa1y",
			.key = "P-256",
			.alg = ALG_P256,
			.issuer = &world.ca,
			.eku = rows[i].eku,
			.serial = 40 + (int)i,
			.from = NOON - 400 * DAY,
			.to = NOON + 400 * DAY });
		struct facts f = { .format = "pdf" };
		add_good_signature(&f, &p);
		if (rows[i].good)
			check(&f, "path-only", NOON, NULL, TOTAL_PASSED,
			    SUB_NONE, "valid-but-revocation");
		else
			check(&f, "path-only", NOON, NULL, INDETERMINATE,
			    SUB_CHAIN_CONSTRAINTS_FAILURE,
			    i == 0 ? "timestamp-alone"
				   : "certificate-not-for-signing");
		facts_done(&f);
		person_done(&p);
	}
}

/* Its sentence is about the authority, and not about a signer. */
static void
a_stamp_on_the_document_has_words_of_its_own(void)
{
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, &world.tsa);
	add_stamp(s, &world.tsa, NOON);
	s->timestamps[0].document = true;
	check(&f, "basic", NOON, NULL, INDETERMINATE, SUB_TRY_LATER,
	    "stamp-revocation-unknown");
	s->claimed_time = TIME_NONE; /* as those of a PDF have none */
	struct buf crl =
	    make_crl(&world.ca, NOON - 100, &world.tsa, NOON - 200);
	check(&f, "basic", NOON, &crl, INDETERMINATE, SUB_REVOKED_NO_POE,
	    "stamp-certificate-revoked");
	buf_done(&crl);
	struct world lone = world;
	lone.domain = (struct trust_domain){ .name = "city" };
	struct verdict v = judge_facts(&lone, &f, "path-only", NOON, NULL);
	CHECK(v.indication == INDETERMINATE &&
	      v.sub == SUB_NO_CERTIFICATE_CHAIN_FOUND &&
	      strcmp(v.code, "stamp-issuer-not-trusted") == 0);
	verdict_done(&v);
	facts_done(&f);
}

static struct signature_fact *
add_document_stamp(struct facts *f, const struct person *tsa, int64_t when)
{
	struct signature_fact *s = add_good_signature(f, tsa);
	s->claimed_time = TIME_NONE;
	s->stamp = true;
	add_stamp(s, tsa, when);
	s->timestamps[0].document = true;
	s->timestamps[0].kind = STAMP_DOCUMENT;
	return s;
}

/* A signature, and a time stamp on the document that speaks for it. */
static struct facts
stamped_document(const struct person *tsa, enum check digest, bool stamp_first)
{
	struct facts f = { .format = "pdf" };
	if (stamp_first)
		add_document_stamp(&f, tsa, NOON);
	add_good_signature(&f, &world.citizen);
	if (!stamp_first)
		add_document_stamp(&f, tsa, NOON);
	struct signature_fact *stamp = &f.signatures[stamp_first ? 0 : 1];
	struct signature_fact *signature = &f.signatures[stamp_first ? 1 : 0];
	stamp->timestamps[0].digest = digest;
	stamp->references[0].digest = digest;
	CHECK_OK(signature_add_timestamp(signature, stamp->timestamps[0]));
	return f;
}

static bool
is_noted(const struct signature_verdict *v, const char *code)
{
	for (size_t i = 0; i < v->notes.n; i++)
		if (strcmp(v->notes.v[i].code, code) == 0)
			return true;
	return false;
}

/* The same as of an archive time stamp inside XAdES or CAdES. */
static void
like_one_inside(
    const struct facts *document, int64_t time, const struct verdict *v)
{
	struct facts f = { .format = "xml" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	CHECK_OK(signature_add_timestamp(
	    s, document->signatures[v->decisive].timestamps[0]));
	s->timestamps[0].document = false;
	s->timestamps[0].kind = STAMP_ARCHIVE;
	struct verdict w = judge_facts(&world, &f, "path-only", time, NULL);
	CHECK(w.indication == v->indication && w.sub == v->sub);
	CHECK(strcmp(w.code, v->code) == 0);
	CHECK(is_noted(&w.signatures[0], "timestamp-not-used") ==
	      is_noted(&v->signatures[v->decisive], "timestamp-not-used"));
	verdict_done(&w);
	facts_done(&f);
}

/* One that nobody trusts, or that is wrong, proves nothing and takes nothing:
 * without it the file would be judged the same. */
static void
a_stamp_that_is_not_valid_takes_nothing(void)
{
	for (int i = 0; i < 4; i++) {
		bool wrong = (i & 1) != 0, first = (i & 2) != 0;
		struct facts f =
		    stamped_document(wrong ? &world.tsa : &world.stranger,
			wrong ? CHECK_FAILED : CHECK_PASSED, first);
		struct verdict v =
		    judge_facts(&world, &f, "path-only", NOON, NULL);
		size_t own = first ? 0 : 1;
		CHECK(v.indication == TOTAL_PASSED && v.decisive == 1 - own);
		CHECK(strcmp(v.code, "valid-but-revocation") == 0);
		CHECK(is_noted(&v.signatures[1 - own], "timestamp-not-used"));
		CHECK(v.signatures[own].indication ==
		      (wrong ? TOTAL_FAILED : INDETERMINATE));
		like_one_inside(&f, NOON, &v);
		verdict_done(&v);
		facts_done(&f);
	}
}

static void
a_stamp_that_is_not_valid_gives_nothing_either(void)
{
	const int64_t later = NOON + 200 * DAY;
	for (int i = 0; i < 2; i++) {
		struct facts f =
		    stamped_document(i == 0 ? &world.stranger : &world.tsa,
			i == 0 ? CHECK_PASSED : CHECK_FAILED, false);
		struct verdict v =
		    judge_facts(&world, &f, "path-only", later, NULL);
		CHECK(v.indication == INDETERMINATE &&
		      v.sub == SUB_OUT_OF_BOUNDS_NO_POE && v.decisive == 0);
		like_one_inside(&f, later, &v);
		verdict_done(&v);
		facts_done(&f);
	}
	struct facts f = stamped_document(&world.tsa, CHECK_PASSED, false);
	struct verdict v = judge_facts(&world, &f, "path-only", later, NULL);
	CHECK(v.indication == TOTAL_PASSED); /* so it would have counted */
	like_one_inside(&f, later, &v);
	verdict_done(&v);
	facts_done(&f);
}

/* A broken signature is not saved by a good time stamp beside it, and a file
 * that nobody signed is judged by its time stamps. */
static void
a_stamp_decides_only_where_nobody_signed(void)
{
	struct facts f = stamped_document(&world.tsa, CHECK_PASSED, true);
	f.signatures[1].signature = CHECK_FAILED;
	check(&f, "path-only", NOON, NULL, TOTAL_FAILED, SUB_SIG_CRYPTO_FAILURE,
	    "signature-wrong");
	facts_done(&f);
	f = (struct facts){ .format = "pdf" };
	add_document_stamp(&f, &world.stranger, NOON);
	add_document_stamp(&f, &world.tsa, NOON);
	struct verdict v = judge_facts(&world, &f, "path-only", NOON, NULL);
	CHECK(v.indication == INDETERMINATE && v.decisive == 0);
	verdict_done(&v);
	facts_done(&f);
}

static void
not_knowing_of_revocation_is_not_valid(void)
{
	struct facts f = { .format = "pdf" };
	add_good_signature(&f, &world.citizen);
	check(&f, "basic", NOON, NULL, INDETERMINATE, SUB_TRY_LATER,
	    "revocation-unknown");
	struct buf old = make_crl(&world.ca, NOON - 10 * DAY, NULL, 0);
	check(&f, "basic", NOON, &old, INDETERMINATE, SUB_TRY_LATER,
	    "revocation-unknown");
	struct buf forged = make_crl(&world.stranger, NOON - 100, NULL, 0);
	check(&f, "basic", NOON, &forged, INDETERMINATE, SUB_TRY_LATER,
	    "revocation-unknown");
	facts_done(&f);
	buf_done(&old);
	buf_done(&forged);
}

/* A list is as good as its own signature: one that is signed too weakly clears
 * nobody, but what it accuses is believed. */
static void
a_list_signed_weakly_clears_nobody(void)
{
	struct facts f = { .format = "pdf" };
	add_good_signature(&f, &world.citizen);
	struct buf weak =
	    make_crl_by(&world.ca, NOON - 100, NULL, 0, EVP_sha1());
	struct buf accusing = make_crl_by(
	    &world.ca, NOON - 100, &world.citizen, NOON - 200, EVP_sha1());
	check(&f, "basic", NOON, &weak, INDETERMINATE, SUB_TRY_LATER,
	    "revocation-weak");
	check(&f, "vn-2025", NOON, &weak, INDETERMINATE, SUB_TRY_LATER,
	    "revocation-weak");
	check(&f, "vn-2025", NOON, &accusing, INDETERMINATE, SUB_REVOKED_NO_POE,
	    "certificate-revoked-before-claimed");
	facts_done(&f);
	buf_done(&weak);
	buf_done(&accusing);
}

/* An OCSP answer of `responder` that `about` is good; its times are NOON's. */
static struct buf
make_answer(const struct person *about, const struct person *responder)
{
	struct buf out = BUF(65536);
	OCSP_BASICRESP *b = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(
	    NULL, cert_x509(about->cert), cert_x509(world.ca.cert));
	ASN1_GENERALIZEDTIME *this = ASN1_GENERALIZEDTIME_set(NULL, NOON - 100);
	ASN1_GENERALIZEDTIME *next = ASN1_GENERALIZEDTIME_set(NULL, NOON + DAY);
	OCSP_basic_add1_status(
	    b, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL, this, next);
	ASN1_GENERALIZEDTIME_set(
	    (ASN1_GENERALIZEDTIME *)OCSP_resp_get0_produced_at(b), NOON - 100);
	OCSP_basic_sign(b, cert_x509(responder->cert), responder->key,
	    EVP_sha256(), NULL, OCSP_NOTIME);
	OCSP_RESPONSE *r =
	    OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, b);
	uint8_t *der = NULL;
	int len = i2d_OCSP_RESPONSE(r, &der);
	CHECK(len > 0);
	CHECK_OK(buf_append(&out, bytes_of(der, (size_t)len)));
	OPENSSL_free(der);
	OCSP_RESPONSE_free(r);
	OCSP_CERTID_free(id);
	ASN1_GENERALIZEDTIME_free(this);
	ASN1_GENERALIZEDTIME_free(next);
	OCSP_BASICRESP_free(b);
	return out;
}

static void
check_with(const struct facts *f, const struct policy *policy,
    const struct status_data *data, size_t n, const char *code)
{
	const struct validation_request r = { .facts = f,
		.policy = policy,
		.domains = &world.domain,
		.ndomains = 1,
		.status_data = data,
		.nstatus_data = n,
		.time = NOON };
	struct verdict v = { 0 };
	CHECK_OK(validate_proved(&r, &v));
	CHECK(strcmp(v.code, code) == 0);
	verdict_done(&v);
}

static void
a_responder_is_judged_like_anybody(void)
{
	struct person responder =
	    make_person((struct person_wish){ .name = "OCSP",
		.key = "P-256",
		.alg = ALG_P256,
		.issuer = &world.ca,
		.eku = "OCSPSigning",
		.serial = 77,
		.from = NOON - 400 * DAY,
		.to = NOON + 400 * DAY });
	struct facts f = { .format = "pdf" };
	add_good_signature(&f, &world.citizen);
	struct buf answer = make_answer(&world.citizen, &responder);
	struct buf itself = make_answer(&responder, &responder);
	struct buf clean = make_answer(&responder, &world.ca);
	struct buf revokes =
	    make_crl(&world.ca, NOON - 100, &responder, NOON - DAY);
	struct buf silent = make_crl(&world.stranger, NOON - 100, NULL, 0);
	struct status_data data[2] = { { buf_bytes(&answer), true, false } };
	struct policy believing = *policy_of("basic");
	believing.responders_unasked = true;
	check_with(&f, policy_of("basic"), data, 1, "responder-status-unknown");
	check_with(&f, &believing, data, 1, "valid");
	data[1] = (struct status_data){ buf_bytes(&itself), true, false };
	check_with(&f, policy_of("basic"), data, 2, "responder-status-unknown");
	data[1] = (struct status_data){ buf_bytes(&clean), true, false };
	check_with(&f, policy_of("basic"), data, 2, "valid");
	data[1] = (struct status_data){ buf_bytes(&silent), false, false };
	check_with(&f, policy_of("basic"), data, 2, "responder-status-unknown");
	/* The list clears the signer, and takes the responder's word away. */
	data[1] = (struct status_data){ buf_bytes(&revokes), false, false };
	check_with(&f, policy_of("basic"), data, 2, "valid");
	facts_done(&f);
	buf_done(&answer);
	buf_done(&itself);
	buf_done(&clean);
	buf_done(&revokes);
	buf_done(&silent);
	person_done(&responder);
}

static void
a_revoked_certificate_is_told_by_what_is_proven(void)
{
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	const int64_t now = NOON + 10 * DAY;
	struct buf crl =
	    make_crl(&world.ca, now - 100, &world.citizen, NOON + 5 * DAY);
	check(&f, "basic", now, &crl, INDETERMINATE, SUB_REVOKED_NO_POE,
	    "certificate-revoked");
	/* It says itself that it is younger. */
	s->claimed_time = NOON + 6 * DAY;
	check(&f, "basic", now, &crl, INDETERMINATE, SUB_REVOKED_NO_POE,
	    "certificate-revoked-before-claimed");
	s->claimed_time = NOON;
	/* A stamp from before the revocation. */
	add_stamp(s, &world.tsa, NOON + DAY);
	check(&f, "basic", now, &crl, TOTAL_PASSED, SUB_NONE, "valid");
	struct verdict v = judge_facts(&world, &f, "basic", now, &crl);
	bool told = false;
	for (size_t i = 0; i < v.signatures[0].notes.n; i++)
		told = told || strcmp(v.signatures[0].notes.v[i].code,
				   "certificate-revoked-later") == 0;
	CHECK(told);
	verdict_done(&v);
	/* A stamp from after it. */
	s->timestamps[0].time = NOON + 6 * DAY;
	check(&f, "basic", now, &crl, INDETERMINATE, SUB_REVOKED_NO_POE,
	    "certificate-revoked");
	facts_done(&f);
	buf_done(&crl);
}

static void
old_algorithms_are_not_green(void)
{
	struct facts f = { .format = "pdf" };
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	s->references[0].alg = DIGEST_SHA1;
	check(&f, "basic", NOON, &crl, INDETERMINATE,
	    SUB_CRYPTO_CONSTRAINTS_FAILURE, "algorithm-weak-digest");
	check(&f, "path-only", NOON, NULL, TOTAL_PASSED, SUB_NONE,
	    "valid-but-revocation");
	s->references[0].alg = DIGEST_SHA256;
	s->alg.digest = DIGEST_SHA1;
	check(&f, "basic", NOON, &crl, INDETERMINATE,
	    SUB_CRYPTO_CONSTRAINTS_FAILURE, "algorithm-weak-digest");
	facts_done(&f);
	buf_done(&crl);
}

/* One of our policies with this instead of its signature_policy. */
static struct policy *
policy_wanting(const char *wanted)
{
	const char *member = "\"wanted\": \"if-present\"";
	struct policy *p = NULL;
	for (size_t i = 0; i < policy_texts_count; i++) {
		const struct policy_text *t = &policy_texts[i];
		struct bytes text = bytes_of(t->json, t->len);
		size_t at = bytes_find(text, bytes_str(member));
		if (strcmp(t->name, "eu-basic") != 0 || at == SIZE_MAX)
			continue;
		CLEANUP(buf_done) struct buf b = BUF(POLICY_MAX);
		CHECK_OK(buf_append(&b, bytes_slice(text, 0, at)));
		CHECK_OK(buf_str(&b, wanted));
		CHECK_OK(buf_append(&b, bytes_from(text, at + strlen(member))));
		CHECK_OK(policy_parse(buf_bytes(&b), &p));
	}
	if (p == NULL)
		abort();
	return p;
}

#define KNOWN_ONE                                                              \
	", \"known\": [{\"id\": \"1.2.3\", \"digest\": \"SHA-256\", "          \
	"\"value\": \"0101010101010101010101010101010101010101010101010101"    \
	"010101010101\"}]"
#define KNOWN_BY_NAME ", \"known\": [{\"id\": \"1.2.3\"}]"

struct wanted_row {
	const char *wanted;
	enum policy_named named;
	const char *id;
	uint8_t digest; /* each of its bytes */
	enum sub_indication sub;
	const char *code;
};

static void
name_policy(const struct wanted_row *row, struct signature_fact *s)
{
	uint8_t digest[32];
	memset(digest, row->digest, sizeof(digest));
	if (row->named == POLICY_NAMED)
		CHECK_OK(policy_fact_set(&s->policy, bytes_str(row->id),
		    DIGEST_SHA256, bytes_of(digest, sizeof(digest))));
	s->policy.named = row->named;
}

static void
try_wanted(const struct wanted_row *row, const struct status_data *status)
{
	struct facts f = { .format = "test" };
	struct policy *p = policy_wanting(row->wanted);
	name_policy(row, add_good_signature(&f, &world.citizen));
	const struct validation_request r = { .facts = &f,
		.policy = p,
		.domains = &world.domain,
		.ndomains = 1,
		.status_data = status,
		.nstatus_data = 1,
		.time = NOON };
	struct verdict v = { 0 };
	CHECK_OK(validate_proved(&r, &v));
	CHECK(v.indication ==
	      (row->sub == SUB_NONE ? TOTAL_PASSED : INDETERMINATE));
	CHECK(v.sub == row->sub);
	CHECK(strcmp(v.code, row->code) == 0);
	if (strcmp(v.code, row->code) != 0)
		printf("# %s: %s\n", row->wanted, v.code);
	verdict_done(&v);
	policy_free(p);
	facts_done(&f);
}

/* EN 319 102-1 5.2.4. */
static void
a_signature_policy_must_be_known_where_that_is_wanted(void)
{
	static const struct wanted_row rows[] = {
		{ "\"wanted\": \"told\"", POLICY_NAMED, "1.2.3", 1, SUB_NONE,
		    "valid" },
		{ "\"wanted\": \"told\"", POLICY_UNREADABLE, NULL, 0, SUB_NONE,
		    "valid" },
		{ "\"wanted\": \"if-present\"", POLICY_NOT_NAMED, NULL, 0,
		    SUB_NONE, "valid" },
		{ "\"wanted\": \"if-present\"", POLICY_IMPLIED, NULL, 0,
		    SUB_NONE, "valid" },
		{ "\"wanted\": \"if-present\"", POLICY_NAMED, "1.2.3", 1,
		    SUB_SIGNATURE_POLICY_NOT_AVAILABLE,
		    "signature-policy-unknown" },
		{ "\"wanted\": \"if-present\"", POLICY_UNREADABLE, NULL, 0,
		    SUB_POLICY_PROCESSING_ERROR,
		    "signature-policy-unreadable" },
		{ "\"wanted\": \"if-present\"" KNOWN_ONE, POLICY_NAMED, "1.2.3",
		    1, SUB_NONE, "valid" },
		{ "\"wanted\": \"if-present\"" KNOWN_ONE, POLICY_NAMED, "1.2.3",
		    2, SUB_POLICY_PROCESSING_ERROR,
		    "signature-policy-differs" },
		{ "\"wanted\": \"if-present\"" KNOWN_ONE, POLICY_NAMED, "1.2.4",
		    1, SUB_SIGNATURE_POLICY_NOT_AVAILABLE,
		    "signature-policy-unknown" },
		{ "\"wanted\": \"if-present\"" KNOWN_BY_NAME, POLICY_NAMED,
		    "1.2.3", 2, SUB_NONE, "valid" },
		{ "\"wanted\": \"required\"", POLICY_NOT_NAMED, NULL, 0,
		    SUB_SIG_CONSTRAINTS_FAILURE, "signature-policy-required" },
	};
	struct buf crl = make_crl(&world.ca, NOON, NULL, 0);
	const struct status_data status = { .der = buf_bytes(&crl) };
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		try_wanted(&rows[i], &status);
	buf_done(&crl);
}

/* Whatever lies under the seal of receipts, no more than a receipt is meant. */
static void
a_seal_for_receipts_is_called_so(void)
{
	struct person seal = make_person((struct person_wish){ .name = "Seal",
	    .key = "P-256",
	    .alg = ALG_P256,
	    .issuer = &world.ca,
	    .eku = "1.3.6.1.4.1.311.10.3.12," OID_RECEIPT_SEAL,
	    .serial = 33,
	    .from = NOON - 400 * DAY,
	    .to = NOON + 400 * DAY });
	const struct person *who[] = { &seal, &world.citizen };
	for (size_t i = 0; i < COUNT_OF(who); i++) {
		struct facts f = { .format = "pdf" };
		add_good_signature(&f, who[i]);
		struct verdict v =
		    judge_facts(&world, &f, "path-only", NOON, NULL);
		bool said = false;
		for (size_t k = 0; k < v.signatures[0].notes.n; k++)
			said = said || strcmp(v.signatures[0].notes.v[k].code,
					   "seal-receipts-only") == 0;
		CHECK(v.indication == TOTAL_PASSED);
		CHECK(said == (i == 0));
		verdict_done(&v);
		facts_done(&f);
	}
	person_done(&seal);
}

static void
every_code_has_its_message(void)
{
	static const char *const codes[] = { "trust-not-checked",
		"revocation-not-checked", "covers-part", "changed-form",
		"changed-annotation", "claimed-time-late", "timestamp-not-used",
		"issuer-not-trusted", "certificate-expired", "issuer-expired",
		"certificate-not-yet-valid", "chain-constraints",
		"chain-broken", "issuer-revoked", "certificate-suspended",
		"revocation-unknown", "responder-status-unknown",
		"seal-receipts-only", "certificate-not-for-signing",
		"algorithm-weak-key", "revocation-weak",
		"timestamp-before-its-certificate" };
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		CHECK(message_find(codes[i]) != NULL);
	struct policy *p = NULL;
	CHECK_ERR(policy_load("nonsense", &p), ERR_USAGE);
	CHECK_ERR(policy_load(NULL, &p), ERR_USAGE);
	CHECK(p == NULL);
}

int
main(void)
{
	world = make_world();
	RUN(good_facts_pass_each_policy_in_its_own_words);
	RUN(what_was_not_seen_is_told_under_each_policy);
	RUN(what_is_not_signed_is_in_the_sentence);
	RUN(nothing_signed_is_never_passed);
	RUN(each_thing_that_is_wrong_decides);
	RUN(one_reference_of_several_that_was_not_done_is_enough);
	RUN(a_container_for_one_file_holds_one_where_that_is_kept);
	RUN(fatal_findings_decide_wherever_they_stand);
	RUN(what_cannot_be_judged_is_not_condemned);
	RUN(without_a_certificate_nobody_signed);
	RUN(the_worst_signature_counts);
	RUN(a_stranger_is_not_trusted);
	RUN(the_domain_of_trust_is_told);
	RUN(a_certificate_that_is_not_the_one_named_does_not_count);
	RUN(after_its_end_only_a_trusted_stamp_saves_a_signature);
	RUN(a_stamp_after_the_end_proves_nothing);
	RUN(a_stamp_from_before_the_certificate_condemns);
	RUN(a_stamp_on_the_document_must_come_from_an_authority);
	RUN(who_stamps_answers_or_serves_signs_no_document);
	RUN(a_stamp_on_the_document_has_words_of_its_own);
	RUN(a_stamp_that_is_not_valid_takes_nothing);
	RUN(a_stamp_that_is_not_valid_gives_nothing_either);
	RUN(a_stamp_decides_only_where_nobody_signed);
	RUN(not_knowing_of_revocation_is_not_valid);
	RUN(a_list_signed_weakly_clears_nobody);
	RUN(a_responder_is_judged_like_anybody);
	RUN(a_revoked_certificate_is_told_by_what_is_proven);
	RUN(old_algorithms_are_not_green);
	RUN(a_signature_policy_must_be_known_where_that_is_wanted);
	RUN(a_seal_for_receipts_is_called_so);
	RUN(every_code_has_its_message);
	world_done(&world);
	return DONE();
}
