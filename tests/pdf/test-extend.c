/* pdf/extend.c, pdf/store.c, pdf/seed.c: from B to B-LTA, certifications and
 * what fields prescribe. */
#include "pdf/document.h"
#include "pdf/verify.h"

#include "tests/pdf/keep.h"
#include "tests/pdf/levels.h"

static struct levels people;

static const struct sign_params at_b = { .level = LEVEL_B };
static const struct sign_params at_t = { .level = LEVEL_T };

static struct made
plain(void)
{
	struct made m = made_page();
	made_table(&m, "/Root 1 0 R");
	return m;
}

/* The signature's facts as a value: what a test asks for. */
struct seen {
	size_t n; /* signatures, document time stamps too */
	enum level_fact level;
	enum change_level changes, allowed;
	bool good; /* each of them */
	size_t status, certs; /* that came along with the first signature */
	char fatal[64]; /* the first fatal code */
};

static bool
is_good(const struct signature_fact *s, struct seen *out)
{
	bool ok = s->signature == CHECK_PASSED &&
		  s->cert_binding == CHECK_PASSED && s->nreferences > 0 &&
		  s->changes <= s->allowed;
	for (size_t i = 0; i < s->nreferences; i++)
		ok = ok && s->references[i].digest == CHECK_PASSED;
	for (size_t i = 0; i < s->findings.n; i++) {
		if (!s->findings.v[i].fatal)
			continue;
		ok = false;
		snprintf(out->fatal, sizeof(out->fatal), "%s",
		    s->findings.v[i].code);
		printf("# %s %s\n", s->findings.v[i].code,
		    s->findings.v[i].detail);
	}
	return ok;
}

static struct seen
see_with(struct bytes file, struct bytes password)
{
	struct facts f = { .nsignatures = 0 };
	struct collect_input in = { .document = file, .password = password };
	struct seen s = { .good = true };
	struct made keep = { .out = { (uint8_t *)file.ptr, file.len, 0, 0 } };
	keep_made("level", &keep);
	CHECK_OK(pdf_collect(&in, &f));
	s.n = f.nsignatures;
	s.status = f.nstatus_data;
	for (size_t i = 0; i < f.nsignatures; i++)
		s.good = is_good(&f.signatures[i], &s) && s.good;
	if (s.n > 0) {
		s.level = f.signatures[0].level;
		s.certs = f.signatures[0].certs.n;
		s.changes = f.signatures[0].changes;
		s.allowed = f.signatures[0].allowed;
	}
	facts_done(&f);
	return s;
}

static struct seen
see(const struct buf *file)
{
	return see_with(buf_bytes(file), BYTES_NONE);
}

static bool
is_at(const struct buf *file, size_t n, enum level_fact level)
{
	struct seen s = see(file);
	bool ok = s.good && s.n == n && s.level == level;
	if (!ok)
		printf("# %zu signatures, level %d, changes %d, %s\n", s.n,
		    (int)s.level, (int)s.changes, s.good ? "good" : "bad");
	return ok;
}

/* From `in` up to a renewed LTA; every step is judged. */
static void
climbs(struct bytes in)
{
	CLEANUP(buf_done) struct buf t = { 0 };
	CLEANUP(buf_done) struct buf lt = { 0 };
	CLEANUP(buf_done) struct buf lta = { 0 };
	CLEANUP(buf_done) struct buf again = { 0 };
	CHECK_OK(levels_sign(in, &people, at_t, &t));
	CHECK(is_at(&t, 1, FACT_LEVEL_T));
	CHECK_OK(levels_extend(
	    buf_bytes(&t), &people, LEVEL_LT, NULL, BYTES_NONE, &lt));
	CHECK(bytes_starts(buf_bytes(&lt), buf_bytes(&t)));
	CHECK(is_at(&lt, 1, FACT_LEVEL_LT));
	CHECK_OK(levels_extend(
	    buf_bytes(&lt), &people, LEVEL_LTA, NULL, BYTES_NONE, &lta));
	CHECK(is_at(&lta, 2, FACT_LEVEL_LTA));
	CHECK_OK(levels_extend(
	    buf_bytes(&lta), &people, LEVEL_LTA, NULL, BYTES_NONE, &again));
	CHECK(is_at(&again, 3, FACT_LEVEL_LTA));
}

static void
climbs_from_b_to_a_renewed_lta(void)
{
	CLEANUP(made_done) struct made m = plain();
	climbs(buf_bytes(&m.out));
}

