#include "format/facts.h"
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

int
main(void)
{
	RUN(a_new_signature_states_no_time_and_allows_form_filling);
	RUN(keeps_copies_of_what_it_is_told);
	RUN(refuses_more_signatures_than_the_limit);
	return DONE();
}
