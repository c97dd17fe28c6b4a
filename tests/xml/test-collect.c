#include "xml/format.h"

#include "tests/xml/make.h"

static struct person an;

/* ---- helpers ---- */

static struct err *
collect_with(
    struct bytes document, const struct collect_input *in, struct facts *out)
{
	struct collect_input ci =
	    in == NULL ? (struct collect_input){ 0 } : *in;
	ci.document = document;
	*out = (struct facts){ 0 };
	return format_xml.collect(&ci, out);
}

static bool
has(const struct signature_fact *s, const char *code, bool fatal)
{
	for (size_t i = 0; i < s->findings.n; i++)
		if (strcmp(s->findings.v[i].code, code) == 0)
			return s->findings.v[i].fatal == fatal;
	return false;
}

/* What a policy of cryptography alone would say. */
static bool
is_valid(const struct signature_fact *s)
{
	for (size_t i = 0; i < s->findings.n; i++)
		if (s->findings.v[i].fatal)
			return false;
	for (size_t i = 0; i < s->nreferences; i++)
		if (s->references[i].digest != CHECK_PASSED)
			return false;
	return s->nreferences > 0 && s->signature == CHECK_PASSED &&
	       s->cert_binding != CHECK_FAILED;
}

static bool
all_valid(struct bytes document, const struct collect_input *in)
{
	struct facts f;
	struct err *e = collect_with(document, in, &f);
	bool ok = e == NULL && f.nsignatures > 0;
	for (size_t i = 0; ok && i < f.nsignatures; i++)
		ok = is_valid(&f.signatures[i]);
	if (e == NULL)
		facts_done(&f);
	err_free(e);
	return ok;
}

/* Whether the first signature has that fatal finding. */
static bool
fails_with(
    struct bytes document, const struct collect_input *in, const char *code)
{
	struct facts f;
	struct err *e = collect_with(document, in, &f);
	bool ok =
	    e == NULL && f.nsignatures > 0 && has(&f.signatures[0], code, true);
	for (size_t i = 0; !ok && e == NULL && i < f.nsignatures; i++)
		for (size_t j = 0; j < f.signatures[i].findings.n; j++)
			printf("# %s\n", f.signatures[i].findings.v[j].code);
	if (e == NULL)
		facts_done(&f);
	err_free(e);
	return ok;
}

static bool
template_fails_with(const char *text, const char *code)
{
	CLEANUP(buf_done) struct buf b = sign_template(text, &an, NULL);
	return fails_with(buf_bytes(&b), NULL, code);
}

static bool
template_is_valid(const char *text)
{
	CLEANUP(buf_done) struct buf b = sign_template(text, &an, NULL);
	return all_valid(buf_bytes(&b), NULL);
}

/* ---- what holds ---- */

#define WHOLE REFERENCE("", "", ENVELOPED)

static void
judges_a_signature_over_the_whole_document(void)
{
	CLEANUP(buf_done)
	struct buf b =
	    sign_template("<a><b>c</b>" SIGNED(WHOLE, "") "</a>", &an, NULL);
	struct facts f;
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	CHECK(f.nsignatures == 1);
	const struct signature_fact *s = &f.signatures[0];
	CHECK(is_valid(s));
	CHECK(s->covers_all);
	CHECK(s->cert != NULL && cert_eq(s->cert, an.cert));
	CHECK(strcmp(s->format, "XMLDSig") == 0);
	CHECK(strcmp(s->references[0].covers, "whole document") == 0);
	CHECK(s->references[0].whole);
	facts_done(&f);
}

static void
judges_a_signature_over_a_part_and_says_so(void)
{
	CLEANUP(buf_done)
	struct buf b =
	    sign_template("<a><b id='x'>c</b><d>" SIGNED(
			      REFERENCE("#x", "", ""), "") "</d></a>",
		&an, NULL);
	struct facts f;
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	CHECK(is_valid(&f.signatures[0]));
	CHECK(!f.signatures[0].covers_all);
	CHECK(has(&f.signatures[0], "xml-partial", false));
	CHECK(
	    strcmp(f.signatures[0].references[0].covers, "element /a/b") == 0);
	facts_done(&f);
}

static void
judges_an_enveloping_signature(void)
{
	CHECK(template_is_valid(SIGNED(REFERENCE("#o", "", ""),
	    "<ds:Object Id='o'><x>1</x></ds:Object>")));
}

static void
sees_changed_content(void)
{
	CLEANUP(buf_done)
	struct buf b =
	    sign_template("<a><b>cc</b>" SIGNED(WHOLE, "") "</a>", &an, NULL);
	replace_in(&b, "cc", BYTES_LIT("cd"));
	struct facts f;
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	CHECK(f.signatures[0].signature == CHECK_PASSED);
	CHECK(f.signatures[0].references[0].digest == CHECK_FAILED);
	CHECK(!f.signatures[0].covers_all);
	facts_done(&f);
}

static void
sees_a_changed_signed_info(void)
{
	CLEANUP(buf_done)
	struct buf b =
	    sign_template("<a><b>cc</b>" SIGNED(WHOLE, "") "</a>", &an, NULL);
	replace_in(&b, "<ds:Reference ", BYTES_LIT("<ds:Reference Id='r' "));
	struct facts f;
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	CHECK(f.signatures[0].signature == CHECK_FAILED);
	facts_done(&f);
}

static void
finds_no_signature_where_there_is_none(void)
{
	struct facts f;
	CHECK_OK(collect_with(BYTES_LIT("<a/>"), NULL, &f));
	CHECK(f.nsignatures == 0);
	facts_done(&f);
}

/* ---- what is outside ---- */

#define DETACHED "<a>" SIGNED(REFERENCE("t.xml", "", ""), "") "</a>"

static void
takes_external_data_only_from_the_caller(void)
{
	struct external e = { .uri = "t.xml", .data = BYTES_LIT("<t>1</t>") };
	struct collect_input in = { .external = &e, .nexternal = 1 };
	CLEANUP(buf_done) struct buf b = sign_template(DETACHED, &an, &in);
	struct facts f;
	CHECK(all_valid(buf_bytes(&b), &in));
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	CHECK(f.signatures[0].references[0].digest == CHECK_NOT_DONE);
	CHECK(has(&f.signatures[0], "xml-external-missing", false));
	CHECK(!is_valid(&f.signatures[0]));
	facts_done(&f);
	e.data = BYTES_LIT("<t>2</t>");
	CHECK(!all_valid(buf_bytes(&b), &in));
	e.uri = "u.xml";
	CHECK(!all_valid(buf_bytes(&b), &in));
}