static void
climbs_in_files_with_xref_streams(void)
{
	static const char *const inside[] = {
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 9 9]>>",
		"<</Type/Page/Parent 2 0 R>>",
	};
	CLEANUP(made_done) struct made m = made_begin("1.5");
	made_objstm(&m, 4, 1, COUNT_OF(inside), inside);
	made_xref(&m, 5, "/Root 1 0 R");
	climbs(buf_bytes(&m.out));
}

static void
stamps_the_document_where_the_signature_has_no_stamp(void)
{
	CLEANUP(made_done) struct made m = plain();
	CLEANUP(buf_done) struct buf b = { 0 };
	CLEANUP(buf_done) struct buf t = { 0 };
	CHECK_OK(levels_sign(buf_bytes(&m.out), &people, at_b, &b));
	CHECK(is_at(&b, 1, FACT_LEVEL_B));
	CHECK_OK(levels_extend(
	    buf_bytes(&b), &people, LEVEL_T, NULL, BYTES_NONE, &t));
	CHECK(is_at(&t, 2, FACT_LEVEL_T));
}

static void
evidence_is_stored_once_and_named_for_its_signature(void)
{
	CLEANUP(made_done) struct made m = plain();
	CLEANUP(buf_done) struct buf b = { 0 };
	CLEANUP(buf_done) struct buf lt = { 0 };
	CLEANUP(buf_done) struct buf again = { 0 };
	CLEANUP(pdf_closep) struct pdf_document *d = NULL;
	const struct pdf_obj *catalog, *dss, *vri, *list;
	struct pdf_ref root;
	CHECK_OK(levels_sign(buf_bytes(&m.out), &people, at_b, &b));
	CHECK_OK(levels_extend(
	    buf_bytes(&b), &people, LEVEL_LT, "Signature1", BYTES_NONE, &lt));
	/* All is there: nothing is added. */
	CHECK_OK(levels_extend(
	    buf_bytes(&lt), &people, LEVEL_LT, NULL, BYTES_NONE, &again));
	CHECK(bytes_eq(buf_bytes(&lt), buf_bytes(&again)));
	CHECK_OK(pdf_open(buf_bytes(&lt), BYTES_NONE, &d));
	CHECK_OK(pdf_catalog(d, pdf_views(d), &root, &catalog));
	CHECK_OK(pdf_dict_get(d, pdf_views(d), catalog, "DSS", &dss));
	CHECK(pdf_array_len(pdf_dict_raw(dss, "Certs")) == 3);
	/* They come along with the signature from then on. */
	CHECK(see(&b).certs == 2 && see(&lt).certs == 3);
	CHECK(pdf_array_len(pdf_dict_raw(dss, "CRLs")) == 1);
	CHECK(pdf_is(pdf_dict_raw(dss, "OCSPs"), PDF_NULL));
	vri = pdf_dict_raw(dss, "VRI");
	CHECK(pdf_dict_len(vri) == 1 && pdf_dict_key(vri, 0)->text.len == 40);
	CHECK_OK(pdf_resolve(d, pdf_views(d), pdf_dict_value(vri, 0), &vri));
	list = pdf_dict_raw(vri, "Cert");
	CHECK(pdf_array_len(list) == 3);
	CHECK(pdf_is(pdf_dict_raw(vri, "TU"), PDF_STRING));
	CHECK(see(&lt).status == 1);
}

static void
a_store_grows_and_keeps_what_it_had(void)
{
	CLEANUP(made_done) struct made m = plain();
	CLEANUP(buf_done) struct buf b = { 0 };
	CLEANUP(buf_done) struct buf lt = { 0 };
	CLEANUP(buf_done) struct buf more = { 0 };
	struct levels later = people;
	CHECK_OK(levels_sign(buf_bytes(&m.out), &people, at_t, &b));
	CHECK_OK(levels_extend(
	    buf_bytes(&b), &people, LEVEL_LT, NULL, BYTES_NONE, &lt));
	later.crl = levels_crl(&people.ca, stamp_clock - 50);
	CHECK_OK(levels_extend(
	    buf_bytes(&lt), &later, LEVEL_LT, NULL, BYTES_NONE, &more));
	struct seen s = see(&more);
	CHECK(s.good && s.status == 2 && s.level == FACT_LEVEL_LT &&
	      s.changes == CHANGE_LTV);
	buf_done(&later.crl);
}

