#include "alg/pii_private.h"

/* Dashes U+2010 to U+2013 and the narrow no-break space, three bytes each. */
static bool
wide_dash(const struct pii_scan *sc, size_t i)
{
	return pii_at(sc, i) == 0xe2 && pii_at(sc, i + 1) == 0x80 && pii_at(sc, i + 2) >= 0x90 &&
	       pii_at(sc, i + 2) <= 0x93;
}

/* The length of one blank at i, or 0. */
static size_t
blank_len(const struct pii_scan *sc, size_t i)
{
	if (pii_at(sc, i) == ' ')
		return 1;
	if (pii_at(sc, i) == 0xc2 && pii_at(sc, i + 1) == 0xa0)
		return 2;
	if (pii_at(sc, i) == 0xe2 && pii_at(sc, i + 1) == 0x80 && pii_at(sc, i + 2) == 0xaf)
		return 3;
	return 0;
}

/* The length of one dash at i, or 0. */
static size_t
dash_len(const struct pii_scan *sc, size_t i)
{
	if (pii_at(sc, i) == '-')
		return 1;
	return wide_dash(sc, i) ? 3 : 0;
}

/* What leads from the group that ends at i to the next digit; where that is. */
static enum pii_sep
read_sep(const struct pii_scan *sc, size_t i, bool open, size_t *next)
{
	enum pii_sep sep = SEP_NONE;
	size_t len;

	if (open && pii_at(sc, i) == ')') {
		i++;
		len = blank_len(sc, i);
		if (!len)
			len = dash_len(sc, i);
		if (!len)
			len = pii_at(sc, i) == '.' || pii_at(sc, i) == '/';
		sep = SEP_CLOSE;
	} else if ((len = blank_len(sc, i)) > 0) {
		size_t dash = dash_len(sc, i + len);

		if (!dash)
			dash = pii_at(sc, i + len) == '/';
		sep = SEP_BLANK;
		if (dash && blank_len(sc, i + len + dash) > 0) {
			sep = SEP_WIDE;
			len += dash + blank_len(sc, i + len + dash);
		}
	} else if ((len = dash_len(sc, i)) > 0) {
		sep = SEP_DASH;
	} else if (pii_at(sc, i) == '.') {
		sep = SEP_DOT;
		len = 1;
	} else if (pii_at(sc, i) == '/') {
		sep = SEP_SLASH;
		len = 1;
	}
	i += len;
	if (!open && sep != SEP_CLOSE && pii_at(sc, i) == '(') {
		sep = SEP_OPEN;
		i++;
	}
	*next = i;
	return sep != SEP_NONE && pii_is(sc, i, PIIC_DIGIT) ? sep : SEP_NONE;
}

void
pii_run_read(const struct pii_scan *sc, size_t start, struct pii_run *r)
{
	unsigned digits = 0;
	enum pii_sep sep = SEP_NONE;
	bool open = pii_at(sc, start - 1) == '(' ||
		(pii_at(sc, start - 1) == '+' && pii_at(sc, start - 2) == '(');

	r->nr = 0;
	while (r->nr < PII_GROUPS) {
		struct pii_group *g = &r->g[r->nr];
		size_t i = start;

		while (pii_is(sc, i, PIIC_DIGIT) && i - start <= PII_DIGITS)
			i++;
		if (digits + (i - start) > PII_DIGITS)
			break;
		memcpy(r->digit + digits, sc->s + start, i - start);
		digits += (unsigned)(i - start);
		if (sep == SEP_OPEN)
			open = true;
		else if (sep == SEP_CLOSE)
			open = false;
		*g = (struct pii_group){ start, i, sep, digits, open };
		r->nr++;
		sep = read_sep(sc, i, open, &start);
		if (sep == SEP_NONE)
			break;
	}
}

bool
pii_run_only(const struct pii_run *r, unsigned k, unsigned seps)
{
	for (unsigned i = 1; i < k; i++)
		if (!(1u << r->g[i].sep & seps))
			return false;
	return true;
}