static void
resolves_no_entity_in_external_data(void)
{
	struct external e = { .uri = "t.xml", .data = BYTES_LIT("<t>1</t>") };
	struct collect_input in = { .external = &e, .nexternal = 1 };
	CLEANUP(buf_done) struct buf b = sign_template(DETACHED, &an, &in);
	e.data = BYTES_LIT("<!DOCTYPE t [<!ENTITY e '1'>]><t>&e;</t>");
	CHECK(fails_with(buf_bytes(&b), &in, "xml-unsupported"));
}

/* ---- keys ---- */

static void
uses_a_certificate_from_outside_when_it_is_named(void)
{
	struct cert_list extra = { 0 };
	CHECK_OK(cert_list_add(&extra, an.cert));
	struct collect_input in = { .extra = &extra };
	CLEANUP(buf_done)
	struct buf named = sign_template(
	    "<a>" SIGNED_WITH(WHOLE,
		"<ds:KeyInfo><ds:KeyName>An</ds:KeyName></ds:KeyInfo>",
		"") "</a>",
	    &an, NULL);
	CLEANUP(buf_done)
	struct buf silent =
	    sign_template("<a>" SIGNED_WITH(WHOLE, "", "") "</a>", &an, NULL);
	CHECK(all_valid(buf_bytes(&named), &in));
	CHECK(fails_with(buf_bytes(&named), NULL, "xml-no-key"));
	CHECK(fails_with(buf_bytes(&silent), &in, "xml-no-key"));
	cert_list_done(&extra);
}

static void
judges_a_bare_key_and_names_nobody(void)
{
	CLEANUP(buf_done) struct buf spki = BUF(4096);
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(softkey_evp(an.key), &der);
	CHECK_OK(buf_append(&spki, bytes_of(der, (size_t)len)));
	OPENSSL_free(der);
	CLEANUP(buf_done)
	struct buf b = sign_template(
	    "<a>" SIGNED_WITH(WHOLE,
		"<ds:KeyInfo><d:DEREncodedKeyValue xmlns:d='" NS_DS11
		"'>@KEY@</d:DEREncodedKeyValue></ds:KeyInfo>",
		"") "</a>",
	    &an, NULL);
	fill_base64(&b, "@KEY@", buf_bytes(&spki));
	struct facts f;
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	CHECK(is_valid(&f.signatures[0]));
	CHECK(f.signatures[0].cert == NULL);
	CHECK(has(&f.signatures[0], "xml-no-certificate", false));
	facts_done(&f);
	struct bytes key = buf_bytes(&spki);
	struct collect_input in = { .keys = &key, .nkeys = 1 };
	CHECK_OK(collect_with(buf_bytes(&b), &in, &f));
	CHECK(has(&f.signatures[0], "xml-key-given", false));
	facts_done(&f);
}

/* A limit of ours says nothing against the signature (EN 319 102-1 5.1.3). */
static void
a_filter_that_costs_too_much_is_not_held_against_it(void)
{
	CLEANUP(buf_done)
	struct buf signed_one =
	    sign_template("<a>" SIGNED(WHOLE, "") "</a>", &an, NULL);
	CLEANUP(buf_done)
	struct buf b = replace(buf_bytes(&signed_one), ENVELOPED,
	    BYTES_LIT("<ds:Transform Algorithm=\"" ALG_XPATH
		      "\"><ds:XPath>count(//*[count(//*[count(//*[count(//*["
		      "count(//*[count(//*[count(//*[count(//*)=1])=1])=1])=1"
		      "])=1])=1])=1])=0</ds:XPath></ds:Transform>"));
	CHECK(fails_with(buf_bytes(&b), NULL, "xml-limit"));
	CHECK(!fails_with(buf_bytes(&b), NULL, "xml-reference"));
}

/* ---- what is refused ---- */

static void
refuses_hmac(void)
{
	CLEANUP(buf_done)
	struct buf b = sign_template("<a>" SIGNED(WHOLE, "") "</a>", &an, NULL);
	replace_in(&b, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
	    BYTES_LIT("http://www.w3.org/2000/09/xmldsig#hmac-sha1"));
	CHECK(fails_with(buf_bytes(&b), NULL, "xml-hmac"));
}

static void
refuses_transforms_that_are_not_allowed(void)
{
	CLEANUP(buf_done)
	struct buf b = sign_template("<a>" SIGNED(WHOLE, "") "</a>", &an, NULL);
	replace_in(&b, ALG_ENVELOPED, BYTES_LIT(ALG_XSLT));
	CHECK(fails_with(buf_bytes(&b), NULL, "xml-unsupported"));
}

static void
refuses_an_identifier_twice(void)
{
	CLEANUP(buf_done)
	struct buf b = sign_template("<a><b Id='x'/><c Id='y'/>" SIGNED(
					 REFERENCE("#x", "", ""), "") "</a>",
	    &an, NULL);
	CHECK(all_valid(buf_bytes(&b), NULL));
	replace_in(&b, "'y'", BYTES_LIT("'x'"));
	CHECK(fails_with(buf_bytes(&b), NULL, "xml-duplicate-id"));
}

static void
refuses_strange_things_in_a_signature(void)
{
	CLEANUP(buf_done)
	struct buf b = sign_template("<a>" SIGNED(WHOLE, "") "</a>", &an, NULL);
	replace_in(&b, "</ds:Signature>", BYTES_LIT("<x/></ds:Signature>"));
	CHECK(fails_with(buf_bytes(&b), NULL, "xml-structure"));
}

