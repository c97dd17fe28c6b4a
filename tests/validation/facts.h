/* Facts as a format would have found them, for tests of what comes after. */
#ifndef SIGND_TESTS_VALIDATION_FACTS_H
#define SIGND_TESTS_VALIDATION_FACTS_H

#include "base/messages.h"
#include "tests/cms/people.h"
#include "validation/validation.h"

/* One authority, one citizen, one time-stamp authority. */
struct world {
	struct person ca, citizen, tsa, stranger;
	struct trust_domain domain;
};

static inline struct world
make_world(void)
{
	struct world w = { .ca = make_authority(),
		.stranger = make_authority() };
	w.citizen = make_citizen(&w.ca, "P-256", ALG_P256);
	w.tsa = make_person((struct person_wish){ .name = "TSA thử nghiệm",
	    .key = "P-256",
	    .alg = ALG_P256,
	    .issuer = &w.ca,
	    .eku = "critical,timeStamping",
	    .serial = 3,
	    .from = NOON - 400 * DAY,
	    .to = NOON + 400 * DAY });
	w.domain.name = "city";
	CHECK_OK(cert_list_add(&w.domain.anchors, w.ca.cert));
	return w;
}

static inline void
world_done(struct world *w)
{
	person_done(&w->ca);
	person_done(&w->citizen);
	person_done(&w->tsa);
	person_done(&w->stranger);
	cert_list_done(&w->domain.anchors);
}

/* A signature on which everything is right. */
static inline struct signature_fact *
add_good_signature(struct facts *f, const struct person *who)
{
	struct signature_fact *s;
	struct err *e = facts_add_signature(f, &s);
	if (e != NULL)
		abort();
	s->cert = cert_ref(who->cert);
	CHECK_OK(fact_string(&s->id, BYTES_LIT("Signature1")));
	CHECK_OK(fact_string(&s->format, BYTES_LIT("PAdES")));
	CHECK_OK(cert_list_add(&s->certs, who->cert));
	s->alg = who->alg;
	s->level = FACT_LEVEL_B;
	s->signature = CHECK_PASSED;
	s->cert_binding = CHECK_PASSED;
	s->claimed_time = NOON;
	s->covers_all = true;
	CHECK_OK(signature_add_reference(s, "ByteRange", DIGEST_SHA256,
	    CHECK_PASSED, "whole document", true));
	return s;
}

static inline void
add_stamp(struct signature_fact *s, const struct person *tsa, int64_t time)
{
	CHECK_OK(cert_list_add(&s->certs, tsa->cert));
	CHECK_OK(signature_add_timestamp(
	    s, (struct timestamp_fact){ .digest = CHECK_PASSED,
		   .signature = CHECK_PASSED,
		   .time = time,
		   .tsa = tsa->cert }));
}

/* A CRL of `issuer`, made at `time`, good for a day; `revoked` may be NULL. */
static inline struct buf
make_crl_by(const struct person *issuer, int64_t time,
    const struct person *revoked, int64_t revoked_at, const EVP_MD *md)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_new();
	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(
	    crl, X509_get_subject_name(cert_x509(issuer->cert)));
	ASN1_TIME_set(t, time);
	X509_CRL_set1_lastUpdate(crl, t);
	ASN1_TIME_set(t, time + DAY);
	X509_CRL_set1_nextUpdate(crl, t);
	if (revoked != NULL) {
		X509_REVOKED *r = X509_REVOKED_new();
		ASN1_TIME_set(t, revoked_at);
		X509_REVOKED_set_revocationDate(r, t);
		X509_REVOKED_set_serialNumber(
		    r, X509_get_serialNumber(cert_x509(revoked->cert)));
		X509_CRL_add0_revoked(crl, r);
	}
	ASN1_TIME_free(t);
	X509_CRL_sign(crl, issuer->key, md);
	uint8_t *der = NULL;
	int len = i2d_X509_CRL(crl, &der);
	struct buf out = BUF(65536);
	CHECK_OK(buf_append(&out, bytes_of(der, (size_t)len)));
	OPENSSL_free(der);
	X509_CRL_free(crl);
	return out;
}

static inline struct buf
make_crl(const struct person *issuer, int64_t time,
    const struct person *revoked, int64_t revoked_at)
{
	return make_crl_by(issuer, time, revoked, revoked_at, EVP_sha256());
}

/* Whether a step that does not hold says why it came out so: by a code that has
 * its sentences, and on what it rests. */
static inline bool
has_evidence(const struct signature_verdict *v)
{
	const struct message *m = message_find(v->code);
	if (m == NULL || message_text(v->code, LANG_VI)[0] == '\0' ||
	    message_text(v->code, LANG_EN)[0] == '\0')
		return false;
	for (size_t i = 0; i < v->proof.n; i++) {
		const struct proof_step *s = &v->proof.v[i];
		if (s->indication == v->indication && s->sub == v->sub &&
		    s->code != NULL && strcmp(s->code, v->code) == 0 &&
		    s->detail != NULL && s->detail[0] != '\0' &&
		    strcmp(s->detail, "this does not hold") != 0)
			return true;
	}
	return v->indication == TOTAL_PASSED;
}

/* As validate(), and nothing is concluded without evidence. */
static inline struct err *
validate_proved(const struct validation_request *r, struct verdict *v)
{
	struct err *e = validate(r, v);
	for (size_t i = 0; e == NULL && i < v->nsignatures; i++) {
		CHECK(has_evidence(&v->signatures[i]));
		if (!has_evidence(&v->signatures[i]))
			printf("# no evidence: %s\n", v->signatures[i].code);
	}
	return e;
}

/* A built-in policy, which stays until the program ends. */
static inline const struct policy *
policy_of(const char *name)
{
	static struct policy *all[16];
	size_t i = 0;
	for (; i < COUNT_OF(all) && all[i] != NULL; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	if (i == COUNT_OF(all))
		abort();
	CHECK_OK(policy_load(name, &all[i]));
	return all[i];
}

/* Judges under a policy, at a time, with at most one CRL. */
static inline struct verdict
judge_facts(const struct world *w, const struct facts *f, const char *policy,
    int64_t time, const struct buf *crl)
{
	struct status_data status = { 0 };
	if (crl != NULL)
		status.der = buf_bytes(crl);
	const struct validation_request r = { .facts = f,
		.policy = policy_of(policy),
		.domains = &w->domain,
		.ndomains = 1,
		.status_data = &status,
		.nstatus_data = crl != NULL,
		.time = time };
	struct verdict v = { 0 };
	CHECK_OK(validate_proved(&r, &v));
	return v;
}

#endif
