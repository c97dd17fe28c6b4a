#include "format/facts_pack.h"
#include "format/format.h"
#include "tests/certs/make.h"
#include "tests/tap.h"

#include <openssl/ec.h>

static void
a_new_signature_states_no_time_and_allows_form_filling(void)
{
	CLEANUP(facts_done) struct facts f = { 0 };
	struct signature_fact *s = NULL;
	CHECK_OK(facts_add_signature(&f, &s));
	CHECK(s->claimed_time == TIME_NONE);
	CHECK(s->allowed == CHANGE_FORM);
	CHECK(s->signature == CHECK_NOT_DONE);
}

static void
keeps_copies_of_what_it_is_told(void)
{
	CLEANUP(facts_done) struct facts f = { 0 };
	struct signature_fact *s = NULL;
	CHECK_OK(facts_add_signature(&f, &s));
	char uri[] = "#a";
	CHECK_OK(signature_add_reference(
	    s, uri, DIGEST_SHA256, CHECK_PASSED, NULL, true));
	uri[1] = 'b';
	CHECK(strcmp(s->references[0].uri, "#a") == 0);
	CHECK(s->references[0].covers == NULL);
	CHECK_OK(fact_string(&s->reason, bytes_str("one")));
	CHECK_OK(fact_string(&s->reason, bytes_str("two")));
	CHECK(strcmp(s->reason, "two") == 0);
	CHECK_OK(findings_add(&s->findings, true, "malformed", "at %d", 7));
	CHECK(strcmp(s->findings.v[0].detail, "at 7") == 0);
	CHECK_OK(
	    signature_add_timestamp(s, (struct timestamp_fact){ .time = 5 }));
	CHECK_OK(facts_add_status(&f, BYTES_LIT("crl"), false));
	CHECK_OK(facts_add_status(&f, BYTES_LIT("ocsp"), true));
	CHECK(f.nstatus_data == 2 && f.status_is_ocsp[1]);
	CHECK(bytes_eq_str(buf_bytes(&f.status_data[1]), "ocsp"));
}

static void
refuses_more_signatures_than_the_limit(void)
{
	CLEANUP(facts_done) struct facts f = { 0 };
	struct signature_fact *s = NULL;
	for (int i = 0; i < FACTS_SIGNATURES_MAX; i++)
		CHECK_OK(facts_add_signature(&f, &s));
	CHECK_ERR(facts_add_signature(&f, &s), ERR_LIMIT);
	CHECK(f.nsignatures == FACTS_SIGNATURES_MAX);
}