static void
refuses_a_signature_that_signs_nothing(void)
{
	CHECK(template_fails_with("<a>" SIGNED(REFERENCE("#p", "", ""),
				      "<ds:Object><ds:SignatureProperties "
				      "Id='p'/></ds:Object>") "</a>",
	    "xml-nothing-signed"));
	/* A filter may leave nothing of the document. */
	CHECK(template_fails_with(
	    "<a>x" SIGNED(REFERENCE("", "",
			      "<ds:Transform Algorithm='" ALG_XPATH
			      "'><ds:XPath>false()</ds:XPath>"
			      "</ds:Transform>"), "") "</a>",
	    "xml-nothing-signed"));
}

static void
refuses_a_type_that_lies(void)
{
	CHECK(template_fails_with(
	    "<a><b Id='x'/>" SIGNED(
		REFERENCE("#x", " Type='" TYPE_OBJECT "'", ""), "") "</a>",
	    "xml-type"));
	CHECK(template_fails_with(
	    SIGNED(REFERENCE("#m", " Type='" TYPE_MANIFEST "'", ""),
		"<ds:Object><w><ds:Manifest Id='m'><ds:Reference URI='q'>"
		"<ds:DigestMethod "
		"Algorithm='q'/><ds:DigestValue/></ds:Reference>"
		"</ds:Manifest></w></ds:Object>"),
	    "xml-type"));
}

static void
takes_an_object_beside_the_signature(void)
{
	CHECK(template_is_valid(
	    "<a><ds:Object xmlns:ds='" NS_DS "' Id='o'>x</ds:Object>" SIGNED(
		REFERENCE("#o", " Type='" TYPE_OBJECT "'", ""), "") "</a>"));
}

/* A program that looks for the form by its name finds the one in front. */
static void
refuses_a_twin_of_what_stands_in_an_object(void)
{
#define IN_OBJECT                                                              \
	SIGNED(REFERENCE("#o", "", ""),                                        \
	    "<ds:Object Id='o'><form>good</form></ds:Object>")
	CHECK(template_is_valid("<a><other/>" IN_OBJECT "</a>"));
	CHECK(template_fails_with(
	    "<a><form>bad</form>" IN_OBJECT "</a>", "xml-wrapped"));
#undef IN_OBJECT
#define BESIDE                                                                 \
	"<ds:Object xmlns:ds='" NS_DS                                          \
	"' Id='o'>good</ds:Object>" SIGNED(REFERENCE("#o", "", ""), "")
	CHECK(template_is_valid("<a>" BESIDE "</a>"));
	CHECK(template_fails_with("<a><ds:Object xmlns:ds='" NS_DS
				  "'>bad</ds:Object>" BESIDE "</a>",
	    "xml-wrapped"));
#undef BESIDE
	/* The same where what is signed is a text: a file in Base64. */
#define TEXT "<ds:Object Id='o'>Z29vZA==</ds:Object>"
#define OTHER "<ds:Object>YmFk</ds:Object>"
	CHECK(template_is_valid(SIGNED(REFERENCE("#o", "", ""), TEXT)));
	CHECK(template_is_valid(SIGNED(
	    REFERENCE("#o", "", ""), "<ds:Object> <a/></ds:Object>" TEXT)));
	CHECK(template_fails_with(
	    SIGNED(REFERENCE("#o", "", ""), OTHER TEXT), "xml-wrapped"));
	CHECK(template_fails_with(
	    SIGNED("<ds:Reference URI='#o'><ds:Transforms><ds:Transform "
		   "Algorithm='" ALG_BASE64
		   "'/></ds:Transforms><ds:DigestMethod "
		   "Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/>"
		   "<ds:DigestValue>@DIGEST@</ds:DigestValue></ds:Reference>",
		TEXT OTHER),
	    "xml-wrapped"));
	CHECK(template_fails_with(
	    "<a><ds:Object xmlns:ds='" NS_DS
	    "'>YmFk</ds:Object>" SIGNED(REFERENCE("#o", "", ""), TEXT) "</a>",
	    "xml-wrapped"));
#undef OTHER
#undef TEXT
}

#define LIST(id)                                                               \
	"<ds:Object><ds:Manifest" id "><ds:Reference URI='urn:elsewhere'>"     \
	"<ds:DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'" \
	"/><ds:DigestValue>AA==</ds:DigestValue></ds:Reference></ds:Manifest>" \
	"</ds:Object>"

static void
refuses_a_second_manifest_that_is_not_signed(void)
{
	CHECK(template_is_valid(
	    SIGNED(REFERENCE("#m", "", ""), LIST(" Id='m'"))));
	CHECK(template_fails_with(
	    SIGNED(REFERENCE("#m", "", ""), LIST("") LIST(" Id='m'")),
	    "xml-wrapped"));
}

/* CVE-2017-11427 and its like: the digest leaves comments out. */
static void
tells_comments_that_cut_a_signed_text(void)
{
	static const struct {
		const char *what, *by;
		bool told;
	} rows[] = {
		{ "<n>100</n>", "<n>1<!-- -->00</n>", true },
		{ "<n>100</n>", "<n>100<!-- --></n>", true },
		{ "<n>100</n>", "<n>100</n><!-- -->", false },
		{ "<n>100</n>", "<n>100</n>", false },
	};
	CLEANUP(buf_done)
	struct buf good =
	    sign_template("<a><n>100</n>" SIGNED(WHOLE, "") "</a>", &an, NULL);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct facts f;
		CLEANUP(buf_done)
		struct buf b = replace(
		    buf_bytes(&good), rows[i].what, bytes_str(rows[i].by));
		CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
		CHECK(is_valid(&f.signatures[0]));
		CHECK(has(&f.signatures[0], "xml-comment-in-text", false) ==
		      rows[i].told);
		facts_done(&f);
	}
}

static void
refuses_data_under_the_namespaces_of_signatures(void)
{
	static const char *const spaces[] = { NS_DS, NS_XADES, NS_MORE };
	CLEANUP(buf_done)
	struct buf good = sign_template(
	    "<a><amount>1</amount>" SIGNED(WHOLE, "") "</a>", &an, NULL);
	for (size_t i = 0; i < COUNT_OF(spaces); i++) {
		char evil[256];
		snprintf(evil, sizeof(evil),
		    "</ds:X509Certificate><e:amount xmlns:e='%s'>9</e:amount>",
		    spaces[i]);
		CLEANUP(buf_done)
		struct buf b = replace(
		    buf_bytes(&good), "</ds:X509Certificate>", bytes_str(evil));
		CHECK(fails_with(buf_bytes(&b), NULL, "xml-wrapped"));
	}
}

