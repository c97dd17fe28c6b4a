/* Sub-indications that come from paths: one case for each (doc/validation.md). */
#include "validation/validation.h"

#include "tests/validation/facts.h"

static struct world world;

static const struct policy *policy; /* "basic", unless a test says otherwise */

/* A signature by `who`, whose issuer may come along, judged with two CRLs. */
static void
check(const struct person *who, const struct person *issuer, int64_t time,
    const struct buf *crl, const struct buf *other, enum indication indication,
    enum sub_indication sub, const char *code)
{
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, who);
	if (issuer != NULL)
		CHECK_OK(cert_list_add(&s->certs, issuer->cert));
	struct status_data status[2] = { 0 };
	size_t n = 0;
	if (crl != NULL)
		status[n++].der = buf_bytes(crl);
	if (other != NULL)
		status[n++].der = buf_bytes(other);
	const struct validation_request r = { .facts = &f,
		.policy = policy != NULL ? policy : policy_of("basic"),
		.domains = &world.domain,
		.ndomains = 1,
		.status_data = status,
		.nstatus_data = n,
		.time = time };
	struct verdict v = { 0 };
	CHECK_OK(validate_proved(&r, &v));
	CHECK(v.indication == indication);
	CHECK(v.sub == sub);
	CHECK(strcmp(v.code, code) == 0);
	if (strcmp(v.code, code) != 0)
		printf("# %s %s %s\n", indication_name(v.indication),
		    sub_indication_name(v.sub), v.code);
	verdict_done(&v);
	facts_done(&f);
}

static struct person
person_under(const struct person *issuer, const char *name, bool authority)
{
	return make_person((struct person_wish){ .name = name,
	    .key = "P-256",
	    .alg = ALG_P256,
	    .issuer = issuer,
	    .authority = authority,
	    .serial = authority ? 50 : 60,
	    .from = NOON - 90 * DAY,
	    .to = NOON + 90 * DAY });
}

static void
no_certificate_chain_found(void)
{
	struct person other = make_person((struct person_wish){ .name = "Ai đó",
	    .key = "P-256",
	    .alg = ALG_P256,
	    .serial = 1,
	    .from = NOON - 100 * DAY,
	    .to = NOON + 100 * DAY });
	struct person p = make_citizen(&other, "P-256", ALG_P256);
	check(&p, &other, NOON, NULL, NULL, INDETERMINATE,
	    SUB_NO_CERTIFICATE_CHAIN_FOUND, "issuer-not-trusted");
	person_done(&p);
	person_done(&other);
}

/* It names its issuer rightly, and is not signed by it. */
static void
certificate_chain_general_failure(void)
{
	struct person p = make_citizen(&world.ca, "P-256", ALG_P256);
	struct bytes der = cert_der(p.cert);
	CLEANUP(buf_done) struct buf forged = BUF(65536);
	CHECK_OK(buf_append(&forged, der));
	forged.ptr[forged.len - 1] ^= 1;
	struct cert *c = NULL;
	CHECK_OK(cert_parse(buf_bytes(&forged), &c));
	cert_free(p.cert);
	p.cert = c;
	check(&p, NULL, NOON, NULL, NULL, INDETERMINATE,
	    SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE, "chain-broken");
	person_done(&p);
}

static void
chain_constraints_failure(void)
{
	/* Issued by a citizen, who is no authority. */
	struct person p = person_under(&world.citizen, "Con", false);
	check(&p, &world.citizen, NOON, NULL, NULL, INDETERMINATE,
	    SUB_CHAIN_CONSTRAINTS_FAILURE, "chain-constraints");
	person_done(&p);
	/* Its key is for certificates, not for documents. */
	struct person ca = person_under(&world.ca, "CA con", true);
	struct buf crl = make_crl(&world.ca, NOON, NULL, 0);
	check(&ca, NULL, NOON, &crl, NULL, INDETERMINATE,
	    SUB_CHAIN_CONSTRAINTS_FAILURE, "certificate-not-for-signing");
	buf_done(&crl);
	person_done(&ca);
}

