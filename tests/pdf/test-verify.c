/*
 * pdf/verify.c: one good signed document, and for each reason to refuse one
 * that differs from it in that alone.
 */
#include "pdf/verify.h"

#include "tests/pdf/keep.h"
#include "tests/pdf/signed.h"

#define FORM_FIELD                                                             \
	"<</FT/Sig/T(Sig1)/Subtype/Widget/Rect[0 0 0 0]/P 3 0 R/V 9 0 R"
#define TEXT_FIELD "<</FT/Tx/T(total)/V"
#define CERTIFIED(p)                                                           \
	"/Reference[<</Type/SigRef/TransformMethod/DocMDP"                     \
	"/TransformParams<</Type/TransformParams/P " #p "/V/1.2>>>>]"
#define LOCKS(action, more)                                                    \
	"/Reference[<</Type/SigRef/TransformMethod/FieldMDP"                   \
	"/TransformParams<</Type/TransformParams/Action/" action more          \
	"/V/1.2>>>>]"

static struct person ca, citizen, rsa, tsa;

/* What all have: a page, a form with a text field, the signature's field. */
static struct made
unsigned_document(const char *catalog_more)
{
	char text[300];
	struct made m = made_begin("1.7");
	snprintf(text, sizeof(text),
	    "<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R%s>>", catalog_more);
	made_object(&m, 1, text);
	made_object(&m, 2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
	made_object(&m, 3,
	    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]"
	    "/Contents 4 0 R/Annots[8 0 R]>>");
	made_stream(&m, 4, "", BYTES_LIT("(one million) Tj"));
	made_object(&m, 5, "<</SigFlags 3/Fields[8 0 R 6 0 R]>>");
	made_object(&m, 6, TEXT_FIELD "(1)>>");
	made_object(&m, 8, FORM_FIELD ">>");
	return m;
}

static struct made
signed_document(struct sig_spec s)
{
	struct made m = unsigned_document("/Perms<</DocMDP 9 0 R>>");
	if (s.signer == NULL)
		s.signer = &citizen;
	s.num = 9;
	sign_revision(&m, &s);
	return m;
}

/* ---- what comes out ---- */

static bool
has_code(const struct findings *f, const char *code)
{
	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->v[i].code, code) == 0)
			return true;
	}
	return false;
}

static bool
is_good(const struct signature_fact *s)
{
	bool ok = s->signature == CHECK_PASSED && s->cert != NULL &&
		  s->cert_binding == CHECK_PASSED && s->nreferences > 0 &&
		  s->changes <= s->allowed;
	for (size_t i = 0; i < s->nreferences; i++)
		ok = ok && s->references[i].digest == CHECK_PASSED;
	for (size_t i = 0; i < s->findings.n; i++)
		ok = ok && !s->findings.v[i].fatal;
	return ok;
}

static struct facts
collect(const struct made *m)
{
	struct facts f = { .nsignatures = 0 };
	struct collect_input in = { .document = buf_bytes(&m->out) };
	keep_made("verify", m);
	CHECK_OK(pdf_collect(&in, &f));
	return f;
}

static void
tell(const struct signature_fact *s)
{
	printf("# value %d binding %d changes %d allowed %d\n",
	    (int)s->signature, (int)s->cert_binding, (int)s->changes,
	    (int)s->allowed);
	for (size_t i = 0; i < s->nreferences; i++)
		printf("# %s %d\n", s->references[i].uri,
		    (int)s->references[i].digest);
	for (size_t i = 0; i < s->findings.n; i++)
		printf("# %s %s\n", s->findings.v[i].code,
		    s->findings.v[i].detail);
}

/* Signature `i` of the document is good; and ends the document. */
static void
expect(struct made *m, size_t i, bool good, const char *code)
{
	struct facts f = collect(m);
	CHECK(f.nsignatures > i);
	if (f.nsignatures > i) {
		const struct signature_fact *s = &f.signatures[i];
		bool fits = is_good(s) == good &&
			    (code == NULL || has_code(&s->findings, code));
		CHECK(fits);
		if (!fits)
			tell(s);
	}
	facts_done(&f);
	made_done(m);
}

