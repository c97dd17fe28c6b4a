#include "xml/format.h"

#include "tests/xml/make.h"

#define AT 1795222800 /* 2026-11-21T01:00:00Z */

static struct person an, binh;

static struct sig_alg
alg_of(const struct person *who)
{
	struct sig_alg a = { .form = SIG_ECDSA, .digest = DIGEST_SHA256 };
	if (cert_key_alg(who->cert) == KEY_RSA)
		a.form = SIG_RSA_PKCS1;
	return a;
}

static struct sign_params
params_of(const struct person *who)
{
	return (struct sign_params){ .cert = who->cert,
		.alg = alg_of(who),
		.level = LEVEL_B,
		.time = AT };
}

static struct err *
sign_as(struct bytes document, const struct person *who,
    const struct sign_params *params, struct insertion *out)
{
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(buf_done) struct buf value = BUF(8192);
	TRY(format_xml.prepare(document, params, &p));
	struct signer s = softkey_signer(who->key);
	TRY(s.sign(s.ctx, params->alg,
	    bytes_of(p.digest, digest_len(p.digest_alg)), &value));
	return format_xml.embed(
	    buf_bytes(&p.state), buf_bytes(&value), BYTES_NONE, out);
}

/* Signs, and puts the insertion in. */
static struct err *
sign_document(struct bytes document, const struct person *who, struct buf *out)
{
	CLEANUP(insertion_done) struct insertion i = { 0 };
	struct sign_params p = params_of(who);
	TRY(sign_as(document, who, &p, &i));
	TRY(buf_append(out, bytes_slice(document, 0, i.at)));
	TRY(buf_append(out, buf_bytes(&i.bytes)));
	return buf_append(out, bytes_from(document, i.at));
}

static bool
signatures_hold(struct bytes document, size_t count)
{
	struct collect_input in = { .document = document };
	struct facts f = { 0 };
	CHECK_OK(format_xml.collect(&in, &f));
	bool ok = f.nsignatures == count;
	for (size_t i = 0; ok && i < count; i++) {
		const struct signature_fact *s = &f.signatures[i];
		ok = s->signature == CHECK_PASSED && s->covers_all &&
		     s->cert_binding == CHECK_PASSED && s->findings.n == 0 &&
		     s->level == FACT_LEVEL_B && s->claimed_time == AT;
	}
	facts_done(&f);
	return ok;
}

#define FORM                                                                   \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<!-- \xc4\x91 -->"      \
	"<don xmlns='urn:don' xmlns:x='urn:x'><x:ten b='1'>\xe1\xba\xbf"       \
	"</x:ten></don>\r\n"

static void
signs_a_form_with_one_insertion(void)
{
	CLEANUP(insertion_done) struct insertion i = { 0 };
	struct sign_params p = params_of(&an);
	CHECK_OK(sign_as(BYTES_LIT(FORM), &an, &p, &i));
	CHECK(i.at == (size_t)(strstr(FORM, "</don>") - FORM));
	for (size_t k = 0; k < i.bytes.len; k++)
		if (i.bytes.ptr[k] >= 0x80) {
			CHECK(i.bytes.ptr[k] < 0x80);
			break;
		}
	CLEANUP(buf_done) struct buf b = BUF(DOC_MAX);
	CHECK_OK(sign_document(BYTES_LIT(FORM), &an, &b));
	CHECK(signatures_hold(buf_bytes(&b), 1));
}

static void
keeps_earlier_signatures_valid(void)
{
	CLEANUP(buf_done) struct buf one = BUF(DOC_MAX);
	CLEANUP(buf_done) struct buf two = BUF(DOC_MAX);
	CLEANUP(buf_done) struct buf three = BUF(DOC_MAX);
	CHECK_OK(sign_document(BYTES_LIT(FORM), &an, &one));
	CHECK_OK(sign_document(buf_bytes(&one), &binh, &two));
	/* The same person in the same second, too. */
	CHECK_OK(sign_document(buf_bytes(&two), &binh, &three));
	CHECK(signatures_hold(buf_bytes(&two), 2));
	CHECK(signatures_hold(buf_bytes(&three), 3));
}

static void
sees_a_change_made_after_signing(void)
{
	CLEANUP(buf_done) struct buf one = BUF(DOC_MAX);
	CHECK_OK(sign_document(BYTES_LIT(FORM), &an, &one));
	replace_in(&one, "b='1'", BYTES_LIT("b='2'"));
	CHECK(!signatures_hold(buf_bytes(&one), 1));
}

