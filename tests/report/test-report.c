#include "report/report.h"

#include <jansson.h>

#include "report/dump.h"
#include "report/internal.h"
#include "tests/validation/facts.h"

static struct world world;

static struct buf
text_of(const struct facts *f, const char *policy, enum lang lang,
    const struct buf *crl)
{
	struct verdict v = judge_facts(&world, f, policy, NOON, crl);
	static const uint8_t hash[32] = { 0xab };
	const struct report_input in = { .verdict = &v,
		.facts = f,
		.document_sha256 = hash,
		.document_len = 1234 };
	struct buf out = BUF(REPORT_MAX);
	CHECK_OK(report_text(&in, lang, &out));
	verdict_done(&v);
	return out;
}

static json_t *schema;
static bool shown; /* with the lines that people read */
static bool fits(json_t *s, json_t *v, const char *where);

static json_t *
json_of(const struct facts *f, const char *policy, const struct buf *crl)
{
	struct verdict v = judge_facts(&world, f, policy, NOON, crl);
	const struct report_input in = {
		.verdict = &v, .facts = f, .shown = shown
	};
	struct buf out = BUF(REPORT_MAX);
	CHECK_OK(report_json(&in, &out));
	json_t *o = json_loadb((const char *)out.ptr, out.len, 0, NULL);
	CHECK(o != NULL);
	CHECK(fits(schema, o, "report"));
	/* Our own writer writes what jansson would. */
	char *same = json_dumps(o, JSON_INDENT(1));
	CHECK(bytes_eq(
	    bytes_slice(buf_bytes(&out), 0, out.len - 1), bytes_str(same)));
	free(same);
	buf_done(&out);
	verdict_done(&v);
	return o;
}

/* ---- the schema: as much of JSON Schema as ours uses ---- */

static const char *
type_of(const json_t *v)
{
	static const char *const names[] = { [JSON_OBJECT] = "object",
		[JSON_ARRAY] = "array",
		[JSON_STRING] = "string",
		[JSON_INTEGER] = "integer",
		[JSON_REAL] = "number",
		[JSON_TRUE] = "boolean",
		[JSON_FALSE] = "boolean",
		[JSON_NULL] = "null" };
	return names[json_typeof(v)];
}

static bool
is_type(json_t *wanted, const json_t *v)
{
	size_t i;
	json_t *one;
	if (json_is_string(wanted))
		return strcmp(json_string_value(wanted), type_of(v)) == 0;
	json_array_foreach(
	    wanted, i, one) if (strcmp(json_string_value(one), type_of(v)) ==
				0) return true;
	return false;
}

static bool
is_listed(json_t *list, json_t *v)
{
	size_t i;
	json_t *one;
	json_array_foreach(list, i, one) if (json_equal(one, v)) return true;
	return list == NULL;
}

static bool
object_fits(json_t *s, json_t *v, const char *where)
{
	json_t *props = json_object_get(s, "properties");
	json_t *required = json_object_get(s, "required");
	const char *key;
	json_t *one;
	size_t i;
	bool good = true;
	json_object_foreach(v, key, one)
	{
		json_t *p = json_object_get(props, key);
		if (p == NULL)
			printf("# %s: %s is not in the schema\n", where, key);
		good = good && p != NULL && fits(p, one, key);
	}
	json_array_foreach(required, i, one)
	{
		key = json_string_value(one);
		if (json_object_get(v, key) != NULL)
			continue;
		printf("# %s: %s is missing\n", where, key);
		good = false;
	}
	return good;
}

static bool
fits(json_t *s, json_t *v, const char *where)
{
	const char *ref = json_string_value(json_object_get(s, "$ref"));
	if (ref != NULL)
		s = json_object_get(
		    json_object_get(schema, "$defs"), ref + strlen("#/$defs/"));
	if (!is_type(json_object_get(s, "type"), v) ||
	    !is_listed(json_object_get(s, "enum"), v)) {
		printf("# %s: of another type or value\n", where);
		return false;
	}
	bool good = true;
	size_t i;
	json_t *one;
	json_array_foreach(v, i, one) good =
	    fits(json_object_get(s, "items"), one, where) && good;
	return json_is_object(v) ? object_fits(s, v, where) && good : good;
}

