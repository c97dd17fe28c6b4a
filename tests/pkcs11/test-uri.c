/* Addresses of tokens and keys (RFC 7512). */
#include "pkcs11/uri.h"
#include "tests/tap.h"

static void
names_module_key_and_where_the_pin_is(void)
{
	struct p11_uri u = { 0 };
	CHECK_OK(p11_uri_parse(
	    "pkcs11:token=th%E1%BA%BB;id=%01%02"
	    "?module-path=/usr/lib/x.so&pin-source=file:///run/pin",
	    &u));
	CHECK(bytes_eq(buf_bytes(&u.id), BYTES_LIT("\x01\x02")));
	CHECK(u.module_path && strcmp(u.module_path, "/usr/lib/x.so") == 0);
	CHECK(u.pin_file && strcmp(u.pin_file, "/run/pin") == 0);
	p11_uri_done(&u);
	CHECK_OK(p11_uri_parse("pkcs11:", &u));
	CHECK(u.id.len == 0 && u.module_path == NULL && u.pin_file == NULL);
	p11_uri_done(&u);
}

static void
refuses_a_pin_in_the_address(void)
{
	struct p11_uri u = { 0 };
	CHECK_ERR(
	    p11_uri_parse("pkcs11:token=a?pin-value=123456", &u), ERR_USAGE);
}

static void
refuses_to_find_a_key_by_its_label(void)
{
	struct p11_uri u = { 0 };
	CHECK_ERR(p11_uri_parse("pkcs11:token=a;object=x", &u), ERR_USAGE);
	CHECK_OK(p11_uri_parse("pkcs11:token=a;object=x;id=%41", &u));
	CHECK(bytes_eq_str(buf_bytes(&u.id), "A"));
	p11_uri_done(&u);
}

static void
refuses_what_is_no_address(void)
{
	static const char *const bad[] = { "", "token=a", "pkcs11", "http://a",
		"pkcs11:token=%", "pkcs11:token=%zz", "pkcs11:=" };
	struct p11_uri u = { 0 };
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK_ERR(p11_uri_parse(bad[i], &u), ERR_MALFORMED);
	CHECK_ERR(p11_uri_parse("pkcs11:?pin-source=pin.txt", &u), ERR_USAGE);
	CHECK_ERR(p11_uri_parse("pkcs11:?module-name=x", &u), ERR_USAGE);
	char *long_one = calloc(1, P11_URI_MAX + 2);
	memset(long_one, 'a', P11_URI_MAX + 1);
	memcpy(long_one, "pkcs11:token=", 13);
	CHECK_ERR(p11_uri_parse(long_one, &u), ERR_LIMIT);
	free(long_one);
}

static void
what_is_made_is_read_again_in_any_bytes(void)
{
	CLEANUP(buf_done) struct buf b = BUF(P11_URI_MAX);
	const char *text = NULL;
	struct p11_uri u = { 0 };
	struct bytes id = BYTES_LIT("\0\xff;&id");
	CHECK_OK(p11_uri_make(
	    BYTES_LIT("Thẻ của \xff\033;id=%41"), BYTES_LIT("12 34"), id, &b));
	CHECK_OK(buf_cstr(&b, &text));
	for (const char *p = text; *p != '\0'; p++)
		CHECK(*p > ' ' && *p < 0x7f);
	CHECK_OK(p11_uri_parse(text, &u));
	CHECK(bytes_eq(buf_bytes(&u.id), id));
	p11_uri_done(&u);
}

int
main(void)
{
	RUN(names_module_key_and_where_the_pin_is);
	RUN(refuses_a_pin_in_the_address);
	RUN(refuses_to_find_a_key_by_its_label);
	RUN(refuses_what_is_no_address);
	RUN(what_is_made_is_read_again_in_any_bytes);
	return DONE();
}
