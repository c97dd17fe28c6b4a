/* Facts out of a process that a stranger may have talked round; what can be
 * read is written, and read, again the same. */
#include "format/facts_pack.h"
#include "fuzz/seeds.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts f = { 0 }, again = { 0 };
	struct buf one = BUF(FACTS_PACKED_MAX), two = BUF(FACTS_PACKED_MAX);
	struct err *e = facts_unpack(bytes_of(data, size), &f);
	if (e == NULL) {
		if (facts_pack(&f, &one) != NULL ||
		    facts_unpack(buf_bytes(&one), &again) != NULL ||
		    facts_pack(&again, &two) != NULL || one.len != two.len)
			abort();
	}
	err_free(e);
	facts_done(&f);
	facts_done(&again);
	buf_done(&one);
	buf_done(&two);
	return 0;
}

static void
fill_stamp(struct signature_fact *s, struct cert *tsa)
{
	seed_must(signature_add_timestamp(s,
	    (struct timestamp_fact){ .digest = CHECK_PASSED,
		.signature = CHECK_PASSED,
		.time = 1800000000,
		.tsa = tsa,
		.kind = STAMP_SIGNATURE,
		.at = 5,
		.alg = DIGEST_SHA256,
		.sig_alg = { .form = SIG_ECDSA, .digest = DIGEST_SHA256 } }));
}

/* One signature with everything. */
static void
fill(struct facts *f, struct cert *c)
{
	struct signature_fact *s;
	seed_must(facts_add_signature(f, &s));
	s->cert = cert_ref(c);
	seed_must(cert_list_add(&s->certs, c));
	seed_must(fact_string(&s->id, BYTES_LIT("1")));
	seed_must(fact_string(&s->format, BYTES_LIT("CAdES")));
	seed_must(fact_string(&s->reason, BYTES_LIT("Đồng ý")));
	s->level = FACT_LEVEL_LT;
	s->alg = (struct sig_alg){ .form = SIG_ECDSA, .digest = DIGEST_SHA256 };
	s->signature = CHECK_PASSED;
	s->cert_binding = CHECK_PASSED;
	s->claimed_time = 1800000000;
	seed_must(signature_add_reference(s, "content", DIGEST_SHA256,
	    CHECK_PASSED, "whole document", true));
	fill_stamp(s, c);
	seed_must(policy_fact_set(&s->policy, BYTES_LIT("1.2.3.4"),
	    DIGEST_SHA256, bytes_of(f->document_sha256, 32)));
	seed_must(
	    findings_add(&s->findings, true, "malformed", "%s", "why"));
	seed_must(facts_add_status_at(f, BYTES_LIT("crl"), false,
	    (struct status_place){ 0, 7 }));
	f->hashed = true;
}

void
fuzz_seeds(const struct seed_sink *to)
{
	struct facts f = { .format = "cms" }, again = { 0 };
	struct buf der = BUF(65536), out = BUF(FACTS_PACKED_MAX);
	struct cert *c;
	seed_file("cert/ec", &der);
	seed_must(cert_parse(buf_bytes(&der), &c));
	fill(&f, c);
	seed_must(facts_pack(&f, &out));
	seed_must(facts_unpack(buf_bytes(&out), &again));
	to->give(to->ctx, "cades", buf_bytes(&out));
	facts_done(&f);
	facts_done(&again);
	cert_free(c);
	buf_done(&der);
	buf_done(&out);
}