static void
load_schema(void)
{
	char path[4096];
	const char *top = getenv("top_srcdir");
	snprintf(path, sizeof(path), "%s/doc/report.schema.json",
	    top == NULL ? ".." : top);
	schema = json_load_file(path, 0, NULL);
	if (schema == NULL)
		abort();
}

static bool
has(const struct buf *b, const char *s)
{
	bool yes = bytes_find(buf_bytes(b), bytes_str(s)) != SIZE_MAX;
	if (!yes)
		printf("# there is no \"%s\" in:\n# %.*s\n", s, (int)b->len,
		    b->ptr);
	return yes;
}

static bool
is(json_t *o, const char *key, const char *value)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s != NULL && strcmp(s, value) == 0;
}

static void
the_clerk_reads_the_sentence_and_the_next_step_first(void)
{
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	struct buf t = text_of(&f, "basic", LANG_VI, &crl);
	CHECK(bytes_starts(buf_bytes(&t),
	    BYTES_LIT("HỢP LỆ. Chữ ký hợp lệ, nội dung còn nguyên vẹn từ khi "
		      "ký.\nViệc cần làm: Có thể sử dụng tệp này.\n")));
	CHECK(has(&t, "Nguyễn Văn An"));
	CHECK(has(&t, "CA thử nghiệm"));
	CHECK(has(&t, "Chứng thư khi kiểm tra: còn hiệu lực\n"));
	CHECK(has(&t, "Vào lúc khai đã ký:     chứng thư trong thời hạn\n"));
	CHECK(has(&t, "15/01/2027 15:00 +07:00 (do người ký khai"));
	CHECK(has(&t, "từ 07/10/2026 15:00 +07:00 đến 25/04/2027"));
	CHECK(has(&t, "toàn bộ tệp"));
	CHECK(has(&t, "chữ ký số chuyên dùng của thành phố"));
	printf("# %zu bytes\n", t.len);
	buf_done(&t);
	s->references[0].digest = CHECK_FAILED;
	s->revisions = 1;
	t = text_of(&f, "basic", LANG_VI, &crl);
	CHECK(bytes_starts(buf_bytes(&t),
	    BYTES_LIT("KHÔNG HỢP LỆ. Nội dung đã bị thay đổi sau khi ký.\n")));
	/* No comfort beside it. */
	CHECK(!has(&t, "không có\n"));
	buf_done(&t);
	facts_done(&f);
	buf_done(&crl);
}

static void
what_was_changed_is_not_called_a_part(void)
{
	struct facts f = { .format = "xml" };
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	s->covers_all = false;
	CHECK_OK(fact_string(
	    &s->references[0].covers, BYTES_LIT("whole document")));
	struct buf t = text_of(&f, "basic", LANG_VI, &crl);
	CHECK(has(&t, "một phần của tệp (toàn bộ tài liệu)\n"));
	buf_done(&t);
	s->references[0].digest = CHECK_FAILED;
	t = text_of(&f, "basic", LANG_VI, &crl);
	CHECK(has(&t, "Phạm vi được ký:        toàn bộ tài liệu\n"));
	CHECK(!has(&t, "một phần"));
	buf_done(&t);
	facts_done(&f);
	buf_done(&crl);
}

static void
english_says_the_same(void)
{
	struct facts f = { .format = "pdf" };
	add_good_signature(&f, &world.citizen);
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	struct buf t = text_of(&f, "basic", LANG_EN, &crl);
	CHECK(bytes_starts(
	    buf_bytes(&t), BYTES_LIT("VALID. The signature is valid")));
	CHECK(has(&t, "2027-01-15 15:00 +07:00"));
	buf_done(&t);
	facts_done(&f);
	buf_done(&crl);
}

