#include "base/clock.h"

#define SEC_PER_DAY 86400

static int64_t
now_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

int64_t
clock_now_us(void)
{
	return now_us(CLOCK_REALTIME);
}

int64_t
clock_mono_ms(void)
{
	return now_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
clock_days(int64_t y, int m, int d)
{
	int64_t era, yoe, doy, doe;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

void
clock_civil(int64_t us, struct civil *c)
{
	int64_t days = us / (SEC_PER_DAY * USEC_PER_SEC);
	int64_t rest = us % (SEC_PER_DAY * USEC_PER_SEC);
	int64_t z, era, doe, yoe, doy, mp;

	if (rest < 0) {
		rest += SEC_PER_DAY * USEC_PER_SEC;
		days--;
	}
	z = days + 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	c->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c->year = yoe + era * 400 + (c->month <= 2);
	c->usec = (int)(rest % USEC_PER_SEC);
	rest /= USEC_PER_SEC;
	c->sec = (int)(rest % 60);
	c->min = (int)(rest / 60 % 60);
	c->hour = (int)(rest / 3600);
}

const char *
clock_format(int64_t us, char buf[CLOCK_BUF])
{
	struct civil c;
	int n;

	clock_civil(us, &c);
	n = snprintf(buf, CLOCK_BUF, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)c.year,
	    c.month, c.day, c.hour, c.min, c.sec);
	if (c.usec)
		n += snprintf(buf + n, CLOCK_BUF - (size_t)n, ".%06d", c.usec);
	snprintf(buf + n, CLOCK_BUF - (size_t)n, "Z");
	return buf;
}

/* n digits at s as a number, or -1. */
static int
fixed(const char *s, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

static int
days_in_month(int y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (m == 2 && (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)))
		return 29;
	return days[m - 1];
}

static int
parse_zone(const char *p, const char *end, int *seconds)
{
	int h, m;

	if (p == end)
		return -1;
	if ((*p == 'Z' || *p == 'z') && p + 1 == end) {
		*seconds = 0;
		return 0;
	}
	if ((*p != '+' && *p != '-') || end - p != 6 || p[3] != ':')
		return -1;
	h = fixed(p + 1, 2);
	m = fixed(p + 4, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return -1;
	*seconds = (h * 3600 + m * 60) * (*p == '-' ? -1 : 1);
	return 0;
}

int
clock_parse(const char *s, size_t len, int64_t *us)
{
	const char *p = s, *end = s + len;
	int y, mon, d, h, min, sec, zone, frac = 0;

	if (len < 20 || s[4] != '-' || s[7] != '-' || s[13] != ':' || s[16] != ':' ||
	    (s[10] != 'T' && s[10] != 't' && s[10] != ' '))
		return -1;
	y = fixed(s, 4);
	mon = fixed(s + 5, 2);
	d = fixed(s + 8, 2);
	h = fixed(s + 11, 2);
	min = fixed(s + 14, 2);
	sec = fixed(s + 17, 2);
	if (y < 0 || mon < 1 || mon > 12 || d < 1 || d > days_in_month(y, mon) || h < 0 ||
	    h > 23 || min < 0 || min > 59 || sec < 0 || sec > 60)
		return -1;
	p = s + 19;
	if (*p == '.') {
		int scale = 100000, round = 0;
		const char *first = ++p;

		for (; p < end && *p >= '0' && *p <= '9'; p++, scale /= 10) {
			frac += (*p - '0') * scale;
			if (p - first == 6)
				round = *p >= '5';
		}
		if (p == first)
			return -1;
		frac += round;
	}
	if (parse_zone(p, end, &zone) < 0)
		return -1;
	*us = (clock_days(y, mon, d) * SEC_PER_DAY + h * 3600 + min * 60 + sec - zone) *
	    USEC_PER_SEC + frac;
	return 0;
}
