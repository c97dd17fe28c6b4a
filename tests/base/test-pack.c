#include "base/messages.h"
#include "base/pack.h"
#include "tests/tap.h"

static void
fields_come_back_in_their_order(void)
{
	struct buf b = BUF(1000);
	CHECK_OK(pack_u64(&b, 1, UINT64_MAX));
	CHECK_OK(pack_i64(&b, 2, TIME_NONE));
	CHECK_OK(pack_str(&b, 3, "An"));
	CHECK_OK(pack_bytes(&b, 4, BYTES_LIT("a\0b")));
	CHECK_OK(pack_str(&b, 5, NULL));
	struct unpack u = unpack_of(buf_bytes(&b));
	uint64_t n = 0;
	int64_t i = 0;
	char *s = NULL;
	struct bytes raw = BYTES_NONE;
	struct bytes none = BYTES_LIT("x");
	CHECK(unpack_is(&u, 1) && !unpack_is(&u, 2));
	CHECK_OK(unpack_u64(&u, 1, &n));
	CHECK_OK(unpack_i64(&u, 2, &i));
	CHECK_OK(unpack_str(&u, 3, &s));
	CHECK_OK(unpack_bytes(&u, 4, &raw));
	CHECK_ERR(unpack_end(&u), ERR_MALFORMED);
	CHECK_OK(unpack_bytes(&u, 5, &none));
	CHECK_OK(unpack_end(&u));
	CHECK(!unpack_is(&u, 6));
	CHECK(n == UINT64_MAX && i == TIME_NONE && strcmp(s, "An") == 0);
	CHECK(bytes_eq(raw, BYTES_LIT("a\0b")) && none.len == 0);
	free(s);
	buf_done(&b);
}

static void
bytes_on_the_wire_are_as_the_page_says(void)
{
	struct buf b = BUF(100);
	CHECK_OK(pack_u64(&b, 0x0102, 0x0304));
	CHECK(bytes_eq(
	    buf_bytes(&b), BYTES_LIT("\1\2\0\0\0\10\0\0\0\0\0\0\3\4")));
	buf_done(&b);
}

static void
another_tag_is_refused_and_nothing_moves(void)
{
	struct buf b = BUF(100);
	CHECK_OK(pack_str(&b, 7, "x"));
	struct unpack u = unpack_of(buf_bytes(&b));
	struct bytes raw;
	uint64_t n = 5;
	char *s = NULL;
	CHECK_ERR(unpack_bytes(&u, 8, &raw), ERR_MALFORMED);
	CHECK_ERR(unpack_u64(&u, 7, &n), ERR_MALFORMED);
	CHECK_OK(unpack_str(&u, 7, &s));
	CHECK(n == 5);
	CHECK_ERR(unpack_bytes(&u, 7, &raw), ERR_MALFORMED);
	free(s);
	buf_done(&b);
}

static void
every_cut_is_refused(void)
{
	struct buf b = BUF(100);
	CHECK_OK(pack_str(&b, 7, "hello"));
	for (size_t len = 0; len < b.len; len++) {
		/* A copy, so that a sanitizer sees one byte too many. */
		uint8_t *cut = malloc(len + 1);
		memcpy(cut, b.ptr, len);
		struct unpack u = unpack_of(bytes_of(cut, len));
		struct bytes raw = BYTES_NONE;
		CHECK_ERR(unpack_bytes(&u, 7, &raw), ERR_MALFORMED);
		free(cut);
	}
	buf_done(&b);
}

static void
a_length_of_four_gigabytes_is_refused(void)
{
	struct unpack u = unpack_of(BYTES_LIT("\0\1\xff\xff\xff\xffxyz"));
	struct bytes raw = BYTES_NONE;
	CHECK_ERR(unpack_bytes(&u, 1, &raw), ERR_MALFORMED);
	CHECK(u.rest.len == 9);
}

static void
text_must_be_utf8_without_0(void)
{
	static const struct bytes bad[] = { BYTES_LIT("a\0"), BYTES_LIT("\xff"),
		BYTES_LIT("\xe1\xbb") };
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct buf b = BUF(100);
		char *s = NULL;
		CHECK_OK(pack_bytes(&b, 1, bad[i]));
		struct unpack u = unpack_of(buf_bytes(&b));
		CHECK_ERR(unpack_str(&u, 1, &s), ERR_MALFORMED);
		CHECK(s == NULL && unpack_is(&u, 1));
		buf_done(&b);
	}
}

static struct err *
through_the_wire(struct err *e)
{
	struct buf b = BUF(4096);
	CHECK_OK(err_pack(e, &b));
	err_free(e);
	e = err_unpack(buf_bytes(&b));
	buf_done(&b);
	return e;
}

static void
errors_keep_kind_code_text_and_clause(void)
{
	struct err *e = err_new(ERR_DENIED, "RFC 5280 4.1", "no such purpose");
	e = through_the_wire(err_coded(e, "record-field"));
	CHECK(err_kind(e) == ERR_DENIED);
	CHECK(strcmp(err_code(e), "record-field") == 0);
	CHECK(strcmp(err_text(e), "no such purpose (RFC 5280 4.1)") == 0);
	/* Its own copy, as the message is gone by now. */
	CHECK(err_code(e) == message_find("record-field")->code);
	err_free(e);
}

static void
an_error_that_quotes_half_a_character_keeps_its_kind(void)
{
	char text[600];
	memset(text, 'a', 510);
	memcpy(text + 510, "\xe1\xbb\x85", 4);
	struct err *e = through_the_wire(err_new(ERR_LIMIT, NULL, "%s", text));
	CHECK(err_kind(e) == ERR_LIMIT);
	err_free(e);
	e = through_the_wire(err_new(ERR_LIMIT, NULL, "\xff"));
	CHECK(err_kind(e) == ERR_LIMIT);
	err_free(e);
}

static void
an_unknown_code_falls_back_to_the_kind(void)
{
	struct err *e = err_new(ERR_REMOTE, NULL, "x");
	e = through_the_wire(err_coded(e, "no-such-code"));
	CHECK(strcmp(err_code(e), "remote") == 0);
	err_free(e);
}

static void
damage_is_an_error_too(void)
{
	CHECK_ERR(err_unpack(BYTES_NONE), ERR_MALFORMED);
	struct buf b = BUF(100);
	CHECK_OK(pack_u64(&b, 1, 99));
	CHECK_OK(pack_str(&b, 2, "x"));
	CHECK_OK(pack_str(&b, 3, "x"));
	CHECK_ERR(err_unpack(buf_bytes(&b)), ERR_MALFORMED);
	buf_done(&b);
}

int
main(void)
{
	RUN(fields_come_back_in_their_order);
	RUN(bytes_on_the_wire_are_as_the_page_says);
	RUN(another_tag_is_refused_and_nothing_moves);
	RUN(every_cut_is_refused);
	RUN(a_length_of_four_gigabytes_is_refused);
	RUN(text_must_be_utf8_without_0);
	RUN(errors_keep_kind_code_text_and_clause);
	RUN(an_error_that_quotes_half_a_character_keeps_its_kind);
	RUN(an_unknown_code_falls_back_to_the_kind);
	RUN(damage_is_an_error_too);
	return DONE();
}