static void
unknown_revocation_never_reads_as_valid(void)
{
	struct facts f = { .format = "pdf" };
	add_good_signature(&f, &world.citizen);
	struct buf t = text_of(&f, "basic", LANG_VI, NULL);
	CHECK(bytes_starts(buf_bytes(&t), BYTES_LIT("CHƯA XÁC ĐỊNH ĐƯỢC. ")));
	CHECK(has(&t, "chưa kiểm tra được tình trạng thu hồi"));
	CHECK(bytes_find(buf_bytes(&t), BYTES_LIT("HỢP LỆ")) == SIZE_MAX);
	buf_done(&t);
	t = text_of(&f, "crypto-only", LANG_VI, NULL);
	CHECK(
	    bytes_starts(buf_bytes(&t), BYTES_LIT("ĐẠT PHẦN ĐƯỢC KIỂM TRA. ")));
	CHECK(bytes_find(buf_bytes(&t), BYTES_LIT("HỢP LỆ")) == SIZE_MAX);
	CHECK(bytes_find(buf_bytes(&t), BYTES_LIT("còn hiệu lực")) == SIZE_MAX);
	buf_done(&t);
	json_t *o = json_of(&f, "crypto-only", NULL);
	CHECK(is(o, "indication", "TOTAL-PASSED"));
	CHECK(is(o, "result", "indeterminate"));
	json_decref(o);
	facts_done(&f);
}

static void
several_signatures_are_counted_and_the_worst_leads(void)
{
	struct facts f = { .format = "pdf" };
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	add_good_signature(&f, &world.citizen);
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	s->signature = CHECK_FAILED;
	struct buf t = text_of(&f, "basic", LANG_VI, &crl);
	CHECK(bytes_starts(buf_bytes(&t), BYTES_LIT("KHÔNG HỢP LỆ. ")));
	CHECK(has(&t,
	    "Tệp có 2 chữ ký: 1 hợp lệ, 1 không hợp lệ, 0 chưa xác định "
	    "được. Kết quả chung là kết quả xấu nhất: Chữ ký 2 trong 2.\n"));
	CHECK(has(&t, "Chữ ký 1 trong 2: HỢP LỆ. "));
	CHECK(has(&t, "Chữ ký 2 trong 2: KHÔNG HỢP LỆ. "));
	buf_done(&t);
	facts_done(&f);
	buf_done(&crl);
}

/* A reader counts people who signed; time stamps are counted apart. */
static void
stamps_on_the_document_are_counted_apart(void)
{
	struct facts f = { .format = "pdf" };
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	add_good_signature(&f, &world.citizen);
	struct signature_fact *s = add_good_signature(&f, &world.tsa);
	add_stamp(s, &world.tsa, NOON - 5);
	s->stamp = true;
	s->timestamps[0].document = true;
	s->timestamps[0].kind = STAMP_DOCUMENT;
	struct buf t = text_of(&f, "basic", LANG_VI, &crl);
	CHECK(has(&t, "Tệp có 1 chữ ký và 1 dấu thời gian trên tài liệu: "));
	CHECK(has(&t, "\nChữ ký 1 trong 1: "));
	CHECK(has(&t, "\nDấu thời gian trên tài liệu 1 trong 1: "));
	buf_done(&t);
	t = text_of(&f, "basic", LANG_EN, &crl);
	CHECK(has(
	    &t, "Signatures in the file: 1, time stamps on the document: 1; "));
	buf_done(&t);
	/* One that is wrong is told, and does not decide. */
	s->timestamps[0].digest = CHECK_FAILED;
	s->references[0].digest = CHECK_FAILED;
	t = text_of(&f, "basic", LANG_EN, &crl);
	CHECK(bytes_starts(buf_bytes(&t), BYTES_LIT("VALID. ")));
	CHECK(has(&t, " The result as a whole is that of the signatures, not "
		      "of the time stamps: Signature 1 of 1.\n"));
	buf_done(&t);
	facts_done(&f);
	buf_done(&crl);
}

