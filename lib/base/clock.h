/*
 * clock.h - time, and RFC 3339 in both directions.
 *
 * Wall time is microseconds since 1970-01-01 UTC in an int64_t. Timeouts use the monotonic clock.
 * The calendar is proleptic Gregorian (days_from_civil, H. Hinnant, "chrono-
 * Compatible Low-Level Date Algorithms").
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/base.h"

#define USEC_PER_SEC INT64_C(1000000)

/* What a timestamptz can hold: from 4713-11-24 BC to 294276-12-31; the last 30
 * years of that are more than an int64_t of microseconds since 1970. */
#define CLOCK_PG_MIN_US INT64_C(-210866803200000000)
#define CLOCK_PG_MAX_US INT64_MAX

struct civil {
	int64_t year;
	int month, day, hour, min, sec, usec;
};

int64_t clock_now_us(void);
int64_t clock_mono_ms(void);

/* Text of RFC 3339, section 5.6, to microseconds; a space or lower-case t and
 * z are taken, a second of 60 is the next minute's first. More than six
 * digits of fraction are rounded half up. -1 when it is not one. */
int clock_parse(const char *s, size_t len, int64_t *us);

#define CLOCK_BUF 40
/* `2026-11-21T01:15:56.123456Z`; a zero fraction is left out. Years outside
 * 0..9999 are written with as many digits as they need. */
const char *clock_format(int64_t us, char buf[CLOCK_BUF]);

void clock_civil(int64_t us, struct civil *out);
/* Days since 1970-01-01 of a date. */
int64_t clock_days(int64_t year, int month, int day);

#endif