/* Every member has a value of its own, so that none can be left out. */
static void
fill(struct facts *f, struct cert *c)
{
	struct signature_fact *s = NULL;
	uint8_t pattern[DIGEST_MAX];
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i + 1);
	CHECK_OK(facts_add_signature(f, &s));
	s->cert = cert_ref(c);
	CHECK_OK(cert_list_add(&s->certs, c));
	CHECK_OK(fact_string(&s->id, bytes_str("Chữ ký 1")));
	CHECK_OK(fact_string(&s->format, bytes_str("PAdES")));
	CHECK_OK(fact_string(&s->claimed_name, bytes_str("An")));
	CHECK_OK(fact_string(&s->reason, bytes_str("\xff no UTF-8")));
	CHECK_OK(fact_string(&s->location, bytes_str("")));
	CHECK_OK(signature_add_reference(
	    s, "#a", DIGEST_SHA384, CHECK_FAILED, "element /a", true));
	CHECK_OK(signature_add_reference(
	    s, NULL, DIGEST_SHA1, CHECK_PASSED, NULL, false));
	s->references[1].outside = true;
	CHECK_OK(findings_add(&s->findings, true, "malformed", "at %d", 7));
	s->findings.v[0].page = 2;
	s->findings.v[0].revision = 3;
	s->findings.v[0].object = UINT32_MAX;
	CHECK_OK(findings_add(&f->findings, false, "covers-part", "%s", ""));
	s->level = FACT_LEVEL_LTA;
	s->alg =
	    (struct sig_alg){ SIG_RSA_PSS, DIGEST_SHA512, DIGEST_SHA256, -1 };
	s->signature = CHECK_PASSED;
	s->cert_binding = CHECK_FAILED;
	s->claimed_time = -5;
	s->covers_all = true;
	s->revision = 4;
	s->revisions = 6;
	s->covered_len = 123456;
	s->gap_at = 100;
	s->gap_end = 2000;
	s->unseen = true;
	s->stamp = true;
	s->changes = CHANGE_ANNOTATION;
	s->allowed = CHANGE_LTV;
	CHECK_OK(signature_add_timestamp(
	    s, (struct timestamp_fact){ .digest = CHECK_PASSED,
		   .signature = CHECK_FAILED,
		   .time = 1790000000,
		   .document = true,
		   .kind = STAMP_REFS,
		   .at = POSITION_LAST,
		   .tsa = c,
		   .alg = DIGEST_SHA3_512,
		   .sig_alg = { SIG_ED448, DIGEST_NONE, DIGEST_NONE, 0 } }));
	CHECK_OK(policy_fact_set(&s->policy, bytes_str("urn:oid:1.2.3"),
	    DIGEST_SHA3_384, bytes_of(pattern, digest_len(DIGEST_SHA3_384))));
	CHECK_OK(facts_add_status_at(
	    f, BYTES_LIT("crl"), false, (struct status_place){ 0, 9 }));
	CHECK_OK(facts_add_status(f, BYTES_LIT("ocsp"), true));
	f->hashed = true;
	memset(f->document_sha256, 0xab, sizeof(f->document_sha256));
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_findings(const struct findings *a, const struct findings *b)
{
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++)
		same = same_text(a->v[i].code, b->v[i].code) &&
		       same_text(a->v[i].detail, b->v[i].detail) &&
		       a->v[i].fatal == b->v[i].fatal &&
		       a->v[i].page == b->v[i].page &&
		       a->v[i].revision == b->v[i].revision &&
		       a->v[i].object == b->v[i].object;
	return same;
}

static bool
same_alg(struct sig_alg a, struct sig_alg b)
{
	return a.form == b.form && a.digest == b.digest && a.mgf1 == b.mgf1 &&
	       a.salt_len == b.salt_len;
}

static bool
same_references(const struct signature_fact *a, const struct signature_fact *b)
{
	bool same = a->nreferences == b->nreferences;
	for (size_t i = 0; same && i < a->nreferences; i++) {
		const struct reference *x = &a->references[i];
		const struct reference *y = &b->references[i];
		same = same_text(x->uri, y->uri) && x->alg == y->alg &&
		       x->digest == y->digest &&
		       same_text(x->covers, y->covers) &&
		       x->outside == y->outside && x->whole == y->whole;
	}
	return same;
}

static bool
same_stamps(const struct signature_fact *a, const struct signature_fact *b)
{
	bool same = a->ntimestamps == b->ntimestamps;
	for (size_t i = 0; same && i < a->ntimestamps; i++) {
		const struct timestamp_fact *x = &a->timestamps[i];
		const struct timestamp_fact *y = &b->timestamps[i];
		same = x->digest == y->digest && x->signature == y->signature &&
		       x->time == y->time && cert_eq(x->tsa, y->tsa) &&
		       x->document == y->document && x->kind == y->kind &&
		       x->at == y->at && x->alg == y->alg &&
		       same_alg(x->sig_alg, y->sig_alg);
	}
	return same;
}

static bool
same_policy(const struct policy_fact *a, const struct policy_fact *b)
{
	return a->named == b->named && same_text(a->id, b->id) &&
	       a->alg == b->alg && a->digest_len == b->digest_len &&
	       memcmp(a->digest, b->digest, a->digest_len) == 0;
}

/* Each member of the structs, by name: members.py looks that none is left out
 * here, where it is written, or where it is read. */