#define PROPERTY(more, time)                                                   \
	"<ds:Object><ds:SignatureProperties" more                              \
	"><ds:SignatureProperty Target=''><SigningTime xmlns='urn:t'>" time    \
	"</SigningTime></ds:SignatureProperty></ds:SignatureProperties>"       \
	"</ds:Object>"

static void
refuses_a_second_time_that_is_not_signed(void)
{
	CHECK(template_is_valid("<a>" SIGNED(WHOLE REFERENCE("#p", "", ""),
	    PROPERTY(" Id='p'", "2026")) "</a>"));
	CHECK(template_fails_with(
	    "<a>" SIGNED(WHOLE REFERENCE("#p", "", ""),
		PROPERTY("", "2020") PROPERTY(" Id='p'", "2026")) "</a>",
	    "xml-wrapped"));
}

static int64_t
time_claimed(const char *template)
{
	CLEANUP(buf_done) struct buf b = sign_template(template, &an, NULL);
	CLEANUP(facts_done) struct facts f = { 0 };
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	CHECK(f.nsignatures == 1 && is_valid(&f.signatures[0]));
	return f.signatures[0].claimed_time;
}

/* Circular 78/2021; a time that nobody signed is nobody's claim. */
static void
reads_a_signed_time_outside_xades(void)
{
	const int64_t t = 1795138200; /* 2026-11-20T08:30:00+07:00 */
	CHECK(time_claimed("<a>" SIGNED(WHOLE REFERENCE("#p", "", ""),
		  PROPERTY(" Id='p'", "2026-11-20T08:30:00")) "</a>") == t);
	CHECK(time_claimed("<a>" SIGNED(WHOLE REFERENCE("#p", "", ""),
		  PROPERTY(" Id='p'", " 2026-11-20T01:30:00Z ")) "</a>") == t);
	CHECK(time_claimed("<a>" SIGNED(WHOLE REFERENCE("#p", "", ""),
		  PROPERTY(" Id='p'", "2026-11-20T02:30:00.5+01:00")) "</a>") ==
	      t);
	CHECK(time_claimed("<a>" SIGNED(WHOLE REFERENCE("#p", "", ""),
		  PROPERTY(" Id='p'", "hôm nay")) "</a>") == TIME_NONE);
	CHECK(time_claimed("<a>" SIGNED(WHOLE,
		  PROPERTY("", "2026-11-20T08:30:00")) "</a>") == TIME_NONE);
	CHECK(time_claimed("<a>" SIGNED(WHOLE REFERENCE("#p", "", "")
					    REFERENCE("#q", "", ""),
		  PROPERTY(" Id='p'", "2026-11-20T08:30:00") PROPERTY(
		      " Id='q'", "2026-11-21T08:30:00")) "</a>") == TIME_NONE);
}

/* There it would count as the signature's own, and as nobody's data. */
static void
refuses_an_object_in_keyinfo(void)
{
	CLEANUP(buf_done)
	struct buf b =
	    sign_template("<a>" SIGNED(WHOLE REFERENCE("#o", "", ""),
			      "<ds:Object Id='o'>x</ds:Object>") "</a>",
		&an, NULL);
	replace_in(&b, "<ds:Object Id='o'>x</ds:Object>", BYTES_LIT(""));
	replace_in(&b, "</ds:KeyInfo>",
	    BYTES_LIT("<ds:Object Id='o' xmlns:ds='" NS_DS
		      "'>x</ds:Object></ds:KeyInfo>"));
	CHECK(fails_with(buf_bytes(&b), NULL, "xml-signed-elsewhere"));
}

static void
says_what_it_cannot_canonicalise(void)
{
	CLEANUP(buf_done)
	struct buf b = sign_template("<a>" SIGNED(WHOLE, "") "</a>", &an, NULL);
	replace_in(&b, "<ds:CanonicalizationMethod Algorithm=\"" EXC "\"/>",
	    BYTES_LIT("<ds:CanonicalizationMethod Algorithm='urn:other'/>"));
	CHECK(fails_with(buf_bytes(&b), NULL, "xml-unsupported"));
}

static void
refuses_a_counter_signature_over_something_else(void)
{
	CHECK(template_fails_with(
	    "<a xmlns:x='" NS_XADES "'><b Id='y'/>"
	    "<x:CounterSignature>" SIGNED(
		REFERENCE("#y", "", ""), "") "</x:CounterSignature></a>",
	    "xades-counter"));
}

static void
stops_an_expensive_xpath(void)
{
	CLEANUP(buf_done) struct buf b = BUF(DOC_MAX);
	CLEANUP(buf_done)
	struct buf s =
	    sign_template("<a>@MANY@" SIGNED(WHOLE, "") "</a>", &an, NULL);
	for (int i = 0; i < 3000; i++)
		CHECK_OK(buf_str(&b, "<i/>"));
	replace_in(&s, "@MANY@", buf_bytes(&b));
	replace_in(&s, ENVELOPED,
	    BYTES_LIT("<ds:Transform Algorithm=\"" ALG_XPATH
		      "\"><ds:XPath>count(//*[count(//*) > 1]) > 1"
		      "</ds:XPath></ds:Transform>"));
	struct facts f;
	CHECK_OK(collect_with(buf_bytes(&s), NULL, &f));
	CHECK(f.signatures[0].references[0].digest == CHECK_NOT_DONE);
	CHECK(!is_valid(&f.signatures[0]));
	facts_done(&f);
}

/* ---- wrapping: the signed part is moved, and a false one takes its place */

#define PART "<p:Part xmlns:p='urn:p' Id='real'><v>100</v>"
#define EVIL "<p:Part xmlns:p='urn:p' Id='evil'><v>999</v>"
#define END "</p:Part>"
#define PART_SIGNED SIGNED(REFERENCE("#real", "", ENVELOPED), "")

struct pieces {
	struct buf document;
	struct buf part;  /* with its Signature inside */
	struct buf naked; /* without */
	struct buf signature;
};