unsigned
pii_run_value(const struct pii_run *r, unsigned i)
{
	unsigned v = 0, end = r->g[i].digits;

	for (unsigned d = end - pii_group_len(r, i); d < end; d++)
		v = v * 10 + (unsigned)(r->digit[d] - '0');
	return v;
}

bool
pii_run_is_date(const struct pii_run *r)
{
	unsigned a = pii_group_len(r, 0), year, x, y;

	if (a == 8) {
		year = pii_run_value(r, 0) / 10000;
		x = pii_run_value(r, 0) / 100 % 100;
		y = pii_run_value(r, 0) % 100;
		return year >= 1900 && year < 2100 && x >= 1 && x <= 12 && y >= 1 && y <= 31;
	}
	/* from a year to a year */
	if (r->nr > 1 && a == 4 && pii_group_len(r, 1) == 4 && pii_run_value(r, 0) / 100 - 19 < 2 &&
	    pii_run_value(r, 1) / 100 - 19 < 2)
		return true;
	if (r->nr < 3 || r->g[1].sep != r->g[2].sep || pii_group_len(r, 1) > 2)
		return false;
	if (a == 4 && pii_group_len(r, 2) <= 2) {
		year = pii_run_value(r, 0);
		x = pii_run_value(r, 1);
		y = pii_run_value(r, 2);
	} else if (a <= 2 && pii_group_len(r, 2) == 4) {
		year = pii_run_value(r, 2);
		x = pii_run_value(r, 0);
		y = pii_run_value(r, 1);
	} else {
		return false;
	}
	return year >= 1900 && year < 2100 && x > 0 && y > 0 && MIN(x, y) <= 12 && MAX(x, y) <= 31;
}

bool
pii_run_counts(const struct pii_run *r, unsigned k)
{
	for (unsigned i = 1; i < k; i++)
		if (pii_group_len(r, i) != 2 || pii_run_value(r, i) != pii_run_value(r, i - 1) + 1)
			return false;
	return true;
}

enum pii_touch
pii_touch_left(const struct pii_scan *sc, size_t start)
{
	unsigned char c = pii_at(sc, start - 1), before = pii_at(sc, start - 2);
	unsigned char class = pii_class[before];

	switch (c) {
	case '-':
	case '/':
		return class & PIIC_WORD ? TOUCH_GLUED : TOUCH_NONE;
	case '.':
	case ':':
		return class & PIIC_DIGIT ? TOUCH_GLUED : TOUCH_NONE;
	case ',':
		return class & PIIC_DIGIT ? TOUCH_COMMA : TOUCH_NONE;
	case ' ':
		return class & PIIC_DIGIT ? TOUCH_BLANK : TOUCH_NONE;
	case '$':
		return TOUCH_GLUED;
	default:
		return pii_class[c] & PIIC_WORD ? TOUCH_GLUED : TOUCH_NONE;
	}
}

enum pii_touch
pii_touch_right(const struct pii_scan *sc, size_t end)
{
	unsigned char c = pii_at(sc, end);
	unsigned char class = pii_class[pii_at(sc, end + 1)];

	switch (c) {
	case '-':
		return class & PIIC_WORD ? TOUCH_GLUED : TOUCH_NONE;
	case '.':
	case ':':
	case '/':
		return class & PIIC_DIGIT ? TOUCH_GLUED : TOUCH_NONE;
	case ',':
		return class & PIIC_DIGIT ? TOUCH_COMMA : TOUCH_NONE;
	case ' ':
		return class & PIIC_DIGIT ? TOUCH_BLANK : TOUCH_NONE;
	case '@':
	case '%':
		return TOUCH_GLUED;
	default:
		return pii_class[c] & PIIC_WORD ? TOUCH_GLUED : TOUCH_NONE;
	}
}

/* sum is that of digits in front of these, already doubled where they are to be. */
bool
pii_luhn(const char *digits, unsigned n, unsigned sum)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned d = (unsigned)(digits[n - 1 - i] - '0');

		if (i % 2)
			d = d > 4 ? 2 * d - 9 : 2 * d;
		sum += d;
	}
	return sum % 10 == 0;
}