static void
writes_reason_and_place(void)
{
	struct sign_params p = params_of(&an);
	p.reason = "Đồng ý <&> \"vậy\"";
	p.location = "Hà Nội";
	CLEANUP(insertion_done) struct insertion i = { 0 };
	CHECK_OK(sign_as(BYTES_LIT("<a></a>"), &an, &p, &i));
	CLEANUP(buf_done) struct buf b = BUF(DOC_MAX);
	CHECK_OK(buf_str(&b, "<a>"));
	CHECK_OK(buf_append(&b, buf_bytes(&i.bytes)));
	CHECK_OK(buf_str(&b, "</a>"));
	struct collect_input in = { .document = buf_bytes(&b) };
	struct facts f = { 0 };
	CHECK_OK(format_xml.collect(&in, &f));
	CHECK(f.signatures[0].covers_all);
	CHECK(f.signatures[0].reason != NULL &&
	      strcmp(f.signatures[0].reason, p.reason) == 0);
	CHECK(f.signatures[0].location != NULL &&
	      strcmp(f.signatures[0].location, p.location) == 0);
	facts_done(&f);
}

static void
refuses_a_reason_that_cannot_be_written(void)
{
	struct sign_params p = params_of(&an);
	struct prepared out = { 0 };
	p.reason = "a\x01";
	CHECK_ERR(
	    format_xml.prepare(BYTES_LIT("<a></a>"), &p, &out), ERR_USAGE);
	p.reason = "\xff";
	CHECK_ERR(
	    format_xml.prepare(BYTES_LIT("<a></a>"), &p, &out), ERR_USAGE);
}

static void
refuses_by_name_what_it_cannot_sign(void)
{
	static const struct {
		const char *document, *code;
	} cases[] = {
		{ "<!DOCTYPE a><a></a>", "xml-doctype" },
		{ "<?xml version='1.0' encoding='TCVN5712-1'?><a></a>",
		    "xml-encoding" },
		{ "<a><b></a>", "malformed" },
		{ "", "malformed" },
		{ "<a><ds:Signature xmlns:ds='" NS_DS "'><ds:SignedInfo>"
		  "<ds:Reference URI=''/></ds:SignedInfo></ds:Signature></a>",
		    "xml-would-break" },
		{ "<a Id='i'><ds:Signature xmlns:ds='" NS_DS "'><ds:SignedInfo>"
		  "<ds:Reference URI='#i'/></ds:SignedInfo></ds:Signature></a>",
		    "xml-would-break" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sign_params p = params_of(&an);
		struct prepared out = { 0 };
		struct err *e =
		    format_xml.prepare(bytes_str(cases[i].document), &p, &out);
		CHECK(e != NULL && strcmp(err_code(e), cases[i].code) == 0);
		err_free(e);
	}
}

static void
signs_beside_an_older_signature_over_a_part(void)
{
	CLEANUP(buf_done)
	struct buf b = sign_template(
	    "<a><b Id='x'/>" SIGNED(REFERENCE("#x", "", ""), "") "</a>", &an,
	    NULL);
	CLEANUP(buf_done) struct buf two = BUF(DOC_MAX);
	CHECK_OK(sign_document(buf_bytes(&b), &binh, &two));
	struct collect_input in = { .document = buf_bytes(&two) };
	struct facts f = { 0 };
	CHECK_OK(format_xml.collect(&in, &f));
	CHECK(f.nsignatures == 2);
	for (size_t i = 0; i < f.nsignatures; i++) {
		CHECK(f.signatures[i].signature == CHECK_PASSED);
		CHECK(f.signatures[i].references[0].digest == CHECK_PASSED);
	}
	facts_done(&f);
}

static void
refuses_an_algorithm_that_does_not_fit_the_key(void)
{
	struct sign_params p = params_of(&an);
	struct prepared out = { 0 };
	p.alg.form = SIG_RSA_PKCS1;
	CHECK_ERR(format_xml.prepare(BYTES_LIT("<a></a>"), &p, &out),
	    ERR_UNSUPPORTED);
	p = params_of(&an);
	p.alg.digest = DIGEST_SHA512_256;
	CHECK_ERR(format_xml.prepare(BYTES_LIT("<a></a>"), &p, &out),
	    ERR_UNSUPPORTED);
}

static void
refuses_a_damaged_state(void)
{
	CLEANUP(prepared_done) struct prepared p = { 0 };
	struct sign_params params = params_of(&binh);
	struct insertion out = { 0 };
	CHECK_OK(format_xml.prepare(BYTES_LIT("<a></a>"), &params, &p));
	for (size_t n = 0; n < p.state.len; n += 7)
		CHECK_ERR(
		    format_xml.embed(bytes_slice(buf_bytes(&p.state), 0, n),
			BYTES_LIT("value"), BYTES_NONE, &out),
		    ERR_MALFORMED);
}

int
main(void)
{
	CHECK_OK(xml_start());
	an = make_person("P-256", "An");
	binh = make_person("RSA-2048", "Bình");
	RUN(signs_a_form_with_one_insertion);
	RUN(keeps_earlier_signatures_valid);
	RUN(sees_a_change_made_after_signing);
	RUN(writes_reason_and_place);
	RUN(refuses_a_reason_that_cannot_be_written);
	RUN(refuses_by_name_what_it_cannot_sign);
	RUN(signs_beside_an_older_signature_over_a_part);
	RUN(refuses_an_algorithm_that_does_not_fit_the_key);
	RUN(refuses_a_damaged_state);
	person_done(&an);
	person_done(&binh);
	xml_stop();
	return DONE();
}
