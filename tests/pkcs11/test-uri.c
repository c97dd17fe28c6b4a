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
percent_stands_for_any_byte_everywhere(void)
{
	struct p11_uri u = { 0 };
	CHECK_OK(p11_uri_parse(
	    "pkcs11:id=%00%FF%3b%26a~-._"
	    "?module-path=/usr/lib/th%E1%BA%BB%20m%E1%BB%9Bi/%78.so"
	    "&pin-source=file:%2Frun%2Fm%C3%A3%20pin&x-maker=any",
	    &u));
	CHECK(bytes_eq(buf_bytes(&u.id), BYTES_LIT("\0\xff;&a~-._")));
	CHECK(u.module_path &&
	      strcmp(u.module_path, "/usr/lib/thẻ mới/x.so") == 0);
	CHECK(u.pin_file && strcmp(u.pin_file, "/run/mã pin") == 0);
	CHECK(!p11_uri_is_bare(&u));
	p11_uri_done(&u);
	CHECK_OK(p11_uri_parse("pkcs11:token=a;serial=1;manufacturer=b;model=c;"
			       "slot-id=0;slot-description=d;"
			       "slot-manufacturer=e;library-description=f;"
			       "library-manufacturer=g;library-version=2.40;"
			       "type=private",
	    &u));
	CHECK(p11_uri_is_bare(&u));
	p11_uri_done(&u);
}

static void
a_module_is_named_without_its_directory(void)
{
	struct p11_uri u = { 0 };
	CHECK_OK(p11_uri_parse("pkcs11:token=a?module-name=softhsm2", &u));
	CHECK(u.module_name && strcmp(u.module_name, "softhsm2") == 0);
	CHECK(u.module_path == NULL && !p11_uri_is_bare(&u));
	p11_uri_done(&u);
	CHECK(p11_module_is_called("/usr/lib/libsofthsm2.so", "softhsm2"));
	CHECK(p11_module_is_called("/usr/lib/libsofthsm2.so", "libsofthsm2"));
	CHECK(
	    p11_module_is_called("/usr/lib/opensc-pkcs11.so", "opensc-pkcs11"));
	CHECK(p11_module_is_called("libtpm2_pkcs11.so.1", "tpm2_pkcs11"));
	CHECK(!p11_module_is_called("/usr/lib/libsofthsm2.so", "softhsm"));
	CHECK(!p11_module_is_called("/usr/lib/libsofthsm2.so", "hsm2"));
	CHECK(!p11_module_is_called("/softhsm2/libx.so", "softhsm2"));
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
		"PKCS11:token=a", "pkcs11:token=%", "pkcs11:token=%4",
		"pkcs11:token=%zz", "pkcs11:=", "pkcs11:token",
		/* p11-kit would leave them out, and look for "mytoken". */
		"pkcs11:token=my token", "pkcs11:token=a\n", " pkcs11:token=a",
		"pkcs11:token=a\x7f",
		/* RFC 7512 2.3: once; and what is unknown fits nothing. */
		"pkcs11:token=a;token=b", "pkcs11:id=%01;token=a;id=%02",
		"pkcs11:?module-path=/a&module-path=/b", "pkcs11:tokn=a",
		"pkcs11:slot-id=x", "pkcs11:type=nothing",
		"pkcs11:library-version=1.2.3",
		/* A path that ends before it seems to. */
		"pkcs11:?module-path=/a.so%00.txt",
		"pkcs11:?pin-source=file:/a%00b",
		"pkcs11:?module-name=", "pkcs11:?module-name=../x" };
	struct p11_uri u = { 0 };
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err *e = p11_uri_parse(bad[i], &u);
		bool right = e != NULL && err_kind(e) == ERR_MALFORMED &&
			     strcmp(err_code(e), "token-address") == 0;
		CHECK(right);
		if (!right)
			printf("# %s\n", bad[i]);
		err_free(e);
		p11_uri_done(&u);
	}
	CHECK_ERR(p11_uri_parse("pkcs11:?pin-source=pin.txt", &u), ERR_USAGE);
	CHECK_ERR(
	    p11_uri_parse("pkcs11:?pin-source=%7C/bin/id", &u), ERR_USAGE);
	CHECK_ERR(p11_uri_parse("pkcs11:?pin-source=http://a/", &u), ERR_USAGE);
	CHECK_ERR(p11_uri_parse("pkcs11:?module-path=x.so", &u), ERR_USAGE);
	char *many = calloc(1, P11_URI_MAX);
	strcpy(many, "pkcs11:id=");
	memset(many + strlen(many), 'a', P11_ID_MAX);
	CHECK_OK(p11_uri_parse(many, &u));
	p11_uri_done(&u);
	strcat(many, "a");
	CHECK_ERR(p11_uri_parse(many, &u), ERR_MALFORMED);
	strcpy(many, "pkcs11:?");
	for (int i = 0; i < 100; i++)
		sprintf(many + strlen(many), "x-%d=1&", i);
	CHECK_ERR(p11_uri_parse(many, &u), ERR_MALFORMED);
	free(many);
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
	RUN(percent_stands_for_any_byte_everywhere);
	RUN(a_module_is_named_without_its_directory);
	RUN(refuses_a_pin_in_the_address);
	RUN(refuses_to_find_a_key_by_its_label);
	RUN(refuses_what_is_no_address);
	RUN(what_is_made_is_read_again_in_any_bytes);
	return DONE();
}
