#include "pdf/text.h"
#include "tests/tap.h"

#include "base/time.h"

static int64_t
date(const char *text)
{
	return pdf_text_date(bytes_str(text));
}

static void
reads_a_date_in_the_forms_that_programs_write(void)
{
	const int64_t t = 1795138200; /* 2026-11-20T08:30:00+07:00 */
	CHECK(date("D:20261120083000+07'00'") == t);
	CHECK(date("D:20261120083000+07'00") == t);
	CHECK(date("20261120083000+0700") == t);
	CHECK(date("D:20261120083000+07:00") == t);
	CHECK(date("D:20261120083000+07'") == t);
	CHECK(date("D:20261120013000Z") == t);
	CHECK(date("D:20261120013000Z00'00'") == t);
	CHECK(date("D:20261120013000") == t);
	CHECK(date("D:202611200130") == t);
	CHECK(date("D:20261119203000-05'00'") == t);
	CHECK(date("D:2026") == 1767225600);
	CHECK(date("2026-11-20T08:30:00+07:00") == t);
	CHECK(date("2026-11-20T01:30:00") == t);
}

/* Half of it would be another time. */
static void
reads_nothing_out_of_what_is_no_date(void)
{
	static const char *const bad[] = { "", "D:", "20", "20/11/2026 08:30",
		"D:2026-11", "2026-13-20T08:30:00", "D:20261120083000+7",
		"D:20261120083000 SA", "D:20261120083000+07'00'x",
		"D:20261345083000", "D:20260230", "D:20261120+07'00'" };
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (date(bad[i]) != TIME_NONE)
			printf("# %s\n", bad[i]);
		CHECK(date(bad[i]) == TIME_NONE);
	}
}

int
main(void)
{
	RUN(reads_a_date_in_the_forms_that_programs_write);
	RUN(reads_nothing_out_of_what_is_no_date);
	return DONE();
}
