#include "format/facts_pack.h"
#include "format/format.h"
#include "tests/tap.h"

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
fill(struct facts *f)
{
	struct signature_fact *s = NULL;
	CHECK_OK(facts_add_signature(f, &s));
	CHECK_OK(fact_string(&s->id, bytes_str("Chữ ký 1")));
	CHECK_OK(fact_string(&s->format, bytes_str("PAdES")));
	CHECK_OK(fact_string(&s->claimed_name, bytes_str("An")));
	CHECK_OK(fact_string(&s->reason, bytes_str("\xff no UTF-8")));
	CHECK_OK(fact_string(&s->location, bytes_str("")));
	CHECK_OK(signature_add_reference(
	    s, "#a", DIGEST_SHA384, CHECK_FAILED, "element /a", true));
	CHECK_OK(signature_add_reference(
	    s, NULL, DIGEST_SHA1, CHECK_PASSED, NULL, false));
	CHECK_OK(findings_add(&s->findings, true, "malformed", "at %d", 7));
	s->findings.v[0].page = 2;
	s->findings.v[0].revision = 3;
	s->findings.v[0].object = UINT32_MAX;
	CHECK_OK(findings_add(&f->findings, false, "covers-part", "%s", ""));
	s->level = FACT_LEVEL_LTA;
	s->alg = (struct sig_alg){ SIG_RSA_PSS, DIGEST_SHA512, DIGEST_SHA256,
		-1 };
	s->signature = CHECK_PASSED;
	s->cert_binding = CHECK_FAILED;
	s->claimed_time = -5;
	s->covers_all = true;
	s->revision = 4;
	s->revisions = 6;
	s->covered_len = 123456;
	s->unseen = true;
	s->changes = CHANGE_ANNOTATION;
	s->allowed = CHANGE_LTV;
	CHECK_OK(signature_add_timestamp(s,
	    (struct timestamp_fact){ .digest = CHECK_PASSED,
		.signature = CHECK_FAILED,
		.time = 1790000000,
		.document = true,
		.kind = STAMP_REFS,
		.at = POSITION_LAST,
		.alg = DIGEST_SHA3_512,
		.sig_alg = { SIG_ED448, DIGEST_NONE, DIGEST_NONE, 0 } }));
	CHECK_OK(facts_add_status_at(
	    f, BYTES_LIT("crl"), false, (struct status_place){ 0, 9 }));
	CHECK_OK(facts_add_status(f, BYTES_LIT("ocsp"), true));
	f->hashed = true;
	memset(f->document_sha256, 0xab, sizeof(f->document_sha256));
}

static void
what_was_packed_is_read_again_whole(void)
{
	CLEANUP(facts_done) struct facts f = { 0 };
	CLEANUP(facts_done) struct facts g = { 0 };
	CLEANUP(buf_done) struct buf one = BUF(FACTS_PACKED_MAX);
	CLEANUP(buf_done) struct buf two = BUF(FACTS_PACKED_MAX);
	fill(&f);
	CHECK_OK(facts_pack(&f, &one));
	CHECK_OK(facts_unpack(buf_bytes(&one), &g));
	CHECK_OK(facts_pack(&g, &two));
	CHECK(bytes_eq(buf_bytes(&one), buf_bytes(&two)));
	const struct signature_fact *s = &g.signatures[0];
	CHECK(g.nsignatures == 1 && g.nstatus_data == 2 && g.hashed);
	CHECK(strcmp(s->reason, "\xff no UTF-8") == 0);
	CHECK(strcmp(s->references[0].covers, "element /a") == 0);
	CHECK(s->references[1].uri == NULL);
	CHECK(s->alg.salt_len == -1 && s->claimed_time == -5);
	CHECK(s->findings.v[0].object == UINT32_MAX);
	CHECK(s->timestamps[0].sig_alg.form == SIG_ED448);
	CHECK(s->unseen && s->covered_len == 123456);
	CHECK(g.status_at[0].at == 9 &&
	      g.status_at[1].owner == FACTS_DOCUMENT);
}

/* A byte less, or one too many, is never read as something else. */
static void
facts_cut_short_are_refused(void)
{
	CLEANUP(facts_done) struct facts f = { 0 };
	CLEANUP(buf_done) struct buf one = BUF(FACTS_PACKED_MAX);
	struct facts g = { 0 };
	fill(&f);
	CHECK_OK(facts_pack(&f, &one));
	for (size_t n = 0; n < one.len; n++)
		CHECK_ERR(facts_unpack(bytes_of(one.ptr, n), &g),
		    ERR_MALFORMED);
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