static void
expect_good(struct sig_spec s)
{
	struct made m = signed_document(s);
	expect(&m, 0, true, NULL);
}

static void
expect_bad(struct sig_spec s, const char *code)
{
	struct made m = signed_document(s);
	expect(&m, 0, false, code);
}

/* Ends a revision in which other objects were put. */
static void
unsigned_revision(struct made *m)
{
	char trailer[64];
	snprintf(trailer, sizeof(trailer), "/Root 1 0 R/Prev %zu", m->section);
	made_table(m, trailer);
}

/* ---- good ones ---- */

static void
tells_all_about_a_good_signature(void)
{
	struct made m = signed_document((struct sig_spec){
	    .more = "/Name<FEFF0041006E>/Reason(Duy\\341t)/Location(H)"
		    "/M(D:20270115150000+07'00')" });
	struct facts f = collect(&m);
	CHECK(f.nsignatures == 1);
	if (f.nsignatures == 1) {
		const struct signature_fact *s = &f.signatures[0];
		CHECK(is_good(s));
		CHECK(strcmp(s->id, "Sig1") == 0);
		CHECK(strcmp(s->format, "PAdES") == 0);
		CHECK(strcmp(s->claimed_name, "An") == 0);
		CHECK(strcmp(s->reason, "Duy\xc3\xa1t") == 0);
		CHECK(s->claimed_time == NOON);
		CHECK(s->covers_all && s->covered_len == m.out.len);
		CHECK(s->revision == 1 && s->revisions == 1);
		CHECK(s->level == FACT_LEVEL_B);
		CHECK(s->changes == CHANGE_NONE && s->findings.n == 0);
		CHECK(cert_eq(s->cert, citizen.cert));
		CHECK(strcmp(s->references[0].covers, "whole document") == 0);
	}
	facts_done(&f);
	made_done(&m);
}

static void
takes_every_known_kind(void)
{
	expect_good((struct sig_spec){ .subfilter = "adbe.pkcs7.detached" });
	expect_good((struct sig_spec){ .subfilter = "adbe.pkcs7.sha1" });
	expect_good((struct sig_spec){ .signer = &rsa });
}

static void
finds_no_signature_in_an_unsigned_document(void)
{
	struct made m = unsigned_document("");
	made_object(&m, 8, "<</FT/Sig/T(Sig1)>>");
	made_table(&m, "/Root 1 0 R");
	struct facts f = collect(&m);
	CHECK(f.nsignatures == 0);
	facts_done(&f);
	made_done(&m);
}

static void
counts_a_signature_under_two_fields_once(void)
{
	struct made m = unsigned_document("");
	made_object(&m, 5, "<</SigFlags 3/Fields[8 0 R 6 0 R 7 0 R]>>");
	made_object(&m, 7, "<</FT/Sig/T(Other)/V 9 0 R>>");
	sign_revision(&m, &(struct sig_spec){ .signer = &citizen, .num = 9 });
	struct facts f = collect(&m);
	CHECK(f.nsignatures == 1 && is_good(&f.signatures[0]));
	facts_done(&f);
	made_done(&m);
}

/* ---- coverage ---- */

static void
refuses_ranges_that_are_none(void)
{
	expect_bad((struct sig_spec){ .range = "" }, "pdf-byterange");
	expect_bad(
	    (struct sig_spec){ .range = "/ByteRange null" }, "pdf-byterange");
	expect_bad(
	    (struct sig_spec){ .range = "/ByteRange[0 9 9]" }, "pdf-byterange");
	expect_bad((struct sig_spec){ .range = "/ByteRange[0 1 2 3 4]" },
	    "pdf-byterange");
	expect_bad((struct sig_spec){ .range = "/ByteRange[1 5 9 9]" },
	    "pdf-byterange");
	expect_bad((struct sig_spec){ .range = "/ByteRange[0 9 5 9]" },
	    "pdf-byterange");
	expect_bad((struct sig_spec){ .range = "/ByteRange[0 -1 5 9]" },
	    "pdf-byterange");
	expect_bad((struct sig_spec){ .range = "/ByteRange[0 1 2 99999999]" },
	    "pdf-byterange");
}

