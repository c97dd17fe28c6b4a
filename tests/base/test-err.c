#include "tests/tap.h"

static void
carries_what_it_was_made_of(void)
{
	struct err *e = err_new(ERR_MALFORMED, "RFC 5280 4.1", "%d bytes", 7);
	CHECK(err_kind(e) == ERR_MALFORMED);
	CHECK(strcmp(err_text(e), "7 bytes") == 0);
	CHECK(strcmp(err_clause(e), "RFC 5280 4.1") == 0);
	CHECK(strcmp(err_code(e), "malformed") == 0);
	CHECK(strstr(err_file(e), "test-err.c") != NULL);
	CHECK(err_line(e) > 0);
	err_free(e);
}

int
main(void)
{
	RUN(carries_what_it_was_made_of);
	return DONE();
}