static struct pieces
cut(void)
{
	struct pieces p = { .part = BUF(DOC_MAX),
		.naked = BUF(DOC_MAX),
		.signature = BUF(DOC_MAX) };
	p.document = sign_template(
	    "<doc><head/>" PART PART_SIGNED END "</doc>", &an, NULL);
	struct bytes d = buf_bytes(&p.document);
	size_t part = bytes_find(d, BYTES_LIT("<p:Part"));
	size_t end = bytes_find(d, BYTES_LIT("</doc>"));
	size_t sig = bytes_find(d, BYTES_LIT("<ds:Signature "));
	size_t sigend = bytes_find(d, BYTES_LIT(END));
	CHECK_OK(buf_append(&p.part, bytes_slice(d, part, end - part)));
	CHECK_OK(buf_append(&p.signature, bytes_slice(d, sig, sigend - sig)));
	CHECK_OK(buf_append(&p.naked, bytes_slice(d, part, sig - part)));
	CHECK_OK(buf_str(&p.naked, END));
	return p;
}

static void
pieces_done(struct pieces *p)
{
	buf_done(&p->document);
	buf_done(&p->part);
	buf_done(&p->naked);
	buf_done(&p->signature);
}

/* %P the part with its signature, %N without, %S the signature, %O the
 * signature with an Object around the naked part in it. */
static struct buf
arrange(const struct pieces *p, const char *plan)
{
	struct buf b = BUF(DOC_MAX);
	for (const char *c = plan; *c != '\0'; c++) {
		if (*c != '%') {
			CHECK_OK(buf_byte(&b, (uint8_t)*c));
			continue;
		}
		const struct buf *what = *++c == 'P' ? &p->part
					 : *c == 'N' ? &p->naked
						     : &p->signature;
		if (*c != 'O') {
			CHECK_OK(buf_append(&b, buf_bytes(what)));
			continue;
		}
		struct bytes sig = buf_bytes(&p->signature);
		size_t end = bytes_rfind(sig, BYTES_LIT("</ds:Signature>"));
		CHECK_OK(buf_append(&b, bytes_slice(sig, 0, end)));
		CHECK_OK(buf_str(&b, "<ds:Object>"));
		CHECK_OK(buf_append(&b, buf_bytes(&p->naked)));
		CHECK_OK(buf_str(&b, "</ds:Object></ds:Signature>"));
	}
	return b;
}

static void
refuses_every_kind_of_wrapping(void)
{
	CLEANUP(pieces_done) struct pieces p = cut();
	CHECK(all_valid(buf_bytes(&p.document), NULL));
	static const char *const plans[] = {
		/* The signature inside the false part, the true one elsewhere.
		 */
		"<doc><head/>" EVIL "%O" END "</doc>",
		"<doc><head/>" EVIL "%S" END "%N</doc>",
		"<doc><head/>" EVIL "%S" END "<w>%N</w></doc>",
		"<doc><head>%N</head>" EVIL "%S" END "</doc>",
		/* The true part whole, and a false one beside, around, before.
		 */
		"<doc><head/>" EVIL END "%P</doc>",
		"<doc><head/>%P" EVIL END "</doc>",
		"<doc><head/>" EVIL "%P" END "</doc>",
		"<doc><head/>" EVIL END "<w>%P</w></doc>",
		"<doc><head/>" EVIL "<x><y>%P</y></x>" END "</doc>",
		/* The false part hides in a signature. */
		"<doc><head/>%P<ds:Signature xmlns:ds='" NS_DS
		"'><ds:Object>" EVIL END "</ds:Object></ds:Signature></doc>",
		/* Another namespace or prefix does not make it another thing.
		 */
		"<doc><head/><Part Id='evil'><v>999</v></Part>%P</doc>",
		/* The true part far from its signature. */
		"<doc><head><far>%N</far></head>%S</doc>",
	};
	for (size_t i = 0; i < COUNT_OF(plans); i++) {
		CLEANUP(buf_done) struct buf b = arrange(&p, plans[i]);
		bool refused = !all_valid(buf_bytes(&b), NULL);
		if (!refused)
			printf("# plan %zu\n", i);
		CHECK(refused);
	}
}

static void
is_not_misled_by_a_false_signature_over_the_false_part(void)
{
	CLEANUP(pieces_done) struct pieces p = cut();
	CLEANUP(buf_done)
	struct buf b = arrange(&p, "<doc><head/>%P@EVIL@</doc>");
	CLEANUP(buf_done)
	struct buf evil = sign_template(
	    EVIL SIGNED(REFERENCE("#evil", "", ENVELOPED), "") END, &an, NULL);
	replace_in(&b, "@EVIL@", buf_bytes(&evil));
	/* Signed by a person, it is a second signature. */
	CHECK(all_valid(buf_bytes(&b), NULL));
	/* Not signed at all, it must not pass for signed. */
	size_t at = bytes_rfind(buf_bytes(&b), BYTES_LIT("#evil"));
	memcpy(b.ptr + at, "#eviL", 5);
	CHECK(fails_with(buf_bytes(&b), NULL, "xml-wrapped"));
}

static void
finds_data_that_hides_in_a_signature(void)
{
	static const char *const hidden[] = {
		"<ds:Object><b>evil</b></ds:Object>",
		"<ds:Object><w><q:b xmlns:q='urn:q'/></w></ds:Object>",
		"<ds:Object><x:QualifyingProperties xmlns:x='" NS_XADES
		"'><x:UnsignedProperties><b/></x:UnsignedProperties>"
		"</x:QualifyingProperties></ds:Object>",
	};
	for (size_t i = 0; i < COUNT_OF(hidden); i++) {
		CLEANUP(buf_done)
		struct buf b = sign_template(
		    "<a><b>c</b>" SIGNED(WHOLE, "") "</a>", &an, NULL);
		CHECK(all_valid(buf_bytes(&b), NULL));
		replace_in(&b, "</ds:Signature>", BYTES_LIT("@@"));
		replace_in(&b, "@@", bytes_str(hidden[i]));
		replace_in(&b, "</a>", BYTES_LIT("</ds:Signature></a>"));
		CHECK(!all_valid(buf_bytes(&b), NULL));
	}
}