static void
refuses_a_gap_that_is_more_than_the_value(void)
{
	expect_bad((struct sig_spec){ .gap_before = 1 }, "pdf-byterange-gap");
	expect_bad((struct sig_spec){ .gap_after = 1 }, "pdf-byterange-gap");
}

static void
refuses_an_end_within_a_revision(void)
{
	expect_bad((struct sig_spec){ .end_before = 8 }, "pdf-coverage");
}

static void
takes_a_signature_that_leaves_the_last_newline_out(void)
{
	expect_good((struct sig_spec){ .end_before = 1 });
}

static void
refuses_a_signature_that_its_revision_does_not_show(void)
{
	struct made m = unsigned_document("");
	made_object(&m, 5, "<</SigFlags 3/Fields[6 0 R]>>");
	sign_revision(&m, &(struct sig_spec){ .signer = &citizen, .num = 9 });
	made_object(&m, 5, "<</SigFlags 3/Fields[6 0 R 7 0 R]>>");
	made_object(&m, 7, "<</FT/Sig/T(Other)/V 9 0 R>>");
	unsigned_revision(&m);
	expect(&m, 0, false, "pdf-signature-not-in-revision");
}

static void
refuses_a_dictionary_that_was_replaced(void)
{
	struct made m =
	    signed_document((struct sig_spec){ .more = "/Reason(good)" });
	/* The same range and value, another reason. */
	size_t from = made_find(&m, "9 0 obj");
	struct bytes old = bytes_from(buf_bytes(&m.out), from);
	old.len = bytes_find(old, BYTES_LIT("endobj"));
	CLEANUP(buf_done) struct buf copy = BUF(100000);
	const char *text;
	CHECK_OK(buf_append(&copy, bytes_from(old, 8)));
	size_t reason = bytes_find(buf_bytes(&copy), BYTES_LIT("(good)"));
	memcpy(copy.ptr + reason, "(evil)", 6);
	CHECK_OK(buf_cstr(&copy, &text));
	made_object(&m, 9, text);
	unsigned_revision(&m);
	expect(&m, 0, false, "pdf-byterange-gap");
}

static void
refuses_bytes_after_the_end(void)
{
	struct made m = signed_document((struct sig_spec){ .num = 9 });
	made_text(&m, "4 0 obj <</A 1>> endobj");
	struct facts f = { .nsignatures = 0 };
	struct collect_input in = { .document = buf_bytes(&m.out) };
	struct err *e = pdf_collect(&in, &f);
	CHECK(e != NULL || (f.nsignatures == 1 && !is_good(&f.signatures[0])));
	err_free(e);
	facts_done(&f);
	made_done(&m);
}

/* No new section, so nothing changed; but the signed one may have pointed
 * here all along. */
static void
refuses_a_tail_with_an_end_of_its_own(void)
{
	struct made m = signed_document((struct sig_spec){ .num = 9 });
	size_t section = m.section;
	made_text(&m, "4 0 obj\n<</A 1>>\nendobj\nstartxref\n%zu\n%%%%EOF\n",
	    section);
	expect(&m, 0, false, "pdf-junk-after-end");
}

static void
refuses_a_signed_object_behind_the_signed_bytes(void)
{
	struct made m = unsigned_document("");
	size_t at = 20000;
	m.rows[4].offset = at;
	sign_revision(&m, &(struct sig_spec){ .signer = &citizen, .num = 9 });
	CHECK(m.out.len < at);
	made_object(&m, 6, TEXT_FIELD "(2)>>");
	CHECK_OK(buf_fill(&m.out, '\n', at - m.out.len));
	made_text(&m, "4 0 obj\n<</Length 3>>\nstream\n(x)\nendstream\n"
		      "endobj\n");
	unsigned_revision(&m);
	expect(&m, 0, false, "pdf-unreadable");
}

