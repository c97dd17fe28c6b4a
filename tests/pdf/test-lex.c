/* pdf/lex.c, pdf/parse.c: tokens and objects. */
#include "pdf/lex.h"

#include "tests/tap.h"

static struct pdf_arena arena;

static struct err *
parse(const char *text, struct pdf_obj *out)
{
	struct pdf_lex l = { .in = bytes_str(text) };
	return pdf_parse(&l, &arena, false, out);
}

static bool
refuses(const char *text)
{
	struct pdf_obj o;
	struct err *e = parse(text, &o);
	bool refused = e != NULL && err_kind(e) == ERR_MALFORMED;
	if (!refused)
		printf("# not refused: %s\n", text);
	err_free(e);
	return refused;
}

static bool
text_is(const char *in, enum pdf_type type, struct bytes want)
{
	struct pdf_obj o = { 0 };
	CHECK_OK(parse(in, &o));
	return o.type == type && bytes_eq(o.text, want);
}

static bool
int_is(const char *in, int64_t want)
{
	struct pdf_obj o = { 0 };
	CHECK_OK(parse(in, &o));
	return o.type == PDF_INT && o.integer == want;
}

static void
reads_numbers(void)
{
	CHECK(int_is("0", 0));
	CHECK(int_is("+17", 17));
	CHECK(int_is("-98", -98));
	CHECK(int_is("007", 7));
	CHECK(text_is("4.", PDF_REAL, BYTES_LIT("4.")));
	CHECK(text_is("-.002", PDF_REAL, BYTES_LIT("-.002")));
	CHECK(text_is("99999999999999999999", PDF_REAL,
	    BYTES_LIT("99999999999999999999")));
	CHECK(refuses("--5"));
	CHECK(refuses("1.2.3"));
	CHECK(refuses("12-3"));
	CHECK(refuses("1e5"));
	CHECK(refuses("."));
	CHECK(refuses("+"));
}

static void
reads_strings(void)
{
	CHECK(text_is("(abc)", PDF_STRING, BYTES_LIT("abc")));
	CHECK(text_is("(a(b)c)", PDF_STRING, BYTES_LIT("a(b)c")));
	CHECK(text_is("(a\\)\\(\\\\)", PDF_STRING, BYTES_LIT("a)(\\")));
	CHECK(text_is(
	    "(\\n\\r\\t\\b\\f\\q)", PDF_STRING, BYTES_LIT("\n\r\t\b\fq")));
	CHECK(text_is("(\\53\\0533\\5x)", PDF_STRING, BYTES_LIT("++3\005x")));
	CHECK(text_is("(a\\\r\nb\r\nc\rd)", PDF_STRING, BYTES_LIT("ab\nc\nd")));
	CHECK(text_is("<48 65\n6C6c6F7>", PDF_STRING, BYTES_LIT("Hellop")));
	CHECK(text_is("()", PDF_STRING, BYTES_LIT("")));
	CHECK(text_is("<>", PDF_STRING, BYTES_LIT("")));
	CHECK(refuses("(abc"));
	CHECK(refuses("(abc\\"));
	CHECK(refuses("<4x>"));
	CHECK(refuses("<48"));
}

static int
digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}

/* Many digits are taken at once: at each length, and whatever stands at each
 * place among them, it comes to the same as one after the other. */
static void
reads_long_hexadecimal_strings(void)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	for (size_t len = 0; len < 70; len++) {
		char text[80] = "<";
		uint8_t want[40] = { 0 };
		for (size_t i = 0; i < len; i++) {
			char c = digits[(i * 7 + len) % 22];
			text[1 + i] = c;
			want[i / 2] |= (uint8_t)(digit(c) << (i % 2 ? 0 : 4));
		}
		text[1 + len] = '>';
		CHECK(text_is(text, PDF_STRING, bytes_of(want, (len + 1) / 2)));
	}
	for (size_t at = 0; at < 40; at++)
		for (int c = 1; c < 256; c++) {
			char text[] =
			    "<0123456789abcdefABCDEF0123456789abcdefABCD>";
			text[1 + at] = (char)c;
			if (c == '>')
				continue;
			bool space = c == ' ' || c == '\t' || c == '\n' ||
				     c == '\f' || c == '\r';
			struct pdf_obj o = { 0 };
			struct err *e = parse(text, &o);
			CHECK((e == NULL) == (space || digit((char)c) >= 0));
			if (e == NULL && !space)
				CHECK((o.text.ptr[at / 2] >> (at % 2 ? 0 : 4) &
					  0x0f) == digit((char)c));
			err_free(e);
		}
}