static void
does_not_claim_all_when_a_signature_holds_other_data(void)
{
	CLEANUP(buf_done)
	struct buf b =
	    sign_template("<a><b>c</b>" SIGNED(WHOLE, "") "</a>", &an, NULL);
	replace_in(&b, "</ds:Signature>",
	    BYTES_LIT("<ds:Object><z/></ds:Object></ds:Signature>"));
	struct facts f;
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	CHECK(is_valid(&f.signatures[0]));
	CHECK(!f.signatures[0].covers_all);
	CHECK(has(&f.signatures[0], "xml-partial", false));
	facts_done(&f);
}

/* `outer` has a signed Manifest with "@ENTRY@" in it. */
static void
holds_a_manifest_to_the_rules(const char *outer)
{
	CLEANUP(buf_done) struct buf entry = BUF(DOC_MAX);
	CHECK_OK(buf_str(&entry, outer));
	CLEANUP(buf_done)
	struct buf inner = sign_template(
	    "<a><b Id='x'>1</b>" SIGNED(REFERENCE("#x", "", ""), "") "</a>",
	    &an, NULL);
	size_t from =
	    bytes_find(buf_bytes(&inner), BYTES_LIT("<ds:Reference "));
	size_t to =
	    bytes_find(buf_bytes(&inner), BYTES_LIT("</ds:SignedInfo>"));
	replace_in(
	    &entry, "@ENTRY@", bytes_slice(buf_bytes(&inner), from, to - from));
	const char *text;
	CHECK_OK(buf_cstr(&entry, &text));
	CLEANUP(buf_done) struct buf good = sign_template(text, &an, NULL);
	CHECK(all_valid(buf_bytes(&good), NULL));
	replace_in(
	    &good, "<b Id='x'>1</b>", BYTES_LIT("<b>2</b><b Id='x'>1</b>"));
	CHECK(fails_with(buf_bytes(&good), NULL, "xml-wrapped"));
	replace_in(&good, "<b>2</b><b Id='x'>1</b>",
	    BYTES_LIT("<w><b Id='x'>1</b></w>"));
	CHECK(fails_with(buf_bytes(&good), NULL, "xml-signed-elsewhere"));
	replace_in(
	    &good, "<w><b Id='x'>1</b></w>", BYTES_LIT("<b Id='x'>2</b>"));
	struct facts f;
	CHECK_OK(collect_with(buf_bytes(&good), NULL, &f));
	CHECK(!is_valid(&f.signatures[0]));
	facts_done(&f);
}

static void
applies_the_rules_to_what_a_manifest_lists(void)
{
	holds_a_manifest_to_the_rules("<a><b Id='x'>1</b>" SIGNED(
	    REFERENCE("#m", " Type='" TYPE_MANIFEST "'", ""),
	    "<ds:Object><ds:Manifest "
	    "Id='m'>@ENTRY@</ds:Manifest></ds:Object>") "</a>");
	/* Office signs the Object around it. */
	holds_a_manifest_to_the_rules(
	    "<a><b Id='x'>1</b>" SIGNED(REFERENCE("#o", "", ""),
		"<ds:Object Id='o'><ds:Manifest>@ENTRY@</ds:Manifest>"
		"</ds:Object>") "</a>");
}

/* ---- XAdES ---- */

#define PROPERTIES(digest)                                                     \
	"<ds:Object><x:QualifyingProperties xmlns:x='" NS_XADES                \
	"'><x:SignedProperties Id='sp'><x:SignedSignatureProperties>"          \
	"<x:SigningTime>2026-11-21T08:00:00+07:00</x:SigningTime>"             \
	"<x:SigningCertificateV2><x:Cert><x:CertDigest><ds:DigestMethod "      \
	"Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/>"                \
	"<ds:DigestValue>" digest "</ds:DigestValue></x:CertDigest>"           \
	"</x:Cert></x:SigningCertificateV2></x:SignedSignatureProperties>"     \
	"</x:SignedProperties></x:QualifyingProperties></ds:Object>"
#define XADES_SIGNED(refs)                                                     \
	"<a>" SIGNED(WHOLE refs, PROPERTIES("@PRINT@")) "</a>"
#define TO_PROPERTIES REFERENCE("#sp", " Type='" TYPE_SIGNED_PROPERTIES "'", "")

static struct buf
print_of(const struct cert *c, const char *text)
{
	CLEANUP(buf_done) struct buf b = BUF(DOC_MAX);
	uint8_t print[32];
	cert_fingerprint(c, print);
	CHECK_OK(buf_str(&b, text));
	fill_base64(&b, "@PRINT@", bytes_of(print, 32));
	return buf_move(&b);
}

static void
reads_the_properties_of_a_signature(void)
{
	CLEANUP(buf_done)
	struct buf t = print_of(an.cert, XADES_SIGNED(TO_PROPERTIES));
	const char *text;
	CHECK_OK(buf_cstr(&t, &text));
	CLEANUP(buf_done) struct buf b = sign_template(text, &an, NULL);
	struct facts f;
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	const struct signature_fact *s = &f.signatures[0];
	CHECK(is_valid(s));
	CHECK(strcmp(s->format, "XAdES") == 0);
	CHECK(s->level == FACT_LEVEL_B);
	CHECK(s->cert_binding == CHECK_PASSED);
	CHECK(s->claimed_time == 1795222800);
	facts_done(&f);
}

/* The digest is that of the element as it stands.  By the standard nothing is
 * left of it, for it stands in the Signature that is taken away. */
static void
reads_as_dotnet_only_when_told(void)
{
	struct collect_input told = { .dotnet_enveloped = true };
	struct facts f;
	CLEANUP(buf_done)
	struct buf b = sign_template(
	    "<a><b Id='b'/>" SIGNED(REFERENCE("#b", "", "")
					REFERENCE("#o", "", ENVELOPED),
		"<ds:Object Id='o'>time</ds:Object>") "</a>",
	    &an, &told);
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	CHECK(!is_valid(&f.signatures[0]));
	CHECK(f.signatures[0].references[1].digest == CHECK_FAILED);
	facts_done(&f);
	told.document = buf_bytes(&b);
	CHECK_OK(format_xml.collect(&told, &f));
	CHECK(is_valid(&f.signatures[0]));
	CHECK(has(&f.signatures[0], "xml-dotnet-enveloped", false));
	facts_done(&f);
}

