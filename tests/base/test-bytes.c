#include "tests/tap.h"

static void
slices_never_reach_outside(void)
{
	struct bytes b = BYTES_LIT("abcdef");
	CHECK(bytes_eq_str(bytes_slice(b, 2, 3), "cde"));
	CHECK(bytes_eq_str(bytes_slice(b, 4, 99), "ef"));
	CHECK(bytes_eq_str(bytes_slice(b, 4, SIZE_MAX), "ef"));
	CHECK(bytes_slice(b, 6, 1).len == 0);
	CHECK(bytes_slice(b, SIZE_MAX, SIZE_MAX).len == 0);
	CHECK(bytes_from(b, 0).len == 6);
	CHECK(bytes_from(b, 7).len == 0);
	CHECK(bytes_slice(BYTES_NONE, 0, 1).len == 0);
}

static void
compares_as_memcmp_with_the_shorter_first(void)
{
	CHECK(bytes_cmp(BYTES_LIT("a"), BYTES_LIT("b")) < 0);
	CHECK(bytes_cmp(BYTES_LIT("\xff"), BYTES_LIT("a")) > 0);
	CHECK(bytes_cmp(BYTES_LIT("a"), BYTES_LIT("ab")) < 0);
	CHECK(bytes_cmp(BYTES_LIT("ab"), BYTES_LIT("ab")) == 0);
	CHECK(bytes_cmp(BYTES_NONE, BYTES_NONE) == 0);
	CHECK(bytes_cmp(BYTES_NONE, BYTES_LIT("a")) < 0);
}

static void
equal_means_length_and_content(void)
{
	CHECK(bytes_eq(BYTES_NONE, BYTES_LIT("")));
	CHECK(!bytes_eq(BYTES_LIT("a"), BYTES_LIT("a\0")));
	CHECK(bytes_eq_secret(BYTES_LIT("0123"), BYTES_LIT("0123")));
	CHECK(!bytes_eq_secret(BYTES_LIT("0123"), BYTES_LIT("0124")));
	CHECK(!bytes_eq_secret(BYTES_LIT("0123"), BYTES_LIT("012")));
	CHECK(bytes_eq_secret(BYTES_NONE, BYTES_NONE));
	CHECK(bytes_eq_str(BYTES_NONE, ""));
	CHECK(bytes_str(NULL).len == 0);
}

static void
finds_the_first_and_the_last(void)
{
	struct bytes b = BYTES_LIT("%%EOF..%%EOF");
	CHECK(bytes_find(b, BYTES_LIT("%%EOF")) == 0);
	CHECK(bytes_rfind(b, BYTES_LIT("%%EOF")) == 7);
	CHECK(bytes_find(b, BYTES_LIT("xref")) == SIZE_MAX);
	CHECK(bytes_rfind(b, BYTES_LIT("xref")) == SIZE_MAX);
	CHECK(bytes_find(BYTES_LIT("a"), BYTES_LIT("ab")) == SIZE_MAX);
	CHECK(bytes_rfind(BYTES_NONE, BYTES_LIT("ab")) == SIZE_MAX);
	CHECK(bytes_find(BYTES_NONE, BYTES_NONE) == 0);
	CHECK(bytes_starts(b, BYTES_LIT("%%")));
	CHECK(!bytes_starts(BYTES_LIT("%"), BYTES_LIT("%%")));
	CHECK(bytes_starts(b, BYTES_NONE));
}

static void
dup_str_refuses_a_0_byte(void)
{
	char *s = NULL;
	CHECK_ERR(bytes_dup_str(BYTES_LIT("a\0b"), &s), ERR_MALFORMED);
	CHECK(s == NULL);
	CHECK_OK(bytes_dup_str(BYTES_LIT("ab"), &s));
	CHECK(s != NULL && strcmp(s, "ab") == 0);
	free(s);
	s = NULL;
	CHECK_OK(bytes_dup_str(BYTES_NONE, &s));
	CHECK(s != NULL && *s == '\0');
	free(s);
}

