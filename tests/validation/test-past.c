/* EN 319 102-1 5.4, 5.5, 5.6: time stamps, and what was right once. */
#include "base/messages.h"
#include "tests/validation/facts.h"

static struct world world;

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
	if (v.sub != sub || strcmp(v.code, code) != 0)
		printf("# %s %s %s\n", indication_name(v.indication),
		    sub_indication_name(v.sub), v.code);
	verdict_done(&v);
}

static void
add_stamp_at(struct signature_fact *s, const struct person *tsa, int64_t time,
    enum stamp_kind kind, position at)
{
	CHECK_OK(cert_list_add(&s->certs, tsa->cert));
	CHECK_OK(signature_add_timestamp(
	    s, (struct timestamp_fact){ .digest = CHECK_PASSED,
		   .signature = CHECK_PASSED,
		   .time = time,
		   .tsa = tsa->cert,
		   .kind = kind,
		   .at = at,
		   .alg = DIGEST_SHA256,
		   .sig_alg = tsa->alg }));
}

static struct person
make_tsa(const struct person *issuer, int64_t from, int64_t to)
{
	return make_person((struct person_wish){ .name = "TSA thử nghiệm 2",
	    .key = "P-256",
	    .alg = ALG_P256,
	    .issuer = issuer,
	    .eku = "critical,timeStamping",
	    .serial = 77,
	    .from = from,
	    .to = to });
}

static bool
has_note(const struct verdict *v, const char *code)
{
	for (size_t i = 0; i < v->signatures[0].notes.n; i++)
		if (strcmp(v->signatures[0].notes.v[i].code, code) == 0)
			return true;
	return false;
}

