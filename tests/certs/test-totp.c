/* Codes of the second factor: the vectors of RFC 6238, and oathtool. */
#include "certs/totp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

#define RFC_SECRET BYTES_LIT("12345678901234567890")

static void
gives_the_values_of_rfc_6238_appendix_b(void)
{
	static const struct {
		int64_t time;
		uint32_t code; /* eight digits */
	} rows[] = {
		{ 59, 94287082 },
		{ 1111111109, 7081804 },
		{ 1111111111, 14050471 },
		{ 1234567890, 89005924 },
		{ 2000000000, 69279037 },
		{ 20000000000, 65353130 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint32_t value = 0;
		CHECK_OK(totp_value(
		    RFC_SECRET, rows[i].time / TOTP_SECONDS, &value));
		CHECK(value % 100000000 == rows[i].code);
	}
}

static int64_t
match(const char *code, int64_t now, int64_t last)
{
	int64_t step = -1;
	CHECK_OK(totp_match(RFC_SECRET, bytes_str(code), now, last, &step));
	return step;
}

static void
takes_a_code_one_step_early_or_late_and_no_further(void)
{
	/* 287082 is of step 1: from 30 to 59 s. */
	CHECK(match("287082", 0, 0) == 1);
	CHECK(match("287082", 59, 0) == 1);
	CHECK(match("287082", 89, 0) == 1);
	CHECK(match("287082", 90, 0) == 0);
	/* 081804 is of step 37037036, 1111111080 to 1111111109 s. */
	CHECK(match("081804", 1111111049, 0) == 0);
	CHECK(match("081804", 1111111050, 0) == 37037036);
}

static void
takes_no_code_of_a_step_that_was_used(void)
{
	CHECK(match("287082", 59, 1) == 0);
	CHECK(match("287082", 59, 2) == 0);
}

static void
takes_nothing_that_only_looks_like_it(void)
{
	const char *const wrong[] = { "", "287083", "28708", "2870820",
		"94287082", " 287082", "287082\n", "000000" };
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		CHECK(match(wrong[i], 59, 0) == 0);
}

static void
the_link_says_everything_and_escapes_names(void)
{
	CLEANUP(buf_done) struct buf out = BUF(TOTP_URI_MAX);
	const char *text = NULL;
	CHECK_OK(totp_uri(RFC_SECRET, "CA số 1", "Nguyễn & An", &out));
	CHECK_OK(buf_cstr(&out, &text));
	CHECK(strcmp(text,
	    "otpauth://totp/CA%20s%E1%BB%91%201:Nguy%E1%BB%85n%20%26%20An"
	    "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	    "&issuer=CA%20s%E1%BB%91%201&algorithm=SHA1&digits=6&period=30") == 0);
}

/* Another program, with the secret out of our link. */
static void
oathtool_makes_the_same_codes(void)
{
	if (system("command -v oathtool > /dev/null 2>&1") != 0) {
		printf("# oathtool is not there: not compared\n");
		return;
	}
	for (int64_t now = 30; now < 2000000000; now += 123456789) {
		char command[160], code[16] = "";
		snprintf(command, sizeof(command),
		    "oathtool --totp -b -N @%lld "
		    "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
		    (long long)now);
		FILE *f = popen(command, "re");
		CHECK(f != NULL && fgets(code, sizeof(code), f) != NULL);
		if (f != NULL)
			pclose(f);
		code[strcspn(code, "\n")] = '\0';
		CHECK(match(code, now, 0) == now / TOTP_SECONDS);
	}
}

int
main(void)
{
	RUN(gives_the_values_of_rfc_6238_appendix_b);
	RUN(takes_a_code_one_step_early_or_late_and_no_further);
	RUN(takes_no_code_of_a_step_that_was_used);
	RUN(takes_nothing_that_only_looks_like_it);
	RUN(the_link_says_everything_and_escapes_names);
	RUN(oathtool_makes_the_same_codes);
	return DONE();
}