/* ---- value ---- */

static void
tells_a_changed_document(void)
{
	struct made m = signed_document((struct sig_spec){ .num = 9 });
	made_patch(&m, "one million", "two million");
	expect(&m, 0, false, NULL);
}

static void
tells_a_changed_value(void)
{
	expect_bad((struct sig_spec){ .spoil = true }, NULL);
}

static void
refuses_a_field_without_a_value(void)
{
	expect_bad((struct sig_spec){ .zeros = true }, "pdf-cms-broken");
	struct made m = unsigned_document("");
	made_object(&m, 9,
	    "<</Type/Sig/SubFilter/ETSI.CAdES.detached"
	    "/ByteRange[0 1 2 3]/Contents null>>");
	made_table(&m, "/Root 1 0 R");
	expect(&m, 0, false, "pdf-contents");
	m = unsigned_document("");
	made_object(&m, 9, "(text)");
	made_table(&m, "/Root 1 0 R");
	expect(&m, 0, false, "pdf-contents");
}

static void
refuses_unknown_kinds(void)
{
	expect_bad(
	    (struct sig_spec){ .subfilter = "adbe.pkcs9" }, "pdf-subfilter");
}

static void
refuses_a_detached_signature_with_content(void)
{
	expect_bad((struct sig_spec){ .attached = BYTES_LIT("text") },
	    "pdf-cms-content");
}

static void
tells_a_sha1_content_of_another_document(void)
{
	expect_bad((struct sig_spec){ .subfilter = "adbe.pkcs7.sha1",
		       .attached = BYTES_LIT("12345678901234567890") },
	    NULL);
}

static void
refuses_duplicate_keys(void)
{
	expect_bad((struct sig_spec){ .more = "/Reason(a)/Reason(b)" },
	    "pdf-duplicate-keys");
}

/* ---- a bare RSA value ---- */

static void
takes_a_bare_rsa_value(void)
{
	struct made m = unsigned_document("");
	CLEANUP(buf_done) struct buf more = BUF(65536);
	CLEANUP(buf_done) struct buf value = BUF(4096);
	CLEANUP(buf_done) struct buf der = BUF(4096);
	const char *text;
	CHECK_OK(buf_str(&more, "/Cert<"));
	CHECK_OK(hex_encode(cert_der(rsa.cert), &more));
	CHECK_OK(buf_str(&more, ">"));
	CHECK_OK(buf_cstr(&more, &text));
	struct sig_spec s = {
		.num = 9, .more = text, .subfilter = "adbe.x509.rsa_sha1"
	};
	struct placed p = sig_object(&m, &s);
	made_table(&m, "/Root 1 0 R");
	fill_range(&m, &s, p, m.out.len);
	/* The signer hashes by itself. */
	CLEANUP(buf_done) struct buf all = BUF(MADE_MAX);
	CHECK_OK(buf_append(&all, bytes_slice(buf_bytes(&m.out), 0, p.gap_at)));
	CHECK_OK(buf_append(&all, bytes_from(buf_bytes(&m.out), p.gap_end)));
	struct person old = rsa;
	old.alg.digest = DIGEST_SHA1;
	person_sign(&old, buf_bytes(&all), &value);
	CHECK_OK(buf_byte(&der, 0x04));
	CHECK_OK(buf_byte(&der, 0x82));
	CHECK_OK(buf_byte(&der, (uint8_t)(value.len >> 8)));
	CHECK_OK(buf_byte(&der, (uint8_t)value.len));
	CHECK_OK(buf_append(&der, buf_bytes(&value)));
	fill_contents(&m, &s, p, buf_bytes(&der));
	struct facts f = collect(&m);
	CHECK(f.nsignatures == 1);
	if (f.nsignatures == 1) {
		CHECK(f.signatures[0].signature == CHECK_PASSED);
		CHECK(f.signatures[0].findings.n == 0);
		CHECK(f.signatures[0].cert_binding == CHECK_NOT_DONE);
	}
	facts_done(&f);
	made_patch(&m, "one million", "two million");
	expect(&m, 0, false, NULL);
}