static void
reads_names(void)
{
	CHECK(text_is("/Name", PDF_NAME, BYTES_LIT("Name")));
	CHECK(text_is("/A#20B#42", PDF_NAME, BYTES_LIT("A BB")));
	CHECK(text_is("/ ", PDF_NAME, BYTES_LIT("")));
	CHECK(text_is("/A#", PDF_NAME, BYTES_LIT("A#")));
	CHECK(text_is("/A#4", PDF_NAME, BYTES_LIT("A#4")));
	CHECK(text_is("/A#4Z", PDF_NAME, BYTES_LIT("A#4Z")));
}

static void
tells_references_from_numbers(void)
{
	struct pdf_obj o = { 0 };
	CHECK_OK(parse("[1 2 3 0 R 4 5 6 R]", &o));
	CHECK(pdf_array_len(&o) == 5);
	CHECK(pdf_array_at(&o, 2)->type == PDF_REF);
	CHECK(pdf_array_at(&o, 2)->ref.num == 3);
	CHECK(pdf_array_at(&o, 4)->type == PDF_REF);
	CHECK(pdf_array_at(&o, 4)->ref.gen == 6);
	CHECK_OK(parse("[1 0]", &o));
	CHECK(pdf_array_len(&o) == 2);
	CHECK(refuses("[1 0 RG]"));
	CHECK(refuses("[-1 0 R]"));
	CHECK(refuses("[8388608 0 R]"));
	CHECK(refuses("[1 65536 R]"));
	CHECK(refuses("[R]"));
}

static void
reads_dictionaries_with_spans(void)
{
	struct pdf_obj o = { 0 };
	CHECK_OK(parse("%x\n<</A 1/B[true null]%c\r/C<</D(x)>>>>", &o));
	CHECK(o.type == PDF_DICT && !o.duplicate);
	CHECK(pdf_dict_len(&o) == 3);
	CHECK(o.at == 3 && o.end == 38);
	const struct pdf_obj *c = pdf_dict_raw(&o, "C");
	CHECK(pdf_dict_raw(c, "D")->at == 31);
	CHECK(pdf_dict_raw(c, "D")->end == 34);
	CHECK(pdf_is(pdf_dict_raw(&o, "E"), PDF_NULL));
	CHECK(refuses("<</A>>"));
	CHECK(refuses("<<1 2>>"));
	CHECK(refuses("<</A 1"));
	CHECK(refuses("[1"));
	CHECK(refuses("]"));
	CHECK(refuses("<</A 1>"));
	CHECK(refuses(""));
	CHECK(refuses("{}"));
}

static void
notes_a_key_twice(void)
{
	struct pdf_obj o = { 0 };
	CHECK_OK(parse("<</A 1/#41 2>>", &o));
	CHECK(o.duplicate);
	CHECK(pdf_dict_raw(&o, "A")->integer == 2);
	/* Long dictionaries are looked through in another way. */
	char text[1024] = "<<", key[16];
	for (int i = 0; i < 40; i++) {
		snprintf(key, sizeof(key), "/K%d 1", i);
		strcat(text, key);
	}
	size_t len = strlen(text);
	strcat(text, ">>");
	CHECK_OK(parse(text, &o));
	CHECK(!o.duplicate);
	strcpy(text + len, "/K17 2>>");
	CHECK_OK(parse(text, &o));
	CHECK(o.duplicate);
}