static void
buffer_grows_to_its_maximum_and_not_beyond(void)
{
	struct buf b = BUF(1000);
	for (int i = 0; i < 1000; i++)
		CHECK_OK(buf_byte(&b, (uint8_t)i));
	CHECK_ERR(buf_byte(&b, 0), ERR_LIMIT);
	CHECK_ERR(buf_reserve(&b, SIZE_MAX), ERR_LIMIT);
	CHECK_ERR(buf_fill(&b, 0, SIZE_MAX - 10), ERR_LIMIT);
	CHECK(b.len == 1000 && b.ptr[999] == (uint8_t)999);
	CHECK(b.cap <= 1000);
	buf_done(&b);
	buf_done(&b);
	CHECK(b.max == 1000 && b.ptr == NULL && b.len == 0);
}

static void
buffer_of_0_takes_nothing(void)
{
	struct buf b = BUF(0);
	CHECK_OK(buf_append(&b, BYTES_NONE));
	CHECK_ERR(buf_byte(&b, 1), ERR_LIMIT);
	const char *s = NULL;
	CHECK_OK(buf_cstr(&b, &s));
	CHECK(s != NULL && *s == '\0');
	buf_done(&b);
}

static void
failure_leaves_the_buffer_as_it_was(void)
{
	struct buf b = BUF(8);
	CHECK_OK(buf_str(&b, "12345"));
	CHECK_ERR(buf_str(&b, "6789"), ERR_LIMIT);
	CHECK_ERR(buf_printf(&b, "%d", 123456), ERR_LIMIT);
	CHECK(bytes_eq_str(buf_bytes(&b), "12345"));
	buf_done(&b);
}

static void
cstr_has_room_for_its_0_even_when_full(void)
{
	struct buf b = BUF(4);
	const char *s = NULL;
	CHECK_OK(buf_str(&b, "1234"));
	CHECK_OK(buf_cstr(&b, &s));
	CHECK(strcmp(s, "1234") == 0);
	CHECK(b.len == 4);
	buf_done(&b);
}

static void
printf_appends_and_fill_fills(void)
{
	struct buf b = BUF(64);
	CHECK_OK(buf_str(&b, "a"));
	CHECK_OK(buf_printf(&b, "-%s-%03d", "b", 7));
	CHECK_OK(buf_printf(&b, "%s%s", "", ""));
	CHECK_OK(buf_printf(&b, "%%"));
	CHECK(b.ptr[b.len - 1] == '%');
	b.len--;
	CHECK_OK(buf_fill(&b, '0', 3));
	CHECK(bytes_eq_str(buf_bytes(&b), "a-b-007000"));
	buf_clear(&b);
	CHECK(b.len == 0 && b.max == 64);
	buf_done(&b);
}

static void
move_leaves_an_empty_buffer_behind(void)
{
	struct buf a = BUF(16);
	CHECK_OK(buf_str(&a, "abc"));
	struct buf b = buf_move(&a);
	CHECK(a.ptr == NULL && a.len == 0 && a.max == 16);
	CHECK(bytes_eq_str(buf_bytes(&b), "abc"));
	CHECK_OK(buf_str(&a, "again"));
	buf_done(&a);
	buf_done(&b);
}

static void
secrets_are_copied_and_done_twice(void)
{
	struct secret s = { 0 };
	CHECK_OK(secret_copy(&s, BYTES_LIT("123456")));
	CHECK(bytes_eq_str(secret_bytes(&s), "123456"));
	secret_done(&s);
	secret_done(&s);
	CHECK(s.ptr == NULL && s.len == 0);
	CHECK_OK(secret_init(&s, 0));
	CHECK(s.ptr != NULL && secret_bytes(&s).len == 0);
	secret_done(&s);
	wipe(NULL, 0);
	char pin[] = "123456";
	wipe(pin, sizeof(pin));
	for (size_t i = 0; i < sizeof(pin); i++)
		CHECK(pin[i] == 0);
}

int
main(void)
{
	RUN(slices_never_reach_outside);
	RUN(compares_as_memcmp_with_the_shorter_first);
	RUN(equal_means_length_and_content);
	RUN(finds_the_first_and_the_last);
	RUN(dup_str_refuses_a_0_byte);
	RUN(buffer_grows_to_its_maximum_and_not_beyond);
	RUN(buffer_of_0_takes_nothing);
	RUN(failure_leaves_the_buffer_as_it_was);
	RUN(cstr_has_room_for_its_0_even_when_full);
	RUN(printf_appends_and_fill_fills);
	RUN(move_leaves_an_empty_buffer_behind);
	RUN(secrets_are_copied_and_done_twice);
	return DONE();
}
