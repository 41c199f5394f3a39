#include "fmt/rec_private.h"

#include <errno.h>
#include <float.h>
#include <math.h>

#include "base/clock.h"

/* numeric, and with it jsonb, keeps so many digits behind the point. */
#define NUMERIC_MAX_SCALE 16383
#define NUMERIC_MAX_EXPONENT 1000000000
/* Digits and powers of ten that a double holds exactly. */
#define EXACT_DIGITS 15
#define EXACT_POWER 22
/* A shorter number without exponent is well inside float8. */
#define SURELY_FLOAT8 300

/* 0.d1d2d3... times 10^point; without leading and trailing zeros, so that
 * zero has no digits. */
struct decimal {
	const char *p, *end;	/* digits, a point among them is to be passed over */
	int64_t point;
	int64_t exponent;	/* as written */
	int64_t scale;		/* digits behind the point, exponent applied */
	bool neg;
};

static int64_t
exponent(const char *p, const char *end)
{
	bool neg = p < end && *p == '-';
	int64_t v = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (; p < end; p++)
		v = MIN(v * 10 + (*p - '0'), INT64_C(1) << 40);
	return neg ? -v : v;
}

static void
decimal_parse(struct decimal *d, struct slice text)
{
	const char *p = text.ptr, *end = text.ptr + text.len, *mantissa_end, *dot;

	d->neg = *p == '-';
	p += d->neg;
	for (mantissa_end = p; mantissa_end < end && (*mantissa_end | 0x20) != 'e'; mantissa_end++)
		;
	d->exponent = mantissa_end < end ? exponent(mantissa_end + 1, end) : 0;
	dot = memchr(p, '.', (size_t)(mantissa_end - p));
	d->point = (dot ? dot : mantissa_end) - p + d->exponent;
	d->scale = (dot ? mantissa_end - dot - 1 : 0) - d->exponent;
	while (p < mantissa_end && (*p == '0' || *p == '.')) {
		d->point -= *p == '0';
		p++;
	}
	while (mantissa_end > p && (mantissa_end[-1] == '0' || mantissa_end[-1] == '.')) {
		/* trailing zeros before a point still count for its place */
		mantissa_end--;
	}
	d->p = p;
	d->end = mantissa_end;
}

/* The next digit, or -1. */
static int
decimal_digit(struct decimal *d)
{
	if (d->p < d->end && *d->p == '.')
		d->p++;
	return d->p < d->end ? *d->p++ - '0' : -1;
}

static double
by_strtod(struct slice text, struct str *scratch)
{
	str_reset(scratch);
	str_add(scratch, text.ptr, text.len);
	return strtod(scratch->buf, NULL);
}

double
rec_num_double(struct slice text, struct str *scratch)
{
	static const double power[EXACT_POWER + 1] = {
		1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13,
		1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
	};
	struct decimal d;
	uint64_t m = 0;
	int64_t places;
	int n = 0, digit;
	double v;

	decimal_parse(&d, text);
	if (d.end - d.p > EXACT_DIGITS + 1)
		return by_strtod(text, scratch);
	for (; (digit = decimal_digit(&d)) >= 0; n++)
		m = m * 10 + (unsigned)digit;
	places = m ? n - d.point : 0;
	if (n > EXACT_DIGITS || places > EXACT_POWER || places < -EXACT_POWER)
		return by_strtod(text, scratch);
	/* both exact, so the one rounding is the right one (W. Clinger, "How to
	 * Read Floating Point Numbers Accurately", 1990) */
	v = places >= 0 ? (double)m / power[places] : (double)m * power[-places];
	return d.neg ? -v : v;
}

const char *
rec_num_check(struct slice text, struct str *scratch)
{
	static const char outside[] = "number outside float8";
	struct decimal d;
	bool plain = text.len <= SURELY_FLOAT8;
	double v;

	for (size_t i = 0; plain && i < text.len; i++)
		plain = (text.ptr[i] | 0x20) != 'e';
	if (plain)
		return NULL;
	decimal_parse(&d, text);
	if (d.exponent > NUMERIC_MAX_EXPONENT || d.exponent < -NUMERIC_MAX_EXPONENT)
		return outside;
	if (d.p < d.end) {
		if (d.point > DBL_MAX_10_EXP + 1 || d.point < DBL_MIN_10_EXP - DBL_DIG - 2)
			return outside;
		if (d.point > SURELY_FLOAT8 || d.point < -SURELY_FLOAT8) {
			v = by_strtod(text, scratch);
			if (isinf(v) || v == 0)
				return outside;
		}
	}
	return d.scale > NUMERIC_MAX_SCALE ? "more than 16383 digits behind the point" : NULL;
}

int
rec_num_scaled(struct slice text, int places, int64_t *out, bool *exact)
{
	struct decimal d;
	uint64_t v = 0;
	int64_t keep;
	int digit, next;
	bool up;

	decimal_parse(&d, text);
	*exact = true;
	*out = 0;
	if (d.p == d.end)
		return 0;
	keep = d.point + places;
	*exact = false;
	if (keep > 19)
		return -1;
	if (keep < 0)
		return 0;
	for (; keep > 0; keep--) {
		digit = decimal_digit(&d);
		v = v * 10 + (digit < 0 ? 0 : (unsigned)digit);
	}
	next = decimal_digit(&d);
	*exact = next < 0;
	/* half up means towards later, below zero too */
	up = next > 5 || (next == 5 && (!d.neg || decimal_digit(&d) >= 0));
	v += up;
	if (v > INT64_MAX)
		return -1;
	*out = d.neg ? -(int64_t)v : (int64_t)v;
	return 0;
}

bool
rec_num_same(struct slice a, struct slice b)
{
	struct decimal x, y;
	int digit;

	decimal_parse(&x, a);
	decimal_parse(&y, b);
	if (x.p == x.end || y.p == y.end)
		return x.p == x.end && y.p == y.end && x.neg == y.neg;
	if (x.neg != y.neg || x.point != y.point)
		return false;
	do {
		digit = decimal_digit(&x);
		if (digit != decimal_digit(&y))
			return false;
	} while (digit >= 0);
	return true;
}

int
rec_put_time(struct str *out, int64_t sec, uint32_t nsec)
{
	const int64_t first = clock_days(0, 1, 1) * 86400, after = clock_days(10000, 1, 1) * 86400;
	char buf[CLOCK_BUF], fraction[16];
	size_t n;

	if (sec < first || sec >= after)
		return -1;
	clock_format(sec * USEC_PER_SEC, buf);
	n = strlen(buf) - 1;
	str_add(out, buf, n);
	if (nsec) {
		n = (size_t)snprintf(fraction, sizeof(fraction), ".%09u", nsec);
		while (fraction[n - 1] == '0')
			n--;
		str_add(out, fraction, n);
	}
	str_addc(out, 'Z');
	return 0;
}