/* A good signature in which `what` is replaced afterwards. */
static bool
falls_with(const char *what, const char *by, const char *code)
{
	CLEANUP(buf_done)
	struct buf t = print_of(an.cert, XADES_SIGNED(TO_PROPERTIES));
	const char *text;
	struct facts f;
	CHECK_OK(buf_cstr(&t, &text));
	CLEANUP(buf_done) struct buf b = sign_template(text, &an, NULL);
	replace_in(&b, what, bytes_str(by));
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	const struct signature_fact *s = &f.signatures[0];
	bool fell = !is_valid(s) && has(s, code, true);
	facts_done(&f);
	return fell;
}

static void
refuses_what_does_not_belong_into_a_signature(void)
{
	CHECK(falls_with("<x:QualifyingProperties ",
	    "<x:QualifyingProperties Target='#sp' ", "xades-target"));
	CHECK(falls_with(
	    "</ds:SignedInfo>", "</ds:SignedInfo>text", "xml-structure"));
	CHECK(falls_with("</ds:SignatureValue>",
	    "<!-- a --></ds:SignatureValue>", "xml-structure"));
	CHECK(falls_with("</ds:DigestValue>", "<!-- a --></ds:DigestValue>",
	    "xml-reference"));
	CHECK(falls_with("<ds:SignatureValue>",
	    "<ds:SignedInfo/><ds:SignatureValue>", "xml-structure"));
}

static void
refuses_another_certificate_than_the_one_bound(void)
{
	struct person other = make_person("P-256", "Khác");
	CLEANUP(buf_done)
	struct buf t = print_of(other.cert, XADES_SIGNED(TO_PROPERTIES));
	const char *text;
	CHECK_OK(buf_cstr(&t, &text));
	CLEANUP(buf_done) struct buf b = sign_template(text, &an, NULL);
	struct facts f;
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	CHECK(f.signatures[0].cert_binding == CHECK_FAILED);
	facts_done(&f);
	person_done(&other);
}

static void
prefers_the_certificate_that_is_named_among_those_of_one_key(void)
{
	struct cert *other =
	    make_self_signed(softkey_evp(an.key), "Khac", EVP_sha256());
	CLEANUP(buf_done)
	struct buf t = print_of(an.cert, XADES_SIGNED(TO_PROPERTIES));
	const char *text;
	CHECK_OK(buf_cstr(&t, &text));
	CLEANUP(buf_done) struct buf b = sign_template(text, &an, NULL);
	replace_in(&b, "<ds:X509Certificate>",
	    BYTES_LIT("<ds:X509Certificate>@OTHER@</ds:X509Certificate>"
		      "<ds:X509Certificate>"));
	fill_base64(&b, "@OTHER@", cert_der(other));
	struct facts f;
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	CHECK(f.signatures[0].signature == CHECK_PASSED);
	CHECK(cert_eq(f.signatures[0].cert, an.cert));
	CHECK(f.signatures[0].cert_binding == CHECK_PASSED);
	facts_done(&f);
	cert_free(other);
}

static void
takes_an_ecdsa_value_in_der_with_a_remark(void)
{
	CLEANUP(buf_done)
	struct buf b = sign_template("<a>" SIGNED(WHOLE, "") "</a>", &an, NULL);
	CLEANUP(buf_done) struct buf raw = BUF(200);
	CLEANUP(buf_done) struct buf der = BUF(200);
	struct bytes d = buf_bytes(&b);
	size_t from = bytes_find(d, BYTES_LIT("<ds:SignatureValue>")) + 19;
	size_t to = bytes_find(d, BYTES_LIT("</ds:SignatureValue>"));
	CHECK_OK(base64_decode(bytes_slice(d, from, to - from), &raw));
	CHECK_OK(ecdsa_raw_to_der(buf_bytes(&raw), &der));
	char old[128];
	snprintf(old, sizeof(old), "%.*s", (int)(to - from), d.ptr + from);
	fill_base64(&b, old, buf_bytes(&der));
	struct facts f;
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	CHECK(is_valid(&f.signatures[0]));
	CHECK(has(&f.signatures[0], "xml-value-der", false));
	facts_done(&f);
}

static void
refuses_properties_that_are_not_signed(void)
{
	CLEANUP(buf_done) struct buf t = print_of(an.cert, XADES_SIGNED(""));
	const char *text;
	CHECK_OK(buf_cstr(&t, &text));
	CHECK(template_fails_with(text, "xades-unsigned"));
}

/* A good signature in which `what` was replaced; the finding about it. */
static bool
tells_of(const char *what, const char *by, const char *code, bool valid)
{
	CLEANUP(buf_done)
	struct buf t = print_of(an.cert, XADES_SIGNED(TO_PROPERTIES));
	const char *text;
	struct facts f;
	CHECK_OK(buf_cstr(&t, &text));
	CLEANUP(buf_done) struct buf b = sign_template(text, &an, NULL);
	replace_in(&b, what, bytes_str(by));
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	bool told = has(&f.signatures[0], code, false);
	CHECK(is_valid(&f.signatures[0]) == valid);
	facts_done(&f);
	return told;
}

static void
tells_properties_of_a_signature_that_is_not_there(void)
{
	CHECK(tells_of("<x:QualifyingProperties ",
	    "<x:QualifyingProperties Target='#other' ", "xades-target-missing",
	    true));
}

/* The digest is wrong, or the reference cannot be followed; neither means that
 * nobody signed the properties. */
static void
does_not_call_changed_properties_unsigned(void)
{
	static const char *const changes[][2] = {
		{ "<x:SignedProperties Id='sp'>",
		    "<x:SignedProperties Id='sp' changed=''>" },
		{ "URI=\"#sp\"", "URI=\"#xpointer(id('sp')/self::node())\"" },
	};
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		CLEANUP(buf_done)
		struct buf t = print_of(an.cert, XADES_SIGNED(TO_PROPERTIES));
		const char *text;
		struct facts f;
		CHECK_OK(buf_cstr(&t, &text));
		CLEANUP(buf_done) struct buf b = sign_template(text, &an, NULL);
		replace_in(&b, changes[i][0], bytes_str(changes[i][1]));
		CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
		CHECK(!is_valid(&f.signatures[0]));
		CHECK(!has(&f.signatures[0], "xades-unsigned", true));
		CHECK(f.signatures[0].references[1].digest != CHECK_PASSED);
		facts_done(&f);
	}
}

