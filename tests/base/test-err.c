#include <errno.h>

#include "tests/tap.h"

static void
carries_what_it_was_made_of(void)
{
	struct err *e = err_new(ERR_MALFORMED, "RFC 5280 4.1", "%d bytes", 7);
	CHECK(err_kind(e) == ERR_MALFORMED);
	CHECK(strcmp(err_text(e), "7 bytes") == 0);
	CHECK(strcmp(err_clause(e), "RFC 5280 4.1") == 0);
	CHECK(strstr(err_file(e), "test-err.c") != NULL);
	CHECK(err_line(e) > 0);
	err_free(e);
}

static void
has_the_name_of_its_kind_for_a_code_until_it_gets_one(void)
{
	struct err *e = err_new(ERR_DENIED, NULL, "no");
	CHECK(strcmp(err_code(e), "denied") == 0);
	e = err_coded(e, "pin-wrong");
	CHECK(strcmp(err_code(e), "pin-wrong") == 0);
	CHECK(err_coded(NULL, "pin-wrong") == NULL);
	err_free(e);
}

static void
context_stands_in_front(void)
{
	struct err *e = err_new(ERR_REMOTE, NULL, "no answer");
	e = err_while(e, "asking %s", "X");
	e = err_while(e, "looking");
	CHECK(strcmp(err_text(e), "looking: asking X: no answer") == 0);
	err_free(e);
	CHECK(err_while(NULL, "nothing happened") == NULL);
}

static void
long_texts_are_cut_and_never_overrun(void)
{
	char text[2000];
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	struct err *e = err_new(ERR_LIMIT, NULL, "%s", text);
	CHECK(strlen(err_text(e)) == 511);
	e = err_while(e, "in %s", "front");
	CHECK(strlen(err_text(e)) == 511);
	CHECK(strncmp(err_text(e), "in front: aaa", 13) == 0);
	e = err_while(e, "%s", text);
	CHECK(strlen(err_text(e)) <= 511);
	err_free(e);
}

static void
text_is_one_line_of_utf8_whatever_it_quotes(void)
{
	struct err *e = err_new(ERR_MALFORMED, NULL, "%s",
	    "name\nX\x1b[31m \xff\xc3(Nguy\xe1\xbb\x85n \xe2\x80\xae");
	CHECK(strcmp(err_text(e), "name?X?[31m ?"
				  "?(Nguy\xe1\xbb\x85n ?"
				  "?"
				  "?") == 0);
	CHECK(utf8_printable(bytes_str(err_text(e))));
	err_free(e);
}

static void
a_character_cut_in_half_goes_as_well(void)
{
	for (int lead = 505; lead < 512; lead++) {
		struct err *e = err_new(ERR_MALFORMED, NULL, "%*s%s", lead, "",
		    "\xe1\xbb\x85\xe1\xbb\x85\xe1\xbb\x85");
		CHECK(utf8_valid(bytes_str(err_text(e))));
		e = err_while(e, "x");
		CHECK(utf8_valid(bytes_str(err_text(e))));
		err_free(e);
	}
}

static void
errno_becomes_a_kind(void)
{
	static const struct {
		int no;
		enum err_kind kind;
		const char *code;
	} rows[] = {
		{ ENOENT, ERR_MISSING, "missing" },
		{ EACCES, ERR_DENIED, "denied" },
		{ ENOMEM, ERR_NOMEM, "nomem" },
		{ ENOSPC, ERR_LIMIT, "disk-full" },
		{ EMFILE, ERR_LIMIT, "limit" },
		{ EIO, ERR_REMOTE, "remote" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err *e = err_errno(rows[i].no, "open %s", "f");
		CHECK(err_kind(e) == rows[i].kind);
		CHECK(strcmp(err_code(e), rows[i].code) == 0);
		CHECK(strncmp(err_text(e), "open f: ", 8) == 0);
		err_free(e);
	}
}

static void
every_kind_has_a_name(void)
{
	for (int kind = ERR_USAGE; kind < ERR_INTERNAL; kind++)
		CHECK(strcmp(err_kind_name((enum err_kind)kind), "internal") !=
		      0);
	CHECK(strcmp(err_kind_name((enum err_kind)0), "internal") == 0);
	CHECK(strcmp(err_kind_name((enum err_kind)99), "internal") == 0);
}

static struct err *
fails(bool yes)
{
	return yes ? err_new(ERR_LIMIT, NULL, "yes") : NULL;
}

static struct err *
tries(bool first, bool *reached)
{
	TRY(fails(first));
	*reached = true;
	return NULL;
}

static void
try_returns_the_error_and_nothing_else(void)
{
	bool reached = false;
	CHECK_ERR(tries(true, &reached), ERR_LIMIT);
	CHECK(!reached);
	CHECK_OK(tries(false, &reached));
	CHECK(reached);
}

int
main(void)
{
	RUN(carries_what_it_was_made_of);
	RUN(has_the_name_of_its_kind_for_a_code_until_it_gets_one);
	RUN(context_stands_in_front);
	RUN(long_texts_are_cut_and_never_overrun);
	RUN(text_is_one_line_of_utf8_whatever_it_quotes);
	RUN(a_character_cut_in_half_goes_as_well);
	RUN(errno_becomes_a_kind);
	RUN(every_kind_has_a_name);
	RUN(try_returns_the_error_and_nothing_else);
	return DONE();
}
