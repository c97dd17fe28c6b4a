/* The few steps into DER: certs/der.c. */
#include "certs/der.h"

#include "tests/tap.h"

#include <string.h>

static void
takes_one_element_and_leaves_the_rest(void)
{
	struct bytes rest = BYTES_LIT("\x30\x03\x02\x01\x05\x05");
	struct bytes whole, content;
	CHECK_OK(der_take(&rest, DER_SEQUENCE, &whole, &content));
	CHECK(whole.len == 5 && content.len == 3 && rest.len == 1);
	CHECK_OK(der_take(&content, DER_INTEGER, NULL, &whole));
	CHECK(whole.len == 1 && whole.ptr[0] == 5 && content.len == 0);
	CHECK_ERR(der_take(&content, DER_INTEGER, NULL, NULL), ERR_MALFORMED);
}

static void
a_length_has_one_form(void)
{
	static uint8_t big[70000];
	static const struct {
		uint8_t head[5];
		size_t n, len;
		bool ok;
	} rows[] = {
		{ { 0x04, 0x7f }, 2, 0x7f, true },
		{ { 0x04, 0x81, 0x7f }, 3, 0x7f, false },
		{ { 0x04, 0x81, 0x80 }, 3, 0x80, true },
		{ { 0x04, 0x82, 0x00, 0x80 }, 4, 0x80, false },
		{ { 0x04, 0x81, 0xff }, 3, 0xff, true },
		{ { 0x04, 0x82, 0x01, 0x00 }, 4, 0x100, true },
		{ { 0x04, 0x83, 0x00, 0x01, 0x00 }, 5, 0x100, false },
		{ { 0x04, 0x82, 0xff, 0xff }, 4, 0xffff, true },
		{ { 0x04, 0x83, 0x01, 0x00, 0x00 }, 5, 0x10000, true },
		{ { 0x04, 0x80 }, 2, 0, false }, /* indefinite */
		{ { 0x04, 0x81, 0x00 }, 3, 0, false },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		memcpy(big, rows[i].head, rows[i].n);
		struct bytes rest = bytes_of(big, rows[i].n + rows[i].len);
		struct bytes content = BYTES_NONE;
		struct err *e =
		    der_take(&rest, DER_OCTET_STRING, NULL, &content);
		CHECK((e == NULL) == rows[i].ok);
		CHECK(
		    e != NULL || (content.len == rows[i].len && rest.len == 0));
		CHECK(e == NULL || err_kind(e) == ERR_MALFORMED);
		err_free(e);
	}
}

static void
what_is_put_is_taken(void)
{
	static const uint8_t zeros[70000];
	static const size_t lens[] = { 0, 1, 127, 128, 255, 256, 65535, 65536 };
	for (size_t i = 0; i < COUNT_OF(lens); i++) {
		CLEANUP(buf_done) struct buf b = BUF(80000);
		CHECK_OK(
		    der_put(&b, DER_OCTET_STRING, bytes_of(zeros, lens[i])));
		struct bytes rest = buf_bytes(&b), content;
		CHECK_OK(der_take(&rest, DER_OCTET_STRING, NULL, &content));
		CHECK(content.len == lens[i] && rest.len == 0);
	}
}

int
main(void)
{
	RUN(takes_one_element_and_leaves_the_rest);
	RUN(a_length_has_one_form);
	RUN(what_is_put_is_taken);
	return DONE();
}
