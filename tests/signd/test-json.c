/* JSON of strangers: signd/json.c. */
#include "signd/json.h"

#include <string.h>

#include "tests/tap.h"

/* {"a":[X,X,…]}: n of X, and two more values around them. */
static void
make_list(const char *x, size_t n, struct buf *out)
{
	CHECK_OK(buf_printf(out, "{\"a\":["));
	for (size_t i = 0; i < n; i++)
		CHECK_OK(buf_printf(out, "%s%s", i == 0 ? "" : ",", x));
	CHECK_OK(buf_printf(out, "]}"));
}

static const char *
read_list(const char *x, size_t n)
{
	static char code[64];
	CLEANUP(buf_done) struct buf text = BUF(4 * 1024 * 1024);
	CLEANUP(json_freep) json_t *doc = NULL;
	make_list(x, n, &text);
	struct err *e = json_read_request(buf_bytes(&text), &doc);
	snprintf(code, sizeof(code), "%s", e == NULL ? "" : err_code(e));
	if (e == NULL)
		CHECK(json_array_size(json_object_get(doc, "a")) == n);
	err_free(e);
	return code;
}

static void
a_request_has_only_so_many_values(void)
{
	CHECK(strcmp(read_list("1", 1000), "") == 0);
	CHECK(strcmp(read_list("1", JSON_VALUES_MAX - 1), "") == 0);
	CHECK(strcmp(read_list("1", JSON_VALUES_MAX + 1),
		  "request-too-large") == 0);
	CHECK(strcmp(read_list("{}", JSON_VALUES_MAX / 2 - 1), "") == 0);
	CHECK(strcmp(read_list("{}", JSON_VALUES_MAX / 2 + 1),
		  "request-too-large") == 0);
	CHECK(strcmp(read_list("[]", 340000), "request-too-large") == 0);
}

static void
what_stands_in_a_text_is_no_value(void)
{
	CHECK(strcmp(read_list("\"[,{,[,{\\\\\"", 1000), "") == 0);
	CHECK(strcmp(read_list("\"\\\",,,,,,,\"", 1000), "") == 0);
	/* A text that does not end hides nothing: there is no more to read. */
	CHECK(strcmp(read_list("\"x", 3), "json") == 0);
	CHECK(strcmp(read_list("\\\"", 3), "json") == 0);
}

static const char *
read_text(const char *text)
{
	static char code[64];
	CLEANUP(json_freep) json_t *doc = NULL;
	struct err *e = json_read_request(bytes_str(text), &doc);
	snprintf(code, sizeof(code), "%s", e == NULL ? "" : err_code(e));
	err_free(e);
	return code;
}

static void
one_object_without_doubles_is_read(void)
{
	CHECK(strcmp(read_text("{\"a\":1}\n"), "") == 0);
	CHECK(strcmp(read_text("{\"a\":1,\"a\":1}"), "json") == 0);
	CHECK(strcmp(read_text("[]"), "json") == 0);
	CHECK(strcmp(read_text("{} {}"), "json") == 0);
	CHECK(strcmp(read_text("{\"a\":\"\\u0000\"}"), "json") == 0);
	CHECK(strcmp(read_text(""), "json") == 0);
}

int
main(void)
{
	json_start();
	RUN(a_request_has_only_so_many_values);
	RUN(what_stands_in_a_text_is_no_value);
	RUN(one_object_without_doubles_is_read);
	return DONE();
}