static void
what_cannot_be_read_gets_the_third_word_and_its_reason(void)
{
	struct facts f = { .unreadable = "malformed" };
	CHECK_OK(findings_add(
	    &f.findings, true, "pdf-damaged", "%s", "no %%EOF\x1b at 700"));
	struct buf t = text_of(&f, "basic", LANG_VI, NULL);
	CHECK(bytes_starts(buf_bytes(&t),
	    BYTES_LIT("CHƯA XÁC ĐỊNH ĐƯỢC. Tệp PDF bị hỏng hoặc không đúng "
		      "chuẩn.\nViệc cần làm: Chưa sử dụng tệp này. ")));
	CHECK(
	    has(&t, "\nChi tiết kỹ thuật: pdf-damaged: no %%EOF\xef\xbf\xbd"));
	buf_done(&t);
	json_t *o = json_of(&f, "basic", NULL);
	CHECK(is(o, "code", "pdf-damaged"));
	CHECK(is(o, "indication", "INDETERMINATE"));
	json_t *d = json_object_get(o, "document");
	CHECK(is(d, "unreadable", "malformed"));
	CHECK(json_is_null(json_object_get(d, "format")));
	json_decref(o);
	facts_done(&f);
}

/* What our own page shows, for somebody else's. */
static void
lines_for_people_are_those_of_the_text(void)
{
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	CHECK_OK(fact_string(&s->reason, BYTES_LIT("<b>x\x1b</b>")));
	add_good_signature(&f, &world.citizen);
	shown = true;
	json_t *o = json_of(&f, "crypto-only", NULL);
	shown = false;
	json_t *whole = json_object_get(o, "shown");
	CHECK(bytes_starts(bytes_str(json_string_value(json_object_get(
			       json_object_get(whole, "en"), "counts"))),
	    BYTES_LIT("Signatures in the file: 2; ")));
	for (size_t lang = 0; lang < 2; lang++) {
		struct buf t =
		    text_of(&f, "crypto-only", (enum lang)lang, NULL);
		json_t *one =
		    json_array_get(json_object_get(o, "signatures"), 0);
		json_t *said = json_object_get(json_object_get(one, "shown"),
		    lang == LANG_VI ? "vi" : "en");
		json_t *rows = json_object_get(said, "rows");
		CHECK(json_array_size(rows) > 16 &&
		      json_array_size(rows) % 2 == 0);
		for (size_t i = 0; i < json_array_size(rows); i++)
			CHECK(has(
			    &t, json_string_value(json_array_get(rows, i))));
		CHECK(has(
		    &t, json_string_value(json_object_get(said, "heading"))));
		buf_done(&t);
	}
	json_decref(o);
	facts_done(&f);
}

static void
json_is_written_as_jansson_does(void)
{
	static const char text[] =
	    "{\"a\":[],\"b\":{},\"c\":[1,-9223372036854775808,"
	    "9223372036854775807,true,false,null,[[{\"x\":[\"\"]}]]],"
	    "\"k\\\"\\\\\\u0001\":\"\\u0001\\b\\f\\n\\r\\t\\u001f\\u007f/"
	    "\\\"\\\\ ệ \\ud83d\\ude00\"}";
	json_error_t why;
	json_t *o = json_loads(text, 0, &why);
	struct buf out = BUF(4096);
	CHECK(o != NULL);
	CHECK_OK(dump_json(o, &out));
	char *same = json_dumps(o, JSON_INDENT(1));
	CHECK(bytes_eq(buf_bytes(&out), bytes_str(same)));
	free(same);
	json_decref(o);
	o = json_pack("[f]", 0.5);
	CHECK_ERR(dump_json(o, &out), ERR_INTERNAL);
	json_decref(o);
	buf_done(&out);
}

static void
no_signature_is_said_plainly(void)
{
	struct facts f = { .format = "pdf" };
	struct buf t = text_of(&f, "basic", LANG_VI, NULL);
	CHECK(has(&t, "Tệp này không có chữ ký số nào."));
	buf_done(&t);
	json_t *o = json_of(&f, "basic", NULL);
	CHECK(is(o, "code", "no-signature"));
	CHECK(is(o, "result", "indeterminate"));
	CHECK(json_array_size(json_object_get(o, "signatures")) == 0);
	json_decref(o);
	facts_done(&f);
}