static void
a_token_too_large_for_its_room_is_told_by_name(void)
{
	CLEANUP(made_done) struct made m = plain();
	CLEANUP(buf_done) struct buf out = { 0 };
	struct levels tight = people;
	tight.room = 16;
	struct err *e;
	CHECK_OK(levels_sign(buf_bytes(&m.out), &people, at_b, &out));
	CLEANUP(buf_done) struct buf t = { 0 };
	e = levels_extend(
	    buf_bytes(&out), &tight, LEVEL_T, NULL, BYTES_NONE, &t);
	CHECK(e != NULL && strcmp(err_code(e), "stamp-room") == 0 &&
	      err_kind(e) == ERR_LIMIT);
	err_free(e);
}

static void
a_token_over_something_else_is_refused(void)
{
	CLEANUP(made_done) struct made m = plain();
	CLEANUP(buf_done) struct buf b = { 0 };
	CLEANUP(buf_done) struct buf token = BUF(65536);
	CLEANUP(prepared_done) struct prepared p = { 0 };
	CLEANUP(insertion_done) struct insertion i = { 0 };
	CHECK_OK(levels_sign(buf_bytes(&m.out), &people, at_b, &b));
	struct extend_request r = { .document = buf_bytes(&b),
		.level = LEVEL_LTA,
		.stamp_alg = DIGEST_SHA256 };
	CHECK_OK(format_pdf.extend(&r, &p));
	p.digest[0] ^= 1;
	stamp_token(&people.tsa, p.digest, &token);
	CHECK_ERR(format_pdf.embed(
		      buf_bytes(&p.state), BYTES_NONE, buf_bytes(&token), &i),
	    ERR_MALFORMED);
	CHECK_ERR(
	    format_pdf.embed(buf_bytes(&p.state), BYTES_NONE, BYTES_NONE, &i),
	    ERR_USAGE);
}

static void
extends_only_what_is_signed(void)
{
	CLEANUP(made_done) struct made m = plain();
	CLEANUP(buf_done) struct buf b = { 0 };
	CLEANUP(buf_done) struct buf out = { 0 };
	CHECK_ERR(levels_extend(buf_bytes(&m.out), &people, LEVEL_LTA, NULL,
		      BYTES_NONE, &out),
	    ERR_MISSING);
	CHECK_OK(levels_sign(buf_bytes(&m.out), &people, at_b, &b));
	CHECK_ERR(levels_extend(buf_bytes(&b), &people, LEVEL_LT, "Signature7",
		      BYTES_NONE, &out),
	    ERR_MISSING);
	CHECK_ERR(levels_extend(
		      buf_bytes(&b), &people, LEVEL_B, NULL, BYTES_NONE, &out),
	    ERR_USAGE);
}

/* ---- certification and locks ---- */

static void
certified_documents_allow_what_they_say(void)
{
	static const enum change_level allowed[] = { CHANGE_FORM, CHANGE_LTV,
		CHANGE_FORM, CHANGE_ANNOTATION };
	for (int p = PDF_CERTIFY_NOTHING; p <= PDF_CERTIFY_ANNOTATION; p++) {
		CLEANUP(made_done) struct made m = plain();
		CLEANUP(buf_done) struct buf one = { 0 };
		CLEANUP(buf_done) struct buf two = { 0 };
		CLEANUP(buf_done) struct buf lt = { 0 };
		CLEANUP(buf_done) struct buf lta = { 0 };
		struct pdf_params pdf = { .certify = (enum pdf_certify)p };
		struct sign_params s = { .level = LEVEL_T, .pdf = &pdf };
		CHECK_OK(levels_sign(buf_bytes(&m.out), &people, s, &one));
		struct seen seen = see(&one);
		CHECK(seen.good && seen.allowed == allowed[p]);
		/* Evidence is no change, even with P=1. */
		CHECK_OK(levels_extend(
		    buf_bytes(&one), &people, LEVEL_LT, NULL, BYTES_NONE, &lt));
		CHECK_OK(levels_extend(buf_bytes(&lt), &people, LEVEL_LTA, NULL,
		    BYTES_NONE, &lta));
		CHECK(is_at(&lta, 2, FACT_LEVEL_LTA));
		struct err *e =
		    levels_sign(buf_bytes(&one), &people, at_b, &two);
		CHECK((e == NULL) == (p != PDF_CERTIFY_NOTHING));
		CHECK(e == NULL || strcmp(err_code(e), "pdf-certified") == 0);
		if (e == NULL)
			CHECK(see(&two).good);
		err_free(e);
	}
}

static void
a_certification_comes_first_or_not_at_all(void)
{
	CLEANUP(made_done) struct made m = plain();
	CLEANUP(buf_done) struct buf one = { 0 };
	CLEANUP(buf_done) struct buf two = { 0 };
	struct pdf_params pdf = { .certify = PDF_CERTIFY_FORM };
	struct sign_params s = { .level = LEVEL_B, .pdf = &pdf };
	CHECK_OK(levels_sign(buf_bytes(&m.out), &people, at_b, &one));
	struct err *e = levels_sign(buf_bytes(&one), &people, s, &two);
	CHECK(e != NULL && strcmp(err_code(e), "pdf-certify-late") == 0);
	err_free(e);
}