/* ---- what was done afterwards ---- */

static void
add_second_signature(struct made *m, struct sig_spec s)
{
	s.num = 21;
	if (s.signer == NULL)
		s.signer = &citizen;
	made_object(m, 3,
	    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]"
	    "/Contents 4 0 R/Annots[8 0 R 20 0 R]>>");
	made_object(m, 5, "<</SigFlags 3/Fields[8 0 R 6 0 R 20 0 R]>>");
	made_object(m, 20,
	    "<</FT/Sig/T(Sig2)/Subtype/Widget/Rect[0 0 0 0]"
	    "/P 3 0 R/V 21 0 R>>");
	sign_revision(m, &s);
}

static void
fill_form(struct made *m)
{
	made_object(m, 6, TEXT_FIELD "(2)>>");
	unsigned_revision(m);
}

static void
add_comment(struct made *m)
{
	made_object(m, 3,
	    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]"
	    "/Contents 4 0 R/Annots[8 0 R 30 0 R]>>");
	made_object(m, 30, "<</Type/Annot/Subtype/Text/Rect[0 0 9 9]>>");
	unsigned_revision(m);
}

static void
add_dss(struct made *m)
{
	made_object(m, 1,
	    "<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R"
	    "/Perms<</DocMDP 9 0 R>>/DSS 31 0 R>>");
	made_object(m, 31, "<</Certs[32 0 R]/CRLs[33 0 R]>>");
	made_stream(m, 32, "", cert_der(ca.cert));
	made_stream(m, 33, "", BYTES_LIT("0\x03\x02\x01\x01"));
	unsigned_revision(m);
}

/* A second store that forgets what the first had, under the same number. */
static void
replace_dss(struct made *m)
{
	add_dss(m);
	made_object(m, 31, "<</Certs[34 0 R]/CRLs[33 0 R]>>");
	made_stream(m, 33, "", BYTES_LIT("0\x03\x02\x01\x02"));
	made_stream(m, 34, "", cert_der(rsa.cert));
	unsigned_revision(m);
}

static void
keeps_what_an_older_store_had(void)
{
	struct made m = signed_document((struct sig_spec){ .num = 9 });
	replace_dss(&m);
	struct facts f = collect(&m);
	bool found = false, newer = false;
	for (size_t i = 0; i < f.signatures[0].certs.n; i++) {
		const struct cert *c = f.signatures[0].certs.v[i];
		found = found || cert_eq(c, ca.cert);
		newer = newer || cert_eq(c, rsa.cert);
	}
	CHECK(found && newer);
	CHECK(f.nstatus_data == 2);
	if (f.nstatus_data == 2)
		CHECK(f.status_at[0].at == 6 && f.status_at[1].at == 4);
	facts_done(&f);
	made_done(&m);
}

static void
takes_two_signatures(void)
{
	struct made m = signed_document((struct sig_spec){ .num = 9 });
	add_second_signature(&m, (struct sig_spec){ .signer = &rsa });
	struct facts f = collect(&m);
	CHECK(f.nsignatures == 2);
	for (size_t i = 0; i < f.nsignatures; i++) {
		CHECK(is_good(&f.signatures[i]));
		CHECK(f.signatures[i].revision == (int)i + 1);
		CHECK(f.signatures[i].covers_all == (i == 1));
	}
	facts_done(&f);
	made_done(&m);
}

