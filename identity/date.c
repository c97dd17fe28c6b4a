#include "identity/date.h"

#include <stdio.h>

bool
all_digits(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.ptr[i] < '0' || b.ptr[i] > '9')
			return false;
	return b.len > 0;
}

static int
number(struct bytes b, size_t at, size_t len)
{
	int n = 0;
	for (size_t i = at; i < at + len; i++)
		n = n * 10 + (b.ptr[i] - '0');
	return n;
}

static struct err *
write_day(int year, int month, int day, char out[DATE_SIZE])
{
	int64_t t;
	TRY(time_join(
	    (struct time_fields){ .year = year, .month = month, .day = day },
	    &t));
	if (year < 1000)
		return err_new(ERR_MALFORMED, NULL, "the year %d", year);
	snprintf(out, DATE_SIZE, "%04u-%02u-%02u", (unsigned)year % 10000U,
	    (unsigned)month % 100U, (unsigned)day % 100U);
	return NULL;
}

struct err *
date_of_ymd(struct bytes d, char out[DATE_SIZE])
{
	if (d.len != 8 || !all_digits(d))
		return err_new(ERR_MALFORMED, NULL, "not YYYYMMDD");
	return write_day(
	    number(d, 0, 4), number(d, 4, 2), number(d, 6, 2), out);
}

struct err *
date_of_dmy(struct bytes d, char out[DATE_SIZE])
{
	if (d.len != 8 || !all_digits(d))
		return err_new(ERR_MALFORMED, NULL, "not DDMMYYYY");
	return write_day(
	    number(d, 4, 4), number(d, 2, 2), number(d, 0, 2), out);
}
