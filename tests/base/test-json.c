/* JSON as jansson reads it when there is memory, and an error when there is
 * not. */
#include "tests/torture.h"

#include "base/json.h"

#include <locale.h>

static json_t *
by_jansson(struct bytes in)
{
	return json_loadb(
	    (const char *)in.ptr, in.len, JSON_REJECT_DUPLICATES, NULL);
}

/* *both: whether both took it; false: they differ. */
static bool
agree(struct bytes in, bool *both)
{
	json_t *ours = NULL, *theirs = by_jansson(in);
	err_free(json_parse(in, &ours));
	bool same = (ours == NULL) == (theirs == NULL) &&
		    (ours == NULL || json_equal(ours, theirs) == 1);
	*both = ours != NULL;
	json_decref(ours);
	json_decref(theirs);
	return same;
}

static const char *const good[] = { "{}", "[]", " [ ] \n", "{\"\":0}",
	"{\"a\":[1,-1,0,-0,9223372036854775807,-9223372036854775808]}",
	"[1.5,-0.0,1e3,1E-3,2.5e+10,0.1,123456789012345678.0]",
	"[\"\",\"a\",\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u00e1\\ud83d\\ude00\"]",
	("[\"\\u1ec5n "
	"T\\u0068\\u1ecb\",\"Nguy\u1ec5n\",\"\\uFFFF\\u07ff\\u0800\"]"),
	"[true,false,null,{\"x\":{\"y\":[[[]]]}}]",
	"{\"\\u0061\":1,\"b\\n\":2}\t", "[\"\x7f\"]" };
static const char *const bad[] = { "", " ", "1", "\"a\"", "null", "[", "]", "{",
	"[1", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}",
	"{\"a\":1,}", "{\"a\":1 \"b\":2}", "{\"a\":1,\"a\":2}",
	"{\"a\":1,\"\\u0061\":2}", "[01]", "[+1]", "[-]", "[1.]", "[.5]",
	"[1e]", "[1e+]", "[0x10]", "[Infinity]", "[NaN]", "[1e999]",
	"[9223372036854775808]", "[tru]", "[truex]", "[nul]", "[\"a]",
	"[\"a\\\"]", "[\"\\x\"]", "[\"\\u12\"]", "[\"\\u12g4\"]",
	"[\"\\u0000\"]", "[\"\\ud800\"]", "[\"\\ud800x\"]",
	"[\"\\ud800\\u0041\"]", "[\"\\udc00\"]", "[\"\n\"]", "[\"\x01\"]",
	"[\"\xff\"]", "[\"\xc0\x80\"]", "[\"\xed\xa0\x80\"]", "[] []", "[]x",
	"{}{}", "[1]\f", "['a']", "[1]//", "\xef\xbb\xbf[]" };

static void
takes_and_refuses_what_jansson_does(void)
{
	bool both;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		CHECK(agree(bytes_str(good[i]), &both));
		CHECK(both);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CHECK(agree(bytes_str(bad[i]), &both));
		CHECK(!both);
	}
	CHECK(agree(BYTES_LIT("[\"a\0b\"]"), &both) && !both);
	CHECK(agree(BYTES_LIT("[1]\0"), &both) && !both);
}

/* Each byte of each of them changed, added and left out. */
static void
agrees_with_jansson_about_mutations(void)
{
	static const char with[] = "\"\\{}[]:,0-+.eEu \x7f\x80\xc3x\n";
	size_t taken = 0, differ = 0;
	uint8_t in[256];
	for (size_t i = 0; i < COUNT_OF(good) + COUNT_OF(bad); i++) {
		struct bytes b = bytes_str(
		    i < COUNT_OF(good) ? good[i] : bad[i - COUNT_OF(good)]);
		for (size_t at = 0; at < b.len; at++)
			for (size_t n = 0; n < sizeof(with) * 2 - 1; n++) {
				bool both, add = n >= sizeof(with) - 1;
				bool drop = n == sizeof(with) * 2 - 2;
				size_t skip = add && !drop ? 0 : 1, len = at;
				memcpy(in, b.ptr, at);
				if (!drop)
					in[len++] = (uint8_t)
					    with[n % (sizeof(with) - 1)];
				memcpy(in + len, b.ptr + at + skip,
				    b.len - at - skip);
				len += b.len - at - skip;
				differ += !agree(bytes_of(in, len), &both);
				taken += both;
			}
	}
	CHECK(differ == 0);
	CHECK(taken > 500);
}

static void
says_where_and_not_what(void)
{
	json_t *j = NULL;
	struct err *e = json_parse(BYTES_LIT("{\n \"pin\": 246810x }"), &j);
	CHECK(e != NULL && err_kind(e) == ERR_MALFORMED && j == NULL);
	CHECK(strstr(err_text(e), "line 2, column 15") != NULL);
	CHECK(strstr(err_text(e), "246810") == NULL);
	err_free(e);
}

static void
has_a_floor(void)
{
	CLEANUP(buf_done) struct buf b = BUF(1000000);
	json_t *j = NULL;
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		CHECK_OK(buf_byte(&b, '['));
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		CHECK_OK(buf_byte(&b, ']'));
	CHECK_OK(json_parse(buf_bytes(&b), &j));
	json_decref(j);
	buf_clear(&b);
	for (int i = 0; i < 500000; i++)
		CHECK_OK(buf_byte(&b, '['));
	CHECK_ERR(json_parse(buf_bytes(&b), &j), ERR_LIMIT);
}

static void
a_comma_of_the_locale_is_none(void)
{
	bool both;
	if (setlocale(LC_NUMERIC, "vi_VN.UTF-8") == NULL &&
	    setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL)
		return;
	CHECK(agree(BYTES_LIT("[1.5]"), &both) && both);
	CHECK(agree(BYTES_LIT("[1,5]"), &both) && both);
	setlocale(LC_NUMERIC, "C");
}

/* Values that grow while they are read: jansson's reader loses a byte of them
 * where one allocation fails, and says nothing. */
static const char growing[] =
    "{\"url\":\"http://ca.example.vn/a/rather/long/path/to/a/list.crl\","
    "\"sequence\":1234567890123456789,\"e\":\"\\u1ec5\\\"0123456789abcdef\","
    "\"a member with a long name that grows\":[true,1.5,null]}";

static struct err *
read_growing(void *ctx)
{
	json_t *j = NULL;
	TRY(json_parse(bytes_str(growing), &j));
	CHECK(json_equal(j, ctx) == 1);
	json_decref(j);
	return NULL;
}

static void
without_memory_nothing_is_lost_in_silence(void)
{
	json_t *whole = by_jansson(bytes_str(growing));
	CHECK(whole != NULL);
	if (torture_possible())
		TORTURE(read_growing, whole, TORTURE_STRICT);
	json_decref(whole);
}

int
main(void)
{
	json_object_seed(1); /* or the first object would allocate for it */
	RUN(takes_and_refuses_what_jansson_does);
	RUN(agrees_with_jansson_about_mutations);
	RUN(says_where_and_not_what);
	RUN(has_a_floor);
	RUN(a_comma_of_the_locale_is_none);
	RUN(without_memory_nothing_is_lost_in_silence);
	return DONE();
}