static void
tells_a_change_between_two_signatures(void)
{
	struct made m = signed_document((struct sig_spec){ .num = 9 });
	made_stream(&m, 4, "", BYTES_LIT("(two million) Tj"));
	add_second_signature(&m, (struct sig_spec){ .signer = &rsa });
	struct facts f = collect(&m);
	CHECK(f.nsignatures == 2);
	if (f.nsignatures == 2) {
		CHECK(!is_good(&f.signatures[0]));
		CHECK(
		    has_code(&f.signatures[0].findings, "pdf-object-changed"));
		CHECK(is_good(&f.signatures[1]));
	}
	facts_done(&f);
	made_done(&m);
}

static void
after(const char *more, void (*change)(struct made *m), bool good,
    const char *code)
{
	struct made m = signed_document((struct sig_spec){ .more = more });
	change(&m);
	expect(&m, 0, good, code);
}

#define TOO_MUCH "pdf-changed-after-signing"

static void
without_certification_forms_may_be_filled(void)
{
	after("", add_dss, true, "pdf-validation-data-added");
	after("", fill_form, true, "pdf-form-filled");
	after("", add_comment, false, TOO_MUCH);
}

static void
with_p_1_only_validation_data_may_come(void)
{
	after(CERTIFIED(1), add_dss, true, NULL);
	after(CERTIFIED(1), fill_form, false, TOO_MUCH);
	after(CERTIFIED(1), add_comment, false, TOO_MUCH);
}

static void
with_p_2_forms_may_be_filled(void)
{
	after(CERTIFIED(2), fill_form, true, NULL);
	after(CERTIFIED(2), add_comment, false, TOO_MUCH);
}

static void
with_p_3_comments_may_come(void)
{
	after(CERTIFIED(3), add_comment, true, "pdf-annotation-added");
}

static void
an_unknown_p_allows_nothing(void)
{
	after(CERTIFIED(7), fill_form, false, TOO_MUCH);
}

static void
p_3_counts_only_if_the_catalog_says_so(void)
{
	struct made m = unsigned_document("");
	sign_revision(
	    &m, &(struct sig_spec){
		    .signer = &citizen, .num = 9, .more = CERTIFIED(3) });
	add_comment(&m);
	expect(&m, 0, false, TOO_MUCH);
}

static void
refuses_a_second_certification(void)
{
	struct made m = signed_document((struct sig_spec){ .num = 9 });
	add_second_signature(&m, (struct sig_spec){ .more = CERTIFIED(2) });
	expect(&m, 1, false, "pdf-docmdp-late");
}

static void
refuses_permissions_that_grow(void)
{
	struct made m =
	    signed_document((struct sig_spec){ .more = CERTIFIED(2) });
	add_second_signature(
	    &m, (struct sig_spec){ .more = LOCKS("All", "/P 3") });
	expect(&m, 1, false, "pdf-permissions-raised");
}

static void
locked_fields_stay(void)
{
	after(LOCKS("All", ""), fill_form, false, "pdf-field-locked");
	after(LOCKS("Include", "/Fields[(total)]"), fill_form, false,
	    "pdf-field-locked");
	after(LOCKS("Include", "/Fields[<FEFF0074006F00740061006C>]"),
	    fill_form, false, "pdf-field-locked");
	after(LOCKS("Include", "/Fields[(tot)]"), fill_form, true, NULL);
	after(LOCKS("Exclude", "/Fields[(total)]"), fill_form, true, NULL);
	after(LOCKS("Exclude", "/Fields[(other)]"), fill_form, false,
	    "pdf-field-locked");
	after(LOCKS("Whatever", ""), fill_form, false, "pdf-field-locked");
}

static void
a_later_signature_may_lock_too(void)
{
	struct made m = signed_document((struct sig_spec){ .num = 9 });
	add_second_signature(&m,
	    (struct sig_spec){ .more = LOCKS("Include", "/Fields[(total)]") });
	fill_form(&m);
	struct facts f = collect(&m);
	CHECK(f.nsignatures == 2);
	if (f.nsignatures == 2) {
		CHECK(is_good(&f.signatures[0]));
		CHECK(!is_good(&f.signatures[1]));
	}
	facts_done(&f);
	made_done(&m);
}

