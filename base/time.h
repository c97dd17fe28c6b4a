/* Time is int64_t seconds since 1970-01-01T00:00:00Z, leap seconds ignored. */
#ifndef SIGND_BASE_TIME_H
#define SIGND_BASE_TIME_H

#include "base/bytes.h"

#define TIME_NONE INT64_MIN /* "not stated" */
#define TIME_VIETNAM_OFFSET_MIN (7 * 60)

/* Where the time comes from; tests fill in their own. */
struct clock {
	void *ctx;
	int64_t (*now)(void *ctx); /* seconds, UTC */
};

extern const struct clock clock_system;
int64_t clock_now(const struct clock *clock);

/* Calendar fields in UTC. */
struct time_fields {
	int year;   /* as 2026 */
	int month;  /* 1..12 */
	int day;    /* 1..31 */
	int hour;   /* 0..23 */
	int minute; /* 0..59 */
	int second; /* 0..60 */
};

struct time_fields time_split(int64_t t);
/* ERR_MALFORMED: no such day or hour. */
struct err *time_join(struct time_fields f, int64_t *out) MUST_USE;

/* ISO 8601 / RFC 3339: "2026-11-21T08:00:00+07:00", "...Z"; a fraction is
 * dropped; a date alone is midnight UTC; no zone is UTC. */
struct err *time_parse_iso(struct bytes in, int64_t *out) MUST_USE;
/* Writes with the given offset in minutes; 0 is written "Z".  ERR_USAGE:
 * TIME_NONE, or a year that has no four digits. */
struct err *time_format_iso(
    int64_t t, int offset_min, struct buf *out) MUST_USE;

#endif