static bool
same_signature(const struct signature_fact *a, const struct signature_fact *b)
{
	return same_text(a->id, b->id) && same_text(a->format, b->format) &&
	       a->level == b->level && cert_eq(a->cert, b->cert) &&
	       a->certs.n == b->certs.n && same_alg(a->alg, b->alg) &&
	       a->signature == b->signature &&
	       a->cert_binding == b->cert_binding && same_references(a, b) &&
	       a->claimed_time == b->claimed_time &&
	       same_text(a->claimed_name, b->claimed_name) &&
	       same_text(a->reason, b->reason) &&
	       same_text(a->location, b->location) &&
	       a->covers_all == b->covers_all && a->unseen == b->unseen &&
	       a->stamp == b->stamp && a->revision == b->revision &&
	       a->revisions == b->revisions &&
	       a->covered_len == b->covered_len && a->gap_at == b->gap_at &&
	       a->gap_end == b->gap_end && a->changes == b->changes &&
	       a->allowed == b->allowed && same_stamps(a, b) &&
	       same_policy(&a->policy, &b->policy) &&
	       same_findings(&a->findings, &b->findings);
}

static bool
same_status(const struct facts *a, const struct facts *b)
{
	bool same = a->nstatus_data == b->nstatus_data;
	for (size_t i = 0; same && i < a->nstatus_data; i++)
		same = bytes_eq(buf_bytes(&a->status_data[i]),
			   buf_bytes(&b->status_data[i])) &&
		       a->status_is_ocsp[i] == b->status_is_ocsp[i] &&
		       a->status_at[i].owner == b->status_at[i].owner &&
		       a->status_at[i].at == b->status_at[i].at;
	return same;
}

static bool
same_facts(const struct facts *a, const struct facts *b)
{
	bool same = a->nsignatures == b->nsignatures;
	for (size_t i = 0; same && i < a->nsignatures; i++)
		same = same_signature(&a->signatures[i], &b->signatures[i]);
	return same && same_status(a, b) && a->hashed == b->hashed &&
	       memcmp(a->document_sha256, b->document_sha256,
		   sizeof(a->document_sha256)) == 0 &&
	       same_findings(&a->findings, &b->findings);
}

static void
what_was_packed_is_read_again_whole(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct cert *an = make_self_signed(key, "An", EVP_sha256());
	CLEANUP(facts_done) struct facts f = { 0 };
	CLEANUP(facts_done) struct facts g = { 0 };
	CLEANUP(buf_done) struct buf one = BUF(FACTS_PACKED_MAX);
	CLEANUP(buf_done) struct buf two = BUF(FACTS_PACKED_MAX);
	fill(&f, an);
	CHECK_OK(facts_pack(&f, &one));
	CHECK_OK(facts_unpack(buf_bytes(&one), &g));
	CHECK_OK(facts_pack(&g, &two));
	CHECK(bytes_eq(buf_bytes(&one), buf_bytes(&two)));
	CHECK(same_facts(&f, &g));
	cert_free(an);
	EVP_PKEY_free(key);
}

/* A byte less, or one too many, is never read as something else. */
static void
facts_cut_short_are_refused(void)
{
	CLEANUP(facts_done) struct facts f = { 0 };
	CLEANUP(buf_done) struct buf one = BUF(FACTS_PACKED_MAX);
	struct facts g = { 0 };
	fill(&f, NULL);
	CHECK_OK(facts_pack(&f, &one));
	for (size_t n = 0; n < one.len; n++)
		CHECK_ERR(
		    facts_unpack(bytes_of(one.ptr, n), &g), ERR_MALFORMED);
	CHECK_OK(buf_byte(&one, 0));
	CHECK_ERR(facts_unpack(buf_bytes(&one), &g), ERR_MALFORMED);
}

int
main(void)
{
	RUN(a_new_signature_states_no_time_and_allows_form_filling);
	RUN(keeps_copies_of_what_it_is_told);
	RUN(refuses_more_signatures_than_the_limit);
	RUN(what_was_packed_is_read_again_whole);
	RUN(facts_cut_short_are_refused);
	return DONE();
}
