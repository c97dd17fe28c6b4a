#include <time.h>

#include "tests/tap.h"

static bool
parses_to(const char *text, int64_t expected)
{
	int64_t t = TIME_NONE;
	struct err *e = time_parse_iso(bytes_str(text), &t);
	if (e != NULL || t != expected)
		printf("# %s: %s, %lld\n", text,
		    e == NULL ? "other" : err_text(e), (long long)t);
	err_free(e);
	return t == expected;
}

static void
reads_iso_8601_with_its_zone(void)
{
	CHECK(parses_to("1970-01-01T00:00:00Z", 0));
	CHECK(parses_to("2026-11-21T08:00:00+07:00", 1795222800));
	CHECK(parses_to("2026-11-21T01:00:00Z", 1795222800));
	CHECK(parses_to("2026-11-20T20:30:00-04:30", 1795222800));
	CHECK(parses_to("2026-11-21 01:00:00.999Z", 1795222800));
	CHECK(parses_to("2026-11-21T01:00", 1795222800));
	CHECK(parses_to("2026-11-21", 1795219200));
	CHECK(parses_to("2000-02-29T23:59:59Z", 951868799));
	CHECK(parses_to("0001-01-01T00:00:00Z", -62135596800));
	CHECK(parses_to("9999-12-31T23:59:59Z", 253402300799));
	CHECK(parses_to("2016-12-31T23:59:60Z", 1483228800));
}

static void
refuses_what_is_no_time(void)
{
	static const char *const bad[] = { "", "2026", "2026-11", "2026-13-01",
		"2026-00-10", "2026-02-29", "2100-02-29", "2026-04-31",
		"2026-11-21T", "2026-11-21T24:00:00Z", "2026-11-21T23:60:00Z",
		"2026-11-21T23:59:61Z", "2026-11-21T08:00:00+15:00",
		"2026-11-21T08:00:00+07", "2026-11-21T08:00:00+0700",
		"2026-11-21T08:00:00ZZ", "2026-11-21T08:00:00.Z",
		"2026-11-21T08", "26-11-21", "+2026-11-21", " 2026-11-21",
		"2026-11-21 ", "0000-01-01", "2026-1-1",
		"2026-11-21Tab:00:00Z" };
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		int64_t t = 42;
		CHECK_ERR(time_parse_iso(bytes_str(bad[i]), &t), ERR_MALFORMED);
		CHECK(t == 42);
	}
}

static bool
writes(int64_t t, int offset_min, const char *expected)
{
	struct buf b = BUF(40);
	struct err *e = time_format_iso(t, offset_min, &b);
	bool same = e == NULL && bytes_eq_str(buf_bytes(&b), expected);
	err_free(e);
	buf_done(&b);
	return same;
}

static void
writes_the_offset_or_z(void)
{
	CHECK(writes(1795222800, 0, "2026-11-21T01:00:00Z"));
	CHECK(writes(
	    1795222800, TIME_VIETNAM_OFFSET_MIN, "2026-11-21T08:00:00+07:00"));
	CHECK(writes(1795222800, -270, "2026-11-20T20:30:00-04:30"));
	CHECK(writes(-1, 0, "1969-12-31T23:59:59Z"));
	CHECK(writes(-62135510400, -720, "0001-01-01T12:00:00-12:00"));
}

static void
does_not_write_what_has_no_four_digits(void)
{
	struct buf b = BUF(64);
	CHECK_ERR(time_format_iso(TIME_NONE, 0, &b), ERR_USAGE);
	CHECK_ERR(time_format_iso(TIME_NONE, -60, &b), ERR_USAGE);
	CHECK_ERR(time_format_iso(INT64_MAX, 60, &b), ERR_USAGE);
	CHECK_ERR(time_format_iso(253402300800, 0, &b), ERR_USAGE);
	CHECK_ERR(time_format_iso(0, 100000, &b), ERR_USAGE);
	CHECK(b.len == 0);
	buf_done(&b);
}

/* The C library counts the same days. */
static void
agrees_with_timegm_over_nine_thousand_years(void)
{
	for (int64_t t = -62135596800; t < 253402300800; t += 1234567891) {
		struct time_fields f = time_split(t);
		struct tm tm = { .tm_year = f.year - 1900,
			.tm_mon = f.month - 1,
			.tm_mday = f.day,
			.tm_hour = f.hour,
			.tm_min = f.minute,
			.tm_sec = f.second };
		CHECK(timegm(&tm) == t);
		int64_t back = TIME_NONE;
		CHECK_OK(time_join(f, &back));
		CHECK(back == t);
	}
}

static void
joins_every_day_of_four_centuries(void)
{
	int64_t expected = 946684800; /* 2000-01-01 */
	for (int64_t day = 0; day < 146097; day++) {
		struct time_fields f = time_split(expected + day * 86400);
		int64_t back = TIME_NONE;
		CHECK_OK(time_join(f, &back));
		CHECK(back == expected + day * 86400);
	}
}

static int64_t
fixed(void *ctx)
{
	return *(int64_t *)ctx;
}

static void
a_clock_is_a_table_that_tests_fill(void)
{
	int64_t now = 77;
	struct clock c = { .ctx = &now, .now = fixed };
	CHECK(clock_now(&c) == 77);
	CHECK(clock_now(&clock_system) > 1700000000);
}

int
main(void)
{
	RUN(reads_iso_8601_with_its_zone);
	RUN(refuses_what_is_no_time);
	RUN(writes_the_offset_or_z);
	RUN(does_not_write_what_has_no_four_digits);
	RUN(agrees_with_timegm_over_nine_thousand_years);
	RUN(joins_every_day_of_four_centuries);
	RUN(a_clock_is_a_table_that_tests_fill);
	return DONE();
}
