#include "fmt/json.h"

#include <float.h>
#include <math.h>

#include "base/utf8.h"
#include "fmt/plain.h"

#define REPLACEMENT 0xfffdu

static uint32_t
hex4(const char *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];

		v = v << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v;
}

/* The code point of the \uXXXX at p (and of the second half of its pair);
 * *next is past it. */
static uint32_t
unescape_u(const char *p, const char *end, const char **next, unsigned *flags)
{
	uint32_t c = hex4(p + 2), low;

	*next = p + 6;
	if (c == 0)
		*flags |= JSON_HAS_NUL;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c < 0xdc00 && end - *next >= 6 && p[6] == '\\' && p[7] == 'u') {
		low = hex4(p + 8);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*next = p + 12;
			return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	*flags |= JSON_LONE_SURROGATE;
	return REPLACEMENT;
}

unsigned
json_unescape(struct slice raw, struct str *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *p = raw.ptr, *end = raw.ptr + raw.len, *stop;
	unsigned flags = 0;
	char utf8[4];

	str_grow(out, raw.len);
	while (p < end) {
		stop = memchr(p, '\\', (size_t)(end - p));
		if (!stop)
			stop = end;
		str_add(out, p, (size_t)(stop - p));
		p = stop;
		if (p == end)
			break;
		if (p[1] == 'u') {
			uint32_t c = unescape_u(p, end, &p, &flags);

			str_add(out, utf8, (size_t)utf8_put(c, utf8));
		} else {
			str_addc(out, to[strchr(from, p[1]) - from]);
			p += 2;
		}
	}
	return flags;
}

bool
json_int64(struct slice text, int64_t *out)
{
	bool neg = text.len > 0 && text.ptr[0] == '-';
	uint64_t v = 0, limit = (uint64_t)INT64_MAX + neg;

	if (text.len == (size_t)neg)
		return false;
	for (size_t i = neg; i < text.len; i++) {
		unsigned d = (unsigned)(text.ptr[i] - '0');

		if (d > 9 || v > (limit - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = neg ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

static void
put_escaped(struct str *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *at = c ? strchr(from, c) : NULL;
	char u[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	if (!at)
		str_add(out, u, 6);
	else
		str_add(out, (char[]){ '\\', to[at - from] }, 2);
}

void
json_put_string(struct str *out, struct slice s)
{
	const char *p = s.ptr, *end = s.ptr + s.len, *stop;

	str_grow(out, s.len + 2);
	str_addc(out, '"');
	while (p < end) {
		stop = plain_end(p, end);
		while (stop < end && (unsigned char)*stop >= 0x80)
			stop = plain_end(stop + 1, end);
		str_add(out, p, (size_t)(stop - p));
		if (stop == end)
			break;
		put_escaped(out, (unsigned char)*stop);
		p = stop + 1;
	}
	str_addc(out, '"');
}

void
json_put_cstr(struct str *out, const char *s)
{
	json_put_string(out, (struct slice){ s, strlen(s) });
}

void
json_put_key(struct str *out, const char *name)
{
	if (out->len > 0 && out->buf[out->len - 1] != '{' && out->buf[out->len - 1] != '[')
		str_addc(out, ',');
	json_put_cstr(out, name);
	str_addc(out, ':');
}

void
json_put_key_cstr(struct str *out, const char *name, const char *val)
{
	json_put_key(out, name);
	json_put_cstr(out, val);
}

void
json_put_key_int(struct str *out, const char *name, int64_t val)
{
	json_put_key(out, name);
	json_put_int(out, val);
}

#define INT_DIGITS 20

/* The decimal digits of v at the end of buf; the index of the first. */
static size_t
decimal(uint64_t v, char buf[INT_DIGITS])
{
	size_t at = INT_DIGITS;

	do
		buf[--at] = (char)('0' + v % 10);
	while (v /= 10);
	return at;
}

void
json_put_uint(struct str *out, uint64_t v)
{
	char buf[INT_DIGITS];
	size_t at = decimal(v, buf);

	str_add(out, buf + at, INT_DIGITS - at);
}

void
json_put_int(struct str *out, int64_t v)
{
	if (v < 0)
		str_addc(out, '-');
	json_put_uint(out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/*
 * Up to 15 digits with at most MAX_PLACES behind the point: n / 10^k is exact
 * when both are, so that the first k that gives v back is the shortest text
 * (any two decimals of 15 digits are different doubles).
 */
#define MAX_PLACES 9
static bool
put_short(struct str *out, double v)
{
	double scale = 1, n;
	int k;

	for (k = 0; k <= MAX_PLACES; k++, scale *= 10) {
		n = nearbyint(v * scale);
		if (n >= 1e15)
			return false;
		if (n / scale == v)
			break;
	}
	if (k > MAX_PLACES || (v != 0 && v < 1e-5))
		return false;
	json_put_uint(out, (uint64_t)n / (uint64_t)scale);
	str_addc(out, '.');
	if (k == 0) {
		str_addc(out, '0');
	} else {
		char buf[INT_DIGITS];
		size_t at = decimal((uint64_t)n % (uint64_t)scale, buf);

		while (INT_DIGITS - at < (size_t)k)
			buf[--at] = '0';
		str_add(out, buf + at, (size_t)k);
	}
	return true;
}

void
json_put_double(struct str *out, double v)
{
	char buf[32];
	int n = 0;

	if (signbit(v)) {
		str_addc(out, '-');
		v = -v;
	}
	if (put_short(out, v))
		return;
	/* a subnormal may need fewer than 15 digits, and then the rest is noise */
	for (int precision = v < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
		n = snprintf(buf, sizeof(buf), "%.*g", precision, v);
		if (strtod(buf, NULL) == v)
			break;
	}
	str_add(out, buf, (size_t)n);
	if (!memchr(buf, '.', (size_t)n) && !memchr(buf, 'e', (size_t)n))
		str_adds(out, ".0");
}
