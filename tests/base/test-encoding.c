#include "tests/tap.h"

typedef struct err *coder(struct bytes in, struct buf *out);

static bool
gives(coder *code, const char *in, const char *expected)
{
	/* Exactly as large as the result: no coder may want more. */
	struct buf out = BUF(strlen(expected));
	struct err *e = code(bytes_str(in), &out);
	bool same = e == NULL && bytes_eq_str(buf_bytes(&out), expected);
	if (!same)
		printf("# '%s': %s\n", in, e != NULL ? err_text(e) : "other");
	err_free(e);
	buf_done(&out);
	return same;
}

static bool
refuses(coder *code, struct bytes in)
{
	struct buf out = BUF(100);
	bool began = buf_append(&out, BYTES_LIT("kept")) == NULL;
	struct err *e = code(in, &out);
	bool refused = began && e != NULL && err_kind(e) == ERR_MALFORMED &&
		       bytes_eq_str(buf_bytes(&out), "kept");
	err_free(e);
	buf_done(&out);
	return refused;
}

static void
hex_goes_both_ways(void)
{
	CHECK(gives(hex_encode, "", ""));
	CHECK(gives(hex_encode, "\x01\xab\xff", "01abff"));
	CHECK(gives(hex_decode, "6162AfaF", "ab\xaf\xaf"));
	CHECK(refuses(hex_decode, BYTES_LIT("abc")));
	CHECK(refuses(hex_decode, BYTES_LIT("abcg")));
	CHECK(refuses(hex_decode, BYTES_LIT("ab cd ")));
	CHECK(refuses(hex_decode, BYTES_LIT("a\0")));
}

