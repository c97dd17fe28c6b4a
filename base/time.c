#include "base/time.h"

#include <time.h>

#define DAY 86400

/* Four digits of a year, with a day to spare for the offset. */
#define TIME_FIRST (-62135510400) /* 0001-01-02T00:00:00Z */
#define TIME_LAST 253402214400    /* 9999-12-31T00:00:00Z */

static int64_t
system_now(void *ctx)
{
	(void)ctx;
	return (int64_t)time(NULL);
}

const struct clock clock_system = { .ctx = NULL, .now = system_now };

int64_t
clock_now(const struct clock *clock)
{
	return clock->now(clock->ctx);
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years count from
 * March, so that the leap day is the last one. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

struct time_fields
time_split(int64_t t)
{
	int64_t days = t / DAY;
	int64_t rest = t % DAY;
	if (rest < 0) {
		rest += DAY;
		days--;
	}
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;
	return (struct time_fields){
		.year = (int)(yoe + era * 400 + (month <= 2 ? 1 : 0)),
		.month = (int)month,
		.day = (int)(doy - (153 * mp + 2) / 5 + 1),
		.hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60),
		.second = (int)(rest % 60),
	};
}

static int
month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

struct err *
time_join(struct time_fields f, int64_t *out)
{
	if (f.year < 1 || f.year > 9999 || f.month < 1 || f.month > 12 ||
	    f.day < 1 || f.day > month_days(f.year, f.month) || f.hour < 0 ||
	    f.hour > 23 || f.minute < 0 || f.minute > 59 || f.second < 0 ||
	    f.second > 60)
		return err_new(ERR_MALFORMED, "ISO 8601", "no such time");
	*out = days_of(f.year, f.month, f.day) * DAY + f.hour * 3600 +
	       f.minute * 60 + f.second;
	return NULL;
}

/* digits reads exactly `count` digits at the start of *in. */
static bool
digits(struct bytes *in, size_t count, int *out)
{
	if (in->len < count)
		return false;
	int v = 0;
	for (size_t i = 0; i < count; i++) {
		if (in->ptr[i] < '0' || in->ptr[i] > '9')
			return false;
		v = v * 10 + (in->ptr[i] - '0');
	}
	*in = bytes_from(*in, count);
	*out = v;
	return true;
}

static bool
skip(struct bytes *in, char c)
{
	if (in->len == 0 || in->ptr[0] != (uint8_t)c)
		return false;
	*in = bytes_from(*in, 1);
	return true;
}

static bool
parse_zone(struct bytes *in, int *offset_min)
{
	if (in->len == 0 || skip(in, 'Z'))
		return true;
	bool minus = in->ptr[0] == '-';
	if (!skip(in, '+') && !skip(in, '-'))
		return false;
	int hour;
	int minute;
	if (!digits(in, 2, &hour) || !skip(in, ':') ||
	    !digits(in, 2, &minute) || hour > 14 || minute > 59)
		return false;
	*offset_min = (hour * 60 + minute) * (minus ? -1 : 1);
	return true;
}

static bool
parse_clock(struct bytes *in, struct time_fields *f)
{
	if (!digits(in, 2, &f->hour) || !skip(in, ':') ||
	    !digits(in, 2, &f->minute))
		return false;
	if (!skip(in, ':'))
		return true;
	if (!digits(in, 2, &f->second))
		return false;
	if (!skip(in, '.'))
		return true;
	int ignored;
	bool any = false;
	while (digits(in, 1, &ignored))
		any = true;
	return any;
}

struct err *
time_parse_iso(struct bytes in, int64_t *out)
{
	struct time_fields f = { 0 };
	int offset_min = 0;
	bool ok = digits(&in, 4, &f.year) && skip(&in, '-') &&
		  digits(&in, 2, &f.month) && skip(&in, '-') &&
		  digits(&in, 2, &f.day);
	if (ok && in.len > 0)
		ok = (skip(&in, 'T') || skip(&in, ' ')) &&
		     parse_clock(&in, &f) && parse_zone(&in, &offset_min);
	if (!ok || in.len > 0)
		return err_new(ERR_MALFORMED, "ISO 8601", "not a time");
	int64_t t;
	TRY(time_join(f, &t));
	*out = t - (int64_t)offset_min * 60;
	return NULL;
}

struct err *
time_format_iso(int64_t t, int offset_min, struct buf *out)
{
	if (t < TIME_FIRST || t > TIME_LAST || offset_min < -DAY / 60 ||
	    offset_min > DAY / 60)
		return err_new(ERR_USAGE, "ISO 8601", "no such time");
	struct time_fields f = time_split(t + (int64_t)offset_min * 60);
	TRY(buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d", f.year, f.month,
	    f.day, f.hour, f.minute, f.second));
	if (offset_min == 0)
		return buf_byte(out, 'Z');
	int size = offset_min < 0 ? -offset_min : offset_min;
	return buf_printf(out, "%c%02d:%02d", offset_min < 0 ? '-' : '+',
	    size / 60, size % 60);
}