static struct made
form(const char *field_more)
{
	struct made m = made_page();
	char field[1024];
	made_object(&m, 1, "<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R>>");
	made_object(&m, 3, "<</Type/Page/Parent 2 0 R/Annots[4 0 R 5 0 R]>>");
	snprintf(field, sizeof(field),
	    "<</Subtype/Widget/FT/Sig/T(chu ky)/Rect[1 1 9 9]%s>>", field_more);
	made_object(&m, 4, field);
	made_object(&m, 5, "<</Subtype/Widget/FT/Tx/T(x)/Rect[0 0 1 1]>>");
	made_object(&m, 6, "<</Fields[4 0 R 5 0 R]>>");
	made_table(&m, "/Root 1 0 R");
	return m;
}

static void
locked_fields_stay_as_they_are(void)
{
	static const char *const names[] = { "x" };
	CLEANUP(made_done) struct made m = form("");
	CLEANUP(buf_done) struct buf out = { 0 };
	struct pdf_params pdf = { .lock = PDF_LOCK_INCLUDE,
		.lock_fields = names,
		.nlock_fields = 1 };
	struct sign_params s = { .level = LEVEL_B, .pdf = &pdf };
	CHECK_OK(levels_sign(buf_bytes(&m.out), &people, s, &out));
	CHECK(see(&out).good);
	/* As a later program would fill it. */
	struct made later = { .out = buf_move(&out), .size = 20 };
	size_t last =
	    bytes_rfind(buf_bytes(&later.out), BYTES_LIT("startxref\n")) + 10;
	size_t prev = strtoul((char *)later.out.ptr + last, NULL, 10);
	char trailer[64];
	snprintf(trailer, sizeof(trailer), "/Root 1 0 R/Prev %zu", prev);
	made_object(
	    &later, 5, "<</Subtype/Widget/FT/Tx/T(x)/Rect[0 0 1 1]/V(1)>>");
	made_table(&later, trailer);
	struct seen seen = see(&later.out);
	CHECK(!seen.good && strcmp(seen.fatal, "pdf-field-locked") == 0);
	made_done(&later);
}

static void
a_field_with_a_lock_of_its_own_takes_no_other(void)
{
	CLEANUP(made_done)
	struct made m = form("/Lock<</Type/SigFieldLock/Action/All>>");
	CLEANUP(buf_done) struct buf out = { 0 };
	struct pdf_params pdf = { .lock = PDF_LOCK_ALL };
	struct sign_params s = {
		.level = LEVEL_B, .field = "chu ky", .pdf = &pdf
	};
	struct err *e = levels_sign(buf_bytes(&m.out), &people, s, &out);
	CHECK(e != NULL && strcmp(err_code(e), "pdf-field") == 0);
	err_free(e);
}

/* ---- seed values ---- */