/* basic, with `member` more. */
static struct policy *
basic_with(const char *member)
{
	struct policy *p = NULL;
	for (size_t i = 0; i < policy_texts_count; i++) {
		const struct policy_text *t = &policy_texts[i];
		struct bytes text = bytes_of(t->json, t->len);
		size_t at = bytes_find(text, BYTES_LIT("\"path\": true"));
		if (strcmp(t->name, "basic") != 0 || at == SIZE_MAX)
			continue;
		CLEANUP(buf_done) struct buf b = BUF(POLICY_MAX);
		CHECK_OK(buf_append(&b, bytes_slice(text, 0, at)));
		CHECK_OK(buf_str(&b, member));
		CHECK_OK(buf_append(&b, bytes_from(text, at)));
		CHECK_OK(policy_parse(buf_bytes(&b), &p));
	}
	if (p == NULL)
		abort();
	return p;
}

static void
certificate_policies_that_are_wanted_must_hold(void)
{
	struct person p = make_person((struct person_wish){ .name = "Bình",
	    .key = "P-256",
	    .alg = ALG_P256,
	    .issuer = &world.ca,
	    .serial = 70,
	    .from = NOON - 90 * DAY,
	    .to = NOON + 90 * DAY,
	    .policies = "1.2.3.4" });
	struct policy *this =
	    basic_with("\"certificate_policies\": [\"1.2.3.4\"],");
	struct policy *other =
	    basic_with("\"certificate_policies\": [\"1.2.3.5\"],");
	struct buf crl = make_crl(&world.ca, NOON, NULL, 0);
	policy = this;
	check(&p, NULL, NOON, &crl, NULL, TOTAL_PASSED, SUB_NONE, "valid");
	check(&world.citizen, NULL, NOON, &crl, NULL, INDETERMINATE,
	    SUB_CHAIN_CONSTRAINTS_FAILURE, "chain-constraints");
	policy = other;
	check(&p, NULL, NOON, &crl, NULL, INDETERMINATE,
	    SUB_CHAIN_CONSTRAINTS_FAILURE, "chain-constraints");
	policy = NULL;
	policy_free(this);
	policy_free(other);
	buf_done(&crl);
	person_done(&p);
}

static void
revoked_ca_no_poe(void)
{
	struct person ca = person_under(&world.ca, "CA con", true);
	struct person p = person_under(&ca, "An", false);
	struct buf good = make_crl(&ca, NOON, NULL, 0);
	struct buf none = make_crl(&world.ca, NOON, NULL, 0);
	struct buf revoked = make_crl(&world.ca, NOON, &ca, NOON - DAY);
	check(&p, &ca, NOON, &good, &none, TOTAL_PASSED, SUB_NONE, "valid");
	check(&p, &ca, NOON, &good, &revoked, INDETERMINATE,
	    SUB_REVOKED_CA_NO_POE, "issuer-revoked");
	buf_done(&good);
	buf_done(&none);
	buf_done(&revoked);
	person_done(&p);
	person_done(&ca);
}

/* EN 319 102-1 5.5.4: it is here before its certificate can be used. */
static void
not_yet_valid(void)
{
	check(&world.citizen, NULL, cert_not_before(world.citizen.cert) - 1,
	    NULL, NULL, TOTAL_FAILED, SUB_NOT_YET_VALID,
	    "certificate-not-yet-valid");
	check(&world.citizen, NULL, cert_not_before(world.citizen.cert), NULL,
	    NULL, INDETERMINATE, SUB_TRY_LATER, "revocation-unknown");
}

int
main(void)
{
	world = make_world();
	RUN(no_certificate_chain_found);
	RUN(certificate_chain_general_failure);
	RUN(chain_constraints_failure);
	RUN(certificate_policies_that_are_wanted_must_hold);
	RUN(revoked_ca_no_poe);
	RUN(not_yet_valid);
	world_done(&world);
	return DONE();
}
