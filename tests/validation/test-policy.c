#include "validation/policy.h"

#include "tests/tap.h"

#include <stdlib.h>

static void
each_built_in_policy_is_read(void)
{
	for (size_t i = 0; i < policy_texts_count; i++) {
		struct policy *p = NULL;
		CHECK_OK(policy_load(policy_texts[i].name, &p));
		CHECK(p != NULL && strcmp(p->name, policy_texts[i].name) == 0);
		for (size_t r = 0; p != NULL && r < RULE_COUNT; r++)
			CHECK(p->cite[r] != NULL && p->cite[r][0] != '\0');
		policy_free(p);
	}
	CHECK(policy_texts_count == 6);
}

static void
each_rule_of_vn_2025_cites_the_circular(void)
{
	struct policy *p = NULL;
	CHECK_OK(policy_load("vn-2025", &p));
	for (size_t r = 0; r < RULE_COUNT; r++) {
		CHECK(strstr(p->cite[r], "Thông tư 15/2025/TT-BKHCN") != NULL);
		CHECK(strstr(p->cite[r], "Điều ") != NULL ||
		      strstr(p->cite[r], "Phụ lục ") != NULL);
	}
	CHECK(policy_digest_until(p, DIGEST_SHA256) == NEVER_ENDS);
	CHECK(policy_digest_until(p, DIGEST_SHA1) < NEVER_ENDS);
	CHECK(policy_digest_until(p, DIGEST_SHA1) != TIME_NONE);
	CHECK(policy_digest_until(p, DIGEST_RIPEMD160) == TIME_NONE);
	CHECK(policy_key_until(p, KEY_RSA, 2048) == NEVER_ENDS);
	CHECK(policy_key_until(p, KEY_RSA, 2047) < NEVER_ENDS);
	CHECK(policy_key_until(p, KEY_RSA, 1023) == TIME_NONE);
	CHECK(policy_key_until(p, KEY_EC, 255) == TIME_NONE);
	CHECK(policy_form_note(p, SIG_RSA_PKCS1) != NULL);
	CHECK(policy_form_note(p, SIG_RSA_PSS) == NULL);
	CHECK(policy_form_until(p, SIG_DSA) == TIME_NONE);
	/* Appendix I has RSA and ECDSA. */
	CHECK(policy_form_until(p, SIG_EDDSA) == TIME_NONE);
	CHECK(policy_key_until(p, KEY_ED25519, 256) == TIME_NONE);
	policy_free(p);
}

/* A good text with `from` replaced by `to`. */
static struct err *
parse_with(const char *from, const char *to, struct policy **out)
{
	const struct policy_text *t = NULL;
	for (size_t i = 0; i < policy_texts_count; i++)
		if (strcmp(policy_texts[i].name, "vn-2025") == 0)
			t = &policy_texts[i];
	if (t == NULL)
		abort();
	struct bytes text = bytes_of(t->json, t->len);
	CLEANUP(buf_done) struct buf b = BUF(POLICY_MAX);
	size_t at = bytes_find(text, bytes_str(from));
	CHECK(at != SIZE_MAX);
	TRY(buf_append(&b, bytes_slice(text, 0, at)));
	TRY(buf_str(&b, to));
	TRY(buf_append(&b, bytes_from(text, at + strlen(from))));
	return policy_parse(buf_bytes(&b), out);
}

static void
a_mistake_in_a_policy_is_refused(void)
{
	static const char *const mistakes[][2] = {
		{ "\"binding\"", "\"bindings\"" },
		{ "\"version\": 1", "\"version\": 2" },
		{ "\"path\": true", "\"path\": 1" },
		{ "\"passed\": \"valid\"", "\"passed\": \"fine\"" },
		{ "\"SHA-256\"", "\"SHA-257\"" },
		{ "\"bits\": 2048", "\"bits\": 0" },
		{ "2017-01-01T00:00:00Z", "long ago" },
		{ "\"ECDSA\"", "\"ROT13\"" },
		{ "\"required\"", "\"perhaps\"" },
		{ "\"value\":", "\"values\":" },
		{ "{\n \"version\"", "{\n \"name\": \"x\",\n \"version\"" },
		{ "\n}", "\n}x" },
		{ "\"path\": true",
		    "\"path\": true, \"certificate_policies\": []" },
		{ "\"path\": true",
		    "\"path\": true, \"certificate_policies\": [\"any\"]" },
		{ "\"binding\": \"if-present\"",
		    "\"binding\": \"if-present\", \"signature_policy\": {}" },
		{ "\"binding\": \"if-present\"",
		    "\"binding\": \"if-present\", \"signature_policy\": "
		    "{\"wanted\": \"told\", \"known\": [{\"id\": \"1.2\", "
		    "\"digest\": \"SHA-256\", \"value\": \"00\"}]}" },
		{ "\"binding\": \"if-present\"",
		    "\"binding\": \"if-present\", \"signature_policy\": "
		    "{\"wanted\": \"told\", \"known\": [{\"id\": \"1.2\", "
		    "\"value\": \"00\"}]}" },
	};
	for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
		struct policy *p = NULL;
		struct err *e = parse_with(mistakes[i][0], mistakes[i][1], &p);
		CHECK(e != NULL && err_kind(e) == ERR_MALFORMED);
		CHECK(
		    e != NULL && strcmp(err_code(e), "policy-malformed") == 0);
		if (e == NULL)
			printf("# %s\n", mistakes[i][1]);
		CHECK(p == NULL);
		err_free(e);
	}
}

static void
a_policy_may_leave_domains_out(void)
{
	struct policy *p = NULL;
	CHECK_OK(parse_with("\"path\": true",
	    "\"path\": true, \"domains\": [\"neac\", \"city\"]", &p));
	CHECK(policy_trusts(p, "neac") && policy_trusts(p, "city"));
	CHECK(!policy_trusts(p, "given"));
	policy_free(p);
	p = NULL;
	CHECK_OK(policy_load("vn-2025", &p));
	CHECK(policy_trusts(p, "given"));
	policy_free(p);
}

/* They are read once; who lets go of one does not take it from others. */
static void
one_that_is_built_in_is_the_same_for_all(void)
{
	struct policy *a = NULL, *b = NULL, *other = NULL;
	CHECK_OK(policy_load("basic", &a));
	CHECK_OK(policy_load("basic", &b));
	CHECK_OK(policy_load("strict", &other));
	CHECK(a == b && a != other);
	policy_free(a);
	CHECK(strcmp(b->name, "basic") == 0);
	CHECK_OK(policy_load("basic", &a));
	CHECK(a == b);
	policy_free(a);
	policy_free(b);
	policy_free(other);
	/* One's own of the same name is another one. */
	CHECK_OK(parse_with("\"path\": true", "\"path\": true", &other));
	CHECK_OK(policy_load("vn-2025", &a));
	CHECK(a != other);
	policy_free(a);
	policy_free(other);
}

int
main(void)
{
	RUN(each_built_in_policy_is_read);
	RUN(each_rule_of_vn_2025_cites_the_circular);
	RUN(a_mistake_in_a_policy_is_refused);
	RUN(a_policy_may_leave_domains_out);
	RUN(one_that_is_built_in_is_the_same_for_all);
	return DONE();
}