static void
base64_gives_the_values_of_rfc_4648_10(void)
{
	static const char *const rows[][2] = { { "", "" }, { "f", "Zg==" },
		{ "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CHECK(gives(base64_encode, rows[i][0], rows[i][1]));
		CHECK(gives(base64_decode, rows[i][1], rows[i][0]));
		CHECK(gives(base64_decode_ws, rows[i][1], rows[i][0]));
	}
}

static void
base64_is_strict(void)
{
	static const char *const bad[] = { "Z", "Zg",
		"Zg=", "Zg===", "Z===", "====", "=", "Zm9v=", "Zm9v==",
		"Zm9v====", "Zh==", "Zm9=", "Zg==Zg==", "Zg=a", "Zm 9v",
		"Zm9v\n", "Zm-_", "Zm9v!", "Zg" };
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK(refuses(base64_decode, bytes_str(bad[i])));
	CHECK(refuses(base64_decode, BYTES_LIT("Zm9\0")));
}

static void
base64_with_white_space_is_strict_in_the_rest(void)
{
	CHECK(gives(base64_decode_ws, " Zm\r\n9v\tYg = =\n", "foob"));
	CHECK(gives(base64_decode_ws, " \n", ""));
	CHECK(refuses(base64_decode_ws, BYTES_LIT("Zm\f9v")));
	CHECK(refuses(base64_decode_ws, BYTES_LIT("Zm9v Y")));
	CHECK(refuses(base64_decode_ws, BYTES_LIT("Zg= =Zg==")));
}

static void
base64url_has_no_padding_either_way(void)
{
	CHECK(gives(base64url_encode, "\xfb\xff\xfe", "-__-"));
	CHECK(gives(base64url_encode, "f", "Zg"));
	CHECK(gives(base64url_decode, "-__-", "\xfb\xff\xfe"));
	CHECK(gives(base64url_decode, "Zm8", "fo"));
	CHECK(refuses(base64url_decode, BYTES_LIT("Zg==")));
	CHECK(refuses(base64url_decode, BYTES_LIT("Zh")));
	CHECK(refuses(base64url_decode, BYTES_LIT("+/+/")));
	CHECK(refuses(base64url_decode, BYTES_LIT("Zm9vY")));
}

static void
decoders_name_the_limit_before_they_write(void)
{
	struct buf out = BUF(2);
	CHECK_ERR(base64_decode(BYTES_LIT("Zm9v"), &out), ERR_LIMIT);
	CHECK_ERR(hex_decode(BYTES_LIT("010203"), &out), ERR_LIMIT);
	CHECK_ERR(hex_encode(BYTES_LIT("ab"), &out), ERR_LIMIT);
	CHECK_ERR(base64_encode(BYTES_LIT("a"), &out), ERR_LIMIT);
	CHECK(out.len == 0);
	buf_done(&out);
}

static void
every_byte_survives_every_encoding(void)
{
	uint8_t all[259];
	for (size_t len = 0; len <= sizeof(all); len++) {
		for (size_t i = 0; i < len; i++)
			all[i] = (uint8_t)(i * 37 + len);
		coder *const pairs[][2] = { { hex_encode, hex_decode },
			{ base64_encode, base64_decode },
			{ base64_encode, base64_decode_ws },
			{ base64url_encode, base64url_decode } };
		for (size_t p = 0; p < COUNT_OF(pairs); p++) {
			struct buf there = BUF(1000);
			struct buf back = BUF(len);
			struct bytes in = bytes_of(all, len);
			CHECK_OK(pairs[p][0](in, &there));
			CHECK_OK(pairs[p][1](buf_bytes(&there), &back));
			CHECK(bytes_eq(buf_bytes(&back), in));
			buf_done(&there);
			buf_done(&back);
		}
	}
}

static void
utf8_is_the_shortest_form_without_surrogates(void)
{
	CHECK(utf8_valid(BYTES_NONE));
	CHECK(utf8_valid(BYTES_LIT("Nguy\xe1\xbb\x85n")));
	CHECK(utf8_valid(BYTES_LIT("\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf")));
	CHECK(utf8_valid(BYTES_LIT("\0")));
	static const char *const bad[] = { "\x80", "\xc0\x80", "\xc1\xbf",
		"\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xff", "\xc3", "\xe1\xbb", "\xf0\x9f\x98", "\xc3(",
		"\xe1\xbb(", "a\xfe" };
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK(!utf8_valid(bytes_str(bad[i])));
	/* ASCII is taken by eights: what is bad is found wherever it stands. */
	for (size_t at = 0; at < 40; at++) {
		char text[41];
		memset(text, 'a', sizeof(text));
		CHECK(utf8_valid(bytes_of(text, at)));
		text[at] = '\xc3';
		CHECK(!utf8_valid(bytes_of(text, at + 1)));
		CHECK(!utf8_valid(bytes_of(text, sizeof(text))));
	}
}

static void
printable_text_hides_nothing(void)
{
	CHECK(utf8_printable(BYTES_LIT("Th\xc3\xa0nh ph\xe1\xbb\x91 (1)")));
	CHECK(utf8_printable(BYTES_LIT("")));
	static const char *const bad[] = { "a\nb", "\x1b[31m", "\x7f",
		"\xc2\x85", "\xc2\xad", "\xd8\x9c", "\xe2\x80\x8b",
		"\xe2\x80\xae", "\xe2\x80\xa8", "\xe2\x81\xa0", "\xe2\x81\xa6",
		"\xef\xbb\xbf", "\xf3\xa0\x81\x81", "\xff" };
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK(!utf8_printable(bytes_str(bad[i])));
	CHECK(!utf8_printable(BYTES_LIT("a\0")));
}

static void
what_is_not_printable_is_escaped_for_a_reader(void)
{
	static const struct {
		struct bytes in;
		const char *out;
	} rows[] = {
		{ BYTES_LIT("Th\xe1\xba\xbb \xf0\x9f\x94\x91"),
		    "Th\xe1\xba\xbb \xf0\x9f\x94\x91" },
		{ BYTES_LIT("\033[2J\r\n"), "\\x1b[2J\\x0d\\x0a" },
		{ BYTES_LIT("a\xff\xc3"), "a\\xff\\xc3" },
		{ BYTES_LIT("\xe2\x80\xae"
			    "b\0"),
		    "\\xe2\\x80\\xaeb\\x00" },
		{ BYTES_LIT("a\\b"), "a\\x5cb" },
		{ BYTES_LIT(""), "" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(buf_done) struct buf b = BUF(256);
		CHECK_OK(utf8_escape(rows[i].in, &b));
		CHECK(bytes_eq_str(buf_bytes(&b), rows[i].out));
		CHECK(utf8_printable(buf_bytes(&b)));
	}
	CLEANUP(buf_done) struct buf small = BUF(3);
	CHECK_ERR(utf8_escape(BYTES_LIT("\x01"), &small), ERR_LIMIT);
}

int
main(void)
{
	RUN(hex_goes_both_ways);
	RUN(what_is_not_printable_is_escaped_for_a_reader);
	RUN(base64_gives_the_values_of_rfc_4648_10);
	RUN(base64_is_strict);
	RUN(base64_with_white_space_is_strict_in_the_rest);
	RUN(base64url_has_no_padding_either_way);
	RUN(decoders_name_the_limit_before_they_write);
	RUN(every_byte_survives_every_encoding);
	RUN(utf8_is_the_shortest_form_without_surrogates);
	RUN(printable_text_hides_nothing);
	return DONE();
}