static void
a_stamp_on_the_content_is_no_proof_of_the_signature(void)
{
	struct facts f = { .format = "cms" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	add_stamp_at(s, &world.tsa, NOON, STAMP_CONTENT, 0);
	check(&f, "path-only", NOON + 200 * DAY, NULL, INDETERMINATE,
	    SUB_OUT_OF_BOUNDS_NO_POE, "certificate-expired");
	/* But it shows that the signature is younger. */
	s->timestamps[0].time = NOON + 150 * DAY;
	check(&f, "path-only", NOON + 200 * DAY, NULL, TOTAL_FAILED,
	    SUB_EXPIRED, "certificate-expired-before-signing");
	facts_done(&f);
}

static void
references_stamped_alone_prove_nothing(void)
{
	struct facts f = { .format = "xml" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	add_stamp_at(s, &world.tsa, NOON, STAMP_REFS, 3);
	check(&f, "path-only", NOON + 200 * DAY, NULL, INDETERMINATE,
	    SUB_OUT_OF_BOUNDS_NO_POE, "certificate-expired");
	facts_done(&f);
}

static void
a_revocation_counts_from_its_very_second(void)
{
	struct facts f = { .format = "cms" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	const int64_t now = NOON + 10 * DAY, revoked = NOON + 5 * DAY;
	struct buf crl =
	    make_crl(&world.ca, now - 100, &world.citizen, revoked);
	add_stamp_at(s, &world.tsa, revoked, STAMP_SIGNATURE, 1);
	check(&f, "basic", now, &crl, INDETERMINATE, SUB_REVOKED_NO_POE,
	    "certificate-revoked");
	s->timestamps[0].time = revoked - 1;
	check(&f, "basic", now, &crl, TOTAL_PASSED, SUB_NONE, "valid");
	/* Content stamped after the revocation was signed after it. */
	s->timestamps[0].kind = STAMP_CONTENT;
	s->timestamps[0].time = revoked + 1;
	check(&f, "basic", now, &crl, TOTAL_FAILED, SUB_REVOKED,
	    "certificate-revoked-before-signing");
	facts_done(&f);
	buf_done(&crl);
}

/* An authority under the root, with a citizen and a time-stamp authority, that
 * ends in 60 days; a second time-stamp authority lives on. */
struct old_world {
	struct person sub, citizen, first, second;
	struct buf root_then, sub_then, root_now;
};

static struct old_world
make_old_world(int64_t now)
{
	struct old_world o;
	o.sub = make_person((struct person_wish){ .name = "CA cấp dưới",
	    .key = "P-256",
	    .alg = ALG_P256,
	    .issuer = &world.ca,
	    .authority = true,
	    .serial = 50,
	    .from = NOON - 200 * DAY,
	    .to = NOON + 60 * DAY });
	o.citizen = make_citizen(&o.sub, "P-256", ALG_P256);
	o.first = make_tsa(&o.sub, NOON - 10 * DAY, NOON + 50 * DAY);
	o.second = make_tsa(&world.ca, NOON, NOON + 390 * DAY);
	o.root_then = make_crl(&world.ca, NOON + 3600, NULL, 0);
	o.sub_then = make_crl(&o.sub, NOON + 3600, NULL, 0);
	o.root_now = make_crl(&world.ca, now - 100, NULL, 0);
	return o;
}

static void
old_world_done(struct old_world *o)
{
	person_done(&o->sub);
	person_done(&o->citizen);
	person_done(&o->first);
	person_done(&o->second);
	buf_done(&o->root_then);
	buf_done(&o->sub_then);
	buf_done(&o->root_now);
}

static void
add_old_status(
    struct facts *f, const struct old_world *o, struct status_place at)
{
	CHECK_OK(facts_add_status_at(f, buf_bytes(&o->root_then), false, at));
	CHECK_OK(facts_add_status_at(f, buf_bytes(&o->sub_then), false, at));
}

/* A signature whose certificate, status data, issuer and first time-stamp
 * authority have all ended, kept by a second time stamp over them. */
static void
an_archive_stamp_keeps_what_has_ended(void)
{
	const int64_t later = NOON + 300 * DAY;
	struct old_world o = make_old_world(later);
	struct facts f = { .format = "cms" };
	struct signature_fact *s = add_good_signature(&f, &o.citizen);
	CHECK_OK(cert_list_add(&s->certs, o.sub.cert));
	add_stamp_at(s, &o.first, NOON, STAMP_SIGNATURE, 1);
	add_old_status(&f, &o, (struct status_place){ 0, 2 });
	check(&f, "basic", later, &o.root_now, INDETERMINATE,
	    SUB_OUT_OF_BOUNDS_NO_POE, "certificate-expired");
	add_stamp_at(s, &o.second, NOON + 7200, STAMP_ARCHIVE, 3);
	struct verdict v = judge_facts(&world, &f, "basic", later, &o.root_now);
	CHECK(v.indication == TOTAL_PASSED);
	CHECK(v.signatures[0].best_time == NOON);
	CHECK(v.signatures[0].stamps[0].poe == NOON + 7200);
	CHECK(v.signatures[0].holds_until == NOON + 390 * DAY);
	CHECK(has_note(&v, "certificate-expired-later"));
	verdict_done(&v);
	/* Status data that no time stamp covers may have been made by anybody
	 * who has the authority's old key by now. */
	f.status_at[1].at = 4;
	v = judge_facts(&world, &f, "basic", later, &o.root_now);
	CHECK(v.signatures[0].stamps[0].indication == INDETERMINATE);
	CHECK(v.signatures[0].stamps[0].sub == SUB_NO_POE);
	CHECK(v.indication == INDETERMINATE);
	CHECK(v.sub == SUB_OUT_OF_BOUNDS_NO_POE);
	verdict_done(&v);
	facts_done(&f);
	old_world_done(&o);
}

/* What proves one signature's status data says nothing of another's: each must
 * have its own, or both hang on what the whole document proves. */
static void
each_signature_is_proven_by_its_own_time_stamps(void)
{
	const int64_t later = NOON + 300 * DAY;
	struct old_world o = make_old_world(later);
	struct facts f = { .format = "cms" };
	for (size_t i = 0; i < 2; i++) {
		struct signature_fact *s = add_good_signature(&f, &o.citizen);
		CHECK_OK(cert_list_add(&s->certs, o.sub.cert));
		add_stamp_at(s, &o.first, NOON, STAMP_SIGNATURE, 1);
		add_stamp_at(s, &o.second, NOON + 7200, STAMP_ARCHIVE, 3);
	}
	add_old_status(&f, &o, (struct status_place){ 0, 2 });
	struct verdict v = judge_facts(&world, &f, "basic", later, &o.root_now);
	CHECK(v.signatures[0].indication == TOTAL_PASSED);
	CHECK(v.signatures[1].indication == INDETERMINATE);
	CHECK(v.signatures[1].sub == SUB_OUT_OF_BOUNDS_NO_POE);
	verdict_done(&v);
	add_old_status(&f, &o, (struct status_place){ 1, 4 }); /* too late */
	check(&f, "basic", later, &o.root_now, INDETERMINATE,
	    SUB_OUT_OF_BOUNDS_NO_POE, "certificate-expired");
	f.status_at[2].at = f.status_at[3].at = 2;
	check(&f, "basic", later, &o.root_now, TOTAL_PASSED, SUB_NONE, "valid");
	f.status_at[2] = f.status_at[3] = STATUS_NOWHERE;
	f.status_at[0].owner = f.status_at[1].owner = FACTS_DOCUMENT;
	check(&f, "basic", later, &o.root_now, TOTAL_PASSED, SUB_NONE, "valid");
	facts_done(&f);
	old_world_done(&o);
}

static void
time_stamps_must_follow_one_another(void)
{
	struct facts f = { .format = "cms" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	add_stamp_at(s, &world.tsa, NOON - 10, STAMP_SIGNATURE, 1);
	add_stamp_at(s, &world.tsa, NOON - 5, STAMP_ARCHIVE, 2);
	check(&f, "basic", NOON, &crl, TOTAL_PASSED, SUB_NONE, "valid");
	s->timestamps[1].time = NOON - 20;
	check(&f, "basic", NOON, &crl, INDETERMINATE,
	    SUB_TIMESTAMP_ORDER_FAILURE, "timestamps-contradict");
	s->timestamps[1].kind = STAMP_CONTENT;
	s->timestamps[1].at = 0;
	check(&f, "basic", NOON, &crl, TOTAL_PASSED, SUB_NONE, "valid");
	s->timestamps[1].time = NOON - 5;
	check(&f, "basic", NOON, &crl, INDETERMINATE,
	    SUB_TIMESTAMP_ORDER_FAILURE, "timestamps-contradict");
	facts_done(&f);
	buf_done(&crl);
}

static void
nobody_stamps_in_the_future(void)
{
	struct facts f = { .format = "cms" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	add_stamp_at(s, &world.tsa, NOON + 60, STAMP_SIGNATURE, 1);
	struct verdict v = judge_facts(&world, &f, "basic", NOON, &crl);
	CHECK(v.indication == TOTAL_PASSED && !v.signatures[0].stamped);
	CHECK(has_note(&v, "timestamp-not-used"));
	verdict_done(&v);
	facts_done(&f);
	buf_done(&crl);
}

/* Of other data, or not by its authority: it proves nothing. */
static void
a_time_stamp_must_fit_itself(void)
{
	static const struct {
		enum check digest, signature;
		enum sub_indication sub;
	} rows[] = { { CHECK_FAILED, CHECK_PASSED, SUB_HASH_FAILURE },
		{ CHECK_PASSED, CHECK_FAILED, SUB_SIG_CRYPTO_FAILURE },
		{ CHECK_NOT_DONE, CHECK_PASSED, SUB_GENERIC },
		{ CHECK_PASSED, CHECK_NOT_DONE, SUB_GENERIC } };
	struct facts f = { .format = "cms" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	const int64_t later = NOON + 200 * DAY; /* the citizen's has ended */
	add_stamp_at(s, &world.tsa, NOON, STAMP_SIGNATURE, 1);
	check(&f, "path-only", later, NULL, TOTAL_PASSED, SUB_NONE,
	    "valid-but-revocation");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		s->timestamps[0].digest = rows[i].digest;
		s->timestamps[0].signature = rows[i].signature;
		struct verdict v =
		    judge_facts(&world, &f, "path-only", later, NULL);
		CHECK(v.indication == INDETERMINATE);
		CHECK(v.sub == SUB_OUT_OF_BOUNDS_NO_POE);
		CHECK(v.signatures[0].stamps[0].sub == rows[i].sub);
		CHECK(has_note(&v, "timestamp-not-used"));
		verdict_done(&v);
	}
	facts_done(&f);
}

/* An authority whose key is older than its certificate could state any time. */
static void
nobody_stamps_before_his_certificate(void)
{
	struct facts f = { .format = "cms" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	struct person late = make_tsa(&world.ca, NOON - DAY, NOON + 300 * DAY);
	add_stamp_at(s, &late, NOON - DAY, STAMP_SIGNATURE, 1);
	struct verdict v = judge_facts(&world, &f, "path-only", NOON, NULL);
	CHECK(v.signatures[0].stamped);
	verdict_done(&v);
	s->timestamps[0].time = NOON - DAY - 1;
	v = judge_facts(&world, &f, "path-only", NOON, NULL);
	CHECK(!v.signatures[0].stamped);
	CHECK(v.signatures[0].stamps[0].sub == SUB_NOT_YET_VALID);
	CHECK(has_note(&v, "timestamp-not-used"));
	verdict_done(&v);
	facts_done(&f);
	person_done(&late);
}

/* vn-2025, but SHA-1 was good until `until`. */
static struct policy *
with_sha1_until(int64_t until)
{
	struct policy *p = NULL;
	/* One of our own: those that are built in are everybody's. */
	for (size_t i = 0; i < policy_texts_count; i++)
		if (strcmp(policy_texts[i].name, "vn-2025") == 0)
			CHECK_OK(policy_parse(bytes_of(policy_texts[i].json,
						  policy_texts[i].len),
			    &p));
	for (size_t i = 0; i < p->ndigests; i++)
		if (p->digests[i].alg == DIGEST_SHA1)
			p->digests[i].until = until;
	return p;
}

static void
old_algorithms_are_judged_by_their_dates(void)
{
	struct facts f = { .format = "cms" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	struct policy *p = with_sha1_until(NOON - 10 * DAY);
	const struct status_data status = { .der = buf_bytes(&crl) };
	const struct validation_request r = { .facts = &f,
		.policy = p,
		.domains = &world.domain,
		.ndomains = 1,
		.status_data = &status,
		.nstatus_data = 1,
		.time = NOON };
	struct verdict v;
	s->alg.digest = DIGEST_SHA1;
	CHECK_OK(validate_proved(&r, &v));
	CHECK(v.sub == SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	verdict_done(&v);
	add_stamp_at(s, &world.tsa, NOON - 11 * DAY, STAMP_SIGNATURE, 1);
	CHECK_OK(validate_proved(&r, &v));
	CHECK(v.indication == TOTAL_PASSED);
	CHECK(has_note(&v, "algorithm-legacy"));
	verdict_done(&v);
	s->timestamps[0].time = NOON - 9 * DAY;
	CHECK_OK(validate_proved(&r, &v));
	CHECK(v.sub == SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	verdict_done(&v);
	/* The content was stamped when SHA-1 was over: so it was signed later.
	 */
	s->timestamps[0].kind = STAMP_CONTENT;
	CHECK_OK(validate_proved(&r, &v));
	CHECK(v.sub == SUB_CRYPTO_CONSTRAINTS_FAILURE);
	verdict_done(&v);
	policy_free(p);
	facts_done(&f);
	buf_done(&crl);
}

/* What nobody knows is never accepted, whatever proves its age. */
static void
an_unknown_algorithm_has_no_date(void)
{
	struct facts f = { .format = "cms" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	s->references[0].alg = DIGEST_RIPEMD160;
	add_stamp_at(s, &world.tsa, NOON - DAY, STAMP_SIGNATURE, 1);
	check(&f, "vn-2025", NOON, &crl, INDETERMINATE,
	    SUB_CRYPTO_CONSTRAINTS_FAILURE, "algorithm-weak-digest");
	facts_done(&f);
	buf_done(&crl);
}

static void
rsa_of_the_old_form_is_valid_with_a_note_under_vn_2025(void)
{
	struct facts f = { .format = "pdf" };
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	struct person p = make_citizen(&world.ca, "RSA", ALG_RSA);
	add_good_signature(&f, &p);
	struct verdict v = judge_facts(&world, &f, "vn-2025", NOON, &crl);
	CHECK(v.indication == TOTAL_PASSED);
	CHECK(result_of(v.policy, v.indication) == RESULT_VALID);
	CHECK(has_note(&v, "algorithm-rsa-v15"));
	verdict_done(&v);
	v = judge_facts(&world, &f, "basic", NOON, &crl);
	CHECK(!has_note(&v, "algorithm-rsa-v15"));
	verdict_done(&v);
	facts_done(&f);
	buf_done(&crl);
	person_done(&p);
}

static void
strict_wants_what_the_others_only_like(void)
{
	struct facts f = { .format = "cms" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	struct buf before = make_crl(&world.ca, NOON - 3600, NULL, 0);
	struct buf after = make_crl(&world.ca, NOON - 60, NULL, 0);
	check(&f, "strict", NOON, &after, INDETERMINATE,
	    SUB_SIG_CONSTRAINTS_FAILURE, "timestamp-required");
	add_stamp_at(s, &world.tsa, NOON - 600, STAMP_SIGNATURE, 1);
	check(&f, "strict", NOON, &after, INDETERMINATE,
	    SUB_SIG_CONSTRAINTS_FAILURE,
	    "timestamp-required"); /* its own status is older than it */
	facts_done(&f);
	buf_done(&before);
	buf_done(&after);
}

/* An expired certificate of which the issuer still speaks. */
static void
an_issuer_that_keeps_the_expired_says_not_revoked(void)
{
	struct facts f = { .format = "cms" };
	const int64_t later = NOON + 200 * DAY;
	X509_CRL *x;
	struct buf plain = make_crl(&world.ca, later - 100, NULL, 0);
	const uint8_t *p = plain.ptr;
	add_good_signature(&f, &world.citizen);
	check(&f, "basic", later, &plain, INDETERMINATE,
	    SUB_OUT_OF_BOUNDS_NO_POE, "certificate-expired");
	x = d2i_X509_CRL(NULL, &p, (long)plain.len);
	ASN1_OBJECT *oid = OBJ_txt2obj("2.5.29.60", 1);
	ASN1_OCTET_STRING *o = ASN1_OCTET_STRING_new();
	static const uint8_t since[] = "\x18\x0f"
				       "20200101000000Z";
	ASN1_OCTET_STRING_set(o, since, 17);
	X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, o);
	X509_CRL_add_ext(x, e, -1);
	X509_CRL_sign(x, world.ca.key, EVP_sha256());
	uint8_t *der = NULL;
	int len = i2d_X509_CRL(x, &der);
	struct buf keeping = BUF(65536);
	CHECK_OK(buf_append(&keeping, bytes_of(der, (size_t)len)));
	check(&f, "basic", later, &keeping, INDETERMINATE,
	    SUB_OUT_OF_BOUNDS_NOT_REVOKED, "certificate-expired");
	OPENSSL_free(der);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(o);
	ASN1_OBJECT_free(oid);
	X509_CRL_free(x);
	buf_done(&plain);
	buf_done(&keeping);
	facts_done(&f);
}

static void
every_verdict_carries_its_proof(void)
{
	struct facts f = { .format = "cms" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	struct verdict v = judge_facts(&world, &f, "vn-2025", NOON, &crl);
	const struct proof *p = &v.signatures[0].proof;
	bool status = false;
	for (size_t i = 0; i < p->n; i++) {
		CHECK(p->v[i].indication == TOTAL_PASSED);
		CHECK(p->v[i].clause != NULL && p->v[i].detail != NULL);
		if (p->v[i].rule == RULE_REVOCATION)
			status = p->v[i].status == 0 &&
				 cert_eq(p->v[i].cert, world.citizen.cert);
	}
	CHECK(status);
	CHECK(v.nstatus == 1 && v.status[0].used);
	verdict_done(&v);
	/* What decided is the last step but one that fails. */
	s->references[0].digest = CHECK_FAILED;
	v = judge_facts(&world, &f, "vn-2025", NOON, &crl);
	p = &v.signatures[0].proof;
	CHECK(p->v[p->n - 1].sub == SUB_HASH_FAILURE);
	CHECK(p->v[p->n - 1].rule == RULE_DIGEST);
	verdict_done(&v);
	facts_done(&f);
	buf_done(&crl);
}

/* A document full of time stamps costs a bounded number of paths. */
static void
many_time_stamps_cost_no_more_than_one(void)
{
	struct facts f = { .format = "cms" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	for (int i = 0; i < 100; i++)
		add_stamp_at(s, &world.tsa, NOON - 1000 + i, STAMP_ARCHIVE,
		    (position)i + 1);
	struct verdict v = judge_facts(&world, &f, "basic", NOON, &crl);
	CHECK(v.indication == TOTAL_PASSED);
	CHECK(v.signatures[0].best_time == NOON - 1000);
	CHECK(v.signatures[0].proof.n <= PROOF_STEPS_MAX);
	verdict_done(&v);
	facts_done(&f);
	buf_done(&crl);
}

int
main(void)
{
	world = make_world();
	RUN(a_stamp_on_the_content_is_no_proof_of_the_signature);
	RUN(references_stamped_alone_prove_nothing);
	RUN(a_revocation_counts_from_its_very_second);
	RUN(an_archive_stamp_keeps_what_has_ended);
	RUN(each_signature_is_proven_by_its_own_time_stamps);
	RUN(time_stamps_must_follow_one_another);
	RUN(nobody_stamps_in_the_future);
	RUN(nobody_stamps_before_his_certificate);
	RUN(a_time_stamp_must_fit_itself);
	RUN(old_algorithms_are_judged_by_their_dates);
	RUN(an_unknown_algorithm_has_no_date);
	RUN(rsa_of_the_old_form_is_valid_with_a_note_under_vn_2025);
	RUN(strict_wants_what_the_others_only_like);
	RUN(an_issuer_that_keeps_the_expired_says_not_revoked);
	RUN(every_verdict_carries_its_proof);
	RUN(many_time_stamps_cost_no_more_than_one);
	world_done(&world);
	return DONE();
}