#define DIGESTED(value)                                                        \
	"<ds:DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'" \
	"/><ds:DigestValue>" value "</ds:DigestValue>"
/* "\x30\x03\x02\x01\x05" stands for a CRL. */
#define CRL "MAMCAQU="
#define CRL_SHA256 "QXx3Y8TjIKa3R7PLDG0i+TdBspoytIWUuOtMFE/m1yk="
#define WITH_REFS(certificate, crl)                                            \
	"<x:UnsignedProperties><x:UnsignedSignatureProperties>"                \
	"<x:CompleteCertificateRefs><x:CertRefs><x:Cert><x:"                   \
	"CertDigest>" DIGESTED(                                                \
	    certificate) "</x:CertDigest></x:Cert></x:CertRefs></"             \
			 "x:CompleteCertificateRefs>"                          \
			 "<x:CompleteRevocationRefs><x:CRLRefs><x:CRLRef><x:"  \
			 "DigestAlgAndValue>" DIGESTED(                        \
			     crl) "</x:DigestAlgAndValue></x:CRLRef></"        \
				  "x:CRLRefs>"                                 \
				  "</"                                         \
				  "x:CompleteRevocationRefs><x:"               \
				  "CertificateValues/>"                        \
				  "<x:RevocationValues><x:CRLValues><x:"       \
				  "EncapsulatedCRLValue>" CRL                  \
				  "</x:EncapsulatedCRLValue></x:CRLValues></"  \
				  "x:RevocationValues>"                        \
				  "</x:UnsignedSignatureProperties></"         \
				  "x:UnsignedProperties>"                      \
				  "</x:QualifyingProperties>"

/* Whether references are told to name nothing; the signature stays valid. */
static bool
refs_are_lost(const char *refs)
{
	CLEANUP(buf_done)
	struct buf t = print_of(an.cert, XADES_SIGNED(TO_PROPERTIES));
	CLEANUP(buf_done) struct buf r = print_of(an.cert, refs);
	const char *text;
	struct facts f;
	CHECK_OK(buf_cstr(&t, &text));
	CLEANUP(buf_done) struct buf b = sign_template(text, &an, NULL);
	replace_in(&b, "</x:QualifyingProperties>", buf_bytes(&r));
	CHECK_OK(collect_with(buf_bytes(&b), NULL, &f));
	const struct signature_fact *s = &f.signatures[0];
	CHECK(is_valid(s));
	bool lost = has(s, "xades-refs", false);
	facts_done(&f);
	return lost;
}

static void
compares_references_to_validation_data(void)
{
	CHECK(!refs_are_lost(WITH_REFS("@PRINT@", CRL_SHA256)));
	CHECK(refs_are_lost(WITH_REFS("@PRINT@", CRL "<!-- -->")));
	CHECK(refs_are_lost(WITH_REFS("@PRINT@", "A" CRL_SHA256)));
	CHECK(refs_are_lost(
	    "<!-- @PRINT@ -->" WITH_REFS(CRL_SHA256, CRL_SHA256)));
}

int
main(void)
{
	CHECK_OK(xml_start());
	an = make_person("P-256", "An");
	RUN(judges_a_signature_over_the_whole_document);
	RUN(compares_references_to_validation_data);
	RUN(judges_a_signature_over_a_part_and_says_so);
	RUN(judges_an_enveloping_signature);
	RUN(sees_changed_content);
	RUN(sees_a_changed_signed_info);
	RUN(finds_no_signature_where_there_is_none);
	RUN(takes_external_data_only_from_the_caller);
	RUN(resolves_no_entity_in_external_data);
	RUN(uses_a_certificate_from_outside_when_it_is_named);
	RUN(judges_a_bare_key_and_names_nobody);
	RUN(a_filter_that_costs_too_much_is_not_held_against_it);
	RUN(refuses_hmac);
	RUN(refuses_transforms_that_are_not_allowed);
	RUN(refuses_an_identifier_twice);
	RUN(refuses_strange_things_in_a_signature);
	RUN(refuses_a_signature_that_signs_nothing);
	RUN(refuses_a_type_that_lies);
	RUN(takes_an_object_beside_the_signature);
	RUN(refuses_a_twin_of_what_stands_in_an_object);
	RUN(refuses_a_second_manifest_that_is_not_signed);
	RUN(tells_comments_that_cut_a_signed_text);
	RUN(refuses_data_under_the_namespaces_of_signatures);
	RUN(refuses_a_second_time_that_is_not_signed);
	RUN(reads_a_signed_time_outside_xades);
	RUN(refuses_an_object_in_keyinfo);
	RUN(says_what_it_cannot_canonicalise);
	RUN(refuses_a_counter_signature_over_something_else);
	RUN(stops_an_expensive_xpath);
	RUN(refuses_every_kind_of_wrapping);
	RUN(is_not_misled_by_a_false_signature_over_the_false_part);
	RUN(finds_data_that_hides_in_a_signature);
	RUN(does_not_claim_all_when_a_signature_holds_other_data);
	RUN(applies_the_rules_to_what_a_manifest_lists);
	RUN(reads_the_properties_of_a_signature);
	RUN(refuses_what_does_not_belong_into_a_signature);
	RUN(reads_as_dotnet_only_when_told);
	RUN(refuses_another_certificate_than_the_one_bound);
	RUN(prefers_the_certificate_that_is_named_among_those_of_one_key);
	RUN(takes_an_ecdsa_value_in_der_with_a_remark);
	RUN(refuses_properties_that_are_not_signed);
	RUN(tells_properties_of_a_signature_that_is_not_there);
	RUN(does_not_call_changed_properties_unsigned);
	person_done(&an);
	xml_stop();
	return DONE();
}