static void
refuses_deep_nesting(void)
{
	char text[4096];
	struct pdf_obj o = { 0 };
	memset(text, '[', PDF_DEPTH_MAX);
	memset(text + PDF_DEPTH_MAX, ']', PDF_DEPTH_MAX);
	text[2 * PDF_DEPTH_MAX] = '\0';
	CHECK_OK(parse(text, &o));
	memset(text, '[', PDF_DEPTH_MAX + 1);
	CHECK_ERR(parse(text, &o), ERR_LIMIT);
	memset(text, '[', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CHECK_ERR(parse(text, &o), ERR_LIMIT);
}

static void
stops_when_steps_or_memory_are_used_up(void)
{
	struct pdf_budget b = { .steps = 10, .memory = 1 << 20 };
	CLEANUP(pdf_arena_done) struct pdf_arena a = PDF_ARENA(&b);
	struct pdf_obj o;
	struct pdf_lex l = { .in = BYTES_LIT("[1 2 3 4 5 6 7 8 9 10 11]"),
		.budget = &b };
	CHECK_ERR(pdf_parse(&l, &a, false, &o), ERR_LIMIT);
	struct pdf_budget small = { .steps = 1000, .memory = 100 };
	CLEANUP(pdf_arena_done) struct pdf_arena s = PDF_ARENA(&small);
	l = (struct pdf_lex){ .in = BYTES_LIT("[1 2 3]"), .budget = &small };
	CHECK_ERR(pdf_parse(&l, &s, false, &o), ERR_LIMIT);
}

static struct err *
indirect(const char *text, struct pdf_indirect *out)
{
	return pdf_parse_indirect(bytes_str(text), 0, &arena, NULL, out);
}

static bool
refuses_indirect(const char *text)
{
	struct pdf_indirect i;
	struct err *e = indirect(text, &i);
	bool refused = e != NULL && err_kind(e) == ERR_MALFORMED;
	err_free(e);
	return refused;
}

static void
reads_indirect_objects(void)
{
	struct pdf_indirect i = { 0 };
	CHECK_OK(indirect("12 3 obj<</A 1>>endobj x", &i));
	CHECK(i.ref.num == 12 && i.ref.gen == 3 && i.end == 22);
	CHECK(refuses_indirect("12 3 obj 1"));
	CHECK(refuses_indirect("12 obj 1 endobj"));
	CHECK(refuses_indirect("   12 3 obj 1 endobj"));
	CHECK(refuses_indirect("obj 1 endobj"));
	CHECK(refuses_indirect("1 0 obj 1 2 endobj"));
}

static void
reads_streams_of_exact_length(void)
{
	struct pdf_indirect i = { 0 };
	CHECK_OK(indirect("1 0 obj<</Length 3>>stream\r\nabc\nendstream\n"
			  "endobj",
	    &i));
	CHECK(i.obj.type == PDF_STREAM);
	CHECK(bytes_eq_str(i.obj.stream->raw, "abc"));
	CHECK(i.obj.stream->at == 28);
	CHECK_OK(
	    indirect("1 0 obj<</Length 3>>stream\nabcendstream endobj", &i));
	CHECK(refuses_indirect("1 0 obj<</Length 2>>stream\nabc\nendstream\n"
			       "endobj"));
	CHECK(refuses_indirect("1 0 obj<</Length 9>>stream\nabc\nendstream\n"
			       "endobj"));
	CHECK(refuses_indirect("1 0 obj<</Length -1>>stream\nabc\nendstream\n"
			       "endobj"));
	CHECK(refuses_indirect("1 0 obj<</Length 99999999999>>stream\nabc\n"
			       "endstream\nendobj"));
	CHECK(refuses_indirect("1 0 obj<<>>stream\nabc\nendstream\nendobj"));
	CHECK(refuses_indirect("1 0 obj<</Length 3>>stream\rabc\nendstream\n"
			       "endobj"));
	CHECK(refuses_indirect("1 0 obj<</Length 3>>stream\nabc\nendstreams\n"
			       "endobj"));
}

static bool
equal(const char *a, const char *b)
{
	struct pdf_obj x = { 0 }, y = { 0 };
	CHECK_OK(parse(a, &x));
	CHECK_OK(parse(b, &y));
	return pdf_equal(&x, &y);
}

static void
compares_values_and_not_spelling(void)
{
	CHECK(equal("<</A 1/B(x)>>", "<< /B <78> /#41 1 >>"));
	CHECK(!equal("<</A 1/B(x)>>", "<</A 1/B(y)>>"));
	CHECK(!equal("<</A 1>>", "<</A 1/B 2>>"));
	CHECK(!equal("<</A 1/A 1>>", "<</A 1/A 1>>"));
	CHECK(equal("[1 0 R]", "[1 0 R]"));
	CHECK(!equal("[1 0 R]", "[1 1 R]"));
	CHECK(!equal("[1 2]", "[2 1]"));
	CHECK(!equal("1", "1."));
}

/* Objects inside the comment of an object: each is read to the end. */
static void
comments_that_are_read_again_cost_steps(void)
{
	CLEANUP(buf_done) struct buf b = BUF(1 << 20);
	for (int i = 0; i < 10000; i++)
		CHECK_OK(buf_str(&b, "1 0 obj 1 %"));
	CHECK_OK(buf_str(&b, "\nendobj"));
	struct pdf_budget budget = { .steps = 1 << 20, .memory = 1 << 20 };
	CLEANUP(pdf_arena_done) struct pdf_arena a = PDF_ARENA(&budget);
	struct pdf_indirect o;
	struct err *e = NULL;
	int read = 0;
	for (; e == NULL && read < 10000; read++)
		e = pdf_parse_indirect(
		    buf_bytes(&b), (size_t)read * 11, &a, NULL, &o);
	CHECK_ERR(e, ERR_LIMIT);
	CHECK(read < 1000);
}

int
main(void)
{
	RUN(reads_numbers);
	RUN(reads_strings);
	RUN(reads_long_hexadecimal_strings);
	RUN(reads_names);
	RUN(tells_references_from_numbers);
	RUN(reads_dictionaries_with_spans);
	RUN(notes_a_key_twice);
	RUN(refuses_deep_nesting);
	RUN(stops_when_steps_or_memory_are_used_up);
	RUN(reads_indirect_objects);
	RUN(reads_streams_of_exact_length);
	RUN(compares_values_and_not_spelling);
	RUN(comments_that_are_read_again_cost_steps);
	pdf_arena_done(&arena);
	return DONE();
}