/* ---- time stamps and validation data ---- */

static void
a_document_time_stamp_speaks_for_earlier_signatures(void)
{
	struct made m =
	    signed_document((struct sig_spec){ .more = CERTIFIED(1) });
	add_dss(&m);
	add_second_signature(&m,
	    (struct sig_spec){ .signer = &tsa, .subfilter = "ETSI.RFC3161" });
	struct facts f = collect(&m);
	CHECK(f.nsignatures == 2 && f.nstatus_data == 1);
	if (f.nsignatures == 2) {
		CHECK(is_good(&f.signatures[0]));
		CHECK(f.signatures[0].ntimestamps == 1);
		CHECK(f.signatures[0].timestamps[0].document);
		CHECK(f.signatures[0].timestamps[0].time == NOON);
		CHECK(f.signatures[0].level == FACT_LEVEL_LTA);
		CHECK(is_good(&f.signatures[1]));
		CHECK(f.signatures[1].claimed_time == NOON);
	}
	facts_done(&f);
	made_done(&m);
}

static void
a_time_stamp_of_other_bytes_does_not_hold(void)
{
	struct made m = signed_document((struct sig_spec){ .num = 9 });
	add_second_signature(&m, (struct sig_spec){ .signer = &tsa,
				     .subfilter = "ETSI.RFC3161",
				     .more = "/Reason(good)" });
	made_patch(&m, "(good)", "(evil)");
	struct facts f = collect(&m);
	CHECK(f.nsignatures == 2);
	if (f.nsignatures == 2) {
		CHECK(!is_good(&f.signatures[1]));
		CHECK(f.signatures[0].timestamps[0].digest == CHECK_FAILED);
		CHECK(f.signatures[0].level == FACT_LEVEL_B);
	}
	facts_done(&f);
	made_done(&m);
}

/* ---- what is not shown ---- */

static void
tells(struct made *m, const char *code, bool told)
{
	struct facts f = collect(m);
	CHECK(f.nsignatures == 1 && is_good(&f.signatures[0]));
	CHECK(has_code(&f.findings, code) == told);
	facts_done(&f);
	made_done(m);
}

