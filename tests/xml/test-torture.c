/* Signing without memory: it comes back, and what it yields is all or none. */
#include "tests/torture.h"

#include "tests/xml/make.h"
#include "xml/format.h"

#define FORM                                                                   \
	"<don xmlns='urn:don' Id='d'><ten>\xc3\x81nh</ten><ds:Signature "      \
	"xmlns:ds='" NS_DS "'><ds:SignedInfo><ds:Reference URI=''>"            \
	"<ds:Transforms><ds:Transform Algorithm='" NS_FILTER2 "'>"             \
	"<f:XPath xmlns:f='" NS_FILTER2 "' Filter='subtract'>"                 \
	"/descendant::ds:Signature</f:XPath></ds:Transform></ds:Transforms>"   \
	"</ds:Reference></ds:SignedInfo></ds:Signature></don>"

struct signing {
	struct sign_params params;
	struct buf expected; /* what it must yield; empty: not known yet */
};

static struct err *
sign_form(void *ctx)
{
	static const uint8_t value[] = { 0x30, 6, 2, 1, 1, 2, 1, 1 };
	struct signing *s = ctx;
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	TRY(format_xml.prepare(BYTES_LIT(FORM), &s->params, &p));
	TRY(format_xml.embed(buf_bytes(&p.state), bytes_of(value, 8), BYTES_NONE, &i));
	if (s->expected.len == 0)
		return buf_append(&s->expected, buf_bytes(&i.bytes));
	if (!bytes_eq(buf_bytes(&i.bytes), buf_bytes(&s->expected)))
		return err_new(ERR_INTERNAL, NULL, "another signature");
	return NULL;
}

static void
signing_survives(void)
{
	struct person an = make_person("P-256", "An");
	struct signing s = {
		.params = { .cert = an.cert,
		    .alg = { .form = SIG_ECDSA, .digest = DIGEST_SHA256 },
		    .level = LEVEL_B,
		    .reason = "\xc4\x90\xe1\xbb\x93ng \xc3\xbd" },
		.expected = BUF(DOC_MAX),
	};
	CHECK_OK(sign_form(&s));
	CHECK(s.expected.len > 0);
	TORTURE(sign_form, &s, TORTURE_LIBRARY);
	buf_done(&s.expected);
	person_done(&an);
}

int
main(void)
{
	TORTURE_OR_SKIP_ALL();
	CHECK_OK(xml_start());
	RUN(signing_survives);
	xml_stop();
	return DONE();
}
