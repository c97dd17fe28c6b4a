#include "base/nfc.h"
#include "base/encoding.h"
#include "tests/tap.h"

static bool
is_nfc(const char *s)
{
	bool yes = false;
	CHECK_OK(utf8_is_nfc(bytes_str(s), &yes));
	return yes;
}

static void
normal_form_c_is_told_from_others(void)
{
	static const char *const good[] = { "", "Nguy\u1ec5n Th\u1ecb \u00c1nh",
		"\u0110\u1eb7ng \u01af\u1edbc", "\u0416\u0451", "\uac00",
		"\u0e01\u0e34", "\u0915\u093f", "x\u0327\u0301" };
	static const char *const bad[] = { "A\u0301nh", "e\u0302\u0301",
		"\u00ea\u0301", "\u212b", "\u1100\u1161", "\u0958", "\u0340",
		"x\u0301\u0327", "\xc3" };
	for (size_t i = 0; i < COUNT_OF(good); i++)
		CHECK(is_nfc(good[i]));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK(!is_nfc(bad[i]));
}

/* What a keyboard of macOS sends, with stacked marks in both orders, and what
 * others send. */
static void
vietnamese_of_any_form_becomes_one_text(void)
{
	static const struct {
		const char *typed, *nfc;
	} rows[] = {
		{ "e\u0302\u0301", "\u1ebf" },             /* ế */
		{ "\u00ea\u0301", "\u1ebf" },              /* ê and an acute */
		{ "u\u031b\u0303", "\u1eef" },             /* ữ */
		{ "u\u0303\u031b", "\u1eef" },             /* the other order */
		{ "\u0169\u031b", "\u1eef" },              /* ũ and a horn */
		{ "a\u0323\u0306", "\u1eb7" },             /* ặ */
		{ "A\u0306\u0323", "\u1eb6" },             /* Ặ */
		{ "e\u0323\u0302", "\u1ec7" },             /* ệ */
		{ "\u0110o\u0302\u0303", "\u0110\u1ed7" }, /* Đỗ */
		{ "Nguye\u0302\u0303n Thi\u0323 A\u0301nh",
		    "Nguy\u1ec5n Th\u1ecb \u00c1nh" },
		{ "e\u0340", "\u00e8" }, /* an old mark of tone */
		{ "An", "An" },
		{ "", "" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(free_charp) char *s = NULL;
		CHECK_OK(utf8_dup_nfc(bytes_str(rows[i].typed), &s));
		CHECK(strcmp(s, rows[i].nfc) == 0);
		CHECK(is_nfc(s));
	}
}

/* Longer than what is done without allocating, and longer than its source. */
static void
long_texts_and_those_that_grow_are_whole(void)
{
	CLEANUP(buf_done) struct buf in = BUF(100000), out = BUF(100000);
	CLEANUP(buf_done) struct buf small = BUF(100);
	CLEANUP(free_charp) char *s = NULL;
	for (int i = 0; i < 2000; i++)
		CHECK_OK(buf_str(&in, "e\u0302\u0301"));
	CHECK_OK(utf8_to_nfc(buf_bytes(&in), &out));
	CHECK(out.len == 2000 * strlen("\u1ebf") &&
	      bytes_starts(buf_bytes(&out), BYTES_LIT("\u1ebf\u1ebf")));
	CHECK_ERR(utf8_to_nfc(buf_bytes(&in), &small), ERR_LIMIT);
	CHECK_OK(utf8_dup_nfc(BYTES_LIT("\U0001d160\ufb2c\u0390"), &s));
	CHECK(strcmp(s, "\U0001d158\U0001d165\U0001d16e"
			"\u05e9\u05bc\u05c1\u0390") == 0);
}

static void
what_is_no_text_is_refused(void)
{
	static const char *const bad[] = { "\xff", "e\xcc", "\xed\xa0\x80",
		"\xc0\x80", "\xf4\x90\x80\x80" };
	CLEANUP(buf_done) struct buf out = BUF(100);
	CLEANUP(free_charp) char *s = NULL;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK_ERR(utf8_to_nfc(bytes_str(bad[i]), &out), ERR_MALFORMED);
	CHECK(out.len == 0);
	CHECK_ERR(utf8_dup_nfc(BYTES_LIT("a\0b"), &s), ERR_MALFORMED);
	CHECK(s == NULL);
}

int
main(void)
{
	RUN(normal_form_c_is_told_from_others);
	RUN(vietnamese_of_any_form_becomes_one_text);
	RUN(long_texts_and_those_that_grow_are_whole);
	RUN(what_is_no_text_is_refused);
	return DONE();
}