static void
seed_values_are_obeyed_or_refused(void)
{
	static const struct {
		const char *seed;
		bool refused;
	} cases[] = {
		{ "/Filter/Adobe.PPKLite/Ff 1", false },
		{ "/Filter/Entrust.PPKEF/Ff 1", true },
		{ "/Filter/Entrust.PPKEF", false },
		{ "/SubFilter[/adbe.pkcs7.detached]/Ff 2", true },
		{ "/SubFilter[/adbe.pkcs7.detached/ETSI.CAdES.detached]/Ff 2",
		    false },
		{ "/V 2/Ff 4", false },
		{ "/V 9/Ff 4", true },
		{ "/Reasons[(A)(Duyet)]/Ff 8", false },
		{ "/Reasons[(A)(B)]/Ff 8", true },
		{ "/Reasons[(.)]/Ff 8", true },
		{ "/LegalAttestation[(a)]/Ff 16", true },
		{ "/AddRevInfo true/Ff 32", true },
		{ "/AddRevInfo false/Ff 32", false },
		{ "/DigestMethod[/SHA256/SHA512]/Ff 64", false },
		{ "/DigestMethod[/SHA512]/Ff 64", true },
		{ "/LockDocument/true/Ff 128", true },
		{ "/LockDocument/auto/Ff 128", false },
		{ "/AppearanceFilter(x)/Ff 256", true },
		{ "/TimeStamp<</Ff 1>>", true },
		{ "/TimeStamp<</Ff 0>>", false },
		{ "/MDP<</P 0>>", false },
		{ "/MDP<</P 2>>", false },
		{ "/Cert<</Ff 1/Subject[(no)]>>", true },
		{ "/Cert<</Ff 2/Issuer[(no)]>>", true },
		{ "/Cert<</Ff 4/OID[(1.2)]>>", true },
		{ "/Cert<</Subject[(no)]>>", false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char more[300];
		snprintf(more, sizeof(more), "/SV<<%s>>", cases[i].seed);
		CLEANUP(made_done) struct made m = form(more);
		CLEANUP(buf_done) struct buf out = { 0 };
		struct sign_params s = {
			.level = LEVEL_B, .field = "chu ky", .reason = "Duyet"
		};
		struct err *e =
		    levels_sign(buf_bytes(&m.out), &people, s, &out);
		bool fits = cases[i].refused ? e != NULL && strcmp(err_code(e),
								"pdf-seed") == 0
					     : e == NULL && see(&out).good;
		CHECK(fits);
		if (!fits)
			printf("# %s: %s\n", cases[i].seed,
			    e == NULL ? "signed" : err_text(e));
		err_free(e);
	}
}

static void
a_prescribed_certification_is_made(void)
{
	CLEANUP(made_done) struct made m = form("/SV<</MDP<</P 1>>>>");
	CLEANUP(buf_done) struct buf out = { 0 };
	struct sign_params s = { .level = LEVEL_B, .field = "chu ky" };
	CHECK_OK(levels_sign(buf_bytes(&m.out), &people, s, &out));
	struct seen seen = see(&out);
	CHECK(seen.good && seen.allowed == CHANGE_LTV);
}

static void
a_prescribed_time_stamp_is_made_at_level_t(void)
{
	CLEANUP(made_done) struct made m = form("/SV<</TimeStamp<</Ff 1>>>>");
	CLEANUP(buf_done) struct buf out = { 0 };
	struct sign_params s = { .level = LEVEL_T, .field = "chu ky" };
	CHECK_OK(levels_sign(buf_bytes(&m.out), &people, s, &out));
	CHECK(is_at(&out, 1, FACT_LEVEL_T));
}

/* ---- tagged files ---- */

static void
a_widget_in_a_tagged_file_can_be_read_out(void)
{
	CLEANUP(made_done) struct made m = made_page();
	CLEANUP(buf_done) struct buf one = { 0 };
	CLEANUP(buf_done) struct buf two = { 0 };
	made_object(&m, 1,
	    "<</Type/Catalog/Pages 2 0 R/StructTreeRoot 5 0 R"
	    "/MarkInfo<</Marked true>>>>");
	made_object(&m, 5, "<</Type/StructTreeRoot>>");
	made_table(&m, "/Root 1 0 R");
	CHECK_OK(levels_sign(buf_bytes(&m.out), &people, at_b, &one));
	CHECK(see(&one).good);
	CHECK(bytes_find(buf_bytes(&one), BYTES_LIT("/TU(")) != SIZE_MAX ||
	      bytes_find(buf_bytes(&one), BYTES_LIT("/TU<")) != SIZE_MAX);
	CHECK(bytes_find(buf_bytes(&one), BYTES_LIT("/Tabs/S")) != SIZE_MAX);
	/* A second signature, and a stamp, on what the first one left. */
	CHECK_OK(levels_sign(buf_bytes(&one), &people, at_b, &two));
	CHECK(see(&two).good);
}

int
main(void)
{
	people = levels_begin(NOON);
	RUN(climbs_from_b_to_a_renewed_lta);
	RUN(climbs_in_files_with_xref_streams);
	RUN(stamps_the_document_where_the_signature_has_no_stamp);
	RUN(evidence_is_stored_once_and_named_for_its_signature);
	RUN(a_store_grows_and_keeps_what_it_had);
	RUN(a_token_too_large_for_its_room_is_told_by_name);
	RUN(a_token_over_something_else_is_refused);
	RUN(extends_only_what_is_signed);
	RUN(certified_documents_allow_what_they_say);
	RUN(a_certification_comes_first_or_not_at_all);
	RUN(locked_fields_stay_as_they_are);
	RUN(a_field_with_a_lock_of_its_own_takes_no_other);
	RUN(seed_values_are_obeyed_or_refused);
	RUN(a_prescribed_certification_is_made);
	RUN(a_prescribed_time_stamp_is_made_at_level_t);
	RUN(a_widget_in_a_tagged_file_can_be_read_out);
	levels_end(&people);
	return DONE();
}