static void
tells_of_layers_that_are_switched_off(void)
{
	static const struct {
		const char *properties;
		bool told;
	} cases[] = {
		{ "/OCProperties<</OCGs[7 0 R]/D<</OFF[7 0 R]>>>>", true },
		{ "/OCProperties<</OCGs[7 0 R]/D<</BaseState/OFF>>>>", true },
		{ "/OCProperties<</OCGs[7 0 R]/D<</BaseState/OFF"
		  "/ON[7 0 R]>>>>",
		    false },
		{ "/OCProperties<</OCGs[7 0 R]/D<</ON[7 0 R]>>>>", false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct made m = unsigned_document(cases[i].properties);
		struct sig_spec s = { .signer = &citizen, .num = 9 };
		made_object(&m, 7, "<</Type/OCG/Name(x)>>");
		sign_revision(&m, &s);
		tells(&m, "pdf-hidden-layers", cases[i].told);
	}
}

static void
tells_of_filled_fields_that_are_not_shown(void)
{
	static const struct {
		const char *more;
		bool told;
	} cases[] = {
		{ "(1)/Rect[5 5 5 9]>>", true },
		{ "(1)/Rect[5 5 9 9]/F 2>>", true },
		{ "(1)/Rect[5 5 9 9]/F 32>>", true },
		{ "(1)/Rect[5 5 9 9]/F 4>>", false },
		{ " null/Rect[5 5 5 9]>>", false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char field[100];
		struct made m = unsigned_document("");
		struct sig_spec s = { .signer = &citizen, .num = 9 };
		snprintf(field, sizeof(field), TEXT_FIELD "%s", cases[i].more);
		made_object(&m, 6, field);
		sign_revision(&m, &s);
		tells(&m, "pdf-hidden-fields", cases[i].told);
	}
}

static void
tells_of_annotations_that_are_not_shown(void)
{
	static const struct {
		const char *annotation;
		bool told;
	} cases[] = {
		{ "<</Subtype/Stamp/Rect[5 5 9 9]/F 2>>", true },
		{ "<</Subtype/FreeText/Rect[5 5 9 9]/F 36>>", true },
		{ "<</Subtype/Square/Rect[5 5 5 9]>>", true },
		{ "<</Subtype/Stamp/Rect[5 5 9 9]/F 4>>", false },
		{ "<</Subtype/Popup/Rect[5 5 9 9]/F 2>>", false },
		{ "<</Subtype/Link/Rect[0 0 0 0]>>", false },
		{ "<</Subtype/Widget/Rect[0 0 0 0]>>", false },
		{ "null", false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char page[200];
		struct made m = unsigned_document("");
		struct sig_spec s = { .signer = &citizen, .num = 9 };
		snprintf(page, sizeof(page),
		    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[%s]>>",
		    cases[i].annotation);
		made_object(&m, 3, page);
		sign_revision(&m, &s);
		tells(&m, "pdf-hidden-annotations", cases[i].told);
	}
}

int
main(void)
{
	ca = make_authority();
	citizen = make_citizen(&ca, "P-256", ALG_P256);
	rsa = make_citizen(&ca, "RSA", ALG_RSA);
	tsa = make_person((struct person_wish){ .name = "TSA",
	    .key = "P-256",
	    .alg = ALG_P256,
	    .issuer = &ca,
	    .eku = "critical,timeStamping",
	    .serial = 300,
	    .from = NOON - 100 * DAY,
	    .to = NOON + 100 * DAY });
	RUN(tells_all_about_a_good_signature);
	RUN(takes_every_known_kind);
	RUN(finds_no_signature_in_an_unsigned_document);
	RUN(counts_a_signature_under_two_fields_once);
	RUN(refuses_ranges_that_are_none);
	RUN(refuses_a_gap_that_is_more_than_the_value);
	RUN(refuses_an_end_within_a_revision);
	RUN(takes_a_signature_that_leaves_the_last_newline_out);
	RUN(refuses_a_signature_that_its_revision_does_not_show);
	RUN(refuses_a_dictionary_that_was_replaced);
	RUN(refuses_bytes_after_the_end);
	RUN(refuses_a_tail_with_an_end_of_its_own);
	RUN(refuses_a_signed_object_behind_the_signed_bytes);
	RUN(tells_a_changed_document);
	RUN(tells_a_changed_value);
	RUN(refuses_a_field_without_a_value);
	RUN(refuses_unknown_kinds);
	RUN(refuses_a_detached_signature_with_content);
	RUN(tells_a_sha1_content_of_another_document);
	RUN(refuses_duplicate_keys);
	RUN(takes_a_bare_rsa_value);
	RUN(keeps_what_an_older_store_had);
	RUN(takes_two_signatures);
	RUN(tells_a_change_between_two_signatures);
	RUN(without_certification_forms_may_be_filled);
	RUN(with_p_1_only_validation_data_may_come);
	RUN(with_p_2_forms_may_be_filled);
	RUN(with_p_3_comments_may_come);
	RUN(an_unknown_p_allows_nothing);
	RUN(p_3_counts_only_if_the_catalog_says_so);
	RUN(refuses_a_second_certification);
	RUN(refuses_permissions_that_grow);
	RUN(locked_fields_stay);
	RUN(a_later_signature_may_lock_too);
	RUN(a_document_time_stamp_speaks_for_earlier_signatures);
	RUN(a_time_stamp_of_other_bytes_does_not_hold);
	RUN(tells_of_layers_that_are_switched_off);
	RUN(tells_of_filled_fields_that_are_not_shown);
	RUN(tells_of_annotations_that_are_not_shown);
	person_done(&ca);
	person_done(&citizen);
	person_done(&rsa);
	person_done(&tsa);
	return DONE();
}