static void
json_has_both_languages_and_the_facts(void)
{
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	add_stamp(s, &world.tsa, NOON);
	json_t *o = json_of(&f, "basic", &crl);
	CHECK(is(o, "result", "valid"));
	CHECK(is(json_object_get(o, "sentence"), "vi",
	    message_text("valid", LANG_VI)));
	CHECK(is(json_object_get(o, "sentence"), "en",
	    message_text("valid", LANG_EN)));
	json_t *one = json_array_get(json_object_get(o, "signatures"), 0);
	CHECK(is(one, "signer", "Nguyễn Văn An"));
	json_t *cert = json_object_get(one, "certificate");
	CHECK(is(cert, "state", "in-force"));
	CHECK(is(cert, "serial", "c8"));
	CHECK(is(cert, "not_before", "2026-10-07T08:00:00Z"));
	json_t *time = json_object_get(one, "time");
	CHECK(is(time, "best_from", "time-stamp"));
	CHECK(is(json_object_get(one, "integrity"), "state", "intact"));
	json_decref(o);
	facts_done(&f);
	buf_done(&crl);
}

/* A document brings its own strings; a terminal obeys some, and some turn
 * what stands around them. */
static void
strings_of_documents_cannot_write_the_report(void)
{
	struct facts f = { .format = "pdf" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	CHECK_OK(fact_string(
	    &s->reason, BYTES_LIT("x\n\nHỢP LỆ\x1b[2J\xe2\x80\xae\xff\xc3")));
	struct buf t = text_of(&f, "crypto-only", LANG_VI, NULL);
	CHECK(utf8_valid(buf_bytes(&t)));
	CHECK(bytes_find(buf_bytes(&t), BYTES_LIT("\nHỢP LỆ")) == SIZE_MAX);
	CHECK(bytes_find(buf_bytes(&t), BYTES_LIT("\x1b")) == SIZE_MAX);
	CHECK(bytes_find(buf_bytes(&t), BYTES_LIT("\xe2\x80\xae")) == SIZE_MAX);
	buf_done(&t);
	json_decref(json_of(&f, "crypto-only", NULL));
	facts_done(&f);
}

static void
missing_parts_do_not_stop_a_report(void)
{
	struct facts f = { .format = "xml" };
	struct signature_fact *s;
	CHECK_OK(facts_add_signature(&f, &s));
	for (int lang = LANG_VI; lang <= LANG_EN; lang++) {
		struct buf t = text_of(&f, "basic", (enum lang)lang, NULL);
		CHECK(t.len > 100);
		buf_done(&t);
	}
	json_t *o = json_of(&f, "basic", NULL);
	CHECK(is(o, "code", "signer-certificate-missing"));
	json_decref(o);
	facts_done(&f);
}

static struct buf
page_of(const struct facts *f, enum lang lang, const char *style)
{
	struct verdict v = judge_facts(&world, f, "vn-2025", NOON, NULL);
	static const uint8_t hash[32] = { 0xab };
	const struct report_input in = {
		.verdict = &v, .facts = f, .document_sha256 = hash
	};
	struct buf out = BUF(REPORT_MAX);
	CHECK_OK(report_html(&in, lang, style, &out));
	verdict_done(&v);
	return out;
}

/* Circular 15/2025/TT-BKHCN, article 6: what must be shown at least. */
static void
the_seven_facts_are_told(void)
{
	struct facts f = { .format = "pdf" };
	static const char *const labels[] = { "<dt>Nơi cấp chứng thư</dt>",
		"<dt>Người ký</dt>", "<dt>Tên trên chứng thư</dt>",
		"<dt>Thời điểm ký</dt>", "<dt>Tính toàn vẹn</dt>",
		"<dt>Chứng thư khi kiểm tra</dt>",
		"<dt>Hạn của chứng thư</dt>" };
	add_good_signature(&f, &world.citizen);
	struct buf page = page_of(&f, LANG_VI, "/style.css");
	for (size_t i = 0; i < COUNT_OF(labels); i++)
		CHECK(has(&page, labels[i]));
	CHECK(has(&page, "<html lang=\"vi\">"));
	CHECK(has(&page, "Thông tư 15/2025/TT-BKHCN, "));
	CHECK(has(&page, "href=\"/style.css\""));
	CHECK(bytes_find(buf_bytes(&page), BYTES_LIT("<style>")) == SIZE_MAX);
	buf_done(&page);
	page = page_of(&f, LANG_EN, NULL);
	CHECK(has(&page, "<html lang=\"en\">"));
	CHECK(has(&page, "<style>"));
	buf_done(&page);
	facts_done(&f);
}

static void
strings_of_documents_cannot_write_the_page(void)
{
	struct facts f = { .format = "xml" };
	struct signature_fact *s = add_good_signature(&f, &world.citizen);
	CHECK_OK(fact_string(
	    &s->reason, BYTES_LIT("<script>alert(\"1\")</script>&amp;")));
	CHECK_OK(fact_string(&s->location, BYTES_LIT("\x1b[2J\" onload=x")));
	struct buf page = page_of(&f, LANG_EN, NULL);
	CHECK(has(&page, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;"
			 "&amp;amp;"));
	CHECK(bytes_find(buf_bytes(&page), BYTES_LIT("<script")) == SIZE_MAX);
	CHECK(bytes_find(buf_bytes(&page), BYTES_LIT("\x1b")) == SIZE_MAX);
	buf_done(&page);
	facts_done(&f);
}

static void
the_proof_is_in_json_and_xml(void)
{
	struct facts f = { .format = "pdf" };
	struct buf crl = make_crl(&world.ca, NOON - 100, NULL, 0);
	add_good_signature(&f, &world.citizen);
	json_t *o = json_of(&f, "vn-2025", &crl);
	json_t *s = json_array_get(json_object_get(o, "signatures"), 0);
	json_t *proof = json_object_get(s, "proof");
	bool found = false;
	size_t i;
	json_t *step;
	json_array_foreach(proof, i, step)
	{
		const char *rule =
		    json_string_value(json_object_get(step, "rule"));
		if (strcmp(rule, "revocation") == 0)
			found = json_is_string(json_object_get(step, "status"));
	}
	CHECK(found);
	CHECK(json_is_string(json_object_get(s, "holds_until")));
	json_decref(o);
	struct verdict v = judge_facts(&world, &f, "vn-2025", NOON, &crl);
	const struct report_input in = { .verdict = &v, .facts = &f };
	struct buf out = BUF(REPORT_MAX);
	CHECK_OK(report_etsi(&in, &out));
	CHECK(has(&out, "urn:etsi:019102:mainindication:total-passed"));
	CHECK(has(&out, "urn:signd:rule:revocation"));
	CHECK(has(&out, "VOReference=\"R-"));
	buf_done(&out);
	verdict_done(&v);
	buf_done(&crl);
	facts_done(&f);
}

int
main(void)
{
	load_schema();
	world = make_world();
	RUN(the_clerk_reads_the_sentence_and_the_next_step_first);
	RUN(what_was_changed_is_not_called_a_part);
	RUN(english_says_the_same);
	RUN(unknown_revocation_never_reads_as_valid);
	RUN(several_signatures_are_counted_and_the_worst_leads);
	RUN(stamps_on_the_document_are_counted_apart);
	RUN(what_cannot_be_read_gets_the_third_word_and_its_reason);
	RUN(lines_for_people_are_those_of_the_text);
	RUN(json_is_written_as_jansson_does);
	RUN(no_signature_is_said_plainly);
	RUN(json_has_both_languages_and_the_facts);
	RUN(strings_of_documents_cannot_write_the_report);
	RUN(the_seven_facts_are_told);
	RUN(strings_of_documents_cannot_write_the_page);
	RUN(the_proof_is_in_json_and_xml);
	RUN(missing_parts_do_not_stop_a_report);
	world_done(&world);
	json_decref(schema);
	return DONE();
}
